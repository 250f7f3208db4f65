#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""TCP clients of the lab, each asking one question. Exit status 0 says yes; one line says what was seen.

  echo HOST PORT        do N connections open, echo what they send, and close cleanly?
  first-byte HOST PORT  how long until a server that speaks first is heard? (milliseconds: median, worst)
  half-client HOST PORT this side ends first: does the server's flow still arrive whole?
  half-server HOST PORT the server ends first: send the flow (the server writes down what it got)
  refused HOST PORT     do N connections end with a reset within LIMIT seconds?
  idle HOST PORT        open N connections, say "open", wait for a line on stdin, then echo a byte on each

A connection may take as long as it likes, but not QUIET_S without a byte.
"""
import argparse
import asyncio
import hashlib
import random
import statistics
import sys
import time

import servers

QUIET_S = 30


def source_address(args, i):
    """Spread over the client's extra addresses, if asked to: a port range each."""
    if not args.sources:
        return None
    prefix = "2001:db8:d::" if ":" in args.host else "203.0.113."
    return (f"{prefix}{i % args.sources + 1}", 0)


async def soon(step):
    return await asyncio.wait_for(step, QUIET_S)


async def connect(args, i=0):
    return await soon(asyncio.open_connection(args.host, args.port, local_addr=source_address(args, i)))


async def read_exactly(reader, length):
    data = b""
    while len(data) < length:
        more = await soon(reader.read(length - len(data)))
        if not more:
            raise asyncio.IncompleteReadError(data, length)
        data += more
    return data


async def read_all(reader):
    data = b""
    while more := await soon(reader.read(1 << 18)):
        data += more
    return data


async def gather(args, one):
    """Run one(i) for every connection, PARALLEL at a time; what failed is said and counted."""
    gate = asyncio.Semaphore(args.parallel)
    failures = []

    async def run(i):
        async with gate:
            try:
                return await one(i)
            except (OSError, EOFError, asyncio.TimeoutError, AssertionError) as error:
                failures.append(f"connection {i}: {type(error).__name__} {error}")

    results = await asyncio.gather(*(run(i) for i in range(args.count)))
    for failure in failures[:10]:
        print(failure)
    return [r for r in results if r is not None], len(failures)


async def echo(args):
    async def one(i):
        reader, writer = await connect(args, i)
        if args.banner:
            await soon(reader.readline())
        await asyncio.sleep(args.pause)
        data = random.Random(i).randbytes(args.bytes)
        writer.write(data)
        assert await read_exactly(reader, len(data)) == data, "other bytes came back"
        writer.write_eof()
        assert await read_all(reader) == b"", "bytes after the end"
        writer.close()
        return True

    start = time.monotonic()
    done, failed = await gather(args, one)
    print(f"{len(done)} done, {failed} failed, {time.monotonic() - start:.2f} s")
    return failed == 0


async def first_byte(args):
    async def one(i):
        start = time.monotonic()
        reader, writer = await connect(args, i)
        await read_exactly(reader, 1)
        elapsed_ms = (time.monotonic() - start) * 1e3
        writer.close()
        return elapsed_ms

    times_ms, failed = await gather(args, one)
    if failed:
        return False
    print(f"{statistics.median(times_ms):.1f} {max(times_ms):.1f}")
    return True


async def half_client(args):
    reader, writer = await connect(args)
    writer.write(b"that was all\n")
    writer.write_eof()
    start = time.monotonic()
    data = await read_all(reader)
    writer.close()
    print(f"{len(data)} bytes in {time.monotonic() - start:.1f} s after this side had ended")
    return data == servers.flow()


async def half_server(args):
    reader, writer = await connect(args)
    assert await read_all(reader) == b"your turn\n"
    await servers.send_flow(writer)
    writer.close()
    await writer.wait_closed()
    print(servers.FLOW_BYTES, hashlib.sha256(servers.flow()).hexdigest())
    return True


async def refused(args):
    async def one(i):
        start = time.monotonic()
        try:
            reader, writer = await connect(args, i)
            writer.write(b"anyone?\n")
            data = await read_all(reader)
        except (ConnectionRefusedError, ConnectionResetError):
            return time.monotonic() - start
        raise AssertionError(f"no reset, but {data!r}")

    times_s, failed = await gather(args, one)
    worst_s = max(times_s, default=0)
    print(f"{len(times_s)} refused, {failed} otherwise, the slowest after {worst_s:.2f} s")
    return failed == 0 and worst_s <= args.limit


async def idle(args):
    conns, failed = await gather(args, lambda i: connect(args, i))
    print(f"open {len(conns)} failed {failed}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)

    async def one(i):
        reader, writer = conns[i]
        writer.write(b"x")
        assert await read_exactly(reader, 1) == b"x"
        return True

    args.count = len(conns)
    alive, dead = await gather(args, one)
    print(f"alive {len(alive)} dead {dead}")
    return failed == 0 and dead == 0


def main():
    questions = {"echo": echo, "first-byte": first_byte, "half-client": half_client,
                 "half-server": half_server, "refused": refused, "idle": idle}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("question", choices=questions)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--count", type=int, default=1, help="connections")
    parser.add_argument("--parallel", type=int, default=50, help="connections at a time")
    parser.add_argument("--sources", type=int, default=0, help="extra client addresses to use")
    parser.add_argument("--bytes", type=int, default=1000, help="bytes that a connection echoes")
    parser.add_argument("--pause", type=float, default=0, help="seconds before the client speaks")
    parser.add_argument("--banner", action="store_true", help="the server speaks first")
    parser.add_argument("--limit", type=float, default=3, help="seconds until a refusal")
    args = parser.parse_args()
    sys.exit(0 if asyncio.run(questions[args.question](args)) else 1)


if __name__ == "__main__":
    main()
