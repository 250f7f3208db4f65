#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""hoard.py ADDRESS PORT COUNT PER_S [SOURCE...]: one who opens connections and keeps them, silent.

COUNT connections from each source address (of this host), PER_S begun a second in all; those that break are opened
again, KNOCKS_PER_S once one was refused. Prints "OPEN REFUSED" every second until it is ended: how many stand, and how many ended in a reset so far.
"""
import select
import socket
import sys
import time

KNOCKS_PER_S = 200

class Hoard:
    def __init__(self, target, count, per_s, sources):
        self.target, self.sources = target, sources
        self.want = count * max(len(sources), 1)
        self.per_s = per_s
        self.poll = select.epoll()
        self.socks, self.open = {}, set()
        self.begun = self.refused = 0

    def begin(self):
        sock = socket.socket()
        sock.setblocking(False)
        if self.sources:
            sock.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            sock.bind((self.sources[self.begun % len(self.sources)], 0))
        self.begun += 1
        try:
            sock.connect_ex(self.target)
        except OSError:
            pass
        self.socks[sock.fileno()] = sock
        self.poll.register(sock, select.EPOLLOUT)

    def ready(self, fd, events):
        if events & (select.EPOLLERR | select.EPOLLHUP):
            self.refused += 1
            self.open.discard(fd)
            self.socks.pop(fd).close()
        else:
            self.open.add(fd)
            self.poll.modify(fd, 0)  # errors only

    def run(self):
        last = said = time.monotonic()
        due = 0
        while True:
            now = time.monotonic()
            due += (now - last) * (KNOCKS_PER_S if self.refused else self.per_s)
            last = now
            while due >= 1 and len(self.socks) < self.want:
                self.begin()
                due -= 1
            due = min(due, 1)  # when all stand, nothing is made up for
            for fd, events in self.poll.poll(0.01):
                self.ready(fd, events)
            if time.monotonic() >= said + 1:
                said += 1
                print(len(self.open), self.refused, flush=True)


Hoard((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5:]).run()
