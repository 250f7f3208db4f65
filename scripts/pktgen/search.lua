-- SPDX-License-Identifier: BSD-3-Clause
-- search.lua: the highest rate of SYNs at which every one is answered, in the manner of RFC 2544 §26.1: trials of
-- PKTGEN_SECONDS, halving between the highest rate that lost nothing and the lowest that did.
--
-- PKTGEN_LOSS is what may be lost, in percent (0). Exact to PKTGEN_STEP percent of the line (0.5).
-- RFC 2544 wants trials of 60 s, at the end at least. traffic.lua has the other settings.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")
local most = tonumber(os.getenv("PKTGEN_LOSS") or 0)
local step = tonumber(os.getenv("PKTGEN_STEP") or 0.5)

-- Whether a trial lost no more than it may. One that sent nothing has shown nothing.
local function passes(rate)
	local sent, received, pps = traffic.send(traffic.seconds, rate, "syn")
	traffic.report(string.format("search: %.2f %% of the line", rate), sent, received, pps)
	return sent > 0 and 100 * (sent - received) / sent <= most, pps
end

local good, good_pps, bad = 0, 0, traffic.rate
traffic.begin()
local ok, pps = passes(bad)
if ok then
	good, good_pps = bad, pps
end
while bad - good > step do
	local rate = (good + bad) / 2
	ok, pps = passes(rate)
	if ok then
		good, good_pps = rate, pps
	else
		bad = rate
	end
end
print(string.format("search: answered to the last SYN up to %.2f %% of the line, %.3f Mpps", good, good_pps / 1e6))
traffic.finish()
