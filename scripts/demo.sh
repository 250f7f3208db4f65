#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# demo.sh [--keep]: synweir in a SYN flood, on this machine, in two minutes. As root.
#
# Installs what is missing, builds, makes a lab in network namespaces (scripts/lab.sh draws it), loads a
# page, then measures new HTTP connections without and with a flood of SYNs from spoofed addresses, and
# prints a table. Cleans up after itself; with --keep the lab stays, and how to use it is said.
# demo.sh --down NAME takes such a lab down.
set -euo pipefail
cd "$(dirname "$0")/.."

SECONDS_EACH=${DEMO_SECONDS:-10}
FLOOD_PPS=${DEMO_PPS:-50000}
keep=''

usage() {
	sed -n '3,/^set /s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

case ${1:-} in
'') ;;
--keep) keep=1 ;;
--down) [ -n "${2:-}" ] || usage && LAB=$2 ;;
*) usage ;;
esac

[ "$(id -u)" = 0 ] || { echo "demo.sh: network namespaces need root: sudo scripts/demo.sh" >&2 && exit 1; }
# The backends see the clients' own addresses in this mode, so a spoofed one would show.
LAB_MODE=nat
# shellcheck source=SCRIPTDIR/lab.sh
. scripts/lab.sh
if [ "${1:-}" = --down ]; then
	[ -e "/run/netns/$LAB-weir" ] || { echo "demo.sh: there is no lab $LAB" >&2 && exit 1; }
	lab_down
	exit
fi

# What meson and ninja say is shown only when they fail.
build() {
	local log status=0
	[ "$LAB_DUT" = synweir ] || return 0
	log=$(mktemp /tmp/synweir-build.XXXXXX)
	trap 'rm -f "$log"' EXIT
	{ { [ -f build/build.ninja ] || meson setup build; } && ninja -C build; } >"$log" 2>&1 || status=1
	[ $status = 0 ] || cat "$log" >&2
	rm "$log"
	trap - EXIT
	return $status
}

# SYNs that synweir has answered; the kernel's router in its place answers none.
answered() {
	if [ "$LAB_DUT" = synweir ]; then
		lab_counted syn_cookie
	else
		echo 0
	fi
}

# Sets the counters as they are now, to subtract from later.
mark() {
	syns_seen=$(lab_watched attempts)
	spoofed_seen=$(lab_watched spoofed)
	answered_seen=$(answered)
}

# measure NAME [FLOOD_PPS]: load for a while, and keep the figures as NAME_requests etc.
measure() {
	local name=$1 requests failed sent=0
	mark
	[ -z "${2:-}" ] || lab_flood_start syn "$2" $((SECONDS_EACH + 10))
	read -r requests failed < <(lab_wrk "$SECONDS_EACH" -H 'Connection: close')
	printf -v "${name}_requests" %s "$requests"
	printf -v "${name}_failed" %s "$failed"
	# Half-open sockets of spoofed SYNs would last a minute: now, the flood running, they would be there.
	printf -v "${name}_half_open" %s "$(lab_half_open)"
	printf -v "${name}_memory" %s "$(lab_rss_kb)"
	[ -z "${2:-}" ] || sent=$(lab_flood_stop)
	printf -v "${name}_sent" %s "$sent"
	printf -v "${name}_syns" %s $(($(lab_watched attempts) - syns_seen))
	printf -v "${name}_spoofed" %s $(($(lab_watched spoofed) - spoofed_seen))
	printf -v "${name}_answered" %s $(($(answered) - answered_seen))
}

row() {
	printf "%-48s %14s %14s\n" "$1" "$2" "$3"
}

# shellcheck disable=SC2154 # measure sets them
table() {
	echo
	row "$SECONDS_EACH s of new HTTP connections, 32 at a time" "without flood" "with flood"
	row "requests done" "$calm_requests" "$flood_requests"
	row "requests failed" "$calm_failed" "$flood_failed"
	row "SYNs sent by the flood" "$calm_sent" "$flood_sent"
	row "SYNs answered by synweir" "$calm_answered" "$flood_answered"
	row "SYNs that reached the backends" "$calm_syns" "$flood_syns"
	row "  of them spoofed" "$calm_spoofed" "$flood_spoofed"
	row "half-open sockets on the backends" "$calm_half_open" "$flood_half_open"
	row "synweir's memory, kB" "$calm_memory" "$flood_memory"
	echo
}

say_kept() {
	trap - EXIT
	cat <<-END
		The lab stays up; its name is $LAB.
		  a page:                  ip netns exec $LAB-client curl http://$LAB_VIP/
		  a shell on the client:   ip netns exec $LAB-client bash     (others: weir, switch, b1, b2)
		  what synweir sees:       build/app/weirctl/weirctl -p $LAB show info
		  a flood of 10 s:         ip netns exec $LAB-client build/tests/e2e/flood -i eth0 -m $LAB_MAC_FRONT \\
		                             -d $LAB_VIP -p 80 -s $LAB_SPOOFED -k syn -r $FLOOD_PPS -t 10
		  its files:               $LAB_DIR
		  take it down:            sudo scripts/demo.sh --down $LAB
	END
}

scripts/setup.sh build lab
echo "building..."
build
trap lab_down EXIT
trap 'exit 130' INT TERM
echo "making the lab..."
lab_up
echo "a page through synweir: $(on client curl -s "http://$LAB_VIP/")"
echo "measuring without a flood, ${SECONDS_EACH} s..."
measure calm
echo "measuring with a flood of $FLOOD_PPS SYNs per second from $LAB_SPOOFED, ${SECONDS_EACH} s..."
measure flood "$FLOOD_PPS"
table
[ -z "$keep" ] || say_kept
