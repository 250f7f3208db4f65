#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmtu: a path of 1280 bytes behind either side, in the middle of others that take 1500. Only path MTU discovery
# finds that out (HC-28): DF is set, both ends offer an MSS of 1460, and black-hole detection is off.
#
#   far, 203.0.113.99 ---1280--- client (a router) === synweir === switch --- b2 (a router) ---1280--- b3, 10.1.0.13
#
#   curl on far    --> VIP:80 --> nginx on b1, b2      50 MB down: the backend must learn of the path to far
#   curl on client --> VIP:86 --> servers.py on b3     50 MB up: the client must learn of the path to b3
#   curl on far    --> VIP:86 --> servers.py on b3     5 MB up, over both
#
# variants: fullnat-1 fullnat-3-rss fullnat-1-v6v4 fullnat-1-v4v6 nat-3-v6
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

LAB_SERVICES+="behind 86 10.1.0.13:8080
"
LAB_MORE_HOSTS="far b3"

# narrow HOST PORT HOST: a wire of 1280 bytes to a host that does not say so in its MSS.
narrow() {
	lab_veth "$1" "$2" "$3" eth0
	ip -n "$LAB-$1" link set "$2" mtu 1280
	ip -n "$LAB-$3" link set eth0 mtu 1280
	on "$1" sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# behind HOST ADDRESS HOST ADDRESS: the second host is reached over its narrow wire to the first.
behind() {
	local router host mss=1460
	router=$(lab_addr "$2") host=$(lab_addr "$4")
	[[ $host != *:* ]] || mss=1440
	lab_has "$1" narrow "$2/32"
	ip -n "$LAB-$1" route add "$host" dev narrow
	lab_has "$3" eth0 "$4/32"
	ip -n "$LAB-$3" route add "$router" dev eth0
	ip -n "$LAB-$3" route add default via "$router" dev eth0 advmss $mss
}

hosts_up() {
	local host
	for host in $LAB_MORE_HOSTS; do
		lab_host "$host"
	done
	narrow client narrow far
	behind client 192.0.2.253 far 203.0.113.99
	narrow b2 narrow b3
	behind b2 10.1.0.1 b3 10.1.0.13
	for host in client far b1 b2 b3; do
		on "$host" sysctl -q net.ipv4.tcp_mtu_probing=0 net.ipv4.ip_no_pmtu_disc=0
	done
}

from_far() {
	on far curl -sf --connect-timeout $LAB_WAIT --speed-limit 1 --speed-time $LAB_WAIT "$@"
}

# path_mtu HOST ADDRESS: as the host has learned it.
path_mtu() {
	on "$1" ip route get "$2" | grep -o 'mtu [0-9]*' || true
}

# What the client learns of 1280 bytes behind synweir: its own header may be longer than the backend's, or shorter.
learned_mtu() {
	case $LAB_FAMILY in
	64) echo 1300 ;;
	46) echo 1260 ;;
	*) echo 1280 ;;
	esac
}

download_sum() {
	from_far "$LAB_URL/big" | sum_of
}

e2e_up "$@"
hosts_up
e2e_servers b3
random_file "$LAB_DIR/www/big" 50
random_file "$LAB_DIR/www/small" 5
big_sum=$(sum_of "$LAB_DIR/www/big") small_sum=$(sum_of "$LAB_DIR/www/small")

check "50 MB down over 1280 bytes to the client" same "$(download_sum)" "$big_sum"
check "the backend has learned of it" at_least "$(lab_counted icmp_forwarded)" 1
check "50 MB up over 1280 bytes to the backend" \
	same "$(get -T "$LAB_DIR/www/big" "$LAB_URL:86/")" "$big_sum $((50 << 20))"
check "the client has learned of it" same "$(path_mtu client $LAB_VIP)" "mtu $(learned_mtu)"
check "5 MB up over both" \
	same "$(from_far -T "$LAB_DIR/www/small" "$LAB_URL:86/")" "$small_sum $((5 << 20))"
check "none of it was taken for something else" same "$(lab_counted icmp_other)" 0
e2e_end
