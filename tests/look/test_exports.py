"""Exports: what a spreadsheet would run stays text; numbers, days and phones stay themselves."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import openpyxl
import pytest

from config import exports

LEADS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BODIES = (
    "cmd|' /C calc'!A0", "HYPERLINK(\"http://x\",\"y\")", "SUM(1+1)*cmd", "1+1", "A1", "2*3", "WEBSERVICE(\"x\")", "",
    "1-1", "(1)", "@SUM(A1)", "=1", "cmd", "1;2", "1,2,3",
)  # fmt: skip
PAYLOADS = [f"{space}{lead}{body}" for lead in LEADS for body in BODIES for space in ("", " ", "\u00a0")]


def test_no_payload_leaves_as_a_formula() -> None:
    assert len(PAYLOADS) >= 490
    for payload in PAYLOADS:
        out = exports.neutral(payload)
        assert (out == payload and exports.PLAIN_NUMBER.fullmatch(payload)) or out == f"'{payload}"


@pytest.mark.parametrize(
    "value", ["-41", "+3", "-12.50", "-12,5", "+493055501420", "+49 30 5550 142", "Ann", "", "a=b"]
)
def test_numbers_phones_and_words_stay_as_they_are(value: str) -> None:
    assert exports.neutral(value) == value


@pytest.mark.parametrize("value", ["+1-1", "-1+1", "+49-30-555", "-", "+", "=", "- note", "@anna"])
def test_what_only_looks_like_a_number_is_neutralised(value: str) -> None:
    assert exports.neutral(value) == f"'{value}"


ROWS = [
    ['Орлова, "M"', Decimal("702.00"), dt.date(2027, 1, 28), None, "=1+1", True],
    ["Zoë\nMartin", -41, dt.datetime(2027, 1, 15, 14, 21, tzinfo=dt.UTC), 0.5, "+493055501420", False],
]
HEADER = ["Name", "Paid", "Ends", "Rate", "=Note", "Call"]


def test_csv_is_read_back_as_it_was() -> None:
    response = exports.response("csv", "riverside-members", HEADER, iter(ROWS))
    text = b"".join(response).decode("utf-8-sig")
    assert response["Content-Disposition"] == 'attachment; filename="riverside-members.csv"'
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["Name", "Paid", "Ends", "Rate", "'=Note", "Call"],
        ['Орлова, "M"', "702.00", "2027-01-28", "", "'=1+1", "yes"],
        ["Zoë\nMartin", "-41", "2027-01-15T14:21:00+00:00", "0.5", "+493055501420", "no"],
    ]


def test_csv_is_sent_while_rows_are_still_read() -> None:
    read = []

    def rows() -> Iterator[list[int]]:
        for n in range(3):
            read.append(n)
            yield [n]

    parts = iter(exports.response("csv", "x", ["n"], rows()))
    assert [next(parts) for _ in range(3)] == ["\ufeff".encode(), b"n\r\n", b"0\r\n"] and read == [0]


def test_xlsx_keeps_numbers_and_days_and_no_formula() -> None:
    response = exports.response("xlsx", "riverside-members", HEADER, iter([*ROWS, ["a\x01b"]]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response))).active
    cells = list(sheet.iter_rows(values_only=True))
    assert cells[0] == ("Name", "Paid", "Ends", "Rate", "'=Note", "Call")
    assert cells[1][:2] == ('Орлова, "M"', 702) and cells[1][2] == dt.datetime(2027, 1, 28)  # noqa: DTZ001
    assert cells[1][4] == "'=1+1" and cells[3][0] == "ab"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "XLSX_ROWS", 2)
    with pytest.raises(exports.TooManyRows):
        exports.response("xlsx", "x", ["n"], ([n] for n in range(3)))


def test_another_format_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="pdf"):
        exports.response("pdf", "x", [], [])
