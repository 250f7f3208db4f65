-- SPDX-License-Identifier: BSD-3-Clause
-- search.lua: the highest rate of SYNs at which every one is answered, in the manner of RFC 2544 §26.1: trials of
-- PKTGEN_SECONDS, halving between the highest rate that lost nothing and the lowest that did. Between trials the rate is
-- changed while Pktgen sends: each start of it would be a burst.
--
-- PKTGEN_LOSS is what may be lost, in percent (0). Exact to PKTGEN_STEP percent of the line (0.5), and to half of the rate below
-- that. RFC 2544 wants trials of 60 s, at the end at least. traffic.lua has the other settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")
local most = tonumber(os.getenv("PKTGEN_LOSS") or 0)
local step = tonumber(os.getenv("PKTGEN_STEP") or 0.5)
local LEAST <const> = 0.02 -- percent of the line; Pktgen has no rate below half of that

-- Whether a trial lost no more than it may. One that sent nothing has shown nothing.
local function passes(rate)
	local result = traffic.measure(rate, traffic.seconds)
	traffic.report(string.format("search: %.2f %% of the line", rate), result)
	return result.sent > 0 and 100 * (result.sent - result.answered) / result.sent <= most, result.pps
end

traffic.run(function()
	traffic.start("syn")
	local good, good_pps, bad = 0, 0, traffic.rate
	local rate = bad
	while rate >= LEAST and (bad - good > step or good == 0) do
		local ok, pps = passes(rate)
		if ok then
			good, good_pps = rate, pps
		else
			bad = rate
		end
		if good == traffic.rate then
			break
		end
		rate = (good + bad) / 2
	end
	traffic.say("search: answered to the last SYN up to %.2f %% of the line, %.3f Mpps", good, good_pps / 1e6)
	traffic.report_total(traffic.stop())
end)
