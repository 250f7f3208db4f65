#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# catches.sh SCRIPT: that program finds what is wrong with scripts, and says so for the right reason.
set -euo pipefail
script=$(realpath "$1")
cd "$(dirname "$0")"

# must_say WORDS ARGUMENT...: the program fails, does not crash, and says those words.
must_say() {
	local words=$1 said status=0
	shift
	said=$("$script" "$@") || status=$?
	if [[ $status != 1 || $said != *"$words"* ]]; then
		printf '%s\nstatus %s, and not "%s": %s\n' "$said" "$status" "$words" "$*"
		exit 1
	fi
}

"$script" --wrong wrong/*.pkt
must_say "passes, should be caught" --wrong wrong/nothing.txt
must_say "does not say what is wrong with it" --wrong hc20_sack.pkt
must_say "should be caught at 5: wrong seq" --wrong wrong/other_line.txt
must_say "should be caught at 4: wrong ack" --wrong wrong/other_reason.txt
must_say "no script reaches LAST_ACK: RST, the backend being the other" --cells hc20_sack.pkt
must_say "wrong seq" wrong/seq.pkt
