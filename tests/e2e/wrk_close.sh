#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# wrk_close: a new connection for every request, and none fails or stalls (HC-32, HC-33).
#
#   wrk on client, 32 at a time, 4,000 local ports --> VIP:80 --> nginx on b1, b2
#
# Mostly the backend closes first, so the client uses a port again while synweir and the backend still
# hold the old connection in TIME_WAIT. With few local ports that happens to every connection but the
# first 4,000. Where the client is first, its own TIME_WAIT lasts a second (tcp_tw_reuse). A stall is seen
# in the client's stack, not on a clock: a SYN that had to be sent again. (With the flood, a full ring of
# the tap may cost a SYN; there only failures count.)
#
# variants: fullnat-1-xdp nat-1-tap fullnat-3-flood nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

e2e_up "$@"
on client sysctl -q net.ipv4.ip_local_port_range="20000 23999" net.ipv4.tcp_tw_reuse=1
requests 12000 -H "Connection: close"
check "requests done, each port three times" at_least $E2E_DONE 12000
check "requests failed" same $E2E_FAILED 0
if [ -z "$E2E_FLOODED" ]; then
	check "SYNs that the client had to send again" same "$(lab_mib client TcpExtTCPSynRetrans)" 0
fi
e2e_end
