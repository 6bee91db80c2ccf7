"""Visits by file: local to the club, once each, and marked where something is wrong."""

from __future__ import annotations

import pytest

from memberships.models import Closure, Club, ClubPolicy, Freeze, Member, Visit
from tests import factories
from tests.days import at, day
from tests.memberships.imports.conftest import Load

FILE = "member,at,zone\nA0,2026-05-03T07:00,gym\nA0,03.05.2026 19:00,pool\nA1,2026-11-01T01:30,\n"


@pytest.fixture
def member(club: Club) -> Member:
    member = Member.objects.get(external_id="A0")
    factories.make_membership(member, starts_on=day("2026-01-01"), ends_on=day("2026-12-31"), external_id="S0")
    return member


def test_times_are_local_to_the_club(load: Load, member: Member) -> None:
    assert load("visits", FILE).created == 3
    stored = list(Visit.objects.order_by("at").values_list("member__external_id", "at", "zone", "to_mend"))
    assert stored == [
        ("A0", at("2026-05-03T07:00"), "gym", ""),
        ("A0", at("2026-05-03T19:00"), "pool", ""),
        ("A1", at("2026-11-01T06:30+00:00"), "", "no_membership"),
    ]


def test_twice_changes_nothing_and_another_zone_is_put_right(load: Load, member: Member) -> None:
    load("visits", FILE)
    assert load("visits", FILE).unchanged == 3
    answer = load("visits", FILE.replace("pool", "sauna"))
    assert (answer.updated, answer.unchanged, Visit.objects.count()) == (1, 2, 3)
    assert load("visits", "member,at\nA0,2026-05-03T19:00\n").unchanged == 1
    assert Visit.objects.filter(zone="sauna").exists()


def test_card_held_twice_to_the_gate_is_one_visit(load: Load, member: Member) -> None:
    answer = load("visits", "member,at,zone\n" + "A0,2026-05-03T07:00,gym\n" * 3)
    assert (answer.rows, answer.created, answer.unchanged) == (3, 1, 2)


def test_same_instant_in_two_spellings_is_one_visit(load: Load, member: Member) -> None:
    text = "member,at\nA0,2026-05-03T07:00\nA0,2026-05-03T12:00Z\nA0,2026-05-03 14:00:00+02:00\n"
    assert load("visits", text).created == 1


def test_visit_is_of_the_club_s_day(load: Load, member: Member) -> None:
    text = "member,at\nA0,2026-12-31T23:59\nA0,2026-01-01T00:00\nA0,2025-12-31T23:59\n"
    load("visits", text, as_of="2027-01-31")
    marks = list(Visit.objects.order_by("at").values_list("to_mend", flat=True))
    assert marks == ["no_membership", "", ""]


def test_a_visit_on_a_frozen_day_is_marked_and_ends_no_freeze(load: Load, member: Member) -> None:
    membership = member.memberships.get()
    factories.make_freeze(membership, day("2026-05-01"), day("2026-05-10"))
    load("visits", FILE)
    assert list(Visit.objects.order_by("at").values_list("to_mend", flat=True)) == ["frozen", "frozen", "no_membership"]
    assert Freeze.objects.get().ends_on == day("2026-05-10")


def test_by_policy_the_first_visit_on_a_frozen_day_of_a_file_ends_the_freeze_once(load: Load, member: Member) -> None:
    ClubPolicy.objects.update(frozen_visit=ClubPolicy.FrozenVisit.EARLY_RETURN)
    freeze = factories.make_freeze(member.memberships.get(), day("2026-05-01"), day("2026-05-10"))
    text = "member,at\nA0,2026-05-07T09:00\nA0,2026-05-04T09:00\nA0,2026-05-08T09:00\n"
    assert load("visits", text, dry_run=True).created == 3
    freeze.refresh_from_db()
    assert freeze.ends_on == day("2026-05-10"), "a check ends nothing"
    for created in (3, 0):
        assert load("visits", text).created == created
        freeze.refresh_from_db()
        assert (freeze.ends_on, freeze.returned_on, freeze.voided) == (day("2026-05-03"), day("2026-05-04"), False)
        assert set(Visit.objects.values_list("to_mend", flat=True)) == {""}
    load("visits", "member,at\nA0,2026-05-02T09:00\n")
    freeze.refresh_from_db()
    assert freeze.returned_on == day("2026-05-02"), "an earlier visit told later"


def test_a_visit_that_cannot_end_a_freeze_is_marked_whatever_the_policy(load: Load, club: Club, member: Member) -> None:
    ClubPolicy.objects.update(frozen_visit=ClubPolicy.FrozenVisit.EARLY_RETURN)
    closed = Closure.objects.create(
        club=club, starts_on=day("2026-05-01"), ends_on=day("2026-05-10"), why="works", made_at=at("2026-04-01T09:00Z")
    )
    factories.make_freeze(member.memberships.get(), day("2026-05-01"), day("2026-05-10"), closure=closed)
    load("visits", "member,at\nA0,2026-05-04T09:00\n")
    assert Visit.objects.get().to_mend == "frozen"


def test_visits_find_their_membership_when_it_is_loaded_later(load: Load, member: Member) -> None:
    load("visits", FILE)
    assert Visit.objects.get(member__external_id="A1").to_mend == "no_membership"
    load("memberships", "external_id,member,plan,starts_on\nS1,A1,M1,2026-11-01\n")
    assert Visit.objects.get(member__external_id="A1").to_mend == ""
    load("memberships", "external_id,member,plan,starts_on\nS1,A1,M1,2026-11-02\n")
    assert Visit.objects.get(member__external_id="A1").to_mend == "no_membership"


def test_visits_of_a_merged_member_go_to_the_one_that_stayed(load: Load, member: Member) -> None:
    Member.objects.filter(external_id="A1").update(merged_into=member)
    load("visits", FILE)
    assert set(Visit.objects.values_list("member", flat=True)) == {member.pk}


def test_visits_up_to_the_day_of_the_file_are_taken(load: Load, member: Member) -> None:
    text = "member,at\nA0,2026-11-20T20:59\n"
    assert load("visits", text).refused == 1
    assert load("visits", text, as_of="2026-11-20").created == 1


def test_berlin_reads_its_own_clock(load: Load, club: Club, member: Member) -> None:
    club.timezone = "Europe/Berlin"
    club.save()
    load("visits", "member,at\nA0,2026-03-29T02:30\nA0,2026-10-25T02:30\n")
    assert [visit.at for visit in Visit.objects.order_by("at")] == [
        at("2026-03-29T01:30+00:00"),
        at("2026-10-25T00:30+00:00"),
    ]
