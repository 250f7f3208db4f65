#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test.sh: every test. Installs what is missing, builds with warnings as errors, runs the unit tests, the
# same again under the address and undefined-behaviour sanitizers, those that count once more for coverage
# (scripts/coverage.sh), and then, as root, the namespace tests (tests/e2e). The last line is "N passed,
# N failed, N skipped"; the status is 0 if nothing failed.
set -euo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 skipped=0

# Adds what the last line of the tests said.
tally() {
	local p f s
	read -r p f s < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$1" | tail -n 1) ||
		{ p=0 f=1 s=0; }
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

heading() {
	printf '\n== %s\n' "$*"
}

# build_dir DIR OPTION...: configured like this and built; of build-tsan what its tests need.
build_dir() {
	local dir=$1
	shift
	if [ -f "$dir/build.ninja" ]; then
		meson configure "$dir" "$@"
	else
		meson setup "$dir" "$@" >"$LOG" || { cat "$LOG" && return 1; }
	fi
	if [ "$dir" = build-tsan ]; then
		ninja --quiet -C "$dir" tests/tsan/tsan-swap
	else
		ninja --quiet -C "$dir"
	fi
}

# meson's own count, by the results it writes down, one JSON object a line.
unit_count() {
	python3 - "$1/meson-logs/testlog.json" <<-'END'
		import json, sys
		results = [json.loads(line)["result"] for line in open(sys.argv[1])]
		good = sum(r in ("OK", "EXPECTEDFAIL") for r in results)
		skip = results.count("SKIP")
		print(f"{good} passed, {len(results) - good - skip} failed, {skip} skipped")
	END
}

# units DIR OPTION...: build there and run meson's tests. The status says whether it was built.
units() {
	local dir=$1 suite=''
	[ "$dir" != build-tsan ] || suite=tsan
	if build_dir "$@"; then
		rm -f "$dir/meson-logs/testlog.json"
		meson test -C "$dir" ${suite:+--suite "$suite"} --no-rebuild --print-errorlogs --timeout-multiplier 4 || true
		unit_count "$dir" >"$LOG" || echo "0 passed, 1 failed, 0 skipped" >"$LOG"
	else
		echo "$dir does not build: counted as one failed test"
		failed=$((failed + 1))
		return 1
	fi
	tally "$LOG"
}

namespaces() {
	{ tests/e2e/run 2>&1 || true; } | tee "$LOG"
	tally "$LOG"
}

groups="build"
[ "$(id -u)" != 0 ] || groups="build lab e2e bench virtio"
# shellcheck disable=SC2086 # a list of words
scripts/setup.sh $groups
[ "$(id -u)" != 0 ] || scripts/setup.sh vm || echo "no virtual machine: its test will be skipped"
LOG=$(mktemp /tmp/synweir-test.XXXXXX)
trap 'rm -f "$LOG"' EXIT

heading "unit tests"
built=1
units build -Dwerror=true || built=''
heading "unit tests, sanitized"
# Without -Werror here: gcc says itself that sanitizers make it warn of what is not there.
units build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized || true
heading "what threads share, under ThreadSanitizer"
units build-tsan -Db_sanitize=thread -Db_lundef=false || true
heading "coverage"
if scripts/coverage.sh; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
fi
heading "namespace tests"
if [ -n "$built" ]; then
	namespaces
else
	echo "not run: there is no synweir to test"
fi

heading "all together"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
