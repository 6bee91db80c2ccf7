"""What all lists share: saved views as tabs with their counts, and the rows that were chosen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse

from config import clock, exports, tables
from memberships import access, bulk, frame, saved_views
from memberships.models import BulkMark, Club, Plan, User
from memberships.rights import Right
from memberships.rules.amounts import mask_amounts

COUNT_TO = 10_000
"""Tabs count no further than this: a count of a million rows is not worth its wait."""
LONGEST_QUERY = 500

Rows = Callable[[Club, QueryDict, dt.date], QuerySet]
Export = Callable[[QuerySet, Club, dt.date], Iterable[Sequence[object]]]
"""The chosen rows, which carry no order yet, as the lines of a file."""


@dataclass(frozen=True)
class Listed:
    """A list whose views can be saved.

    ``filters``: the parameters of its address that a view keeps (with the order). ``found`` answers the rows of an
    address, of which a person is shown those that ``seen`` leaves (None: all). With ``export`` and ``header`` chosen
    ones can be taken out as a file; with ``member``, the path from a row to its member's id, the members behind them
    can be marked. ``named`` says what a row is called.
    """

    name: str
    label: object
    url_name: str
    right: Right
    filters: tuple[str, ...]
    found: Rows | None = None
    header: tuple[str, ...] = ()
    export: Export | None = None
    member: str = ""
    named: Callable[[Any], str] = attrgetter("member.name")
    seen: Callable[[User, QuerySet], QuerySet] | None = None

    def rows(self, user: User, club: Club, query: QueryDict, today: dt.date) -> QuerySet:
        """The rows that an address finds for a person."""
        assert self.found is not None
        rows = self.found(club, query, today)
        return rows if self.seen is None else self.seen(user, rows)


listed: dict[str, Listed] = {}


def register(one: Listed) -> Listed:
    """Makes the views of a list savable."""
    listed[one.name] = one
    return one


def kept(one: Listed, query: QueryDict) -> str:
    """The part of an address that a view keeps: filters and order in a fixed order, no search, no page."""
    pairs = [(name, query[name]) for name in (*one.filters, "sort") if query.get(name)]
    return urlencode(pairs)[:LONGEST_QUERY]


def asked(text: str) -> QueryDict | None:
    """The list's address inside a form or another address; None where it is none."""
    query = QueryDict(text.removeprefix("?")[:LONGEST_QUERY])
    return None if any("\0" in value for value in query.values()) else query


def tabs(
    request: HttpRequest,
    club: Club,
    one: Listed,
    built_in: Sequence[tuple[object, dict[str, str]]],
    count: Callable[[QueryDict], QuerySet] | None,
) -> tuple[tables.View, ...]:
    """The list's own views, then the saved ones of the person and the club; the last may be changed or saved.

    ``count`` answers the rows of an address (None: tabs are not counted); none counts further than ``COUNT_TO``.
    """
    return tabs_and_counts(request, club, one, built_in, count, ())[0]


def tabs_and_counts(
    request: HttpRequest,
    club: Club,
    one: Listed,
    built_in: Sequence[tuple[object, dict[str, str]]],
    count: Callable[[QueryDict], QuerySet] | None,
    beside: Sequence[QuerySet],
) -> tuple[tuple[tables.View, ...], list[int]]:
    """As ``tabs``, and how many rows these others have, counted as far and in the same statement."""
    here, searched = kept(one, request.GET), bool(request.GET.get("q"))
    user = frame.person(request)
    known = [(label, urlencode(asked), None) for label, asked in built_in]
    saved = saved_views.visible(club=club, user=user, list_name=one.name)  # type: ignore[arg-type]
    known += [(view.name, view.query, view) for view in saved]
    found, on_one = [], False
    tabbed = [count(QueryDict(query)) for _label, query, _view in known] if count else []
    counts = _counts([*tabbed, *beside]) if tabbed or beside else []
    for at, (label, query, view) in enumerate(known):
        address = QueryDict(query)
        current = not searched and not on_one and kept(one, address) == here
        on_one = on_one or current
        rows = counts[at] if count else 0
        shown = min(rows, COUNT_TO) if count else None
        edit = ""
        if current and view and (view.owner_id == user.pk or access.may(user, Right.SUPERVISE, club)):
            edit = reverse("saved_view", args=[view.pk])
        whose = str(view.owner) if view and view.owner_id != user.pk else ""
        found.append(tables.View(label, f"?{query}", shown, current, rows > COUNT_TO, edit, whose))
    if here and not on_one:
        new = f"{reverse('saved_view_new')}?{urlencode({'list': one.name})}&{here}"
        found.append(tables.View("", new, new=True))
    return tuple(found), counts[len(tabbed) :]


def _counts(found: Sequence[QuerySet]) -> list[int]:
    """How many rows each of these finds, up to one more than ``COUNT_TO``, in one statement for all of them."""
    parts, params = [], []
    for rows in found:
        try:
            sql, given = rows.order_by().values("pk")[: COUNT_TO + 1].query.sql_with_params()
        except EmptyResultSet:
            sql, given = "SELECT WHERE false", ()
        parts.append(f"(SELECT count(*) FROM ({sql}) counted)")
        params.extend(given)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return list(cursor.fetchone())


def plan_choices(club: Club, *, prices: bool) -> list[tuple[str, str]]:
    """The club's plans for a filter, as (code, name) by name; without ``prices`` no name says an amount."""
    found = Plan.objects.filter(club=club).order_by("name", "pk").values_list("code", "name")
    return [(code, name if prices else mask_amounts(name)) for code, name in found]


def acts(request: HttpRequest, club: Club, one: Listed, *, fresh: Iterable[BulkMark] | None = None) -> dict[str, Any]:
    """What a table needs for the boxes of its rows, as far as the person may do something with those chosen.

    Markings that can still be taken back go with it, for the note above the list (``fresh``: known to the caller).
    """
    user = frame.person(request)
    marks = bool(one.member) and access.may(user, Right.EDIT_MEMBERS, club)
    if not marks and not (one.export and access.may(user, Right.EXPORT_MEMBERS, club)):
        return {}
    if fresh is None:
        fresh = bulk.fresh(club=club, now=clock.now()) if marks else ()
    known = [(mark, mark.made_at + bulk.REVERSIBLE) for mark in fresh]
    return {
        "selectable": True,
        "bulk_url": reverse("list_bulk", args=[one.name]),
        "bulk_template": "memberships/_bulk_members.html" if marks else "memberships/_bulk_rows.html",
        "extra": {
            "fresh_marks": known,
            "may_take_back": bool(known) and access.may(user, Right.CLEAR_DNC, club),
        },
    }


def download(
    request: HttpRequest, club: Club, one: Listed, table: tables.Table, *order: str, file: str = ""
) -> HttpResponseBase | None:
    """The whole list as a file, in this order, where the address asks for one and the person may take it out."""
    if not table.exports or one.export is None:
        return None
    lines = one.export(table.queryset.order_by(*order), club, clock.today(club.zone))
    return exports.asked(request, f"{club.slug}-{file or one.name}", one.header, lambda: lines)


def chosen(one: Listed, user: User, club: Club, sent: QueryDict, today: dt.date) -> QuerySet | None:
    """The rows that a form names: all that its address finds, or those of the boxes; None where one is not there."""
    query = asked(sent.get("query", ""))
    if query is None:
        return None
    found = one.rows(user, club, query, today)
    if sent.get("all"):
        return found
    ids = {access.id_in(text) for text in sent.getlist("ids")}
    if not ids or 0 in ids:
        return None
    rows = found.filter(pk__in=ids)
    return rows if rows.count() == len(ids) else None
