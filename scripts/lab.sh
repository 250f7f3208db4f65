# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# lab.sh - the lab: synweir between a client and two backends, all in network namespaces. Sourced.
#
# two arms (LAB_ARMS=2)
#
#   client              weir                    switch            b1, b2
#   eth0 ========= wfront  synweir  wback ===== [ br0 ]---------- eth0
#   192.0.2.254    192.0.2.1        10.0.0.1    10.0.0.253        10.0.0.11, 10.0.0.12
#   203.0.113.1-20 VIP 192.0.2.80               10.0.0.254 -----> b2 routes 10.1.0.12 (itself)
#
# one arm (LAB_ARMS=1): the same hosts and addresses on one wire
#
#   client ------- [ br0 in switch ] ---------- b1, b2
#                     ||
#                   wfront  synweir
#
# "----" is a veth. "====" is what synweir is on: a veth too, by DPDK's AF_PACKET driver, or by what LAB_DRIVER
# says: AF_XDP, or a net_tap device, which DPDK makes in namespace weir and whose kernel's end lab_up moves away.
# The flood's sources are 198.18.0.0/15, "behind" the client, which is synweir's gateway. With LAB_FAMILY=6 all of these are
# IPv6 addresses, as lab_addr says: 192.0.2.80 is 2001:db8:a::80.
#
# Everything is named after $LAB (one lab per shell, unique), every process of the lab lives in one of
# its namespaces, every file in $LAB_DIR. So lab_down needs the name only, and leaves nothing behind.

LAB=${LAB:-weir$$}
LAB_DIR=/tmp/$LAB
LAB_DUT=${LAB_DUT:-synweir}    # or "vm": in a virtual machine; or what lab_linux.sh has: "linux", "direct"
LAB_DRIVER=${LAB_DRIVER:-af_packet} # or "af_xdp" or "tap": what synweir's ports are
LAB_RING=${LAB_RING:-8192} LAB_FRAME=${LAB_FRAME:-2048} # frames in each ring of an AF_PACKET port, bytes of each
LAB_ARMS=${LAB_ARMS:-2}        # 2 or 1
LAB_MODE=${LAB_MODE:-fullnat}  # or "nat"
LAB_WORKERS=${LAB_WORKERS:-1}
LAB_WORKER_KEYS=${LAB_WORKER_KEYS:-idle = \"sleep\";} # what else the configuration says of workers
LAB_LIMITS=${LAB_LIMITS:-connections = 131072; source_connections = 0; prefix_connections = 0;}
LAB_FRONT_KEYS=${LAB_FRONT_KEYS:-} # what else the configuration says of the port to the clients
LAB_BACK_KEYS=${LAB_BACK_KEYS:-}   # and of the other one
LAB_FAMILY=${LAB_FAMILY:-4}    # or 6; or 64 or 46: the clients' side and the backends' side differ ("fullnat")
LAB_BACKLOG=${LAB_BACKLOG:-16384} # of the web servers: how many connections may be half-open, or wait
LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB_BUILD=${LAB_BUILD:-$LAB_ROOT/build}

LAB_FLOOD_PORT=80 LAB_FLOOD_LINK=eth0 # of the VIP; of the client, by which the flood leaves
LAB_MAC_FRONT=02:00:00:00:01:01
LAB_MAC_BACK=02:00:00:00:01:02
LAB_MAC_FAR=02:00:00:00:02:01 # the far end of a tap
LAB_WRK_LATE=${LAB_WRK_LATE:-30} # seconds that wrk may take beyond its time
LAB_WAIT=30                   # seconds that anything may take while nothing else happens
LAB_HOSTS="client weir switch b1 b2"
LAB_MORE_HOSTS='' # those that a test adds (lab_host, lab_veth)

LAB_EAL='"--no-huge", "-m", "256", "--no-shconf", "--file-prefix", "'$LAB'"'

# shellcheck source=SCRIPTDIR/lab_linux.sh
. "$LAB_ROOT/scripts/lab_linux.sh"
if [ "$LAB_DUT" = vm ]; then
	# shellcheck source=SCRIPTDIR/lab_vm.sh
	. "$LAB_ROOT/scripts/lab_vm.sh"
fi

# One service a line: name, port on the VIP, backends. Tests add theirs.
LAB_SERVICES="web 80 10.0.0.11:80 10.0.0.12:80"

# lab_addr ADDRESS[/BITS]: what an address of the lab is called in its side's family. Everything is written in IPv4's.
lab_addr() {
	local family=${LAB_FAMILY:0:1}
	[[ $1 != 10.* ]] || family=${LAB_FAMILY: -1}
	[ "$family" = 6 ] || { echo "$1" && return; }
	sed -E 's,^192\.0\.2\.,2001:db8:a::,; s,^10\.0\.0\.,2001:db8:b::,; s,^10\.1\.0\.,2001:db8:c::,
		s,^203\.0\.113\.,2001:db8:d::,; s,^198\.18\.0\.0,2001:db8:e::,; s,::0$|::0/,::/,; s,/$,,
		s,/15$,/64,; s,/16$,/64,; s,/24$,/64,; s,/32$,/128,' <<<"$1"
}

# What follows from the family: tests may choose one before lab_up.
lab_family() {
	LAB_VIP=192.0.2.80 LAB_SPOOFED=198.18.0.0/15 LAB_GATEWAY=gateway
	LAB_URL=http://$LAB_VIP
	if [ "${LAB_FAMILY:0:1}" = 6 ]; then
		LAB_VIP=2001:db8:a::80 LAB_SPOOFED=2001:db8:e::/64 LAB_GATEWAY=gateway6
		LAB_URL=http://[$LAB_VIP]
	fi
	# at the backends, where no client's address of the other family can be seen
	LAB_IP=ip LAB_SPOOFED_SEEN=198.18.0.0/15
	[ "${LAB_FAMILY: -1}" = 4 ] || LAB_IP=ip6 LAB_SPOOFED_SEEN=2001:db8:e::/64
}
lab_family

# What else the configuration says of a service, by its name.
declare -A LAB_SERVICE_KEYS=()

# A command that synweir is started by.
LAB_UNDER=()

lab_die() {
	echo "lab: $*" >&2
	return 1
}

# on HOST COMMAND...: run it there.
on() {
	local host=$1
	shift
	ip netns exec "$LAB-$host" "$@"
}

# lab_spawn HOST LOG COMMAND...: run it there in the background, whatever happens to this terminal; its id
# is in LAB_SPAWNED.
lab_spawn() {
	local host=$1 log=$2
	shift 2
	setsid ip netns exec "$LAB-$host" "$@" >"$log" 2>&1 </dev/null &
	LAB_SPAWNED=$!
	disown # no "Terminated" from bash when lab_down ends it
}

lab_gone() {
	! kill -0 "$1" 2>/dev/null
}

# lab_wait SECONDS COMMAND...: until the command succeeds, or fail.
lab_wait() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# lab_follow FIGURE COMMAND...: until the command succeeds, however long that takes, or fail when what command
# FIGURE prints has been the same for LAB_WAIT seconds.
lab_follow() {
	local figure=$1 was='' now since=$SECONDS
	shift
	until "$@" >/dev/null 2>&1; do
		now=$($figure 2>/dev/null) || true
		if [ "$now" != "$was" ]; then
			was=$now since=$SECONDS
			echo "$now" >>"$LAB_DIR/moved" # for the one that watches over the test
		fi
		[ $((SECONDS - since)) -le "$LAB_WAIT" ] || return 1
		sleep 0.2
	done
}

#
# Hosts and wires
#

# Quiet wires: what crosses them is what a test sent.
lab_host() {
	local off=1
	[[ $LAB_FAMILY != *6* ]] || [ "$1" = weir ] || off=0
	ip netns add "$LAB-$1"
	ip -n "$LAB-$1" link set lo up
	on "$1" sysctl -q net.ipv6.conf.{all,default}.disable_ipv6=$off net.ipv6.conf.{all,default}.accept_dad=0 \
		net.ipv6.conf.{all,default}.router_solicitations=0 net.ipv6.conf.{all,default}.accept_ra=0
	[ $off = 1 ] || on "$1" nft add table ip6 quiet '{ chain out { type filter hook output priority 0;
		icmpv6 type { mld-listener-report, mld2-listener-report } drop; }; }'
}

# lab_has HOST DEVICE ADDRESS/BITS: it is the host's.
lab_has() {
	ip -n "$LAB-$1" addr add "$(lab_addr "$3")" dev "$2"
}

# lab_route HOST NETWORK GATEWAY
lab_route() {
	ip -n "$LAB-$1" route add "$(lab_addr "$2")" via "$(lab_addr "$3")"
}

# lab_veth HOST PORT HOST PORT: a wire between two hosts.
lab_veth() {
	ip -n "$LAB-$1" link add "$2" type veth peer name "$4" netns "$LAB-$3"
	lab_link_up "$1" "$2"
	lab_link_up "$3" "$4"
}

# Offloads off: frames on a wire are what they would be on a real one (1500 bytes, real checksums).
lab_link_up() {
	on "$1" ethtool -K "$2" rx off tx off sg off tso off gso off gro off >/dev/null 2>&1 || true
	ip -n "$LAB-$1" link set "$2" mtu 1500 up
}

lab_bridge_port() {
	ip -n "$LAB-switch" link set "$1" master br0
}

lab_hosts_up() {
	local host
	for host in $LAB_HOSTS; do
		lab_host "$host"
	done
	ip -n "$LAB-switch" link add br0 type bridge mcast_snooping 0
	lab_has switch br0 10.0.0.253/24
	ip -n "$LAB-switch" link set br0 up
	for host in b1 b2; do
		lab_veth switch "$host" "$host" eth0
		lab_bridge_port "$host"
		on "$host" sysctl -q net.core.somaxconn=16384 net.ipv4.tcp_max_syn_backlog=16384
	done
	lab_has b1 eth0 10.0.0.11/24
	lab_has b2 eth0 10.0.0.12/24
	lab_has b2 eth0 10.0.0.254/24
	lab_has b2 lo 10.1.0.12/32
	if [ "$LAB_MODE" = nat ]; then
		lab_route b1 default 10.0.0.1
		lab_route b2 default 10.0.0.1
	fi
	for host in b1 b2; do
		lab_watch "$host"
	done
}

# The client's end of the front wire exists: give it its addresses.
lab_client_up() {
	local i
	lab_has client eth0 192.0.2.254/24
	for i in $(seq 1 20); do
		lab_has client eth0 "203.0.113.$i/32"
	done
	on client sysctl -q net.ipv4.ip_local_port_range="1024 65000"
}

# Count at a backend, in front of its stack: connection attempts (a retransmitted SYN counts once), and
# SYNs from the flood's range, which only "nat" could show.
lab_watch() {
	on "$1" nft -f - <<-END
		table $LAB_IP watch {
			counter attempts { }
			counter spoofed { }
			set seen {
				typeof $LAB_IP saddr . tcp sport . tcp sequence
				flags dynamic
				size 1000000
			}
			chain syns {
				$LAB_IP saddr $LAB_SPOOFED_SEEN counter name spoofed
				$LAB_IP saddr . tcp sport . tcp sequence @seen return
				add @seen { $LAB_IP saddr . tcp sport . tcp sequence } counter name attempts
			}
			chain in {
				type filter hook prerouting priority raw; policy accept;
				tcp flags & (syn | ack) == syn jump syns
			}
		}
	END
}

# lab_watched attempts|spoofed: the sum over both backends.
lab_watched() {
	local host
	for host in b1 b2; do
		on "$host" nft list counter $LAB_IP watch "$1"
	done | awk '$1 == "packets" { sum += $2 } END { print sum + 0 }'
}

lab_half_open() {
	{ on b1 ss -Htn state syn-recv && on b2 ss -Htn state syn-recv; } | wc -l
}

# lab_mib HOST NAME: a counter of that host's stack, e.g. TcpActiveOpens, TcpExtTCPSynRetrans.
lab_mib() {
	on "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}

#
# synweir
#

# lab_router ADDRESS: as a value of the configuration. A test may have several.
lab_router() {
	echo "\"$(lab_addr "$1")\""
}

lab_config_ports() {
	local front back gateway routes
	front="\"$(lab_addr 192.0.2.1/24)\"" back="\"$(lab_addr 10.0.0.1/24)\""
	gateway="$LAB_GATEWAY = $(lab_router 192.0.2.254);"
	routes="routes = ( { to = \"$(lab_addr 10.1.0.0/16)\"; via = $(lab_router 10.0.0.254); } );"
	if [ "$LAB_ARMS" = 1 ]; then
		cat <<-END
			ports = ({
				name = "front"; device = "$LAB_DEVICE_FRONT"; $LAB_FRONT_KEYS
				addresses = [ $front, $back ]; $gateway
				$routes
			});
		END
	else
		cat <<-END
			ports = ({
				name = "front"; device = "$LAB_DEVICE_FRONT"; $LAB_FRONT_KEYS
				addresses = [ $front ]; $gateway
			}, {
				name = "back"; device = "$LAB_DEVICE_BACK";
				addresses = [ $back ]; $LAB_BACK_KEYS
				$routes
			});
		END
	fi
}

lab_config_service() {
	local name=$1 port=$2 backend i=0 comma=''
	shift 2
	printf '\t{ name = "%s"; vip = "%s"; port = %s; mode = "%s"; scheduler = "rr"; %s\n\t  backends = (' \
		"$name" "$LAB_VIP" "$port" "$LAB_MODE" "${LAB_SERVICE_KEYS[$name]:-}"
	for backend in "$@"; do
		i=$((i + 1))
		printf '%s\n\t\t{ name = "%s-%s"; address = "%s"; port = %s; }' \
			"$comma" "$name" "$i" "$(lab_addr "${backend%:*}")" "${backend#*:}"
		comma=,
	done
	printf ' ); }'
}

lab_config() {
	local line comma=''
	cat <<-END
		eal = [ $LAB_EAL ];
		workers = { count = $LAB_WORKERS; $LAB_WORKER_KEYS };
	END
	lab_config_ports
	echo 'services = ('
	while read -r line; do
		[ -n "$line" ] || continue
		printf '%s' "$comma"
		# shellcheck disable=SC2086 # a list of words
		lab_config_service $line
		comma=$',\n'
	done <<<"$LAB_SERVICES"
	printf '\n);\nlimits = { %s };\ntimeouts = { drain = 1; };\n' "$LAB_LIMITS"
	lab_config_end
}

# What a test adds to it.
lab_config_end() {
	:
}

# A tap may be moved when synweir is through with starting its port: to the driver it is gone then.
lab_synweir_ready() {
	grep -q 'synweir: ready' "$LAB_DIR/synweir.log"
}

lab_synweir_ready_or_gone() {
	lab_synweir_ready || lab_gone "$LAB_PID"
}

# What the ports are called in the configuration. A queue a worker where the driver has any number of them.
lab_devices() {
	local ring="blocksz=$((LAB_FRAME * 32)),framesz=$LAB_FRAME,framecnt=$LAB_RING,qdisc_bypass=1,qpairs=$LAB_WORKERS"
	case $LAB_DRIVER in
	af_packet)
		LAB_DEVICE_FRONT=net_af_packet0,iface=wfront,$ring
		LAB_DEVICE_BACK=net_af_packet1,iface=wback,$ring
		;;
	af_xdp)
		# Busy polling costs the worker a tenth of its time here: veth's NAPI runs in the sender's.
		LAB_DEVICE_FRONT=net_af_xdp0,iface=wfront,busy_budget=0
		LAB_DEVICE_BACK=net_af_xdp1,iface=wback,busy_budget=0
		;;
	tap)
		LAB_DEVICE_FRONT=net_tap0,iface=wfront,mac=$LAB_MAC_FRONT
		LAB_DEVICE_BACK=net_tap1,iface=wback,mac=$LAB_MAC_BACK
		;;
	*) lab_die "unknown driver '$LAB_DRIVER' (af_packet, af_xdp, tap)" ;;
	esac
}

lab_synweir_start() {
	local bin=$LAB_BUILD/app/synweir/synweir
	[ -x "$bin" ] || lab_die "$bin is not built" || return
	lab_devices || return
	lab_config >"$LAB_DIR/synweir.conf"
	lab_spawn weir "$LAB_DIR/synweir.log" "${LAB_UNDER[@]}" "$bin" -c "$LAB_DIR/synweir.conf"
	LAB_PID=$LAB_SPAWNED
	lab_wait $LAB_WAIT lab_synweir_ready_or_gone && lab_synweir_ready && return
	cat "$LAB_DIR/synweir.log" >&2
	lab_die "synweir did not start"
}

# lab_tap_move DEVICE HOST NEWNAME: the two ends of a tap share one address at first, so change ours.
lab_tap_move() {
	ip -n "$LAB-weir" link set "$1" netns "$LAB-$2" name "$3"
	ip -n "$LAB-$2" link set "$3" address $LAB_MAC_FAR
	lab_link_up "$2" "$3"
}

# Taps exist when synweir has made them.
lab_synweir_on_taps() {
	lab_synweir_start || return
	if [ "$LAB_ARMS" = 1 ]; then
		lab_tap_move wfront switch wfront && lab_bridge_port wfront
		lab_veth switch client client eth0
		lab_bridge_port client
	else
		lab_tap_move wfront client eth0 && lab_tap_move wback switch wback && lab_bridge_port wback
	fi || { cat "$LAB_DIR/synweir.log" >&2 && return 1; }
}

# lab_mac DEVICE MAC: of synweir's end of a veth.
lab_mac() {
	ip -n "$LAB-weir" link set "$1" address "$2"
}

# The wires of synweir's host, of veth.
lab_veth_wires() {
	if [ "$LAB_ARMS" = 1 ]; then
		lab_veth switch wfront weir wfront
		lab_bridge_port wfront
		lab_veth switch client client eth0
		lab_bridge_port client
	else
		lab_veth client eth0 weir wfront
		lab_veth switch wback weir wback
		lab_bridge_port wback
		lab_mac wback $LAB_MAC_BACK
	fi
	lab_mac wfront $LAB_MAC_FRONT
}

# What synweir takes off its veths, its host's kernel has no use for.
lab_wires_ours() {
	local devices='{ wfront }'
	[ "$LAB_ARMS" = 1 ] || devices='{ wfront, wback }'
	on weir nft -f - <<-END
		table netdev ours {
			chain in {
				type filter hook ingress devices = $devices priority 0; policy drop;
			}
		}
	END
}

lab_synweir_on_veth() {
	lab_veth_wires
	lab_wires_ours
	lab_synweir_start
}

lab_synweir_up() {
	if [ "$LAB_DRIVER" = tap ]; then
		lab_synweir_on_taps
	else
		lab_synweir_on_veth
	fi
}

weirctl() {
	if [ "$LAB_DUT" = vm ]; then
		lab_vm_run weirctl "$@"
	else
		"$LAB_BUILD/app/weirctl/weirctl" -p "$LAB" "$@"
	fi
}

# lab_json EXPRESSION: read JSON on stdin, print what the Python expression makes of it (named "d").
lab_json() {
	/usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

# lab_counted NAME: how often a fate or an event happened.
lab_counted() {
	weirctl --json --all show drops | lab_json "next(row['total'] for row in d if row['name'] == '$1')"
}

# How many packets less come out of our ends of veths than go in at the far ends: DPDK's AF_PACKET driver has the
# kernel put fragments together, and fragments of which the rest never comes are never seen. (What a socket's ring has no
# room for is rx_missed; what the kernel's backlog has no room for is not in the far end's count either.)
lab_wire_kept() {
	on weir nstat -asz IpReasmReqds IpReasmOKs |
		awk '$1 == "IpReasmReqds" { sum += $2 } $1 == "IpReasmOKs" { sum -= $2 } END { print -sum }'
}

# lab_wire_packets tx|rx: what the kernel counted at the far ends of synweir's wires. Its "tx" is what synweir
# reads, less lab_wire_kept.
lab_wire_packets() {
	{
		if [ "$LAB_ARMS" = 1 ]; then
			on switch cat "/sys/class/net/wfront/statistics/$1_packets"
		else
			on client cat "/sys/class/net/eth0/statistics/$1_packets"
			on switch cat "/sys/class/net/wback/statistics/$1_packets"
		fi
		[ "$1" = rx ] || lab_wire_kept
	} | awk '{ sum += $1 } END { print sum }'
}

# How many kB of memory synweir has in use.
lab_rss_kb() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$LAB_PID/status"
}

#
# What runs on the hosts
#

# lab_listens HOST PORT
lab_listens() {
	on "$1" ss -Htln "sport = :$2" | grep -q .
}

# lab_nginx HOST: the page says who answered; files come from $LAB_DIR/www.
lab_nginx() {
	local dir=$LAB_DIR/$1
	mkdir -p "$dir" "$LAB_DIR/www"
	cat >"$dir/nginx.conf" <<-END
		user root;
		worker_processes 1;
		daemon off;
		pid $dir/nginx.pid;
		error_log $dir/nginx.log;
		events { worker_connections 4096; }
		http {
			access_log off;
			client_body_temp_path $dir/body;
			proxy_temp_path $dir/proxy;
			fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi;
			scgi_temp_path $dir/scgi;
			keepalive_requests 100000000;
			server {
				listen $([ "${LAB_FAMILY: -1}" = 4 ] || echo '[::]:')80 backlog=$LAB_BACKLOG;
				root $LAB_DIR/www;
				location = / { return 200 "hello from $1\n"; }
			}
		}
	END
	lab_spawn "$1" "$dir/nginx.out" nginx -e "$dir/nginx.log" -c "$dir/nginx.conf"
	lab_wait $LAB_WAIT test -s "$dir/nginx.pid" || lab_die "nginx did not start: $(cat "$dir"/nginx.{out,log})"
}

# lab_flood_start KIND PPS SECONDS [PACKETS]: spoofed packets at the VIP. It ends by itself after so many seconds,
# or packets; lab_flood_stop ends it earlier, and prints how many packets the wire took.
lab_flood_start() {
	[ -x "$LAB_BUILD/tests/e2e/flood" ] || lab_die "$LAB_BUILD/tests/e2e/flood is not built" || return
	lab_spawn client "$LAB_DIR/flood.log" "$LAB_BUILD/tests/e2e/flood" -i $LAB_FLOOD_LINK -m $LAB_MAC_FRONT \
		-d "$LAB_VIP" -p $LAB_FLOOD_PORT -s "$LAB_SPOOFED" -k "$1" -r "$2" -t "$3" -n "${4:-0}"
	LAB_FLOOD_PID=$LAB_SPAWNED
}

lab_flood_stop() {
	kill "$LAB_FLOOD_PID" 2>/dev/null || true
	lab_wait $LAB_WAIT lab_gone "$LAB_FLOOD_PID"
	sed -n 's/^sent=\([0-9]*\).*/\1/p' "$LAB_DIR/flood.log"
}

# lab_wrk SECONDS ARGUMENT...: HTTP load; the whole report stays in $LAB_DIR/wrk.log. Prints "DONE FAILED": "0 0" when
# wrk does not get the one connection that it wants before it begins.
lab_wrk() {
	local seconds=$1
	shift
	on client timeout $((seconds + LAB_WRK_LATE)) \
		wrk -t 1 -c 32 --timeout 10s -d "${seconds}s" "$@" "$LAB_URL/" >"$LAB_DIR/wrk.log" || true
	awk '/requests in/ { done = $1 }
		/Socket errors:/ { gsub(",", ""); failed += $4 + $6 + $8 + $10 }
		/Non-2xx/ { failed += $NF }
		END { print done + 0, failed + 0 }' "$LAB_DIR/wrk.log"
}

#
# Up and down
#

lab_up() {
	mkdir "$LAB_DIR"
	lab_hosts_up
	"lab_${LAB_DUT}_up"
	lab_client_up
	lab_nginx b1
	lab_nginx b2
	lab_wait $LAB_WAIT on client curl -sf -m 1 "$LAB_URL/" || lab_die "no page through the lab"
}

# Every process in the host's namespace, by id: first politely, then not.
lab_host_down() {
	local pids
	pids=$(ip netns pids "$LAB-$1" 2>/dev/null | xargs) || return 0
	if [ -n "$pids" ]; then
		# shellcheck disable=SC2086 # a list of ids
		kill $pids 2>/dev/null || true
		lab_wait "${2:-2}" lab_host_empty "$1" || ip netns pids "$LAB-$1" | xargs -r kill -9 || true
	fi
	ip netns del "$LAB-$1" 2>/dev/null || true
}

lab_host_empty() {
	[ -z "$(ip netns pids "$LAB-$1")" ]
}

# Safe to call twice, and in a trap. Clients go first, so that nobody is left waiting.
lab_down() {
	local host
	for host in $LAB_MORE_HOSTS client b1 b2 switch; do
		lab_host_down "$host"
	done
	lab_host_down weir 10
	rm -rf "$LAB_DIR" "/var/run/dpdk/$LAB" "/var/run/dpdk/$LAB-host"
}
