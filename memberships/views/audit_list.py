"""The history of a club: who changed what, when, before and after, by kind of object."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config import clock, exports, tables
from config.access import policy
from config.paging import By
from memberships import access, audit, frame
from memberships.models import Club, Employee
from memberships.rights import Right
from memberships.rules import local_time
from memberships.views import change_words, listing
from memberships.views.people import acting

COLUMNS = (
    tables.Column("at", gettext_lazy("When"), sort="at", hide_small=True),
    tables.Column("by", gettext_lazy("Who"), hide_small=True),
    tables.Column("what", gettext_lazy("What")),
    tables.Column("fields", gettext_lazy("Before and after")),
)
SORTS = {"at": (By("pgh_id"),)}
DAYS = {"1": gettext_lazy("today"), "7": gettext_lazy("in 7 days"), "30": gettext_lazy("in 30 days")}
ACTIONS = (("insert", gettext_lazy("made")), ("update", gettext_lazy("changed")), ("delete", gettext_lazy("deleted")))
SYSTEM = "0"
FIRST = "member"


@policy(Right.READ_AUDIT)
@require_safe
def audit_list(request: HttpRequest) -> HttpResponseBase:
    """Changes of one kind of object, newest first: administrators read those of members, managers all."""
    club = frame.current_club(request, Right.READ_AUDIT)
    mine = {word: kind for word, kind in audit.kinds.items() if access.may(acting(request), kind.right, club)}
    word, number = _asked(request.GET)
    if word in audit.kinds and word not in mine:
        raise PermissionDenied
    staff = Employee.objects.filter(club=club).exclude(user=None).order_by("name", "pk")
    names = [(str(user), name) for user, name in staff.values_list("user", "name")]
    table = tables.Table(
        query=request.GET,
        queryset=found(request, club, request.GET, mine),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="-at",
        row_template="memberships/_change_row.html",
        filters=(
            tables.Filter(
                "kind", _("Of"), [(one, str(kind.label)) for one, kind in mine.items()], any=mine[FIRST].label
            ),
            tables.Filter("by", _("Who"), [*names, (SYSTEM, _("the system"))]),
            tables.Filter("days", _("When"), list(DAYS.items())),
            tables.Filter("did", _("Did"), list(ACTIONS)),
        ),
        views=listing.tabs(request, club, LISTED, [(mine[FIRST].label, {}), *_tabs(mine)], None),
        exports=access.may(acting(request), Right.EXPORT_MEMBERS, club),
    )
    if table.exports:
        lines = _lines(mine.get(word, mine[FIRST]), table.queryset.order_by("-pgh_id"), club)
        if download := exports.asked(request, f"{club.slug}-changes", EXPORT_HEADER, lambda: lines):
            return download
    table.extra |= {
        "filters_template": "memberships/_audit_days.html",
        "from": request.GET.get("from", ""),
        "to": request.GET.get("to", ""),
        "object": f"{mine[word].label} {number}" if word in mine and number else "",
        "without_object": table.address(object=""),
    }
    if not table.page.rows:
        text = _("Every change is kept by the database from the first day on, and cannot be edited.")
        ways = table.ways(lambda query: found(request, club, query, mine)[:1000].count())
        table.empty = tables.Empty(_("No change fits"), text, ways)
    elif word in mine:
        table.page.rows[:] = change_words.told(audit.changes_of(mine[word], table.page.rows), club)
    return tables.answer(request, "memberships/audit_list.html", table)


def found(request: HttpRequest, club: Club, query: QueryDict, mine: dict[str, audit.Audited]) -> QuerySet[Any]:
    """The history rows that an address asks for; unknown values of a filter find none."""
    word, number = _asked(query)
    if word not in mine:
        return audit.events_in(kind=mine[FIRST], club=club, reader=acting(request)).none()
    rows = audit.events_in(kind=mine[word], club=club, reader=acting(request))
    if number:
        rows = rows.filter(pgh_obj_id=named) if (named := access.id_in(number)) else rows.none()
    if by := query.get("by"):
        rows = rows.exclude(pgh_context__has_key="user") if by == SYSTEM else rows.filter(_by(by))
    if did := query.get("did"):
        rows = rows.filter(pgh_label=did)
    today = clock.today(club.zone)
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    if first == "" or last == "":
        return rows.none()
    if days := query.get("days"):
        if days not in DAYS:
            return rows.none()
        first = max(first or dt.date.min, today - dt.timedelta(days=int(days) - 1))
    if first:
        rows = rows.filter(pgh_created_at__gte=local_time.first_instant(first, club.zone))
    if last:
        rows = rows.filter(pgh_created_at__lt=local_time.end_of_day(last, club.zone))
    return rows


EXPORT_HEADER = ("at", "by", "object", "id", "action", "why", "field", "before", "after")


def _lines(kind: audit.Audited, rows: QuerySet[Any], club: Club) -> Iterator[tuple[object, ...]]:
    """A line for each field of each change."""
    events = rows.iterator(chunk_size=500)
    while batch := list(itertools.islice(events, 500)):
        for row in change_words.told(audit.changes_of(kind, batch), club):
            change = row.change
            about = (change.at.astimezone(club.zone), change.by, row.what, change.id, change.label, change.why)
            for line in row.lines:
                yield (*about, line.label, line.before, line.after)


def _asked(query: QueryDict) -> tuple[str, str]:
    """The kind and, where one object is asked for (``object=member:12``), its id."""
    word, _colon, number = query.get("object", "").partition(":")
    return (word, number) if word else (query.get("kind") or FIRST, "")


def _by(user: str) -> Q:
    return Q(pgh_context__user=named) if (named := access.id_in(user)) else Q(pk__in=[])


def _day(text: str) -> dt.date | str | None:
    """A day of the address; None where none is named, "" where it is none."""
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return ""
    return day if dt.date(1900, 1, 1) <= day <= dt.date(2199, 12, 31) else ""


def _tabs(mine: dict[str, audit.Audited]) -> list[tuple[object, dict[str, str]]]:
    return [(mine[word].label, {"kind": word}) for word in ("membership", "freeze", "meeting") if word in mine]


LISTED = listing.register(
    listing.Listed(
        "audit", gettext_lazy("Changes"), "audit_list", Right.READ_AUDIT,
        filters=("kind", "object", "by", "days", "did", "from", "to"),
    )
)  # fmt: skip
