"""Cells as people write them: days, instants, numbers, yes and no, lists."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from decimal import Decimal

import pytest

from memberships.imports import cells, dates
from memberships.imports.cells import Unreadable
from memberships.imports.dates import Order
from memberships.rules import local_time

CHICAGO = zoneinfo.ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("written", "order"),
    [
        (["2026-01-02", "03.04.2026"], Order.DAY_FIRST),
        (["03/04/2026"], Order.DAY_FIRST),
        (["03/04/2026", "25/04/2026"], Order.DAY_FIRST),
        (["03/04/2026", "04/25/2026"], Order.MONTH_FIRST),
        (["04/25/2026", "25/04/2026"], Order.DAY_FIRST),
        (["04/31/2026", "31/31/2026"], Order.DAY_FIRST),
        (["02/29/2028"], Order.MONTH_FIRST),
        (["04/25/2026 00:00:00"], Order.MONTH_FIRST),
    ],
)
def test_month_comes_first_only_where_the_whole_file_allows_no_other_reading(written: list[str], order: Order) -> None:
    assert dates.order_of(written) is order


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-02", "2026-01-02"),
        ("2026-1-2", "2026-01-02"),
        ("2026/01/02", "2026-01-02"),
        ("02.01.2026", "2026-01-02"),
        ("2.1.2026", "2026-01-02"),
        ("02/01/2026", "2026-01-02"),
        ("2026-01-02T00:00:00", "2026-01-02"),
        ("02.01.2026 00:00", "2026-01-02"),
        ("29.02.2028", "2028-02-29"),
    ],
)
def test_days_are_read(text: str, day: str) -> None:
    assert dates.Days(lambda: iter([text])).iso(text) == day


def test_file_is_asked_for_its_order_only_at_the_first_slash() -> None:
    def asked() -> object:
        raise AssertionError

    assert dates.Days(asked).iso("2026-01-02") == "2026-01-02"  # type: ignore[arg-type]
    days = dates.Days(lambda: iter(["01/02/2026", "01/31/2026"]))
    assert not days.month_first
    assert days.iso("01/02/2026") == "2026-01-02"
    assert days.month_first
    with pytest.raises(Unreadable, match="31/01/2026 is not a day"):
        days.iso("31/01/2026")


@pytest.mark.parametrize("text", ["29.02.2027", "00.01.2026", "31/04/2026", "2026-02-30"])
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="not a day of the calendar"):
        dates.Days(lambda: iter([text])).iso(text)


@pytest.mark.parametrize("text", ["1.2.26", "Jan 2, 2026", "46024", "2026-01", "٢٠٢٦-٠١-٠٢"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="not a date"):
        dates.Days(lambda: iter([text])).iso(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-05-03T07:00", "2026-05-03T12:00"),
        ("2026-05-03 07:00:30", "2026-05-03T12:00:30"),
        ("03.05.2026 7:00", "2026-05-03T12:00"),
        ("2026-05-03T07:00Z", "2026-05-03T07:00"),
        ("2026-05-03T07:00+02:00", "2026-05-03T05:00"),
        ("2026-05-03T07:00:00.123456-0500", "2026-05-03T12:00:00.123456"),
        ("2026-05-03T07:00:00,5-05:00", "2026-05-03T12:00:00.500000"),
        ("2026-11-01T01:30", "2026-11-01T06:30"),  # occurs twice: the first
        ("2026-03-08T02:30", "2026-03-08T08:30"),  # does not exist: shifted forward
        ("2026-03-08T01:59", "2026-03-08T07:59"),
        ("2026-03-08T03:00", "2026-03-08T08:00"),
    ],
)
def test_local_times_are_instants_of_the_club(text: str, utc: str) -> None:
    read = dates.Instants(dates.Days(lambda: iter([])), CHICAGO)
    instants = [dt.datetime.fromisoformat(value) for value in read([text, text])]
    assert instants == [dt.datetime.fromisoformat(f"{utc}+00:00")] * 2
    assert not read.failed


@pytest.mark.parametrize("zone", ["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_remembered_offsets_say_what_the_rule_says(zone: str) -> None:
    place = zoneinfo.ZoneInfo(zone)
    read = dates.Instants(dates.Days(lambda: iter([])), place)
    start = dt.datetime.fromisoformat("2026-01-01T00:00")
    walls = [start + dt.timedelta(minutes=35 * step) for step in range(365 * 41)]
    found = read([wall.isoformat(timespec="minutes") for wall in walls])
    for wall, value in zip(walls, found, strict=True):
        assert dt.datetime.fromisoformat(value) == local_time.instant(wall.date(), wall.time(), place)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40", "40"),
        ("229.5", "229.5"),
        ("229,5", "229.5"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234.50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("12.345.678,90", "12345678.90"),
        ("−3", "-3"),
    ],
)
def test_decimals_have_a_point_or_a_comma(text: str, value: str) -> None:
    assert cells.decimal_of(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "x", "1,2,3", "1.2,3.4", "12,34.56", "1e3", "NaN", "--1", "$40", "٤٠"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="not a number"):
        cells.decimal_of(text)


@pytest.mark.parametrize(
    ("text", "value"), [("yes", "t"), ("ДА", "t"), ("+", "t"), ("1", "t"), ("No", "f"), ("нет", "f"), ("0", "f")]
)
def test_yes_and_no_in_both_languages(text: str, value: str) -> None:
    assert cells.yes_or_no(text) == value


def test_lists_are_parted_by_semicolons_and_name_each_once() -> None:
    assert cells.split("M1; M12;;M1") == ["M1", "M12"]
    assert cells.split("M1, M12") == ["M1", "M12"]
    assert cells.array(['a"b', "c\\d", "x,y"]) == '{"a\\"b","c\\\\d","x,y"}'


def test_codes_are_found_as_written_before_any_case() -> None:
    read = cells.looked_up({"m1": "1", "M1": "2", "Gold": "3"}, "no %(text)s")
    assert [read("m1"), read("M1"), read("GOLD")] == ["1", "2", "3"]
    with pytest.raises(Unreadable, match="no silver"):
        read("silver")


def test_few_spellings_are_read_once_and_forgotten_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def read(text: str) -> str:
        seen.append(text)
        return text.upper()

    spellings = cells.Spellings(read)
    assert spellings(["a", "a", " a", "b", ""]) == ["A", "A", "A", "B", cells.NULL]
    assert seen == ["a", "a", "b"]
    monkeypatch.setattr(cells, "MOST_SPELLINGS", 2)
    spellings(["c"])
    assert list(spellings) == ["c"]


def test_text_is_checked_by_stretches_and_put_right_by_cells() -> None:
    text = cells.Text(10)
    assert text(["Scott", " Müller "]) == ["Scott", "Müller"]
    assert text(["Mu\u0308ller", "two\nlines"]) == ["Müller", "two lines"]
    assert not text.failed
    assert text(["fine", "much too long a text"])[0] == "fine"
    assert text.failed
    assert cells.Text(100, lines=True)(["two\nlines"]) == ["two\nlines"]


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (cells.language, "EN", "en"),
        (cells.language, "pt_BR", "pt-BR"),
        (cells.time_zone, "Europe/Berlin", "Europe/Berlin"),
        (cells.email, "a.b+c@mail.example.org", "a.b+c@mail.example.org"),
        (cells.email, "иван@почта.рф", "иван@почта.рф"),
        (cells.number(0, 10), "1 0", "10"),
    ],
)
def test_other_cells(read: Callable[[str], str], text: str, value: str) -> None:
    assert read(text) == value
