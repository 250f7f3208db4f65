#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does every packet have its fate? Reads "weirctl --json show accounting" on stdin.

usage: accounting.py READ WRITTEN READ_AFTER WRITTEN_AFTER MISSED

Each worker's sums must balance, and all workers together must have read and written what the kernel
counted at the far ends of the wires before and after synweir was asked; MISSED packets were for synweir, but
its devices had no room for them. Prints what does not add up; status 0 if all does.
"""
import json
import sys


def total(rows, name):
    return sum(row[name] for row in rows)


MOVING = 2  # packets that may move meanwhile; more, and the question is put again


def differences(rows, read, written):
    for row in rows:
        came = row["rx"] + row["created"] + row["handed_in"]
        went = row["tx"] + row["dropped"] + row["consumed"] + row["handed_out"] + row["held"]
        if came != went:
            yield f"worker {row['worker']}: {came} came, {went} went: {row}"
    if total(rows, "handed_in") != total(rows, "handed_out"):
        yield f"handed over: {total(rows, 'handed_in')} in, {total(rows, 'handed_out')} out"
    for what, ours, (before, after) in (("received", total(rows, "rx"), read),
                                        ("transmitted", total(rows, "tx"), written)):
        if not before <= ours <= after:
            yield f"{what}: {ours}, the kernel says {before} and then {after}"
        elif after - before > MOVING:
            yield f"{what}: packets move, {before} and then {after}"


def main(read, written, read_after, written_after, missed):
    rows = json.load(sys.stdin)
    wrong = list(differences(rows, (read - missed, read_after - missed), (written, written_after)))
    print("\n".join(wrong) or f"{read} received, {missed} of them missed, {written} transmitted, {len(rows)} workers")
    sys.exit(1 if wrong or not rows else 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
