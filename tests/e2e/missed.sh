#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# missed: what the kernel drops because a socket's ring is full is in rx_missed. synweir is stopped (SIGSTOP) while
# more SYNs come than its ring has room for; when it goes on, each frame on the wire is either received or
# missed, by the kernel's count at the far ends of the wires.
#
#   flood on client --> veth --> ring of 64 (AF_PACKET; 1024, AF_XDP) --> synweir, stopped
#
# variants: fullnat-1 fullnat-1-xdp
LAB_DUT=missed
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

SYNS=4000

# synweir on veth, which lab_up calls. Its kernel has no use for what comes in.
lab_missed_up() {
	lab_veth_wires
	on weir nft -f - <<-END
		table netdev ours {
			chain front { type filter hook ingress device wfront priority 0; policy drop; }
			chain back { type filter hook ingress device wback priority 0; policy drop; }
		}
	END
	lab_synweir_start
}

# What lab_synweir_start calls them.
lab_devices() {
	LAB_DEVICE_FRONT=${driver}0,iface=wfront$arguments
	LAB_DEVICE_BACK=${driver}1,iface=wback$arguments
}

on_the_wire() {
	{
		on client cat /sys/class/net/eth0/statistics/tx_packets
		on switch cat /sys/class/net/wback/statistics/tx_packets
	} | awk '{ sum += $1 } END { print sum }'
}

port_sum() {
	weirctl --json show ports | lab_json "sum(row['$1'] for row in d)"
}

received_or_missed() {
	same "$(($(port_sum rx_pkts) + $(port_sum rx_missed)))" "$(on_the_wire)"
}

driver=net_af_packet arguments=,blocksz=65536,framesz=2048,framecnt=64,qdisc_bypass=1
[[ $1 != *-xdp ]] || driver=net_af_xdp arguments=''
lab_devices
e2e_up "${1%-xdp}"
check "before: received or missed" lab_wait 20 received_or_missed
check "before: missed" same "$(port_sum rx_missed)" 0
kill -STOP "$LAB_PID"
lab_flood_start syn $SYNS 1
check "the flood ended" lab_wait 20 lab_gone "$LAB_FLOOD_PID"
kill -CONT "$LAB_PID"
check "received or missed, and nothing else" lab_wait 20 received_or_missed
check "missed" at_least "$(port_sum rx_missed)" 1000
check "synweir still serves" on client curl -sf -m 5 "$LAB_URL/"
check "received or missed, and nothing else" lab_wait 20 received_or_missed
