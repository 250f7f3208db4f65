# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# lab_linux.sh - what else than synweir can be in the middle of the lab: a Linux router. lab.sh reads this file.
#
#   LAB_DUT=linux    it translates addresses as synweir would, to test the tests and the lab itself
#   LAB_DUT=direct   it does nothing but forward; the VIP is an address of b1, which is the server

lab_linux_nat() {
	local name port backends backend list i
	while read -r name port backends; do
		[ -n "$name" ] || continue
		i=0 list=''
		for backend in $backends; do
			list+="${list:+, }$i : ${backend%:*} . ${backend#*:}"
			i=$((i + 1))
		done
		echo "add rule ip nat pre ip daddr $LAB_VIP tcp dport $port dnat to numgen inc mod $i map { $list }"
	done <<<"$LAB_SERVICES"
}

lab_linux_router() {
	local back=wback
	[ "$LAB_ARMS" = 2 ] || back=wfront
	lab_veth_wires
	ip -n "$LAB-weir" addr add 192.0.2.1/24 dev wfront
	ip -n "$LAB-weir" addr add "$LAB_VIP/32" dev lo
	ip -n "$LAB-weir" addr add 10.0.0.1/24 dev $back
	ip -n "$LAB-weir" route add default via 192.0.2.254
	ip -n "$LAB-weir" route add 10.1.0.0/16 via 10.0.0.254
	on weir sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.wfront.send_redirects=0
}

lab_linux_up() {
	lab_linux_router
	on weir nft -f - <<-END
		table ip nat {
			chain flood {
				type filter hook prerouting priority raw;
				ip saddr $LAB_SPOOFED drop
			}
			chain pre { type nat hook prerouting priority dstnat; }
			chain post { type nat hook postrouting priority srcnat; }
		}
		$([ "$LAB_MODE" = nat ] || echo "add rule ip nat post ip daddr { 10.0.0.0/24, 10.1.0.0/16 } masquerade")
		$(lab_linux_nat)
	END
	lab_spawn weir /dev/null sleep infinity
	# shellcheck disable=SC2034 # lab.sh and the tests read it
	LAB_PID=$LAB_SPAWNED
}

# The server is on its own: what its kernel does not help with, nothing does.
lab_direct_up() {
	lab_linux_router
	ip -n "$LAB-weir" addr del "$LAB_VIP/32" dev lo
	ip -n "$LAB-weir" route add "$LAB_VIP/32" via 10.0.0.11
	ip -n "$LAB-b1" addr add "$LAB_VIP/32" dev lo
	on weir sysctl -q net.ipv4.conf.wfront.proxy_arp=1
}
