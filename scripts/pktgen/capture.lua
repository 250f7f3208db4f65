-- SPDX-License-Identifier: BSD-3-Clause
-- capture.lua: the packets of a capture, over and over: "pktgen ... -s 0:FILE -f capture.lua". Of the settings in traffic.lua only
-- PKTGEN_SECONDS and PKTGEN_RATE change anything: addresses and ports are the capture's.

local traffic = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "traffic.lua")

traffic.run(function()
	traffic.start()
	traffic.report("capture", traffic.measure(traffic.rate, traffic.seconds))
	traffic.report_total(traffic.stop())
end, pktgen.pcap)
