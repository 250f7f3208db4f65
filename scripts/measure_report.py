#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""measure_report.py FILE: what visits (tests/e2e/tools/visits.py) under several circumstances had to wait.

A line of FILE is "CIRCUMSTANCE ROUND" and what visits.py has printed. All circumstances of a round are compared with
the first one of the file, in the same round; medians over the rounds are shown, with quartiles in brackets.
"""
import statistics
import sys
from collections import defaultdict


class Turn:
    """The visits of one circumstance in one round."""

    def __init__(self):
        self.connect, self.reply = [], []
        self.visits = self.failed = self.again = 0

    def add(self, connect, reply, again):
        self.visits += 1
        self.failed += reply == "-"
        self.again += again != "0"
        for times, text in ((self.connect, connect), (self.reply, reply)):
            times.append(float("inf") if text == "-" else float(text))


def read(path):
    turns = defaultdict(lambda: defaultdict(Turn))
    with open(path, encoding="ascii") as f:
        for line in f:
            what, turn, _, *visit = line.split()
            turns[what][int(turn)].add(*visit)
    return turns


def quantile(values, q):
    return sorted(values)[min(int(len(values) * q), len(values) - 1)]


def spread(values, form):
    q = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return f"{form.format(statistics.median(values))} [{form.format(q[0])} {form.format(q[2])}]"


def main(path):
    turns = read(path)
    first = next(iter(turns))
    for what, rounds in turns.items():
        of = rounds.values()
        visits = sum(t.visits for t in of)
        again = sum(t.again for t in of)
        print(f"{what}: {visits} visits in {len(rounds)} rounds, {sum(t.failed for t in of)} failed, "
              f"{again} ({100 * again / visits:.2f} %) with retransmissions")
        for name in ("connect", "reply"):
            pairs = [(getattr(t, name), getattr(turns[first][i], name)) for i, t in rounds.items()]
            for q in (0.5, 0.99):
                of_q = [(quantile(t, q), quantile(base, q)) for t, base in pairs if base]
                print(f"   {name:7} p{q * 100:g}: {spread([t for t, _ in of_q], '{:.0f}')} us", end="")
                if what != first:
                    print(f"; {spread([t - b for t, b in of_q], '{:+.0f}')} us and "
                          f"{spread([100 * (t / b - 1) for t, b in of_q], '{:+.1f}')} % of {first}", end="")
                print()


main(sys.argv[1])
