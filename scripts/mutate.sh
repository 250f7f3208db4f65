#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Which faults would the tests not notice? Changes one operator, constant or statement of the core at a
# time and runs tests until one fails; prints those that none notices, and a table by file.
#
#	scripts/mutate.sh [--quick] [--again FILE] [--new] [--sample N [--seed S]] [-j JOBS] [--show] [FILE...]
#
# Default: lib/tcp and lib/flow/table. Exit 0 when every survivor has its reason in
# tests/mutants/accepted.txt. --sample 100 is a quick look; all of them take half an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in gcc python3 prlimit; do
	command -v "$tool" > /dev/null || { echo "$tool is missing: run scripts/setup.sh" >&2; exit 2; }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/mutate-XXXXXX")
trap 'rm -rf "$dir"' EXIT

flags=(-w -std=gnu11 -D_GNU_SOURCE -O1 -fPIC -I lib -I tests/lib -I tests/unit)

objects() { # DIR FILE...
	local into=$1 file
	shift
	mkdir "$into"
	for file; do
		gcc "${flags[@]}" -c -o "$into/$(basename "$file" .c).o" "$file"
	done
}

program() { # NAME SOURCE-OR-OBJECT...
	local name=$1
	shift
	gcc "${flags[@]}" -o "$dir/$name" "$@" -L "$dir" -Wl,-rpath,"$dir" -lcore -lcunit
}

# What may kill a mutant: the files that it has to do with, and the command.
build_tests() {
	local name cookies
	objects "$dir/shell" tests/lib/*.c
	objects "$dir/talk" tests/unit/talk.c
	for name in table table_memory wheel flow sched sched_choice maglev; do
		program "$name" "tests/unit/test_$name.c"
		echo "lib/flow/* $dir/$name"
	done
	for name in cookie gate ipv6_engine replies translate window; do
		program "$name" "tests/unit/test_$name.c" "$dir"/shell/*.o
	done
	echo "lib/tcp/[ck][oe][oy]* $dir/cookie"
	program cookie_odds tests/unit/test_cookie_odds.c "$dir"/{shell,talk}/*.o
	echo "lib/tcp/cookie.* $dir/cookie_odds"
	echo "lib/tcp/gate.* $dir/gate"
	echo "lib/tcp/* $dir/ipv6_engine"
	echo "lib/tcp/replies.* $dir/replies"
	echo "lib/tcp/t* $dir/translate"
	echo "lib/tcp/w* $dir/window"
	for name in tcp attack $(cd tests/unit && echo test_proxy_*.c); do
		name=${name#test_}
		name=${name%.c}
		program "$name" "tests/unit/test_$name.c" "$dir"/{shell,talk}/*.o
		echo "lib/* $dir/$name"
	done
	program state tests/unit/test_state.c "$dir"/shell/*.o
	echo "lib/tcp/* $dir/state docs/states.md"
	program script -Wl,--wrap=weir_state_step tests/script/*.c "$dir"/shell/*.o
	echo "lib/* $dir/script" tests/script/*.pkt
	for name in steps frames icmp full reload handover; do
		program "fuzz-$name" tests/fuzz/{replay,"fuzz_$name",play,wish,world,world_check}.c "$dir"/shell/*.o
		echo "lib/* $dir/fuzz-$name -runs=0 tests/fuzz/corpus/$name"
	done
	program sim tests/sim/*.c "$dir"/shell/*.o
	for name in clean lossy awful reuse-plain workers flood faults tight mix; do
		echo "lib/* $dir/sim --profile $name --seed 1 --conns 100 --minutes 2 --quiet"
	done
	for name in clean lossy faults awful reuse tight mix; do
		for cookies in never flap; do
			echo "lib/* $dir/sim --cookies $cookies --profile $name --seed 1 --conns 100 --minutes 2 --quiet"
		done
	done
}

# The core is one shared library, so that a mutated file can be put in front of it.
gcc "${flags[@]}" -shared -o "$dir/libcore.so" lib/{base,wire,flow,tcp}/*.c
build_tests > "$dir/tests.txt"
export PYTHONDONTWRITEBYTECODE=1
nice -n 19 python3 tests/mutants/run.py --tests "$dir/tests.txt" "$@"
