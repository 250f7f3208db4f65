#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sandbox: what conf/synweir.service.in takes from the daemon is little missed: it starts, serves, is reloaded and
# stops with those capabilities, system calls and files; what it does not need to run it has given up by itself.
#
#   curl on client --> VIP:80 --> nginx on b1, b2
#
# variants: fullnat-1 fullnat-1-xdp fullnat-1-tap
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

UNIT=$LAB_BUILD/conf/synweir.service
LAB_UNDER=("$E2E/tools/sandbox.py" "$UNIT" "/tmp/$LAB")
[[ $1 != *-xdp ]] || LAB_UNDER[1]+=:$LAB_ROOT/conf/synweir.service.d/af_xdp.conf

# Sockets and programs work under it.
LAB_SERVICE_KEYS[ssh]='check = { address = "127.0.0.1"; port = 1; inter = 0.5; };'
LAB_SERVICE_KEYS[iperf]='check = { type = "exec"; command = [ "/bin/sh", "-c", "exit 3" ]; inter = 0.5; };'

checks_say() {
	weirctl --json show checks | lab_json "' '.join(row['text'] for row in d if row['service'] in ('ssh', 'iperf'))"
}

exposure() {
	systemd-analyze security --no-pager --offline=true "$UNIT" | sed -n 's/.*exposure level.*: \([0-9]*\)\.\([0-9]\) .*/\1\2/p'
}

# Of all threads: what is in that line of /proc/PID/status.
of_threads() {
	grep -h "^$1:" "/proc/$LAB_PID/task/"*/status | cut -f 2 | sort -u | xargs
}

reloads() {
	weirctl reload
}

check "systemd-analyze security, in tenths" at_most "$(exposure)" 30
e2e_up "$@"
case $1 in
*-xdp | *-tap) kept=0000000000001000 ;; # CAP_NET_ADMIN, to take its programs and links away in the end
*) kept=0000000000000000 ;;
esac
check "pages" lab_wait 3 page_from b1
check "all threads have no capability that is not needed" same "$(of_threads CapEff) $(of_threads CapPrm)" "$kept $kept"
check "nor can they get one" same "$(of_threads NoNewPrivs)" 1
check "it runs under the unit's filters" same "$(of_threads Seccomp)" 2
checked() {
	same "$(checks_say | tr ' ' '\n' | sort | xargs)" "3 connection exit refused status"
}
check "health checks work" lab_wait 5 checked
check "it is reloaded" reloads
check "pages after that" lab_wait 3 page_from b2
e2e_end
kill "$LAB_PID"
check "it ends" lab_wait 10 lab_gone "$LAB_PID"
check "and says so" grep -q "stopped: .* 0 unaccounted for" "$LAB_DIR/synweir.log"
# libxdp looks for others' programs in the end, which it may not any more; its own it takes away
check "nothing was refused meanwhile" fails grep -i "not permitted" <(grep -v libxdp "$LAB_DIR/synweir.log")
check "no XDP program is left" fails grep xdp <(ip -n "$LAB-weir" link show)
