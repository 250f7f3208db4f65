#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# backends: one is killed, one refuses, one is silent: clients reach the other, or are refused at once
# (HC-11, HC-12).
#
#   VIP:81 --> b1:9 (closed), b2:80          reaches b2
#   VIP:82 --> b1:9 (closed), b2:9 (closed)  refused
#   VIP:83 --> 10.0.0.99 (nobody), b2:80     reaches b2
#   VIP:80 --> b1:80 (killed), b2:80         reaches b2, at once
#   VIP:7  --> b1 (cable pulled), b2         new connections reach b2
#   VIP:99 --> no service                    refused by synweir itself
#
# variants: fullnat-1-tap nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# Ten at once: half of them have to wait where a backend is silent.
pages_from_b2() {
	local i
	for i in $(seq 10); do
		get -m 8 "$LAB_URL:$1/" &
	done >"$LAB_DIR/pages"
	wait
	same "$(sort "$LAB_DIR/pages" | uniq -c | xargs)" "10 hello from b2"
}

kill_nginx() {
	kill "$(cat "$LAB_DIR/$1/nginx.pid")"
	lab_wait $LAB_WAIT test ! -e "$LAB_DIR/$1/nginx.pid"
}

E2E_ATTEMPTS=4
LAB_SERVICES+="one-silent 83 10.0.0.99:80 10.0.0.12:80"
e2e_up "$@"
is_synweir || { echo "the stand-in tries no second backend" && exit 77; }
check "one refuses: the other answers" pages_from_b2 81
check "all refuse: the client is told" client_py refused "$LAB_VIP" 82 --count 20 --limit 3
check "one is silent: the other answers" pages_from_b2 83
check "no such service: the client is told" client_py refused "$LAB_VIP" 99 --count 20 --limit 3
kill_nginx b1
check "one is killed: the other answers" pages_from_b2 80
kill_nginx b2
check "both are killed: the client is told" client_py refused "$LAB_VIP" 80 --count 20 --limit 3
lab_nginx b1
check "one is back: it answers" get "$LAB_URL/"
ip -n "$LAB-switch" link set b1 down
check "a cable is pulled: the other answers" client_py echo "$LAB_VIP" 7 --count 20
ip -n "$LAB-switch" link set b1 up
check "the cable is back: all answer" client_py echo "$LAB_VIP" 7 --count 20
e2e_end
