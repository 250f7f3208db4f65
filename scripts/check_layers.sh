#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fails on an include that the design forbids: base <- wire <- flow <- tcp <- dp <- app, and health, config and ctl beside dp; dp and ctl may include
# compat, which has no code of its own.
# Includes are written from lib/, so the first path component is the room.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A may=(
	[base]="base"
	[wire]="base wire"
	[flow]="base wire flow"
	[explain]="base wire flow explain"
	[tcp]="base wire flow tcp"
	[compat]=""
	[dp]="base wire flow tcp compat dp"
	[health]="base wire flow health"
	[config]="base wire flow compat health config"
	[ctl]="base wire flow explain compat health config ctl"
)
# Rooms that must not know the operating system's or DPDK's side of things.
pure="base wire flow tcp"
bad=0

complain() {
	echo "check_layers: $1" >&2
	bad=1
}

for room in "${!may[@]}"; do
	while IFS=: read -r file line text; do
		header=${text#*\"}
		header=${header%%\"*}
		to=${header%%/*}
		[[ "$header" == */* && " ${may[$room]} " == *" $to "* ]] ||
			complain "$file:$line: $room/ may include only: ${may[$room]} (written from lib/); this is \"$header\""
	done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' -r "lib/$room" --include='*.[ch]' || true)
done

while IFS= read -r hit; do
	complain "$hit: health/ uses the kernel's sockets: no DPDK"
done < <(grep -nE '#[[:space:]]*include[[:space:]]*<rte_' -r lib/health --include='*.[ch]' || true)

for room in $pure; do
	while IFS= read -r hit; do
		complain "$hit: $room/ is pure: no DPDK, clock, allocation (but what makes policies), log or I/O"
	done < <(grep -nE '#[[:space:]]*include[[:space:]]*<(rte_|time\.h|sys/time\.h|stdio\.h|syslog\.h|unistd\.h|pthread\.h|libconfig)' -r "lib/$room" --include='*.[ch]' || true)
	while IFS= read -r hit; do
		complain "$hit: $room/ gets its memory handed in"
	done < <(grep -nE '\b(malloc|calloc|realloc|free|rte_malloc|mmap)\(' -r "lib/$room" --include='*.[ch]' | grep -vE '^lib/flow/(policy\.c|derive\.c|index\.c|vacancies\.h):' || true)
done

# Above wire/ nobody knows an address family or the length of a header (lib/wire/l3.h is the seam). ARP is
# IPv4's neighbour protocol: the file that speaks it may.
while IFS= read -r hit; do
	complain "$hit: only wire/ knows families and header lengths; ask wire/l3.h, wire/eth.h or the view"
done < <(grep -nE 'ipv[46]_hdr|weir_ipv[46]|wire/ipv[46]\.h|weir_addr_v4\(|\bw\[3\]|\bb\[12\]|(data|frame) \+ [0-9]+|sizeof\(struct weir_eth_hdr\)|WEIR_FAMILY_' \
	-r lib/flow lib/tcp lib/dp --include='*.[ch]' | grep -vE '^lib/dp/arp\.c:|w\[2\]' || true) # all four words: of either family

if [[ $bad != 0 ]]; then
	echo "check_layers: turn the dependency round, or hand in what is needed (docs/architecture.md)"
	exit 1
fi
echo "check_layers: the arrows hold"
