-- SPDX-License-Identifier: BSD-3-Clause
-- traffic.lua: what the scripts beside it share. They are for the public Pktgen-DPDK, which runs one of them by "-f" with its
-- own Lua; traffic.lua by itself sends nothing.
--
-- Environment:
--   SYNWEIR_MAC      MAC address of synweir's port          (02:00:00:00:01:01)
--   SYNWEIR_VIP      address of the service                 (192.0.2.80)
--   SYNWEIR_PORT     port of the service                    (80)
--   PKTGEN_SECONDS   length of a measurement                (5)
--   PKTGEN_RATE      percent of Pktgen's line rate          (100)
-- Everything is sent on Pktgen's port 0.
--
-- Pktgen tells a script neither that a command was refused nor what it sends. So a script reads every setting back before it
-- sends, looks whether what it sends is answered as it should be, and otherwise ends with a line "error:" and status 1.

local traffic = {}
local PORT <const> = "0"
local IDLE <const> = 0.01 -- percent: the lowest rate that Pktgen has, about 1 500 packets a second at 10 Gbit/s
local WAIT_S <const> = 20 -- for what should happen at once, on a machine that may be busy

traffic.seconds = tonumber(os.getenv("PKTGEN_SECONDS") or 5)
traffic.rate = tonumber(os.getenv("PKTGEN_RATE") or 100)

local mac = (os.getenv("SYNWEIR_MAC") or "02:00:00:00:01:01"):lower()
local vip = os.getenv("SYNWEIR_VIP") or "192.0.2.80"
local service = tonumber(os.getenv("SYNWEIR_PORT") or 80)

-- Packet ranges: start, minimum, maximum, increment. Pktgen writes its packets once at each start (24576 of them in 23.06.1, 98304
-- in 25.07.1), each with the next source, and sends them over and over. Sequence numbers of ACKs are no cookies.
local sources = {
	{ "dst mac", mac, mac, mac, "00:00:00:00:00:00" },
	{ "src ip", "198.18.0.1", "198.18.0.1", "198.19.255.254", "0.0.0.1" },
	{ "dst ip", vip, vip, vip, "0.0.0.0" },
	{ "src port", 1024, 1024, 64534, 1 },
	{ "dst port", service, service, service, 0 },
	{ "tcp seq", 1000, 1000, 2000000000, 7919 },
	{ "size", 64, 64, 64, 0 },
}
local acknowledgments = {
	syn = { "tcp ack", 0, 0, 0, 0 },
	ack = { "tcp ack", 1000, 1000, 2000000000, 39191 },
}

-- For these Pktgen has a function, which unlike a command does not clutter the screen.
local setters = {
	["dst mac"] = pktgen.range.dst_mac,
	["src ip"] = pktgen.range.src_ip,
	["dst ip"] = pktgen.range.dst_ip,
	["src port"] = pktgen.range.src_port,
	["dst port"] = pktgen.range.dst_port,
	["size"] = pktgen.range.pkt_size,
}

local sending -- since start(): "syn", "ack" or nil

local function fail(...)
	error(string.format(...), 0)
end

local function now_s()
	local file <close> = assert(io.open("/proc/uptime"))
	return file:read("n")
end

-- Pktgen 24.10.3 replaced "tcp flag clr all" and "tcp flag set syn" by "tcp flags syn", and silently sends ACKs when it is
-- asked in the old way.
local function is_new()
	local major, minor, patch = pktgen.info.Pktgen_Version:match("(%d+)%.(%d+)%.(%d+)")
	if not major then
		fail("unknown version '%s'", pktgen.info.Pktgen_Version)
	end
	return major * 10000 + minor * 100 + patch >= 241003
end

--
-- Packets, set and read back
--

-- The commands that set the flags, and what pktgen.save() has to say then. The old Pktgen saves the flags of its single packet
-- only: they are set by the same words, so that these are read back.
local function flags_commands(kind)
	if is_new() then
		return { "range 0 tcp flags " .. kind }, { "range 0 tcp flags " .. kind }
	end
	local commands = {}
	for _, what in ipairs({ "set", "range" }) do
		commands[#commands + 1] = what .. " 0 tcp flag clr all"
		commands[#commands + 1] = what .. " 0 tcp flag set " .. kind
	end
	return commands, { "set 0 tcp flag set " .. kind }
end

local function run_commands(commands)
	local path = os.tmpname()
	local file = assert(io.open(path, "w"))
	file:write(table.concat(commands, "\n"), "\n")
	file:close()
	pktgen.run("cmd", path, "") -- it wants three arguments and reads two
	os.remove(path)
end

local function saved_lines()
	local path, lines = os.tmpname(), {}
	pktgen.save(path)
	for line in io.lines(path) do
		lines[line] = true
	end
	os.remove(path)
	return lines
end

-- What is sent after the next start: "syn" or "ack".
local function set_packets(kind)
	local commands, expected = flags_commands(kind)
	commands[#commands + 1] = "range 0 proto tcp"
	expected[#expected + 1] = "range 0 proto tcp"
	for _, range in ipairs({ acknowledgments[kind], table.unpack(sources) }) do
		local name, set = range[1], setters[range[1]]
		for i, what in ipairs({ "start", "min", "max", "inc" }) do
			if set then
				set(PORT, what, range[i + 1])
			end
			expected[#expected + 1] = string.format("range 0 %s %s %s", name, what, range[i + 1])
		end
		if not set then
			commands[#commands + 1] = "range 0 " .. table.concat(range, " ")
		end
	end
	run_commands(commands)
	local lines = saved_lines()
	for _, line in ipairs(expected) do
		if not lines[line] then
			fail("Pktgen refused '%s'", line)
		end
	end
end

--
-- Counting
--

-- All since Pktgen's start: packets sent and received, and how many of these answer nothing: synweir asks for its neighbours by ARP
-- and ND. 25.07.1 counts each packet 16 times by its kind, once for every queue that there might be.
local function counts()
	local port = pktgen.portStats(PORT, "port")[tonumber(PORT)]
	local kinds = pktgen.pktStats(PORT)[tonumber(PORT)]
	local times = is_new() and 16 or 1
	local own, known = kinds.arp_pkts + kinds.ipv6_pkts, kinds.arp_pkts + kinds.ipv6_pkts + kinds.ip_pkts
	return {
		sent = port.opackets,
		received = port.ipackets,
		own = own // times,
		known = known // times,
		answered = port.ipackets - own // times,
	}
end

-- Pktgen reads its device's counters once a second: the next ones, as soon as they are there.
local function next_counts()
	local before, deadline = counts(), now_s() + WAIT_S
	while now_s() < deadline do
		local count = counts()
		if count.sent ~= before.sent or count.received ~= before.received then
			return count
		end
		pktgen.delay(5)
	end
	fail("nothing is sent: is the link up?")
end

-- Sent and answered until now, exactly. While packets go out at the idle rate a few may be under way in one reading, so the fewest
-- that are missing count, when three readings agree on them. ACKs have no answers to miss.
local function settled()
	local best, seen = nil, 0
	pktgen.delay(500) -- what the rate before left in the rings
	for _ = 1, 30 do
		local count = next_counts()
		count.missing = count.sent - count.answered
		if not best or count.missing < best.missing then
			best, seen = count, 0
		end
		if count.missing == best.missing then
			best, seen = count, seen + 1
		end
		if seen == 3 or sending == "ack" then
			break
		end
	end
	return best
end

--
-- Sending
--

-- Starts at the idle rate, "syn", "ack", or what else is set up already. To write its packets takes Pktgen a while, and what was
-- due meanwhile it sends at once (23.06.1): at a higher rate that is a burst which no rate explains.
function traffic.start(kind)
	sending = kind
	if kind then
		set_packets(kind)
	end
	pktgen.set(PORT, "count", 0)
	pktgen.set(PORT, "rate", IDLE)
	pktgen.start(PORT)
	traffic.expect_answers(kind, settled())
end

-- Sends at a rate, in percent of the line, for so many seconds, after start(): what was sent, answered, and sent a second.
function traffic.measure(rate, seconds)
	local before = settled()
	local start = now_s()
	pktgen.set(PORT, "rate", rate)
	pktgen.delay(math.floor(seconds * 1000))
	pktgen.set(PORT, "rate", IDLE)
	local took = now_s() - start
	local after = settled()
	local sent = after.sent - before.sent
	return { sent = sent, answered = after.answered - before.answered, pps = sent / took }
end

-- Stops, and returns everything since Pktgen's start when the last answers have come.
function traffic.stop()
	pktgen.stop(PORT)
	pktgen.delay(2500)
	local count = counts()
	if math.abs(count.known - count.received) > 100 then -- one or the other is a second older
		fail("Pktgen received %d packets, and knows the kind of %d", count.received, count.known)
	end
	return count
end

-- Sends so many packets of a kind at a rate, not more and not fewer; returns how long it took.
function traffic.send_count(kind, rate, count)
	set_packets(kind)
	pktgen.set(PORT, "count", count)
	pktgen.set(PORT, "rate", rate)
	local start = now_s()
	pktgen.start(PORT)
	while pktgen.isSending(PORT)[tonumber(PORT)] == "y" do
		if now_s() - start > WAIT_S then
			fail("%d packets at %s %% of the line take over %d s", count, rate, WAIT_S)
		end
		pktgen.delay(2)
	end
	return now_s() - start
end

-- SYNs are answered. ACKs that belong to nothing are not, but for a few that get RST; if most are, they were SYNs.
function traffic.expect_answers(kind, result)
	if kind == "syn" and result.answered == 0 then
		fail("no SYN is answered: is synweir there, is %s its MAC address?", mac)
	elseif kind == "ack" and 2 * result.answered > result.sent then
		fail("%d of %d ACKs are answered", result.answered, result.sent)
	end
end

function traffic.say(...)
	print("\n" .. string.format(...)) -- Pktgen's prompt may stand on the line
end

function traffic.report(name, result)
	traffic.say("%s: %.3f Mpps, sent %d, answered %d, %.3f %% not answered", name, result.pps / 1e6, result.sent,
		result.answered, result.sent > 0 and 100 * (result.sent - result.answered) / result.sent or 0)
end

function traffic.report_total(count)
	traffic.say("total: sent %d, received %d, of which %d ARP or ND", count.sent, count.received, count.own)
end

-- Runs a script's work with packets of a range, or of a capture when choose is pktgen.pcap, and ends Pktgen, whatever comes.
function traffic.run(work, choose)
	pktgen.screen("off")
	pktgen.stop(PORT)
	choose = choose or pktgen.set_range
	choose(PORT, "on")
	local ok, message = pcall(work)
	pktgen.stop(PORT)
	if not ok then
		-- pktgen.quit() would end with status 0, but would leave the terminal as it was found
		os.execute("stty sane 2>/dev/null; printf '\\0337\\033[r\\0338'")
		traffic.say("error: %s", message)
		os.exit(1)
	end
	pktgen.quit()
end

return traffic
