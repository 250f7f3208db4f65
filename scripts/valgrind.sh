#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# valgrind.sh [TEST...]: the meson tests of these names (wildcards of grep -E are fine) under valgrind's memcheck,
# in build-valgrind: what the sanitizers of scripts/test.sh do not see, the use of what was never written, and
# what happens inside DPDK and libconfig. Without names: unit tests, fuzz corpus, packet scripts, weirpcap and a
# small simulation. Takes some minutes; the status is 0 if nothing was found. valgrind has no AVX-512 and says so
# to programs that ask: cookies go by AVX2 there.
set -euo pipefail
cd "$(dirname "$0")/.."

BUILD=build-valgrind
pattern='^(unit|fuzz|pcap|script)-|^sim-one$'
[ $# = 0 ] || pattern=$(printf '|^(%s)$' "$@" | cut -c 2-)

scripts/setup.sh build valgrind
[ -f $BUILD/build.ninja ] || meson setup $BUILD >/dev/null
mapfile -t names < <(meson test -C $BUILD --list 2>/dev/null | sed 's|.* / ||' | grep -E "$pattern")
[ ${#names[@]} -gt 0 ] || { echo "valgrind.sh: no test is named like that: $*" >&2 && exit 2; }
meson test -C $BUILD --setup valgrind --print-errorlogs "${names[@]}"
