"""A real mess of a list against its truth: every phone, every person, every row."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Hashable, Iterable
from itertools import combinations
from pathlib import Path

import pytest
from django.conf import settings

from memberships import imports
from memberships.models import Club, Member, MemberMerge, Membership
from tests import factories
from tests.days import at

FILES = Path(settings.BASE_DIR).parent / "shared" / "data" / "messy"
LIST, TRUTH = FILES / "members_messy_cp1251.csv", FILES / "members_messy_truth.csv"
NOW = at("2026-11-02T10:00+03:00")


@pytest.fixture
def club(db: None) -> Club:
    if not LIST.exists():
        pytest.skip("the messy list is not beside this checkout")
    return factories.make_club("msk", timezone="Europe/Moscow", country="RU", currency="RUB")


def pairs(found: dict[int, Hashable]) -> set[tuple[int, int]]:
    """The pairs of rows that are one person."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for row, person in found.items():
        groups[person].append(row)
    return {pair for rows in groups.values() for pair in combinations(sorted(rows), 2)}


def lines() -> dict[int, int]:
    """The line of the file in which each of its rows begins."""
    with LIST.open(encoding="cp1251", newline="") as file:
        reader = csv.reader(file, delimiter=";")
        found, begins = {}, 1
        for cells in reader:
            if cells and cells[0].isdigit():
                found[int(cells[0])] = begins
            begins = reader.line_num + 1
    return found


def test_list_against_its_truth(club: Club, tmp_path: Path) -> None:
    with TRUTH.open(newline="") as file:
        truth = list(csv.DictReader(file))
    warnings = tmp_path / "warnings.csv"
    options = {"club": club, "kind": "clublist", "path": LIST, "now": NOW, "create_plans": True}
    answer = imports.run(**options, warnings=warnings)
    assert (answer.rows, answer.refused) == (len(truth), 0)
    assert answer.created + answer.merged == answer.rows
    told = told_of(warnings)
    by_phone = dict(Member.objects.exclude(phone="").values_list("phone", "pk"))
    assert {row["true_e164"] for row in truth if row["phone_unrecoverable"] == "False"} == set(by_phone)

    line_of = lines()
    line_of_row = {line: row for row, line in line_of.items()}
    person_of = {int(row["row_no"]): row["person_id"] for row in truth}
    found: dict[int, Hashable] = {row: row for row in person_of}
    merged = [line for line, messages in told.items() if any("This is the person of line" in each for each in messages)]
    assert len(merged) == answer.merged == MemberMerge.objects.count()
    for line in merged:
        like = next(int(each.split("of line ")[1].split(":")[0]) for each in told[line] if "person of line" in each)
        found[line_of_row[line]] = found[line_of_row[like]]
    mine, theirs = pairs(found), pairs(person_of)
    assert len(mine & theirs) / len(mine) >= 0.99
    assert len(mine & theirs) / len(theirs) >= 0.95

    kept = Member.objects.filter(merged_into=None).count()
    assert kept == answer.created == len(set(found.values()))
    left_out = sum("has the same days and stays" in each for messages in told.values() for each in messages)
    assert Membership.objects.count() + left_out == answer.rows
    assert Member.objects.filter(consent_calls=None, merged_into=None).exclude(consent_evidence="").count() == 0
    plans = dict(club.plans.values_list("code", "active"))
    assert set(plans.values()) == {False} and len(plans) == 6

    before = everything()
    again = imports.run(**options)
    assert (again.created, again.updated, again.merged, again.refused) == (0, 0, 0, 0)
    assert everything() == before


def told_of(warnings: Path) -> dict[int, list[str]]:
    """The warnings by line."""
    found = defaultdict(list)
    with warnings.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found[int(row["line"])].append(row["message"])
    return found


def everything() -> Iterable[object]:
    """All that the list could change."""
    return [
        list(Member.objects.order_by("pk").values()),
        list(Membership.objects.order_by("pk").values()),
        list(MemberMerge.objects.order_by("pk").values()),
    ]
