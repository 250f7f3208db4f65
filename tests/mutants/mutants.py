# SPDX-License-Identifier: BSD-3-Clause
"""C source in, its mutants out: one operator, constant or statement changed at a time.

Works on tokens and leans on the tree's formatting (a binary * or & has a space behind it). What it
makes need not compile: the compiler sorts that out.
"""
import re
from typing import Iterator, NamedTuple

TOKEN = re.compile(r'''
    (?P<space>\s+|\\\n|//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|[0-9]+[uUlL]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<punct><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
''', re.X | re.S)

SWAP = {
    '<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '==',
    '+': '-', '-': '+', '*': '/', '/': '*', '%': '/', '&': '|', '|': '&', '^': '&',
    '<<': '>>', '>>': '<<', '&&': '||', '||': '&&', '++': '--', '--': '++',
    '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=', '|=': '&=', '&=': '|=',
    '<<=': '>>=', '>>=': '<<=', 'true': 'false', 'false': 'true',
}
BOTH_WAYS = {'+', '-', '*', '&'}  # binary or not, by what stands before
NO_OPERAND = {'return', 'case', 'sizeof', 'else'}
SAYS_LITTLE = 16  # characters: "return;", "px->changes++;"
CONTROL = {'if', 'for', 'while', 'switch'}
BEGIN_STATEMENT = {'=', '(', '->', '.', '[', '++', '--', '+=', '-=', '|=', '&=', '*=', '<<=', '>>='}


class Token(NamedTuple):
    kind: str
    text: str
    at: int
    spaced: bool  # white space follows

    @property
    def end(self) -> int:
        return self.at + len(self.text)


class Mutant(NamedTuple):
    line: int
    was: str  # the lines that it touches, white space collapsed, and the one before if that says little
    now: str
    start: int  # what is replaced, and by what
    end: int
    new: str

    def applied(self, text: str) -> str:
        return text[:self.start] + self.new + text[self.end:]


def tokens_of(text: str) -> list[Token]:
    """Without comments, strings, assertions and those preprocessor lines that define nothing."""
    for skip in (r'^#define\s+\w+(\([^)]*\))?', r'^#(?!define)[^\n]*', r'_Static_assert\(.*?\);'):
        text = re.sub(skip, lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.M | re.S)
    found = [(m.lastgroup, m.group(), m.start()) for m in TOKEN.finditer(text)]
    return [Token(kind, t, at, text[at + len(t):at + len(t) + 1].isspace())
            for kind, t, at in found if kind != 'space']


def is_operand(t: Token | None) -> bool:
    return t is not None and (t.kind == 'number' or t.text in (')', ']') or
                              (t.kind == 'word' and t.text not in NO_OPERAND))


def of_number(text: str) -> list[str]:
    digits, suffix = re.match(r'(0[xX][0-9a-fA-F]+|\d+)(.*)', text).groups()
    n = int(digits, 0)
    more = f'{n + 1:#x}' if digits[:2].lower() == '0x' else str(n + 1)
    return [more + suffix] + (['0' + suffix] if n else [])


def of_token(before: Token | None, t: Token) -> list[str]:
    if t.kind == 'number':
        return of_number(t.text)
    if t.text in ('!', '~') or (t.text == '-' and not is_operand(before)):
        return ['']
    if t.text in BOTH_WAYS and not (is_operand(before) and t.spaced):
        return []
    return [SWAP[t.text]] if t.text in SWAP and t.kind != 'string' else []


def end_of(tokens: list[Token], i: int, stop: str) -> int:
    """The first of the characters in stop from i on, outside of what is bracketed on the way."""
    depth = 0
    while i < len(tokens):
        if depth == 0 and tokens[i].text in stop:
            return i
        depth += (tokens[i].text in '([{') - (tokens[i].text in ')]}')
        i += 1
    return -1


def deletions(tokens: list[Token]) -> Iterator[tuple[int, int]]:
    """From where to where: assignments, calls, jumps, and fields of initialisers."""
    parens: list[bool] = []
    begins, depth = False, 0
    for i, t in enumerate(tokens):
        after = tokens[i + 1].text if i + 1 < len(tokens) else ''
        if t.text == '.' and tokens[i - 1].text in '{,' and tokens[i + 2].text == '=':
            last = end_of(tokens, i, ',}')
            yield t.at, tokens[last].end if tokens[last].text == ',' else tokens[last].at
        elif begins and not parens and depth > 0:
            jump = t.text in ('return', 'break', 'continue') and after == ';'
            plain = t.kind == 'word' and t.text not in CONTROL | NO_OPERAND and after in BEGIN_STATEMENT
            if jump or plain or t.text in ('*', '++', '--'):
                yield t.at, tokens[end_of(tokens, i, ';')].at
        begins = t.text in (';', '{', '}', ':', 'else')
        if t.text == '(':
            parens.append(i > 0 and tokens[i - 1].text in CONTROL)
        elif t.text == ')' and parens:
            begins = parens.pop()
        depth += (t.text == '{') - (t.text == '}')


def mutants(text: str) -> Iterator[Mutant]:
    tokens = tokens_of(text)
    changes = [(t.at, t.end, new) for before, t in zip([None] + tokens, tokens)
               for new in of_token(before, t)]
    changes += [(start, end, '') for start, end in deletions(tokens)]
    for start, end, new in sorted(changes):
        first, last = text.rfind('\n', 0, start) + 1, text.find('\n', end)
        if len(text[first:last].strip()) < SAYS_LITTLE:
            first = text.rfind('\n', 0, first - 1) + 1
        yield Mutant(line=text.count('\n', 0, start) + 1,
                     was=' '.join(text[first:last].split()),
                     now=' '.join((text[first:start] + new + text[end:last]).split()),
                     start=start, end=end, new=new)


# A function as this tree is formatted: its head in the first column, so are its braces.
FUNCTION = re.compile(r'^(?P<head>[a-z][^\n;{}#]*(?:\n[\t ][^\n;{}]*)*)\n(?P<body>\{\n.*?^\}\n)', re.M | re.S)
HEAD = re.compile(r'(?P<type>.*?)(?P<name>\w+)\((?P<params>.*)\)$', re.S)
PRELUDE = '''#include <stdlib.h>
static int mutant;
static __attribute__((constructor)) void choose_mutant(void)
{
	const char *chosen = getenv("WEIR_MUTANT");

	mutant = chosen ? atoi(chosen) : -1;
}
'''


def arguments_of(params: str) -> str:
    names = [re.search(r'(\w+)(\[\w*\])?$', p.strip()).group(1) for p in params.split(',')]
    return '' if names == ['void'] else ', '.join(names)


def all_in_one(text: str, chosen: dict[int, Mutant]) -> tuple[str, set[int]]:
    """A file with all mutants of functions' insides, to choose from when it runs; and which they are.

    A function has a copy for each, named by its number, and begins with a switch. Line markers tell
    which copies the compiler does not like.
    """
    out, at, within = [PRELUDE], 0, set()
    for f in FUNCTION.finditer(text):
        head = HEAD.match(f['head'])
        mine = {n: m for n, m in chosen.items() if f.start('body') < m.start and m.end <= f.end()}
        static = '' if head['type'].startswith('static') else 'static '
        out.append(text[at:f.start()])
        for n, m in mine.items():
            body = m.applied(text[:f.end() + len(m.new)])[f.start('body'):f.end() + len(m.new) - (m.end - m.start)]
            out.append(f'# 1 "mutant-{n}"\n{static}{head["type"]}{head["name"]}__{n}({head["params"]})\n{body}')
        cases = ''.join(f'\tcase {n}: return {head["name"]}__{n}({arguments_of(head["params"])});\n' for n in mine)
        out.append(f'# 1 "itself"\n{f["head"]}\n{{\n\tswitch (mutant) {{\n{cases}\t}}\n{f["body"][1:]}')
        at = f.end()
        within |= set(mine)
    return ''.join(out) + text[at:], within
