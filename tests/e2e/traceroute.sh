#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# traceroute: to those on either side synweir is one hop (HC-20).
#
#   1. a traceroute to a service whose SYNs go to the backend: first the port's address, then the service
#   2. ... to one with cookies: the service at once
#   3. data that may go no further, of an open connection, from the client and from the backend: "time exceeded", and the
#      connection goes on
#
# variants: fullnat-1 nat-1-v6
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

LAB_SERVICES+="calm 87 10.0.0.11:80
"
LAB_SERVICE_KEYS[calm]='syn_cookies = "never";'

# family_of ADDRESS: its words of nft.
family_of() {
	[[ $1 == *:* ]] && echo "icmpv6 ip6 ip6 hoplimit" || echo "icmp ip ip ttl"
}

# short_way HOST ADDRESS PEER-PORT: one segment of data with that port leaves the host with one hop left. What synweir says of that,
# from its address, is counted.
short_way() {
	local from icmp ip hops
	from=$(lab_addr "$2")
	read -r icmp ip hops < <(family_of "$from")
	on "$1" nft -f - <<-END
		table inet expired {
			counter told { }
			chain in {
				type filter hook input priority 0;
				$icmp type time-exceeded $ip saddr $from counter name told
			}
			chain out {
				type filter hook output priority 0;
				tcp $3 7 tcp flags & psh == psh limit rate 1/hour burst 1 packets $hops set 1
			}
		}
	END
}

expired() {
	on "$1" nft list counter inet expired told | awk '$1 == "packets" { print $2 }'
}

# hops PORT: what a traceroute shows, an address a line, without the heading.
hops() {
	on client traceroute -T -p "$1" -n -q 1 -N 1 -m 5 -w 2 "$LAB_VIP" | awk 'NR > 1 { print $2 }' | paste -s -d ' '
}

E2E_ATTEMPTS=2 # a traceroute is no connection of the host's sockets
e2e_up "$@"
short_way client 192.0.2.1 dport
short_way b1 10.0.0.1 sport
check "a traceroute shows one hop before the service" same "$(hops 87)" "$(lab_addr 192.0.2.1) $LAB_VIP"
check "with cookies the service answers at once" same "$(hops 80)" "$LAB_VIP"
told=$(expired client)
check "the client was told by the port's address" at_least "$told" 1
check "data that may go no further, and then all the same" client_py echo "$LAB_VIP" 7 --count 4
check "its sender was told" same "$(expired client)" $((told + 1))
check "and the backend" same "$(expired b1)" 1
check "each is counted" same "$(lab_counted time_exceeded)" $((told + 2))
e2e_end
