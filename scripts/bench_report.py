#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""bench_report.py BENCH.tsv [--docs FILE.md] [--img DIR]: the figures of scripts/bench.sh for people.

Without options all tables, as Markdown, on stdout. --docs writes them into FILE.md, each between the
line "<!-- bench: NAME -->" and the next "<!-- end -->". --img draws DIR/cycles_by_connections.svg and
DIR/cycles_by_flood.svg.
"""
import argparse
import re
import sys

from bench_svg import Line, chart
from bench_tsv import read, short

KINDS = [
    ("syn", "SYN to SYN-ACK"),
    ("bad_ack", "ACK with a bad cookie"),
    ("established_client", "segment of a client"),
    ("established_backend", "segment of a backend"),
]

# The targets of the table: row, parameter, at, at most.
TARGETS = [
    ("syn", "conns", 1000, 90),
    ("bad_ack", "conns", 1000, 80),
    ("established_client", "conns", 1000, 110),
    ("established_backend", "conns", 1000, 110),
    ("established_client", "conns", 1e6, 220),
    ("established_backend", "conns", 1e6, 220),
    ("established_client", "conns", 1e7, 300),
    ("established_backend", "conns", 1e7, 300),
]


def table(head, lines):
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(out + ["| " + " | ".join(line) + " |" for line in lines])


def pick(rows, name, param=None):
    """All rows of that name, ascending by what they were measured at."""
    found = [r for (row, p, _), r in rows.items() if row == name and param in (None, p)]
    return sorted(found, key=lambda r: r.at)


def machine(facts, rows):
    load = facts.get("load", "unknown").removesuffix(" when it began")
    return (f"{facts.get('date', '')}, commit {facts.get('commit', '')}: {facts.get('cpu', '')} "
            f"({facts.get('vectors', '')}; hashes {facts.get('hashes', '')}), Linux {facts.get('kernel', '')}, "
            f"{facts.get('compiler', '')}, `buildtype=release`, "
            f"pages of {facts.get('pages', '').split(' for ')[0]}, load average {load} when it began.")


def verdict(ok):
    return "yes" if ok else "no"


def targets(facts, rows):
    titles = dict(KINDS)
    lines = []
    for name, param, at, limit in TARGETS:
        r = rows.get((name, param, at))
        if r is not None:
            lines.append([f"{titles[name]}, {short(at)} connections", f"≤ {limit}", f"**{r.value:.0f}**",
                          f"{r.q1:.0f} – {r.q3:.0f}", f"{r.min:.0f}", f"{r.floor:.0f}",
                          f"{(r.value + r.floor) / r.floor:.1f}", verdict(r.value <= limit)])
    for r in pick(rows, "connection"):
        lines.append([f"a whole connection, 10 segments in, {short(r.at)} in the table", "≤ 2500", f"**{r.value:.0f}**",
                      f"{r.q1:.0f} – {r.q3:.0f}", f"{r.min:.0f}", f"{r.floor:.0f}",
                      f"{(r.value + r.floor) / r.floor:.1f}", verdict(r.value <= 2500)])
    cycles = table(["work", "target", "median", "quartiles", "best", "floor", "× floor", "met"], lines)
    lost = sum(r.value for name in ("mixed_syn_lost", "mixed_ack_lost") for r in pick(rows, name))
    others = [["established segments lost in a flood of any share", "0", f"{lost:.0f}", verdict(lost == 0)]]
    for r in pick(rows, "daemon_memory")[-1:]:
        others.append([f"bytes per connection, all of the daemon's memory, {short(r.at)}", "≤ 192", f"{r.value:.0f}",
                       verdict(r.value <= 192)])
    for r in pick(rows, "daemon_start")[-1:]:
        others.append([f"seconds until ready for {short(r.at)} connections", "< 10", f"{r.value:.1f}",
                       verdict(r.value < 10)])
    for name in ("syn", "bad_ack", "client", "backend"):
        for r in pick(rows, "workers_" + name):
            others.append([f"two workers against one: {name.replace('_', ' ')}", "≥ 1.9", f"{r.value:.2f}",
                           verdict(r.value >= 1.9)])
    for r in pick(rows, "workers_arithmetic"):
        others.append(["... the same two CPUs with nothing but arithmetic", "", f"{r.value:.2f}", ""])
    return cycles + "\n\n" + table(["other", "target", "measured", "met"], others)


def growth(facts, rows):
    sizes = [r.at for r in pick(rows, "syn", "conns")]
    lines = []
    for name, title in KINDS:
        found = {r.at: r for r in pick(rows, name, "conns")}
        lines.append([title] + [f"{found[n].value:.0f}" if n in found else "" for n in sizes])
    return table(["cycles over the floor, connections:"] + [short(n) for n in sizes], lines)


def stages(facts, rows):
    sizes = sorted({at for (name, _, at) in rows if name.startswith("syn/")})
    names = [name.split("/")[1] for (name, _, at) in rows if name.startswith("syn/") and at == sizes[0]]
    out = []
    for at in sizes:
        lines = [[stage.replace("_", " ")] +
                 [f"{rows[f'{kind}/{stage}', 'conns', at].value:.0f}" for kind, _ in KINDS] for stage in names]
        sums = [sum(rows[f"{kind}/{stage}", "conns", at].value for stage in names) for kind, _ in KINDS]
        lines.append(["**all**"] + [f"**{s:.0f}**" for s in sums])
        out.append(table([f"stage, {short(at)} connections"] + [title for _, title in KINDS], lines))
    return "\n\n".join(out)


STEPS = [("syn", "SYN"), ("ack", "ACK: cookie, connection, SYN to a backend"),
         ("backend_syn_ack", "SYN-ACK of the backend, ACK to it"), ("request", "request"), ("reply", "reply"),
         ("reply_ack", "its ACK"), ("fin", "FIN of the client"), ("fin_ack", "its ACK"),
         ("backend_fin", "FIN of the backend"), ("last_ack", "its ACK")]


def connection(facts, rows):
    sizes = [r.at for r in pick(rows, "connection/syn")]
    lines = [[title] + [f"{rows[f'connection/{step}', 'in table', n].value:.0f}" for n in sizes]
             for step, title in STEPS]
    return table(["segment, floor included; connections in the table:"] + [short(n) for n in sizes], lines)


def ipv6(facts, rows):
    """IPv4 and IPv6 side by side, where both were measured."""
    lines = []
    for name, title in KINDS + [("connection", "a whole connection, 10 segments in")]:
        six = {short(r.at): r for r in pick(rows, name + "6")}
        for four in pick(rows, name):
            r = six.get(short(four.at))
            if r is not None:
                lines.append([title, short(four.at), f"{four.value:.0f}", f"{r.value:.0f}",
                              f"{100 * (r.value / four.value - 1):+.0f} %"])
    return table(["cycles over the floor", "connections", "IPv4", "IPv6", "difference"], lines)


def parts(facts, rows):
    titles = [
        ("parse_syn", "parse a SYN, checksum included"),
        ("parse_ack", "parse an ACK with timestamps"),
        ("classify_syn", "classify, of a client"),
        ("classify_backend", "classify, of a backend"),
        ("cookie_make", "make a cookie, 64 at a time"),
        ("cookie_check", "check a cookie, 64 at a time"),
        ("translate_client", "translate towards a backend"),
        ("translate_backend", "translate towards a client"),
        ("siphash24_plain", "SipHash-2-4 of a cookie, 64 at a time, without vectors"),
        ("siphash24_avx2", "... AVX2"),
        ("siphash24_avx512", "... AVX-512"),
        ("siphash13_plain", "SipHash-1-3 of the same, as for keys, without vectors"),
        ("siphash13_avx2", "... AVX2"),
        ("siphash13_avx512", "... AVX-512"),
    ]
    lines = [[title, f"{r.value:.0f}"] for name, title in titles for r in pick(rows, name)]
    return table(["part", "cycles"], lines)


def flow_table(facts, rows):
    sizes = [r.at for r in pick(rows, "table_find_50%")]
    lines = []
    for op, title in (("find", "find"), ("miss", "find nothing"), ("insert", "insert"), ("remove", "remove")):
        for load in (50, 75, 100):
            found = {r.at: r for r in pick(rows, f"table_{op}_{load}%")}
            lines.append([title if load == 50 else "", f"{load} %"] +
                         [f"{found[n].value:.0f}" if n in found else "" for n in sizes])
    return table(["cycles a key", "connections in use"] + [short(n) for n in sizes], lines)


def memory(facts, rows):
    found = {round(r.at): r for r in pick(rows, "start")}
    lines = [[short(r.at), f"{r.value:.0f}", f"{found[round(r.at)].value:.2f} s" if round(r.at) in found else ""]
             for r in pick(rows, "memory")]
    whole = {r.at: r for r in pick(rows, "daemon_memory")}
    lines += [[f"{short(r.at)}, the daemon", f"{whole[r.at].value:.0f}", f"{r.value:.2f} s"]
              for r in pick(rows, "daemon_start") if r.at in whole]
    return table(["connections", "bytes each", "until all of it is mapped, populated and set up"], lines)


TABLES = {"machine": machine, "targets": targets, "growth": growth, "stages": stages, "connection": connection,
          "ipv6": ipv6, "parts": parts,
          "table": flow_table, "memory": memory}


def fill(path, kind, tables, facts, rows):
    """Every place of the document that is marked as of this kind gets its table anew."""
    with open(path, encoding="utf-8") as f:
        text = f.read()

    def put(match):
        if match[1] not in tables:
            sys.exit(f"{path}: there is no table '{match[1]}', only {', '.join(tables)}")
        return f"<!-- {kind}: {match[1]} -->\n{tables[match[1]](facts, rows)}\n<!-- end -->"

    text = re.sub(rf"<!-- {kind}: (\w+) -->\n.*?<!-- end -->", put, text, flags=re.DOTALL)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def points(rows, name, param):
    return [(r.at, r.value, r.q1, r.q3) for r in pick(rows, name, param)]


def draw(directory, rows):
    lines = [Line(title, points(rows, name, "conns")) for name, title in KINDS]
    chart(f"{directory}/cycles_by_connections.svg", "Cycles per packet over the floor, by connections",
          "established connections (segments in random order)", lines, log_x=True)
    lines = [Line("flood of SYNs", points(rows, "mixed_syn", "% flood")),
             Line("flood of bad ACKs", points(rows, "mixed_ack", "% flood"))]
    chart(f"{directory}/cycles_by_flood.svg",
          "Cycles per packet over the floor, by share of the flood, 1 M connections",
          "share of flood packets, % (the rest: established, both directions)", lines, log_x=False)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("tsv")
    args.add_argument("--docs", metavar="FILE.md")
    args.add_argument("--img", metavar="DIR")
    o = args.parse_args()
    facts, rows = read(o.tsv)
    if o.docs:
        fill(o.docs, "bench", TABLES, facts, rows)
    if o.img:
        draw(o.img, rows)
    if not o.docs and not o.img:
        for name, make in TABLES.items():
            print(f"## {name}\n\n{make(facts, rows)}\n")


if __name__ == "__main__":
    main()
