#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# crash (HC-08, HC-54): synweir is killed with 1,000 connections open, and started again. In a flood of ACKs each client
# that speaks is told by RST within 3 s of its second segment, and new ones are served at once.
#
#   told.py on client, 100.64.1-8.1, 125 connections each --> VIP:7 --> servers.py on b1, b2
#   flood, 198.18.0.0/15, ACKs ------------------------------> VIP:80
#
# They speak all at once, so a /24 has fewer of them than its least limit, half of prefix_replies (HC-42).
#
# variants: fullnat-1
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

CLIENTS=1000
SOURCES=(100.64.{1..8}.1)
NEWCOMERS=100
# A new connection may meet the local port of one that was killed, of which its backend still knows: then it has another.
E2E_ATTEMPTS=2
declare -A BEFORE=([tx]=0 [rx]=0) # packets on the wires for the synweir that was killed

# What lib.sh compares with synweir's counters.
wires() {
	echo $(($(lab_wire_packets tx) - BEFORE[tx])) $(($(lab_wire_packets rx) - BEFORE[rx]))
}

told_says() {
	grep "$1" "$LAB_DIR/told.log" || { cat "$LAB_DIR/told.log" && return 1; }
}

opened() {
	lab_mib client TcpActiveOpens
}

reset() {
	lab_mib client TcpEstabResets
}

crash() {
	kill -9 "$LAB_PID"
	lab_wait $LAB_WAIT lab_gone "$LAB_PID"
	BEFORE=([tx]=$(lab_wire_packets tx) [rx]=$(lab_wire_packets rx))
}

e2e_up "$@"
for source in "${SOURCES[@]}"; do
	lab_has client eth0 "$source/32"
done
mkfifo "$LAB_DIR/go"
lab_spawn client "$LAB_DIR/told.log" sh -c \
	"exec '$E2E/tools/told.py' $LAB_VIP 7 $CLIENTS ${SOURCES[*]} <'$LAB_DIR/go'"
TOLD_PID=$LAB_SPAWNED
exec 7>"$LAB_DIR/go"
check "connections are open" lab_follow opened told_says "^open $CLIENTS"
crash
lab_synweir_start
lab_flood_start ack "$E2E_FLOOD_PPS" 600
retransmitted=$(lab_mib client TcpExtTCPSynRetrans)
check "new clients are served" client_py echo $LAB_VIP 7 --count $NEWCOMERS
check "without a SYN that was sent again" same "$(lab_mib client TcpExtTCPSynRetrans)" "$retransmitted"
echo go >&7
check "all have heard" lab_follow reset lab_gone "$TOLD_PID"
check "old clients are told" told_says "^told $CLIENTS of $CLIENTS, 0 late"
check "ACKs of the flood" at_least "$(lab_flood_stop)" 10000
check "resets, of the old clients and of the flood" at_most "$(lab_counted refused_stray)" $((CLIENTS + 100))
e2e_end
