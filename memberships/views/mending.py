"""Visits that cannot be right: without membership, or on a frozen day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from config import clock, tables
from config.access import policy
from config.paging import By
from config.words import said
from memberships import access, frame, visits
from memberships.models import Club, Freeze, Visit
from memberships.rights import Right
from memberships.rules import local_time
from memberships.rules.errors import Refused
from memberships.views import listing
from memberships.views.people import acting

COLUMNS = (
    tables.Column("member", gettext_lazy("Member")),
    tables.Column("at", gettext_lazy("Visit"), sort="at", numeric=True),
    tables.Column("why", gettext_lazy("What is wrong")),
    tables.Column("act", gettext_lazy("What to do")),
)
SORTS = {"at": (By("at"), By("id"))}
WHYS = (
    (Visit.Mend.NO_MEMBERSHIP.value, gettext_lazy("no membership")),
    (Visit.Mend.FROZEN.value, gettext_lazy("on a frozen day")),
)


@policy(Right.EDIT_MEMBERS)
@require_safe
def to_mend(request: HttpRequest) -> HttpResponseBase:
    """The visits that somebody should look at, newest first, with what can be done."""
    club = frame.current_club(request, Right.EDIT_MEMBERS)
    table = tables.Table(
        query=request.GET,
        queryset=found(club, request.GET),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="-at",
        row_template="memberships/_visit_to_mend_row.html",
        filters=(tables.Filter("why", _("What is wrong"), list(WHYS)),),
        views=listing.tabs(
            request, club, LISTED, [(_("All"), {}), *((label, {"why": why}) for why, label in WHYS)],
            lambda query: found(club, query),
        ),
        exports=access.may(acting(request), Right.EXPORT_MEMBERS, club),
        **listing.acts(request, club, LISTED),
    )  # fmt: skip
    if download := listing.download(request, club, LISTED, table, "-at", "-pk", file="visits-to-mend"):
        return download
    if not table.page.rows:
        text = _("Visits without a membership and visits on frozen days are listed here.")
        ways = table.ways(lambda query: found(club, query)[: listing.COUNT_TO].count())
        table.empty = tables.Empty(_("No visit to mend"), text, ways)
    _dress(club, table.page.rows)
    return tables.answer(request, "memberships/visits_to_mend.html", table)


def found(club: Club, query: QueryDict, _today: dt.date | None = None) -> QuerySet[Visit]:
    """The visits to mend that an address asks for."""
    rows = visits.to_mend(club).order_by()
    why = query.get("why", "")
    return rows.filter(to_mend=why) if why else rows


EXPORT_HEADER = ("external_id", "member", "at", "zone", "why")


def _lines(rows: QuerySet[Visit], club: Club, _today: dt.date) -> Iterator[tuple[object, ...]]:
    named = dict(WHYS)
    for row in rows.select_related("member").iterator(1000):
        at = row.at.astimezone(club.zone)
        yield row.member.external_id or "", row.member.name, at, row.zone, named.get(row.to_mend, row.to_mend)


LISTED = listing.register(
    listing.Listed(
        "visits_to_mend", gettext_lazy("Visits to mend"), "visits_to_mend", Right.EDIT_MEMBERS, ("why",), found,
        header=EXPORT_HEADER, export=_lines, member="member_id",
    )
)  # fmt: skip


@policy(Right.EDIT_MEMBERS)
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing is wrong with the visit."""
    visit = _visit(request, pk)
    try:
        visits.dismiss(visit=visit, now=clock.now(), by=acting(request))
    except Refused as error:
        messages.error(request, said(error.message))
    else:
        messages.success(request, _("The visit is no longer listed."))
    return redirect("visits_to_mend")


@policy(Right.SELL)
@require_POST
def take_as_return(request: HttpRequest, pk: int) -> HttpResponse:
    """The member came back early: the freeze ends on the day of the visit."""
    visit = _visit(request, pk)
    try:
        freeze = visits.take_as_return(visit=visit, now=clock.now(), by=acting(request))
    except Refused as error:
        messages.error(request, said(error.message))
    else:
        told = _("The freeze is void.") if freeze.voided else _("The freeze is ended; its unused days went back.")
        messages.success(request, told)
    return redirect("visits_to_mend")


def _visit(request: HttpRequest, pk: int) -> Visit:
    visit = access.one(acting(request), Visit.objects.select_related("club"), pk, Right.EDIT_MEMBERS)
    frame.enter(request, visit.club)
    return visit


def _dress(club: Club, rows: list[Visit]) -> None:
    """Gives each visit the freeze that it falls into."""
    days = {visit.pk: local_time.local_day(visit.at, club.zone) for visit in rows}
    freezes: dict[int, list[Freeze]] = {}
    found = Freeze.objects.filter(membership__member__in={visit.member_id for visit in rows}, voided=False)
    for freeze in found.select_related("membership"):
        freezes.setdefault(freeze.membership.member_id, []).append(freeze)
    for visit in rows:
        visit.frozen_by = _of_day(freezes.get(visit.member_id, []), days[visit.pk])  # type: ignore[attr-defined]


def _of_day(freezes: list[Freeze], day: dt.date) -> Freeze | None:
    return next((freeze for freeze in freezes if freeze.starts_on <= day <= freeze.ends_on), None)
