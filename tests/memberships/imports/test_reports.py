"""The file of refused rows: mended and loaded, it brings in what was missing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from memberships.models import Club, Member
from tests.memberships.imports.conftest import Load


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "refused.csv"


def rows(report: Path) -> list[list[str]]:
    with report.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_refused_rows_keep_their_own_text_and_can_be_loaded_when_mended(load: Load, club: Club, report: Path) -> None:
    text = 'ID;Surname;Birthday;"Shoe size"\nB1;Scott;1.2.1990;40\nB2; Núñez ;31.02.1990;41\nB3;;x;"4;2"\n'
    answer = load("members", text.encode("cp1252"), skip_bad=True, report=report)
    assert (answer.created, answer.refused) == (1, 2)
    assert rows(report) == [
        ["ID", "Surname", "Birthday", "Shoe size", "line", "errors"],
        ["B2", " Núñez ", "31.02.1990", "41", "3", "Birthday: 31.02.1990 is not a day of the calendar."],
        ["B3", "", "x", "4;2", "4", rows(report)[2][5]],
    ]
    assert "Birthday: “x” is not a date" in rows(report)[2][5]
    assert "Surname: This column must not be empty." in rows(report)[2][5]
    mended = report.read_bytes().decode("utf-8-sig").replace("31.02.1990", "28.02.1990").replace("B3,,x", "B3,Cole,")
    answer = load("members", mended)
    assert (answer.created, answer.refused) == (2, 0)
    assert [warning["column"] for warning in answer.warnings] == ["Shoe size"]
    assert Member.objects.get(external_id="B2").last_name == "Núñez"


def test_rows_refused_by_the_database_are_in_it_too(load: Load, report: Path) -> None:
    text = "external_id,member,plan,starts_on\nS1,A0,M1,2026-03-01\nS2,A9,M1,2026-03-01\nS1,A1,M1,2026-03-01\n"
    load("memberships", text, report=report)
    assert [row[4] for row in rows(report)[1:]] == ["3", "4"]


def test_file_without_bad_rows_has_an_empty_report(load: Load, report: Path) -> None:
    load("members", "external_id,last_name\nB1,Scott\n", report=report)
    assert rows(report) == [["external_id", "last_name", "line", "errors"]]


def test_days_that_only_the_whole_file_could_explain_are_written_plainly(load: Load, report: Path) -> None:
    text = "external_id,last_name,birthday\nB1,Scott,12/31/1990\nB2,,03/04/1990\nB3,,99/99/1990\n"
    load("members", text, skip_bad=True, report=report)
    assert [row[2] for row in rows(report)[1:]] == ["1990-03-04", "99/99/1990"]


def test_row_with_too_many_cells_keeps_all_of_them(load: Load, report: Path) -> None:
    load("members", "external_id,last_name\nB1,Scott,Pamela,x\n", report=report)
    assert rows(report)[1][:3] == ["B1", "Scott, Pamela, x", "2"]


def test_row_that_could_not_be_parted_is_written_as_well_as_it_can(load: Load, report: Path) -> None:
    load("members", 'external_id,last_name\nB1,"Scott" P\nB2,Boone\n', skip_bad=True, report=report)
    assert rows(report)[1][:3] == ["B1", "Scott P", "2"]


def test_cells_of_several_lines_do_not_shift_the_rows(load: Load, report: Path) -> None:
    text = 'external_id,last_name,notes\nB1,Scott,"a\nb"\n\nB2,,"c\nd"\nB3,,e\n'
    load("members", text, skip_bad=True, report=report)
    assert [row[:4] for row in rows(report)[1:]] == [["B2", "", "c\nd", "5"], ["B3", "", "e", "7"]]
