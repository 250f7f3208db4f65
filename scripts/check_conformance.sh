#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fails when docs/rfc-conformance.md names code or a test that does not exist, or a test that does not
# mention its case; when a case that must be covered is not in the table, or has no packet script; when a
# packet script is not named there, does not say its case and RFC, or is not run.
set -euo pipefail
cd "$(dirname "$0")/.."

must="01 02 03 04 05 06 07 08 09 10 11 12 13 14 20 21 22 23 24 25 26 27 30 31 32 33 34 35 40 41 50 51 52 53 54"
bad=0

complain() {
	echo "check_conformance: $1" >&2
	bad=1
}

rows=$(grep '^| HC-' docs/rfc-conformance.md)
for number in $must; do
	grep -q "^| HC-$number " <<<"$rows" || complain "HC-$number has no row"
done
# shellcheck disable=SC2016 # backquotes are what stands in the table
while IFS='|' read -r _ hc _ code tests _; do
	hc=${hc// /}
	for file in $(grep -o '`[^`]*`' <<<"$code" | tr -d '`'); do
		[[ -e "lib/$file" || -e "$file" ]] || complain "$hc: no $file"
	done
	for pattern in $(grep -o '`[^`]*`' <<<"$tests" | tr -d '`'); do
		for file in tests/$pattern; do
			grep -q "$hc" "$file" || complain "$hc: $file does not mention it"
		done
	done
done <<<"$rows"

for number in $must; do
	[[ $number == 53 ]] || # the configuration: no packets
		grep -q "^| HC-$number .*script/hc${number}_" <<<"$rows" || complain "HC-$number has no packet script"
done
for file in tests/script/*.pkt; do
	name=$(basename "$file" .pkt)
	grep -q "script/${name:0:4}_\*.pkt" docs/rfc-conformance.md || complain "$file is not in docs/rfc-conformance.md"
	head -n 1 "$file" | grep -q "^// HC-${name:2:2}.* RFC [0-9]" || complain "$file: does not begin with its case and RFC"
	grep -q "'$name'," tests/script/meson.build || complain "$file: tests/script/meson.build does not run it"
done

if [[ $bad != 0 ]]; then
	echo "check_conformance: a case needs its row in docs/rfc-conformance.md, code, tests that name it, and a packet script"
	exit 1
fi
echo "check_conformance: every case has its code and tests"
