"""What all lists share: saved views as tabs with their counts, and the rows that were chosen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from config import tables
from memberships import access, frame, saved_views
from memberships.models import Club, Plan
from memberships.rights import Right
from memberships.rules.amounts import mask_amounts

COUNT_TO = 10_000
"""Tabs count no further than this: a count of a million rows is not worth its wait."""
LONGEST_QUERY = 500

Rows = Callable[[Club, QueryDict, dt.date], QuerySet]
Export = Callable[[QuerySet, dt.date], Iterable[Sequence[object]]]


@dataclass(frozen=True)
class Listed:
    """A list whose views can be saved.

    ``filters``: the parameters of its address that a view keeps (with the order). ``found`` answers the rows of an
    address; with ``export`` and ``header`` chosen ones can be taken out as a file, ``picked`` names their boxes.
    """

    name: str
    label: object
    url_name: str
    right: Right
    filters: tuple[str, ...]
    found: Rows | None = None
    header: tuple[str, ...] = ()
    export: Export | None = None
    picked: str = "ids"


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


def chosen(one: Listed, club: Club, sent: QueryDict, today: dt.date) -> QuerySet | None:
    """The rows that a form names: by their boxes, or all that its address finds; None where one is not there."""
    assert one.found is not None
    if sent.get("all"):
        query = asked(sent.get("query", ""))
        return None if query is None else one.found(club, query, today)
    texts = set(sent.getlist(one.picked))
    if not texts or not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
        return None
    rows = one.found(club, QueryDict(), today).filter(pk__in=[int(text) for text in texts])
    return rows if rows.count() == len(texts) else None
