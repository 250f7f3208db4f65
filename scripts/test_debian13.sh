#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test_debian13.sh [OPTION]...: does synweir build on Debian 13, with what scripts/setup.sh installs there, and do
# the tests pass? Makes a Debian 13 root with debootstrap in a folder, copies the checkout (what is not committed
# too) into it, builds there with warnings as errors, and runs there, as root, all of "meson test" and the namespace
# test in which curl loads files through synweir.
#
#	--dir DIR    the folder (default: a new one in /var/tmp). One that an earlier run has kept is used again
#	--keep       leave the folder there; otherwise it is removed, also when the run is interrupted
#	--e2e TESTS  other namespace tests ("curl wrk_close"; "": none)
#	--help       this text
#
# MIRROR names another Debian mirror. Needs root, a mirror and 2 GB in the folder. Every part says how long it took;
# the last line is "N passed, N failed, N skipped", and the status is 0 if nothing failed.
set -euo pipefail
cd "$(dirname "$0")/.."

dir='' keep='' e2e='curl' child='' passed=0 failed=0 skipped=0
mirror=${MIRROR:-http://deb.debian.org/debian}

die() {
	echo "test_debian13.sh: $*" >&2
	exit 2
}

usage() {
	sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//p}' scripts/test_debian13.sh
}

options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--help) usage && exit 0 ;;
		--keep) keep=1 ;;
		--dir | --e2e)
			[ $# -ge 2 ] || die "$1 needs a value"
			[ "$1" != --dir ] || dir=$2
			[ "$1" != --e2e ] || e2e=$2
			shift
			;;
		*) die "unexpected argument '$1' (see --help)" ;;
		esac
		shift
	done
}

# Only an empty folder or a root of ours: it will be removed.
make_dir() {
	if [ -z "$dir" ]; then
		dir=$(mktemp -d /var/tmp/synweir-debian13.XXXXXX)
	elif [ -e "$dir" ] && [ ! -e "$dir/.synweir-debian13" ] && [ -n "$(ls -A "$dir")" ]; then
		die "$dir is neither empty nor a root that this script made"
	fi
	mkdir -p "$dir"
	dir=$(realpath "$dir")
	touch "$dir/.synweir-debian13"
	chmod 755 "$dir"
}

# In a session of its own, so that all of it can be ended.
run() {
	local status=0
	setsid "$@" &
	child=$!
	wait $child || status=$?
	child=''
	return $status
}

# part NAME COMMAND...: a heading, the command, its time. The status is the command's.
part() {
	local name=$1 start=$SECONDS status=0
	shift
	printf '\n== %s\n' "$name"
	"$@" || status=$?
	printf -- '-- %s: %d s\n' "$name" $((SECONDS - start))
	return $status
}

inside() {
	run chroot "$dir" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		sh -c "cd /src && exec $1"
}

# Whatever still runs in there was started by us.
end_all() {
	local process
	[ -z "$child" ] || kill -TERM -- "-$child" 2>/dev/null || true
	[ -z "$child" ] || wait "$child" 2>/dev/null || true
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/root" 2>/dev/null)" != "$dir" ] || kill -KILL "${process##*/}" 2>/dev/null || true
	done
}

clean_up() {
	end_all
	rm -f "$dir.log"
	if [ -n "$keep" ]; then
		echo "kept: $dir"
		return 0
	fi
	umount -R "$dir" 2>/dev/null || umount -R -l "$dir" 2>/dev/null || true
	rm -rf --one-file-system "$dir"
}

make_root() {
	local status=0
	if [ -e "$dir/.synweir-debian13-made" ]; then
		echo "there is one in $dir"
		return 0
	fi
	run debootstrap --variant=minbase trixie "$dir" "$mirror" >"$dir.log" 2>&1 || status=$?
	if [ $status = 0 ]; then touch "$dir/.synweir-debian13-made"; else tail -n 15 "$dir.log" >&2; fi
	rm -f "$dir.log"
	return $status
}

# EAL wants proc, sys and dev. They are mounted for this process and its children only (see the end).
mount_all() {
	mount --bind "$dir" "$dir" # ip netns wants the root to be a mount
	mount -t proc proc "$dir/proc"
	mount --rbind /sys "$dir/sys"
	mount --rbind /dev "$dir/dev"
	mount -t tmpfs tmpfs "$dir/run" # a machine that has not booted: ip netns makes its folder there
}

copy_checkout() {
	rm -rf "$dir/src"
	mkdir "$dir/src"
	git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
		[ ! -e "$file" ] || printf '%s\0' "$file"
	done | tar -c --null -T - | tar -x --no-same-owner -C "$dir/src"
	cp /etc/resolv.conf /etc/hosts "$dir/etc"
}

versions() {
	inside "sh -c 'echo \"Debian \$(cat /etc/debian_version), gcc \$(gcc -dumpfullversion), \
DPDK \$(pkg-config --modversion libdpdk), libconfig \$(pkg-config --modversion libconfig)\"'"
}

build() {
	inside "meson setup build -Dwerror=true" >"$dir/src/setup.log" || { cat "$dir/src/setup.log" && return 1; }
	inside "ninja --quiet -C build"
}

# What the last line of the log says, or one failure.
tally() {
	local p f s
	read -r p f s < <(tail -n 1 "$1" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p') ||
		{ p=0 f=1 s=0; }
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

meson_count() {
	python3 - "$dir/src/build/meson-logs/testlog.json" <<-'END'
		import json, sys
		results = [json.loads(line)["result"] for line in open(sys.argv[1])]
		good = sum(r in ("OK", "EXPECTEDFAIL") for r in results)
		skip = results.count("SKIP")
		print(f"{good} passed, {len(results) - good - skip} failed, {skip} skipped")
	END
}

meson_tests() {
	inside "meson test -C build --no-rebuild --print-errorlogs --timeout-multiplier 4" || true
	meson_count >"$dir/src/count.log" || true
	tally "$dir/src/count.log"
}

namespace_tests() {
	inside "scripts/setup.sh lab e2e" || return
	inside "tests/e2e/run $e2e" | tee "$dir/src/count.log" || true
	tally "$dir/src/count.log"
}

main() {
	mount_all
	part "the checkout" copy_checkout
	if part "packages" inside "scripts/setup.sh build" && part "versions" versions && part "build" build; then
		part "tests" meson_tests
		[ -z "$e2e" ] || part "namespace tests: $e2e" namespace_tests || failed=$((failed + 1))
	else
		failed=$((failed + 1))
	fi
}

options "$@"
[ "$(id -u)" = 0 ] || die "needs root: chroot and mount"
# Mounts in a namespace of our own: the kernel removes them with the last process, however that ends.
[ -n "${TEST_DEBIAN13_INSIDE:-}" ] ||
	exec unshare --mount --propagation private env TEST_DEBIAN13_INSIDE=1 scripts/test_debian13.sh "$@"
scripts/setup.sh debian13
make_dir
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
trap clean_up EXIT
if part "a Debian 13 root" make_root; then main; else failed=1; fi
printf '\n'
clean_up
trap - EXIT
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
