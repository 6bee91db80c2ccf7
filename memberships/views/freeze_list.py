"""The list of all freezes: running, planned, ended, of members and of closures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from operator import attrgetter

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config import clock, tables
from config.access import policy
from config.paging import By
from memberships import access, frame, quiet
from memberships.models import Club, Freeze
from memberships.rights import Right
from memberships.rules import amounts
from memberships.views import listing
from memberships.views.people import acting

COLUMNS = (
    tables.Column("member", gettext_lazy("Member"), sort="member"),
    tables.Column("plan", gettext_lazy("Plan"), hide_small=True),
    tables.Column("starts", gettext_lazy("First day"), sort="starts", numeric=True),
    tables.Column("ends", gettext_lazy("Last day"), sort="ends", numeric=True),
    tables.Column("days", gettext_lazy("Days"), numeric=True, hide_small=True),
    tables.Column("state", gettext_lazy("Status")),
    tables.Column("why", gettext_lazy("Reason"), hide_small=True),
    tables.Column("act", gettext_lazy("What to do")),
)
SORTS = {
    "starts": (By("starts_on"), By("id")),
    "ends": (By("ends_on"), By("id")),
    "member": (By("membership__member__last_name"), By("membership__member__first_name"), By("id")),
}
STATES = (
    ("running", gettext_lazy("running")),
    ("planned", gettext_lazy("planned")),
    ("ended", gettext_lazy("ended")),
    ("void", gettext_lazy("taken back")),
)
SOON = 7
"""Days ahead that count as *ending soon*."""


@policy(Right.READ_MEMBERS)
@require_safe
def freeze_list(request: HttpRequest) -> HttpResponseBase:
    """The freezes of the club, the latest first, filtered, sorted and paged by key."""
    club = frame.current_club(request, Right.READ_MEMBERS)
    today = clock.today(club.zone)
    table = tables.Table(
        query=request.GET,
        queryset=found(club, request.GET, today),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="-starts",
        row_template="memberships/_freeze_row.html",
        filters=(
            tables.Filter("state", _("Status"), list(STATES)),
            tables.Filter("of", _("Of"), [("member", _("the member")), ("closure", _("a closure"))]),
            tables.Filter("ends", _("Ends"), [("soon", _("within a week"))]),
            tables.Filter("beyond", _("Beyond the rules"), [("1", _("yes"))], extra=True),
        ),
        views=listing.tabs(
            request, club, LISTED,
            [
                (_("All"), {}), (_("Running"), {"state": "running"}), (_("Planned"), {"state": "planned"}),
                (_("Ending soon"), {"state": "running", "ends": "soon"}), (_("Ended"), {"state": "ended"}),
            ],
            lambda query: found(club, query, today),
        ),
        exports=access.may(acting(request), Right.EXPORT_MEMBERS, club),
        **listing.acts(request, club, LISTED),
    )  # fmt: skip
    if download := listing.download(request, club, LISTED, table, "-starts_on", "-pk"):
        return download
    if not table.page.rows:
        some = Freeze.objects.filter(membership__club=club).exists()
        text = "" if some else _("A freeze is given on the page of a member, or by closing the club.")
        ways = table.ways(lambda query: found(club, query, today)[: listing.COUNT_TO].count())
        table.empty = tables.Empty(_("No freeze fits") if some else _("No freezes yet"), text, ways)
    _dress(request, club, table.page.rows, today)
    context = {"may_close": access.may(acting(request), Right.OVERRIDE, club)}
    return tables.answer(request, "memberships/freeze_list.html", table, context)


def found(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Freeze]:
    """The freezes that an address asks for; unknown values of a filter find none."""
    rows = Freeze.objects.filter(membership__club=club).select_related(
        "membership__member", "membership__plan", "closure"
    )
    if state := query.get("state"):
        rows = rows.filter(voided=state == "void")
        match state:
            case "running":
                rows = rows.filter(starts_on__lte=today, ends_on__gte=today)
            case "planned":
                rows = rows.filter(starts_on__gt=today)
            case "ended":
                rows = rows.filter(ends_on__lt=today)
            case "void":
                pass
            case _:
                return rows.none()
    if of := query.get("of"):
        rows = rows.filter(closure__isnull=of != "closure")
    if query.get("ends"):
        rows = rows.filter(ends_on__range=(today, today + dt.timedelta(SOON)))
    if query.get("beyond"):
        rows = rows.exclude(override_reason="")
    return rows


def state_of(freeze: Freeze, today: dt.date) -> str:
    """Where a freeze stands on a day: one of ``STATES``."""
    if freeze.voided:
        return "void"
    if freeze.starts_on > today:
        return "planned"
    return "running" if freeze.ends_on >= today else "ended"


EXPORT_HEADER = ("member", "plan", "starts_on", "ends_on", "days", "status", "reason", "override_reason")


def _lines(rows: QuerySet[Freeze], _club: Club, today: dt.date) -> Iterator[tuple[object, ...]]:
    for row in rows.iterator(1000):
        member = row.membership.member
        yield (
            *(member.external_id or member.name, row.membership.plan.code, row.starts_on, row.ends_on, row.days),
            *(state_of(row, today), row.closure.why if row.closure else row.reason, row.override_reason),
        )


def _dress(request: HttpRequest, club: Club, rows: list[Freeze], today: dt.date) -> None:
    prices = access.may(acting(request), Right.READ_PRICES, club)
    may_end = access.may(acting(request), Right.SELL, club)
    names = dict(STATES)
    for row in rows:
        row.state = state_of(row, today)  # type: ignore[attr-defined]
        row.state_words = names[row.state]  # type: ignore[attr-defined]
        row.why = row.closure.why if row.closure else row.reason  # type: ignore[attr-defined]
        row.beyond = row.override_reason  # type: ignore[attr-defined]
        if not prices:
            row.why = amounts.mask_amounts(row.why)  # type: ignore[attr-defined]
            row.beyond = amounts.mask_amounts(row.beyond)  # type: ignore[attr-defined]
        open_still = row.state in ("running", "planned")  # type: ignore[attr-defined]
        row.may_end = may_end and open_still and row.closure_id is None  # type: ignore[attr-defined]
    if not prices:
        quiet.memberships(row.membership for row in rows)


LISTED = listing.register(
    listing.Listed(
        "freezes", gettext_lazy("Freezes"), "freeze_list", Right.READ_MEMBERS,
        filters=("state", "of", "ends", "beyond"), found=found,
        header=EXPORT_HEADER, export=_lines, member="membership__member_id",
        named=attrgetter("membership.member.name"),
    )
)  # fmt: skip
