#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""told.py HOST PORT COUNT SOURCE...: when are clients told that their connections are gone?

COUNT connections from addresses of this host, on each of which a byte was echoed; says "open". After a line on stdin
each sends one segment more. It has been told when its socket says "connection reset"; the time counts from the second
segment, the kernel's first retransmission. Status 0: all were told within LIMIT_S.
"""
import errno
import select
import socket
import sys
import time

LIMIT_S = 3
LOOK_S = 0.01  # how often the kernel is asked for retransmissions
GIVE_UP_S = 20
TCPI_TOTAL_RETRANS = slice(100, 104)  # in struct tcp_info


class Client:
    def __init__(self, target, source):
        self.sock = socket.create_connection(target, 30, (source, 0))
        self.sock.sendall(b"x")
        assert self.sock.recv(1) == b"x", "another byte came back"
        self.second = self.told = self.why = None

    def speak(self):
        self.sock.setblocking(False)
        self.sock.send(b"y")

    def look(self, now):
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        if int.from_bytes(info[TCPI_TOTAL_RETRANS], sys.byteorder) > 0:
            self.second = now

    def hear(self, now):
        self.told = now
        self.why = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def took_s(self):
        """None: not told by a reset. One that is told at its first segment has no second one."""
        if self.told is None or self.why != errno.ECONNRESET:
            return None
        return self.told - (self.second or self.told)


def listen(clients):
    poll = select.poll()
    of = {c.sock.fileno(): c for c in clients}
    for fd in of:
        poll.register(fd, select.POLLIN)
    end = time.monotonic() + GIVE_UP_S
    while of and time.monotonic() < end:
        for fd, _ in poll.poll(LOOK_S * 1000):
            of.pop(fd).hear(time.monotonic())
            poll.unregister(fd)
        for client in of.values():
            if client.second is None:
                client.look(time.monotonic())


def main(host, port, count, sources):
    clients = [Client((host, port), sources[i % len(sources)]) for i in range(count)]
    print("open", len(clients), flush=True)
    sys.stdin.readline()
    for client in clients:
        client.speak()
    listen(clients)
    took_s = [c.took_s() for c in clients if c.took_s() is not None]
    late = sum(t > LIMIT_S for t in took_s)
    print(f"told {len(took_s)} of {count}, {late} late, the last {max(took_s, default=0):.1f} s after its second segment")
    sys.exit(0 if len(took_s) == count and late == 0 else 1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
