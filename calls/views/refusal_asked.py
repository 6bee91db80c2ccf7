"""Which refusals an address asks for: a period, the one it is compared with, filters."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.figures import Names
from calls.rules import refusals as rules
from calls.rules.refusals import Refusal
from config import clock
from config.templatetags.ringback import short_day
from memberships.models import Club

DAY = dt.timedelta(days=1)
LONGEST = dt.timedelta(days=3 * 366)
CROSSINGS = {
    "tenure": gettext_lazy("Tenure"),
    "plan": gettext_lazy("Plan"),
    "segment": gettext_lazy("Segment"),
    "operator": gettext_lazy("Operator"),
    "kind": gettext_lazy("Call"),
}
FILTERS = {**CROSSINGS, "group": gettext_lazy("Who can act"), "competitor": gettext_lazy("Competitor")}


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a period, the one it is compared with, filters."""

    query: QueryDict
    first: dt.date
    last: dt.date
    filters: dict[str, list[str]]

    @property
    def before(self) -> tuple[dt.date, dt.date]:
        return rules.period_before(self.first, self.last)

    def url(self, name: str = "", **changes: str | None) -> str:
        """An address with the same period and filters, some parameters changed (None takes one out)."""
        query = self.query.copy()
        for gone in ("page", "export", "table"):
            query.pop(gone, None)
        query["from"], query["to"] = self.first.isoformat(), self.last.isoformat()
        for parameter, value in changes.items():
            query.pop(parameter, None)
            if value is not None:
                query[parameter] = value
        return f"{reverse(name) if name else ''}?{query.urlencode()}"

    def members(self, **changes: str) -> str:
        return self.url("refusal_members", **changes)


def asked_by(request: HttpRequest, club: Club) -> Asked:
    """The period and filters of an address; without (or with a broken) one the last three months to today."""
    today = clock.today(club.zone)
    last = _day(request.GET.get("to")) or today
    first = _day(request.GET.get("from")) or months_back(last, 2)
    if first > last or last - first > LONGEST:
        first, last = months_back(today, 2), today
    names = [*FILTERS, "reason", "month"]
    return Asked(request.GET, first, last, {name: request.GET.getlist(name) for name in names})


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def months_back(day: dt.date, months: int) -> dt.date:
    """The first day of the month so many months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, 1)


def periods(today: dt.date, asked: Asked) -> list[tuple[str, str]]:
    """Periods to choose from, each with its address."""
    month = today.replace(day=1)
    last_month = month - DAY
    found = [
        (_("This month"), month, today),
        (_("Last month"), last_month.replace(day=1), last_month),
        (_("Three months"), months_back(today, 2), today),
        (_("Last three whole months"), months_back(today, 3), last_month),
        (_("Twelve months"), months_back(today, 11), today),
        (_("This year"), today.replace(month=1, day=1), today),
    ]
    return [(label, asked.url(**{"from": first.isoformat(), "to": last.isoformat()})) for label, first, last in found]


def who_said(refusal: Refusal, names: Names) -> str:
    """Who said it, without a name: plan and how long with us, when and to whom."""
    parts = [names.of("plan", refusal.plan), names.of("tenure", refusal.tenure)]
    told = [short_day(refusal.on), names.of("operator", refusal.operator)]
    return f"{', '.join(part for part in parts if part != '—')} · {', '.join(told)}"
