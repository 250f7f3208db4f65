#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# coverage.sh [--all]: how much of lib/wire, lib/flow and lib/tcp the tests reach, line by line and branch by
# branch. Builds into build-coverage without optimisation (what is inlined or folded is counted wrong), runs
# the unit, packet script, fuzz corpus and pcap tests there, and prints two tables: lines, then branches, with
# the numbers of the lines that have any missing. --all: every meson test, the simulator too, which takes
# minutes and, so far, reaches nothing more. The status is 0 if at least 95 % of the lines and 90 % of the
# branches are covered.
set -euo pipefail
cd "$(dirname "$0")/.."

BUILD=build-coverage LINES_MIN=95 BRANCHES_MIN=90
case "${1-}" in
'') tests='^(unit|script|fuzz|pcap)-' ;;
--all) tests='' ;;
*) sed -n '3,9s/^# //p' "$0" && exit 2 ;;
esac

scripts/setup.sh build coverage
log=$(mktemp /tmp/synweir-coverage.XXXXXX)
trap 'rm -f "$log" "$log.json"' EXIT

# Threads share counters: those of plain increments could even become negative.
[ -f $BUILD/build.ninja ] || meson setup $BUILD -Db_coverage=true -Dbuildtype=debug \
	-Dc_args=-fprofile-update=atomic >"$log" || { cat "$log" && exit 1; }
names=()
[ -z "$tests" ] || mapfile -t names < <(meson test -C $BUILD --list --no-suite plain 2>/dev/null | sed 's|.* / ||' | grep -E "$tests")
find $BUILD -name '*.gcda' -delete
meson test -C $BUILD --print-errorlogs "${names[@]}" >"$log" 2>&1 || { cat "$log" && exit 1; }

gcovr --root . --filter 'lib/(wire|flow|tcp)/' --json "$log.json" $BUILD
gcovr --root . --add-tracefile "$log.json"
gcovr --root . --add-tracefile "$log.json" --branches \
	--fail-under-line $LINES_MIN --fail-under-branch $BRANCHES_MIN
