#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# iperf: bulk data both ways, several streams at once.
#
#   iperf3 -c on client --> VIP:5201 --> iperf3 -s on b1     (one control and four data connections)
#
# variants: fullnat-1-xdp nat-3-flood fullnat-1-tap
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

MIB=100 # each way, all streams together

# iperf ARGUMENT...: how many MiB the receiving side got, and of the slowest stream. iperf3 stops when all is sent, not when
# all is received. The rate is printed, and not judged.
iperf() {
	on client iperf3 -c "$LAB_VIP" -n $((MIB << 20)) -P 4 -J "$@" >"$LAB_DIR/iperf.json"
	lab_json '"      %d Mbit/s" % (d["end"]["sum_received"]["bits_per_second"] / 1e6)' <"$LAB_DIR/iperf.json" >&2
	lab_json 'd["end"]["sum_received"]["bytes"] >> 20, min(s["receiver"]["bytes"] for s in d["end"]["streams"]) >> 20' \
		<"$LAB_DIR/iperf.json"
}

e2e_up "$@"
lab_spawn b1 "$LAB_DIR/iperf3.log" iperf3 -s
check "iperf3 listens" lab_wait $LAB_WAIT lab_listens b1 5201
for way in "" -R; do
	read -r all least < <(iperf $way)
	check "MiB ${way:-up}" at_least "$all" $((MIB / 2))
	check "MiB ${way:-up}, the slowest stream" at_least "$least" 1
done
e2e_end
