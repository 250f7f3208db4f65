#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# half_close: one side has ended, the other sends 10 MB over 5 s, and all of it arrives (HC-30).
#
#   client ends first:  client --FIN--> VIP:2000 --> servers.py; 10 MB flow back
#   server ends first:  client <--FIN-- VIP:2001 <-- servers.py on b1; 10 MB flow on
#
# variants: fullnat-1-tap nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

server_got() {
	lab_wait $LAB_WAIT test -s "$LAB_DIR/half-b1" && cat "$LAB_DIR/half-b1"
}

e2e_up "$@"
client_py half-server "$LAB_VIP" 2001 >"$LAB_DIR/sent" & # both at once
other=$!
check "the client ended first, the flow is whole" client_py half-client "$LAB_VIP" 2000
status=0
wait $other || status=$?
check "the server ended first" same $status 0
check "  and the flow is whole" same "$(server_got)" "$(cat "$LAB_DIR/sent")"
e2e_end
