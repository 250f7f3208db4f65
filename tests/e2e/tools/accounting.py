#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does every packet have its fate? Reads "weirctl --json show accounting" on stdin.

usage: accounting.py READ WRITTEN

Each worker's sums must balance, and all workers together must have read and written what the kernel's
end of the taps counted: READ and WRITTEN packets. Prints what does not add up; status 0 if all does.
"""
import json
import sys


def total(rows, name):
    return sum(row[name] for row in rows)


def differences(rows, read, written):
    for row in rows:
        came = row["rx"] + row["created"] + row["handed_in"]
        went = row["tx"] + row["dropped"] + row["consumed"] + row["handed_out"] + row["held"]
        if came != went:
            yield f"worker {row['worker']}: {came} came, {went} went: {row}"
    for what, ours, theirs in (
            ("handed over, taken and given", total(rows, "handed_in"), total(rows, "handed_out")),
            ("received, synweir and kernel", total(rows, "rx"), read),
            ("transmitted, synweir and kernel", total(rows, "tx"), written)):
        if ours != theirs:
            yield f"{what}: {ours} and {theirs}"


def main(read, written):
    rows = json.load(sys.stdin)
    wrong = list(differences(rows, int(read), int(written)))
    print("\n".join(wrong) or f"{read} received, {written} transmitted, {len(rows)} workers")
    sys.exit(1 if wrong or not rows else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
