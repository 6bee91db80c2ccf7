"""Values of the API: what a body may hold, strictly by its JSON type, and how values are shown.

Strictly, because a program that sends ``"12"`` for a number or ``1`` for a truth has a mistake somewhere, and the
OpenAPI document promises that it is told.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api import HIGHEST_LIMIT
from config.words import said
from memberships.access import LARGEST_ID
from memberships.rules import amounts, money

EARLIEST, LATEST = 1900, 2199
"""Years that a calendar of memberships can hold; beyond them sums of days would leave the calendar."""
EARLIEST_INSTANT = 1973
"""From this year on every time zone's offset is of whole minutes, as an instant is written."""

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})")


# ---- what a body may hold --------------------------------------------------------------------------------


class Text(serializers.CharField):
    """A JSON string, trimmed; never a number that happens to look like one. Its length counts as it was sent."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


def read_whole(data: Any) -> int | None:
    """A JSON number without a fraction (``1.0`` is one); None for anything else."""
    if isinstance(data, float):
        return int(data) if data.is_integer() else None
    return data if isinstance(data, int) and not isinstance(data, bool) else None


class Whole(serializers.IntegerField):
    """A JSON integer."""

    def to_internal_value(self, data: Any) -> int:
        number = read_whole(data)
        if number is None:
            self.fail("invalid")
        return number


class Id(Whole):
    """The id of something."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)


class Truth(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if data is not True and data is not False:
            self.fail("invalid", input=data)
        return data


class Day(serializers.DateField):
    """A day as ``2026-11-12``."""

    def to_internal_value(self, value: Any) -> dt.date:
        if not isinstance(value, str) or not _DAY.fullmatch(value) or not value.isascii():
            self.fail("invalid", format="YYYY-MM-DD")
        day = super().to_internal_value(value)
        if not EARLIEST <= day.year <= LATEST:
            self.fail("invalid", format="YYYY-MM-DD")
        return day


class Instant(serializers.DateTimeField):
    """An instant with its offset, as ``2026-11-12T17:00:00-06:00``; read as UTC."""

    default_error_messages = {"invalid": _("An instant has an offset, as in 2026-11-12T17:00:00-06:00.")}

    def to_internal_value(self, value: Any) -> dt.datetime:
        return read_instant(value) or self.fail("invalid")


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "example": "10:00"})
class TimeOfDay(serializers.TimeField):
    """A local time as ``10:00``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)

    def to_internal_value(self, value: Any) -> dt.time:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            self.fail("invalid", format="hh:mm")
        return dt.time.fromisoformat(value)


def read_instant(value: Any) -> dt.datetime | None:
    """A text as an instant in UTC; None for anything else."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value) or not value.isascii():
        return None
    try:
        read = dt.datetime.fromisoformat(value.upper()).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return read if EARLIEST_INSTANT <= read.year <= LATEST else None


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "decimal", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,3})?$"},
            {"type": "number", "minimum": 0, "maximum": 999_999_999},
        ]
    }
)
class Amount(serializers.DecimalField):
    """Money, as a string of decimals (a JSON number is taken too), not negative."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=12, decimal_places=3, min_value=Decimal(0), **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        plain = isinstance(data, str) and re.fullmatch(r"\d{1,9}(\.\d{1,3})?", data.strip(), re.ASCII)
        number = isinstance(data, int | float) and not isinstance(data, bool) and 0 <= data < 10**9
        if not plain and not number:
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
            {
                "type": "object",
                "required": ["external_id"],
                "properties": {"external_id": {"type": "string", "minLength": 1}},
            },
        ]
    }
)
class MemberField(serializers.Field):
    """A member by id, or by ``{"external_id": "…"}``: read as a number or a text."""

    default_error_messages = {"invalid": _('Name a member by id, or as {{"external_id": "A-12"}}.')}

    def to_internal_value(self, data: Any) -> int | str:
        if isinstance(data, dict):
            name = data.get("external_id")
            if isinstance(name, str) and name.strip():
                return name.strip()
            self.fail("invalid")
        number = read_whole(data)
        if number is None or not 1 <= number <= LARGEST_ID:
            self.fail("invalid")
        return number

    def to_representation(self, value: Any) -> Any:
        return value


# ---- what an address may hold ----------------------------------------------------------------------------


class QueryWhole(serializers.IntegerField):
    """A number in an address: digits."""

    def to_internal_value(self, data: Any) -> int:
        if not (isinstance(data, str) and data.isascii() and data.isdigit() and len(data) <= len(str(LARGEST_ID))):
            self.fail("invalid")
        return int(data)


class QueryId(QueryWhole):
    """An id in an address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)


class QueryInstant(Instant):
    """An instant in an address, where an unescaped ``+`` of its offset has become a space."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        if isinstance(value, str) and len(value) > 6 and value[-6] == " ":
            value = f"{value[:-6]}+{value[-5:]}"
        return super().to_internal_value(value)


class PageQuery(serializers.Serializer[Any]):
    """What every list takes."""

    limit = QueryWhole(required=False, min_value=1, max_value=HIGHEST_LIMIT, help_text="Rows of a page; 50.")
    cursor = serializers.CharField(required=False, max_length=2000, help_text="As `next` has it.")


class ClubQuery(PageQuery):
    """What every list of one club takes."""

    club = serializers.CharField(required=False, allow_blank=True, max_length=100, help_text="Its slug.")


class Flag(serializers.ChoiceField):
    """A switch in an address: ``1`` or ``0``, ``true`` or ``false``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=["1", "0", "true", "false"], **kwargs)

    def to_internal_value(self, data: Any) -> bool:
        return super().to_internal_value(data) in ("1", "true")


# ---- how values are shown --------------------------------------------------------------------------------


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "example": "306.00"})
class Money(serializers.Field):
    """An amount with all decimals of its club's currency; ``club`` is the way to the club from the object."""

    def __init__(self, *, club: str = "club", **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)
        self.club = club

    def get_attribute(self, instance: Any) -> tuple[Decimal, str]:
        return super().get_attribute(instance), follow(instance, self.club).currency

    def to_representation(self, value: tuple[Decimal, str]) -> str:
        return shown_money(*value)


def shown_money(amount: Decimal, currency: str) -> str:
    return f"{money.round_half_up(amount, currency):f}"


@extend_schema_field({"type": "string", "format": "date-time", "example": "2026-11-12T17:00:00-06:00"})
class Moment(serializers.Field):
    """An instant on the club's clock; ``club`` is the way to the club, None: the instant has its zone already."""

    def __init__(self, *, club: str | None = "club", **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)
        self.club = club

    def get_attribute(self, instance: Any) -> dt.datetime | None:
        at = super().get_attribute(instance)
        if at is None or self.club is None:
            return at
        return at.astimezone(follow(instance, self.club).zone)

    def to_representation(self, value: dt.datetime) -> str:
        return shown_instant(value)


def shown_instant(at: dt.datetime, zone: dt.tzinfo | None = None) -> str:
    """To the second, with its offset."""
    return (at.astimezone(zone) if zone else at).isoformat(timespec="seconds")


@extend_schema_field({"type": "string"})
class Sentence(serializers.Field):
    """A sentence of the rules in the reader's language. ``masked``: without its amounts."""

    def __init__(self, *, masked: bool = False, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)
        self.masked = masked

    def to_representation(self, value: Any) -> str:
        return amounts.mask_amounts(said(value)) if self.masked else said(value)


class MaskedText(serializers.CharField):
    """A free text as operators read it: amounts are •••."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return amounts.mask_amounts(str(value))


class OrNull(serializers.CharField):
    """A word, null where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) or None


def follow(instance: Any, path: str) -> Any:
    """``follow(freeze, "membership.club")``; an empty path is the object itself."""
    for step in filter(None, path.split(".")):
        instance = instance[step] if isinstance(instance, dict) else getattr(instance, step)
    return instance
