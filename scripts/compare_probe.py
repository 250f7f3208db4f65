#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare_probe.py ADDRESS PORT FILE SECONDS: fetch /probe every 10 ms, each on a connection of its own.

Connections start by the clock, however long others take, so a stall is in as many figures as it is for
clients. What comes is held against FILE. Prints "SAMPLES P50_US P99_US BYTES_ASKED BYTES_LOST SERVED", the
percentiles of the time until the connection stands; one that never does counts with its whole bound of 4 s.
SERVED is how many fetches got all of the file.
"""
import asyncio
import sys
import time

INTERVAL_S = 0.01
BOUND_S = 4


async def fetch(address, port):
    """Microseconds until connected, and the body, as far as it came."""
    start = time.perf_counter()
    taken = BOUND_S * 1e6
    data = b""
    writer = None
    try:
        async with asyncio.timeout(BOUND_S):
            reader, writer = await asyncio.open_connection(address, port)
            taken = (time.perf_counter() - start) * 1e6
            writer.write(b"GET /probe HTTP/1.0\r\n\r\n")
            while chunk := await reader.read(65536):
                data += chunk
    except (OSError, TimeoutError):
        pass
    if writer:
        writer.close()
    return taken, data.partition(b"\r\n\r\n")[2]


def lost(body, wanted):
    same = sum(a == b for a, b in zip(body, wanted)) if body != wanted else len(wanted)
    return len(wanted) - same


async def main(address, port, path, seconds):
    with open(path, "rb") as f:
        wanted = f.read()
    tasks = []
    start = time.monotonic()
    while (due := len(tasks) * INTERVAL_S) < seconds:
        await asyncio.sleep(start + due - time.monotonic())
        tasks.append(asyncio.create_task(fetch(address, port)))
    done = await asyncio.gather(*tasks)
    taken = sorted(t for t, _ in done)
    print(len(taken), *(round(taken[int(len(taken) * q)]) for q in (0.5, 0.99)), len(wanted) * len(done),
          sum(lost(body, wanted) for _, body in done), sum(body == wanted for _, body in done))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
