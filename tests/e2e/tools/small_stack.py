#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""small_stack.py: the TCP of a small device, which has the same port and ISN after each start.

It has no address of its host's: its frames go to MAC, answers are taken off DEVICE. Rules of RFC 9293 for a client
that has one connection and no memory of earlier ones; a refused connection is tried again.

  small_stack.py DEVICE MAC SOURCE ADDRESS PORT END STARTS [--timestamps] [--greeting]

STARTS times: connect from port 49153 with ISN 6510, send a line, get an answer (with --greeting the server speaks
first), and end: "client" or "server" closes first, or "cut": power is cut. Prints for each start "SYNS RESETS", what
was sent and received until the answer came, or "nothing".
"""
import argparse
import socket
import struct
import sys
import time

PORT, ISN = 49153, 6510
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
FIRST_RTO_S, PATIENCE_S = 1, 63
MOD = 1 << 32


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wire:
    """Segments between SOURCE:PORT and ADDRESS:PORT."""

    def __init__(self, args):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.sock.bind((args.device, 0x0800))
        mac = bytes.fromhex(args.mac.replace(":", ""))
        self.ethernet = mac + self.sock.getsockname()[4] + b"\x08\0"
        self.ours, self.theirs = socket.inet_aton(args.source), socket.inet_aton(args.address)
        self.port = args.port
        self.timestamps = args.timestamps
        self.boot()

    def boot(self):
        """The clock begins with every start; what was echoed is forgotten."""
        self.began, self.echo = time.monotonic(), 0

    def options(self, flags):
        mss = b"\2\4\5\xb4" if flags & SYN else b""
        if not self.timestamps or flags & RST:
            return mss
        clock = int((time.monotonic() - self.began) * 1000) + 1
        return mss + b"\1\1\x08\x0a" + struct.pack("!II", clock, self.echo)

    def send(self, flags, seq, ack=0, data=b""):
        options = self.options(flags)
        tcp = struct.pack("!HHIIBBHHH", PORT, self.port, seq % MOD, ack, (5 + len(options) // 4) << 4, flags, 5840,
                          0, 0) + options + data
        tcp = tcp[:16] + struct.pack("!H", checksum(self.ours + self.theirs + struct.pack("!HH", 6, len(tcp)) + tcp)) \
            + tcp[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, self.ours, self.theirs)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.sock.send(self.ethernet + ip + tcp)

    def receive(self, until):
        """The next segment before that time: flags, seq, ack, data; or None."""
        while (left := until - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                frame, sender = self.sock.recvfrom(65536)
            except TimeoutError:
                break
            ip = frame[14:]
            if sender[2] == socket.PACKET_OUTGOING or ip[9] != 6 or ip[12:16] != self.theirs or ip[16:20] != self.ours:
                continue
            ip_len, total = (ip[0] & 15) * 4, struct.unpack_from("!H", ip, 2)[0]
            tcp = ip[ip_len:total]
            sport, dport, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", tcp)
            if (sport, dport) == (self.port, PORT):
                self.note_echo(tcp[20:(offset >> 4) * 4])
                return flags, seq, ack, tcp[(offset >> 4) * 4:]
        return None

    def note_echo(self, options):
        at = options.find(b"\x08\x0a")
        if at >= 0 and len(options) >= at + 6:
            self.echo = struct.unpack_from("!I", options, at + 2)[0]


class Reset(Exception):
    pass


class Connection:
    def __init__(self, wire, deadline):
        self.wire, self.deadline = wire, deadline
        self.next, self.expect = ISN, 0
        self.syns = 0
        self.finished = False  # the server's FIN has come

    def connect(self):
        """SYN, again after 1, 2, 4 ... s, until the answer is a SYN-ACK."""
        rto = FIRST_RTO_S
        while time.monotonic() < self.deadline:
            self.wire.send(SYN, ISN)
            self.syns += 1
            if self.await_syn_ack(time.monotonic() + rto):
                return True
            rto *= 2
        return False

    def await_syn_ack(self, until):
        while segment := self.wire.receive(until):
            flags, seq, ack, _ = segment
            if flags & ACK and ack != ISN + 1:  # RFC 9293 §3.10.7.3: it is of an earlier connection
                if not flags & RST:
                    self.wire.send(RST, ack)
            elif flags & RST:
                if flags & ACK:
                    raise Reset
            elif flags & (SYN | ACK) == SYN | ACK:
                self.next, self.expect = ISN + 1, (seq + 1) % MOD
                self.wire.send(ACK, self.next, self.expect)
                return True
        return False

    def take(self, until):
        """The next bytes in order, b"" for none before that time; acknowledges them."""
        while segment := self.wire.receive(until):
            flags, seq, ack, data = segment
            if flags & RST:
                if seq == self.expect:
                    raise Reset
                continue
            if flags & SYN or seq != self.expect or (ack - self.next) % MOD < MOD // 2 and ack != self.next:
                self.wire.send(ACK, self.next, self.expect)
                continue
            self.expect = (seq + len(data) + (flags & FIN != 0)) % MOD
            self.finished |= flags & FIN != 0
            if data or flags & FIN:
                self.wire.send(ACK, self.next, self.expect)
                return data
            if ack == self.next:
                return data
        return b""

    def hear(self):
        """The answer's first bytes."""
        while time.monotonic() < self.deadline:
            if data := self.take(self.deadline):
                return data
        return b""

    def say(self, data, flags=PSH | ACK):
        """Sends it until something comes that acknowledges it, which is taken."""
        rto, at = FIRST_RTO_S, self.next
        self.next = (at + len(data) + (flags & FIN != 0)) % MOD
        while time.monotonic() < self.deadline:
            self.wire.send(flags, at, self.expect, data)
            until = time.monotonic() + rto
            heard = self.take(until)
            if time.monotonic() < until:
                return heard
            rto *= 2
        return b""

    def close(self, by):
        if by == "server":
            while not self.finished and time.monotonic() < self.deadline:
                self.take(time.monotonic() + 1)
            self.say(b"", FIN | ACK)
        elif by == "client":
            self.say(b"", FIN | ACK)
            while not self.finished and time.monotonic() < self.deadline:
                self.take(time.monotonic() + 1)


def start(wire, args):
    """One start of the device; what it prints."""
    wire.boot()
    deadline = time.monotonic() + PATIENCE_S
    syns = resets = 0
    while time.monotonic() < deadline:
        connection = Connection(wire, deadline)
        try:
            if connection.connect() and (not args.greeting or connection.hear()):
                if connection.say(b"GET / HTTP/1.0\r\n\r\n") or connection.hear():
                    syns += connection.syns
                    connection.close(args.end)
                    return f"{syns} {resets}"
        except Reset:
            resets += 1
            time.sleep(0.1)  # the application tries again
        syns += connection.syns
    return "nothing"


def main():
    parser = argparse.ArgumentParser()
    for name in ("device", "mac", "source", "address"):
        parser.add_argument(name)
    parser.add_argument("port", type=int)
    parser.add_argument("end", choices=("client", "server", "cut"))
    parser.add_argument("starts", type=int)
    parser.add_argument("--timestamps", action="store_true")
    parser.add_argument("--greeting", action="store_true")
    args = parser.parse_args()
    wire = Wire(args)
    said = [start(wire, args) for _ in range(args.starts)]
    print(*said, sep="\n")
    return "nothing" in said


sys.exit(main())
