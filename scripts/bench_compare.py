#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""bench_compare.py OLD.tsv NEW.tsv: two runs of scripts/bench.sh, row by row.

Shown are the medians, half the distance between the quartiles in percent of the median (+-), and the
ratio new/old. A row is called faster or slower only when the quartiles of the two runs do not overlap
and the best samples say the same: what a busy neighbour does to one run looks different. Compare runs
of one machine, best taken one right after the other.
"""
import signal
import sys

from bench_tsv import read


def spread(row):
    return 100 * (row.q3 - row.q1) / 2 / row.value if row.q1 is not None and row.value else 0.0


def verdict(old, new):
    if old.q1 is None:
        return "" if old.value == new.value else "differs"
    if new.q3 < old.q1 and new.min < old.min:
        return "faster"
    if new.q1 > old.q3 and new.min > old.min:
        return "slower"
    return ""


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    _, old_rows = read(sys.argv[1])
    _, new_rows = read(sys.argv[2])
    print(f"{'# row':28} {'with':>14} {'old':>10} {'+-%':>5} {'new':>10} {'+-%':>5} {'new/old':>8}")
    for key, old in old_rows.items():
        new = new_rows.get(key)
        if new is None:
            print(f"{old.row:28} {old.at_text():>14} {old.value:10.4g}       only in {sys.argv[1]}")
            continue
        ratio = f"{new.value / old.value:8.3f}" if old.value else " " * 8
        print(f"{old.row:28} {old.at_text():>14} {old.value:10.4g} {spread(old):5.1f} "
              f"{new.value:10.4g} {spread(new):5.1f} {ratio} {verdict(old, new)}".rstrip())
    for key, new in new_rows.items():
        if key not in old_rows:
            print(f"{new.row:28} {new.at_text():>14} {new.value:10.4g}       only in {sys.argv[2]}")


if __name__ == "__main__":
    main()
