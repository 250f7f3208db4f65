-- SPDX-License-Identifier: BSD-3-Clause
-- ack.lua: a flood of ACKs that belong to nothing. synweir answers none of them, but an ACK that comes again soon, which gets RST,
-- limits.reply_budget times a second at most. traffic.lua has the settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")

traffic.run(function()
	traffic.start("ack")
	local result = traffic.measure(traffic.rate, traffic.seconds)
	traffic.expect_answers("ack", result)
	traffic.report("ack", result)
	traffic.report_total(traffic.stop())
end)
