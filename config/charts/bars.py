"""Bars: reasons in order of size with the earlier period as a tick, months stacked by group, half hours,
steps, shares, progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from config.charts.draw import chart, line, link, nice_step, rect, text
from config.templatetags.ringback import number

GROUPS = ("club", "member", "rival", "unsaid")
"""Who can act, from the bottom of a stack upwards; "competitor" is drawn as rival."""


@dataclass(frozen=True)
class Reason:
    """A reason to compare: how often now, how often in the earlier period (None: nothing to compare)."""

    label: str
    group: str
    now: int
    earlier: int | None = None
    href: str = ""


@dataclass(frozen=True)
class ParetoRow:
    """A reason with what its row says; shares are rates between 0 and 1. `tone`: bad, good or none."""

    reason: Reason
    group: str
    bar: SafeString
    share: float | None
    running: float | None
    change: int | None
    tone: str
    cut: bool


def _group(name: str) -> str:
    return "rival" if name == "competitor" else name


def pareto(reasons: Sequence[Reason], *, most: float = 0.75, notable: int = 5) -> list[ParetoRow]:
    """The reasons, most frequent first, each with its bar, for includes/pareto.html.

    `cut` marks the row with which `most` of all is reached; a change of `notable` or more is coloured.
    """
    ordered = sorted(reasons, key=lambda reason: (-reason.now, reason.label))
    total = sum(reason.now for reason in ordered)
    highest = max([max(reason.now, reason.earlier or 0) for reason in ordered] + [1])
    rows: list[ParetoRow] = []
    so_far, reached = 0, False
    for reason in ordered:
        so_far += reason.now
        cut = bool(total) and not reached and so_far >= most * total and reason is not ordered[-1]
        reached = reached or cut
        change = None if reason.earlier is None else reason.now - reason.earlier
        tone = "" if change is None or abs(change) < notable else "bad" if change > 0 else "good"
        rows.append(
            ParetoRow(
                reason=reason,
                group=_group(reason.group),
                bar=_pareto_bar(reason, highest),
                share=reason.now / total if total else None,
                running=so_far / total if total else None,
                change=change,
                tone=tone,
                cut=cut,
            )
        )
    return rows


def _pareto_bar(reason: Reason, highest: int) -> SafeString:
    width = 300.0
    parts = [rect(f"f-{_group(reason.group)}", 0, 4, reason.now / highest * (width - 4), 12, 1.5)]
    if reason.earlier is not None:
        parts.append(rect("f-mark", reason.earlier / highest * (width - 4) - 1, 1, 2, 18))
    svg = chart(width, 20, parts, "", "ch pb").replace("<svg ", '<svg preserveAspectRatio="none" ', 1)
    if not reason.href:
        return SafeString(svg)
    return format_html('<a href="{}" tabindex="-1" aria-hidden="true">{}</a>', reason.href, SafeString(svg))


@dataclass(frozen=True)
class Month:
    """One column: counts by group. `current`: of the period looked at; `marked`: its total is written."""

    label: str
    counts: Mapping[str, int]
    current: bool = False
    marked: bool = False
    href: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def month_bars(months: Sequence[Month], *, names: Mapping[str, str], title: str) -> SafeString:
    """Columns stacked by who can act, the club at the bottom. `names`: the groups' names for the sentence."""
    width, left, floor, top = 560.0, 28.0, 196.0, 26.5
    step = nice_step(max([month.total for month in months] + [1]))
    scale = (floor - top) / (step * 3)
    slot = (width - left) / max(len(months), 1)
    parts: list[str] = []
    current = [at for at, month in enumerate(months) if month.current]
    if current:
        start = left + current[0] * slot
        parts.append(rect("f-bg", start, 10, (current[-1] + 1 - current[0]) * slot, floor - 10))
    for tick in range(4):
        y = floor + 0.5 - tick * step * scale
        parts += [line("s-line", left, y, width, y), text(left - 6, y + 4, number(tick * step), "e")]
    sentences = []
    for at, month in enumerate(months):
        x, y, middle = left + at * slot + slot * 0.2, floor, left + (at + 0.5) * slot
        column = []
        counts = {_group(name): count for name, count in month.counts.items()}
        for group in GROUPS:
            height = counts.get(group, 0) * scale
            if height:
                y -= height
                column.append(rect(f"f-{group}", x, y, slot * 0.6, height - 0.8))
        said = [f"{names.get(name, name)} {number(count)}" for name, count in month.counts.items() if count]
        sentence = f"{month.label}: {', '.join(said) or 0}"
        sentences.append(sentence)
        parts.append(link(month.href, sentence, *column) if column else "")
        if month.marked:
            parts.append(text(middle, y - 6, number(month.total), "m ink b"))
            if counts.get("club", 0) * scale > 16:
                parts.append(text(middle, floor - 6, number(counts["club"]), "m on b"))
        parts.append(text(middle, 213, month.label, "m ink" if month.current else "m"))
    return chart(width, 218, parts, f"{title}. {'; '.join(sentences)}", "ch trend")


@dataclass(frozen=True)
class Slot:
    """One column of a day: a count, a smaller count inside it, a label below (may be empty)."""

    label: str
    count: int
    inner: int | None = None
    mine: bool = False


def slot_bars(slots: Sequence[Slot], *, title: str, numbers: bool = True, now_at: float | None = None) -> SafeString:
    """Columns of a day's half hours. `numbers` writes each count; `now_at` (0 to 1) draws the present."""
    width, floor, room = 560.0, 84.0, 62.0
    step = width / max(len(slots), 1)
    highest = max([slot.count for slot in slots] + [1])
    parts = [line("s-line", 0, floor + 0.5, width, floor + 0.5)]
    for at, slot in enumerate(slots):
        x, height = at * step + step * 0.18, slot.count / highest * room
        fill = "f-act" if slot.mine else "f-bar" if slot.inner is None else "f-bar2"
        if slot.count:
            parts.append(rect(fill, x, floor - height, step * 0.64, height, 2))
            if numbers:
                parts.append(text((at + 0.5) * step, floor - height - 5, number(slot.count), "m ink-2"))
        if slot.inner:
            tall = slot.inner / highest * room
            parts.append(rect("f-ink", x, floor - tall, step * 0.64, tall, 2))
        if slot.label:
            parts.append(text((at + 0.5) * step, 101, slot.label, "m"))
    if now_at is not None:
        parts.append(line("s-ink", now_at * width, 4, now_at * width, floor))
    said = [f"{slot.count} ({slot.inner})" if slot.inner is not None else str(slot.count) for slot in slots]
    return chart(width, 106, parts, f"{title}: {', '.join(said)}", "ch trend")


STEP_FILLS = {"done": "f-ink", "late": "f-bad", "open": "f-bar2", "skipped": "f-bar"}


def step_strip(states: Sequence[str]) -> SafeString:
    """The steps of a checklist as a strip of 88 × 6: done, late, open, skipped."""
    step = 90 / max(len(states), 1)
    parts = [rect(STEP_FILLS[state], at * step, 0, step - 2, 6, 1.5) for at, state in enumerate(states)]
    sentence = gettext("%(done)s of %(all)s steps done, %(late)s late") % {
        "done": number(states.count("done")),
        "all": number(len(states)),
        "late": number(states.count("late")),
    }
    return chart(88, 6, parts, sentence, "stp")


@dataclass(frozen=True)
class Part:
    """A share of a whole; `css` one of f-ink, f-freeze, f-act, f-warn, f-bad, f-good, f-bar."""

    count: int
    css: str
    label: str = field(default="")


def parts_bar(parts: Sequence[Part], whole: int, *, sentence: str = "") -> SafeString:
    """Shares of a whole side by side, such as freeze days used, in this freeze and left."""
    width, x = 400.0, 0.0
    scale = width / max(whole, 1)
    shapes = [rect("f-bar2", 0, 0, width, 14, 3)]
    for part in parts:
        share = min(part.count * scale, width - x)
        shapes.append(rect(part.css, x, 0, share, 14, 0 if part.css == "f-freeze" else 3))
        x += share
    said = sentence or ", ".join(f"{number(part.count)} {part.label}" for part in parts)
    return chart(width, 14, shapes, said)


def progress(done: int, total: int, *, label: str) -> SafeString:
    """How far long work has come."""
    share = min(done / total, 1.0) if total else 0.0
    track = '<rect class="f-bar2" width="1360" height="8" rx="4"/>'
    return format_html(
        '<svg class="ch im-bar" viewBox="0 0 1360 8" preserveAspectRatio="none" role="progressbar" aria-valuemin="0"'
        ' aria-valuemax="100" aria-valuenow="{}" aria-label="{}">{}{}</svg>',
        round(share * 100),
        label,
        SafeString(track),
        SafeString(f'<rect class="f-act" width="{1360 * share:.0f}" height="8" rx="4"/>'),
    )
