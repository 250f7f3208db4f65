#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# iperf: bulk data both ways, several streams at once.
#
#   iperf3 -c on client --> VIP:5201 --> iperf3 -s on b1     (one control and four data connections)
#
# variants: fullnat-1 nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# iperf_mbits ARGUMENT...: what the receiving side got, Mbit/s.
iperf_mbits() {
	on client timeout 30 iperf3 -c $LAB_VIP -t 3 -P 4 -J "$@" >"$LAB_DIR/iperf.json"
	lab_json 'int(d["end"]["sum_received"]["bits_per_second"] / 1e6)' <"$LAB_DIR/iperf.json"
}

# The bound is no measurement: it is what a connection that stalls would not reach.
e2e_up "$@"
lab_spawn b1 "$LAB_DIR/iperf3.log" iperf3 -s
check "iperf3 listens" lab_wait 5 lab_listens b1 5201
check "Mbit/s up" at_least "$(iperf_mbits)" 10
check "Mbit/s down" at_least "$(iperf_mbits -R)" 10
e2e_end
