"""What the fields of a body take, and what not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Field

from memberships.api import fields

HUGE = 10**400


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        (fields.Text(), " a ", "a"),
        (fields.Whole(), 7, 7),
        (fields.Whole(), 7.0, 7),
        (fields.Id(), 2**63 - 1, 2**63 - 1),
        (fields.Truth(), False, False),
        (fields.Day(), "2028-02-29", dt.date(2028, 2, 29)),
        (fields.Instant(), "2026-11-12T17:00:00-06:00", dt.datetime(2026, 11, 12, 23, tzinfo=dt.UTC)),
        (fields.Instant(), "2026-11-12T23:00:00.5Z", dt.datetime(2026, 11, 12, 23, 0, 0, 500_000, tzinfo=dt.UTC)),
        (fields.QueryInstant(), "2026-11-13T00:00:00 01:00", dt.datetime(2026, 11, 12, 23, tzinfo=dt.UTC)),
        (fields.TimeOfDay(), "07:30", dt.time(7, 30)),
        (fields.Amount(), "306.00", Decimal("306.00")),
        (fields.Amount(), 306, Decimal(306)),
        (fields.Amount(), 0.5, Decimal("0.5")),
        (fields.MemberField(), 12, 12),
        (fields.MemberField(), {"external_id": " A-12 "}, "A-12"),
        (fields.QueryId(), "12", 12),
        (fields.Flag(), "true", True),
        (fields.Flag(), "0", False),
    ],
)
def test_what_is_right_is_read(field: Field, sent: Any, read: Any) -> None:
    assert field.run_validation(sent) == read


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        (fields.Text(), 5),
        (fields.Text(), True),
        (fields.Text(), ["a"]),
        (fields.Text(), "  "),
        (fields.Text(max_length=3), "a   "),
        (fields.Whole(), "7"),
        (fields.Whole(), True),
        (fields.Whole(), 7.5),
        (fields.Whole(), float("inf")),
        (fields.Id(), 0),
        (fields.Id(), HUGE),
        (fields.Truth(), 1),
        (fields.Truth(), "true"),
        (fields.Day(), "2026-02-29"),
        (fields.Day(), "20260228"),
        (fields.Day(), "2026-W07-1"),
        (fields.Day(), "2026-2-8"),
        (fields.Day(), "9999-12-31"),
        (fields.Day(), "٢٠٢٦-٠٢-٠٨"),
        (fields.Day(), 20260208),
        (fields.Instant(), "2026-11-12T17:00:00"),
        (fields.Instant(), "2026-11-12"),
        (fields.Instant(), "9999-12-31T23:59:59-12:00"),
        (fields.Instant(), "0001-01-01T00:00:00+12:00"),
        (fields.Instant(), "2026-11-12T25:00:00Z"),
        (fields.Instant(), 1),
        (fields.TimeOfDay(), "7:30"),
        (fields.TimeOfDay(), "24:00"),
        (fields.TimeOfDay(), 730),
        (fields.Amount(), "-1"),
        (fields.Amount(), -1),
        (fields.Amount(), "1e3"),
        (fields.Amount(), "1,5"),
        (fields.Amount(), "NaN"),
        (fields.Amount(), True),
        (fields.Amount(), HUGE),
        (fields.Amount(), float("nan")),
        (fields.Amount(), "0.1234"),
        (fields.MemberField(), 0),
        (fields.MemberField(), HUGE),
        (fields.MemberField(), "12"),
        (fields.MemberField(), True),
        (fields.MemberField(), {"external_id": ""}),
        (fields.MemberField(), {"external_id": 12}),
        (fields.MemberField(), {"id": 12}),
        (fields.QueryId(), "0"),
        (fields.QueryId(), "-1"),
        (fields.QueryId(), "1.0"),
        (fields.QueryId(), "٣"),
        (fields.QueryId(), ""),
        (fields.Flag(), "yes"),
    ],
)
def test_what_could_never_be_right_is_refused(field: Field, sent: Any) -> None:
    with pytest.raises(ValidationError):
        field.run_validation(sent)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("306", "USD", "306.00"), ("0", "EUR", "0.00"), ("36000", "JPY", "36000"), ("1.5", "KWD", "1.500")],
)
def test_money_is_shown_with_the_currencys_decimals(amount: str, currency: str, text: str) -> None:
    assert fields.shown_money(Decimal(amount), currency) == text
