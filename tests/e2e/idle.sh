#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# idle: 10,000 connections stay open across a flood of 400,000 SYNs (HC-01, HC-43).
#
#   client, 203.0.113.1-20, 500 connections each --> VIP:7 --> servers.py on b1, b2
#   flood, 198.18.0.0/15 -------------------------> VIP:80
#
# variants: fullnat-1-tap nat-3
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

FLOOD=400000

opened() {
	lab_mib client TcpActiveOpens
}

answered() {
	lab_mib client TcpInSegs
}

idle_says() {
	grep -q "$1" "$LAB_DIR/idle.log"
}

e2e_up "$@"
mkfifo "$LAB_DIR/go"
lab_spawn client "$LAB_DIR/idle.log" sh -c \
	"exec '$E2E/tools/client.py' idle $LAB_VIP 7 --count 10000 --sources 20 --parallel 200 <'$LAB_DIR/go'"
IDLE_PID=$LAB_SPAWNED
exec 7>"$LAB_DIR/go"
check "10,000 connections open" lab_follow opened idle_says "^open 10000 failed 0"
rss_kb=$(lab_rss_kb)
lab_flood_start syn $((2 * E2E_FLOOD_PPS)) 600 $FLOOD
check "the flood ends" lab_follow flood_sent lab_gone "$LAB_FLOOD_PID"
check "SYNs sent in the flood" same "$(lab_flood_stop)" $FLOOD
check "kB of memory, before and after" at_most "$(lab_rss_kb)" $((rss_kb + 1024))
echo go >&7
check "each echoes a byte afterwards" lab_follow answered idle_says "^alive 10000 dead 0"
check "and closes" lab_wait $LAB_WAIT lab_gone "$IDLE_PID"
e2e_end
