#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# capacity.sh SYNWEIR: "synweir -t" says what the limits add up to.
set -euo pipefail
synweir=$(realpath "$1")
TMP=$(mktemp -d /tmp/synweir-capacity.XXXXXX)
trap 'rm -rf "$TMP"' EXIT

cat >"$TMP/synweir.conf" <<'END'
workers = { count = 3; };
ports = ({ name = "lan"; device = "net_tap0,iface=w0"; addresses = [ "192.0.2.1/24", "192.0.2.2/24" ]; });
limits = { connections = 100000; adaptive_start = 50; };
services = (
	{ name = "web"; vip = "192.0.2.80"; port = 80;
		backends = ({ name = "w1"; address = "192.0.2.11"; port = 80; },
			{ name = "w2"; address = "192.0.2.12"; port = 80; }); },
	{ name = "mail"; vip = "192.0.2.80"; port = 25; mode = "nat";
		backends = ({ name = "m1"; address = "192.0.2.11"; port = 25; }); });
END
"$synweir" -t -c "$TMP/synweir.conf" >"$TMP/said"
while read -r line; do
	grep -qxE "$line" "$TMP/said" || { echo "not said: $line" && cat "$TMP/said" && exit 1; }
done <<'END'
connections: 100000, of 3 workers 33334 each; idle times shrink from 16667 to 33334 of these
service web: fullnat, 2 backends, addresses x ports towards them: 258048 connections
service mail: nat, 1 backends: as many connections as the table has
memory: [0-9]+\.[0-9] MB of each worker, [0-9]+\.[0-9] MB in all, and packet buffers
END
# the table alone takes 160 bytes a connection
awk '/^memory/ { exit !($2 >= 33334 * 160 / 1048576 && $7 >= 3 * $2 - 0.2 && $7 <= 3 * $2 + 0.2) }' "$TMP/said" ||
	{ cat "$TMP/said" && exit 1; }
