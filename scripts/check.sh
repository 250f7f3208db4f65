#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check.sh [CHECK...]: the static checks, all of them without arguments, one line each. They need no build,
# run side by side, and take some ten seconds of two cores. What a failing check found is printed together
# with what to do. The last line is "N passed, N failed, N skipped"; the status is 0 if nothing failed.
#
#	format       C as clang-format 14 and .clang-format write it; scripts/check_format.sh --fix rewrites
#	cppcheck     lint of the C sources
#	shells       lint of all shell scripts
#	layers       the arrows between the rooms of lib/
#	dpdk_calls   no name of DPDK that differs between its versions, but in lib/compat
#	conformance  every case of docs/rfc-conformance.md has its code and its tests
#	docs         links, paths, decisions and the glossary's words lead to what is there
#	sizes        functions of at most 50 lines, files of at most 600
#	words        lib/ and app/ in the field's terms: scripts/words.tsv
#
# Each is a script of its own, scripts/check_NAME.*, with status 0 (good), 1 (not), or 77 (a tool is missing:
# skipped). Its last line says what was found.
set -euo pipefail
cd "$(dirname "$0")/.."

CHECKS=(format cppcheck shells layers dpdk_calls conformance docs sizes words)

usage() {
	sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0"
}

for name in "$@"; do
	case $name in
	-h | --help) usage && exit 0 ;;
	esac
	[[ " ${CHECKS[*]} " == *" $name "* ]] ||
		{ echo "check.sh: unknown check '$name' (known: ${CHECKS[*]})" >&2 && exit 2; }
done
[ $# = 0 ] || CHECKS=("$@")

scripts/setup.sh check
TMP=$(mktemp -d /tmp/synweir-check.XXXXXX)
trap 'rm -rf "$TMP"' EXIT

# What is slow begins first; each leaves what it says and its status.
for name in "${CHECKS[@]}"; do
	{
		status=0
		script=(scripts/"check_$name".*)
		"${script[0]}" >"$TMP/$name" 2>&1 || status=$?
		echo "$status" >"$TMP/$name.status"
	} &
done
wait

passed=0 failed=0 skipped=0
for name in "${CHECKS[@]}"; do
	case $(cat "$TMP/$name.status") in
	0) passed=$((passed + 1)) word=ok ;;
	77) skipped=$((skipped + 1)) word=skipped ;;
	*) failed=$((failed + 1)) word=FAILED ;;
	esac
	printf '%-8s%-12s%s\n' $word "$name" "$(tail -n 1 "$TMP/$name" | sed 's/^check_[a-z_]*: //')"
	[ $word != FAILED ] || sed '$d;s/^/    /' "$TMP/$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
