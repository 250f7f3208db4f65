#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# measure_calm.sh latency|onset [ROUNDS]: what calm mode costs a client. As root, in namespaces of its own.
#
#   latency   connects and first bytes of an answer by three ways, by turns, a second each:
#               direct   a Linux router in synweir's place (another lab, whose turn it is while synweir is stopped)
#               calm     synweir, a service with syn_cookies = "never"
#               cookies  synweir, a service with syn_cookies = "always"
#             Figures are differences to direct in the same round. Target for calm: 100 us more at p50.
#   onset     500 connections a second to a service with syn_cookies = "adaptive", the default marks and hold = 1; a
#             flood at the generator's full speed begins. The share of those begun in its first second that needed a
#             retransmission, and of those a second before and a second after that. Target: 1 % more at most. Then
#             the time from the end of the flood until the service is calm again.
#
# The worker polls, on core 1. All else is on core 0, where the client's program of "latency" polls too while it waits
# for a SYN-ACK. All of the lab has priority over what else the machine does (nice -19). LAB_MODE: fullnat (the default)
# or nat. MEASURE_TSV keeps every visit. Judges nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
	sed -n '3,/^set /s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

WHAT=${1:-}
ROUNDS=${2:-10}
[[ $WHAT =~ ^(latency|onset)$ && $ROUNDS =~ ^[1-9][0-9]*$ && $# -le 2 ]] || usage
[ "$(id -u)" = 0 ] || { echo "measure_calm.sh: network namespaces need root" >&2 && exit 1; }
LAB=calm$$
LAB_WORKER_KEYS='idle = "poll"; lcores = [ 1 ];'
# shellcheck source=SCRIPTDIR/lab.sh
. scripts/lab.sh
# In nat mode a client's address and port at a backend can be of one service only.
# shellcheck disable=SC2034 # lab.sh reads it
LAB_SERVICES="web 80 10.0.0.12:80
calm 81 10.0.0.11:80
adaptive 82 10.1.0.12:80"
LAB_SERVICE_KEYS[calm]='syn_cookies = "never";'
LAB_SERVICE_KEYS[adaptive]='syn_cookies = "adaptive"; adaptive = { hold = 1; };'
tsv=${MEASURE_TSV:-$(mktemp /tmp/synweir-measure.XXXXXX)}

# router COMMAND...: in the lab of the router.
router() {
	local name=${LAB}r
	# The backend answers through the router, so it is nat.
	LAB=$name LAB_DIR=/tmp/$name LAB_DUT=direct LAB_MODE=nat "$@"
}

down() {
	[ -z "${LAB_PID:-}" ] || kill -CONT "$LAB_PID" 2>/dev/null || true
	lab_down
	router lab_down
	[ -n "${MEASURE_TSV:-}" ] || rm -f "$tsv"
}

# visits PORT EVERY_MS COUNT [OPTION...]
visits() {
	on client taskset -c 0 tests/e2e/tools/visits.py "$LAB_VIP" "$@"
}

# keep CIRCUMSTANCE ROUND: what visits has printed.
keep() {
	sed "s/^/$1 $2 /" >>"$tsv"
}

latency() {
	local round
	router lab_up
	for round in $(seq 0 "$ROUNDS"); do
		kill -STOP "$LAB_PID"
		router visits 80 2 500 --poll | keep direct "$round"
		kill -CONT "$LAB_PID"
		sleep 0.3
		visits 81 2 500 --poll | keep calm "$round"
		visits 80 2 500 --poll | keep cookies "$round"
	done
	sed -i '/^[a-z]* 0 /d' "$tsv" # the round that warms everything up
}

gate() {
	weirctl --json show services | lab_json "[row['gate'] for row in d if row['name'] == 'adaptive'][0]"
}

is_calm() {
	[ "$(gate)" = calm ]
}

missed() {
	weirctl --json show ports | lab_json 'sum(row["rx_missed"] for row in d)'
}

# One flood of three seconds, from the second second of five on.
onset_once() {
	local round=$1 pid before began sent ended ms
	lab_wait 60 is_calm || lab_die "it is not calm" || return
	before=$(missed)
	visits 82 2 2500 >"$LAB_DIR/visits" &
	pid=$!
	sleep 2
	LAB_FLOOD_PORT=82
	lab_flood_start syn 2000000 2
	lab_wait 30 lab_gone "$LAB_FLOOD_PID"
	ended=$(date +%s%N)
	lab_wait 60 is_calm || lab_die "it is not calm again" || return
	ms=$((($(date +%s%N) - ended) / 1000000))
	wait $pid
	began=$(sed -n 's/.*began=//p' "$LAB_DIR/flood.log")
	sent=$(sed -n 's/^sent=\([0-9]*\).*/\1/p' "$LAB_DIR/flood.log")
	echo "round $round: $sent SYNs in 2 s, $(($(missed) - before)) frames missed by devices, calm again after $ms ms"
	awk -v t="$began" -v round="$round" '
		{ at = $1 - t }
		at < -0.1 { print "before", round, $0 }
		at >= 0 && at < 1 { print "first", round, $0 }
		at >= 1 && at < 2 { print "second", round, $0 }
		at >= 2.1 { print "after", round, $0 }' "$LAB_DIR/visits" >>"$tsv"
}

onset() {
	local round
	for round in $(seq "$ROUNDS"); do
		onset_once "$round"
	done
}

scripts/setup.sh build lab
ninja --quiet -C "$LAB_BUILD" app/synweir/synweir app/weirctl/weirctl tests/e2e/flood
renice -n -19 $$ >/dev/null
trap down EXIT
trap 'exit 130' INT TERM
: >"$tsv"
echo "commit $(git rev-parse --short HEAD), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs," \
	"Linux $(uname -r), load $(cut -d ' ' -f 1 /proc/loadavg), mode $LAB_MODE, AF_PACKET on veth, worker polls on core 1"
lab_up
"$WHAT"
scripts/measure_report.py "$tsv"
