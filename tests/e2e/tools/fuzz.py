#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Odd frames, each once or a few times: what stacks and middle boxes have fallen over.

usage: fuzz.py IFACE GATEWAY_MAC VIP PORT ROUNDS

Goes through the list ROUNDS times, then injects segments far out of the window into a live
connection to PORT (an echo server), which must not notice. Prints the number of frames sent.
"""
import logging
import random
import socket
import struct
import sys
import time

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
from scapy.all import (ARP, ICMP, IP, IPv6, SCTP, TCP, UDP, AsyncSniffer, Dot1Q, Ether,  # noqa: E402
                       IPOption, Raw, conf, fragment)

SPOOFED = "198.18.7.7"
BACKEND = "10.0.0.11"
LOCAL = "192.0.2.1"

rand = random.Random(9)


def tcp_options(*kinds_and_bytes):
    """TCP options as raw bytes, padded: scapy would correct what must stay wrong."""
    data = b"".join(kinds_and_bytes)
    return data + b"\0" * (-len(data) % 4)


def raw_tcp(options=b"", **fields):
    """A TCP header with these very option bytes behind it."""
    fields.setdefault("dataofs", 5 + len(options) // 4)
    return TCP(sport=rand.randrange(1, 65536), seq=rand.getrandbits(32), **fields) / Raw(options)


def segments(vip, port):
    """TCP that no client sends, or that only an attacker does."""
    to_vip = IP(src=SPOOFED, dst=vip)
    for flags in ("", "F", "R", "P", "U", "SF", "SR", "SA", "SAR", "FPU", "FSRPAUEC", "RA", "FA", "PA", "A"):
        yield to_vip / raw_tcp(dport=port, flags=flags, ack=rand.getrandbits(32))
    for options in (b"\x02\x00", b"\x02\x01", b"\x02\xff", b"\x02\x04\x00\x00", b"\x02\x04\xff\xff",
                    b"\x03\x03\xff", b"\x03\x02", b"\x08\x0a", b"\x08\x02", b"\x05\x02", b"\x05\xff",
                    b"\x04", b"\xfe\x00", b"\x01" * 40, b"\x00" * 40, b"\x13\x12" + b"m" * 16,
                    b"\x22\x02", b"\x22\x0a" + b"c" * 8, b"\x02\x04\x05\xb4" * 10):
        for flags in ("S", "A"):
            yield to_vip / raw_tcp(tcp_options(options), dport=port, flags=flags)
    for dataofs in (0, 1, 4, 6, 15):
        yield to_vip / raw_tcp(dport=port, flags="S", dataofs=dataofs)
    yield to_vip / raw_tcp(dport=port, flags="S") / Raw(b"GET / HTTP/1.0\r\n\r\n")
    yield to_vip / raw_tcp(dport=port, flags="SEC")
    yield to_vip / raw_tcp(dport=port, flags="S", chksum=1)
    yield to_vip / raw_tcp(dport=port, flags="S", reserved=7, window=0)
    yield to_vip / raw_tcp(dport=0, flags="S")
    yield to_vip / TCP(sport=0, dport=port, flags="S")
    yield to_vip / raw_tcp(dport=port, flags="A") / Raw(b"z" * 1400)
    for source in (vip, LOCAL, BACKEND, "127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.255"):
        yield IP(src=source, dst=vip) / TCP(sport=port, dport=port, flags="S")
        yield IP(src=source, dst=vip) / TCP(sport=port, dport=port, flags="A")
    for target in (LOCAL, BACKEND, "10.0.0.1", "8.8.8.8", "255.255.255.255", "224.0.0.1"):
        yield IP(src=SPOOFED, dst=target) / TCP(sport=port, dport=port, flags="S")


def packets(vip, port):
    """IP and what is not TCP."""
    to_vip = IP(src=SPOOFED, dst=vip)
    quoted = bytes(IP(src=vip, dst=SPOOFED) / TCP(sport=port, dport=4444, seq=1))
    yield from segments(vip, port)
    yield IP(src=SPOOFED, dst=vip, options=[IPOption(b"\x83\x07\x04\x0a\x00\x00\x0b")]) / TCP(dport=port, flags="S")
    yield IP(src=SPOOFED, dst=vip, options=[IPOption(b"\x07\xff\x04")]) / TCP(dport=port, flags="S")
    yield IP(src=SPOOFED, dst=vip, ttl=0) / TCP(dport=port, flags="S")
    yield IP(src=SPOOFED, dst=vip, chksum=1) / TCP(dport=port, flags="S")
    yield from (IP(src=SPOOFED, dst=vip, len=n) / TCP(dport=port, flags="S") for n in (0, 10, 20, 39, 41, 65535))
    yield from (IP(src=SPOOFED, dst=vip, ihl=n) / TCP(dport=port, flags="S") for n in (0, 4, 15))
    yield from (IP(src=SPOOFED, dst=vip, version=n) / TCP(dport=port, flags="S") for n in (0, 6))
    yield from fragment(to_vip / TCP(dport=port, flags="S") / Raw(b"f" * 100), fragsize=24)
    yield IP(src=SPOOFED, dst=vip, frag=8191, flags="MF") / Raw(b"f" * 24)
    for kind in range(20):
        yield to_vip / ICMP(type=kind, code=rand.randrange(16)) / Raw(quoted[:rand.randrange(41)])
    yield to_vip / ICMP(type=3, code=4, nexthopmtu=0) / Raw(quoted)
    yield to_vip / ICMP(type=3, code=1) / Raw(quoted)
    yield to_vip / UDP(dport=port) / Raw(b"u")
    yield to_vip / SCTP(dport=port)
    yield from (IP(src=SPOOFED, dst=vip, proto=n) / Raw(rand.randbytes(40)) for n in (0, 2, 4, 41, 47, 50, 255))


def frames(mac, vip, port):
    """What goes on the wire."""
    ether = Ether(dst=mac, src="02:00:00:00:66:67")
    yield from (ether / packet for packet in packets(vip, port))
    yield from (ether / ARP(op=op, hwsrc="02:00:00:00:66:67", psrc=source, pdst=vip)
                for op in (0, 1, 2, 9) for source in (SPOOFED, vip, "0.0.0.0"))
    yield ether / ARP(hwlen=0, plen=255, pdst=vip)
    yield ether / Dot1Q(vlan=5) / IP(src=SPOOFED, dst=vip) / TCP(dport=port, flags="S")
    yield ether / IPv6() / TCP(dport=port, flags="S")
    yield Ether(dst="ff:ff:ff:ff:ff:ff") / IP(src=SPOOFED, dst=vip) / TCP(dport=port, flags="S")
    yield Ether(dst="02:00:00:00:66:68") / IP(src=SPOOFED, dst=vip) / TCP(dport=port, flags="S")
    yield Raw(bytes(ether)[:12] + b"\x08\x00")
    whole = bytes(ether / IP(src=SPOOFED, dst=vip) / TCP(dport=port, flags="S"))
    yield from (Raw(whole[:n]) for n in range(14, len(whole)))


def echo(sock, data):
    """The connection works: the same comes back."""
    sock.sendall(data)
    got = b""
    while len(got) < len(data):
        more = sock.recv(4096)
        assert more, "connection ended"
        got += more
    assert got == data, "other bytes came back"


def inject(out, iface, mac, vip, port):
    """Segments of a live connection, a quarter of the sequence space or more away from the truth."""
    with socket.create_connection((vip, port), timeout=10) as sock:
        own_port = sock.getsockname()[1]
        sniffer = AsyncSniffer(iface=iface, lfilter=lambda p: TCP in p and p[TCP].sport == own_port)
        sniffer.start()
        time.sleep(0.5)
        for _ in range(4):
            echo(sock, b"before")
        time.sleep(0.2)
        seen = sniffer.stop()
        assert seen, "saw nothing of the connection"
        last = seen[-1][TCP]
        for i in range(300):
            off = rand.randrange(1 << 30, 3 << 30)
            segment = TCP(sport=own_port, dport=port, flags=("R", "SA", "FA", "PA", "RA")[i % 5],
                          seq=(last.seq + off) % (1 << 32), ack=(last.ack + off) % (1 << 32))
            out.send(Ether(dst=mac, src="02:00:00:00:66:67")
                     / IP(src=sock.getsockname()[0], dst=vip) / segment / Raw(b"evil" * (i % 2)))
        echo(sock, b"afterwards" * 100)
    return 300


def main(iface, mac, vip, port, rounds):
    out = conf.L2socket(iface=iface)
    sent = 0
    for _ in range(int(rounds)):
        for frame in frames(mac, vip, int(port)):
            try:
                out.send(frame)
                sent += 1
            except (OSError, struct.error, ValueError) as error:
                sys.exit(f"fuzz.py cannot send {frame!r}: {error}")
    sent += inject(out, iface, mac, vip, int(port))
    print(f"sent={sent}")


if __name__ == "__main__":
    main(*sys.argv[1:])
