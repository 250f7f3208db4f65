#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vlan: a router on a stick. synweir's one port is a trunk; clients and backends of each family are in a VLAN of their
# own, and the hosts have devices for them ("ip link add ... type vlan").
#
#   client                          [ br0 ]                         b1, b2
#   eth0.100  192.0.2.0/24 ----------  ||  ------------- 10.0.0.0/24  eth0.200
#   eth0.106  2001:db8:a::/64 -------  ||  --------- 2001:db8:b::/64  eth0.206
#                                    wfront  synweir
#
#   1. pages and files, of each family and, in fullnat, from IPv6 to IPv4
#   2. health checks leave tagged, by weir0.200 of the host interface: a backend leaves the VLAN, and is back
#   3. frames of a VLAN that synweir has not, and with two tags, are dropped by those names
#
# variants: fullnat-3-onearm-flood nat-1-onearm-tap
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# instead_of FUNCTION: one of the lab's; it goes on as plain_FUNCTION, and this test has its own.
instead_of() {
	eval "plain_$(declare -f "$1")"
}

declare -A VLANS=([client]="100 106 300" [b1]="200 206" [b2]="200 206") # synweir has no 300

instead_of lab_host
lab_host() {
	LAB_FAMILY=46 plain_lab_host "$1"
	[ "$1" != weir ] || on weir sysctl -q net.ipv4.ip_local_port_range="61000 65535" # the others are synweir's
}

# vlan_of HOST FAMILY: where the host has its addresses.
vlan_of() {
	case $1-$2 in client-4) echo 100 ;; client-6) echo 106 ;; *-4) echo 200 ;; *-6) echo 206 ;; esac
}

# Both families' addresses, each on its VLAN's device.
instead_of lab_has
lab_has() {
	local family link=$2
	[ "$1" != switch ] || { plain_lab_has "$@" && return; }
	for family in 4 6; do
		[ "$2" != eth0 ] || link=eth0.$(vlan_of "$1" $family)
		LAB_FAMILY=$family plain_lab_has "$1" "$link" "$3"
	done
}

instead_of lab_route
lab_route() {
	LAB_FAMILY=4 plain_lab_route "$@"
	LAB_FAMILY=6 plain_lab_route "$@"
}

instead_of lab_veth
lab_veth() {
	local vlan
	plain_lab_veth "$@"
	[ "$3" != weir ] || return 0
	for vlan in ${VLANS[$3]}; do
		e2e_vlan "$3" "$4" "$vlan"
	done
}

instead_of lab_nginx
lab_nginx() {
	LAB_FAMILY=6 LAB_BACKLOG="$LAB_BACKLOG ipv6only=off" plain_lab_nginx "$1"
}

lab_config_ports() {
	cat <<-END
		ports = ({
			name = "trunk"; device = "$LAB_DEVICE_FRONT"; host = { interface = "weir0"; };
			vlans = (
				{ id = 100; name = "front4"; addresses = [ "192.0.2.1/24" ]; gateway = "192.0.2.254"; },
				{ id = 106; name = "front6"; addresses = [ "2001:db8:a::1/64" ]; gateway6 = "2001:db8:a::254"; },
				{ id = 200; name = "back4"; addresses = [ "10.0.0.1/24" ]; },
				{ id = 206; name = "back6"; addresses = [ "2001:db8:b::1/64" ]; }
			);
		});
	END
}

# The names of services end in their family.
instead_of lab_config_service
lab_config_service() (
	LAB_FAMILY=${1##*-}
	lab_family
	plain_lab_config_service "$@"
)

# both_answer URL: pages from both backends.
both_answer() {
	local i
	for i in 1 2 3 4; do
		get "$1/"
	done | sort -u | xargs | grep -x "hello from b1 hello from b2"
}

download_sum() {
	get "$1/big" | sum_of
}

# served SCHEME_HOST_PORT
served() {
	check "pages of both backends: $1" both_answer "$1"
	check "20 MB: $1" same "$(download_sum "$1")" "$big_sum"
}

says_check() {
	[ "$(weirctl --json show backends | lab_json "next(row['check'] for row in d if row['name'] == '$1')")" = "$2" ]
}

# ends_as LINK FATE: a hundred SYNs that leave the client by that device end with that fate.
ends_as() {
	local before
	before=$(lab_counted "$2")
	on client "$LAB_BUILD/tests/e2e/flood" -i "$1" -m "$LAB_MAC_FRONT" -d 192.0.2.80 -p 80 -s 198.18.0.0/15 -k syn -r 1000 -t 10 -n 100
	lab_wait $LAB_WAIT counted "$2" $((before + 100))
}

counted() {
	[ "$(lab_counted "$1")" -ge "$2" ]
}

LAB_SERVICES="
web-4 80 10.0.0.11:80 10.0.0.12:80
web-6 80 10.0.0.11:80 10.0.0.12:80
"
LAB_SERVICE_KEYS[web-4]='check = { type = "http"; inter = 1; fastinter = 1; downinter = 1; timeout = 1; rise = 1; fall = 2; interface = "weir0.200"; };'
[[ $1 != fullnat* ]] || LAB_SERVICES+="cross-64 81 10.0.0.11:80 10.0.0.12:80
"
LAB_FLOOD_LINK=eth0.100
E2E_LUCKY=1
LAB_MORE_HOSTS+=" weir" # its connections are checks
e2e_up "$@"
e2e_vlan weir weir0 200
ip -n "$LAB-weir" addr add 10.0.0.1/24 dev weir0.200
random_file "$LAB_DIR/www/big" 20
big_sum=$(sum_of "$LAB_DIR/www/big")

served http://192.0.2.80
served "http://[2001:db8:a::80]"
[[ $1 != fullnat* ]] || served "http://[2001:db8:a::80]:81"

check "the check over VLAN 200: up" lab_wait $LAB_WAIT says_check web-4-1 up
ip -n "$LAB-b1" link set eth0.200 down
check "b1 has left it: down" lab_wait $LAB_WAIT says_check web-4-1 down
check "all pages come from the other" same "$(for i in 1 2 3; do get http://192.0.2.80/; done | sort -u)" "hello from b2"
ip -n "$LAB-b1" link set eth0.200 up
check "it is back: up again" lab_wait $LAB_WAIT says_check web-4-1 up

e2e_vlan client eth0.100 5
check "a VLAN that synweir has not" ends_as eth0.300 vlan_unknown
check "two tags" ends_as eth0.100.5 qinq
weirctl show interfaces
e2e_end
