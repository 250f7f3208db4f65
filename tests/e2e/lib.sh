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
one-silent 83 10.0.0.99:80 10.0.0.12:80
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

# A stand-in has no weirctl, and retries no backend.
is_synweir() {
	[ "$LAB_DUT" != linux ]
}

client_py() {
	on client "$E2E/tools/client.py" "$@"
}

e2e_variant() {
	local word words
	E2E_FLOODED=''
	IFS=- read -ra words <<<"$1"
	for word in "${words[@]}"; do
		case $word in
		fullnat | nat) LAB_MODE=$word ;;
		[1-9]) LAB_WORKERS=$word ;;
		onearm) LAB_ARMS=1 ;;
		vfio) export LAB_VM_BIND=vfio ;;
		norss) export LAB_VM_RSS=off ;;
		flood) E2E_FLOODED=1 ;;
		*) lab_die "unknown word '$word' in variant '$1'" ;;
		esac
	done
}

e2e_servers() {
	lab_spawn "$1" "$LAB_DIR/servers-$1.log" "$E2E/tools/servers.py" "$1" "$LAB_DIR"
	lab_wait 10 test -s "$LAB_DIR/servers-$1" || lab_die "servers on $1: $(cat "$LAB_DIR/servers-$1.log")"
}

e2e_up() {
	e2e_variant "${1:-fullnat-1}"
	trap e2e_down EXIT
	trap 'exit 130' INT TERM
	ulimit -n 16384 # ten thousand connections, and what else a process has open
	lab_up
	e2e_servers b1
	e2e_servers b2
	if [ -n "$E2E_FLOODED" ]; then
		lab_flood_start syn "$E2E_FLOOD_PPS" 120
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
	echo $(($(lab_mib client TcpActiveOpens) + $(lab_mib switch TcpActiveOpens)))
}

no_half_open() {
	[ "$(lab_half_open)" = 0 ]
}

accounted() {
	weirctl --json show accounting |
		"$E2E/tools/accounting.py" "$(lab_tap_packets tx)" "$(lab_tap_packets rx)"
}

# The last packets may still be on their way.
settled() {
	lab_wait 20 accounted || accounted
}

e2e_end() {
	local sent
	if [ -n "$E2E_FLOODED" ]; then
		sent=$(lab_flood_stop)
		check "the flood ran all the time" at_least "${sent:-0}" 1000
		check "synweir still serves" on client curl -sf -m 5 "http://$LAB_VIP/"
	fi
	check "synweir lives" alive
	check "no spoofed SYN reached a backend" same "$(lab_watched spoofed)" 0
	check "every SYN at the backends has a client behind it" \
		at_most "$(lab_watched attempts)" $((E2E_ATTEMPTS * $(real_connections)))
	check "nothing is half-open at the backends" lab_wait 5 no_half_open
	if is_synweir; then
		check "every packet is accounted for" settled
	fi
}
