#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fails when docs/rfc-conformance.md names code or a test that does not exist, or a test that does not
# mention its case; or when a case that must be covered is not in the table.
set -euo pipefail
cd "$(dirname "$0")/.."

must="01 02 03 04 05 06 07 08 09 10 11 12 13 14 20 21 22 23 24 25 26 27 30 31 32 33 34 35 40 41 50 52 53 54"
bad=0

complain() {
	echo "check_conformance: $1" >&2
	bad=1
}

rows=$(grep '^| HC-' docs/rfc-conformance.md)
for number in $must; do
	grep -q "^| HC-$number " <<<"$rows" || complain "HC-$number has no row"
done
while IFS='|' read -r _ hc _ code tests _; do
	hc=${hc// /}
	for file in $(grep -o '`[^`]*`' <<<"$code" | tr -d '`'); do
		[[ -e "lib/$file" || -e "$file" ]] || complain "$hc: no $file"
	done
	for file in $(grep -o '`[^`]*`' <<<"$tests" | tr -d '`'); do
		grep -q "$hc" "tests/$file" || complain "$hc: tests/$file does not mention it"
	done
done <<<"$rows"

[[ $bad == 0 ]] && echo "check_conformance: every case has its code and tests"
exit "$bad"
