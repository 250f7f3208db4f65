#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# ports: one service with several ports, a range of them, and a prefix of addresses; then a reload that takes
# a port away and adds one.
#
#   curl on client --> VIP:80, VIP:180, VIP:8100..8199         nginx on b1, b2
#                  --> an address of a routed prefix, same ports
#
# variants: fullnat-3-flood nat-1-v6
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# The first service in the file is web: its address and port become several, PORTS beside 80.
eval "$(declare -f lab_config | sed '1s/lab_config/plain_config/')"
PORTS='180, "8100-8199"'
lab_config() {
	if [[ $LAB_VIP == *:* ]]; then
		prefix=2001:db8:77::/124 inside='[2001:db8:77::9]' family=6
	else
		prefix=198.18.77.0/28 inside=198.18.77.9 family=4
	fi
	plain_config | sed "0,/\"$LAB_VIP\"/s|\"$LAB_VIP\"|[ \"$LAB_VIP\", \"$prefix\" ]|; 0,/port = 80;/s|port = 80;|port = ( 80, $PORTS );|"
}

reload() {
	PORTS=$1
	lab_config >"$LAB_DIR/synweir.conf"
	weirctl reload
}

page() {
	get "http://$1:$2/" | grep -q .
}

refused() {
	client_py refused "$1" "$2" --count 1 --limit 3
}

e2e_up "$@"
is_synweir || { echo "the stand-in has no services of its own" && exit 77; }
lab_config >/dev/null # for the prefix of this family
url=${LAB_URL#http://}
check "the prefix is routed" ip -n "$LAB-client" "-$family" route add "$prefix" via "$LAB_VIP"
for port in 80 180 8100 8150 8199; do
	check "a page of port $port" page "$url" "$port"
	check "a page of the prefix, port $port" page "$inside" "$port"
done
check "beyond the range" refused "$LAB_VIP" 8200
check "one port goes, one comes" reload '181, "8100-8199"'
check "a page of the new port" page "$url" 181
check "a page of an old one" page "$url" 8150
check "the port that went" lab_wait "$LAB_WAIT" refused "$LAB_VIP" 180
e2e_end
