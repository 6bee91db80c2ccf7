"""Paging by key: a page is found by the row that it follows, never by counting rows from the start, so that
page 20 000 costs what the first one costs."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _


class BadCursor(Exception):
    """A page's address that this list never gave."""

    code = "invalid"
    status = 400
    fields: Mapping[str, Sequence[object]] = {}
    message = _("This address of a page is not one of this list.")

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class By:
    """A field of the order. `nullable`: rows without a value stand last, in either direction."""

    name: str
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class Page:
    """The rows of a page, the cursors of its neighbours ("" at an end), and the number of its first row."""

    rows: list[Any]
    before: str
    after: str
    first: int

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def keyset(queryset: QuerySet[Any], order: Sequence[By], *, after: str = "", before: str = "", size: int = 25) -> Page:
    """The page that follows `after`, or precedes `before`, or the first one.

    The fields of `order` together must be unique (end with the primary key); they are fields, annotations or
    paths over foreign keys, and each row must carry them. A page beyond an end answers the first page.
    Raises BadCursor.
    """
    cursor = after or before
    backwards = bool(before and not after)
    start, marks = _decode(cursor, len(order)) if cursor else (0, [])
    found = queryset.order_by(*(_direction(by, backwards) for by in order))
    try:
        if cursor:
            found = found.filter(_beyond(order, marks, backwards))
        rows = list(found[: size + 1])
    except (ValidationError, ValueError, TypeError) as error:
        raise BadCursor from error
    if cursor and not rows:
        return keyset(queryset, order, size=size)
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
        first = max(start - len(rows), 0) + 1 if more else 1
    else:
        first = start + 1
    earlier, later = (more, True) if backwards else (bool(cursor), more)
    return Page(
        rows=rows,
        before=_encode(first - 1, rows[0], order) if earlier else "",
        after=_encode(first - 1 + len(rows), rows[-1], order) if later else "",
        first=first if rows else 0,
    )


def neighbours(queryset: QuerySet[Any], order: Sequence[By], row: Any) -> tuple[Any | None, Any | None]:
    """The rows before and after one of a list, None at an end (two queries); ``order`` as for ``keyset``."""
    here = _encode(1, row, order)
    after = keyset(queryset, order, after=here, size=1)
    before = keyset(queryset, order, before=here, size=1).rows
    following = after.rows[0] if after.rows and after.first > 1 else None
    return (before[0] if before and before[0].pk != row.pk else None), following


def _direction(by: By, backwards: bool) -> OrderBy:
    last = by.nullable and not backwards
    first = by.nullable and backwards
    flags = {"nulls_last": True} if last else {"nulls_first": True} if first else {}
    expression = F(by.name)
    return expression.desc(**flags) if by.descending != backwards else expression.asc(**flags)


def _beyond(order: Sequence[By], marks: Sequence[Any], backwards: bool) -> Q:
    """Rows past the marks, field by field; the first field's plain bound lets an index begin there."""
    by, mark = order[0], marks[0]
    rest = _beyond(order[1:], marks[1:], backwards) if len(order) > 1 else None
    comparison = "lt" if by.descending != backwards else "gt"
    if mark is None:
        past = Q(**{f"{by.name}__isnull": False}) if backwards else Q(pk__in=[])
        same = Q(**{f"{by.name}__isnull": True})
    else:
        past = Q(**{f"{by.name}__{comparison}": mark})
        if by.nullable and not backwards:
            past |= Q(**{f"{by.name}__isnull": True})
        same = Q(**{by.name: mark})
    if rest is None:
        return past
    whole = past | (same & rest)
    if mark is not None and not by.nullable:
        return Q(**{f"{by.name}__{comparison}e": mark}) & whole
    return whole


def _value(row: Model | Mapping[str, Any], name: str) -> Any:
    if isinstance(row, Mapping):
        return row[name]
    value: Any = row
    for step in ("id" if name == "pk" else name).split("__"):
        value = getattr(value, step, None)
    return value


def _encode(start: int, row: Any, order: Sequence[By]) -> str:
    marks = [_value(row, by.name) for by in order]
    text = json.dumps([start, *marks], default=_plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value))


def _decode(cursor: str, length: int) -> tuple[int, list[Any]]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        start, *marks = json.loads(raw)
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor from error
    plain = all(mark is None or isinstance(mark, (str, int, float)) for mark in marks)
    if type(start) is not int or not 0 <= start < 10**12 or len(marks) != length or not plain:
        raise BadCursor
    if any(isinstance(mark, str) and "\0" in mark for mark in marks):
        raise BadCursor
    return start, marks
