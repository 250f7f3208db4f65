# SPDX-License-Identifier: BSD-3-Clause
"""A line chart as SVG, by hand: axes with labels, quartiles as bands, a name at the end of each line."""
import math
from dataclasses import dataclass
from html import escape
from typing import List, Tuple

from bench_tsv import short

WIDTH, HEIGHT = 860, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 50, 62
COLOURS = ["#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce", "#52606d", "#be185d"]
MOST_TICKS = 8
INK, FAINT = "#1f2933", "#d9dee3"


@dataclass
class Line:
    name: str
    points: List[Tuple[float, float, float, float]]  # x, median, quartiles


def nice_step(span, steps):
    """The smallest of 1, 2, 5 times a power of ten that needs no more than so many steps."""
    raw = span / steps
    power = 10 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= raw)


class Plane:
    """From figures to places."""

    def __init__(self, lines, log_x):
        xs = [p[0] for line in lines for p in line.points]
        self.log_x = log_x
        self.x0, self.x1 = self.scale(min(xs)), self.scale(max(xs))
        top = max(p[3] for line in lines for p in line.points)
        self.step = nice_step(top, 6)
        self.y1 = math.ceil(top / self.step) * self.step
        self.x_ticks = sorted(set(xs)) if len(set(xs)) <= MOST_TICKS else self.round_ticks(max(xs))

    @staticmethod
    def round_ticks(top):
        step = nice_step(top, MOST_TICKS)
        return [i * step for i in range(int(top / step) + 1)]

    def scale(self, x):
        return math.log10(x) if self.log_x else x

    def x(self, x):
        return LEFT + (self.scale(x) - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, y):
        return HEIGHT - BOTTOM - y / self.y1 * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def axes(plane, x_label, y_label):
    out = []
    for i in range(round(plane.y1 / plane.step) + 1):
        y = plane.y(i * plane.step)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{FAINT}"/>')
        out.append(text(LEFT - 8, y + 4, f"{i * plane.step:g}", "end"))
    for x in plane.x_ticks:
        at = plane.x(x)
        out.append(f'<line x1="{at:.1f}" y1="{HEIGHT - BOTTOM}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM + 5}" stroke="{INK}"/>')
        out.append(text(at, HEIGHT - BOTTOM + 20, short(x)))
    out.append(f'<line x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH - RIGHT}" y2="{HEIGHT - BOTTOM}" stroke="{INK}"/>')
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_label))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    out.append(text(18, middle, y_label, more=f'transform="rotate(-90 18 {middle:.1f})"'))
    return out


def spread_out(places, gap):
    """Labels that would lie on each other are moved apart, their order kept."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for before, i in zip(order, order[1:]):
        moved[i] = max(moved[i], moved[before] + gap)
    return moved


def curves(plane, lines):
    out = []
    ends = spread_out([plane.y(line.points[-1][1]) for line in lines], 17)
    for line, colour, end in zip(lines, COLOURS, ends):
        places = [(plane.x(x), plane.y(y)) for x, y, _, _ in line.points]
        band = [(plane.x(x), plane.y(hi)) for x, _, _, hi in line.points]
        band += [(plane.x(x), plane.y(lo)) for x, _, lo, _ in reversed(line.points)]
        out.append(f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in band)}" fill="{colour}" opacity="0.12"/>')
        out.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" '
                   f'stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        out.append(text(WIDTH - RIGHT + 10, end + 4, f"{line.name}: {line.points[-1][1]:.0f}", "start",
                        f'style="fill:{colour}"'))
    return out


def chart(path, title, x_label, lines, log_x, y_label="cycles per packet (band: quartiles)"):
    lines = [line for line in lines if len(line.points) > 1]
    if not lines:
        return
    plane = Plane(lines, log_x)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           f'font-family="sans-serif" font-size="13" fill="{INK}">',
           f'<title>{escape(title)}</title>',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           text(LEFT, 28, title, "start", 'font-size="15" font-weight="bold"')]
    out += axes(plane, x_label, y_label)
    out += curves(plane, lines)
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")
