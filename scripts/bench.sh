#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# bench.sh [OPTION]...: builds a release and measures everything that docs/performance.md shows, in memory:
# packets of a flood, of established connections and of both, from 1 k to 10 M connections, whole
# connections, two workers against one, the core's parts and stages, memory, start-up.
#
#   --tsv FILE      where the figures go (default: build-bench/bench.tsv), for scripts/bench_compare.py
#   --docs          then write the tables of docs/performance.md and the pictures in docs/img anew
#   --quick         fewer rounds, and no more than 1 M connections: a look, not a result
#   --rounds N      rounds of each row (9): 3 take a third of the time, and are a little less sure
#   --small-pages   4 kB pages, even where there are huge ones
#   --greedy        as root: its session goes before everything else that runs on this machine
#
# Takes about a quarter of an hour and 5 GB (--quick: a few minutes and 1 GB), and needs neither root nor huge pages;
# with huge pages reserved (sysctl vm.nr_hugepages=1200) they are used. The machine should have nothing
# else to do: what interrupts is left out, but who shares the core and its caches is not.
set -euo pipefail
cd "$(dirname "$0")/.."

BUILD=build-bench
tsv=$BUILD/bench.tsv docs='' pages=() greedy='' rounds=9 sizes="1000 10000 100000 1000000 10000000"

usage() {
	sed -n '3,/^set /s/^# \{0,1\}//p' "$0"
}

while [ $# -gt 0 ]; do
	case $1 in
	--tsv) tsv=${2:?--tsv wants a file} && shift ;;
	--docs) docs=1 ;;
	--quick) rounds=3 sizes="1000 100000 1000000" ;;
	--rounds) rounds=${2:?--rounds wants a number} && shift ;;
	--small-pages) pages=(--small-pages) ;;
	--greedy) greedy=1 ;;
	--help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done

stop_daemon() {
	[ -z "${daemon:-}" ] || { kill "$daemon" && wait "$daemon"; } 2>/dev/null || true
	daemon=''
}

# The scheduler shares out between sessions; nice means something only inside of one.
share() {
	echo "$1" >/proc/self/autogroup || { echo "bench.sh: --greedy is for root" >&2 && return 1; }
}

cleanup() {
	stop_daemon
	[ -z "$greedy" ] || share "$share_before" || true
	rm -rf "$TMP"
}

fact() {
	printf '# %s: %s\n' "$1" "$2"
}

facts() {
	fact date "$(date -u +%Y-%m-%d)"
	fact commit "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)$([ -z "$(git status --porcelain 2>/dev/null)" ] || echo '+')"
	fact cpu "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"
	fact vectors "$(grep -m 1 '^flags' /proc/cpuinfo | grep -ow 'avx2\|avx512f' | xargs)"
	fact kernel "$(uname -r)"
	fact compiler "$(cc --version | head -n 1)"
	fact hugepages "$(cat /proc/sys/vm/nr_hugepages) of 2 MB reserved"
	fact load "$(cut -d ' ' -f 1 /proc/loadavg) when it began"
}

# part PROGRAM ARGUMENT...: runs it; its rows go to $TMP/N.tsv.
parts=0
part() {
	local program=$1
	shift
	parts=$((parts + 1))
	echo
	"$BUILD/tests/bench/$program" --tsv "$TMP/$(printf %02d $parts).tsv" "$@"
}

# start CONNECTIONS: the daemon itself, until it is ready; and what memory it has by then.
start() {
	local log=$TMP/log seconds
	cat >"$TMP/synweir.conf" <<-END
		ports = ( { name = "front"; device = "net_null0"; addresses = [ "192.0.2.1/24" ]; } );
		services = ( { name = "web"; vip = "192.0.2.80"; port = 80; mode = "nat";
			backends = ( { name = "b"; address = "192.0.2.11"; port = 80; } ); } );
		limits = { connections = $1; };
	END
	"$BUILD/app/synweir/synweir" -c "$TMP/synweir.conf" -- --no-huge -m 256 --no-shconf \
		--file-prefix "synweir-bench-$$" >"$log" 2>&1 &
	daemon=$!
	for _ in $(seq 600); do
		seconds=$(sed -n 's/.*ready after \([0-9.]*\) s.*/\1/p' "$log")
		[ -z "$seconds" ] || break
		kill -0 "$daemon" 2>/dev/null || break
		sleep 0.1
	done
	[ -n "$seconds" ] || { cat "$log" >&2 && echo "bench.sh: synweir did not start" >&2 && return 1; }
	printf 'daemon_start\tconns\t%s\ts\t%s\t\t\t\t\t1\n' "$1" "$seconds" >>"$TMP/90.tsv"
	printf '%-26s %9.4g M conns %20s s until ready, as a daemon\n' daemon_start "$(awk "BEGIN { print $1 / 1e6 }")" "$seconds"
	awk -v n="$1" '/^(VmRSS|HugetlbPages):/ { kb += $2 }
		END { printf "daemon_memory\tconns\t%d\tB/conn\t%.1f\t\t\t\t\t1\n", n, kb * 1024 / n }' \
		"/proc/$daemon/status" | tee -a "$TMP/90.tsv"
	stop_daemon
}

scripts/setup.sh build
if [ -f $BUILD/build.ninja ]; then
	meson configure $BUILD -Dbuildtype=release -Db_sanitize=none
else
	meson setup $BUILD -Dbuildtype=release >/dev/null
fi
ninja --quiet -C $BUILD app/synweir/synweir tests/bench/bench_core tests/bench/bench_stages
TMP=$(mktemp -d /tmp/synweir-bench.XXXXXX)
trap cleanup EXIT
share_before=$(sed 's/.*nice //' /proc/self/autogroup 2>/dev/null || echo 0)
[ -z "$greedy" ] || share -15

facts | tee "$TMP/00.tsv"
# shellcheck disable=SC2086 # a list of numbers
{
	part bench_core --rounds $rounds "${pages[@]}" --rows packets,memory $sizes
	part bench_core --rounds $rounds "${pages[@]}" --rows parts 1000
	part bench_core --rounds $rounds "${pages[@]}" --rows mixed 1000000
	part bench_core --rounds $rounds "${pages[@]}" --rows connection 1000 100000 1000000
	part bench_core --rounds $rounds "${pages[@]}" --rows ipv6 1000 100000 1000000
	part bench_core --rounds $rounds "${pages[@]}" --rows workers 100000
	part bench_core --rounds $rounds "${pages[@]}" --rows table $sizes
}
part bench_stages 1000 1000000
echo
start 1000000
[ "${sizes##* }" = 1000000 ] || start "${sizes##* }"
cat "$TMP"/*.tsv >"$tsv"
echo
echo "bench.sh: the figures are in $tsv"
if [ -n "$docs" ]; then
	scripts/bench_report.py "$tsv" --docs docs/performance.md --img docs/img
fi
