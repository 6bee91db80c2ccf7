"""A change as a person reads it: names instead of numbers, days and instants on the club's clock, yes and no."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from config.templatetags.ringback import DASH, instant, long_day, money, number
from memberships.audit import Change, FieldChange, kinds
from memberships.models import Club, Member, Membership

NAMED = ("Plan", "Promotion", "RefusalReason", "User", "Employee", "Club", "Member", "Closure")
"""Tables whose rows have a name of their own."""
MONEY = ("price", "list_price", "price_paid", "balance_due", "credit")


@dataclass(frozen=True)
class Line:
    """One field of a change in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """A change with its fields in words, and whom it is about."""

    change: Change
    lines: list[Line]
    member: Member | None

    @property
    def made(self) -> bool:
        return self.change.label == "insert"

    @property
    def deleted(self) -> bool:
        return self.change.label == "delete"

    @property
    def what(self) -> str:
        """What kind of thing was changed, as pages call it."""
        labels = {kind.model: kind.label for kind in kinds.values()}
        return str(labels.get(self.change.model) or capfirst(self.change.what))


def told(changes: Sequence[Change], club: Club) -> list[Told]:
    """Changes in words; one query for each table that they name rows of."""
    names = _names(changes)
    members = _members(changes)
    return [
        Told(change, [_line(change, one, names, club) for one in change.fields], members.get(_about(change)))
        for change in changes
    ]


def _line(change: Change, one: FieldChange, names: dict[type[Model], dict[Any, str]], club: Club) -> Line:
    field = change.model._meta.get_field(one.name)
    return Line(str(capfirst(one.label)), _words(field, one.old, names, club), _words(field, one.new, names, club))


def _words(field: Any, value: Any, names: dict[type[Model], dict[Any, str]], club: Club) -> str:
    if value is None or value in ("", [], {}):
        return DASH
    if isinstance(field, ForeignKey):
        known = names.get(field.related_model, {})  # type: ignore[arg-type]
        return known.get(value) or _("no. %(id)s") % {"id": value}
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return instant(value, club)
    if isinstance(value, dt.date):
        return long_day(value)
    if isinstance(value, Decimal):
        return money(value, club) if field.name in MONEY else number(value, 0 if value == value.to_integral() else 2)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value)
    return str(value)


def _names(changes: Sequence[Change]) -> dict[type[Model], dict[Any, str]]:
    wanted: dict[type[Model], set[Any]] = defaultdict(set)
    for change in changes:
        for one in change.fields:
            field: Field = change.model._meta.get_field(one.name)  # type: ignore[assignment]
            if isinstance(field, ForeignKey) and field.related_model.__name__ in NAMED:  # type: ignore[union-attr]
                wanted[field.related_model] |= {one.old, one.new} - {None}  # type: ignore[index]
    return {
        model: {pk: str(row) for pk, row in model._default_manager.in_bulk(list(ids)).items()}
        for model, ids in wanted.items()
    }


def _about(change: Change) -> int | None:
    """The id of the member whom a change is about, or ``-membership`` where only that is known."""
    if change.model is Member:
        return change.id
    member = getattr(change.event, "member_id", None)
    if member is not None:
        return int(member)
    try:
        change.model._meta.get_field("membership")
    except FieldDoesNotExist:
        return None
    return -int(change.event.membership_id) if change.event.membership_id else None


def _members(changes: Sequence[Change]) -> dict[int | None, Member]:
    keys = {key for change in changes if (key := _about(change)) is not None}
    found: dict[int | None, Member] = dict(Member.objects.in_bulk([key for key in keys if key > 0]))
    through = Membership.objects.filter(pk__in=[-key for key in keys if key < 0]).select_related("member")
    return found | {-row.pk: row.member for row in through}
