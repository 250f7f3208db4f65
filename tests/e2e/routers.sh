#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# routers: two routers on either side of synweir, of which one dies under load.
#
#   client: eth0 192.0.2.254, second 192.0.2.253     both are gateways to 203.0.113.1-20
#   b2:     eth0 10.0.0.254, second 10.0.0.252       both are routers to 10.1.0.12
#
# Each is one host with a second MAC address (a macvlan) on its wire. 203.0.113.2 goes out by "second".
#
#   1. connections to 10.1.0.12 go by both routers
#   2. "second" goes down on both hosts while downloads run: they come to their end, and so do new ones
#   3. it comes back, and carries connections again
#
# variants: fullnat-1 nat-2-v6
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

declare -A SECOND=([192.0.2.254]=192.0.2.253 [10.0.0.254]=10.0.0.252)

lab_router() {
	echo "[ \"$(lab_addr "$1")\", \"$(lab_addr "${SECOND[$1]}")\" ]"
}

# second_up HOST ADDRESS/BITS: its second MAC address is there, and no address answers by the other device.
second_up() {
	ip -n "$LAB-$1" link add second link eth0 type macvlan mode bridge 2>/dev/null || true
	on "$1" sysctl -q net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.{all,eth0,second}.rp_filter=0
	ip -n "$LAB-$1" link set second up
	ip -n "$LAB-$1" addr replace "$(lab_addr "$2")" dev second
}

seconds_up() {
	second_up client 192.0.2.253/32
	second_up b2 10.0.0.252/32
	ip -n "$LAB-client" route replace "$(lab_addr 192.0.2.0/24)" dev second table 100 metric 1
}

seconds_down() {
	ip -n "$LAB-client" link set second down
	ip -n "$LAB-b2" link set second down
}

# Where "second" is down, by eth0.
routes_up() {
	local family=-4
	[ "${LAB_FAMILY:0:1}" = 4 ] || family=-6
	BY_SECOND=$(lab_addr 203.0.113.2)
	ip $family -n "$LAB-client" rule add from "$BY_SECOND" lookup 100
	ip -n "$LAB-client" route add "$(lab_addr 192.0.2.0/24)" dev eth0 table 100 metric 2
}

# How many of the four are in that state.
in_state() {
	weirctl --json show neighbours |
		lab_json "sum(r['role'] == 'one of several routers' and r['state'] == '$1' for r in d)"
}

are_in_state() {
	same "$(in_state "$1")" "$2"
}

by_second() {
	on "$1" cat /sys/class/net/second/statistics/rx_packets
}

pages() {
	local i
	for i in $(seq "$1"); do
		get -m 5 "$LAB_URL:84/" -o /dev/null || return
		get -m 5 --interface "$BY_SECOND" "$LAB_URL:84/" -o /dev/null || return
	done
}

# Six downloads at a rate that makes them last.
downloads_start() {
	local i by
	PIDS=()
	for i in 1 2 3 4 5 6; do
		by=()
		[ $((i % 2)) = 0 ] || by=(--interface "$BY_SECOND")
		get --limit-rate 1M "${by[@]}" "$LAB_URL:84/big" -o "$LAB_DIR/down$i" &
		PIDS+=($!)
	done
}

downloads_end() {
	local pid
	for pid in "${PIDS[@]}"; do
		wait "$pid" || true # what came says it
	done
}

all_came() {
	local i
	for i in 1 2 3 4 5 6; do
		same "$(sum_of "$LAB_DIR/down$i")" "$1" || return
	done
}

E2E_ATTEMPTS=8 # while no router answers
e2e_up "$@"
routes_up
seconds_up
check "four routers are known" lab_wait 5 are_in_state reachable 4
random_file "$LAB_DIR/www/big" 5
was=$(by_second b2) was_client=$(by_second client)
check "pages" pages 12
check "both routers to the backend carry connections" at_least $(($(by_second b2) - was)) 10
check "answers by the client's own gateway" at_least $(($(by_second client) - was_client)) 12
downloads_start
sleep 1
start=$SECONDS
seconds_down
downloads_end
check "all downloads come to their end" all_came "$(sum_of "$LAB_DIR/www/big")"
check "... in so many seconds" at_most $((SECONDS - start)) 20
check "two routers are unreachable" are_in_state unreachable 2
check "new connections go by the others" pages 6
seconds_up
check "the routers are known again" lab_wait 5 are_in_state reachable 4
was=$(by_second b2)
check "pages" pages 12
check "both carry connections again" at_least $(($(by_second b2) - was)) 10
e2e_end
