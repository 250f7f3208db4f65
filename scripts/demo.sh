#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# demo.sh [OPTION]...: a web server in a SYN flood, by itself and with synweir in front, on this machine, in two
# minutes. As root.
#
#   --flood N      SYNs a second (default 50000; 100k is 100000)
#   --seconds N    how long each of the four measurements takes (default 6)
#   --tap          synweir on TAP devices instead of AF_PACKET on veth: much slower, a system call a packet
#   --keep         leave the lab with synweir up, and say how to look round in it
#   --down NAME    take down a lab that --keep left
#   --help         this text
#
# It installs the packages that are missing, builds what it needs in build/, and makes the lab of scripts/lab.sh
# in network namespaces of its own: a client, synweir (or a plain router), a server with nginx. Then it measures
# the server without and beside a flood of SYNs from spoofed addresses, and prints a table. When it ends, or is
# interrupted, nothing of the lab is left.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=6 flood=50000 driver=af_packet keep='' down=''

usage() {
	sed -n '3,/^set /s/^# \{0,1\}//p' "$0"
}

wrong() {
	echo "demo.sh: $* (scripts/demo.sh --help)" >&2
	exit 2
}

# number OPTION TEXT LIMIT: prints what the text means.
number() {
	local n=${2/%k/000}
	[[ $n =~ ^[1-9][0-9]{0,6}$ && $n -le $3 ]] || wrong "$1 wants a number from 1 to $3, not '$2'"
	echo "$n"
}

while [ $# -gt 0 ]; do
	case $1 in
	--help | -h) usage && exit ;;
	--keep) keep=1 ;;
	--tap) driver=tap ;;
	--flood | --seconds | --down)
		[ $# -gt 1 ] || wrong "$1 wants a value"
		case $1 in
		--flood) flood=$(number "$1" "$2" 2000000) ;;
		--seconds) seconds=$(number "$1" "$2" 60) ;;
		--down) down=$2 ;;
		esac
		shift
		;;
	*) wrong "unknown option '$1'" ;;
	esac
	shift
done

[ "$(id -u)" = 0 ] || { echo "demo.sh: network namespaces need root: sudo scripts/demo.sh" >&2 && exit 1; }
[ -z "$down" ] || LAB=$down
LAB_MODE=nat # the server sees the clients' own addresses, so that a spoofed one would show
LAB_DRIVER=$driver
LAB_RING=4096
LAB_BACKLOG=511 # nginx's default
LAB_WRK_LATE=4
# shellcheck source=SCRIPTDIR/lab.sh
. scripts/lab.sh
# shellcheck disable=SC2034 # lab.sh reads it
LAB_SERVICES="web 80 10.0.0.11:80"
if [ -n "$down" ]; then
	[ -e "/run/netns/$LAB-weir" ] || { echo "demo.sh: there is no lab $LAB" >&2 && exit 1; }
	lab_down
	exit
fi

# What is going on, and since when.
say() {
	printf '%4d s  %s\n' $SECONDS "$*"
}

# thousands N
thousands() {
	sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\| \)/\1 \2\3/; ta' <<<"$1"
}

#
# Building
#

TARGETS="app/synweir/synweir app/weirctl/weirctl tests/e2e/flood"

# What meson and ninja say is shown only when they fail.
build() {
	local log steps
	log=$(mktemp /tmp/synweir-build.XXXXXX)
	trap 'rm -f "$log"' EXIT
	if [ ! -f build/build.ninja ]; then
		say "configuring the build (meson)"
		meson setup build >"$log" 2>&1 || { cat "$log" >&2 && return 1; }
	fi
	# shellcheck disable=SC2086 # a list of words
	steps=$(ninja -C build -n $TARGETS | sed -n 's|^\[[0-9]*/\([0-9]*\)\].*|\1|p' | tail -n 1)
	[ -z "$steps" ] || say "building synweir, weirctl and the flood generator ($steps build steps)"
	# shellcheck disable=SC2086
	ninja -C build $TARGETS >"$log" 2>&1 || { cat "$log" >&2 && return 1; }
	rm "$log"
	trap - EXIT
}

#
# Measuring
#

# What the server's network shows, in front of its stack; answers to spoofed addresses end at the client's edge, as
# they would at a router out there.
watch() {
	on b1 nft -f - <<-END
		delete table ip watch
		table ip watch {
			counter syns { }
			counter spoofed { }
			chain in {
				type filter hook prerouting priority raw;
				tcp flags & (syn | ack) == syn counter name syns
				ip saddr $LAB_SPOOFED counter name spoofed
			}
		}
	END
	on client nft -f - <<-END
		table netdev edge {
			chain in { type filter hook ingress device eth0 priority 0; ip daddr $LAB_SPOOFED drop; }
		}
	END
}

# lab_watched of lab.sh, for the one server here.
watched() {
	on b1 nft list counter ip watch "$1" | awk '$1 == "packets" { print $2 }'
}

half_open() {
	on b1 ss -Htn state syn-recv | wc -l
}

# fresh DUT: a new lab. The clients of each measurement are ones that the server has not met: from an address and
# port of which it still has a TIME_WAIT socket, it takes a SYN though its queue is full.
fresh() {
	lab_down
	LAB_DUT=$1
	lab_up
	watch
	on b1 sysctl -q net.ipv4.tcp_syncookies=0
	on client sysctl -q net.ipv4.tcp_tw_reuse=1
	head -c 16384 /dev/urandom >"$LAB_DIR/www/probe"
}

# measure NAME RATE: clients for a while, beside a flood unless RATE is 0. Keeps the figures as NAME_done etc.
measure() {
	local name=$1 rate=$2 syns spoofed probe requests samples p99 served sent=0
	syns=$(watched syns) spoofed=$(watched spoofed)
	if [ "$rate" != 0 ]; then
		lab_flood_start syn "$rate" $((seconds + 60))
		sleep 1 # a server that can be filled up is
	fi
	on client scripts/compare_probe.py "$LAB_VIP" 80 "$LAB_DIR/www/probe" "$seconds" >"$LAB_DIR/probe" &
	probe=$!
	read -r requests _ < <(lab_wrk "$seconds" -H 'Connection: close')
	printf -v "${name}_half_open" %s "$(half_open)" # while the flood is on
	wait $probe
	read -r samples _ p99 _ _ served <"$LAB_DIR/probe"
	[ "$rate" = 0 ] || sent=$(lab_flood_stop)
	printf -v "${name}_rate" %s $((requests / seconds))
	printf -v "${name}_served" %s $((100 * served / samples))
	printf -v "${name}_p99" %s "$p99"
	printf -v "${name}_sent" %s "${sent:-0}"
	printf -v "${name}_syns" %s $(($(watched syns) - syns))
	printf -v "${name}_spoofed" %s $(($(watched spoofed) - spoofed))
	say "       $(thousands $((requests / seconds))) requests a second; of 100 pages asked for, $((100 * served / samples)) came"
}

#
# Telling
#

# connect_time US
connect_time() {
	if [ "$1" -ge 4000000 ]; then
		echo never
	else
		awk -v us="$1" 'BEGIN { printf us < 10000 ? "%.1f ms\n" : "%.0f ms\n", us / 1000 }'
	fi
}

row() {
	printf '%-34s %12s %12s   %12s %12s\n' "$@"
}

# figures TEXT NAME: a row of them.
figures() {
	local name
	for name in alone_calm alone_flood synweir_calm synweir_flood; do
		name=${name}_$2
		thousands "${!name}"
	done | {
		mapfile -t columns
		row "$1" "${columns[@]}"
	}
}

# shellcheck disable=SC2154 # measure sets them
table() {
	echo
	printf '%-34s %25s   %25s\n' "one web server, SYN cookies off" "by itself" "behind synweir"
	row "" "no flood" "flood" "no flood" "flood"
	row "pages that came" "$alone_calm_served %" "$alone_flood_served %" "$synweir_calm_served %" "$synweir_flood_served %"
	row "time to connect, 99th percentile" "$(connect_time "$alone_calm_p99")" "$(connect_time "$alone_flood_p99")" \
		"$(connect_time "$synweir_calm_p99")" "$(connect_time "$synweir_flood_p99")"
	figures "requests a second" rate
	row "  of those without a flood" "" "$((100 * alone_flood_rate / (alone_calm_rate + 1))) %" \
		"" "$((100 * synweir_flood_rate / (synweir_calm_rate + 1))) %"
	figures "half-open sockets on the server" half_open
	figures "SYNs that the flood sent" sent
	figures "SYNs that reached the server" syns
	figures "  of them spoofed" spoofed
	cat <<-END

		pages             a client asks for one every 10 ms, each on a new connection, and gives up after 4 s
		time to connect   of these: until the connection stands; "never": the slowest in a hundred did not in 4 s
		requests          32 more clients, each with a new connection for every request, as fast as they are answered
		half-open         sockets in state SYN-RECV when the clients end: its queue is $LAB_BACKLOG long, nginx's default
		SYNs              of the flood, from random addresses in $LAB_SPOOFED; and those of everyone on the server's wire

		Everything shares this machine's $(nproc) CPUs: flood, clients, server, synweir and the kernel's wires between them.
		Linux has SYN cookies of its own, on by default, and turned off here: scripts/compare.sh measures synweir beside
		those, beside nftables' SYNPROXY and beside HAProxy.

	END
}

say_kept() {
	trap - EXIT
	cat <<-END
		The lab with synweir stays up; its name is $LAB.
		  a page:                  ip netns exec $LAB-client curl http://$LAB_VIP/
		  a shell on the client:   ip netns exec $LAB-client bash     (others: weir, switch, b1)
		  what synweir sees:       build/app/weirctl/weirctl -p $LAB show info     (or services, drops, ports, ...)
		  a flood of 10 s:         ip netns exec $LAB-client build/tests/e2e/flood -i eth0 -m $LAB_MAC_FRONT \\
		                             -d $LAB_VIP -p 80 -s $LAB_SPOOFED -k syn -r $flood -t 10
		  its files:               $LAB_DIR
		  take it down:            sudo scripts/demo.sh --down $LAB
	END
}

by_itself() {
	say "making a lab: client, router, server"
	fresh direct
	say "measuring the server by itself, without a flood, $seconds s"
	measure alone_calm 0
	fresh direct
	say "measuring it beside a flood of $(thousands "$flood") SYNs a second from $LAB_SPOOFED, $seconds s"
	measure alone_flood "$flood"
}

behind_synweir() {
	say "making the same lab with synweir in the router's place, by $LAB_DRIVER"
	fresh synweir
	say "measuring the server behind synweir, without a flood, $seconds s"
	measure synweir_calm 0
	fresh synweir
	say "measuring it beside the same flood, $seconds s"
	measure synweir_flood "$flood"
}

scripts/setup.sh build lab
build
trap 'trap "" INT TERM && lab_down' EXIT # to the end, once it has begun
trap 'exit 130' INT TERM
by_itself
behind_synweir
table
[ -z "$keep" ] || say_kept
