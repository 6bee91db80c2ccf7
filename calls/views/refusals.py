"""Why members refuse: what changed, who can act, the proof, and the members behind each bar and cell."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calls import figures
from calls.figures import Names
from calls.meetings import hosting
from calls.models import ReasonGroup
from calls.rules import figures as formulas
from calls.rules import refusals as rules
from calls.rules.refusals import Refusal
from calls.views import refusal_words
from calls.views.refusal_asked import CROSSINGS, DAY, FILTERS, Asked, asked_by, months_back, periods, who_said
from config import charts, clock, exports
from config.access import policy
from config.templatetags.ringback import percent, signed
from memberships import frame
from memberships.models import Club
from memberships.rights import Right

MONTHS = 12
CROSSED_ROWS = 8
WORDS = 6


@policy(Right.READ_REPORTS)
@require_safe
def refusal_report(request: HttpRequest) -> HttpResponseBase:
    """The report of a period, against the one before."""
    club = frame.current_club(request, Right.READ_REPORTS)
    asked = asked_by(request, club)
    year_ago = months_back(asked.last, MONTHS - 1)
    earliest = min(year_ago, asked.before[0], asked.first)
    everything = figures.refusals(club=club, first=earliest, last=asked.last)
    names = figures.names(club, everything)
    fitting = rules.chosen(everything, asked.filters)
    now = _between(fitting, asked.first, asked.last)
    before = _between(fitting, *asked.before)
    crossing = request.GET.get("with", "tenure")
    crossing = crossing if crossing in CROSSINGS else "tenure"
    reasons = _reasons(now, before, names, asked)
    if (form := request.GET.get("export", "")) in exports.FORMATS:
        return _export(request, form, club, asked, now, before, names, crossing)
    limit = hosting.numbers(club).unsaid_warning_percent
    groups = Counter(refusal.group for refusal in now)
    told = _with_notes(now)
    context = {
        "asked": asked,
        "before": asked.before,
        "chips": _chips(asked, everything, names),
        "periods": periods(clock.today(club.zone), asked),
        "report_url": asked.url(),
        "csv_url": asked.url(export="csv"),
        "xlsx_url": asked.url(export="xlsx"),
        "total": len(now),
        "total_before": len(before),
        "said": _said(club, asked, len(now), len(before)),
        "sentences": refusal_words.sentences(now, before, names, asked.members, limit),
        "unsaid": refusal_words.unsaid(now, names, asked.members, limit),
        "legend": [
            (group.value, "rival" if group == ReasonGroup.COMPETITOR else group.value, group.label, groups[group],
             asked.members(group=group.value))
            for group in ReasonGroup
        ],
        "rows": charts.pareto(reasons),
        "change": len(now) - len(before),
        "months": _months(fitting, asked, year_ago, names),
        "crossing": crossing,
        "crossings": [(name, label, asked.url(**{"with": name}) + "#crossed") for name, label in CROSSINGS.items()],
        "crossed": _crossed(now, crossing, names, asked),
        "words": [(one, names.of("reason", one.reason), who_said(one, names)) for one in told[:WORDS]],
        "notes": len(told),
        "notes_url": asked.members(note="1"),
        "names": names,
        "formula": _(figures.FORMULA),
    }  # fmt: skip
    return render(request, "calls/refusal_report.html", context)


def _between(found: Sequence[Refusal], first: dt.date, last: dt.date) -> list[Refusal]:
    return [refusal for refusal in found if first <= refusal.on <= last]


def _with_notes(found: Sequence[Refusal]) -> list[Refusal]:
    """Those with the member's words, newest first."""
    return [refusal for refusal in reversed(found) if refusal.note]


def _said(club: Club, asked: Asked, now: int, before: int) -> str:
    """How many of the conversations ended in a refusal; only where no filter narrows them."""
    if any(asked.filters.values()):
        return _("%(now)s refusals; before %(before)s") % {"now": now, "before": before}
    spoken = figures.conversations(club=club, first=asked.first, last=asked.last)
    earlier = figures.conversations(club=club, first=asked.before[0], last=asked.before[1])
    return _(
        "%(now)s refusals in %(spoken)s conversations, %(share)s; before %(before)s in %(earlier)s, %(share_before)s"
    ) % {
        "now": now,
        "spoken": spoken,
        "share": percent(formulas.rate(now, spoken)),
        "before": before,
        "earlier": earlier,
        "share_before": percent(formulas.rate(before, earlier)),
    }


def _reasons(now: Sequence[Refusal], before: Sequence[Refusal], names: Names, asked: Asked) -> list[charts.Reason]:
    counts, earlier = Counter(one.reason for one in now), Counter(one.reason for one in before)
    return [
        charts.Reason(
            label=names.of("reason", code),
            group=names.group_of("reason", code) or ReasonGroup.UNSAID,
            now=counts[code],
            earlier=earlier[code],
            href=asked.members(reason=code) if counts[code] else "",
        )
        for code in counts.keys() | earlier.keys()
    ]


def _months(found: Sequence[Refusal], asked: Asked, first: dt.date, names: Names) -> object:
    """Twelve months by who can act, the period marked."""
    shown = rules.months_between(first, asked.last)
    counts = rules.crossed([one for one in found if one.on >= first], "month", "group")
    current = set(rules.months_between(asked.first, asked.last))
    last = shown[-1]
    drawn = []
    for key in shown:
        day = dt.date.fromisoformat(f"{key}-01")
        end = (day + dt.timedelta(days=32)).replace(day=1) - DAY
        url = asked.members(**{"from": day.isoformat(), "to": min(end, asked.last).isoformat()})
        by_group = counts.get(key, Counter())
        drawn.append(
            charts.Month(
                label=dateformat.format(day, "M"),
                counts={str(group): by_group[group] for group in ReasonGroup},
                current=key in current,
                marked=key == last and bool(sum(by_group.values())),
                href=url,
            )
        )
    labels = {str(group): str(group.label) for group in ReasonGroup}
    return charts.month_bars(drawn, names=labels, title=_("Refusals by month and by who can act"))


@dataclass(frozen=True)
class HeatCell:
    count: int
    shade: int
    url: str
    label: str


@dataclass(frozen=True)
class Crossed:
    """Reasons down, another grouping across; ``rows``: label, cells, all, the address behind all."""

    columns: list[str]
    rows: list[tuple[str, list[HeatCell], int, str]]
    more: int


def _crossed(now: Sequence[Refusal], by: str, names: Names, asked: Asked, rows: int = CROSSED_ROWS) -> Crossed:
    reasons = rules.counted(now, "reason")
    columns = [row.key for row in rules.counted(now, by)]
    table = rules.crossed(now, "reason", by)
    highest = max((count for counts in table.values() for count in counts.values()), default=1)
    lines = []
    for reason in reasons[:rows]:
        label = names.of("reason", reason.key)
        cells = [
            HeatCell(
                count=(count := table[reason.key][column]),
                shade=_shade(count, highest),
                url=asked.members(**{"reason": reason.key, by: column}),
                label=f"{label}, {names.of(by, column)}: {count}",
            )
            for column in columns
        ]
        lines.append((label, cells, reason.count, asked.members(reason=reason.key)))
    return Crossed([names.of(by, column) for column in columns], lines, max(0, len(reasons) - rows))


def _shade(count: int, highest: int) -> int:
    """How dark a cell is, 0 to 4, by its share in the highest."""
    if count <= 1:
        return 0
    return min(4, 1 + int(4 * count / (highest + 1)))


def _chips(asked: Asked, everything: Sequence[Refusal], names: Names) -> list[dict[str, object]]:
    """Filters: what is chosen, or what may be; only values that occur."""
    chips: list[dict[str, object]] = []
    for name, label in FILTERS.items():
        chosen = asked.filters[name]
        options = [
            (names.of(name, row.key), asked.url(**{name: row.key}))
            for row in rules.counted(everything, name)
            if row.key
        ]
        if chosen:
            shown = ", ".join(names.of(name, key) for key in chosen)
            chips.append({"name": name, "label": label, "chosen": shown, "url": asked.url(**{name: None})})
        elif options:
            chips.append({"name": name, "label": label, "options": options})
    return chips


def _export(
    request: HttpRequest,
    form: str,
    club: Club,
    asked: Asked,
    now: Sequence[Refusal],
    before: Sequence[Refusal],
    names: Names,
    crossing: str,
) -> HttpResponseBase:
    """The table of reasons, or the crossed one (``table=crossed``), as a file."""
    name = f"{club.slug}-refusals-{asked.first}-{asked.last}"
    if request.GET.get("table") == "crossed":
        crossed = _crossed(now, crossing, names, asked, rows=len(now))
        rows = [[label, *(cell.count for cell in cells), total] for label, cells, total, _url in crossed.rows]
        return exports.response(form, f"{name}-{crossing}", [_("Reason"), *crossed.columns, _("All")], rows)
    header = [_("Reason"), _("Who can act"), _("Now"), _("Share"), _("Sum"), _("Before"), _("Change")]
    rows = [
        [
            row.reason.label,
            names.of("group", _group_of(row.group)),
            row.reason.now,
            percent(row.share),
            percent(row.running),
            row.reason.earlier,
            signed(row.change),
        ]
        for row in charts.pareto(_reasons(now, before, names, asked))
    ]
    return exports.response(form, name, header, rows)


def _group_of(drawn: str) -> str:
    """The group that a chart draws under that name."""
    return ReasonGroup.COMPETITOR if drawn == "rival" else drawn
