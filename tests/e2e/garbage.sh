#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# garbage: packets that no honest host sends. synweir still serves, a live connection
# does not notice, and every packet is accounted for, to the last one (HC-22, HC-40, HC-41, HC-50).
#
#   flood on client, 198.18.0.0/15 --> VIP:80    any flags and options, then all layers broken, then ACKs
#   fuzz.py on client ---------------> VIP:7     a list of known oddities, segments out of a live window
#   client.py on client -------------> VIP:7     somebody honest meanwhile
#
# variants: fullnat-1 nat-3-tap
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

FLOOD=60000 # packets of each kind

# An ACK without timestamps has a right cookie once in 2^26 (lib/tcp/cookie.c): with 120 000 of them one run in 560 has one,
# and one in 600 000 has two.
E2E_LUCKY=1

honest() {
	client_py echo "$LAB_VIP" 7 --count 50 --parallel 5 --pause 0.3
}

e2e_up "$@"
for kind in flags garbage ack; do
	lab_flood_start $kind "$E2E_FLOOD_PPS" 600 $FLOOD
	check "honest connections, meanwhile: $kind" honest
	check "the flood ends: $kind" lab_follow flood_sent lab_gone "$LAB_FLOOD_PID"
	check "packets sent: $kind" same "$(lab_flood_stop)" $FLOOD
done
check "oddities, and a live connection" on client "$E2E/tools/fuzz.py" eth0 $LAB_MAC_FRONT "$LAB_VIP" 7 3
check "honest connections, afterwards" honest
e2e_end
