#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# secret: the master secret is in one locked page that a core dump has not, and nowhere else: after the start, under
# load, in the next key epoch, and after a reload. Nodes' cookies need it; a thief of a core dump must not have it.
#
#   curl on client --> VIP:80 --> nginx on b1, b2
#
# variants: nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

SECRET=8f1d4c67a2b95e03d6710fa8c43b92e5

# What lab_config says, and the secret's file.
lab_config_end() {
	echo "cookie = { secret_file = \"/tmp/$LAB/key\"; };"
	(umask 077 && echo "$SECRET" >"$LAB_DIR/key")
}

copies() {
	"$E2E/tools/copies.py" "$LAB_PID" $SECRET
}

# 16 bytes, their halves: three finds.
kept_apart="in a dump: 0; in pages that are not dumped: 3, locked: yes"

epochs() {
	[ "$(lab_counted key_rotated)" -gt "$1" ]
}

e2e_up "$@"
check "pages" get "$LAB_URL/" -o /dev/null
check "the secret's copies" same "$(copies)" "$kept_apart"
rotated=$(lab_counted key_rotated)
check "a key epoch passes" lab_wait 40 epochs "$rotated"
check "pages" get "$LAB_URL/" -o /dev/null
check "the secret's copies" same "$(copies)" "$kept_apart"
check "a reload" weirctl reload
check "pages" get "$LAB_URL/" -o /dev/null
check "the secret's copies" same "$(copies)" "$kept_apart"
e2e_end
