#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare_report.py COMPARE.tsv [--docs FILE.md] [--svg FILE]: the figures of scripts/compare.sh for people.

Without options all tables, as Markdown, on stdout. --docs writes them into FILE.md, each between the
line "<!-- compare: NAME -->" and the next "<!-- end -->". --svg draws new connections by flood.

Medians over the rounds; what was lost is added up.
"""
import argparse
import statistics
import sys
from collections import defaultdict

from bench_report import fill, table
from bench_svg import Line, chart
from bench_tsv import short

NAMES = {
    "direct": "direct (a router)",
    "synproxy": "nftables SYNPROXY",
    "haproxy": "HAProxy, TCP mode",
    "af_packet": "synweir, AF_PACKET",
    "af_xdp": "synweir, AF_XDP",
    "tap": "synweir, TAP",
}


class Cell:
    """What one of them did beside one flood: a figure's name to its value in each round."""

    def __init__(self):
        self.rounds = defaultdict(dict)

    def all(self, of):
        """That figure of each round, or what a function makes of a round's figures."""
        if isinstance(of, str):
            return [r[of] for r in self.rounds.values() if of in r]
        return [of(r) for r in self.rounds.values() if r]

    def median(self, of):
        return statistics.median(self.all(of) or [0])

    def quartiles(self, of):
        values = self.all(of) or [0]
        q = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        return q[0], q[2]

    def sum(self, of):
        return sum(self.all(of))


def read(path):
    """The file's facts, and its cells by name and flood, in their order."""
    facts, cells = {}, defaultdict(Cell)
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if line.startswith("# "):
                name, _, text = line[2:].partition(": ")
                facts[name] = text
            elif not line.startswith("round\t"):
                turn, dut, rate, figure, value = line.split("\t")
                cells[dut, rate].rounds[turn][figure] = float(value)
    return facts, cells


def sent(r):
    return r["flood_sent"] / r["flood_seconds"]


# A kernel repeats some answers: a SYN counts once.
def answered(r):
    return min(r["flood_answered"], r["flood_sent"]) / r["flood_seconds"]


def cpu_us(r):
    return r["cpu_seconds"] * 1e6 / max(r["requests"], 1)


def cpu_ns_syn(r):
    return r["cpu_seconds"] * 1e9 / max(min(r["flood_answered"], r["flood_sent"]), 1)


def duts(cells):
    return list(dict.fromkeys(dut for dut, _ in cells))


def rates(cells):
    return sorted({rate for _, rate in cells if rate != "full"}, key=int)


def thousands(n):
    return f"{n / 1e3:.1f} k"


def machine(facts, cells):
    return (f"{facts['date']}, commit {facts['commit']}: {facts['cpu']}, {facts['kernel']}, HAProxy {facts['haproxy']}, "
            f"{facts['rounds']} rounds of {facts['seconds']} s each, load average {facts['load']}.")


def flood_title(rate):
    return "no flood" if rate == "0" else f"{short(int(rate))} SYN/s"


def summary(facts, cells):
    lines = []
    for dut in duts(cells):
        made = [cells[dut, rate].median("requests_per_s") for rate in rates(cells)]
        full = cells[dut, "full"]
        lines.append([NAMES[dut], thousands(full.median(sent)), f"**{thousands(full.median(answered))}**",
                      f"{full.median(cpu_ns_syn):.0f}"] +
                     [thousands(n) for n in made] + [f"{100 * made[-1] / max(made[0], 1):.0f} %"])
    return table(["in the middle", "SYN/s sent, full speed", "answered", "CPU ns a SYN"] +
                 [f"new connections/s, {flood_title(rate)}" for rate in rates(cells)] + ["left"], lines)


def details(facts, cells):
    lines = []
    reference = {rate: cells["direct", rate].median("requests_per_s") for rate in rates(cells) if "direct" in duts(cells)}
    for rate in rates(cells):
        for dut in duts(cells):
            cell, direct = cells[dut, rate], reference.get(rate)
            flood = ["", ""] if rate == "0" else [
                thousands(cell.median(sent)),
                f"{100 * cell.median(answered) / max(cell.median(sent), 1):.1f} %"]
            low, high = cell.quartiles("requests_per_s")
            made = cell.median("requests_per_s")
            lines.append([
                flood_title(rate) if dut == duts(cells)[0] else "", NAMES[dut], *flood, f"{made:.0f}", f"{low:.0f} – {high:.0f}",
                f"{made / direct:.2f}" if direct else "", f"{cell.median('connect_p50_us') / 1e3:.2f}",
                f"{cell.median('connect_p99_us') / 1e3:.1f}", f"{cell.sum('failed'):.0f} of {cell.sum('requests'):.0f}",
                f"{cell.sum('bytes_lost'):.0f}", f"{cell.median(cpu_us):.0f}"])
    return table(["flood", "in the middle", "SYN/s sent", "answered", "new connections/s", "quartiles", "of direct",
                  "connect p50, ms", "p99, ms", "requests failed", "bytes lost", "CPU µs a request"], lines)


TABLES = {"machine": machine, "summary": summary, "details": details}


def draw(path, cells):
    lines = []
    for dut in duts(cells):
        made = [cells[dut, rate] for rate in rates(cells)]
        points = [(c.median(sent) if c.all("flood_sent") else 0, c.median("requests_per_s"), *c.quartiles("requests_per_s"))
                  for c in made]
        lines.append(Line(NAMES[dut], sorted(points)))
    chart(path, "New HTTP connections per second beside a SYN flood", "SYNs per second that the generator sent", lines,
          log_x=False, y_label="new connections/s (band: quartiles)")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("tsv")
    args.add_argument("--docs", metavar="FILE.md")
    args.add_argument("--svg", metavar="FILE")
    o = args.parse_args()
    facts, cells = read(o.tsv)
    if not cells:
        sys.exit(f"{o.tsv}: no figures")
    if o.docs:
        fill(o.docs, "compare", TABLES, facts, cells)
    if o.svg:
        draw(o.svg, cells)
    if not o.docs and not o.svg:
        for make in TABLES.values():
            print(f"{make(facts, cells)}\n")


if __name__ == "__main__":
    main()
