#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# same_isn (HC-24, HC-35): a small device that has the same port and ISN after each start is served as by a Linux
# server, however it went away.
#
#   small_stack.py on client, 203.0.113.101 --> VIP:7, VIP:8     it closes first; power is cut
#                                           --> VIP:80, VIP:81   the server closes first
#
# Ports 8 and 81 are answered in calm mode, by the backends.
#
# A Linux server asks such a client by a challenge ACK, is told by its RST, and takes the next SYN: two SYNs for each
# start. So it is in a flood of port 80, because the device has been a client lately (decision 0110).
#
# variants: fullnat-1 nat-3 nat-1-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2034 # lab.sh reads it
LAB_SERVICES="
echo 7 10.0.0.11:7
echo-calm 8 10.0.0.12:7
web 80 10.0.0.11:80
web-calm 81 10.0.0.12:80
"
LAB_SERVICE_KEYS[echo-calm]='syn_cookies = "never";'
LAB_SERVICE_KEYS[web-calm]=${LAB_SERVICE_KEYS[echo-calm]}
STARTS=4

# The device at work: small_stack.py prints how many SYNs and resets each start took: two and none, or more SYNs on a
# machine that does not answer within a second.
device() {
	on client "$E2E/tools/small_stack.py" eth0 $LAB_MAC_FRONT "$@" | tee "$LAB_DIR/device" | paste -sd ';'
	! grep -q -v '^[1-5] 0$' "$LAB_DIR/device"
}

e2e_up "$@"
tries=("7 client" "7 cut" "80 server" "8 client" "8 cut" "81 server")
[ -z "$E2E_FLOODED" ] || tries=("80 server" "80 cut")
E2E_ATTEMPTS=$((20 * STARTS)) # this client is no socket of the host's
host=100
for try in "${tries[@]}"; do
	for timestamps in '' --timestamps; do
		host=$((host + 1))
		# shellcheck disable=SC2086 # lists of words
		check "port $try $timestamps: SYNs and resets of each start" \
			device 203.0.113.$host $LAB_VIP $try $STARTS $timestamps
	done
done
e2e_end
