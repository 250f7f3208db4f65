#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compiles mutants of the core and runs tests on them until one fails. scripts/mutate.sh calls it.

All mutants of a file's functions become one shared library, which LD_PRELOAD puts in front of the
core's; an environment variable chooses. What is mutated elsewhere (a constant, a header) becomes a
library of its own, of all the files that include it; the tests keep the header as it is.
"""
import argparse
import collections
import concurrent.futures
import filecmp
import fnmatch
import glob
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time

from mutants import Mutant, all_in_one, mutants

INCLUDES = 'lib'
START_S = 0.01  # of CPU, to start any
DEAR_S = 0.2  # a test that costs more than to look whether there is anything to find
ACCEPTED = os.path.join(os.path.dirname(__file__), 'accepted.txt')
CC = os.environ.get('CC', 'gcc').split()
# The tests run under UBSan too: what it would see is noticed.
UBSAN = ['-fsanitize=bounds,shift', '-fsanitize-undefined-trap-on-error']
CFLAGS = ['-w', '-std=gnu11', '-D_GNU_SOURCE', '-fPIC', '-shared', '-Wl,--build-id=none']


def run(command: list[str], env: dict[str, str] | None = None) -> bool:
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


class Test:
    """A line of tests.txt: files that it has to do with, a command. What it costs is measured when it
    has to pass, on the unmutated core."""

    def __init__(self, line: str):
        self.files, *self.command = shlex.split(line)
        self.cpu_s = 0.0

    def passes(self, preload: str | None = None, mutant: int = -1, cpu_limit_s: int = 300) -> bool:
        env = dict(os.environ, LD_PRELOAD=preload, WEIR_MUTANT=str(mutant)) if preload else None
        limits = ['prlimit', f'--cpu={cpu_limit_s}', '--core=0', f'--as={8 << 30}']
        return run(limits + self.command, env)

    def measure(self) -> None:
        before = os.times()
        if not self.passes():
            sys.exit(f'fails without any mutation: {shlex.join(self.command)}')
        after = os.times()
        self.cpu_s = after.children_user + after.children_system - before.children_user - before.children_system


class Killers:
    """The tests of a file's mutants, in the order in which CPU time is spent best: the most kills per second."""

    def __init__(self, tests: list[Test]):
        self.all = tests
        self.tried: collections.Counter[tuple[str, Test]] = collections.Counter()
        self.killed: collections.Counter[tuple[str, Test]] = collections.Counter()

    def order(self, file: str) -> list[Test]:
        def cost_of_a_kill(t: Test) -> float:
            return (START_S + t.cpu_s) * (self.tried[file, t] + 2) / (self.killed[file, t] + 1)
        return sorted((t for t in self.all if fnmatch.fnmatch(file, t.files)), key=cost_of_a_kill)


class Compiler:
    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.sources = sorted(glob.glob('lib/tcp/*.c') + glob.glob('lib/flow/*.c'))
        self.needs = {s: subprocess.run(CC + ['-MM', '-I', INCLUDES, s], check=True, text=True,
                                        capture_output=True).stdout.split() for s in self.sources}

    def users(self, file: str) -> list[str]:
        return [s for s in self.sources if file in self.needs[s]]

    def library(self, file: str, text: str | None, flags: list[str], out: str) -> str:
        """Of everything that file goes into, with text in its place. Returns what the compiler says."""
        with tempfile.TemporaryDirectory(dir=self.directory) as overlay:
            sources = self.users(file)
            if text is not None:
                changed = os.path.join(overlay, os.path.relpath(file, INCLUDES))
                os.makedirs(os.path.dirname(changed))
                with open(changed, 'w', encoding='utf-8') as f:
                    f.write(text)
                sources = [changed if s == file else s for s in sources]
            command = CC + CFLAGS + flags + ['-I', overlay, '-I', INCLUDES, '-s', '-o', out] + sources
            return subprocess.run(command, text=True, capture_output=True).stderr

    def many(self, file: str, text: str, chosen: dict[int, Mutant]) -> tuple[str, set[int]]:
        """One library of all mutants inside functions that compile; and which they are."""
        out = os.path.join(self.directory, file.replace('/', '-') + '.so')
        while True:
            everything, within = all_in_one(text, chosen)
            complaints = self.library(file, everything, ['-O1'] + UBSAN, out)
            bad = {int(n) for n in re.findall(r'"?mutant-(\d+)"?:\d+:\d+: error', complaints)}
            if not bad:
                if complaints and not os.path.exists(out):
                    sys.exit(complaints)
                return out, within
            chosen = {n: m for n, m in chosen.items() if n not in bad}

    def same_code(self, file: str, text: str, number: int) -> bool:
        """The optimiser makes the same of both: there is nothing to kill."""
        libraries = [os.path.join(self.directory, f'{name}-{number}.so') for name in ('is', 'was')]
        for out, content in zip(libraries, (text, None)):
            self.library(file, content, ['-O2'], out)
        same = filecmp.cmp(*libraries, shallow=False)
        for out in libraries:
            os.remove(out)
        return same


class Judge:
    """Of the mutants of one file: 'stillborn' (does not compile), 'same', 'killed' or 'survived'."""

    def __init__(self, file: str, chosen: dict[int, Mutant], compiler: Compiler, killers: Killers):
        self.file, self.compiler, self.killers = file, compiler, killers
        self.text = open(file, encoding='utf-8').read()
        self.within: set[int] = set()
        if file.endswith('.c'):
            self.library, self.within = compiler.many(file, self.text, chosen)

    def verdict(self, n: int, m: Mutant) -> str:
        if n in self.within:
            return self.hunt(n, m, self.library)
        library = os.path.join(self.compiler.directory, f'mutant-{n}.so')
        self.compiler.library(self.file, m.applied(self.text), ['-O0'] + UBSAN, library)
        if not os.path.exists(library):
            return 'stillborn'
        verdict = self.hunt(n, m, library)
        os.remove(library)
        return verdict

    def hunt(self, n: int, m: Mutant, library: str) -> str:
        looked = False
        for test in self.killers.order(self.file):
            if test.cpu_s > DEAR_S and not looked:
                looked = True
                if self.compiler.same_code(self.file, m.applied(self.text), n):
                    return 'same'
            self.killers.tried[self.file, test] += 1
            # Whole seconds of CPU: an endless loop dies of it, however busy the machine is.
            if not test.passes(library, n, int(1.5 + 4 * test.cpu_s)):
                self.killers.killed[self.file, test] += 1
                return 'killed'
        return 'same' if not looked and self.compiler.same_code(self.file, m.applied(self.text), n) else 'survived'


def read_mutants(path: str) -> dict[tuple[str, str, str], str]:
    """accepted.txt says how it is written. Mutants by file and lines, with their reason or ''."""
    known, file, was, waiting = {}, '', '', []
    for line in open(path, encoding='utf-8'):
        mark, rest = line[:2], ' '.join(line[2:].split())
        if line.startswith('lib/'):
            file = line.split(':')[0].strip()
        elif mark == '- ':
            was = rest
        elif mark.strip() == '+':
            waiting.append((file, was, rest))
            known[waiting[-1]] = ''
        elif mark == '= ':
            known.update({key: rest for key in waiting})
            waiting = []
    return known


def arguments() -> argparse.Namespace:
    p = argparse.ArgumentParser(prog='scripts/mutate.sh', description='which mutants of the core no test kills')
    p.add_argument('--tests', required=True, help=argparse.SUPPRESS)
    p.add_argument('--sample', type=int, metavar='N', help='only N mutants, drawn by --seed')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--again', metavar='FILE', help='only those that an earlier run has printed there')
    p.add_argument('--new', action='store_true', help='without those that accepted.txt gives a reason for')
    p.add_argument('--quick', action='store_true', help='without the tests that take long')
    p.add_argument('--jobs', '-j', type=int, default=os.cpu_count())
    p.add_argument('--show', action='store_true', help='print the mutants, run nothing')
    p.add_argument('files', nargs='*', help='default: lib/tcp, lib/flow/table')
    args = p.parse_args()
    args.files = args.files or sorted(glob.glob('lib/tcp/*.[ch]')) + ['lib/flow/table.c', 'lib/flow/table.h']
    return args


def print_summary(results: dict[str, list[tuple[Mutant, str]]]) -> None:
    print(f'\n{"file":24}{"mutants":>9}{"same code":>11}{"killed":>9}{"survived":>10}{"":>8}')
    total = [0, 0, 0, 0]
    for file, judged in results.items():
        count = [sum(1 for _, v in judged if v in which)
                 for which in (('same', 'killed', 'survived'), ('same',), ('killed',), ('survived',))]
        total = [a + b for a, b in zip(total, count)]
        print_row(file, count)
    print_row('all', total)


def print_row(name: str, count: list[int]) -> None:
    born, same, killed, survived = count
    share = 100 * survived / (killed + survived) if killed + survived else 0
    print(f'{name:24}{born:9}{same:11}{killed:9}{survived:10}{share:7.1f}%')


def print_stale(results: dict[str, list[tuple[Mutant, str]]], accepted: dict[tuple[str, str, str], str]) -> None:
    alive = {(file, m.was, m.now) for file, judged in results.items() for m, v in judged if v == 'survived'}
    for key in accepted:
        if key[0] in results and key not in alive:
            print(f'\n{ACCEPTED}: does not survive: {key[0]}\n- {key[1]}\n+ {key[2]}')


def main() -> int:
    args = arguments()
    accepted = read_mutants(ACCEPTED)
    for key in (key for key, reason in accepted.items() if not reason):
        sys.exit(f'{ACCEPTED}: no reason for {key}')
    todo = [(n, file, m) for n, (file, m) in enumerate(
        (file, m) for file in args.files for m in mutants(open(file, encoding='utf-8').read()))]
    if args.again:
        again = read_mutants(args.again)
        todo = [(n, file, m) for n, file, m in todo if (file, m.was, m.now) in again]
    if args.new:
        todo = [(n, file, m) for n, file, m in todo if (file, m.was, m.now) not in accepted]
    if args.sample is not None:
        todo = sorted(random.Random(args.seed).sample(todo, min(args.sample, len(todo))))
    if args.show:
        for _, file, m in todo:
            print(f'{file}:{m.line}\n- {m.was}\n+ {m.now}')
        return 0
    tests = [Test(line.strip()) for line in open(args.tests, encoding='utf-8') if line.strip()]
    for test in tests:
        test.measure()
    compiler = Compiler(os.path.dirname(args.tests))
    killers = Killers([t for t in tests if not args.quick or t.cpu_s <= DEAR_S])
    results: dict[str, list[tuple[Mutant, str]]] = {}
    began_s, done, unexplained = time.monotonic(), 0, 0
    for file in args.files:
        chosen = {n: m for n, f, m in todo if f == file}
        if not chosen:
            continue
        judge = Judge(file, chosen, compiler, killers)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for m, verdict in zip(chosen.values(), pool.map(judge.verdict, *zip(*chosen.items()))):
                results.setdefault(file, []).append((m, verdict))
                if verdict == 'survived' and (file, m.was, m.now) not in accepted:
                    unexplained += 1
                    print(f'\n{file}:{m.line}\n- {m.was}\n+ {m.now}', flush=True)
        done += len(chosen)
        print(f'{done}/{len(todo)}  {time.monotonic() - began_s:.0f} s  {file}', file=sys.stderr)
    if args.sample is None and not args.again and not args.new:
        print_stale(results, accepted)
    print_summary(results)
    return 1 if unexplained else 0


if __name__ == '__main__':
    sys.exit(main())
