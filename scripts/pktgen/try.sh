#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# try.sh [OPTION]... PKTGEN: does docs/benchmarking.md, section "Pktgen-DPDK", work with this Pktgen? Runs the code blocks of
# the document on one machine, over vhost-user, and holds Pktgen's counters against synweir's, frame by frame.
#
#   PKTGEN         the program, built with Lua as the document has it, or a directory in which it was built
#   --only "LIST"  some of syn, ack, mixed, search, capture, weirgen (default: all, in this order)
#   --build DIR    where synweir, weirctl and weirgen are (default: build)
#   --greedy       goes before everything else that runs on this machine
#   --check        only looks whether the document has every block, and each is a script that names what there is; needs no PKTGEN
#   --help         this text
#
# Blocks are those that stand below a line "<!-- try: NAME -->". As root; CPUs 0 and 1 are busy for some minutes. Rates on a
# machine that has other work mean nothing; the counters must agree even so. Status 0: all holds, 1: something does not,
# 77: something is missing, 2: usage.
set -euo pipefail
cd "$(dirname "$0")/../.."
PROGRAM=try.sh
GUIDE=docs/benchmarking.md
SOCKET=/tmp/front.sock # the document's
SECONDS_EACH=600       # no script may take longer

only='syn ack mixed search capture weirgen' build=build greedy='' check='' pktgen=''

usage() {
	sed -n '3,/^set /{ /^set /d; s/^# \{0,1\}//; p }' "$0"
}

skip() {
	echo "$PROGRAM: $*" >&2
	exit 77
}

fail() {
	echo "$PROGRAM: FAILED: $*" >&2
	exit 1
}

while [ $# -gt 0 ]; do
	case $1 in
	--only) only=${2:?} && shift ;;
	--build) build=${2:?} && shift ;;
	--greedy) greedy=1 ;;
	--check) check=1 ;;
	--help) usage && exit 0 ;;
	-*) echo "$PROGRAM: unknown option '$1' (see --help)" >&2 && exit 2 ;;
	*) pktgen=$1 ;;
	esac
	shift
done

#
# The document's blocks
#

# block NAME: the code that stands below the line "<!-- try: NAME -->".
block() {
	awk -v mark="<!-- try: $1 -->" '
		$0 == mark { marked = 1; next }
		marked && /^```sh$/ { inside = 1; next }
		inside && /^```$/ { exit }
		inside' "$GUIDE"
}

# Files of ours that a block names are there.
check_block() {
	local text file
	text=$(block "$1")
	[ -n "$text" ] || fail "$GUIDE has no block '$1'"
	bash -n <<<"$text" || fail "$GUIDE: block '$1' is no script"
	for file in $(grep -oE '(scripts|conf)/[A-Za-z0-9_./-]+' <<<"$text" || true); do
		[ -e "$file" ] || fail "$GUIDE: block '$1' names $file, which does not exist"
	done
}

for name in paths start pktgen counters $only; do
	check_block "$name"
done
[ -z "$check" ] || exit 0


#
# What must be there
#

[ -n "$pktgen" ] || { echo "$PROGRAM: missing PKTGEN (see --help)" >&2 && exit 2; }
[ ! -d "$pktgen" ] || pktgen=$pktgen/build/app/pktgen
[ -x "$pktgen" ] || skip "no program '$pktgen': build Pktgen as $GUIDE has it"
ldd "$pktgen" | grep -q 'liblua' || skip "'$pktgen' was built without Lua: meson setup build -Denable_lua=true"
[ "$(id -u)" = 0 ] || skip "huge pages need root"
command -v script >/dev/null || skip "no 'script' (package bsdutils): Pktgen needs a terminal"
[[ " $only " != *" capture "* ]] || command -v tcpdump >/dev/null || skip "no tcpdump: apt-get install tcpdump"
for name in synweir weirctl weirgen; do
	[ -x "$build/app/$name/$name" ] || skip "no $build/app/$name/$name: meson setup build && ninja -C build"
done
[ "$(nproc)" -ge 2 ] || skip "one CPU is not enough"
! [ -e "$SOCKET" ] || skip "$SOCKET is there already: does another synweir run?"

pktgen=$(realpath "$pktgen") build=$(realpath "$build")
export PATH="$build/app/synweir:$build/app/weirctl:$build/app/weirgen:$PATH"

#
# One run
#

# The process group of a block that runs beside us; politely at first.
end_group() {
	[ -n "$1" ] || return 0
	kill -TERM -- "-$1" 2>/dev/null || true
	for _ in $(seq 100); do
		kill -0 -- "-$1" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL -- "-$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

cleanup() {
	end_group "${generator:-}"
	end_group "${synweir:-}"
	sysctl -q vm.nr_hugepages="$pages_before" || true
	rm -rf "$TMP"
	rm -f "$SOCKET" /tmp/syns.pcap /tmp/syns-us.pcap # the document's
}

TMP=$(mktemp -d /tmp/synweir-pktgen.XXXXXX)
pages_before=$(sysctl -n vm.nr_hugepages)
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# The scheduler shares out between sessions, and each block has its own.
own_share() {
	[ -z "$greedy" ] || echo 'echo -15 >/proc/self/autogroup'
}

explain() {
	echo "--- the last that Pktgen said:"
	# its screen control, which means nothing here
	sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' "$TMP/pktgen.log" 2>/dev/null | tr -cd '\n[:print:]\t' | grep -v '^Pktgen:/>' | tail -n 25
	echo "--- and synweir:"
	tail -n 10 "$TMP/synweir.log" 2>/dev/null
}

start_synweir() {
	setsid bash -euc "$(own_share && block start)" >"$TMP/synweir.log" 2>&1 &
	synweir=$!
	for _ in $(seq 600); do
		[ ! -S "$SOCKET" ] || weirctl show info >/dev/null 2>&1 || { sleep 0.1 && continue; }
		[ ! -S "$SOCKET" ] || return 0
		kill -0 "$synweir" 2>/dev/null || break
		sleep 0.1
	done
	explain >&2
	fail "synweir does not start"
}

tx_full() {
	weirctl show drops --all | awk '$2 == "tx_full" { print $3 }'
}

# Beside each trial of a search, what synweir could not send by then: "tx_full TOTAL" before the trial's line.
watch_lines() {
	local line
	while IFS= read -r line; do
		[[ $line != "search: "*" of the line: "* ]] || echo "tx_full $(tx_full)"
		printf '%s\n' "${line%$'\r'}"
	done
}

# run_block NAME: the document's command for Pktgen, on a terminal as it wants one; what it prints is in pktgen.log.
run_block() {
	local status=0
	{
		own_share
		block paths
		printf 'PKTGEN=%q\n' "$pktgen" # ours, in place of the reader's
		block pktgen
		block "$1"
	} >"$TMP/block.sh"
	setsid timeout -k 10 "$SECONDS_EACH" script -qec "bash -eu $TMP/block.sh" /dev/null </dev/null >"$TMP/fifo" 2>&1 &
	generator=$!
	watch_lines <"$TMP/fifo" >"$TMP/pktgen.log"
	wait "$generator" || status=$?
	generator=''
	[ $status = 0 ] || { explain >&2 && fail "$1: Pktgen ended with status $status"; }
}

#
# What it counted
#

# fate NAME...: the sum of what synweir counts under these names.
fate() {
	awk -v names=" $* " 'index(names, " " $2 " ") { sum += $3 } END { print sum + 0 }' "$TMP/drops"
}

# column FILE NAME: of a table with one row.
column() {
	awk -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } NR == 2 { print $at }' "$TMP/$1"
}

# total WORD: of the line "total: sent N, received N, of which N ARP or ND".
total() {
	sed -n "s/^total: .*\<$1 \([0-9]*\).*/\1/p" "$TMP/pktgen.log"
}

check_equal() {
	if [ "$2" != "$3" ]; then
		explain >&2
		fail "$script: $1: $2 is not $3"
	fi
	echo "  ok  $1 ($2)"
}

check_between() {
	if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
		explain >&2
		fail "$script: $1: $2 is not within $3 and $4"
	fi
	echo "  ok  $1 ($2)"
}

read_counters() {
	bash -euc "$(block counters)" >"$TMP/counters" || fail "the block 'counters' fails"
	weirctl show accounting >"$TMP/accounting"
	weirctl show drops --all >"$TMP/drops"
	weirctl show ports >"$TMP/ports"
	grep -a '^[a-z]*: .* answered\|^total: ' "$TMP/pktgen.log" || true
	echo "synweir: RX $(column accounting RX), TX $(column accounting TX), CREATED $(column accounting CREATED)," \
		"tx_full $(fate tx_full), port_down $(fate port_down)"
	[ "$script" != weirgen ] || return 0
	sent=$(total sent) received=$(total received) own=$(total 'which')
	if [ -z "$sent" ] || [ -z "$received" ] || [ -z "$own" ]; then
		explain >&2
		fail "$script: Pktgen gives no total"
	fi
	acks=$(fate bad_cookie refused_stray reply_budget prefix_budget)
}

# Whatever was sent: nothing is lost without a name.
check_frames() {
	local late
	check_equal "frames sent = RX + RX_MISSED + RX_NO_MBUF" "$sent" \
		$(($(column accounting RX) + $(column ports RX_MISSED) + $(column ports RX_NO_MBUF)))
	check_equal "synweir's balance" "$(column accounting BALANCE)" 0
	check_equal "SYNs = syn_received = syn_cookie" "$(fate syn_received)" "$(fate syn_cookie)"
	# synweir asks for its neighbours once a second, also while Pktgen ends
	late=$(($(column ports TX_PKTS) - received))
	check_between "frames in TX that Pktgen had not received when it last looked" "$late" 0 30
	check_between "received = TX less own frames, of which CREATED has" $((own + late)) "$own" "$(column accounting CREATED)"
}

check_syn() {
	check_equal "SYNs = frames sent" "$(fate syn_received)" "$sent"
}

check_capture() {
	check_syn
}

check_ack() {
	check_equal "ACKs = bad_cookie + refused_stray + reply_budget + prefix_budget" "$sent" "$acks"
	check_between "of which bad_cookie" "$(fate bad_cookie)" 1 "$sent"
}

check_mixed() {
	check_equal "SYNs and ACKs = frames sent" $(($(fate syn_received) + acks)) "$sent"
	check_between "percent that are SYNs" $((100 * $(fate syn_received) / sent)) 45 55
}

# The document's command for weirgen; it answers synweir's ARP, which is in RX too.
check_weirgen() {
	sent=$(sed -n 's/^ *flood *\([0-9]*\) sent,.*/\1/p' "$TMP/pktgen.log")
	check_equal "SYNs = syn_received" "${sent:-none}" "$(fate syn_received)"
	check_equal "synweir's balance" "$(column accounting BALANCE)" 0
}

# The trial at the rate that was found lost nothing, and synweir could send each answer while it ran.
check_search() {
	local found before after
	check_syn
	found=$(sed -n 's/^search: answered to the last SYN up to \([0-9.]*\) % .*/\1/p' "$TMP/pktgen.log")
	grep -a '^search: answered' "$TMP/pktgen.log"
	if [ -z "$found" ] || [ "$found" = 0.00 ]; then
		explain >&2
		fail "search: no rate is free of loss: is the machine busy? (--greedy)"
	fi
	read -r before after < <(awk -v rate="$found" '
		$1 == "tx_full" { last = now; now = $2 }
		$1 == "search:" && $2 == rate && /, 0\.000 % not answered/ { print last + 0, now }' "$TMP/pktgen.log") || true
	[ -n "${after:-}" ] || { explain >&2 && fail "search: no trial at $found % of the line that lost nothing"; }
	check_equal "tx_full in the trial at $found % of the line" $((after - before)) 0
}

mkfifo "$TMP/fifo"
echo "Pktgen: $pktgen, load average $(cut -d ' ' -f 1 /proc/loadavg)"
for script in $only; do
	declare -F "check_$script" >/dev/null || { echo "$PROGRAM: no script '$script'" >&2 && exit 2; }
	echo "$script"
	start_synweir
	run_block "$script"
	read_counters
	[ "$script" = weirgen ] || check_frames
	"check_$script"
	end_group "$synweir"
	synweir=''
	rm -f "$SOCKET"
done
echo "$PROGRAM: the document's blocks work, and the counters agree"
