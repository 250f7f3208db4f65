#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# setup.sh GROUP...: make sure that the Debian packages of these groups are installed.
#
#   build   compiler, meson, DPDK and the libraries: enough for meson and the unit tests
#   lab     namespaces, nginx and load for scripts/demo.sh
#   e2e     what the namespace tests need beyond that
#   check   what scripts/check.sh needs
#   fuzz    what scripts/fuzz.sh needs beyond build
#   bench   valgrind, which counts instructions for scripts/bench_budget.sh
#   virtio  dpdk-testpmd, the ceiling of scripts/bench_virtio.sh; dpdk-devbind.py (docs/virtio.md)
#   vm      QEMU, and a Debian kernel for it, which is unpacked and not installed: scripts/lab_vm.sh
#   compare HAProxy, for scripts/compare.sh, beyond lab
#   coverage, valgrind   what the scripts of these names need beyond build
#   deb     what scripts/deb.sh needs beyond build: debhelper, lintian, lowdown for manual pages
#   debian13 debootstrap, for scripts/test_debian13.sh
#
# Does nothing (and needs neither root nor a network) when everything is there. As root it installs the
# rest with apt; otherwise it says what to type. Services that come with the packages (nginx, sshd) are
# neither started nor enabled: the machine may be somebody's.
set -euo pipefail

# The version that check_format.sh wants. Releases after Debian 12 have only later ones, which write some
# things differently: there the format is not checked.
clang_format() {
	[ "$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release)" != 12 ] || echo clang-format-14
}

ROOT=${SYNWEIR_SETUP_ROOT:-} # for tests/setup/test_setup.sh: a folder in the place of /
LOG=/dev/null

packages() {
	case $1 in
	build) echo gcc libc6-dev meson ninja-build pkg-config python3 libdpdk-dev libconfig-dev libcunit1-dev libpcap-dev libjansson-dev libcurl4-openssl-dev ;;
	lab) echo iproute2 nftables ethtool nginx-light wrk curl ca-certificates procps ;;
	e2e) echo bird2 haproxy iputils-ping iperf3 openssh-server openssh-client python3 python3-scapy tcpdump traceroute ;;
	check) echo cppcheck shellcheck universal-ctags python3 "$(clang_format)" ;;
	fuzz) echo clang libclang-rt-dev ;;
	bench | valgrind) echo valgrind ;;
	virtio) echo dpdk dpdk-dev ;;
	vm) echo qemu-system-x86 busybox-static cpio xz-utils ;;
	compare) echo haproxy python3 ;;
	coverage) echo gcovr ;;
	deb) echo debhelper fakeroot man-db lintian lowdown libjansson-dev ;;
	debian13) echo debootstrap ;;
	*) echo "setup.sh: unknown group '$1' (build, lab, e2e, check, fuzz, bench, virtio, vm, compare, coverage, valgrind, deb, debian13)" >&2 && return 2 ;;
	esac
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_of() {
	local group package list
	for group in "$@"; do
		list=$(packages "$group") || return
		for package in $list; do
			installed "$package" || echo "$package"
		done
	done | sort -u
}

# While this file says 101, package scripts must not start services; any earlier policy comes back. A run that
# is killed (SIGKILL, power) leaves it, and no service of the machine would ever be started by a package again:
# the file says that it is ours and what we were installing, and the next run, of any group, finishes the work.
POLICY=$ROOT/usr/sbin/policy-rc.d
OURS="# synweir's scripts/setup.sh installs: "
policy_forbid() {
	if ! policy_ours && { [ -e "$POLICY" ] || [ -L "$POLICY" ]; }; then
		mv "$POLICY" "$POLICY.synweir-saved"
	fi
	printf '#!/bin/sh\n%s%s\nexit 101\n' "$OURS" "$*" >"$POLICY"
	chmod 755 "$POLICY"
}

policy_restore() {
	! policy_ours || rm -f "$POLICY"
	if [ -e "$POLICY.synweir-saved" ] || [ -L "$POLICY.synweir-saved" ]; then
		mv "$POLICY.synweir-saved" "$POLICY"
	fi
}

policy_ours() {
	grep -qsF "$OURS" "$POLICY"
}

# One at a time: the policy file is the machine's.
lock() {
	exec 9>"$ROOT/run/synweir-setup.lock"
	flock "$@" 9
}

# What a run that was killed has left. While its apt still runs it has the lock, and the file is right.
finish_killed() {
	local packages
	if ! policy_ours && [ ! -e "$POLICY.synweir-saved" ] && [ ! -L "$POLICY.synweir-saved" ]; then
		return 0
	fi
	[ "$(id -u)" = 0 ] && lock -n || return 0
	packages=$(sed -n "s|^$OURS||p" "$POLICY" 2>/dev/null || true)
	# shellcheck disable=SC2086 # a list of words
	disable_new_services $packages
	policy_restore
	exec 9>&-
}

apt_quiet() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >>"$LOG" 2>&1
}

install_all() {
	apt_quiet install -y --no-install-recommends "$@"
}

# A service that came with a package of ours must not start at the next boot either.
disable_new_services() {
	local package
	command -v systemctl >/dev/null || return 0
	for package in "$@"; do
		case $package in
		nginx-light) systemctl --quiet disable nginx.service ;;
		dpdk) systemctl --quiet disable dpdk.service ;;
		openssh-server) systemctl --quiet disable ssh.service ssh.socket ;;
		bird2) systemctl --quiet disable bird.service ;;
		nftables | iperf3 | haproxy) systemctl --quiet disable "$package.service" ;;
		esac >>"$LOG" 2>&1 || true
	done
}

# A kernel to boot in a virtual machine, and the modules that give its NICs to DPDK: out of Debian's
# package, which installed would make it a kernel of this machine.
KERNEL=$ROOT/var/cache/synweir/kernel
unpack_kernel() {
	local dir package status=0
	dir=$(mktemp -d /tmp/synweir-kernel.XXXXXX)
	package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
	(
		cd "$dir"
		apt_quiet -o APT::Sandbox::User=root download "$package"
		mkdir found
		dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x --wildcards './boot/vmlinuz*' '*/drivers/uio/uio.ko*' \
			'*/drivers/uio/uio_pci_generic.ko*' '*/drivers/vfio/*.ko*' '*/virt/lib/irqbypass.ko*'
		find . -name '*.ko.xz' -exec unxz {} + # Debian 13; busybox's insmod wants them plain
		find . -name '*.ko' -exec mv -t found {} +
		mv boot/vmlinuz* found/vmlinuz
		mkdir -p "$KERNEL"
		mv -f found/*.ko "$KERNEL"
		mv -f found/vmlinuz "$KERNEL" # last: it says that all is there
	) >>"$LOG" 2>&1 || status=1
	rm -r "$dir"
	return $status
}

main() {
	local missing kernel=''
	[ $# -gt 0 ] || set -- build lab e2e
	command -v dpkg-query >/dev/null || { echo "setup.sh: this is not Debian: no dpkg" >&2 && exit 1; }
	finish_killed
	missing=$(missing_of "$@" | xargs)
	[[ " $* " != *" vm "* ]] || [ -e "$KERNEL/vmlinuz" ] || kernel=1
	[ -n "$missing$kernel" ] || exit 0
	if [ "$(id -u)" != 0 ]; then
		[ -z "$kernel" ] || echo "setup.sh: no kernel for a virtual machine: sudo scripts/setup.sh vm" >&2
		[ -n "$missing" ] || exit 1
		echo "setup.sh: missing packages: $missing" >&2
		echo "setup.sh: install them with: sudo apt-get install -y --no-install-recommends $missing" >&2
		exit 1
	fi
	echo "setup.sh: installing${missing:+ $missing}${kernel:+ a kernel for virtual machines}"
	LOG=$(mktemp /tmp/synweir-setup.XXXXXX)
	lock
	# Without these traps a SIGTERM would give the policy back while apt still runs.
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap policy_restore EXIT
	# shellcheck disable=SC2086 # a list of words
	policy_forbid $missing
	# shellcheck disable=SC2086
	if ! { apt_quiet update && install_all $missing; } && ! { sleep 5 && apt_quiet update && install_all $missing; }; then
		tail -n 15 "$LOG" >&2
		echo "setup.sh: apt could not install: $missing (whole log: $LOG)" >&2
		exit 1
	fi
	# shellcheck disable=SC2086
	disable_new_services $missing
	if [ -n "$kernel" ] && ! unpack_kernel; then
		tail -n 15 "$LOG" >&2
		echo "setup.sh: cannot unpack a kernel (whole log: $LOG)" >&2
		exit 1
	fi
	rm -f "$LOG"
}

main "$@"
