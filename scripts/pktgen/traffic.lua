-- SPDX-License-Identifier: BSD-3-Clause
-- traffic.lua: what the scripts beside it share. They are for the public Pktgen-DPDK, which runs one by "-f" and by its
-- own Lua; traffic.lua by itself sends nothing.
--
-- The environment changes what the packet ranges (*.pkt) say:
--   SYNWEIR_MAC   of synweir's port        (02:00:00:00:01:01)
--   SYNWEIR_VIP   the service's address    (192.0.2.80)
--   SYNWEIR_PORT  and its port             (80)
--   PKTGEN_SECONDS how long                (5)
--   PKTGEN_RATE   percent of the line, as pktgen knows its speed (100)
-- Everything goes by pktgen's port 0.

local traffic = {}
local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local PORT <const> = "0"
local LATE_MS <const> = 1500 -- for answers that are on their way, and for pktgen, which counts once a second

traffic.seconds = tonumber(os.getenv("PKTGEN_SECONDS") or 5)
traffic.rate = tonumber(os.getenv("PKTGEN_RATE") or 100)

local function fix(set, value, none)
	if value then
		for _, what in ipairs({ "start", "min", "max" }) do
			set(PORT, what, value)
		end
		set(PORT, "inc", none)
	end
end

-- What is sent next time: "syn" or "ack".
local function load_ranges(kind)
	-- pktgen.run() wants three arguments and reads two
	pktgen.run("cmd", here .. kind .. ".pkt", "")
	fix(pktgen.range.dst_mac, os.getenv("SYNWEIR_MAC"), "00:00:00:00:00:00")
	fix(pktgen.range.dst_ip, os.getenv("SYNWEIR_VIP"), "0.0.0.0")
	fix(pktgen.range.dst_port, tonumber(os.getenv("SYNWEIR_PORT")), 0)
end

function traffic.begin()
	pktgen.screen("off")
	pktgen.stop(PORT)
	pktgen.set_range(PORT, "on")
	pktgen.set(PORT, "count", 0)
end

-- Packets sent and received since its start.
local function counts()
	local stats = pktgen.portStats(PORT, "port")[tonumber(PORT)]
	return stats.opackets, stats.ipackets
end

-- At each start pktgen writes all of its packets anew, which can take longer than a second.
local function wait_for_packets()
	local before = counts()
	for _ = 1, 100 do
		if counts() > before then
			return
		end
		pktgen.delay(100)
	end
end

-- Sends a kind for so many seconds at a rate (percent), of several each one twice and so long; returns sent, received,
-- and how many a second were sent in the last turn.
function traffic.send(seconds, rate, ...)
	local kinds = { ... }
	local turns = #kinds > 1 and 2 * #kinds or 1
	local sent0, received0, pps
	pktgen.set(PORT, "rate", rate)
	pktgen.delay(LATE_MS)
	sent0, received0 = counts()
	for turn = 1, turns do
		load_ranges(kinds[(turn - 1) % #kinds + 1])
		pktgen.start(PORT)
		wait_for_packets()
		local before = counts()
		pktgen.delay(seconds * 1000)
		pps = (counts() - before) / seconds
		pktgen.stop(PORT)
		pktgen.delay(LATE_MS)
	end
	local sent, received = counts()
	return sent - sent0, received - received0, pps
end

function traffic.report(name, sent, received, pps)
	print(string.format("%s: %.3f Mpps, sent %d, received %d, %.3f %% not answered", name, pps / 1e6, sent, received,
		sent > 0 and 100 * (sent - received) / sent or 0))
end

function traffic.finish()
	pktgen.quit()
end

return traffic
