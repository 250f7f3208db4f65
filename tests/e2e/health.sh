#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# health: backends that are checked are killed, blackholed, stopped and healed while clients load the service. Once
# a check has found one down no client meets it; when all are down clients are told at once.
#
#   checks: weir:mgmt (10.0.0.2) ---[ br0 in switch ]--- b1, b2
#   VIP:80 --> b1:80, b2:80   http     VIP:7 --> b1:7, b2:7   exec
#
# variants: fullnat-1 fullnat-3-flood nat-1
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

EVERY='inter = 0.5; rise = 2; fall = 3;'
LAB_SERVICE_KEYS[web]="check = { type = \"http\"; path = \"/\"; body = \"hello\"; $EVERY }; on_down = \"reset\";"
LAB_SERVICE_KEYS[echo]="check = { type = \"exec\"; command = [ \"/bin/sh\", \"-c\", \"! [ -e /tmp/$LAB/out-\$SYNWEIR_BACKEND ]\" ]; $EVERY };"

# A kernel that reaches the backends beside synweir, whose ports it has no address on.
kernel_reaches_backends() {
	lab_veth weir mgmt switch mgmt
	lab_bridge_port mgmt
	lab_has weir mgmt 10.0.0.2/24
}

# is SERVICE/BACKEND CHECK: what its check says.
is() {
	[ "$(weirctl --json show backends | lab_json "next(row['check'] for row in d if row['service'] + '/' + row['name'] == '$1')")" = "$2" ]
}

becomes() {
	lab_wait 8 is "$@"
}

# Pages by connections of their own, none of which fails or is late: 1 s is less than any SYN's second retransmission.
pages_only_from() {
	local i
	for i in $(seq 20); do
		get -m 1 "$LAB_URL/" || return 1
	done >"$LAB_DIR/pages"
	same "$(sort -u "$LAB_DIR/pages" | xargs)" "hello from $1"
}

blackhole() {
	on "$1" nft -f - <<-END
		table netdev hole { chain in { type filter hook ingress device eth0 priority 0; policy drop; }; }
	END
}

# Processes of a web server: its kernel takes connections, and no answer comes.
nginx_all() {
	local pid
	pid=$(cat "$LAB_DIR/$2/nginx.pid")
	kill "-$1" $(pgrep -P "$pid") "$pid"
}

# Ten requests at once: each is answered (0) or told by RST (56) before its time is over (28).
answered_or_told() {
	local i
	for i in $(seq 10); do
		(on client curl -s -o /dev/null -m 10 "$LAB_URL/" && echo 0 || echo $?) &
	done >"$LAB_DIR/ends"
	wait
	same "$(sort -u "$LAB_DIR/ends" | xargs)" "0 56"
}

log_has() {
	grep -q "$1" "$LAB_DIR/synweir.log"
}

E2E_ATTEMPTS=6
e2e_up "$@"
is_synweir || { echo "the stand-in checks nothing" && exit 77; }
kernel_reaches_backends
LAB_MORE_HOSTS+=" weir" # its connections are checks
check "both are up" becomes web/web-1 up
check "both are up" becomes web/web-2 up
kill "$(cat "$LAB_DIR/b1/nginx.pid")"
check "one is killed: its check sees it" becomes web/web-1 down
check "no client meets it" pages_only_from b2
check "the log says so" log_has "warning: backend down: web/web-1: http check: .*; 1 of 2 are up"
lab_nginx b1
check "it is back" becomes web/web-1 up
blackhole b1
check "it is blackholed: its check sees it" becomes web/web-1 down
check "no client meets it" pages_only_from b2
on b1 nft delete table netdev hole
check "it is healed" becomes web/web-1 up
nginx_all STOP b1
check "it is stopped: its clients are told" answered_or_told
check "its check sees it" is web/web-1 down
check "connections of it ended" at_least "$(lab_counted conn_backend_down)" 1
check "no client meets it" pages_only_from b2
nginx_all CONT b1
check "it goes on" becomes web/web-1 up
touch "$LAB_DIR/out-echo-2"
check "a program says no" becomes echo/echo-2 down
check "all clients reach the other" client_py echo "$LAB_VIP" 7 --count 20
touch "$LAB_DIR/out-echo-1"
check "a program says no to all" becomes echo/echo-1 down
check "clients are told" client_py refused "$LAB_VIP" 7 --count 20 --limit 3
rm "$LAB_DIR"/out-echo-*
check "it says yes again" becomes echo/echo-1 up
check "all are served" client_py echo "$LAB_VIP" 7 --count 20
check "a reload keeps states" weirctl reload
check "up still" is web/web-1 up
e2e_end
