"""The pencil of the charts: SVG elements that carry classes, never styles, with everything escaped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from config.templatetags.ringback import written

LETTER = 6.4
"""Width of a letter of chart text (11.5 px), on average: enough to know whether words fit."""


def num(value: float) -> str:
    """A coordinate: one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def rect(css: str, x: float, y: float, width: float, height: float, rx: float = 0, title: str = "") -> str:
    corner = f' rx="{num(rx)}"' if rx else ""
    box = f'class="{css}" x="{num(x)}" y="{num(y)}" width="{num(max(width, 0))}" height="{num(max(height, 0))}"{corner}'
    return f"<rect {box}><title>{escape(title)}</title></rect>" if title else f"<rect {box}/>"


def line(css: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{css}" x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}"/>'


def text(x: float, y: float, words: object, css: str = "") -> str:
    mark = f' class="{css}"' if css else ""
    return f'<text{mark} x="{num(x)}" y="{num(y)}">{escape(words)}</text>'


def link(href: str, label: str, *parts: str) -> str:
    """The parts as one link, named for screen readers; without an address just the parts."""
    inside = "".join(parts)
    return f'<a href="{escape(href)}" aria-label="{escape(label)}">{inside}</a>' if href else inside


def fitting(words: str, width: float, letter: float = LETTER) -> str:
    """The words, cut with an ellipsis to what fits into a width; nothing where not even four letters fit."""
    room = int(width / letter)
    if len(words) <= room:
        return words
    return f"{words[: room - 1].rstrip()}…" if room >= 4 else ""


def chart(width: float, height: float, parts: Iterable[str], sentence: str, css: str = "ch") -> SafeString:
    """The whole picture. With a sentence it is an image of that name (a group where it holds links); without
    one it is decoration beside its numbers."""
    inside = "".join(parts)
    role = "group" if "<a " in inside else "img"
    name = f'role="{role}" aria-label="{escape(sentence)}"' if sentence else 'aria-hidden="true"'
    size = f' width="{num(width)}" height="{num(height)}"' if css in ("mini", "stp") else ""
    return mark_safe(f'<svg class="{css}" viewBox="0 0 {num(width)} {num(height)}"{size} {name}>{inside}</svg>')


def scrolling(inner: str, sentence: str, css: str, *, from_end: bool = True) -> SafeString:
    """A wide picture that scrolls inside its sheet on small screens, beginning at its right end or its left."""
    end = " scroll-end" if from_end else ""
    box = f'<div class="scroll-x{end}" tabindex="0" role="region" aria-label="{escape(sentence)}">'
    return mark_safe(f'{box}<div class="{css}">{inner}</div></div>')


def month(value: date) -> str:
    """A month's short name in the reader's language."""
    return written(value, "M")


def plain_day(value: date) -> str:
    """A day without its year, for axes."""
    return written(value, "j M")


def nice_step(highest: float, steps: int = 3) -> int:
    """The distance of grid lines: 1, 2, 3 or 5 times a power of ten, so that `steps` of them reach `highest`."""
    factor = 1
    while True:
        for base in (1, 2, 3, 5):
            if base * factor * steps >= highest:
                return base * factor
        factor *= 10
