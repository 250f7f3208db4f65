#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# bench_virtio.sh [OPTION]...: synweir between two processes, weirgen on the other end of a device, each
# on a core of its own; and dpdk-testpmd in synweir's place, by turns, as the ceiling. Prints medians: packets
# a second, cycles of a packet, and synweir's share of the ceiling.
#
#   device   synweir, testpmd      weirgen
#   virtio   net_virtio_user       net_vhost
#   vhost    net_vhost             net_virtio_user
#   memif    net_memif, server     net_memif, client
#
#   row      weirgen sends                          testpmd does
#   syn      SYNs; counted are the answers          macswap
#   ack      ACKs that nobody asked for; counted    rxonly
#            are those that were taken
#   mixed    SYNs beside 64 connections: 9 to 1     nothing: it has no connections
#
#   --devices "LIST"   of virtio, vhost, memif (default: all)
#   --rows "LIST"      of syn, ack, mixed (default: all)
#   --seconds N        how long one measurement is (default: 3)
#   --runs N           how often each is made (default: 3)
#   --cpus A,B         weirgen's and the other's (default: the first two that this process may use)
#   --small-pages      4 kB pages, where no huge ones are reserved: a look, not a result, and not by memif
#   --build DIR        where synweir and weirgen are (default: build-bench, made as scripts/bench.sh does)
#   --greedy           its session goes before everything else that runs on this machine
#
# After "scripts/setup.sh virtio", as root, with 320 huge pages of 2 MB free (sysctl vm.nr_hugepages=320).
# Every measurement waits until the ports are up at both ends, and is tried three times. Which of them did not come about
# is said at the end, and the status is 1 then. The status is 77 when something of this is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

PAGES=320
devices="virtio vhost memif" rows="syn ack mixed" seconds=3 runs=3 cpus='' small='' build='' greedy=''

usage() {
	sed -n '3,/^set /s/^# \{0,1\}//p' "$0"
}

skip() {
	echo "bench_virtio.sh: $*" >&2
	exit 77
}

while [ $# -gt 0 ]; do
	case $1 in
	--devices) devices=${2:?} && shift ;;
	--rows) rows=${2:?} && shift ;;
	--seconds) seconds=${2:?} && shift ;;
	--runs) runs=${2:?} && shift ;;
	--cpus) cpus=${2:?} && shift ;;
	--build) build=${2:?} && shift ;;
	--small-pages) small=1 ;;
	--greedy) greedy=1 ;;
	--help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done

[ "$(id -u)" = 0 ] || skip "huge pages want root"
command -v dpdk-testpmd >/dev/null || skip "there is no dpdk-testpmd: sudo scripts/setup.sh virtio"
free_pages=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)
[ -n "$small" ] || [ "$free_pages" -ge $PAGES ] ||
	skip "$free_pages free huge pages of 2 MB, not $PAGES: sysctl vm.nr_hugepages=$PAGES (or --small-pages)"
[ -n "$cpus" ] || cpus=$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2], sep=",")')
[ -z "$small" ] || devices=${devices/memif/}
[[ $cpus == *,* ]] || skip "one CPU is not enough"
# The scheduler shares out between sessions; nice means something only inside of one.
share() {
	echo "$1" >/proc/self/autogroup || { echo "bench_virtio.sh: this kernel has no autogroups" >&2 && return 1; }
}

# end PID: politely, and if that does not help within 5 s, not.
end() {
	[ -n "$1" ] || return 0
	kill "$1" 2>/dev/null || true
	for _ in $(seq 50); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	kill -9 "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

cleanup() {
	end "${weirgen:-}"
	end "${dut:-}"
	[ -z "$greedy" ] || share "$share_before" || true
	rm -rf "$TMP" "/var/run/dpdk/$PREFIX"
}

TMP=$(mktemp -d /tmp/synweir-virtio.XXXXXX)
PREFIX=${TMP##*/}
trap cleanup EXIT
trap 'exit 130' INT TERM
share_before=$(sed 's/.*nice //' /proc/self/autogroup 2>/dev/null || echo 0)
if [ -z "$build" ]; then
	build='build-bench'
	scripts/setup.sh build
	[ -f $build/build.ninja ] || meson setup $build -Dbuildtype=release >/dev/null
	ninja --quiet -C $build app/synweir/synweir app/weirgen/weirgen app/weirctl/weirctl
fi
[ -z "$greedy" ] || share -15
# One file of memory, which the other end can map: huge ones without a mount of hugetlbfs.
memory=(--in-memory --single-file-segments -m 256)
[ -z "$small" ] || memory=(--no-huge --no-shconf -m 256)

#
# The two ends of a device
#

# mac DEVICE N: of the near end. net_vhost has the same ones everywhere.
mac() {
	case $1 in
	vhost) echo "56:48:4f:53:54:0$2" ;;
	virtio | memif) echo "02:00:00:00:01:0$2" ;;
	*) echo "bench_virtio.sh: no device '$1'" >&2 && return 2 ;;
	esac
}

# near DEVICE N, far DEVICE N: what synweir or testpmd is given, and weirgen.
near() {
	case $1 in
	virtio) echo "net_virtio_user$2,path=$TMP/$2.sock,mac=$(mac virtio "$2"),queue_size=1024" ;;
	vhost) echo "net_vhost$2,iface=$TMP/$2.sock" ;;
	memif) echo "net_memif$2,role=server,socket=$TMP/$2.sock,socket-abstract=no,id=$2,rsize=10,mac=$(mac memif "$2")" ;;
	esac
}

far() {
	case $1 in
	virtio) echo "net_vhost$2,iface=$TMP/$2.sock" ;;
	vhost) echo "net_virtio_user$2,path=$TMP/$2.sock,queue_size=1024" ;;
	memif) echo "net_memif$2,role=client,socket=$TMP/$2.sock,socket-abstract=no,id=$2,rsize=10,zero-copy=yes" ;;
	esac
}

lcores() {
	echo "0@${cpus%,*},1@${cpus#*,}"
}

config() {
	local arguments
	arguments=$(printf '"%s", ' "${memory[@]}")
	cat <<-END
		eal = [ $arguments "--file-prefix", "$PREFIX", "--lcores", "$(lcores)" ];
		workers = { lcores = [ 1 ]; idle = "poll"; };
		ports = (
			{ name = "front"; device = "$(near "$1" 0)"; addresses = [ "192.0.2.1/24" ]; gateway = "192.0.2.254"; }
	END
	[ "$2" != mixed ] || cat <<-END
			, { name = "back"; device = "$(near "$1" 1)"; addresses = [ "10.0.0.1/24" ]; }
	END
	cat <<-END
		);
		services = ( { name = "web"; vip = "192.0.2.80"; port = 80; mode = "fullnat";
			backends = ( { name = "b"; address = "$([ "$2" = mixed ] && echo 10.0.0.11 || echo 192.0.2.11)"; port = 80; } ); } );
	END
}

forward_mode() {
	case $1 in
	syn) echo macswap ;;
	ack) echo rxonly ;;
	esac
}

# start_synweir DEVICE ROW, start_testpmd DEVICE ROW: as $dut.
start_synweir() {
	config "$1" "$2" >"$TMP/synweir.conf"
	"$build/app/synweir/synweir" -c "$TMP/synweir.conf" >"$TMP/dut.log" 2>&1 &
	dut=$!
	echo $dut >"$TMP/dut.pid" # for who watches already
}

start_testpmd() {
	# It ends at the end of its standard input, so that is a pipe which has none.
	dpdk-testpmd "${memory[@]}" --file-prefix "$PREFIX" --lcores "$(lcores)" --no-pci \
		--vdev "$(near "$1" 0)" -- --forward-mode="$(forward_mode "$2")" --interactive --auto-start \
		--burst=64 --rxd=1024 --txd=1024 --total-num-mbufs=16384 <>"$TMP/input" >"$TMP/dut.log" 2>&1 &
	dut=$!
	echo $dut >"$TMP/dut.pid" # for who watches already
}

start_weirgen() {
	local more=()
	[ "$2" != mixed ] || more=(--port "$(far "$1" 1)" --backend 10.0.0.11:80)
	"$build/app/weirgen/weirgen" "$2" --port "$(far "$1" 0)" "${more[@]}" --to 192.0.2.80:80 \
		--address 192.0.2.254 --gateway-mac "$(mac "$1" 0)" --seconds 0 --cpu "${cpus%,*}" \
		--json "$TMP/weirgen.json" -- "${memory[@]}" >"$TMP/weirgen.log" 2>"$TMP/lines" &
	weirgen=$!
}

# A socket that is there need not be listened on yet: 10000 says that it is.
listens() {
	awk -v path="$1" '$4 == "00010000" && $8 == path { found = 1 } END { exit !found }' /proc/net/unix
}

has_socket() {
	listens "$TMP/0.sock" && { [ "$1" != mixed ] || listens "$TMP/1.sock"; }
}

# wait_socket PID ROW: until it listens where the other end will look.
wait_socket() {
	for _ in $(seq 300); do
		! has_socket "$2" || return 0
		kill -0 "$1" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

#
# Measuring
#

# Nanoseconds that the thread which does the work has had of a CPU.
worker_ns() {
	local task
	for task in "/proc/$(cat "$TMP/dut.pid" 2>/dev/null)/task/"*; do
		case $(cat "$task/comm" 2>/dev/null) in
		rte-worker-1 | lcore-worker-1) cut -d ' ' -f 1 "$task/schedstat" && return ;;
		esac
	done
	echo 0
}

# watch: beside each line of weirgen, one a second, what the worker has had by then. Ends weirgen when there were
# enough of them with packets.
watch() {
	local line lines=0 good=0
	while IFS= read -r line; do
		echo "$(worker_ns) $line"
		lines=$((lines + 1))
		[[ $line == *" tx 0 pps"* || $line != *" s  tx "* ]] || good=$((good + 1))
		if [ $good = $((seconds + 1)) ] || [ $lines = 60 ]; then
			kill -INT "$weirgen" 2>/dev/null || true
		fi
	done <"$TMP/lines"
}

# figures ROW: of the lines of a run, those between two seconds with packets: Mpps, ns of CPU a packet, CPU share.
figures() {
	awk -v row="$1" '
		function number(value, unit) { return value * (unit ~ /^M/ ? 1e6 : unit ~ /^k/ ? 1e3 : 1) }
		$3 == "s" && $4 == "tx" {
			sent = number($5, $6); got = row == "ack" ? sent : number($8, $9)
			if (before > 0 && sent > 0 && sent_before > 0)
				print got / 1e6, ($1 - before) / sent, ($1 - before) / 1e7 / ($2 - at)
			before = $1; at = $2; sent_before = sent
		}'
}

# fail TEXT: why a measurement did not come about, and what the two said.
fail() {
	reason=$1
	echo "bench_virtio.sh: $reason; what was said:" >&2
	tail -n 20 "$TMP/dut.log" "$TMP/weirgen.log" "$TMP/lines.kept" >&2 || true
	return 1
}

# down_ports: of synweir or testpmd, those that see no other end; nothing when all are up. Both have DPDK's telemetry.
down_ports() {
	timeout 5 python3 - "/var/run/dpdk/$PREFIX/dpdk_telemetry.v2" <<-'END' 2>/dev/null || echo "?"
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.connect(sys.argv[1])
		s.recv(1024)
		def ask(what):
		    s.send(what.encode())
		    return next(iter(json.loads(s.recv(65536)).values()))
		print(*(n for n in ask("/ethdev/list") if ask(f"/ethdev/link_status,{n}")["status"] != "UP"))
	END
}

# wait_links DUT: a port may come up seconds after the other: packets and connections meanwhile are for nothing.
# On a busy machine weirgen may be through before we have asked: its lines tell then.
wait_links() {
	local down since=$SECONDS
	while kill -0 "$weirgen" 2>/dev/null && [ $((SECONDS - since)) -le 30 ]; do
		down=$(down_ports)
		[ -n "$down" ] || return 0
		sleep 0.2
	done
	! kill -0 "$weirgen" 2>/dev/null || fail "the other end of $1's port $down did not come up"
}

# start_both DUT DEVICE ROW: the end that makes the socket first.
start_both() {
	if [ "$2" = virtio ]; then
		start_weirgen "$2" "$3"
		watch >"$TMP/lines.kept" &
		watcher=$!
		wait_socket "$weirgen" "$3" || fail "weirgen makes no socket" || return
		"start_$1" "$2" "$3"
	else
		"start_$1" "$2" "$3"
		wait_socket "$dut" "$3" || fail "$1 makes no socket" || return
		start_weirgen "$2" "$3"
		watch >"$TMP/lines.kept" &
		watcher=$!
	fi
	wait_links "$1"
}

# run DUT DEVICE ROW: its lines are in lines.kept then.
run() {
	start_both "$@" || return
	wait "$weirgen" || fail "weirgen failed" || return
	weirgen=''
	wait "$watcher"
	# testpmd of DPDK 22.11 crashes now and then when memif's other end has gone: it has been measured by then.
	[ "$1" = testpmd ] || kill -0 "$dut" 2>/dev/null || fail "$1 has ended" || return
	figures "$3" <"$TMP/lines.kept" >"$TMP/figures"
	[ -s "$TMP/figures" ] || fail "no packets came through $1 by $2" || return
}

# measure DUT DEVICE ROW: appends to the figures of its kind. Three attempts.
measure() {
	local ok=''
	for _ in 1 2 3; do
		rm -f "$TMP"/*.sock "$TMP/dut.pid" "$TMP/lines" "$TMP/input" "$TMP/lines.kept"
		mkfifo "$TMP/lines" "$TMP/input"
		weirgen='' dut='' watcher=''
		if run "$@"; then ok=1; fi
		end "$weirgen"
		end "$dut"
		end "$watcher"
		[ -z "$ok" ] || break
	done
	weirgen='' dut=''
	[ -n "$ok" ] || { unmeasured+=("$2 $3 by $1: $reason") && return 0; }
	cat "$TMP/figures" >>"$TMP/$1.$2.$3"
	[ "$3" != mixed ] || python3 -c 'import json, sys
r = json.load(open(sys.argv[1])); print(*(r["to_backends"][k] + r["to_clients"][k] for k in ("lost", "sent")))' "$TMP/weirgen.json" >>"$TMP/lost.$2"
}

# column N FILE: its median.
column() {
	cut -d ' ' -f "$1" "$2" | sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

tsc_khz() {
	dpdk-testpmd --no-huge -m 64 --no-pci --no-shconf --no-telemetry --file-prefix "$PREFIX" \
		--log-level lib.eal:debug -- --help 2>&1 | sed -n 's/.*TSC frequency is ~\([0-9]*\) KHz.*/\1/p' | head -n 1
}

# print DEVICE ROW
print() {
	local ours=$TMP/synweir.$1.$2 theirs=$TMP/testpmd.$1.$2 lost=''
	[ ! -e "$TMP/lost.$1" ] || [ "$2" != mixed ] || lost=$(awk '{ n += $1; of += $2 } END { print n " of " of " segments lost" }' "$TMP/lost.$1")
	[ -e "$theirs" ] || theirs=/dev/null
	[ -e "$ours" ] || ours=/dev/null
	awk -v khz="$khz" -v device="$1" -v row="$2" -v lost="$lost" \
		-v us="$(column 1 "$ours") $(column 2 "$ours") $(column 3 "$ours")" \
		-v them="$(column 1 "$theirs") $(column 2 "$theirs") $(column 3 "$theirs")" '
		function triple(text, share, v) {
			if (split(text, v, " ") < 3 || v[1] == 0)
				return sprintf("%9s %9s %6s", "-", "-", "-")
			return sprintf("%9.2f %9.0f %5.0f%%", v[1], v[2] * khz / 1e6, v[3])
		}
		BEGIN {
			split(us, u, " "); split(them, t, " ")
			ratio = t[1] > 0 && u[1] > 0 ? sprintf("%.0f%%", 100 * u[1] / t[1]) : "-"
			printf "%-7s %-6s %s  %s %8s  %s\n", device, row, triple(them), triple(us), ratio, lost
		}'
}

khz=$(tsc_khz)
unmeasured=() reason=''
echo "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), load average $(cut -d ' ' -f 1 /proc/loadavg)," \
	"CPUs $cpus, $([ -n "$small" ] && echo "pages of 4 kB" || echo "huge pages"), $runs runs of $seconds s; cycles with polling, of $((khz / 1000)) MHz"
printf '%-14s %26s  %26s\n' '' testpmd synweir
printf '%-7s %-6s %9s %9s %6s  %9s %9s %6s %8s\n' device row Mpps cycles CPU Mpps cycles CPU share
for device in $devices; do
	for row in $rows; do
		for _ in $(seq "$runs"); do
			[ "$row" = mixed ] || measure testpmd "$device" "$row"
			measure synweir "$device" "$row"
		done
		print "$device" "$row"
	done
done
echo "CPU: what the thread had of one; under 90 % the machine was busy, and only the share says something."
[ ${#unmeasured[@]} = 0 ] || { printf 'not measured: %s\n' "${unmeasured[@]}" && exit 1; }
