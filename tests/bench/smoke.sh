#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# smoke.sh BENCH_CORE BENCH_STAGES: the benchmark still measures what docs/performance.md says it does. One
# round, no figure is judged: all rows are there, what they say of lost segments is 0, and the scripts
# that make tables and pictures of them find what they look for.
set -euo pipefail
core=$(realpath "$1") stages=$(realpath "$2")
cd "$(dirname "$0")/../.."
TMP=$(mktemp -d /tmp/synweir-bench-smoke.XXXXXX)
trap 'rm -rf "$TMP"' EXIT

fail() {
	echo "smoke.sh: $1" >&2
	exit 1
}

"$core" --rounds 1 --rows packets,mixed,memory,connection,table,hostile,ipv6 --tsv "$TMP/1.tsv" 1000
"$stages" --tsv "$TMP/2.tsv" 1000
cat "$TMP"/[12].tsv >"$TMP/all.tsv"
# two rows' values by number of connections make a line of the picture
sed 's/\tconns\t1000\t/\tconns\t2000\t/' "$TMP/1.tsv" >>"$TMP/all.tsv"

for row in syn bad_ack established_client established_backend connection mixed_syn mixed_ack memory start \
	syn6 connection6 hostile_ports_16 hostile_table_full_bad_acks table_find_100% syn/decide established_client/find; do
	cut -f 1 "$TMP/all.tsv" | grep -qxF "$row" || fail "there is no row $row"
done
awk -F '\t' '$1 ~ /_lost$/ { n++; lost += $5 } END { exit !(n > 0 && lost == 0) }' "$TMP/all.tsv" ||
	fail "established segments were lost"
scripts/bench_compare.py "$TMP/all.tsv" "$TMP/all.tsv" >"$TMP/same"
! grep -E 'faster|slower|only' "$TMP/same" || fail "a run differs from itself"
cp docs/performance.md "$TMP/performance.md"
scripts/bench_report.py "$TMP/all.tsv" --docs "$TMP/performance.md" --img "$TMP"
grep -q '| SYN to SYN-ACK, 1 k connections |' "$TMP/performance.md" || fail "docs/performance.md has lost its table"
python3 -c 'import sys, xml.dom.minidom as x; [x.parse(f) for f in sys.argv[1:]]' "$TMP"/*.svg
for picture in cycles_by_connections cycles_by_flood; do
	[ -s "$TMP/$picture.svg" ] || fail "there is no $picture.svg"
done
echo "smoke.sh: the benchmark and its scripts work"
