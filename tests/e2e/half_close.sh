#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# half_close: one side has ended, the other sends 10 MB over 5 s, and all of it arrives (HC-30).
#
#   client ends first:  client --FIN--> VIP:2000 --> servers.py; 10 MB flow back
#   server ends first:  client <--FIN-- VIP:2001 <-- servers.py on b1; 10 MB flow on
#
# variants: fullnat-1 nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

server_got() {
	lab_wait 10 test -s "$LAB_DIR/half-b1" && cat "$LAB_DIR/half-b1"
}

e2e_up "$@"
check "the client ended first, the flow is whole" client_py half-client $LAB_VIP 2000
sent=$(client_py half-server $LAB_VIP 2001)
check "the server ended first, the flow is whole" same "$(server_got)" "$sent"
e2e_end
