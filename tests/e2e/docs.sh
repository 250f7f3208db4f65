#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# docs: the commands that README, benchmarking.md, operations.md and tuning.md print for a running synweir work as printed.
#
#   client, curl --> VIP:80 --> nginx on b1, b2      so that there is something to show and to record
#
# variants: fullnat-1
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# What is to be typed: "$ weirctl ..." in those, and what asks or checks in README's sh blocks.
# shellcheck disable=SC2016 # a dollar sign is what stands there
printed() {
	sed -n 's/^ *\$ \(weirctl .*\)/\1/p' "$LAB_ROOT"/docs/{benchmarking,operations,tuning}.md
	sed -n '/^```sh/,/^```/{ s/ *#.*//; /^\(synweir -t\|weirctl\|weirpcap\) /p }' "$LAB_ROOT/README.md"
}

synweir() {
	"$LAB_BUILD/app/synweir/synweir" "$@"
}

weirpcap() {
	"$LAB_BUILD/app/weirpcap/weirpcap" "$@"
}

e2e_up "$@"
cd "$LAB_DIR" # synweir.conf is there
lab_spawn client "$LAB_DIR/tcpdump.log" tcpdump -i eth0 -U -c 10 -w "$LAB_DIR/in.pcap" tcp
check "tcpdump listens" lab_wait $LAB_WAIT grep -q listening "$LAB_DIR/tcpdump.log"
check "pages" client_py echo "$LAB_VIP" 7 --count 20
check "a recording" lab_wait $LAB_WAIT test -s "$LAB_DIR/in.pcap"
mapfile -t commands < <(printed)
check "commands in the documents" at_least "${#commands[@]}" 10
for command in "${commands[@]}"; do
	check "$command" eval "$command"
done
check "what weirpcap wrote" test -s "$LAB_DIR/out.pcap"
e2e_end
