#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test_deb.sh [DIR]: installs the packages that scripts/deb.sh has built into DIR (default: it builds them now), configures
# and starts synweir, upgrades it, and purges it. All in a copy-on-write view of this machine (overlayfs in a mount
# namespace, with a network of its own), so that the machine is as before. Needs root. Not a test of systemd: where it is
# not process 1, the daemon is started with the unit's command line.
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
	echo "test_deb.sh: $*" >&2
	exit 1
}

must() {
	"$@" >"$LOG" 2>&1 || { tail -n 20 "$LOG" >&2 && die "failed: $*"; }
	echo "ok      $*"
}

must_not() {
	! "$@" >"$LOG" 2>&1 || die "should have failed: $*"
	echo "ok      not: $*"
}

# On overlayfs the root's own file systems below it are not seen: /tmp and what the packages need are on it.
view() {
	mkdir -p "$TMP/ram"
	mount -t tmpfs tmpfs "$TMP/ram"
	mkdir "$TMP/ram/upper" "$TMP/ram/work" "$TMP/ram/root"
	mount -t overlay overlay -o "lowerdir=/,upperdir=$TMP/ram/upper,workdir=$TMP/ram/work" "$TMP/ram/root"
	mount -t proc proc "$TMP/ram/root/proc"
	mount --rbind /sys "$TMP/ram/root/sys"
	mount --rbind /dev "$TMP/ram/root/dev"
	mount -t tmpfs tmpfs "$TMP/ram/root/run"
	mkdir -p "$TMP/ram/root/debs"
	cp "$@" "$TMP/ram/root/debs"
	printf '#!/bin/sh\nexit 101\n' >"$TMP/ram/root/usr/sbin/policy-rc.d"
	chmod 755 "$TMP/ram/root/usr/sbin/policy-rc.d"
}

inside() {
	"${INSIDE[@]}" "$@"
}

serves() {
	for _ in $(seq 100); do
		! inside weirctl show services 2>/dev/null | grep -q ' live ' || return 0
		sleep 0.1
	done
	return 1
}

# The unit's command lines, as root of this view.
start_and_stop() {
	local unit=$TMP/ram/root/usr/lib/systemd/system/synweir.service check run pid
	[ -e "$unit" ] || unit=$TMP/ram/root/lib/systemd/system/synweir.service
	check=$(sed -n 's/^ExecStartPre=//p' "$unit") run=$(sed -n 's/^ExecStart=//p' "$unit")
	# shellcheck disable=SC2086 # command lines are words
	must inside $check
	# shellcheck disable=SC2086
	"${INSIDE[@]}" $run >"$TMP/daemon.log" 2>&1 &
	pid=$!
	must serves
	# shellcheck disable=SC2046
	must inside $(sed -n 's/^ExecReload=//p' "$unit")
	kill -TERM $pid
	wait $pid || die "synweir ended with $?"
	echo "ok      started, served, reloaded, stopped"
}

leftovers() {
	find "$TMP/ram/upper" \( -type f -o -type d -o -type l \) -not -path "*/debs/*" -printf "%P\n" | grep -e synweir -e weirctl -e weirgen -e weirpcap || true
}

main() {
	local conf=$TMP/ram/root/etc/synweir/synweir.conf
	view "$FIRST"/*.deb
	must inside sh -c 'dpkg -i /debs/*.deb'
	must inside man -w 8 synweir
	must inside man -w 5 synweir.conf
	must inside man -w 8 weirctl
	must inside man -w 1 weirgen
	must inside man -w 1 weirpcap
	start_and_stop
	sed -i '1i # edited by the administrator' "$conf"
	rm "$TMP/ram/root/debs/"*
	for deb in "$FIRST"/*.deb; do
		repack "$deb"
	done
	must inside sh -c 'dpkg --force-confold -i /debs/*.deb'
	must grep -q 'edited by the administrator' "$conf"
	must inside sh -c "dpkg-query -W -f '\${Version}' synweir | grep -q '+upgrade\$'"
	start_and_stop
	must inside sh -c "dpkg --remove \$(dpkg-query -W -f '\${Package} ' 'synweir*')"
	must test -e "$conf"
	must inside sh -c "dpkg --purge \$(dpkg-query -W -f '\${Package} ' 'synweir*')"
	must_not test -e "$TMP/ram/root/etc/synweir"
	must_not inside which synweir
	[ -z "$(leftovers)" ] || die "purge left: $(leftovers)"
	echo "ok      nothing is left"
}

# The same tree with a higher version.
repack() {
	rm -rf "$TMP/repack"
	dpkg-deb -R "$1" "$TMP/repack"
	sed -i 's/^Version: .*/&+upgrade/; s/(= \([^)]*\))/(= \1+upgrade)/' "$TMP/repack/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$TMP/repack" "$TMP/ram/root/debs/$(basename "$1")" >/dev/null
}

[ "$(id -u)" = 0 ] || die "needs root: mounts"
if [ -z "${TEST_DEB_INSIDE:-}" ]; then
	exec unshare --mount --net --propagation private env TEST_DEB_INSIDE=1 "$0" "$@"
fi
TMP=$(mktemp -d /tmp/synweir-test-deb.XXXXXX)
LOG=$TMP/log
INSIDE=(chroot "$TMP/ram/root" env -u RUNTIME_DIRECTORY PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
	LC_ALL=C.UTF-8)
FIRST=${1:-}
trap 'cd / && umount -R -l "$TMP/ram" 2>/dev/null; rm -rf --one-file-system "$TMP"' EXIT
ip link set lo up
if [ -z "$FIRST" ]; then
	FIRST=$TMP/packages
	scripts/deb.sh "$FIRST"
fi
FIRST=$(realpath "$FIRST")
main
echo "test_deb: all is well"
