# SPDX-License-Identifier: BSD-3-Clause
"""What tests/bench/report.c and scripts/bench.sh write, read for bench_compare.py and bench_report.py."""
import sys
from dataclasses import dataclass
from typing import Optional


@dataclass
class Row:
    row: str
    param: str
    at: float
    unit: str
    value: float  # cycles: the median above the floor's
    q1: Optional[float]
    q3: Optional[float]
    min: Optional[float]
    floor: Optional[float]
    samples: int

    def at_text(self):
        return f"{short(self.at)} {self.param}" if self.param else ""


def short(n):
    """1000000 is "1 M"."""
    if n >= 1e6:
        return f"{n / 1e6:.3g} M"
    return f"{n / 1e3:.3g} k" if n >= 1e3 else f"{n:g}"


def number(text):
    return float(text) if text else None


def read(path):
    """The file's facts, name to text, and its rows by (row, param, at), in their order."""
    facts, rows = {}, {}
    try:
        with open(path, encoding="utf-8") as f:
            lines = f.read().splitlines()
    except OSError as e:
        sys.exit(f"{path}: {e.strerror}")
    for i, line in enumerate(lines, 1):
        if line.startswith("# "):
            name, _, text = line[2:].partition(": ")
            facts[name] = text
        elif line and not line.startswith("row\t"):
            fields = line.split("\t")
            if len(fields) != 10:
                sys.exit(f"{path}:{i}: a row has 10 columns")
            row = Row(fields[0], fields[1], float(fields[2]), fields[3], float(fields[4]),
                      *map(number, fields[5:9]), int(fields[9]))
            rows[row.row, row.param, row.at] = row
    return facts, rows
