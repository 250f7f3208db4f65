#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# bench_virtio: scripts/bench_virtio.sh still measures: SYNs come through testpmd and through synweir.
# How fast they do is not looked at.
#
# patience: 200
# variants: small-pages
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

TABLE=$(mktemp /tmp/synweir-e2e.XXXXXX)
trap 'rm -f "$TABLE"' EXIT

# Both have moved packets: Mpps and a share are numbers.
measured() {
	awk -v device="$1" '$1 == device && $2 == "syn" && $3 > 0 && $6 > 0 && $9 ~ /^[0-9]+%$/ { found = 1 } END { exit !found }' "$TABLE"
}

status=0
"$LAB_ROOT/scripts/bench_virtio.sh" --build "$LAB_BUILD" --small-pages --devices virtio --rows syn --runs 1 --seconds 1 \
	>"$TABLE" 2>&1 || status=$?
cat "$TABLE"
[ $status != 77 ] || exit 77
check "it ended well" same $status 0
check "a row with figures" measured virtio
