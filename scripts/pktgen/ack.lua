-- SPDX-License-Identifier: BSD-3-Clause
-- ack.lua: a flood of ACKs that belong to nothing; synweir answers none of them. traffic.lua has the settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")

traffic.begin()
traffic.report("ack", traffic.send(traffic.seconds, traffic.rate, "ack"))
traffic.finish()
