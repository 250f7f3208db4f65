#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test.sh [--quick]: every test. Installs what is missing, and then runs, one after the other
#
#	static checks                scripts/check.sh: format, lint, layers, conformance, docs, sizes, words
#	tests                        build/, with warnings as errors: all of "meson test"
#	tests, sanitized             build-asan/: the same under the address and undefined-behaviour sanitizers, but for the
#	                             suite "plain": what counts by the million, and touches nothing that others do not
#	tests, under ThreadSanitizer build-tsan/: what threads share
#	coverage                     scripts/coverage.sh: those tests that count, once more in build-coverage/
#	namespace tests              tests/e2e/run, as root: real clients and servers through synweir
#
# --quick: what to run before each commit, in less than three minutes of two cores from a clean clone: the static
# checks, and of the tests in build/ all but the suite "long" (most of the simulator's worlds, the benchmark).
#
# A failure does not end it. Every part says how long it took; the last line is "N passed, N failed, N skipped", and
# the status is 0 if nothing failed. An option that it does not know: status 2.
set -euo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 skipped=0 quick=''

usage() {
	sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//p}' scripts/test.sh
}

# Adds what the last line of the tests said.
tally() {
	local p f s
	read -r p f s < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$1" | tail -n 1) ||
		{ p=0 f=1 s=0; }
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# part NAME COMMAND...: a heading, the command, its time. The status is the command's.
part() {
	local name=$1 start=$SECONDS status=0
	shift
	printf '\n== %s\n' "$name"
	"$@" || status=$?
	printf -- '-- %s: %d s\n' "$name" $((SECONDS - start))
	return $status
}

# What the last line of a script says is added up.
counted() {
	{ "$@" 2>&1 || true; } | tee "$LOG"
	tally "$LOG"
}

# build_dir DIR OPTION...: configured like this and built; of build-tsan what its tests need.
build_dir() {
	local dir=$1 start=$SECONDS targets=()
	shift
	if [ -f "$dir/build.ninja" ]; then
		meson configure "$dir" "$@"
	else
		meson setup "$dir" "$@" >"$LOG" || { cat "$LOG" && return 1; }
	fi
	[ "$dir" != build-tsan ] || targets=(tests/tsan/tsan-swap)
	ninja --quiet -C "$dir" "${targets[@]}" || return
	echo "$dir is built: $((SECONDS - start)) s"
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
	local dir=$1 suites=()
	[ -z "$quick" ] || suites=(--no-suite long)
	[ "$dir" != build-tsan ] || suites=(--suite tsan)
	[ "$dir" != build-asan ] || suites=(--no-suite plain)
	if build_dir "$@"; then
		rm -f "$dir/meson-logs/testlog.json"
		meson test -C "$dir" "${suites[@]}" --no-rebuild --print-errorlogs || true
		unit_count "$dir" >"$LOG" || echo "0 passed, 1 failed, 0 skipped" >"$LOG"
	else
		echo "$dir does not build: counted as one failed test"
		failed=$((failed + 1))
		return 1
	fi
	tally "$LOG"
}

coverage() {
	if scripts/coverage.sh; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

install() {
	local groups="build check"
	# shellcheck disable=SC2086 # a list of words
	case "$quick $(id -u)" in
	" 0")
		scripts/setup.sh $groups lab e2e bench virtio
		scripts/setup.sh vm || echo "no virtual machine: its test will be skipped"
		;;
	"quick 0") scripts/setup.sh $groups bench ;;
	*) scripts/setup.sh $groups ;;
	esac
}

for option in "$@"; do
	case $option in
	--quick) quick=quick ;;
	-h | --help) usage && exit 0 ;;
	*) echo "test.sh: unknown option '$option' (known: --quick, --help)" >&2 && exit 2 ;;
	esac
done

install
LOG=$(mktemp /tmp/synweir-test.XXXXXX)
trap 'rm -f "$LOG"' EXIT

part "static checks" counted scripts/check.sh
built=1
part "tests" units build -Dwerror=true || built=''
if [ -z "$quick" ]; then
	# Without -Werror here: gcc says itself that sanitizers make it warn of what is not there. With -O1 and -g1 it
	# builds in less than half the time of -O2 -g, and reports still have functions and lines.
	part "tests, sanitized" units build-asan -Db_sanitize=address,undefined -Db_lundef=false \
		-Dbuildtype=debugoptimized -Doptimization=1 -Dc_args=-g1 || true
	part "tests, under ThreadSanitizer" units build-tsan -Db_sanitize=thread -Db_lundef=false || true
	part "coverage" coverage
	if [ -n "$built" ]; then
		part "namespace tests" counted tests/e2e/run
	else
		echo "namespace tests are not run: there is no synweir to test"
	fi
fi

printf '\n== all together: %d s\n' $SECONDS
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
