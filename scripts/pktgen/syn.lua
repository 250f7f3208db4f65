-- SPDX-License-Identifier: BSD-3-Clause
-- syn.lua: a flood of SYNs, each of which wants a SYN-ACK. traffic.lua has the settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")

traffic.run(function()
	traffic.start("syn")
	traffic.report("syn", traffic.measure(traffic.rate, traffic.seconds))
	traffic.report_total(traffic.stop())
end)
