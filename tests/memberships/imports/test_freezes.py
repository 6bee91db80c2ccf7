"""Freezes by file: history that moves nothing, and freezes that move what they must."""

from __future__ import annotations

import datetime as dt

import pytest

from memberships import freezing
from memberships.models import Club, Freeze, Member, Membership, Visit
from tests import days, factories
from tests.days import day
from tests.memberships.imports.conftest import Load

MEMBERSHIPS = (
    "external_id,member,plan,starts_on,ends_on,sold_on\n"
    "S1,A0,M12,2026-01-01,2027-01-14,\n"  # its end holds 14 days of freezes
    "S2,A1,M12,2026-01-01,,\n"
    "S3,A1,M12,2027-01-01,,2026-11-01\n"  # follows S2
)
HEADER = "membership,starts_on,ends_on,reason\n"


@pytest.fixture
def memberships(load: Load, club: Club) -> None:
    assert load("memberships", MEMBERSHIPS).created == 3


def membership(external_id: str) -> Membership:
    return Membership.objects.get(external_id=external_id)


def ends() -> dict[str | None, str]:
    rows = Membership.objects.order_by("external_id").values_list("external_id", "effective_ends_on")
    return {key: end.isoformat() for key, end in rows}


AS_LOADED = {"S1": "2027-01-14", "S2": "2026-12-31", "S3": "2027-12-31"}


def test_freeze_that_a_given_end_holds_is_history(load: Load, memberships: None) -> None:
    text = f"{HEADER}S1,2026-03-01,2026-03-10,travel\nS1,2026-06-01,2026-06-04,\n"
    assert load("freezes", text, as_of="2026-11-12").created == 2
    assert ends() == AS_LOADED
    assert set(Freeze.objects.values_list("history", flat=True)) == {True}
    assert membership("S1").frozen_days == 0
    assert load("freezes", text, as_of="2026-11-12").unchanged == 2


def test_history_ended_early_gives_its_days_back(load: Load, memberships: None) -> None:
    load("freezes", f"{HEADER}S1,2026-11-01,2026-11-20,travel\n")
    freeze = Freeze.objects.get()
    freezing.end(freeze=freeze, returned_on=day("2026-11-13"), now=days.NOW, by=None)
    assert ends()["S1"] == "2027-01-06"
    # the file tells what was planned, and that is known
    assert load("freezes", f"{HEADER}S1,2026-11-01,2026-11-20,travel\n").unchanged == 1
    assert ends()["S1"] == "2027-01-06"


def test_freeze_from_the_day_of_the_file_on_moves_a_given_end(load: Load, memberships: None) -> None:
    answer = load("freezes", f"{HEADER}S1,2026-11-12,2026-11-18,travel\n", as_of="2026-11-12")
    assert answer.created == 1
    assert ends()["S1"] == "2027-01-21"
    assert not Freeze.objects.get().history


def test_freeze_of_a_counted_end_moves_it_and_what_follows(load: Load, memberships: None) -> None:
    text = f"{HEADER}S2,2026-03-01,2026-03-10,travel\nS2,2026-11-16,2026-11-25,\n"
    assert load("freezes", text).created == 2
    assert ends() == {"S1": "2027-01-14", "S2": "2027-01-20", "S3": "2028-01-20"}
    assert membership("S3").starts_on == day("2027-01-21")
    assert Member.objects.get(external_id="A1").last_covered_on == day("2028-01-20")
    assert load("freezes", text).unchanged == 2


def test_limits_of_the_plan_do_not_refuse_what_an_old_program_agreed(load: Load, memberships: None) -> None:
    assert load("freezes", f"{HEADER}S2,2026-11-16,2026-11-17,too short\n").created == 1
    assert load("freezes", f"{HEADER}S2,2026-12-01,2027-02-28,too long\n").created == 1


def test_changed_last_day_moves_ends_again(load: Load, memberships: None) -> None:
    load("freezes", f"{HEADER}S2,2026-11-16,2026-11-25,travel\n")
    assert load("freezes", f"{HEADER}S2,2026-11-16,2026-11-20,travel\n").updated == 1
    assert ends()["S2"] == "2027-01-05"
    assert membership("S3").starts_on == day("2027-01-06")
    assert load("freezes", f"{HEADER}S2,2026-11-16,2026-11-30,travel\n").updated == 1
    assert ends()["S2"] == "2027-01-15"
    assert load("freezes", "membership,starts_on,ends_on\nS2,2026-11-16,2026-11-30\n").unchanged == 1
    assert load("freezes", f"{HEADER}S2,2026-11-16,2026-11-30,illness\n").updated == 1
    assert (Freeze.objects.get().reason, ends()["S2"]) == ("illness", "2027-01-15")


def test_changed_history_moves_nothing(load: Load, memberships: None) -> None:
    load("freezes", f"{HEADER}S1,2026-03-01,2026-03-10,travel\n")
    assert load("freezes", f"{HEADER}S1,2026-03-01,2026-03-14,travel\n").updated == 1
    assert (Freeze.objects.get().ends_on, ends()) == (day("2026-03-14"), AS_LOADED)


@pytest.mark.parametrize(
    ("rows", "line", "says"),
    [
        ("S1,2026-03-01,2026-03-10,\nS1,2026-03-10,2026-03-14,\n", 3, "already frozen from 1 March 2026"),
        ("S2,2026-11-16,2026-11-25,\nS2,2026-11-20,2026-11-28,\n", 3, "already frozen from 16 November 2026"),
        ("S1,2025-12-30,2026-01-05,\n", 2, "which runs from 1 January 2026"),
        ("S1,2027-01-10,2027-01-20,\n", 2, None),
        ("S2,2027-01-01,2027-01-20,\n", 2, "which runs from 1 January 2026 to 31 December 2026"),
    ],
)
def test_freezes_lie_inside_and_share_no_day(
    load: Load, memberships: None, rows: str, line: int, says: str | None
) -> None:
    answer = load("freezes", HEADER + rows)
    if says is None:
        assert answer.created == 1  # it starts inside, and its own days reach further
        return
    assert [error["line"] for error in answer.errors] == [line]
    assert says in str(answer.errors[0]["message"])
    assert (Freeze.objects.count(), ends()) == (0, AS_LOADED)


def test_freeze_that_would_move_a_started_renewal_is_refused(load: Load, memberships: None) -> None:
    load("memberships", "external_id,member,plan,starts_on,sold_on\nS4,A2,M12,2025-11-01,\nS5,A2,M1,2026-11-01,\n")
    answer = load("freezes", f"{HEADER}S4,2026-03-01,2026-03-10,\nS2,2026-11-16,2026-11-25,\n", skip_bad=True)
    assert (answer.created, answer.refused) == (1, 1)
    assert "cannot move" in str(answer.errors[0]["message"])


def test_kinds_are_judged_anew_when_ends_move(load: Load, memberships: None) -> None:
    load("memberships", "external_id,member,plan,starts_on\nS4,A2,M1,2026-09-01\nS5,A2,M1,2026-12-01\n")
    assert membership("S5").sale_kind == "return"
    load("freezes", f"{HEADER}S4,2026-09-20,2026-10-21,\n")
    late = membership("S5")
    assert (late.sale_kind, late.renewed_from, late.chain_starts_on) == (
        "renewal", membership("S4"), day("2026-09-01"),
    )  # fmt: skip


def test_visits_on_days_that_are_frozen_now_are_marked(load: Load, memberships: None) -> None:
    visit = factories.make_visit(Member.objects.get(external_id="A0"), "2026-03-05T07:00")
    load("freezes", f"{HEADER}S1,2026-03-01,2026-03-10,travel\n")
    visit.refresh_from_db()
    assert visit.to_mend == Visit.Mend.FROZEN


def test_dry_run_moves_nothing(load: Load, memberships: None) -> None:
    assert load("freezes", f"{HEADER}S2,2026-11-16,2026-11-25,\n", dry_run=True).created == 1
    assert (Freeze.objects.count(), ends()) == (0, AS_LOADED)


def test_as_of_is_today_unless_said(load: Load, memberships: None) -> None:
    load("freezes", f"{HEADER}S1,2026-11-12,2026-11-18,\n", now=days.NOW + dt.timedelta(days=1))
    assert Freeze.objects.get().history
