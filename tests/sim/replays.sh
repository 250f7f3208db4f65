#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# replays.sh SIM: a seed is the same world each time, to the last frame.
set -eu
sim=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for run in 1 2; do
	"$sim" --profile mix --seed 42 --conns 200 --minutes 2 --pcap "$dir/$run.pcap" >"$dir/$run.txt"
done
cmp "$dir/1.pcap" "$dir/2.pcap"
cmp "$dir/1.txt" "$dir/2.txt"
