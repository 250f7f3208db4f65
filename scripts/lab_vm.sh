#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# lab_vm.sh [OPTION]: the lab with synweir in a virtual machine of its own, on two virtio-net PCI NICs. As root,
# on amd64, after "sudo scripts/setup.sh vm". Without an option it runs tests/e2e/vm.sh there.
#
#   client              virtual machine (namespace weir)             switch            b1, b2
#   eth0 --------- wfront [ virtio-net  synweir  virtio-net ] wback ----- [ br0 ]-------- eth0
#                  a tap    0000:21:00.0          0000:22:00.0  a tap
#
#   --keep              leave the lab up without checking anything, and say how to look around
#   --run LAB COMMAND   run COMMAND in the virtual machine of a lab that was left up
#   --down LAB          end that lab
#   --help              this text
#
# Environment:
#
#   LAB_VM_QUEUES=1..4     queues of a NIC (default: one for each worker; with --keep 2, and as many workers)
#   LAB_VM_NET=tap|vhost   what is behind the NICs: QEMU's own taps, or vhost-user and dpdk-testpmd on this host,
#                          which forwards between it and taps (default: tap; vhost has no RSS)
#   LAB_VM_BIND=uio|vfio   the NICs' driver: uio_pci_generic, or vfio-pci behind an emulated IOMMU (default: uio)
#   LAB_VM_RSS=on|off      whether the NICs hash (default: on)
#   LAB_VM_KERNEL=DIR      vmlinuz and modules (default: /var/cache/synweir/kernel)
#   LAB_BUILD=DIR          where synweir is built (default: build)
#
# KVM where the CPU has it, else emulation (TCG): a few thousand packets per second. The machine has two NUMA
# nodes: node 0 with two CPUs, node 1 with both NICs and an isolated CPU for each worker (two at least).
#
# LAB_DUT=vm tests/e2e/run TEST:VARIANT runs any other test there: lab.sh reads this file then.

# shellcheck disable=SC2034 # what lab.sh and the tests read

LAB_VM_NET=${LAB_VM_NET:-tap}   # or "vhost"
LAB_VM_BIND=${LAB_VM_BIND:-uio} # or "vfio"
LAB_VM_RSS=${LAB_VM_RSS:-on}    # or "off"
LAB_VM_QUEUES=${LAB_VM_QUEUES:-} # one for each worker, unless said
LAB_EAL=''
E2E_FLOOD_PPS=${E2E_FLOOD_PPS:-2000} # an emulated CPU answers no 20 000
LAB_DEVICE_FRONT=0000:21:00.0
LAB_DEVICE_BACK=0000:22:00.0
LAB_VM_KERNEL=${LAB_VM_KERNEL:-/var/cache/synweir/kernel}

# What is missing, if anything.
lab_vm_missing() {
	local command
	for command in qemu-system-x86_64 cpio busybox; do
		command -v $command >/dev/null || { echo "there is no $command: sudo scripts/setup.sh vm" && return; }
	done
	# The guest's file system has none of its libraries: the kernel would panic with "No working init found".
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || { echo "busybox is not statically linked, install busybox-static: sudo scripts/setup.sh vm" && return; }
	[ "$LAB_VM_NET" = tap ] || command -v dpdk-testpmd >/dev/null || { echo "there is no dpdk-testpmd: sudo scripts/setup.sh virtio" && return; }
	[ -e "$LAB_VM_KERNEL/vmlinuz" ] || echo "there is no $LAB_VM_KERNEL/vmlinuz: sudo scripts/setup.sh vm"
}

lab_vm_queues() {
	echo "${LAB_VM_QUEUES:-$((LAB_WORKERS < 4 ? LAB_WORKERS : 4))}"
}

# CPUs of NUMA node 1: the workers'.
lab_vm_near_cpus() {
	echo $((LAB_WORKERS < 2 ? 2 : LAB_WORKERS))
}

lab_vm_check() {
	[[ $(lab_vm_queues) == [1-4] ]] || lab_die "LAB_VM_QUEUES=$LAB_VM_QUEUES: a number from 1 to 4" || return
	case $LAB_VM_NET in tap | vhost) ;; *) lab_die "LAB_VM_NET=$LAB_VM_NET: tap or vhost" || return ;; esac
	case $LAB_VM_BIND in uio | vfio) ;; *) lab_die "LAB_VM_BIND=$LAB_VM_BIND: uio or vfio" || return ;; esac
	case $LAB_VM_RSS in on | off) ;; *) lab_die "LAB_VM_RSS=$LAB_VM_RSS: on or off" || return ;; esac
}

#
# The guest's file system
#

# lab_vm_put ROOT FILE...: where they are here, and where their symbolic links lead.
lab_vm_put() {
	local root=$1 file real
	shift
	for file in "$@"; do
		real=$(realpath "$file")
		[ -e "$root$real" ] || install -D "$real" "$root$real"
		[ -e "$root$file" ] || ln -s "$real" "$root$file"
	done
}

# lab_vm_programs ROOT: synweir and weirctl, the libraries they need, and those drivers that this machine has
# devices for: DPDK loads whatever is in its directory.
lab_vm_programs() {
	local root=$1 drivers
	cp "$LAB_BUILD/app/synweir/synweir" "$LAB_BUILD/app/weirctl/weirctl" "$(command -v busybox)" "$root/bin"
	mkdir -p "$root"/usr/lib{,64}
	ln -s usr/lib usr/lib64 "$root"
	lab_vm_put "$root" /lib/x86_64-linux-gnu/libgcc_s.so.1 # glibc looks for it when a thread is ended
	drivers=$(echo /usr/lib/x86_64-linux-gnu/dpdk/pmds-*/librte_{bus_pci,bus_vdev,mempool_ring,net_virtio}.so.[0-9][0-9])
	# shellcheck disable=SC2046,SC2086 # lists of words
	lab_vm_put "$root" $drivers \
		$(ldd "$root/bin/synweir" "$root/bin/weirctl" $drivers | grep -o '/lib[^ :]*\.so[^ :]*' | sort -u)
}

lab_vm_modules() {
	case $LAB_VM_BIND in
	uio) echo uio uio_pci_generic ;;
	vfio) # vfio_virqfd has been a part of vfio since Linux 6.2
		echo irqbypass vfio "$([ ! -e "$LAB_VM_KERNEL/vfio_virqfd.ko" ] || echo vfio_virqfd)" vfio_iommu_type1 vfio-pci-core vfio-pci
		;;
	esac
}

lab_vm_driver() {
	case $LAB_VM_BIND in
	uio) echo uio_pci_generic ;;
	vfio) echo vfio-pci ;;
	esac
}

# What runs first: modules, huge pages, NICs to DPDK, synweir; and a serial line that takes commands.
lab_vm_init() {
	cat <<-END
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs devtmpfs /dev
		mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages
		for module in $(lab_vm_modules | xargs); do
			insmod /modules/\$module.ko
		done
		for device in /sys/bus/pci/devices/*; do
			[ "\$(cat \$device/vendor)" = 0x1af4 ] || continue
			echo $(lab_vm_driver) >\$device/driver_override
			echo "\${device##*/}" >/sys/bus/pci/drivers_probe
		done
		stty -F /dev/ttyS1 raw -echo
		while read -r id command; do
			sh -c "\$command" </dev/null 2>&1
			printf '%s %s\n' "\$id" \$?
		done </dev/ttyS1 >/dev/ttyS1 &
		taskset $(printf %x $(((4 << $(lab_vm_near_cpus)) - 1))) synweir -c /synweir.conf # isolated CPUs are in no process's mask otherwise
		echo "synweir: exit status \$?"
		poweroff -f
	END
}

lab_vm_initrd() {
	local root=$LAB_DIR/root module
	mkdir -p "$root"/{bin,dev,modules,proc,sys,run,tmp,var}
	ln -s ../run "$root/var/run"
	lab_vm_programs "$root"
	for module in $(lab_vm_modules); do
		cp "$LAB_VM_KERNEL/$module.ko" "$root/modules"
	done
	lab_config >"$LAB_DIR/synweir.conf"
	cp "$LAB_DIR/synweir.conf" "$root"
	lab_vm_init >"$root/init"
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$LAB_DIR/initrd"
	rm -r "$root"
}

#
# The machine
#

# Whether a kernel gets as far by KVM as one without a root file system gets: in some virtual machines
# there is a /dev/kvm that does nothing.
lab_vm_kvm_works() {
	[ -w /dev/kvm ] && (
		timeout 10 qemu-system-x86_64 -accel kvm -cpu max -m 256 -nodefaults -display none -no-reboot \
			-kernel "$LAB_VM_KERNEL/vmlinuz" -append "quiet panic=-1"
		exit $? # by a shell that says nothing of signals here
	) >/dev/null 2>&1
}

lab_vm_accel() {
	if lab_vm_kvm_works; then
		echo kvm
	else
		echo tcg,thread=multi
	fi
}

# lab_vm_nic N NAME MAC: on the bus of NUMA node 1; a queue pair per worker, and the control queue.
lab_vm_nic() {
	local features='' queues
	queues=$(lab_vm_queues)
	[ "$LAB_VM_RSS" = on ] && [ "$LAB_VM_NET" = tap ] && features=",rss=on,hash=on"
	[ "$LAB_VM_BIND" = vfio ] && features+=",iommu_platform=on,disable-legacy=on"
	if [ "$LAB_VM_NET" = vhost ]; then
		echo "-chardev socket,id=socket-$2,path=$LAB_DIR/$2.sock -netdev vhost-user,id=$2,chardev=socket-$2,queues=$queues"
	else
		echo "-netdev tap,id=$2,ifname=$2,script=no,downscript=no,queues=$queues"
	fi
	echo "-device pcie-root-port,id=slot$1,bus=far,chassis=$1,slot=$1
		-device virtio-net-pci,netdev=$2,mac=$3,bus=slot$1,mq=on,rx_queue_size=1024,vectors=$((2 * queues + 2))$features"
}

lab_vm_machine() {
	local i near
	near=$(lab_vm_near_cpus)
	echo "-accel $(lab_vm_accel) -cpu max -smp $((2 + near)) -m 1024 -nodefaults -display none -no-reboot"
	if [ "$LAB_VM_BIND" = vfio ]; then
		echo "-machine q35,kernel-irqchip=split -device intel-iommu,intremap=on,device-iotlb=on"
	else
		echo "-machine q35"
	fi
	for i in 0 1; do
		echo "-object memory-backend-memfd,id=memory$i,size=512M,share=on" # vhost-user's other end maps it
	done
	echo "-numa node,nodeid=0,cpus=0-1,memdev=memory0 -numa node,nodeid=1,cpus=2-$((1 + near)),memdev=memory1"
	echo "-device pxb-pcie,id=far,bus=pcie.0,bus_nr=32,numa_node=1"
	lab_vm_nic 1 wfront "$LAB_MAC_FRONT"
	lab_vm_nic 2 wback "$LAB_MAC_BACK"
	echo "-serial file:$LAB_DIR/synweir.log -chardev pipe,id=line,path=$LAB_DIR/line -serial chardev:line"
	echo "-kernel $LAB_VM_KERNEL/vmlinuz -initrd $LAB_DIR/initrd"
}

# lab_vm_run COMMAND: in the machine, over its serial line; its output and its status.
lab_vm_run() {
	local id=$RANDOM$RANDOM text status=1 in out
	kill -0 "$LAB_PID" 2>/dev/null || lab_die "the virtual machine is not running" || return
	exec {in}<>"$LAB_DIR/line.in" {out}<>"$LAB_DIR/line.out"
	flock $in # one question at a time
	printf '%s %s\n' "$id" "$*" >&$in
	while IFS= read -r -t 30 -u $out text; do
		if [[ $text =~ (.*)$id\ ([0-9]+)$ ]]; then # its last line may have no end
			printf %s "${BASH_REMATCH[1]}"
			status=${BASH_REMATCH[2]}
			break
		fi
		printf '%s\n' "$text"
	done
	exec {in}<&- {out}<&-
	return "$status"
}

# As docs/tuning.md has it: the CPUs near the NICs are the workers' own.
lab_vm_kernel_arguments() {
	local near
	near=2-$((1 + $(lab_vm_near_cpus)))
	echo "console=ttyS0 quiet panic=-1 intel_iommu=on hugepages=128 isolcpus=managed_irq,domain,$near nohz_full=$near rcu_nocbs=$near"
}

#
# The host's end of vhost-user
#

# Between ports 0 and 1, and 2 and 3: what comes from the virtual machine goes to a tap, and back. Its statistics
# are asked for by telemetry.
lab_vm_host_up() {
	local queues
	queues=$(lab_vm_queues)
	lab_spawn weir "$LAB_DIR/testpmd.log" nice -n 5 dpdk-testpmd --no-huge -m 256 --no-shconf --no-pci --file-prefix "$LAB-host" \
		--lcores "$(lab_vm_host_lcores)" \
		--vdev "net_vhost0,iface=$LAB_DIR/wfront.sock,queues=$queues" --vdev net_tap0,iface=wfront \
		--vdev "net_vhost1,iface=$LAB_DIR/wback.sock,queues=$queues" --vdev net_tap1,iface=wback \
		-- --forward-mode=io --nb-cores=1 --rxq="$queues" --txq="$queues" --total-num-mbufs=16384 --auto-start --stats-period=3600
	LAB_HOST_PID=$LAB_SPAWNED
	lab_wait 60 lab_vm_host_ready || lab_die "testpmd did not start: $(tail -n 20 "$LAB_DIR/testpmd.log")"
}

lab_vm_host_ready() {
	[ -S "$LAB_DIR/wfront.sock" ] && [ -S "$LAB_DIR/wback.sock" ] && lab_vm_has_taps && grep -q 'io packet forwarding' "$LAB_DIR/testpmd.log"
}

# Main on any CPU that we may use, forwarding on the last.
lab_vm_host_lcores() {
	/usr/bin/python3 -c 'import os; c = sorted(os.sched_getaffinity(0)); print(f"0@{c[0]},1@{c[-1]}")'
}

# lab_vm_host_packets tx|rx: what testpmd handed to the virtual machine, and took from it.
lab_vm_host_packets() {
	/usr/bin/python3 - "/var/run/dpdk/$LAB-host/dpdk_telemetry.v2" "$1" <<-'END'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.connect(sys.argv[1])
		s.recv(1024)
		total = 0
		for port in (0, 2):
		    s.send(f"/ethdev/stats,{port}".encode())
		    total += json.loads(s.recv(65536))["/ethdev/stats"]["opackets" if sys.argv[2] == "tx" else "ipackets"]
		print(total)
	END
}

lab_vm_has_taps() {
	ip -n "$LAB-weir" link show wfront && ip -n "$LAB-weir" link show wback
}

lab_vm_up() {
	local missing
	lab_vm_check || return
	missing=$(lab_vm_missing)
	[ -z "$missing" ] || { echo "$missing" && exit 77; } # the runner's word for "skipped"
	mkfifo "$LAB_DIR"/line.{in,out}
	lab_vm_initrd
	[ "$LAB_VM_NET" = tap ] || lab_vm_host_up || return
	# shellcheck disable=SC2046 # a list of words
	lab_spawn weir "$LAB_DIR/qemu.log" qemu-system-x86_64 $(lab_vm_machine) \
		-append "$(lab_vm_kernel_arguments)"
	LAB_PID=$LAB_SPAWNED
	# The wires lie before there is anything at their end: nothing that is sent is lost.
	lab_wait 10 lab_vm_has_taps || lab_die "QEMU did not start: $(cat "$LAB_DIR/qemu.log")" || return
	if [ "$LAB_ARMS" = 1 ]; then
		lab_tap_move wfront switch wfront && lab_bridge_port wfront
		lab_veth switch client client eth0 && lab_bridge_port client
	else
		lab_tap_move wfront client eth0 && lab_tap_move wback switch wback && lab_bridge_port wback
	fi || return
	if ! lab_wait 120 lab_synweir_ready_or_gone || ! lab_synweir_ready; then
		lab_die "synweir did not start in the virtual machine"
		cat "$LAB_DIR/qemu.log" "$LAB_DIR/synweir.log" >&2
		return 1
	fi
}

#
# By itself
#

lab_vm_say_kept() {
	cat <<-END
		The lab is up; its name is $LAB. It says: $(on client curl -s "http://$LAB_VIP/")
		  a page:                  ip netns exec $LAB-client curl http://$LAB_VIP/
		  a shell on the client:   ip netns exec $LAB-client bash     (others: switch, b1, b2)
		  the machine's console:   $LAB_DIR/synweir.log
		  a command there:         sudo scripts/lab_vm.sh --run $LAB weirctl show ports
		  take it down:            sudo scripts/lab_vm.sh --down $LAB
	END
}

lab_vm_usage() {
	sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
}

lab_vm_keep() {
	LAB_VM_QUEUES=${LAB_VM_QUEUES:-2}
	LAB_WORKERS=$LAB_VM_QUEUES
	trap lab_down EXIT
	trap 'exit 130' INT TERM
	lab_up
	trap - EXIT
	lab_vm_say_kept
}

# --run LAB COMMAND...
lab_vm_run_in() {
	LAB_PID=$(for pid in $(ip netns pids "$LAB-weir" 2>/dev/null); do grep -l ^qemu "/proc/$pid/comm"; done | cut -d / -f 3)
	[ -n "$LAB_PID" ] || lab_die "there is no lab $LAB with a virtual machine" || return
	lab_vm_run "$@"
}

# lab_vm_main OPTION [LAB [COMMAND...]]
lab_vm_main() {
	set -euo pipefail
	[ "$(id -u)" = 0 ] || { echo "lab_vm.sh: network namespaces need root: sudo scripts/lab_vm.sh" >&2 && exit 1; }
	[ -z "${2:-}" ] || LAB=$2
	LAB_DUT=vm
	# shellcheck disable=SC1091 # it reads this file: shellcheck would go round
	. "$(dirname "$0")/lab.sh"
	case ${1:-} in
	'') exec "$LAB_ROOT/tests/e2e/run" -v vm ;;
	--keep) lab_vm_keep ;;
	--run) lab_vm_run_in "${@:3}" ;;
	--down) lab_down ;;
	esac
}

if [ ${#BASH_SOURCE[@]} = 1 ]; then # not sourced
	case "${1:-} $#" in
	' 0' | '--keep 1' | '--down 2') lab_vm_main "$@" ;;
	'--run '[3-9] | '--run '[1-9][0-9]) lab_vm_main "$@" ;;
	'--help 1') lab_vm_usage ;;
	*) lab_vm_usage >&2 && exit 2 ;;
	esac
fi
