#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# host: the kernel of synweir's machine uses the ports, too, by host interfaces weir0 (front) and weir1 (back).
#
#   1. ping and a web page from the network to the port's address, and from the machine to the network
#   2. a page from a backend, as a health check gets it: the kernel's ports are not synweir's
#   3. BGP with BFD to a router; a route that is announced arrives; tcpdump on weir0 sees it
#   4. health checks leave by weir1: a backend that is killed is found down, and is up again
#   5. all of that stays up while SYNs of the VIP and SYNs of the BGP port itself are sent at full speed
#
#   router (client) eth0 ===== weir0/synweir/weir1 ===== b1, b2
#   AS 65000                    AS 65001
#
# variants: fullnat-1 nat-3 fullnat-1-v6
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

E2E_HOST_FLOOD_S=${E2E_HOST_FLOOD_S:-10}

# The machine's own connections reach the backends, too.
real_connections() {
	local host n=0
	for host in client switch weir; do
		n=$((n + $(lab_mib "$host" TcpActiveOpens)))
	done
	echo $n
}

# What synweir's machine needs before synweir starts: IPv6 on interfaces that are new, and ports of its own.
lab_wires_of_host=$(declare -f lab_synweir_start)
eval "${lab_wires_of_host/lab_synweir_start/lab_synweir_start_plain}"
lab_synweir_start() {
	on weir sysctl -q net.ipv4.ip_local_port_range="61000 65535"
	[ "$LAB_FAMILY" = 4 ] || on weir sysctl -q net.ipv6.conf.default.disable_ipv6=0
	lab_synweir_start_plain
}

# bird HOST LOCAL AS NEIGHBOUR AS INTERFACE ROUTE
bird_up() {
	local host=$1 family=ipv$LAB_FAMILY dir=$LAB_DIR/bird-$1
	mkdir "$dir"
	cat >"$dir/bird.conf" <<-END
		log "$dir/bird.log" all;
		router id $2;
		protocol device { }
		protocol bfd liveness { interface "$6" { interval 300 ms; multiplier 5; }; }
		protocol static announced { $family; route $(lab_addr "$7") blackhole; }
		protocol bgp uplink {
			local $(lab_addr "$2") as $3;
			neighbor $(lab_addr "$4") as $5;
			connect retry time 1;
			connect delay time 1;
			bfd on;
			$family { import all; export all; };
		}
	END
	lab_spawn "$host" "$dir/out" bird -f -c "$dir/bird.conf" -s "$dir/ctl" -P "$dir/pid"
	lab_wait $LAB_WAIT test -S "$dir/ctl" || lab_die "BIRD on $host: $(cat "$dir/out")"
}

# bird HOST COMMAND...
bird_says() {
	local host=$1
	shift
	birdc -s "$LAB_DIR/bird-$host/ctl" "$@"
}

bgp_is_up() {
	bird_says "$1" show protocols uplink | grep -q Established
}

bfd_is_up() {
	bird_says "$1" show bfd sessions | grep -qw Up
}

# has_route HOST NETWORK
has_route() {
	bird_says "$1" show route | grep -q "^$(lab_addr "$2")"
}

# How often sessions of both ends have come up or gone down.
changes() {
	cat "$LAB_DIR"/bird-*/bird.log | grep -c -e 'Session changed' -e 'BGP session' -e 'Received:' -e 'Error:' || true
}

# host_row DIRECTION CLASS COLUMN, of weir0
host_row() {
	weirctl --json show host | lab_json \
		"next(r['$3'] for r in d if r['interface'] == 'weir0' and r['direction'] == '$1' and r['class'] == '$2')"
}

page_of() {
	local url=$3
	[ "$LAB_FAMILY" = 4 ] || url="[$url]"
	on "$1" curl -sf -m 10 "http://$url:$2/" | grep -q "$4"
}

pings() {
	on "$1" ping -c 3 -i 0.2 -W 5 "$(lab_addr "$2")" | grep -q ' 0% packet loss'
}

# says_check STATE: of the web service's first backend.
says_check() {
	[ "$(weirctl --json show backends | lab_json "next(row['check'] for row in d if row['name'] == 'web-1')")" = "$1" ]
}

LAB_SERVICE_KEYS[web]='check = { type = "http"; inter = 2; fastinter = 1; downinter = 1; timeout = 1; fall = 5; interface = "weir1"; };'
LAB_FRONT_KEYS='host = { interface = "weir0"; rest = 2000; };'
LAB_BACK_KEYS='host = { interface = "weir1"; };'
E2E_LUCKY=1
e2e_up "$@"
on weir python3 -m http.server --bind "$(lab_addr 192.0.2.1)" -d "$LAB_DIR/b1" 8022 >/dev/null 2>&1 &
lab_wait $LAB_WAIT lab_listens weir 8022

check "ping to the port's address" pings client 192.0.2.1
check "ping from the machine" pings weir 192.0.2.254
check "a page of the machine" page_of client 8022 "$(lab_addr 192.0.2.1)" nginx.conf
check "a page of a backend for the machine" page_of weir 80 "$(lab_addr 10.0.0.11)" "hello from b1"

check "the backend is up, as its check says" lab_wait $LAB_WAIT says_check up
on b1 nft -f - <<<'table inet off { chain in { type filter hook input priority 0; tcp dport 80 drop; }; }'
check "it is blackholed: the check sees it" lab_wait $LAB_WAIT says_check down
on b1 nft delete table inet off
check "it is healed: up again" lab_wait $LAB_WAIT says_check up

lab_spawn weir "$LAB_DIR/tcpdump" tcpdump -n -l -i weir0 tcp port 179
bird_up client 192.0.2.254 65000 192.0.2.1 65001 eth0 198.18.0.0/15
bird_up weir 192.0.2.1 65001 192.0.2.254 65000 weir0 203.0.113.200/32
check "BGP comes up" lab_wait 60 bgp_is_up weir
check "BFD comes up" lab_wait 60 bfd_is_up weir
check "and at the router" lab_wait 60 bfd_is_up client
check "the router has our route" lab_wait 10 has_route client 203.0.113.200/32
check "we have the router's route" lab_wait 10 has_route weir 198.18.0.0/15
check "tcpdump on weir0 sees BGP" lab_wait 10 grep -q '\.179[: ]' "$LAB_DIR/tcpdump"

quiet=$(changes)
lab_flood_start syn 2000000 60
sleep "$E2E_HOST_FLOOD_S"
check "a page through synweir in the flood" lab_wait 20 get "$LAB_URL/" -o /dev/null
check "SYNs of the flood" at_least "$(lab_flood_stop)" 10000
check "BGP and BFD did not notice the flood" same "$(changes)" "$quiet"

vip=$LAB_VIP LAB_VIP=$(lab_addr 192.0.2.1) LAB_FLOOD_PORT=179
lab_flood_start syn 2000000 60
sleep "$E2E_HOST_FLOOD_S"
check "SYNs of the flood" at_least "$(lab_flood_stop)" 10000
check "a page of the machine after its BGP port was flooded" lab_wait 20 page_of client 8022 \
	"$(lab_addr 192.0.2.1)" nginx.conf
LAB_VIP=$vip
check "BGP and BFD did not notice that either" same "$(changes)" "$quiet"
check "BGP is up" bgp_is_up client
check "BFD is up" bfd_is_up client
check "the class \"rest\" was limited" at_least "$(host_row 'to host' rest limited)" 1000
check "the class \"routing\" was not" same "$(host_row 'to host' routing limited)" 0
check "routing" at_least "$(host_row 'to host' routing pkts)" 20
check "the kernel's own frames" at_least "$(host_row 'from host' all pkts)" 20
weirctl show host
e2e_end
