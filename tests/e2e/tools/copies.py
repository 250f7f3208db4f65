#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""copies.py PID HEX: "in a dump: N; in pages that are not dumped: M, locked: yes|no": how often the process has these
bytes, either of their 8-byte halves, or their digits, by what /proc says of its memory. A core dump has all pages but
those with the flag "dd"."""
import re
import sys


def mappings(pid):
    """(start, end, flags) of all that can be read."""
    where = None
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as f:
        for line in f:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r?)", line)
            if head:
                where = (int(head[1], 16), int(head[2], 16)) if head[3] and "[v" not in line else None
            elif line.startswith("VmFlags:") and where:
                yield *where, line.split()[1:]


def main():
    pid, digits = sys.argv[1], sys.argv[2]
    secret = bytes.fromhex(digits)
    needles = [secret, secret[:8], secret[8:], digits.encode(), digits[:16].encode(), digits[16:].encode()]
    dumped = kept = 0
    locked = "no"
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, flags in mappings(pid):
            found = 0
            for at in range(start, end, 1 << 24):
                memory.seek(at)
                try:
                    data = memory.read(min(end - at, (1 << 24) + 32))
                except OSError:
                    continue # a device's memory
                found += sum(data.count(n) for n in needles)
            if "dd" in flags:
                kept += found
                if found and "lo" in flags:
                    locked = "yes"
            else:
                dumped += found
    print(f"in a dump: {dumped}; in pages that are not dumped: {kept}, locked: {locked}")


main()
