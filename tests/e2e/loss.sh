#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# loss: the network loses one packet of every connection, each time another one, and every connection
# completes (HC-04, HC-06, HC-07, HC-08, HC-11, HC-32).
#
#   client eth0 --+--> synweir --+--> eth0 b1, b2       what leaves through an eth0 and matches is lost,
#                 |              |                      the first time on each connection
#               hole           hole
#
# Lost means lost on the wire: nftables' egress hook sends the packet down a hole and the sender's stack
# knows nothing of it.
#
# variants: fullnat-1-tap nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

N=20 # connections for every kind of loss
PURE_ACK="tcp flags & (fin | syn | rst | psh | ack) == ack"
SYN_ACK="tcp flags & (syn | ack) == syn | ack"
DATA="tcp flags & (syn | psh) == psh"
LONG="ip length > 200" # the first segment with data, whichever flags it has
FIN="tcp flags & fin == fin"
RST="tcp flags & rst == rst"

hole_dig() {
	ip -n "$LAB-$1" link add hole type veth peer name bottom
	ip -n "$LAB-$1" link set hole up
	ip -n "$LAB-$1" link set bottom up
}

lose_rule() {
	on "$1" nft -f - <<-END
		table netdev loss
		delete table netdev loss
		table netdev loss {
			counter lost { }
			set once {
				typeof ip saddr . tcp sport . ip daddr . tcp dport
				flags dynamic
				size 10000
			}
			chain out {
				type filter hook egress device eth0 priority 0; policy accept;
				$2
			}
		}
	END
}

# lose_first HOST MATCH: the first packet like this of every connection.
lose_first() {
	lose_rule "$1" "$2 ip saddr . tcp sport . ip daddr . tcp dport != @once \
		add @once { ip saddr . tcp sport . ip daddr . tcp dport } counter name lost fwd to hole"
}

# lose_some HOST: one packet in fifty, TCP only, whatever it is.
lose_some() {
	lose_rule "$1" "meta l4proto tcp numgen random mod 50 == 0 counter name lost fwd to hole"
}

lost() {
	local host
	for host in client b1 b2; do
		on "$host" nft list counter netdev loss lost 2>/dev/null || true
	done | awk '$1 == "packets" { sum += $2 } END { print sum + 0 }'
}

lose_nothing() {
	local host
	for host in client b1 b2; do
		on "$host" nft delete table netdev loss 2>/dev/null || true
	done
}

# completes TEXT LOST CLIENT_ARGUMENT...: all connections complete, and at least LOST packets were lost.
completes() {
	local text=$1 least=$2
	shift 2
	check "$text" client_py "$@"
	check "  packets lost meanwhile" at_least "$(lost)" "$least"
	lose_nothing
}

backends_lose() {
	local host
	for host in b1 b2; do
		lose_first "$host" "$1"
	done
}

E2E_ATTEMPTS=4
e2e_up "$@"
for host in client b1 b2; do
	hole_dig "$host"
done

lose_first client "$PURE_ACK"
completes "the client's final ACK, the client speaks" $N echo "$LAB_VIP" 7 --count $N --pause 0.2

# With the flood the ring of sent SYN-ACKs wraps at once and is silent, as HC-07 says.
if [ -z "$E2E_FLOODED" ]; then
	lose_first client "$PURE_ACK"
	completes "the client's final ACK, the server speaks" $N echo "$LAB_VIP" 25 --banner --count $N
fi

lose_first client "$LONG"
completes "the client's first data" $N echo "$LAB_VIP" 7 --count $N

lose_first client "$LONG"
completes "the client's first data of many segments" $N echo "$LAB_VIP" 7 --count $N --bytes 100000

backends_lose "$SYN_ACK"
completes "the backend's SYN-ACK" $N echo "$LAB_VIP" 7 --count $N

backends_lose "$SYN_ACK"
completes "the backend's SYN-ACK, the server speaks" $N echo "$LAB_VIP" 25 --banner --count $N

backends_lose "$DATA"
completes "the backend's first data" $N echo "$LAB_VIP" 25 --banner --count $N

lose_first client "$FIN"
completes "the client's FIN" $N echo "$LAB_VIP" 7 --count $N

backends_lose "$FIN"
completes "the backend's FIN" $N echo "$LAB_VIP" 7 --count $N

if is_synweir; then
	backends_lose "$RST"
	completes "the refusing backend's RST" $N refused "$LAB_VIP" 82 --count $N --limit 6
fi

# Two in a hundred, both ways, under a download and an upload: SACK in earnest.
random_file "$LAB_DIR/www/file" 5
sum=$(sum_of "$LAB_DIR/www/file")
for host in client b1 b2; do
	lose_some "$host"
done
check "a download over a bad line" same "$(get "$LAB_URL/file" | sum_of)" "$sum"
check "an upload over a bad line" same "$(get -T "$LAB_DIR/www/file" "$LAB_URL:8080/")" "$sum $((5 << 20))"
check "  packets lost meanwhile" at_least "$(lost)" 5
lose_nothing
e2e_end
