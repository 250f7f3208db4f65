#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# neighbour (HC-67): the backends' network, as a host on it sees and attacks it.
#
#   1. both backends' MAC addresses change, and nothing announces it: served again within 3 s
#   2. "switch" claims a backend's address by ARP replies nobody asked for: the backend is served all the same
#   3. "switch" claims the VIP: it is in the log
#
# variants: fullnat-1 nat-1-xdp
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# The routers and backends that synweir knows answer under another MAC from now on; without a word.
move_backends() {
	local host
	for host in b1 b2; do
		on $host sysctl -q net.ipv4.conf.eth0.arp_notify=0
		ip -n "$LAB-$host" link set eth0 address "02:00:00:00:77:0${host#b}"
	done
}

# claim HOST DEVICE ADDRESS MAC TIMES: ARP replies to synweir's MAC that say so.
claim() {
	on "$1" /usr/bin/python3 - "$@" <<-'END'
		import socket, sys, time
		host, device, address, ours, times = sys.argv[1:]
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind((device, 0))
		mac = bytes.fromhex("02000000ff01")
		to = bytes.fromhex(ours.replace(":", ""))
		ip = socket.inet_aton(address)
		for _ in range(int(times)):
		    s.send(to + mac + bytes.fromhex("0806000108000604") + b"\0\2" + mac + ip + to + ip)
		    time.sleep(0.1)
	END
}

pages() {
	local i
	for i in 1 2 3 4; do
		get -m 2 "$LAB_URL/" -o /dev/null || return
	done
}

log_says() {
	grep -m 1 -o -e "$1.*" "$LAB_DIR/synweir.log"
}

E2E_ATTEMPTS=8 # while their MAC addresses are not known
e2e_up "$@"
check "pages" pages
sleep 1
move_backends
start=$(date +%s%N)
until get -m 1 "$LAB_URL/" -o /dev/null; do
	[ $((($(date +%s%N) - start) / 1000000)) -le 20000 ] || break
done
check "served again after so many ms" at_most $((($(date +%s%N) - start) / 1000000)) 3000
check "pages" lab_wait 3 pages
claim switch br0 10.0.0.11 $LAB_MAC_BACK 5 &
claim switch br0 10.0.0.12 $LAB_MAC_BACK 5 &
check "pages while another host claims the backends' addresses" pages
wait
check "the claims were not believed" at_least "$(lab_counted arp_unverified)" 5
check "pages after that" pages
claim client eth0 "$LAB_VIP" $LAB_MAC_FRONT 1
check "a conflict for the VIP is in the log" lab_wait 3 log_says \
	"address conflict began: 02:00:00:00:ff:01 claims $LAB_VIP"
e2e_end
