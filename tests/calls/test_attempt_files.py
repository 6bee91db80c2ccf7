"""Calls of an old program by file: history that counts for the contact policy and the refusals, and makes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from calls import figures, policy
from calls.models import CallAttempt, CallTask, Complaint, RefusalReason, Request
from calls.rules.kinds import Kind
from memberships import imports
from memberships.models import Club, Member, Membership
from tests import days, factories
from tests.calls.factories import make_attempt

pytestmark = pytest.mark.django_db

HEADER = "member,at,kind,outcome,operator,reason,duration_s,note"
GOOD = "A0,2026-11-10T12:00,renewal,refused,olga,price,190,wants a pool"
Load = Callable[..., imports.Answer]


@pytest.fixture
def club() -> Club:
    club = factories.make_club("mf")
    factories.make_employee(club, "operator", "olga")
    for number in range(3):
        factories.make_member(club, external_id=f"A{number}", phone=factories.phone(number))
    return club


@pytest.fixture
def member(club: Club) -> Member:
    member = Member.objects.get(external_id="A0")
    for start, end, key in (("2025-01-01", "2025-12-31", "S1"), ("2026-01-01", "2026-12-31", "S2")):
        factories.make_membership(member, starts_on=days.day(start), ends_on=days.day(end), external_id=key)
    return member


@pytest.fixture
def load(club: Club, tmp_path: Path) -> Load:
    def load(*rows: str, header: str = HEADER, **options: object) -> imports.Answer:
        path = tmp_path / "calls.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return imports.run(club=club, kind="attempts", path=path, now=days.NOW, **options)

    return load


def test_a_call_is_kept_with_who_rang_and_about_which_membership(load: Load, member: Member) -> None:
    assert load(GOOD, "A0,12.03.2025 18:30,care,no_answer,,,,").created == 2
    old, new = CallAttempt.objects.order_by("at")
    assert (new.at, new.kind, new.outcome, new.reached) == (days.at("2026-11-10T12:00"), "renewal", "refused", True)
    assert (new.operator.username, new.reason.code, new.duration_s) == ("olga", "price", 190)
    assert (new.note, new.phone, new.outcome_at) == ("wants a pool", member.phone, new.at)
    assert (old.reached, old.operator, old.reason) == (False, None, None)
    assert [each.membership.external_id for each in (old, new)] == ["S1", "S2"]


def test_nothing_follows_from_a_call_of_long_ago(load: Load, member: Member) -> None:
    outcomes = ("booked", "callback", "do_not_call", "complaint", "freeze_wanted", "wrong_number", "refused")
    rows = [
        f"A0,2026-10-0{day}T12:00,renewal,{outcome},,{'deceased' if outcome == 'refused' else ''},,"
        for day, outcome in enumerate(outcomes, start=1)
    ]
    answer = load(*rows)
    assert answer.created == len(rows)
    assert [(each["line"], each["column"]) for each in answer.warnings] == [(4, "outcome"), (8, "reason")]
    assert not CallTask.objects.exists() and not Request.objects.exists() and not Complaint.objects.exists()
    member.refresh_from_db()
    assert (member.do_not_call_since, member.phone_bad_since, member.deceased_on) == (None, None, None)


def test_it_counts_for_the_contact_policy_and_the_refusals(load: Load, club: Club, member: Member) -> None:
    load(GOOD, "A0,2026-11-11T12:00,care,talked,,,,", "A0,2026-11-12T09:00,care,no_answer,,,,")
    blocks = policy.why(member=member, kind=Kind.RENEWAL, at=days.NOW)
    assert [block.code.value for block in blocks] == ["refused_lately", "contact_cap", "min_gap"]
    found = figures.refusals(club=club, first=days.day("2026-11-01"), last=days.day("2026-11-30"))
    assert [(each.reason, each.operator) for each in found] == [("price", "olga")]


def test_calls_of_a_household_at_one_instant_are_one_dial(load: Load, member: Member) -> None:
    Member.objects.filter(external_id="A1").update(phone=member.phone)
    load(GOOD, GOOD.replace("A0", "A1"), GOOD.replace("A0", "A2"))
    first, second, other = CallAttempt.objects.order_by("member__external_id")
    assert (first.same_dial_as, second.same_dial_as, other.same_dial_as) == (None, first, None)


def test_twice_changes_nothing_and_what_differs_is_put_right(load: Load, member: Member) -> None:
    rows = (GOOD, "A1,2026-11-10T12:00:00.250,care,busy,,,,")
    load(*rows)
    before = list(CallAttempt.objects.order_by("pk").values())
    assert before[1]["at"].microsecond == 250_000
    again = load(*rows)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert list(CallAttempt.objects.order_by("pk").values()) == before
    answer = load("A0,2026-11-10T12:00,renewal,thinking", header="member,at,kind,outcome")
    assert (answer.created, answer.updated) == (0, 1)
    assert answer.errors == []
    changed = CallAttempt.objects.get(member=member)
    assert (changed.outcome, changed.note, changed.duration_s) == ("thinking", "wants a pool", 190)


def test_an_empty_cell_empties_and_a_missing_column_leaves(load: Load, member: Member) -> None:
    load(GOOD)
    load("A0,2026-11-10T12:00,renewal,refused,,price", header="member,at,kind,outcome,operator,reason")
    row = CallAttempt.objects.get()
    assert (row.operator, row.note) == (None, "wants a pool")


def test_a_call_that_was_made_here_is_not_rewritten(load: Load, club: Club, member: Member) -> None:
    olga = factories.make_user(club, "manager", "maria")
    make_attempt(member, "2026-11-10T12:00", "refused", operator=olga, script_version=1)
    answer = load(GOOD)
    assert (answer.refused, answer.errors[0]["column"]) == (1, "outcome")
    assert "made or corrected here, as “refused”" in str(answer.errors[0]["message"])


def test_reasons_are_known_by_code_name_and_from_before_a_merge(load: Load, club: Club, member: Member) -> None:
    price = RefusalReason.objects.get(club=club, code="price")
    own = {"club": club, "group": "club", "retired": True, "merged_into": price}
    RefusalReason.objects.create(code="parking-fee", label="Parking fee", **own)
    rows = [GOOD.replace(",price,", f",{text},").replace("-10T", f"-0{day}T") for day, text in enumerate(
        ("Price", "Parking fee", "parking-fee", "PRICE"), start=1)]  # fmt: skip
    assert load(*rows).errors == []
    assert set(CallAttempt.objects.values_list("reason__code", flat=True)) == {"price"}


def test_what_a_second_dial_asked_is_kept(load: Load, member: Member) -> None:
    header = f"{HEADER},origin,competitor,attends,absence_reason"
    row = "A0,2026-11-10T12:00,callback,refused,,lower_price,,,renewal,Gold Gym,no,no_time"
    assert load(row, header=header).errors == []
    attempt = CallAttempt.objects.get()
    assert (attempt.origin, attempt.competitor, attempt.attends) == ("renewal", "Gold Gym", "no")
    assert (attempt.reason.code, attempt.absence_reason.code) == ("lower_price", "no_time")


BAD = [
    ("member", "", "must not be empty"),
    ("member", "A9", "There is no member A9 in this club."),
    ("at", "2026-11-10", "not a day and a time"),
    ("at", "2026-11-12T10:01", "A call cannot lie in the future."),
    ("kind", "sale", "“sale” is none of callback"),
    ("kind", "", "must not be empty"),
    ("outcome", "sold", "“sold” is none of booked"),
    ("outcome", "", "must not be empty"),
    ("outcome", "talked", "A call of this kind cannot end like this."),
    ("outcome", "no_answer", "A reason goes with a refusal only."),
    ("operator", "boris", "Nobody with the login “boris” works in this club."),
    ("reason", "", "Choose why the member refused."),
    ("reason", "weather", "This is not one of the club's reasons."),
    ("reason", "staff", "This reason needs a note"),
    ("duration_s", "-1", "between 0 and"),
    ("duration_s", "3 min", "not a whole number"),
    ("note", "n" * 20_001, "longer than 20000"),
]


@pytest.mark.parametrize(("column", "value", "says"), BAD)
def test_a_row_that_cannot_be_right_is_named(
    load: Load, club: Club, member: Member, column: str, value: str, says: str
) -> None:
    factories.make_user(factories.make_club("hill"), "operator", "boris")
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: value}
    if value == "staff":
        cells["note"] = ""
    answer = load(GOOD.replace("A0", "A1"), ",".join(cells.values()))
    assert (answer.created, answer.refused) == (0, 1)
    messages = {str(error["message"]) for error in answer.errors if error["line"] == 3}
    assert any(says in message for message in messages), messages
    assert not CallAttempt.objects.exists()


def test_the_same_call_twice_in_a_file_is_refused(load: Load, member: Member) -> None:
    assert "Line 2" in str(load(GOOD, GOOD.replace("refused", "thinking").replace("price", "")).errors[0]["message"])


def test_calls_of_a_merged_member_go_to_the_one_that_stayed(load: Load, member: Member) -> None:
    Member.objects.filter(external_id="A1").update(merged_into=member)
    assert load(GOOD, GOOD.replace("A0", "A1")).refused == 0
    assert list(CallAttempt.objects.values_list("member", flat=True)) == [member.pk]


def test_a_call_before_the_next_membership_counts_for_the_one_that_had_ended(load: Load, member: Member) -> None:
    Membership.objects.filter(external_id="S2").update(starts_on=days.day("2026-03-01"))
    load("A0,2026-02-27T12:00,winback,refused,,moved,,")
    assert CallAttempt.objects.get().membership.external_id == "S1"


def test_days_are_the_clubs_own(load: Load, member: Member) -> None:
    load("A0,2025-12-31T23:30,care,talked,,,,", "A0,2026-01-01T00:30,care,talked,,,,")
    assert [each.membership.external_id for each in CallAttempt.objects.order_by("at")] == ["S1", "S2"]
    assert CallAttempt.objects.earliest("at").at.astimezone(dt.UTC).isoformat() == "2026-01-01T05:30:00+00:00"
