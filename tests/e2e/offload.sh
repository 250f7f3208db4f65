#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# offload (HC-41): veth as everybody has it, with checksum offload: nothing is served, and the log says at once what to run.
# When that was run, pages come. And what the log says of a link that is down, and of ports that cannot be opened.
#
#   curl on client --> veth with offloads --> synweir --> veth with offloads --> nginx on b1, b2
#
# variants: fullnat-1 fullnat-1-xdp
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

ENDS="client:eth0 weir:wfront weir:wback switch:wback switch:b1 switch:b2 b1:eth0 b2:eth0"

offload() {
	local end
	for end in $ENDS; do
		on "${end%:*}" ethtool -K "${end#*:}" tx "$1" >/dev/null
	done
}

log_says() {
	grep -m 1 -o -e "$1.*" "$LAB_DIR/synweir.log"
}

# refusal DEVICE: what synweir says when it cannot open that.
refusal() {
	LAB_DEVICE_FRONT=$1 LAB_DEVICE_BACK=net_null1 LAB_EAL=${LAB_EAL/$LAB/$LAB-x} lab_config >"$LAB_DIR/refused.conf"
	fails on weir "$LAB_BUILD/app/synweir/synweir" -c "$LAB_DIR/refused.conf"
	rm -rf "/var/run/dpdk/$LAB-x"
}

refused() {
	refusal "$1" 2>&1 | grep -o "port front: .*" | grep -e "$2"
}

e2e_up "$@"
check "pages without offload" get "$LAB_URL/" -o /dev/null
offload on
on client curl -s -m 2 -o /dev/null "$LAB_URL/" || true
check "within a second the log says what to run" lab_wait 1 \
	log_says 'drops began: port front tcp_checksum_partial.*"ethtool -K wfront tx off"'
offload off
check "pages after that" get "$LAB_URL/" -o /dev/null
ip -n "$LAB-weir" link set wback down
check "a link that goes down is in the log" lab_wait 3 log_says "link down: port back"
ip -n "$LAB-weir" link set wback up
check "and when it is up again" lab_wait 3 log_says "link up: port back"
check "pages after that" lab_wait $LAB_WAIT page_from b1
check "an interface that is not there" refused net_af_packet0,iface=nope 'no interface nope'
check "arguments that the driver refuses" refused net_af_packet0,iface=wfront,framesz=100000 'framesz'
e2e_end
