-- SPDX-License-Identifier: BSD-3-Clause
-- mixed.lua: as many SYNs as ACKs that belong to nothing, in turns: a port of Pktgen has one packet range, and that has one set
-- of flags. A turn is a number of packets, not a time, so that neither kind gets more. Connections it cannot have:
-- "weirgen mixed" does. traffic.lua has the settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")

local function both(rate, count)
	return traffic.send_count("syn", rate, count) + traffic.send_count("ack", rate, count)
end

traffic.run(function()
	local writing_s = traffic.send_count("syn", traffic.rate, 64) -- what each turn begins with
	traffic.expect_answers("syn", traffic.stop())
	traffic.send_count("ack", traffic.rate, 64)
	local first = traffic.stop()
	local busy_s, turn = 0, 50000
	while busy_s < traffic.seconds do
		local took = both(traffic.rate, turn)
		busy_s = busy_s + took
		if took < 8 * writing_s then
			turn = 2 * turn
		end
	end
	local last = traffic.stop()
	local sent = last.sent - first.sent
	traffic.report("mixed", { sent = sent, answered = last.answered - first.answered, pps = sent / busy_s })
	traffic.report_total(last)
end)
