#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# drain: an operator takes a backend out of service and puts it back at run time, and no client notices.
#
#   wrk on client, 32 connections --> VIP:80 --> nginx on b1, b2; b2 is drained and put back
#   curl on client, a download    --> VIP:80
#
# variants: fullnat-1 nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# The namespace's wrk, not another's.
wrk_pid() {
	ip netns pids "$LAB-client" | xargs ps -o pid=,comm= -p | awk '$2 == "wrk" { print $1; found = 1 } END { exit !found }'
}

only_b1() {
	local i
	for i in $(seq 6); do
		page_from b1 || return
	done
}

# of EXPRESSION: what it is for the backend web/web-2
of() {
	weirctl --json show backends | lab_json "[$1 for row in d if row['service'] == 'web' and row['name'] == 'web-2'][0]"
}

is() {
	local value
	value=$(of "row['$1']")
	same "$value" "$2"
}

noted() {
	local said
	said=$("$@" 2>&1)
	same "$said" "weirctl: note: no backend of the service takes new connections now"
}

e2e_up "$@"
is_synweir || { echo "the stand-in takes no orders" && exit 77; }
random_file "$LAB_DIR/www/big" 8
lab_wrk 600 >"$LAB_DIR/wrk.result" &
wrk=$!
get --limit-rate 1M "$LAB_URL/big" | sum_of >"$LAB_DIR/big.sum" &
curl=$!
check "load" lab_wait $LAB_WAIT wrk_pid

for order in drain maint "weight 0"; do
	# shellcheck disable=SC2086 # a list of words
	check "$order" weirctl set backend web/web-2 $order
	check "its weight" is weight 0
	check "new connections go to b1" only_b1
	check "the order stands over a reload" weirctl reload
	check "b1 is still the only one" only_b1
	check "the last one may be taken out, too" noted weirctl set backend web/web-1 drain
	check "and comes back" weirctl set backend web/web-1 ready
	check "ready" weirctl set backend web/web-2 ready
	check "the weight of the file" weirctl set backend web/web-2 weight configured
	check "b2 has its turn again" lab_wait $LAB_WAIT page_from b2
	check "its state" is state live
done
check "wrk ran all the time" kill -INT "$(wrk_pid)" # it reports and ends
wait "$wrk"
wait "$curl"
read -r requests failed <"$LAB_DIR/wrk.result"
check "requests done" at_least "$requests" 100
check "requests failed" same "$failed" 0
check "the download is whole" same "$(cat "$LAB_DIR/big.sum")" "$(sum_of "$LAB_DIR/www/big")"
e2e_end
