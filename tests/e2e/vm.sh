#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: synweir in a virtual machine with two virtio-net PCI NICs of a queue for each worker (scripts/lab_vm.sh draws
# it): what only a PCI device shows. Bound by uio_pci_generic or vfio-pci behind an IOMMU, huge pages, two
# NUMA nodes, isolated CPUs; devices that hash by our keys, so that both ways of a connection come in at one worker
# ("norss": some that do not). Pages beside a flood, and every packet accounted for. At the end synweir is
# stopped, and leaves nothing running. "vhost": the NICs' other end is dpdk-testpmd on this host, by vhost-user.
#
#   wrk on client --> VIP:80 --> nginx on b1, b2
#
# patience: 200
# variants: fullnat-2-flood nat-2-flood-vfio-norss fullnat-4 fullnat-2-vhost
LAB_DUT=vm
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# field TOPIC NAME: that column of all rows, in their order.
field() {
	weirctl --json show "$1" | lab_json "*(row['$2'] for row in d)"
}

bound() {
	local device
	for device in "$LAB_DEVICE_FRONT" "$LAB_DEVICE_BACK"; do
		lab_vm_run "readlink /sys/bus/pci/devices/$device/driver"
	done | sed 's|.*/||' | uniq
}

# huge_pages NODE: how many synweir has there.
huge_pages() {
	lab_vm_run "grep kernelpagesize_kB=2048 /proc/\$(pidof synweir)/numa_maps" |
		grep -o " N$1=[0-9]*" | awk -F= '{ sum += $2 } END { print sum + 0 }'
}

none_idle() {
	for n in "$@"; do
		[ "$n" -gt 0 ] || { echo "one has done nothing: $*" && return 1; }
	done
}

pages() {
	local requests failed
	read -r requests failed < <(lab_wrk 3 "$@")
	check "requests done" at_least "$requests" 50
	check "requests failed" same "$failed" 0
}

gone_well() {
	grep -q 'stopped: .* 0 unaccounted for' "$LAB_DIR/synweir.log" &&
		grep -q 'synweir: exit status 0' "$LAB_DIR/synweir.log"
}

if [[ $1 == *-vhost* ]]; then
	# testpmd may drop what finds the virtual machine's ring full: what counts is what it handed over.
	lab_wire_packets() { lab_vm_host_packets "$1"; }
	lab_tap_packets() { lab_vm_host_packets "$1"; }
fi
e2e_up "$@"
check "driver" same "$(bound)" "$(lab_vm_driver)"
queues=$(lab_vm_queues)
[ "$queues" -le "$LAB_WORKERS" ] || queues=$LAB_WORKERS
check "queues" same "$(field ports queues)" "$queues $queues"
steering=rss
[ "$LAB_VM_RSS" = on ] && [ "$LAB_VM_NET" = tap ] && [ "$queues" = "$LAB_WORKERS" ] || steering=software
check "steering" same "$(field ports steering)" "$steering $steering"
check "the workers' CPUs, on the NICs' NUMA node" same "$(field workers cpu)" "$(seq -s ' ' 2 $((1 + LAB_WORKERS)))"
check "huge pages on that node: tables, rings, packet buffers" at_least "$(huge_pages 1)" 30
check "huge pages on the other: the EAL's own" at_most "$(huge_pages 0)" 2
pages -H "Connection: close"
pages
if [ "$queues" = "$LAB_WORKERS" ]; then
	# shellcheck disable=SC2046 # a list of numbers
	check "all workers receive" none_idle $(field workers rx)
fi
if [ $steering = rss ]; then
	check "packets that a NIC brought to the wrong worker" same "$(lab_counted handed_over)" 0
fi
e2e_end
lab_vm_run "kill \$(pidof synweir)"
check "the machine is down when synweir is" lab_wait 20 lab_gone "$LAB_PID"
check "synweir ended as it should" gone_well
