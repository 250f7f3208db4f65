#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# banner: a server that speaks first is heard as soon as on a direct connection (HC-05).
#
#   client --> VIP:25 ----------------> servers.py on b1, b2
#   switch --> 10.0.0.11:2525, direct -> servers.py on b1
#
# The failure that this looks for costs a whole second per connection, so 150 ms is a generous bound.
#
# variants: fullnat-1-xdp nat-3-flood nat-3-tap
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

median_ms() {
	local line
	line=$(on "$1" "$E2E/tools/client.py" first-byte "$2" "$3" --count 40 --parallel 4) || return
	say "      first byte at $1 -> $2:$3, median and worst: $line ms" >&2
	echo "${line%%.*}"
}

e2e_up "$@"
direct_ms=$(median_ms switch "$(lab_addr 10.0.0.11)" 2525)
check "ms until the first byte" at_most "$(median_ms client "$LAB_VIP" 25)" $((direct_ms + 150))
check "and then it talks" client_py echo "$LAB_VIP" 25 --banner --count 20
e2e_end
