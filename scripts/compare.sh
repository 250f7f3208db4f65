#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# compare.sh [SECONDS [ROUNDS]]: what stands in front of a server in a SYN flood, side by side. As root.
#
# The lab of scripts/lab.sh with one backend (b1) and, in turn, in the middle (weir):
#
#   direct     a Linux router; the backend's kernel helps itself, with its own SYN cookies
#   synproxy   the same router with nftables' SYNPROXY
#   haproxy    HAProxy in TCP mode, behind its kernel's SYN cookies
#   af_packet  synweir on AF_PACKET sockets
#   af_xdp     synweir on AF_XDP sockets
#   tap        synweir on TAP devices; the others are on veth, all without offloads
#
# Each is asked for new HTTP connections for SECONDS (default 2) without a flood and with each of
# COMPARE_RATES SYNs a second, and then to answer a flood at the generator's full speed. Everybody has
# his turn, ROUNDS (default 1) times; medians are shown. Everything is in namespaces of the script's own.
#
# COMPARE_ONLY="direct tap" takes only these. COMPARE_TSV=FILE keeps every figure, one a line;
# scripts/compare_report.py makes tables and the picture from that file.
set -euo pipefail
cd "$(dirname "$0")/.."

ROUND_SECONDS=${1:-2}
ROUNDS=${2:-1}
RATES=${COMPARE_RATES:-100000 300000}
ONLY=${COMPARE_ONLY:-direct synproxy haproxy af_packet af_xdp tap}

[[ $ROUND_SECONDS =~ ^[1-9][0-9]*$ && $ROUNDS =~ ^[1-9][0-9]*$ && $# -le 2 ]] || {
	sed -n '3,/^set /s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
[ "$(id -u)" = 0 ] || { echo "compare.sh: network namespaces need root: sudo scripts/compare.sh" >&2 && exit 1; }
LAB_MODE=nat # a backend answers through the middle, whatever that is
# shellcheck source=SCRIPTDIR/lab.sh
. scripts/lab.sh
# shellcheck disable=SC2034 # lab.sh reads them
LAB_SERVICES="web 80 10.0.0.11:80"
LAB_RING=4096
TICKS=$(getconf CLK_TCK)

#
# Who stands in the middle: lab_up calls lab_NAME_up ("direct" is in lab_linux.sh)
#

# Without timestamps, which are what it would keep the client's window scale and SACK in: it shifts the one
# in its own ACK to the backend twice, and a backend with Linux 6.18 drops that ACK.
lab_synproxy_up() {
	lab_direct_up
	on weir nft -f - <<-END
		table ip shield {
			chain raw {
				type filter hook prerouting priority raw;
				iifname wfront tcp dport 80 tcp flags & (fin | syn | rst | ack) == syn notrack
			}
			chain forward {
				type filter hook forward priority filter;
				tcp dport 80 ct state invalid,untracked synproxy mss 1460
				ct state invalid drop
			}
		}
	END
	on weir sysctl -q net.netfilter.nf_conntrack_tcp_loose=0 net.netfilter.nf_conntrack_tcp_timeout_time_wait=1
}

lab_haproxy_up() {
	lab_linux_router
	on weir sysctl -q net.core.somaxconn=16384 net.ipv4.tcp_max_syn_backlog=16384 \
		net.ipv4.ip_local_port_range="1024 65000" net.ipv4.tcp_tw_reuse=1
	cat >"$LAB_DIR/haproxy.cfg" <<-END
		global
			maxconn 4000
		defaults
			mode tcp
			timeout connect 5s
			timeout client 30s
			timeout server 30s
		listen web
			bind $LAB_VIP:80 backlog 16384
			server b1 10.0.0.11:80
	END
	lab_spawn weir "$LAB_DIR/haproxy.log" haproxy -db -f "$LAB_DIR/haproxy.cfg"
	lab_wait 10 lab_listens weir 80 || lab_die "haproxy did not start: $(cat "$LAB_DIR/haproxy.log")"
}

lab_af_packet_up() {
	LAB_DRIVER=af_packet
	lab_synweir_up
}

lab_af_xdp_up() {
	LAB_DRIVER=af_xdp
	lab_synweir_up
}

lab_tap_up() {
	LAB_DRIVER=tap
	lab_synweir_up
}

#
# Measuring
#

# Answers to the flood are counted and dropped before the client's stack sees them.
count_answers() {
	on client nft -f - <<-END
		table netdev flood {
			counter answers { }
			chain in {
				type filter hook ingress device eth0 priority 0;
				ip daddr $LAB_SPOOFED counter name answers drop
			}
		}
	END
}

answers() {
	on client nft list counter netdev flood answers | awk '$1 == "packets" { print $2 }'
}

# What the lab's processes have had of CPUs, in ticks: those that run, and children of this shell that have
# ended. The kernel counts the work of its network stack to whoever it interrupts: mostly the sender.
cpu_ticks() {
	local host pid
	for host in $LAB_HOSTS; do
		for pid in $(ip netns pids "$LAB-$host"); do
			cat "/proc/$pid/stat" 2>/dev/null || true
		done
	done | awk -v ended="$(cut -d ' ' -f 16,17 /proc/$SHELL_PID/stat)" '
		{ sub(/.*\) /, ""); sum += $12 + $13 }
		END { split(ended, child, " "); print sum + child[1] + child[2] }'
}

keep() {
	printf '%s\t%s\t%s\t%s\t%s\n' "$round" "$dut" "$1" "$2" "$3" >>"$tsv"
}

# flood_kept RATE SECONDS ANSWERS_BEFORE: stop it, keep what it sent and what came back, per second.
flood_kept() {
	local sent
	sent=$(lab_flood_stop)
	[ -n "$sent" ] || lab_die "the flood did not run: $(cat "$LAB_DIR/flood.log")"
	sleep 0.2 # the last answers
	keep "$1" flood_sent "$sent"
	keep "$1" flood_answered $(($(answers) - $3))
	keep "$1" flood_seconds "$2"
}

# cpu_kept RATE TICKS_BEFORE
cpu_kept() {
	keep "$1" cpu_seconds "$(awk -v t=$(($(cpu_ticks) - $2)) -v hz="$TICKS" 'BEGIN { print t / hz }')"
}

seconds_since() {
	awk -v from="$1" -v to="$(date +%s.%N)" 'BEGIN { printf "%.3f\n", to - from }'
}

# New connections beside a flood of that many SYNs a second.
measure() {
	local rate=$1 before start ticks probe requests failed samples p50 p99 asked lost
	before=$(answers)
	ticks=$(cpu_ticks)
	start=$(date +%s.%N)
	[ "$rate" = 0 ] || lab_flood_start syn "$rate" $((ROUND_SECONDS + 30))
	on client scripts/compare_probe.py "$LAB_VIP" 80 "$LAB_DIR/www/probe" "$ROUND_SECONDS" >"$LAB_DIR/probe" &
	probe=$!
	read -r requests failed < <(lab_wrk "$ROUND_SECONDS" -H "Connection: close")
	wait $probe || lab_die "the probe ended with $?"
	[ "$rate" = 0 ] || flood_kept "$rate" "$(seconds_since "$start")" "$before"
	cpu_kept "$rate" "$ticks"
	read -r samples p50 p99 asked lost _ <"$LAB_DIR/probe"
	keep "$rate" requests_per_s $((requests / ROUND_SECONDS))
	keep "$rate" requests "$requests"
	keep "$rate" failed "$failed"
	keep "$rate" probes "$samples"
	keep "$rate" connect_p50_us "$p50"
	keep "$rate" connect_p99_us "$p99"
	keep "$rate" bytes_asked "$asked"
	keep "$rate" bytes_lost "$lost"
}

# As many SYNs as one generator can send, and nothing else.
measure_full() {
	local before start ticks
	before=$(answers)
	ticks=$(cpu_ticks)
	start=$(date +%s.%N)
	lab_flood_start syn 2000000 $((ROUND_SECONDS + 30))
	sleep "$ROUND_SECONDS"
	flood_kept full "$(seconds_since "$start")" "$before"
	cpu_kept full "$ticks"
}

# In a shell of its own, so that a failure ends this one's turn only.
one() {
	local rate
	SHELL_PID=$BASHPID
	LAB_DUT=$dut
	lab_up
	on client sysctl -q net.ipv4.tcp_tw_reuse=1
	on b1 nft delete table ip watch # a set of a million SYNs is nobody's server
	count_answers
	head -c 16384 /dev/urandom >"$LAB_DIR/www/probe"
	for rate in 0 $RATES; do
		measure "$rate"
	done
	measure_full
	lab_down
}

down() {
	lab_down
	[ -n "${COMPARE_TSV:-}" ] || rm -f "$tsv"
}

build() {
	[ -f "$LAB_BUILD/build.ninja" ] || meson setup "$LAB_BUILD" >&2
	ninja --quiet -C "$LAB_BUILD" app/synweir/synweir app/weirctl/weirctl tests/e2e/flood >&2
}

facts() {
	echo "# date: $(date +%F)"
	echo "# commit: $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
	echo "# cpu: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"
	echo "# kernel: Linux $(uname -r)"
	echo "# haproxy: $(haproxy -v | awk 'NR == 1 { print $3 }')"
	echo "# load: $(cut -d ' ' -f 1 /proc/loadavg) when it began"
	echo "# seconds: $ROUND_SECONDS"
	echo "# rounds: $ROUNDS"
	printf 'round\tdut\trate\tfigure\tvalue\n'
}

scripts/setup.sh build lab compare
build
tsv=${COMPARE_TSV:-$(mktemp /tmp/synweir-compare.XXXXXX)}
trap down EXIT
trap 'exit 130' INT TERM
facts >"$tsv"
for round in $(seq "$ROUNDS"); do
	for dut in $ONLY; do
		echo "compare.sh: round $round of $ROUNDS: $dut" >&2
		set +e
		(set -e && one)
		status=$?
		set -e
		[ $status = 0 ] || { echo "compare.sh: $dut ended with $status" >&2 && lab_down; }
	done
done
scripts/compare_report.py "$tsv"
