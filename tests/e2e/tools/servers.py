#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The small servers of a backend host in the lab, one process for all of them.

  7     echo: every byte comes back
  2525  banner: speaks first, then echoes
  8080  upload: any PUT or POST is answered with the SHA-256 and the length of its body
  2000  half close by the client: reads to the end, then sends FLOW_BYTES over FLOW_SECONDS
  2001  half close by the server: ends its own side at once, reads to the end, and leaves the
        length and the SHA-256 of what it got in DIRECTORY/half-NAME

usage: servers.py NAME DIRECTORY
"""
import asyncio
import hashlib
import os
import random
import sys

FLOW_BYTES = 10 << 20
FLOW_SECONDS = 5.0
BACKLOG = 16384


def flow():
    """The bytes that flow over a half-closed connection: the same for both ends."""
    return random.Random(4).randbytes(FLOW_BYTES)


async def send_flow(writer):
    """All of it, in a hundred equal steps."""
    data = flow()
    step = len(data) // 100 + 1
    for offset in range(0, len(data), step):
        writer.write(data[offset:offset + step])
        await writer.drain()
        await asyncio.sleep(FLOW_SECONDS / 100)


async def echo(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def banner(reader, writer):
    writer.write(b"220 ready\r\n")
    await echo(reader, writer)


async def upload(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    headers = dict(
        line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if b"expect" in headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    left = length = int(headers[b"content-length"])
    digest = hashlib.sha256()
    while left > 0:
        data = await reader.read(min(left, 1 << 18))
        if not data:
            return
        digest.update(data)
        left -= len(data)
    reply = f"{digest.hexdigest()} {length}\n".encode()
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                 % (len(reply), reply))


async def half_by_client(reader, writer):
    while await reader.read(1 << 16):
        pass
    await send_flow(writer)


def half_by_server(path):
    async def serve(reader, writer):
        writer.write(b"your turn\n")
        writer.write_eof()
        digest, length = hashlib.sha256(), 0
        while data := await reader.read(1 << 18):
            digest.update(data)
            length += len(data)
        with open(path + ".new", "w", encoding="ascii") as out:
            out.write(f"{length} {digest.hexdigest()}\n")
        os.rename(path + ".new", path)
    return serve


def closing(serve):
    """A connection that breaks is the test's affair, not the server's."""
    async def guarded(reader, writer):
        try:
            await serve(reader, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
    return guarded


async def main(name, directory):
    half = half_by_server(os.path.join(directory, "half-" + name))
    for port, serve in ((7, echo), (2525, banner), (8080, upload), (2000, half_by_client),
                        (2001, half)):
        await asyncio.start_server(closing(serve), None, port, backlog=BACKLOG)
    with open(os.path.join(directory, "servers-" + name), "w", encoding="ascii") as ready:
        ready.write("ready\n")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
