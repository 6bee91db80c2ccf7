"""Files in every encoding and dialect say the same; those that are no table are refused."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from memberships import imports
from memberships.imports import files, workbooks
from memberships.models import Club, Member, Membership
from tests.memberships.imports.conftest import Load

FIELDS = ("external_id", "last_name", "first_name", "phone", "birthday", "notes")
CYRILLIC = "external_id;last_name;first_name\nB1;Щербакова;Зоя\nB2;Ёлкин;Юрий\n"
WESTERN = "external_id;last_name;first_name\nB1;Müller;Zoë\nB2;Núñez;Jörg\n"


def table(tmp_path: Path, content: str | bytes, mapping: dict[str, str] | None = None) -> files.Table:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return files.open_table(path, fields=FIELDS, required=("external_id",), mapping=mapping)


def rows(tmp_path: Path, content: str | bytes) -> list[tuple[int, list[str]]]:
    return list(table(tmp_path, content).rows())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CYRILLIC, "utf-8"),
        (CYRILLIC, "utf-8-sig"),
        (CYRILLIC, "utf-16"),
        (CYRILLIC, "utf-16-le"),
        (CYRILLIC, "utf-16-be"),
        (CYRILLIC, "cp1251"),
        (WESTERN, "utf-8"),
        (WESTERN, "utf-16"),
        (WESTERN, "cp1252"),
        ("external_id;last_name;first_name\nB1;Núñez;Ana\n", "cp1252"),
        ("external_id;last_name;first_name\nB1;Li;Ян\n", "cp1251"),
    ],
)
def test_names_survive_every_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    expected = [line.split(";") for line in text.splitlines()[1:]]
    assert [cells for _line, cells in rows(tmp_path, text.encode(encoding))] == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_the_one_that_makes_columns_known(tmp_path: Path, delimiter: str) -> None:
    text = "external_id,last_name,notes\nB1,Scott,x\n".replace(",", delimiter)
    assert rows(tmp_path, text) == [(2, ["B1", "Scott", "x"])]


def test_excel_hint_of_the_separator_is_not_a_header(tmp_path: Path) -> None:
    assert rows(tmp_path, "sep=;\nexternal_id;last_name\nB1;Scott\n") == [(3, ["B1", "Scott"])]


def test_lines_are_counted_through_blank_lines_and_cells_of_several_lines(tmp_path: Path) -> None:
    text = 'external_id,notes\n\nB1,"first\nsecond\r\nthird"\n,\nB2,x\n'
    assert rows(tmp_path, text) == [(3, ["B1", "first\nsecond\r\nthird"]), (7, ["B2", "x"])]


@pytest.mark.parametrize("line", ["Итого:,2", "Total,,1 200.50 USD", "ВСЕГО 2,", " grand total,2,3"])
def test_a_line_that_only_adds_up_is_no_row(tmp_path: Path, line: str) -> None:
    [batch] = table(tmp_path, f"external_id,last_name,notes\nB1,Scott,x\n{line}\n").batches()
    assert (batch.rows, [number for number, _cells in batch.totals]) == ([["B1", "Scott", "x"]], [3])


@pytest.mark.parametrize("line", ["Total,Scott,", "TOTAL12,2,", "Totally,1,", "SUM,Total access,12m"])
def test_a_row_that_begins_like_a_total_is_a_row(tmp_path: Path, line: str) -> None:
    assert len(rows(tmp_path, f"external_id,last_name,notes\n{line}\n")) == 1


def test_titles_above_the_header_are_skipped(tmp_path: Path) -> None:
    assert rows(tmp_path, "Members of 1 November;;\n\nexternal_id;last_name\nB1;Scott\n") == [(4, ["B1", "Scott"])]


def test_header_may_run_over_two_lines(tmp_path: Path) -> None:
    assert table(tmp_path, 'external_id,"last\nname"\nB1,Scott\n').places == {"external_id": 0, "last_name": 1}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_of_every_system(tmp_path: Path, ending: str) -> None:
    text = ending.join(["external_id,last_name", "B1,Scott", "B2,Boone", ""])
    assert rows(tmp_path, text) == [(2, ["B1", "Scott"]), (3, ["B2", "Boone"])]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("EXTERNAL ID,Last Name,first-name", ["external_id", "last_name", "first_name"]),
        ("Номер клиента,Фамилия,Имя", ["external_id", "last_name", "first_name"]),
        ("Фамилия,Телефон,Дата рождения,Код", ["last_name", "phone", "birthday", "external_id"]),
        ("notes,Surname,ID,Mobile", ["notes", "last_name", "external_id", "phone"]),
    ],
)
def test_columns_are_known_in_any_case_order_and_both_languages(tmp_path: Path, header: str, fields: list[str]) -> None:
    assert list(table(tmp_path, f"{header}\nx,y,z\n").places) == fields


def test_mapping_goes_before_names(tmp_path: Path) -> None:
    found = table(tmp_path, "Nr,last_name,nick\nB1,Scott,Pam\n", {"nr": "external_id", "nick": "first_name"})
    assert found.places == {"external_id": 0, "last_name": 1, "first_name": 2}


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    assert table(tmp_path, "external_id,shoe size\nB1,42\n").unknown == ["shoe size"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old workbook", ".xls"),
        (b"last_name\nScott\n", "no column external_id"),
        (b"external_id,ID\nB1,B1\n", "both hold external_id"),
        (b"external_id\nB\x00\x01\x02\x00\x00\x05\x00\x00\x00\x00\n", "binary"),
        (b"PK\x03\x04 not really", "damaged"),
        (b"external_id\n" + "Щ\n".encode() * 20 + b"\xff\n", "line 22"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(imports.UnusableFile, match=says):
        table(tmp_path, content)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(imports.UnusableFile, match="cannot be opened"):
        files.open_table(tmp_path / "none.csv", fields=FIELDS, required=())


@pytest.mark.parametrize(
    ("mapping", "says"),
    [({"nr": "shoe"}, "names shoe"), ({"size": "notes"}, "“size”")],
)
def test_mapping_must_name_what_is_there(tmp_path: Path, mapping: dict[str, str], says: str) -> None:
    with pytest.raises(imports.UnusableFile, match=says):
        table(tmp_path, "nr,external_id\n1,B1\n", mapping)


def workbook(*sheet_rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in sheet_rows:
        book.active.append(row)  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_workbook_says_the_same_as_text(tmp_path: Path) -> None:
    content = workbook(
        [None, None, None, None, None, None],
        ["external_id", "last_name", "first_name", "phone", "birthday", "notes"],
        [
            17,
            "Scott",
            None,
            13195550107,
            dt.datetime.fromisoformat("1998-10-17"),
            dt.datetime.fromisoformat("2026-05-03T07:05"),
        ],
        [None] * 6,
        ["B2", "Boone", True, 2.5, dt.date(1999, 1, 2), " x "],
    )
    assert rows(tmp_path, content) == [
        (3, ["17", "Scott", "", "13195550107", "1998-10-17", "2026-05-03T07:05"]),
        (5, ["B2", "Boone", "yes", "2.5", "1999-01-02", " x "]),
    ]


SPELLINGS = [
    ("external_id,member,plan,starts_on,price_paid\nS1,A0,M12,2026-02-01,300.5\n", "utf-8", ","),
    ("Номер договора,Клиент,Абонемент,Начало,Оплачено\nS1,A0,M12,01.02.2026,300·50\n", "utf-16", "\t"),
    ("начало,ОПЛАЧЕНО,номер договора,клиент,тариф\n1.2.2026,300·5,S1,A0,m12\n", "cp1251", ";"),
    ("Start,Paid,Contract no,Member ID,Plan\n02/01/2026,300.50,S1,A0,M12\n02/13/2020,0,S0,A1,M1\n", "cp1252", "|"),
]


@pytest.mark.parametrize(("text", "encoding", "delimiter"), SPELLINGS)
def test_the_same_is_stored_however_the_file_is_written(
    load: Load, club: Club, text: str, encoding: str, delimiter: str
) -> None:
    assert load("memberships", text.replace(",", delimiter).replace("·", ",").encode(encoding)).errors == []
    row = Membership.objects.get(external_id="S1")
    assert (row.member.external_id, row.plan.code, row.starts_on.isoformat()) == ("A0", "M12", "2026-02-01")
    assert (row.price_paid, row.effective_ends_on.isoformat()) == (Decimal("300.5"), "2027-01-31")


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * (64 << 20)}, "far more"),
        ({f"xl/{number}.xml": b"" for number in range(2500)}, "far more"),
        ({"readme.txt": b"hello"}, "ZIP"),
        ({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "aa">]><x/>'}, "entities"),
        ({"xl/workbook.xml": b"<x>"}, "damaged"),
    ],
)
def test_workbooks_made_to_exhaust_a_reader_are_refused(tmp_path: Path, parts: dict[str, bytes], says: str) -> None:
    with pytest.raises(imports.UnusableFile, match=says):
        table(tmp_path, zipped(parts))


def test_size_that_a_workbook_claims_is_not_believed(tmp_path: Path) -> None:
    content = io.BytesIO(workbook(["external_id"], ["B1"]))
    with zipfile.ZipFile(content) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"')
    assert rows(tmp_path, zipped(parts)) == [(2, ["B1"])]
    assert workbooks.MOST_COLUMNS < 16384


def test_quotation_mark_that_never_ends_costs_its_own_row_and_what_it_swallowed(load: Load, club: Club) -> None:
    answer = load("members", 'external_id,last_name\nB1,Scott\nB2,"Boone\nB3,Cole\n', skip_bad=True)
    assert (answer.created, answer.refused) == (1, 1)
    assert answer.errors[0]["line"] == 3
    assert "never ends" in str(answer.errors[0]["message"])


def test_quotation_mark_inside_a_cell_costs_its_own_row(load: Load, club: Club) -> None:
    answer = load("members", 'external_id,last_name\nB1,"Scott" Pam\nB2,Boone\n', skip_bad=True)
    assert [error["line"] for error in answer.errors] == [2]
    assert Member.objects.filter(club=club, external_id="B2").exists()


def test_rows_are_counted_across_batches(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH", 3)
    lines = [f"B{number},Scott" for number in range(10)]
    lines[7] = "B7,"
    answer = load("members", "external_id,last_name\n" + "\n".join(lines), skip_bad=True)
    assert (answer.rows, answer.created, answer.errors[0]["line"]) == (10, 9, 9)
