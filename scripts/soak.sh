#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# soak.sh MINUTES: new worlds of the simulator on all cores. Those that fail are appended to
# tests/sim/seeds.txt, which `meson test` replays from then on, and their traces are kept.
# BUILD is the build directory (build), LOG where reports and traces go (a new directory in /tmp).
set -eu
minutes=${1:?usage: soak.sh MINUTES}
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$root/build}
log=${LOG:-$(mktemp -d /tmp/soak.XXXXXX)}
seeds=$root/tests/sim/seeds.txt
ninja -C "$build" tests/sim/sim >/dev/null
end=$(($(date +%s) + minutes * 60))
base=$(date +%s)
mkdir -p "$log"
# Its own copy: the tree may be built anew while this runs.
cp "$build/tests/sim/sim" "$log/sim"
sim=$log/sim

# Every other one has a cookie for each SYN.
mode_of() {
	case $(($1 % 6)) in
	1) echo never ;;
	3) echo adaptive ;;
	5) echo flap ;;
	*) echo always ;;
	esac
}

# Worlds with few and with many connections at a time; a core's seeds are its own.
soak_core() {
	core=$1
	seed=$((base * 1000 + core * 100000000))
	while [ "$(date +%s)" -lt "$end" ]; do
		seed=$((seed + 1))
		conns=$((50 + seed % 7 * 100))
		"$sim" --cookies "$(mode_of $seed)" --family turns --profile all --seed "$seed" --conns "$conns" --minutes $((1 + seed % 4)) \
			>"$log/out.$core" 2>"$log/err.$core" ||
			cp "$log/err.$core" "$log/failure.$seed"
		sed -n 's/^FAILED //p' "$log/out.$core" | tee -a "$log/failed" >>"$seeds"
		grep -v '^FAILED' "$log/out.$core" >>"$log/worlds.$core" || true
	done
}

core=0
while [ $core -lt "$(nproc)" ]; do
	soak_core $core &
	core=$((core + 1))
done
wait
cat "$log"/worlds.* | awk '{ worlds++; conns += $4; complete += $6; seen[$3]
	for (i = 1; i < NF; i++) { if ($(i + 1) == "frames") frames += $i; if ($(i + 1) ~ /^faults/) faults += $i
		if ($(i + 1) ~ /^lucky/) lucky += $i; if ($i == "of" && $(i + 1) ~ /^attackers/) attacks += $(i - 1) } }
	END { for (s in seen) seeds++
		printf "%d seeds, %d worlds, %d connections (%d complete), %d frames out, %d of attackers (%d lucky), %d faults\n",
			seeds, worlds, conns, complete, frames, attacks, lucky, faults }'
if [ -s "$log/failed" ]; then
	echo "$(wc -l <"$log/failed") failed; traces in $log:"
	cat "$log/failed"
	exit 1
fi
echo "none failed"
