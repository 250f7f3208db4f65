#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# measure_tenants.sh [ROUNDS]: a service beside hostile ones (HC-65). As root, in namespaces of its own.
#
# A client visits the good service 500 times a second, for three seconds each time: alone, and beside each of
#
#   hoarder   4 096 idle connections, all that a prefix may have, opened and kept by 20 clients of another service
#   silent    200 clients a second of a service whose backend never answers; each sends a request at once
#   refusing  200 clients a second of a service whose backend answers every SYN by RST
#   garbage   20 000 frames of garbage a second from that backend
#   flood     20 000 forged SYNs a second for another service
#   beside    the same flood past synweir, from host to host: what it costs the lab
#
# Rounds are interleaved; figures are differences to "alone" in the same round. Target: p99 5 % more at most, no
# failures. The worker has core 1, and sleeps when there is nothing to do; the clients have core 0. All of the lab goes
# before what else the machine does (SCHED_FIFO), because p99 would be that of the machine. LAB_MODE: fullnat (the
# default) or nat. MEASURE_TSV keeps every visit. Judges nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

ROUNDS=${1:-5}
[[ $ROUNDS =~ ^[1-9][0-9]*$ && $# -le 1 ]] || { sed -n '3,/^set /s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
[ "$(id -u)" = 0 ] || { echo "measure_tenants.sh: network namespaces need root" >&2 && exit 1; }
LAB=tenants$$
LAB_WORKER_KEYS='idle = "sleep"; lcores = [ 1 ];'
LAB_LIMITS='connections = 100000;'
# shellcheck source=SCRIPTDIR/lab.sh
. scripts/lab.sh
# shellcheck disable=SC2034 # lab.sh reads it
LAB_SERVICES="web 80 10.0.0.11:80
hoarded 81 10.0.0.12:7
silent 82 10.0.0.12:9001
refusing 83 10.0.0.12:9002
flooded 84 10.0.0.12:80"
LAB_FLOOD_PORT=84
TOOLS=tests/e2e/tools
tsv=${MEASURE_TSV:-$(mktemp /tmp/synweir-measure.XXXXXX)}

down() {
	lab_down
	[ -n "${MEASURE_TSV:-}" ] || rm -f "$tsv"
}

servers_up() {
	lab_spawn b2 "$LAB_DIR/servers.log" $TOOLS/servers.py b2 "$LAB_DIR"
	lab_wait $LAB_WAIT test -s "$LAB_DIR/servers-b2"
	on b2 nft -f - <<-END
		table ip hostile {
			chain in {
				type filter hook input priority 0;
				tcp dport 9001 drop
				tcp dport 9002 reject with tcp reset
			}
		}
	END
}

# visit PORT EVERY_MS COUNT [OPTION...]
visit() {
	on client taskset -c 0 $TOOLS/visits.py $LAB_VIP "$@"
}

hostile_visits() {
	lab_spawn client "$LAB_DIR/hostile" taskset -c 0 $TOOLS/visits.py $LAB_VIP "$1" 5 100000 --source 203.0.113.1
}

# spoil HOST MAC FROM TO KIND
spoil() {
	lab_spawn "$1" "$LAB_DIR/hostile" taskset -c 0 "$LAB_BUILD/tests/e2e/flood" -i eth0 -m "$2" -s "$3" -d "$4" \
		-p $LAB_FLOOD_PORT -k "$5" -r 20000 -t 60
}

# begin CIRCUMSTANCE: its process is LAB_SPAWNED.
begin() {
	LAB_SPAWNED=''
	case $1 in
	alone) ;;
	hoarder)
		# shellcheck disable=SC2046 # a list of addresses
		lab_spawn client "$LAB_DIR/hostile" taskset -c 0 $TOOLS/hoard.py $LAB_VIP 81 400 4000 \
			$(seq -f 203.0.113.%g 1 20)
		lab_wait 20 grep -q '^409[0-9] ' "$LAB_DIR/hostile" || lab_die "no hoard: $(tail -n 1 "$LAB_DIR/hostile")"
		;;
	silent) hostile_visits 82 ;;
	refusing) hostile_visits 83 ;;
	garbage) spoil b2 $LAB_MAC_BACK 10.0.0.12/32 10.0.0.1 garbage ;;
	flood) spoil client $LAB_MAC_FRONT $LAB_SPOOFED $LAB_VIP syn ;;
	beside) spoil b2 "$(on switch cat /sys/class/net/br0/address)" $LAB_SPOOFED 10.0.0.99 syn ;;
	esac
	sleep 1
}

end() {
	[ -n "$LAB_SPAWNED" ] || return 0
	kill "$LAB_SPAWNED" || { tail -n 3 "$LAB_DIR/hostile" && return 1; }
	lab_wait 10 lab_gone "$LAB_SPAWNED"
	tail -n 1 "$LAB_DIR/hostile" >"$LAB_DIR/hostile.$1"
	sleep 0.5
}

measure() {
	local round what
	for round in $(seq "$ROUNDS"); do
		for what in alone hoarder silent refusing garbage flood beside; do
			begin "$what"
			visit 80 2 1500 | sed "s/^/$what $round /" >>"$tsv"
			end "$what"
		done
	done
}

scripts/setup.sh build lab
ninja --quiet -C "$LAB_BUILD" app/synweir/synweir app/weirctl/weirctl tests/e2e/flood
chrt -f -p 10 $$
ulimit -n 16384
trap down EXIT
trap 'exit 130' INT TERM
: >"$tsv"
echo "commit $(git rev-parse --short HEAD), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs," \
	"Linux $(uname -r), load $(cut -d ' ' -f 1 /proc/loadavg), mode $LAB_MODE, AF_PACKET on veth, worker on core 1"
lab_up
servers_up
measure
scripts/measure_report.py "$tsv"
echo "the hostile said last: $(cd "$LAB_DIR" && grep . hostile.* | paste -sd ' ')"
weirctl show drops
