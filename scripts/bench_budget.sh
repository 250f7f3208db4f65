#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# bench_budget.sh [--update] [PROGRAM]: counts the instructions that the core spends on a packet, and
# fails when one kind takes 1 % more than tests/bench/budget.tsv allows, when one of IPv6 (*6) takes 15 % more than
# the same of IPv4 may, or when the dearest packet of a hostile state (hostile_*) takes more than ten bad ACKs do
# (HC-62). Unlike cycles, instructions are the
# same on a busy machine. --update writes the counts into the budget instead.
#
# PROGRAM is a build's bench_count (default: build/tests/bench/bench_count), built with -Dbuildtype=release.
# valgrind counts: only what happens inside through_core(), between the marks of bench_count, so neither
# set-up nor the bench itself. valgrind has no AVX-512, so bench_count asks for the AVX2 hashes and has
# them on every machine. Where that cannot be (no AVX2, no valgrind, another compiler than the budget's)
# the status is 77: skipped.
set -euo pipefail
updating=''
[ "${1:-}" != --update ] || { updating=1 && shift; }
program=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
program=${program:-build/tests/bench/bench_count}

BUDGET=tests/bench/budget.tsv
ABOVE_PERCENT=1
HOSTILE_TIMES=10
IPV6_PERCENT=15

die() {
	echo "bench_budget.sh: $1" >&2
	exit "${2:-1}"
}

# The compiler of a program, by what it left in there: "GCC: (Debian 12.2.0-14) 12.2.0".
compiler_of() {
	readelf -p .comment "$1" | sed -n 's/.*\(GCC: .*\|clang version.*\)/\1/p' | head -n 1
}

# "KIND INSTRUCTIONS" a line. Every second dump is what lies between two marks.
count() {
	local i=0 kind n sum
	valgrind --tool=callgrind --callgrind-out-file="$TMP/out" --toggle-collect=through_core \
		--dump-before=mark "$1" >"$TMP/kinds" 2>"$TMP/log" ||
		{ cat "$TMP/log" >&2 && die "valgrind could not run $1"; }
	while read -r kind n; do
		i=$((i + 2))
		sum=$(sed -n 's/^totals: //p' "$TMP/out.$i")
		[ "${sum:-0}" -gt 0 ] || die "nothing was counted for $kind: has $1 lost its symbols?"
		awk -v k="$kind" -v s="$sum" -v n="$n" 'BEGIN { printf "%s\t%.1f\n", k, s / n }'
	done <"$TMP/kinds"
}

update() {
	{
		echo "# Instructions per packet, connection: per connection. Written by scripts/bench_budget.sh --update."
		printf '# compiler\t%s\n' "$(compiler_of "$1")"
		cat "$TMP/counts"
	} >"$BUDGET"
	echo "bench_budget.sh: $BUDGET is written"
}

compare() {
	awk -F '\t' -v above="$ABOVE_PERCENT" -v times="$HOSTILE_TIMES" \
		-v ipv6="$IPV6_PERCENT" '
		NR == FNR { if ($1 !~ /^#/) kept[$1] = allowed[$1] = $2; next }
		!($1 in kept) { printf "%-20s %10s %10.1f  not in the budget\n", $1, "", $2; bad = 1; next }
		{
			percent = 100 * ($2 / kept[$1] - 1)
			over = percent > above
			if ($1 == "bad_ack") bad_ack = $2
			ratio = $1 ~ /^hostile_/ ? sprintf("  %.1f bad ACKs", $2 / bad_ack) : ""
			over += $1 ~ /^hostile_/ && $2 > times * bad_ack
			four = $1
			if ($1 !~ /^hostile_/ && sub(/6$/, "", four)) {
				ratio = sprintf("  %+.1f %% of IPv4", 100 * ($2 / allowed[four] - 1))
				over += $2 > (1 + ipv6 / 100) * allowed[four]
			}
			printf "%-20s %10.1f %10.1f  %+.1f %%%s%s\n", $1, kept[$1], $2, percent, ratio, over ? "  too much" : ""
			bad += over
			delete kept[$1]
		}
		END {
			for (kind in kept) { printf "%-20s is in the budget and was not counted\n", kind; bad = 1 }
			exit bad != 0
		}' "$BUDGET" "$TMP/counts"
}

[ -x "$program" ] || die "there is no $program: build first (meson setup build && ninja -C build)"
command -v valgrind >/dev/null || die "skipped: there is no valgrind (scripts/setup.sh bench)" 77
grep -qw avx2 /proc/cpuinfo || die "skipped: this CPU has no AVX2" 77
TMP=$(mktemp -d /tmp/synweir-budget.XXXXXX)
trap 'rm -rf "$TMP"' EXIT
if [ -z "$updating" ]; then
	kept=$(sed -n 's/^# compiler\t//p' "$BUDGET")
	[ "$kept" = "$(compiler_of "$program")" ] ||
		die "skipped: the budget is of another compiler ($kept) than $program ($(compiler_of "$program"))" 77
fi
count "$program" >"$TMP/counts"
if [ -n "$updating" ]; then
	update "$program"
else
	printf '%-20s %10s %10s\n' '# kind' budget now
	compare || die "more instructions a packet than $BUDGET allows: find out why, or, if it is worth it, scripts/bench_budget.sh --update"
fi
