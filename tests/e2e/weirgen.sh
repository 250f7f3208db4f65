#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# weirgen: the commands of docs/weirgen.md, as printed, on both sides of a synweir: no connection fails.
#
#   weirgen eth0 ====== wfront  synweir  wback ====== eth1 weirgen      ("====" is a wire of scripts/lab.sh)
#   192.0.2.254    192.0.2.1, VIP    10.0.0.1         10.0.0.11, 10.0.0.12
#   clients 198.18.0.0/15
#
# variants: fullnat-1-tap nat-3
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

LAB_HOSTS="client weir"

weirgen() {
	on client "$LAB_BUILD/app/weirgen/weirgen" "$@"
}

# The kernel's ends of both taps are on one host here.
lab_wire_packets() {
	on client cat "/sys/class/net/eth0/statistics/$1_packets" "/sys/class/net/eth1/statistics/$1_packets" |
		awk '{ sum += $1 } END { print sum }'
}

up() {
	local host
	e2e_variant "$1"
	trap e2e_down EXIT
	trap 'exit 130' INT TERM
	mkdir "$LAB_DIR"
	for host in $LAB_HOSTS; do
		lab_host "$host"
	done
	if [ "$LAB_DRIVER" = tap ]; then
		lab_synweir_start
		lab_tap_move wfront client eth0
		lab_tap_move wback client eth1
	else
		lab_veth client eth0 weir wfront
		lab_veth client eth1 weir wback
		lab_mac wfront $LAB_MAC_FRONT
		lab_mac wback $LAB_MAC_BACK
		lab_wires_ours
		lab_synweir_start
	fi
}

# What is to be typed: the lines of the manual's sh block.
printed() {
	# shellcheck disable=SC2016 # backquotes are what stands there
	sed -n '/^```sh/,/^```/{ /^weirgen /p }' "$LAB_ROOT/docs/weirgen.md"
}

# Every option of the help is in the manual's table, and the other way round.
options_of_help() {
	weirgen --help | grep -oE -- '^ {2,6}(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | grep -vE -- '--(help|version)' | sort
}

options_of_manual() {
	# shellcheck disable=SC2016 # backquotes are what stands there
	sed -n 's/^| `\(--[a-z-]*\).*/\1/p' "$LAB_ROOT/docs/weirgen.md" | sort
}

report() {
	lab_json "$1" <conns.json
}

up "$@"
cd "$LAB_DIR"
check "the manual's options" same "$(options_of_manual)" "$(options_of_help)"
mapfile -t commands < <(printed)
check "commands in the manual" same "${#commands[@]}" 7
for command in "${commands[@]}"; do
	check "$command" eval "$command"
done
check "connections done" same "$(report "d['conns']['done']")" 500
check "connections failed" same "$(report "d['conns']['failed']")" 0
check "backends saw as many" at_least "$(report "d['backends']['opened']")" 500
check "latencies" at_least "$(report "d['handshake_ns']['count']")" 500
check "the plot's last line" grep -qE '^ +[0-9.]+ 1\.000000000000 +500$' conns.handshake.hgrm
check "ACKs without a connection dropped" at_least "$(lab_counted bad_cookie)" 4000
check "connections of synweir" at_least "$(lab_counted conn_closed)" 600
check "synweir lives" alive
check "every packet is accounted for" settled
