#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# jumbo: hosts whose links take 9000 bytes, ports that take 1500, and a path that takes 1400. Nothing stalls.
#
#   curl on client, MTU 9000 --> VIP:80 --> nginx on b1, b2, MTU 9000
#   curl on client           --> VIP:85 --> the same, over a path that loses what is longer than 1400 bytes and
#                                           says nothing; the service's profile says mss = 1360
#
# variants: fullnat-1 nat-1
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

LAB_SERVICES+="narrow 85 10.0.0.11:80 10.0.0.12:80
"
LAB_SERVICE_KEYS[narrow]="profile = { mss = 1360; };"

wide() {
	local link
	for link in client:eth0 weir:wfront weir:wback switch:wback switch:b1 switch:b2 switch:br0 b1:eth0 b2:eth0; do
		ip -n "$LAB-${link%:*}" link set "${link#*:}" mtu 9000
	done
}

# What is too long for the path is gone, in both directions; our own stack does not know.
narrow_path() {
	on client nft -f - <<-END
		table netdev path {
			chain in {
				type filter hook ingress device eth0 priority 0; policy accept;
				ip version 4 meta length > 1400 drop
			}
		}
	END
}

download_sum() {
	get "$LAB_URL:${1:-80}/big" | sum_of
}

e2e_up "$@"
wide
random_file "$LAB_DIR/www/big" 20
big_sum=$(sum_of "$LAB_DIR/www/big")
check "20 MB down to a client with MTU 9000" same "$(download_sum)" "$big_sum"
check "nothing was truncated" same "$(lab_counted truncated)" 0
narrow_path
check "the path is narrow" fails get "$LAB_URL/big" -o /dev/null -m 3
check "20 MB down over a path of 1400 bytes" same "$(download_sum 85)" "$big_sum"
e2e_end
