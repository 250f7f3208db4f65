#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""visits.py ADDRESS PORT EVERY_MS COUNT [OPTION...]: COUNT connections, one begun every EVERY_MS by the clock.

Each is closed after the first bytes of the answer to its request (default: GET / of HTTP/1.0). Connections begin
when they are due, however long others take, so a stall is in as many figures as it is for clients. Prints a line
for each:

  BEGAN_S CONNECT_US REPLY_US RETRANSMITTED

BEGAN_S: CLOCK_MONOTONIC. The times count from the SYN; "-" for what did not come within BOUND_S. RETRANSMITTED:
what the kernel has sent again for it, SYNs and the request. --poll: does not sleep while it
waits for a SYN-ACK, so that no wake-up is in the figures.
"""
import argparse
import select
import socket
import struct
import time

BOUND_S = 4
TOTAL_RETRANS = 100  # where struct tcp_info has tcpi_total_retrans


class Visit:
    def __init__(self, address, source):
        self.connect_us = self.reply_us = None
        self.sock = socket.socket()
        if source:
            self.sock.bind((source, 0))
        self.sock.setblocking(False)
        self.began = time.monotonic()
        self.sock.connect_ex(address)

    def since_us(self):
        return (time.monotonic() - self.began) * 1e6

    def ready(self, request):
        """Goes a step on; True when it is over."""
        if self.connect_us is None:
            if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
                return True
            self.connect_us = self.since_us()
            return not self.said(request)
        if self.heard():
            self.reply_us = self.since_us()
        return True

    def said(self, request):
        try:
            return self.sock.send(request) > 0
        except OSError:
            return False

    def heard(self):
        try:
            return self.sock.recv(65536)
        except OSError:
            return b""

    def end(self):
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TOTAL_RETRANS + 4)
        self.sock.close()
        times = ("-" if t is None else f"{t:.1f}" for t in (self.connect_us, self.reply_us))
        print(f"{self.began:.6f}", *times, struct.unpack_from("=I", info, TOTAL_RETRANS)[0])


def due_visits(args, start, begun):
    """How many more have to begin by now."""
    return min(args.count, int((time.monotonic() - start) * 1e3 / args.every_ms) + 1) - begun


def main(args):
    poll, visits = select.epoll(), {}
    request = args.request.encode().decode("unicode_escape").encode()
    start, begun = time.monotonic(), 0
    while begun < args.count or visits:
        for _ in range(due_visits(args, start, begun)):
            visit = Visit((args.address, args.port), args.source)
            visits[visit.sock.fileno()] = visit
            poll.register(visit.sock, select.EPOLLOUT)
            begun += 1
        connecting = args.poll and any(v.connect_us is None for v in visits.values())
        next_s = start + begun * args.every_ms / 1e3 - time.monotonic() if begun < args.count else 0.1
        for fd, _ in poll.poll(0 if connecting else max(next_s, 0)):
            if visits[fd].ready(request):
                visits.pop(fd).end()
            else:
                poll.modify(fd, select.EPOLLIN)
        for fd in [fd for fd, v in visits.items() if v.since_us() > BOUND_S * 1e6]:
            visits.pop(fd).end()


parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("port", type=int)
parser.add_argument("every_ms", type=float)
parser.add_argument("count", type=int)
parser.add_argument("--source", help="the client's address")
parser.add_argument("--poll", action="store_true")
parser.add_argument("--request", default="GET / HTTP/1.0\\r\\n\\r\\n")
main(parser.parse_args())
