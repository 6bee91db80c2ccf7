"""What one member's page shows of the memberships room: the band, visits, terms, and everything that happened."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config import charts
from memberships import attendance, audit, people, places, quiet, segments, standing
from memberships.models import Freeze, Member, MemberErasure, Membership, SaleKind, Segment, Visit
from memberships.rules import amounts, local_time, special_days, terms
from memberships.rules.sentences import Sentence
from memberships.rules.terms import Status

SHOWN = 60
VISITS_SHOWN = 3
ADULT = 18
"""Years from which a member is rung themselves."""
TABS = (
    ("", gettext_lazy("Everything")),
    ("call", gettext_lazy("Calls")),
    ("sale", gettext_lazy("Sales")),
    ("freeze", gettext_lazy("Freezes")),
    ("meeting", gettext_lazy("Meetings")),
    ("visit", gettext_lazy("Visits")),
    ("request", gettext_lazy("Requests")),
    ("step", gettext_lazy("Onboarding")),
)
ALL = "all"


@dataclass(frozen=True)
class Tab:
    key: str
    label: object
    count: int
    current: bool


def context(*, member: Member, now: dt.datetime, prices: bool, tab: str) -> dict[str, object]:
    """The page's context without what upper rooms hang on it. ``prices`` False: nothing of it holds an amount."""
    today = local_time.local_day(now, member.club.zone)
    rows = list(Membership.objects.filter(member=member).select_related("plan").order_by("starts_on", "pk"))
    freezes = list(Freeze.objects.filter(membership__in=rows, voided=False).order_by("starts_on"))
    stand = standing.of_member(member=member, on=today)
    coming = attendance.of_member(member=member, on=today)
    lapse = attendance.lapse_of(member=member, on=today)
    happenings, counts = history(member=member, now=now, prices=prices)
    asked = tab.removeprefix(ALL).strip("-") if tab.startswith(ALL) else tab
    shown = [one for one in happenings if one.kind == asked] if asked else _without_most_visits(happenings)
    limit = len(shown) if tab.startswith(ALL) else SHOWN
    promotions = list(stand.membership.promotions.order_by("code")) if stand.membership else []
    bought_with = [promotion.name for promotion in promotions]
    if not prices:
        quiet.member(member)
        quiet.memberships([*rows, stand.membership])
        bought_with = quiet.names(promotions)
    return {
        "member": member,
        "today": today,
        "age": _age(member, today),
        "stand": stand,
        "days_left": (stand.membership.last_covered_on - today).days if stand.membership else None,
        "band": band(rows, freezes, today) if rows else "",
        "unbroken_months": _unbroken(stand, today),
        "year": year(member, freezes, today),
        "coming": coming,
        "lapse": lapse,
        "usual": round(coming.counts.usual),
        "visits_in_a_year": _visits_since(member, today - dt.timedelta(days=364)),
        "household": list(people.household(member)[:6]),
        "frozen": _frozen_words(stand, freezes),
        "special_terms": stand.membership.special_terms if stand.membership else "",
        "bought_with": ", ".join(bought_with),
        "notes": member.notes,
        "weeks": charts.visit_weeks(
            coming.weeks,
            coming.counts.usual / 4,
            falling=bool(lapse and lapse.falling),
            first_on=today - dt.timedelta(days=7 * len(coming.weeks) - 1),
        ),
        "segments": _segments(member),
        "consents": _consents(member),
        "dates": _dates(member, today, prices),
        "minor": member.birthday is not None and terms.months_between(member.birthday, today) < 12 * ADULT,
        "erasure": MemberErasure.objects.filter(member=member).order_by("pk").first(),
        "happenings": shown[:limit],
        "more": max(0, len(shown) - limit),
        "tabs": [
            Tab(key, label, counts[key] if key else len(happenings), asked == key)
            for key, label in TABS
            if not key or counts[key] or asked == key
        ],
        "tab": asked,
    }


def band(rows: list[Membership], freezes: list[Freeze], today: dt.date) -> object:
    """The member's memberships as one band over the years."""
    by_row: dict[int, list[charts.Span]] = {row.pk: [] for row in rows}
    for freeze in freezes:
        by_row[freeze.membership_id].append(charts.Span(freeze.starts_on, freeze.ends_on))
    drawn = []
    for row in rows:
        if row.last_covered_on < row.starts_on:
            continue
        state = "past" if row.last_covered_on < today else "pending" if row.starts_on > today else "current"
        drawn.append(
            charts.Term(
                label=row.plan.name,
                note=str(SaleKind(row.sale_kind).label),
                starts_on=row.starts_on,
                ends_on=row.last_covered_on,
                state="cancelled" if row.cancelled_on else state,
                freezes=tuple(by_row[row.pk]),
            )
        )
    return charts.membership_band(drawn, today=today) if drawn else ""


def year(member: Member, freezes: list[Freeze], today: dt.date) -> object:
    """A year of visits, day by day."""
    zone = member.club.zone
    since = local_time.first_instant(today - dt.timedelta(days=380), zone)
    days = Counter(
        local_time.local_day(at, zone)
        for at in Visit.objects.filter(member=member, at__gte=since).values_list("at", flat=True)
    )
    spans = [charts.Span(freeze.starts_on, freeze.ends_on) for freeze in freezes]
    return charts.visit_year(days, today=today, freezes=spans)


def history(*, member: Member, now: dt.datetime, prices: bool) -> tuple[list[places.Happening], Counter[str]]:
    """Everything that happened, newest first, and how many there are of each kind."""
    found = [one for place in places.timelines for one in place(member=member, now=now, prices=prices)]
    if not prices:
        mask = amounts.mask_amounts
        found = [dataclasses.replace(one, title=mask(one.title), text=mask(one.text)) for one in found]
    found.sort(key=lambda one: one.at, reverse=True)
    return found, Counter(one.kind for one in found)


def _without_most_visits(happenings: list[places.Happening]) -> list[places.Happening]:
    """Everything but all visits except the last few, which would hide the rest; their own tab has them."""
    last = [one for one in happenings if one.kind == "visit"][:VISITS_SHOWN]
    return [one for one in happenings if one.kind != "visit" or one in last]


def _segments(member: Member) -> list[tuple[dt.date, str, Sentence]]:
    """From which day the member was of which segment, and why; newest first."""
    rows = segments.history(member)
    return [(row.on, str(Segment(row.segment).label), Sentence.from_json(row.why)) for row in rows if row.why]


CONSENTS = (
    ("consent_calls", gettext_lazy("Calls")),
    ("consent_sms", gettext_lazy("SMS")),
    ("consent_email", gettext_lazy("E-mail")),
)


def _consents(member: Member) -> list[tuple[object, bool | None, audit.Known | None]]:
    """Each consent with since when it stands, and who wrote it."""
    known = audit.known_since(member, [name for name, _label in CONSENTS])
    return [(label, getattr(member, name), known.get(name)) for name, label in CONSENTS]


def _dates(member: Member, today: dt.date, prices: bool) -> list[tuple[dt.date, int, str]]:
    """The days that matter to the member, as (when next, days until, what): the nearest first."""
    named = [(row.on, row.name if prices else amounts.mask_amounts(row.name)) for row in member.special_dates.all()]
    if member.birthday is not None:
        named.append((member.birthday, _("birthday")))
    coming = [(special_days.next_time(day, today), name) for day, name in named]
    return sorted((day, (day - today).days, name) for day, name in coming)


def _age(member: Member, today: dt.date) -> int | None:
    if member.birthday is None:
        return None
    return terms.months_between(member.birthday, today) // 12


def _unbroken(stand: standing.Standing, today: dt.date) -> int:
    if stand.membership is None or stand.status not in (Status.ACTIVE, Status.FROZEN):
        return 0
    return terms.months_between(stand.membership.chain_starts_on, today)


def _visits_since(member: Member, day: dt.date) -> int:
    return Visit.objects.filter(member=member, at__gte=local_time.first_instant(day, member.club.zone)).count()


def _frozen_words(stand: standing.Standing, freezes: list[Freeze]) -> str:
    row = stand.membership
    if row is None or not row.freeze_allowance:
        return _("not with this plan") if row else ""
    used = sum(freeze.days for freeze in freezes if freeze.membership_id == row.pk and freeze.closure_id is None)
    left = max(0, row.freeze_allowance - used)
    return ngettext(
        "%(used)s of %(all)s day used, %(left)s left", "%(used)s of %(all)s days used, %(left)s left",
        row.freeze_allowance,
    ) % {"used": used, "all": row.freeze_allowance, "left": left}  # fmt: skip
