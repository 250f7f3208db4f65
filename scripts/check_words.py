#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_words.py: fails when lib/ or app/ has words that scripts/words.tsv bans, or lacks one that it
demands. Comments and strings of C sources (.c, .h, .def) are looked at, for some words names too, and the text
of README files."""
import os
import re
import sys

TOKEN = re.compile(
    r"""(?P<text>//(?:\\\n|[^\n])*|/\*.*?\*/|"(?:\\.|[^"\\\n])*")|(?P<char>'(?:\\.|[^'\\\n])+')""", re.S)
TABLE, ALLOWED = "scripts/words.tsv", "scripts/words_allowed.tsv"


def rows(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                row = line.rstrip("\n").split("\t")
                if len(row) != 3 or "" in row:
                    sys.exit(f"check_words: {path}:{number}: not three columns")
                yield row


def sources():
    for room in ("lib", "app"):
        for folder, _, names in sorted(os.walk(room)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".def", ".md")):
                    yield os.path.join(folder, name)


def parts_of(path, source):
    """The text of a file and its code, each with blanks in place of the other, so that lines stay."""
    if path.endswith(".md"):
        return source, ""
    text, code, at = [], [], 0
    for token in TOKEN.finditer(source):
        blank = re.sub(r"[^\n]", " ", token.group())
        before = source[at:token.start()]
        is_text = token["text"] and not re.search(r"#\s*include\s*$", before)
        text += [re.sub(r"[^\n]", " ", before), token.group() if is_text else blank]
        code += [before, blank]
        at = token.end()
    return "".join(text), "".join(code) + source[at:]


def pattern_of(word):
    # a blank may be the end of a comment's line, or, in a name, "_"
    return re.compile(r"(?<![A-Za-z])(?:" + word.replace(" ", r"[\s*/_]+") + r")(?![A-Za-z])", re.I)


def findings_in(path, source, rules, allowed):
    lines = source.split("\n")
    text, code = parts_of(path, source)
    for scope, word, pattern, instead in rules:
        for part in (text, code) if scope == "all" else (text,):
            for hit in pattern.finditer(part):
                number = part.count("\n", 0, hit.start()) + 1
                entry = next((a for a in allowed if a[0] == path and a[1] in lines[number - 1]), None)
                if entry is None:
                    yield f"{path}:{number}: \"{' '.join(hit.group().split())}\": {instead}"
                else:
                    entry[3] = True


def missing_in(place, word, texts):
    if not any(path.startswith(place + "/") and word in text.lower() for path, text in texts.items()):
        yield f"{place}: \"{word}\" is nowhere in its comments and strings, where a reader would look for it"


def main():
    if sys.argv[1:]:
        print(f"check_words: unexpected argument '{sys.argv[1]}'", file=sys.stderr)
        return 2
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    table, found, texts = list(rows(TABLE)), [], {}
    rules = [(scope, word, pattern_of(word), instead) for scope, word, instead in table if scope != "need"]
    allowed = [row + [False] for row in rows(ALLOWED)]
    for path in sources():
        with open(path, encoding="utf-8") as file:
            source = file.read()
        texts[path] = parts_of(path, source)[0]
        found += findings_in(path, source, rules, allowed)
    for scope, place, word in table:
        if scope == "need":
            found += missing_in(place, word, texts)
    stale = [f"{ALLOWED}: {entry[0]} has no such word in a line with '{entry[1]}': take it out"
             for entry in allowed if not entry[3]]
    if found or stale:
        print("\n".join(found + stale))
        print(f"check_words: {len(found)} words: write the terms of {TABLE}, or where a word is right, enter it in {ALLOWED}")
        return 1
    print(f"check_words: {len(rules)} rules hold in {len(texts)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
