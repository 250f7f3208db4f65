# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# lib.sh - what the namespace tests share. Sourced by each test, which then calls
#
#   e2e_up "$@"             the lab in the variant asked for, e.g. "fullnat-1" or "nat-3-flood-onearm"
#   check "text" COMMAND    a claim; the first that does not hold ends the test
#   e2e_end                 the claims that hold after every test
#
# The topology is drawn in scripts/lab.sh; each test draws what it adds.
set -euo pipefail
E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/../../scripts/lab.sh
. "$E2E/../../scripts/lab.sh"

export PYTHONDONTWRITEBYTECODE=1
E2E_FLOOD_PPS=${E2E_FLOOD_PPS:-20000}
E2E_LUCKY=0    # spoofed ACKs whose cookie may be right by chance, where a test sends ACKs by the ten thousand
E2E_ATTEMPTS=1 # connections that synweir may try for one of a client's; more where backends refuse

# Every test meets the same synweir: services on one VIP, most with both backends behind them.
LAB_SERVICES="
web 80 10.0.0.11:80 10.0.0.12:80
upload 8080 10.0.0.11:8080 10.0.0.12:8080
echo 7 10.0.0.11:7 10.0.0.12:7
banner 25 10.0.0.11:2525 10.0.0.12:2525
half-client 2000 10.0.0.11:2000 10.0.0.12:2000
half-server 2001 10.0.0.11:2001
ssh 22 10.0.0.11:22
iperf 5201 10.0.0.11:5201
one-refuses 81 10.0.0.11:9 10.0.0.12:80
all-refuse 82 10.0.0.11:9 10.0.0.12:9
routed 84 10.1.0.12:80
"

say() {
	printf '%s\n' "$*"
}

# check TEXT COMMAND...: its output is shown when it fails.
check() {
	local text=$1 out
	shift
	if out=$("$@" 2>&1); then
		say "  ok  $text${out:+ ($(head -n 1 <<<"$out"))}"
	else
		say "  FAILED  $text: $*"
		say "      ${out//$'\n'/$'\n'      }"
		exit 1
	fi
}

# Commands to check with: they say what they compared.
same() {
	[ "$1" = "$2" ] || { echo "'$1' is not '$2'" && return 1; }
}

at_most() {
	echo "$1 of at most $2"
	[ "$1" -le "$2" ]
}

at_least() {
	echo "$1 of at least $2"
	[ "$1" -ge "$2" ]
}

fails() {
	! "$@"
}

# A stand-in has no weirctl, and retries no backend.
is_synweir() {
	[ "$LAB_DUT" != linux ]
}

# What the client's host has sent: moves while a flood does.
flood_sent() {
	on client cat /sys/class/net/eth0/statistics/tx_packets
}

client_py() {
	on client "$E2E/tools/client.py" "$@"
}

# get ARGUMENT...: curl on the client, which gives up when no byte comes.
get() {
	on client curl -sf --connect-timeout $LAB_WAIT --speed-limit 1 --speed-time $LAB_WAIT "$@"
}

# page_from HOST [PORT]: that backend's page comes.
page_from() {
	[ "$(get "$LAB_URL:${2:-80}/")" = "hello from $1" ]
}

# random_file PATH MIB: the same bytes every time.
random_file() {
	/usr/bin/python3 -c 'import random, sys
for i in range(int(sys.argv[1])): sys.stdout.buffer.write(random.Random(i).randbytes(1 << 20))' "$2" >"$1"
}

sum_of() {
	sha256sum "$@" | cut -d ' ' -f 1
}

# E2E_DONE requests done and E2E_FAILED failed: rounds of "wrk ARGUMENT..." until COUNT are done. A round
# without 30 is one too many.
requests() {
	local count=$1 now failed
	shift
	E2E_DONE=0 E2E_FAILED=0
	while [ $E2E_DONE -lt "$count" ]; do
		read -r now failed < <(lab_wrk 3 "$@")
		say "      requests done: $now, failed: $failed"
		E2E_DONE=$((E2E_DONE + now)) E2E_FAILED=$((E2E_FAILED + failed))
		[ "$now" -ge 30 ] || break
	done
}

e2e_variant() {
	local word words
	E2E_FLOODED='' E2E_SNOOPED=''
	IFS=- read -ra words <<<"$1"
	for word in "${words[@]}"; do
		case $word in
		fullnat | nat) LAB_MODE=$word ;;
		v6) LAB_FAMILY=6 ;;
		v6v4) LAB_FAMILY=64 ;; # an IPv6 VIP, IPv4 backends
		v4v6) LAB_FAMILY=46 ;;
		[1-9]) LAB_WORKERS=$word ;;
		onearm) LAB_ARMS=1 ;;
		snoop) E2E_SNOOPED=1 ;;
		jumbo) # ports of 9000 bytes
			LAB_FRONT_KEYS='mtu = 9000;' LAB_BACK_KEYS='mtu = 9000;' LAB_FRAME=9216 LAB_RING=2048
			;;
		rss) LAB_FRONT_KEYS='rss = "on";' ;; # the device chooses a client's worker
		tap) LAB_DRIVER=tap ;;
		xdp) LAB_DRIVER=af_xdp ;;
		vfio) export LAB_VM_BIND=vfio ;;
		norss) export LAB_VM_RSS=off ;;
		vhost) export LAB_VM_NET=vhost ;;
		flood) E2E_FLOODED=1 ;;
		*) lab_die "unknown word '$word' in variant '$1'" ;;
		esac
	done
	lab_family
}

e2e_servers() {
	lab_spawn "$1" "$LAB_DIR/servers-$1.log" "$E2E/tools/servers.py" "$1" "$LAB_DIR"
	lab_wait $LAB_WAIT test -s "$LAB_DIR/servers-$1" || lab_die "servers on $1: $(cat "$LAB_DIR/servers-$1.log")"
}

# e2e_vlan HOST LINK ID: the host's device LINK.ID, which sends and receives with that tag. The kernel's own, or where it
# has none (CONFIG_VLAN_8021Q) that of a program.
e2e_vlan() {
	ip -n "$LAB-$1" link add link "$2" name "$2.$3" type vlan id "$3" 2>/dev/null || e2e_vlan_program "$@"
	ip -n "$LAB-$1" link set "$2.$3" up
}

e2e_vlan_program() {
	lab_spawn "$1" "$LAB_DIR/vlan-$1-$2.$3.log" "$LAB_BUILD/tests/e2e/vlan" "$2" "$3"
	lab_wait $LAB_WAIT ip -n "$LAB-$1" link show "$2.$3" || lab_die "no VLAN: $(cat "$LAB_DIR/vlan-$1-$2.$3.log")"
}

# in_group ADDRESS: the switch has heard that somebody on synweir's wire listens to its group.
in_group() {
	on switch bridge mdb show dev br0 | grep -q " port wback .*$1 "
}

# From here on the switch forwards a neighbour solicitation only to who has reported its group, and all have forgotten
# each other.
e2e_snoop() {
	local host
	for host in b1 b2; do
		on "$host" nft delete table ip6 quiet
	done
	ip -n "$LAB-switch" link set br0 type bridge mcast_snooping 1 mcast_query_response_interval 100 mcast_querier 1
	check "synweir's group is reported" lab_wait $LAB_WAIT in_group ff02::1:ff00:1
	for host in b1 b2; do
		ip -n "$LAB-$host" neigh flush all
	done
}

e2e_up() {
	e2e_variant "${1:-fullnat-1}"
	trap e2e_down EXIT
	trap 'exit 130' INT TERM
	ulimit -n 16384 # ten thousand connections, and what else a process has open
	lab_up
	e2e_servers b1
	e2e_servers b2
	if [ -n "$E2E_SNOOPED" ]; then
		e2e_snoop
	fi
	if [ -n "$E2E_FLOODED" ]; then
		lab_flood_start syn "$E2E_FLOOD_PPS" 600
	fi
}

# On the way out of a test that failed, say what synweir says of itself.
e2e_explain() {
	say "  what synweir says:"
	{ is_synweir && weirctl show accounting && weirctl show drops; } 2>&1 | sed 's/^/      /'
	# net_tap grumbles about what it does not need
	grep -v -e qdisc -e tap_mp_req -e 'rte flow' "$LAB_DIR/synweir.log" | tail -n 20 | sed 's/^/      /'
}

e2e_down() {
	local status=$?
	[ $status = 0 ] || [ $status = 77 ] || e2e_explain || true
	lab_down
	exit $status
}

#
# What holds after every test
#

alive() {
	kill -0 "$LAB_PID"
}

# Connections that sockets of the lab's client side opened, those past synweir (from "switch") too.
real_connections() {
	local host n=0
	for host in client switch $LAB_MORE_HOSTS; do
		n=$((n + $(lab_mib "$host" TcpActiveOpens)))
	done
	echo $n
}

no_half_open() {
	[ "$(lab_half_open)" = 0 ]
}

# How many packets devices had no room for: they were on the wire, and synweir never saw them.
rx_missed() {
	weirctl --json show ports | lab_json 'sum(row["rx_missed"] for row in d)'
}

wires() {
	echo "$(lab_wire_packets tx) $(lab_wire_packets rx)"
}

# synweir asks for its neighbours' MAC addresses now and then: its figures are between the kernel's before and after,
# and these are the same, or nearly so on a machine that is slow to tell.
accounted() {
	local before after missed
	read -ra before < <(wires)
	weirctl --json show accounting >"$LAB_DIR/accounting"
	missed=$(rx_missed)
	read -ra after < <(wires)
	"$E2E/tools/accounting.py" "${before[@]}" "${after[@]}" "$missed" <"$LAB_DIR/accounting"
}

# The last packets may still be on their way.
settled() {
	lab_wait $LAB_WAIT accounted || accounted
}

e2e_end() {
	local sent
	if [ -n "$E2E_FLOODED" ]; then
		check "the flood ran all the time" kill -0 "$LAB_FLOOD_PID"
		sent=$(lab_flood_stop)
		check "SYNs of the flood" at_least "${sent:-0}" 1000
		check "synweir still serves" get "$LAB_URL/" -o /dev/null
	fi
	check "synweir lives" alive
	check "no spoofed SYN reached a backend" at_most "$(lab_watched spoofed)" "$E2E_LUCKY"
	check "every SYN at the backends has a client behind it" \
		at_most "$(lab_watched attempts)" $((E2E_ATTEMPTS * $(real_connections)))
	check "nothing is half-open at the backends" lab_wait $LAB_WAIT no_half_open
	if is_synweir; then
		check "every packet is accounted for" settled
	fi
}
