#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# jumbo: hosts whose links take 9000 bytes, ports that take 1500 or 9000 ("jumbo"), and a path that takes 1400. Nothing
# stalls, and with ports of 9000 segments are as long as that allows.
#
#   curl on client, MTU 9000 --> VIP:80 --> nginx on b1, b2, MTU 9000
#                            --> VIP:8080 --> servers.py there: up
#   curl on client           --> VIP:85 --> the same, over a path that loses what is longer than 1400 bytes and
#                                           says nothing; the service's profile says mss = 1360
#
# variants: fullnat-1 nat-1 fullnat-1-v6-jumbo nat-1-jumbo
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

# A second synweir, which would receive into slots that are too short: it says so, and what to write.
refuses_short_slots() {
	sed "s/framesz=9216/framesz=2048/g; s/$LAB\"/$LAB-short\"/" "$LAB_DIR/synweir.conf" >"$LAB_DIR/short.conf"
	fails on weir "$LAB_BUILD/app/synweir/synweir" -c "$LAB_DIR/short.conf" >"$LAB_DIR/short.log" 2>&1
	rm -rf "/var/run/dpdk/$LAB-short"
	grep -q 'do not fit into slots of 2048 bytes: framesz must be 9104 at least' "$LAB_DIR/short.log"
}

# 50 MB each way in segments of 9000 bytes.
jumbo_each_way() {
	local host
	for host in client b1; do
		lab_spawn "$host" "$LAB_DIR/$host.long" tcpdump -n -l -i eth0 -Q in -c 20 "tcp and greater 9014"
		lab_wait $LAB_WAIT grep -q listening "$LAB_DIR/$host.long"
	done
	check "50 MB down" same "$(download_sum)" "$big_sum"
	check "50 MB up" same "$(get -T "$LAB_DIR/www/big" "$LAB_URL:8080/")" "$big_sum $((50 << 20))"
	for host in client b1; do
		check "frames of 9014 bytes came to $host" lab_wait $LAB_WAIT grep -q captured "$LAB_DIR/$host.long"
	done
}

case $1 in # what a service promises if nothing is said is for 1500
*-v6-jumbo) mss=8940 ;;
*-jumbo) mss=8960 ;;
*) mss=1460 ;;
esac
LAB_SERVICE_KEYS[web]="profile = { mss = $mss; };"
LAB_SERVICE_KEYS[upload]="profile = { mss = $mss; };"
e2e_up "$@"
wide
if [[ $1 = *-jumbo ]]; then
	random_file "$LAB_DIR/www/big" 50
	big_sum=$(sum_of "$LAB_DIR/www/big")
	jumbo_each_way
	check "a ring of short slots is refused" refuses_short_slots
else
	random_file "$LAB_DIR/www/big" 20
	big_sum=$(sum_of "$LAB_DIR/www/big")
	check "20 MB down to a client with MTU 9000" same "$(download_sum)" "$big_sum"
	narrow_path
	check "the path is narrow" fails get "$LAB_URL/big" -o /dev/null -m 3
	check "20 MB down over a path of 1400 bytes" same "$(download_sum 85)" "$big_sum"
fi
check "nothing was truncated" same "$(lab_counted truncated)" 0
e2e_end
