#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# reload: the configuration changes again and again under load, and nobody notices but those it is about
# (HC-51).
#
#   wrk on client, 32 connections --> VIP:80 --> nginx on b1, b2; b2 is taken out and put back
#   curl on client, a download    --> VIP:80
#   VIP:85 --> b1:80              in half of the configurations
#
# variants: fullnat-1-tap nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

reload() {
	lab_config >"$LAB_DIR/synweir.conf"
	weirctl reload
}

# A file that is no configuration is refused, by file and line, and changes nothing.
refused() {
	echo 'services = (' >>"$LAB_DIR/synweir.conf"
	! weirctl reload
}

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

e2e_up "$@"
is_synweir || { echo "the stand-in has no reload" && exit 77; }
full=$LAB_SERVICES
less=${full/web 80 10.0.0.11:80 10.0.0.12:80/web 80 10.0.0.11:80}
random_file "$LAB_DIR/www/big" 8
lab_wrk 600 >"$LAB_DIR/wrk.result" &
wrk=$!
get --limit-rate 1M "$LAB_URL/big" | sum_of >"$LAB_DIR/big.sum" &
curl=$!
check "load" lab_wait $LAB_WAIT wrk_pid

for _ in 1 2 3; do
	LAB_SERVICES=$less
	check "b2 is taken out" reload
	check "new connections go to b1" only_b1
	LAB_SERVICES="$full
new 85 10.0.0.11:80"
	check "b2 is put back, a service comes" reload
	check "the new service answers" lab_wait $LAB_WAIT page_from b1 85
	check "b2 has its turn again" lab_wait $LAB_WAIT page_from b2
	check "a bad file is refused" refused
	check "what was there goes on" page_from b1 85
	LAB_SERVICES=$full
	lab_config >"$LAB_DIR/synweir.conf"
	kill -HUP "$LAB_PID"
	check "the service goes at SIGHUP" lab_wait $LAB_WAIT client_py refused "$LAB_VIP" 85 --count 1 --limit 3
done
check "the load ran all the time" kill -INT "$(wrk_pid)" # it reports and ends
wait "$wrk"
wait "$curl"
read -r requests failed <"$LAB_DIR/wrk.result"
check "requests done" at_least "$requests" 100
check "requests failed" same "$failed" 0
check "the download is whole" same "$(cat "$LAB_DIR/big.sum")" "$(sum_of "$LAB_DIR/www/big")"
e2e_end
