"""Memberships over time: the band of a member's page, the bar of a call card, the moves of a freeze."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from config.charts.draw import LETTER, chart, fitting, line, link, rect, scrolling, text
from config.templatetags.ringback import long_day, number

BAND_WIDTH = 1360.0
YEARS_BACK = 6


@dataclass(frozen=True)
class Span:
    """Days inclusive at both ends, such as a freeze."""

    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


@dataclass(frozen=True)
class Term:
    """One membership in the band. `state`: past, current, pending (sold), offered (a quote), cancelled."""

    label: str
    note: str
    starts_on: date
    ends_on: date
    state: str = "past"
    freezes: tuple[Span, ...] = ()
    href: str = ""

    def sentence(self) -> str:
        frozen = sum(freeze.days for freeze in self.freezes)
        words = f"{self.label}, {long_day(self.starts_on)} – {long_day(self.ends_on)}"
        if self.note:
            words += f", {self.note}"
        return f"{words}, {_frozen(frozen)}" if frozen else words


def _frozen(days: int) -> str:
    return ngettext("%(n)s day frozen", "%(n)s days frozen", days) % {"n": number(days)}


def _away(days: int) -> str:
    return ngettext("away %(n)s day", "away %(n)s days", days) % {"n": number(days)}


FILLS = {"past": "f-bar2", "cancelled": "f-bar2", "current": "f-h1", "pending": "s-plan", "offered": "s-plan"}


def membership_band(terms: Sequence[Term], *, today: date) -> SafeString:
    """A member's memberships on one line of years: terms, gaps, hatched freezes, today, dashed what is to come.

    Shows from six years back; the sentence names everything that is shown. Scrolls inside its sheet on phones.
    """
    oldest = min([term.starts_on for term in terms] + [today])
    newest = max([term.ends_on for term in terms] + [today + timedelta(days=30)])
    first = date(max(oldest.year, today.year - YEARS_BACK), 1, 1)
    shown = sorted((term for term in terms if term.ends_on >= first), key=lambda term: term.starts_on)
    scale = BAND_WIDTH / ((newest - first).days + 15)

    def at(day: date) -> float:
        return max(0.0, (day - first).days * scale)

    parts: list[str] = []
    for year in range(first.year, newest.year + 1):
        x = at(date(year, 1, 1))
        parts += [line("s-line", x, 0, x, 72), text(x + 5, 88, year)]
    labels_end = -1.0
    today_x = at(today)
    previous: Term | None = None
    for term in shown:
        x, end = at(term.starts_on), at(term.ends_on + timedelta(days=1))
        gap = (term.starts_on - previous.ends_on).days - 1 if previous else 0
        if previous and gap > 7:
            words = _away(gap)
            room = x - at(previous.ends_on)
            if len(words) * LETTER < room:
                parts.append(text(x - room / 2, 46, words, "m"))
        parts.append(_term(term, x, end))
        for freeze in term.freezes:
            left, right = at(freeze.starts_on), at(freeze.ends_on + timedelta(days=1))
            parts.append(rect("f-freeze", left, 20, right - left, 44, title=_frozen(freeze.days)))
            words = gettext("frozen %(n)s d") % {"n": number(freeze.days)}
            middle, half = (left + right) / 2, len(words) * LETTER / 2
            if middle - half > labels_end and not middle - half - 4 < today_x < middle + half + 44:
                parts.append(text(middle, 14, words, "icet m"))
                labels_end = middle + half
        previous = term
    side = "ink b e" if today_x > 60 else "ink b"
    parts += [
        line("s-ink", today_x, 4, today_x, 72),
        text(today_x - 5 if today_x > 60 else today_x + 5, 12, gettext("today"), side),
    ]
    sentence = gettext("Memberships: %(list)s") % {"list": "; ".join(term.sentence() for term in shown) or "—"}
    return scrolling(chart(BAND_WIDTH, 92, parts, sentence), gettext("Memberships by year"), "band-in")


def _term(term: Term, x: float, end: float) -> str:
    dashed = term.state in ("pending", "offered")
    width = end - x - (2 if dashed else 1)
    top, height = (20.5, 43.0) if dashed else (20.0, 44.0)
    words = [
        rect(FILLS[term.state], x, top, width, height, 3, title=term.sentence()),
        text(x + 8, 38, fitting(term.label, width - 12), "ink b"),
        text(x + 8, 54, fitting(term.note, width - 12), "ink-2" if dashed else "ink"),
    ]
    return link(term.href, term.sentence(), *words)


def term_bar(term: Span, freezes: Sequence[Span] = (), *, today: date) -> SafeString:
    """One membership as days passed and days left; the rest in colour when 14 or 3 days or fewer are left."""
    width = 312.0
    days = term.days
    passed = min(max((today - term.starts_on).days + 1, 0), days)
    left = days - passed
    scale = width / days
    edge = passed * scale
    rest = "f-bad" if left <= 3 else "f-warn" if left <= 14 else "f-bar2"
    parts = [rect("f-bar2", 0, 3, width, 8, 2), rect("f-ink", 0, 3, edge, 8, 2)]
    frozen = 0
    for freeze in freezes:
        start = max((freeze.starts_on - term.starts_on).days, 0)
        end = min((freeze.ends_on - term.starts_on).days + 1, days)
        if end <= start:
            continue
        frozen += min(end, passed) - min(start, passed)
        parts.append(rect("f-freeze", start * scale, 3, (end - start) * scale, 8))
    parts += [rect(rest, edge, 3, width - edge, 8), rect("f-surface", edge - 2, 0, 2, 14)]
    facts = {"passed": number(passed), "days": number(days), "left": number(left), "frozen": number(frozen)}
    if frozen:
        sentence = gettext("%(passed)s of %(days)s days have passed, %(frozen)s of them frozen; %(left)s are left")
    else:
        sentence = gettext("%(passed)s of %(days)s days have passed; %(left)s are left")
    return chart(width, 14, parts, sentence % facts)


@dataclass(frozen=True)
class Move:
    """A membership before and after a change: its label and both pairs of days."""

    label: str
    before: Span
    after: Span
    current: bool = False


def moves(rows: Sequence[Move], frozen: Span | None, *, today: date) -> SafeString:
    """What a freeze or an early return moves: now above, with it below, an arrow for each end."""
    width = 760.0
    days = [day for row in rows for span in (row.before, row.after) for day in (span.starts_on, span.ends_on)]
    first, last = today - timedelta(days=45), max([*days, today])
    scale = (width - 60) / max((last - first).days + 1, 1)

    def at(day: date) -> float:
        return min(max((day - first).days * scale, 0.0), width)

    parts = [
        text(0, 20, gettext("Now"), "ink b"),
        text(0, 102, gettext("With this change"), "ink b"),
    ]
    named = []
    for row in rows:
        fill = "f-h1" if row.current else "f-bar2"
        for span, top in ((row.before, 26), (row.after, 108)):
            x, end = at(span.starts_on), at(span.ends_on + timedelta(days=1))
            words = f"{row.label}, {long_day(span.starts_on)} – {long_day(span.ends_on)}"
            parts.append(rect(fill, x, top, end - x - 2, 34, title=words))
            named.append(text(x + 6, top + 22, fitting(words, end - x - 12) or row.label[:1], "ink"))
    if frozen:
        x = at(frozen.starts_on)
        parts.append(rect("f-freeze", x, 108, at(frozen.ends_on + timedelta(days=1)) - x, 34))
    parts += named  # above the frozen days
    x = at(today)
    parts += [line("s-ink", x, 18, x, 60), line("s-ink", x, 104, x, 144), text(x, 12, gettext("today"), "ink b m")]
    sentences = []
    for row in rows:
        by = (row.after.ends_on - row.before.ends_on).days
        if not by:
            continue
        old, new = at(row.before.ends_on + timedelta(days=1)), at(row.after.ends_on + timedelta(days=1))
        words = ngettext("%(n)s day", "%(n)s days", abs(by)) % {"n": f"{'+' if by > 0 else '−'}{abs(by)}"}
        parts.append(f'<path class="s-act" d="M{old:.1f} 64 V84 H{new:.1f} V102 m-4 -5 l4 5 l4 -5"/>')
        long = len(words) * LETTER
        beside = min(new + 8, width - long) if by > 0 else max(new - 8 - long, 0)  # where the arrow does not run
        parts.append(text(beside, 88, words, "ink-2 b"))
        sentences.append(f"{row.label}: {words}")
    sentence = gettext("What moves: %(list)s") % {"list": "; ".join(sentences) or "—"}
    return scrolling(chart(width, 150, parts, sentence), gettext("What moves"), "moved-in", from_end=False)
