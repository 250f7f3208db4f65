#!/bin/bash
# fuzz.sh MINUTES [TARGET...]: fuzzes each target of tests/fuzz (or those named) for that long, one after
# the other, with libFuzzer under the address and undefined-behaviour sanitizers. Builds with clang into
# build-fuzz. Inputs that reach something new are kept in tests/fuzz/corpus/TARGET, no more of them than
# are needed. Stops at the first input that fails: it lies in build-fuzz/found/, and how to replay it is
# said. FUZZ_CC: another clang. Needs scripts/setup.sh fuzz, or clang and its libclang-rt-*-dev.
set -euo pipefail
cd "$(dirname "$0")/.."

build="build-fuzz"
corpus=tests/fuzz/corpus

die() {
	echo "fuzz.sh: $*" >&2
	exit 1
}

# The newest clang there is.
find_clang() {
	local name
	for name in ${FUZZ_CC:-} clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
		command -v "$name" >/dev/null && echo "$name" && return
	done
	die "no clang: apt-get install clang libclang-rt-dev"
}

build_targets() {
	[ -f "$build/build.ninja" ] || CC=$(find_clang) meson setup "$build" -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized >/dev/null
	ninja -C "$build" fuzz >"$build/fuzz-build.log" || { cat "$build/fuzz-build.log" && die "does not build"; }
}

# What reaches an edge of the code that the corpus does not reach yet is added to it. Everything else that
# libFuzzer was led by stays in build-fuzz/work, where the next run begins.
keep() {
	local target=$1 work=$2
	"$build/tests/fuzz/fuzz-$target" -merge=1 -use_counters=0 -artifact_prefix="$build/found/$target-" \
		"$corpus/$target" "$work" >"$work.merge.log" 2>&1 || die "merge failed: $work.merge.log"
}

fuzz() {
	local target=$1 work=$build/work/$1 program=$build/tests/fuzz/fuzz-$1
	[ -x "$program" ] || die "no target $target: there are $(targets | tr '\n' ' ')"
	local dict=tests/fuzz/$target.dict options=()
	[ ! -f "$dict" ] || options=("-dict=$dict")
	mkdir -p "$work" "$build/found" "$corpus/$target"
	echo "== $target: $minutes min"
	if ! "$program" -max_total_time=$((minutes * 60)) -max_len="$(max_len "$target")" -print_final_stats=1 \
		-timeout=25 -rss_limit_mb=4096 -artifact_prefix="$build/found/$target-" \
		"${options[@]}" "$work" "$corpus/$target" >"$work.log" 2>&1; then
		grep -aE 'must be:|shell:|ERROR:|runtime error:|SUMMARY:|Test unit written' "$work.log" >&2 || true
		die "$target fails. Replay: $program $(sed -n 's/.*Test unit written to //p' "$work.log" | tail -n 1)
All it said: $work.log. When it is mended, keep the input in $corpus/$target under a name that says what it was."
	fi
	grep -a DONE "$work.log" | tail -n 1
	keep "$target" "$work"
	echo "   corpus: $(find "$corpus/$target" -type f | wc -l) files, $(du -sb "$corpus/$target" | cut -f1) bytes"
}

targets() {
	find "$build/tests/fuzz" -maxdepth 1 -name 'fuzz-*' -type f -printf '%f\n' | sed 's/^fuzz-//' | sort
}

# Longer inputs than these only say the same more often.
max_len() {
	case $1 in
	config) echo 4096 ;;
	cookie) echo 3700 ;;
	params | conns | steps | reload | handover | full | icmp | arp) echo 512 ;;
	*) echo 1600 ;;
	esac
}

[[ ${1:-} =~ ^[0-9]+$ && $1 -gt 0 ]] || die "usage: scripts/fuzz.sh MINUTES [TARGET...]"
minutes=$1
shift
mkdir -p "$build"
build_targets
# shellcheck disable=SC2046 # names without blanks
[ $# -gt 0 ] || set -- $(targets)
for target in "$@"; do
	fuzz "$target"
done
