/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet scripts: what both ends of a connection through synweir say and get, line by line, on a
 * clock that only the script turns. Who knows packetdrill will read them; the differences come from
 * there being two ends.
 *
 *	// a comment
 *	client > SYN seq 0 win 64240 <mss 1460, sackOK, ts 100 0, ws 7>    the client sends
 *	client < SYN ACK seq 0 ack 1 win 14600 <...>                       the client gets
 *	fate handshake_ack                                                 of what was sent last
 *	+0.2 backend < SYN seq 0 ...                                       0.2 s later
 *	+60                                                                60 s of silence
 *	state FIN_WAIT_2
 *	count syn_ack_resent 1
 *
 * A line is [MODE:] [FAMILY:] [+SECONDS] STATEMENT. "nat:" and "fullnat:" make it one of that mode's runs only,
 * "ipv4:" and "ipv6:" of that family's: each script is run in both, and in "fullnat" with an IPv6 client and an IPv4
 * backend ("v6v4:") and the reverse ("v4v6:").
 *
 * Ends: client, client2 (another port of the same address), backend, backend2; closer and other: the
 * script is run twice, the closer being the client and being the backend.
 *
 * Hosts have the same numbers in either family (tests/lib/ip.h): an address in a script is that of IPv4. So is an
 * MSS: in IPv6 it is 20 less, as its header is that much longer, and "mss default" stands for the family's
 * default (536, 1220), which counts where the option is missing. Between families an end is shown the client's MSS, of
 * an IPv4 client 1440 at most.
 *
 * Packets: FLAGS seq FROM[:TO] [ack N] [win N] [<options>] [words]. Flags are SYN FIN RST PSH URG ECE
 * CWR ACK, or none. FROM:TO has TO - FROM bytes of payload, whose content is checked. Options: mss N,
 * ws N, sackOK, ts TSVAL TSECR, sack FROM:TO..., nop, eol, bytes HEX. All numbers are those of the end
 * that sends or gets: 0 is its own ISN (TSval: where its clock began), and of the other end's the ISN
 * (TSval) of the first SYN or SYN-ACK that it was shown. Without ACK an echo or acknowledgement is raw,
 * and 0 unless said otherwise.
 *
 * What an end gets must be exactly that, and in that order for all ends together: flags, numbers,
 * every option (their order and padding aside), addresses, neighbour. `win` may be left out; `any`
 * stands for a number that does not matter. What leaves without being expected fails the script, as
 * does what leaves before its time or later than a tick of the wheel.
 *
 * Words on what is sent: new (another connection from the same addresses: another ISN), old (in the
 * numbers of the connection before), ttl N, port N and to ADDRESS (not the service's), badsum,
 * fragment, vlan, cut, astray (arrives by the other side's port); in IPv4 ip_options; in IPv6 routing and
 * strict_option, which are extension headers. "ICMP ERROR seq N" (no_host, no_port, too_big) quotes the last
 * segment that the end got, with that seq; got, it quotes the end's own segment with that seq. Words on what is got: new (another connection: numbers are
 * bound anew), later (the same, and RFC 6191 must find it later than the one before), old, sameport,
 * otherport (the local port that the backend is shown), port N (of the VIP).
 *
 * Further statements:
 *	set NAME VALUE     of the configuration, before the first packet; times in seconds. With proxy_protocol
 *	                   v1 or v2 the first bytes that a backend gets must be the header (without TLVs)
 *	reload NAME VALUE  the same, later: the configuration is read again with that difference
 *	isn END N          its ISN; "clock END N": where its timestamps begin
 *	only MODE          not for the other mode
 *	only FAMILY        not for the other families, because it is about something that only this one has
 *	include FILE       FILE's lines stand here
 *	stall SECONDS      synweir is not scheduled for so long
 *	drain, reset       SIGTERM, and the end of the drain time
 */
#ifndef WEIR_SCRIPT_PLAY_H
#define WEIR_SCRIPT_PLAY_H

#include "flow/policy.h"
#include "words.h"

/* What clients and backends speak; those that differ are for "fullnat". */
enum play_family { PLAY_IPV4, PLAY_IPV6, PLAY_V6V4, PLAY_V4V6, PLAY_FAMILIES };

extern const char *const play_family_names[PLAY_FAMILIES];

/* One of the runs of a script. */
struct play_run {
	enum weir_mode mode;
	enum play_family family;
	enum weir_side closer;
};

/* Plays the script in that run; false: *failure says why. *closers: it speaks of closer or other. */
bool play(const char *path, const struct play_run *run, bool *closers, struct failure *failure);

/* "nat, ipv6, closer=client", in a text that the next call overwrites. */
const char *play_run_name(const struct play_run *run, bool closers);

#endif
