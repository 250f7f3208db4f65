#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""manpage.py NAME SECTION SUMMARY [--help-of PROGRAM] DOCUMENT[#HEADING]...: a manual page, made of a program's --help and
of documents, or of the sections of them that have these headings. Tables become lists, links their text; lowdown(1)
does the rest. Writes it to stdout."""
import argparse
import pathlib
import re
import subprocess
import sys


def section_of(text, heading):
    """What stands under that heading, up to the next one of its level or above; the heading, too."""
    lines, taken, level, fenced = text.splitlines(), [], 0, False
    for line in lines:
        fenced ^= line.startswith("```")
        mark = None if fenced else re.match(r"(#+) (.*)", line)
        if mark and level and len(mark[1]) <= level:
            break
        if mark and not level and mark[2] == heading:
            level = len(mark[1])
        if level:
            taken.append(line)
    if not level:
        sys.exit(f"manpage.py: no heading '{heading}'")
    return "\n".join(taken)


def cells_of(row):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def list_of(table):
    """A row is a term, its first cell, and what the others say, each with the head of its column."""
    head, items = cells_of(table[0]), []
    for row in table[2:]:
        cells = cells_of(row)
        said = [f"{h}: {c}" if h else c for h, c in zip(head[1:], cells[1:]) if c]
        said = [s if s.endswith((".", "!", "?")) else s + "." for s in said]
        items += [cells[0] or "-", ":   " + (" ".join(said) or "-"), ""]
    return ["", *items, ""]


def plain_links(line):
    line = re.sub(r"!\[[^]]*\]\([^)]*\)", "", line)
    return re.sub(r"\[([^]]+)\]\(([^)]+)\)", lambda m: m[0] if m[2].startswith("http") else m[1], line)


def prepare(text, shift):
    """For lowdown: no tables, no links into the tree, headings one page's."""
    out, table, fenced = [], [], False
    for line in text.splitlines() + [""]:
        fenced ^= line.startswith("```")
        if not fenced and line.startswith("|"):
            table.append(plain_links(line))
            continue
        if table:
            out += list_of(table)
            table = []
        mark = None if fenced or line.startswith("```") else re.match(r"(#+) (.*)", line)
        if mark:
            line = "#" * max(1, len(mark[1]) - shift) + " " + plain_links(mark[2])
        out.append(line if fenced else plain_links(line))
    return "\n".join(out)


def body_of(document):
    path, _, heading = document.partition("#")
    text = pathlib.Path(path).read_text("utf-8")
    if heading:
        return prepare(section_of(text, heading), 1)
    return prepare(text.split("\n", 1)[1], 1) # without its title


def help_of(program):
    said = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    return "```\n" + said.strip() + "\n```\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("section")
    parser.add_argument("summary")
    parser.add_argument("--help-of")
    parser.add_argument("documents", nargs="*")
    a = parser.parse_intermixed_args()
    page = f"# NAME\n\n{a.name} - {a.summary}\n\n"
    if a.help_of:
        page += "# SYNOPSIS\n\n" + help_of(a.help_of) + "\n"
    elif a.documents:
        page += "# DESCRIPTION\n\n"
    page += "\n\n".join(body_of(d) for d in a.documents)
    page += "\n\n# SEE ALSO\n\nsynweir(8), synweir.conf(5), weirctl(8), weirgen(1), weirpcap(1); the documents in /usr/share/doc/synweir\n"
    subprocess.run(["lowdown", "-s", "-Tman", "-m", f"title={a.name}", "-m", f"section={a.section}", "-m", "source=synweir"],
                   check=True, input=page, text=True)


main()
