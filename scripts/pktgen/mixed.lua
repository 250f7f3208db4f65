-- SPDX-License-Identifier: BSD-3-Clause
-- mixed.lua: SYNs and ACKs that belong to nothing, by turns (a port of pktgen has one range, and it has one set of
-- flags). Connections it cannot have: "weirgen mixed" does. traffic.lua has the settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")

traffic.begin()
traffic.report("mixed", traffic.send(traffic.seconds, traffic.rate, "syn", "ack"))
traffic.finish()
