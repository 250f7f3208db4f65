#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# calm: while it is quiet the backends answer SYNs themselves; a flood switches to cookies, and its end back. Nobody
# notices a switch (HC-45, HC-70 to HC-73).
#
#   scapy on client     --> VIP:80    a SYN with an option that nobody knows: a backend gets it as it was
#   curl on client      --> VIP:80    pages and 20 MB, calm and beside a flood
#   flood on client     --> VIP:80    SYNs of forged addresses
#   client.py on client --> VIP:7     conversations, while the service is switched twice a second
#
# variants: fullnat-1 nat-3
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

LAB_SERVICE_KEYS[web]='syn_cookies = "adaptive"; adaptive = { syn_rate_high = 500; hold = 1; };'
# Before the switch SYNs of the flood do reach backends: as many as the rate allows in a second, and what comes until
# each worker has noticed.
E2E_LUCKY=3000
E2E_ATTEMPTS=100

service_is() {
	[ "$(weirctl --json show services | lab_json "[row['$2'] for row in d if row['name'] == '$1'][0]")" = "$3" ]
}

# The bytes of an option of kind 253 (RFC 4727), whole, in a SYN at a backend.
strange_option() {
	local seen="$LAB_DIR/syn.txt" i
	lab_spawn b1 "$seen" tcpdump -i eth0 -nXl 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'
	local first=$LAB_SPAWNED
	lab_spawn b2 "$seen.2" tcpdump -i eth0 -nXl 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'
	for ((i = 0; i < 20; i++)); do
		on client /usr/bin/python3 - "$i" <<-END
			import sys
			from scapy.all import IP, TCP, Ether, sendp
			sendp(Ether(dst="$LAB_MAC_FRONT") / IP(dst="$LAB_VIP") / TCP(sport=20000 + int(sys.argv[1]), dport=80,
			      flags="S", seq=7, options=[("MSS", 1460), (253, b"\\xab\\xcd\\xef\\x01\\x23\\x45")]), iface="eth0", verbose=0)
		END
		! cat "$seen" "$seen.2" | sed -n 's/^\t0x[0-9a-f]*:  \(.\{39\}\).*/\1/p' | tr -d ' \n' |
			grep -q fd08abcdef012345 || break
	done
	kill "$first" "$LAB_SPAWNED"
	[ "$i" -lt 20 ]
}

pages() {
	local i
	for ((i = 0; i < $1; i++)); do
		get "$LAB_URL/" -o /dev/null || return
	done
}

download_sum() {
	get "$LAB_URL/big" | sum_of
}

# Switches the service of echoes until the conversations are over.
flap() {
	local mode=never
	client_py echo "$LAB_VIP" 7 --count 400 --parallel 20 --pause 0.2 >"$LAB_DIR/flap" 2>&1 &
	while kill -0 $! 2>/dev/null; do
		weirctl set service echo syn_cookies $mode
		[ $mode = never ] && mode=always || mode=never
		sleep 0.25
	done
	cat "$LAB_DIR/flap"
	wait $!
}

e2e_up "$@"
on b1 sysctl -qw net.ipv4.tcp_synack_retries=1
on b2 sysctl -qw net.ipv4.tcp_synack_retries=1
random_file "$LAB_DIR/www/big" 20
big_sum=$(sum_of "$LAB_DIR/www/big")
check "the gate is calm" lab_wait $LAB_WAIT service_is web gate calm
check "an unknown option reaches a backend" strange_option
check "pages, calm" pages 20
check "20 MB, calm" same "$(download_sum)" "$big_sum"
check "no cookie was needed" same "$(lab_counted syn_cookie)" 0
lab_flood_start syn "$E2E_FLOOD_PPS" 600
check "a flood switches to cookies" lab_wait $LAB_WAIT service_is web gate cookies
check "pages beside the flood" pages 50
check "20 MB beside the flood" same "$(download_sum)" "$big_sum"
check "SYNs of the flood" at_least "$(lab_flood_stop)" 1000
check "calm again" lab_wait $LAB_WAIT service_is web gate calm
check "pages, calm again" pages 20
check "conversations while the service is switched" flap
check "it was switched" fails service_is echo switches 0
e2e_end
