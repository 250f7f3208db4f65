-- SPDX-License-Identifier: BSD-3-Clause
-- syn.lua: a flood of SYNs, each of which wants a SYN-ACK. traffic.lua has the settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")

traffic.begin()
traffic.report("syn", traffic.send(traffic.seconds, traffic.rate, "syn"))
traffic.finish()
