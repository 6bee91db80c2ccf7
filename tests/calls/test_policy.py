"""The contact policy asked about members as they lie in the database."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import policy, prepared
from calls.models import CallingWindow, Complaint, ContactPolicy, RefusalReason
from calls.rules.kinds import Kind
from memberships.models import Club, ClubPolicy, Member
from tests import days
from tests.calls.factories import make_attempt
from tests.calls.planning.made import a_meeting
from tests.factories import make_club, make_freeze, make_member, make_membership, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def club() -> Club:
    return make_club()


@pytest.fixture
def member(club: Club) -> Member:
    return make_member(club)


def codes(member: Member, kind: str = "care", at: dt.datetime = NOW, **asked: object) -> list[str]:
    member.refresh_from_db()
    return [block.code.value for block in policy.why(member=member, kind=Kind(kind), at=at, **asked)]


def test_a_member_without_anything_may_be_rung(member: Member) -> None:
    assert codes(member) == []
    assert {kind: found for kind, found in policy.why_all(member=member, at=NOW).items() if found} == {}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"deceased_on": days.TODAY}, "deceased"),
        ({"do_not_call_since": NOW}, "do_not_call"),
        ({"phone": ""}, "no_phone"),
        ({"phone_bad_since": NOW}, "bad_phone"),
        ({"phone": "+19005550100"}, "bad_phone"),
        ({"consent_calls": False}, "no_consent"),
    ],
)
def test_marks_of_the_member_block(club: Club, fields: dict, code: str) -> None:
    assert codes(make_member(club, **fields)) == [code]


def test_a_number_that_changed_since_is_no_wrong_one(club: Club) -> None:
    assert codes(make_member(club, phone_bad_since=NOW - HOUR, phone_changed_at=NOW)) == []


def test_a_minor_is_rung_at_the_guardians_number_or_not_at_all(club: Club) -> None:
    minor = make_member(club, birthday=days.day("2008-11-13"), guardian_phone=phone(9))
    rules = policy.of_club(club)
    known = policy.facts([minor.pk], at=NOW, policies={club.pk: rules})[minor.pk]
    assert known.phone == phone(9)
    assert codes(minor, at=NOW + 24 * HOUR) == []
    assert codes(make_member(club, birthday=days.day("2010-01-01"))) == ["no_phone"]


def test_consent_is_asked_for_as_the_policy_says(club: Club, member: Member) -> None:
    ContactPolicy.objects.filter(club=club).update(consent_scope="winback")
    assert (codes(member, "winback"), codes(member)) == (["no_consent"], [])
    ContactPolicy.objects.filter(club=club).update(consent_scope="all")
    assert (codes(member), codes(member, "callback")) == (["no_consent"], [])


def test_memberships_and_freezes_are_known(club: Club, member: Member) -> None:
    first = make_membership(member, starts_on=days.day("2025-12-01"))
    assert codes(member, "renewal") == []
    make_freeze(first, days.TODAY, days.TODAY + days.DAY)
    assert codes(member, "renewal") == ["frozen"]
    make_membership(member, starts_on=days.day("2026-12-03"), sold_on=days.TODAY)
    assert codes(member, "renewal") == ["already_renewed", "frozen"]


def test_silence_and_cancellation(club: Club, member: Member) -> None:
    make_membership(member, starts_on=days.TODAY - 2 * days.DAY, cancelled_on=days.day("2027-01-01"))
    assert codes(member, "renewal") == ["cancelled", "silence_days"]


def test_an_open_complaint_blocks_until_it_is_answered(club: Club, member: Member) -> None:
    complaint = Complaint.objects.create(club=club, member=member, text="Cold.", received_at=NOW)
    assert (codes(member), codes(member, "callback")) == (["open_complaint"], [])
    complaint.status = "answered"
    complaint.save()
    assert codes(member) == []


def test_refusals_count_for_their_kind_and_its_origin(club: Club, member: Member) -> None:
    price = RefusalReason.objects.get(club=club, code="price")
    make_attempt(member, "2026-11-01T12:00", "refused", "callback", origin="renewal", reason=price)
    assert (codes(member, "renewal"), codes(member, "at_risk")) == (["refused_lately"], [])
    assert codes(member, "renewal", days.at("2026-12-01T12:00")) == []


def test_a_longer_pause_after_refusals_is_kept(club: Club, member: Member) -> None:
    ContactPolicy.objects.filter(club=club).update(refused_days=200)
    make_attempt(member, "2026-05-01T12:00", "refused", "renewal")
    assert codes(member, "renewal") == ["refused_lately"]


def test_meetings_ahead_and_refused_ones_are_known(club: Club, member: Member) -> None:
    meeting = a_meeting(member, "2026-11-13T18:00")
    assert codes(member, "renewal") == ["meeting_booked"]
    meeting.status, meeting.result, meeting.closed_at = "attended", "refused", NOW - HOUR
    meeting.save()
    assert codes(member, "renewal") == ["refused_lately"]


def test_conversations_count_for_everybody_on_the_number(club: Club, member: Member) -> None:
    mother = make_member(club, first_name="Marina")
    for at in ("2026-11-09T12:00", "2026-11-10T12:00"):
        make_attempt(mother, at, "talked", "care")
    assert codes(member) == ["contact_cap"]
    assert codes(make_member(club, phone=phone(8))) == []


def test_a_number_shared_by_four_is_rung_as_one(club: Club, member: Member) -> None:
    """Whoever of them was reached, in any zone of their own: each is asked about with all dials of the number."""
    three = [make_member(club, first_name=name, timezone="Europe/Berlin") for name in ("Marina", "Ilya", "Nina")]
    make_attempt(three[0], "2026-11-09T12:00", "talked", "care")
    make_attempt(three[1], "2026-11-10T12:00", "talked", "welcome")
    make_attempt(three[2], NOW - HOUR, "no_answer", "renewal")
    for one in [member, *three]:
        assert [code for code in codes(one) if code != "outside_hours"] == ["contact_cap", "min_gap"]
        assert "contact_cap" not in codes(one, at=days.at("2026-11-16T12:00"))
    elsewhere = make_club("lakeside")
    assert codes(make_member(elsewhere)) == []


def test_one_dial_to_a_household_counts_once_for_the_number(club: Club, member: Member) -> None:
    mother, son = (make_member(club, first_name=name) for name in ("Marina", "Ilya"))
    first = make_attempt(mother, "2026-11-10T12:00", "talked", "care")
    make_attempt(son, "2026-11-10T12:00", "talked", "care", same_dial_as=first)
    assert codes(member) == []


def test_a_dial_was_busy_for_the_number_only_if_it_was_for_everybody(club: Club, member: Member) -> None:
    mother, son = (make_member(club, first_name=name) for name in ("Marina", "Ilya"))
    first = make_attempt(mother, NOW - HOUR, "no_answer", "care")
    make_attempt(son, NOW - HOUR, "busy", "care", same_dial_as=first)
    assert codes(member) == ["min_gap"]


def test_attempts_today_and_the_gap_between_them(club: Club, member: Member) -> None:
    make_attempt(member, NOW - HOUR, "no_answer")
    assert codes(member) == ["min_gap"]
    make_attempt(member, NOW - 2 * HOUR, "busy")
    assert codes(member) == ["attempts_today", "min_gap"]
    assert codes(member, "callback") == []


def test_facts_after_the_instant_are_left_out(club: Club, member: Member) -> None:
    make_attempt(member, NOW - HOUR, "no_answer")
    assert codes(member, at=NOW - 48 * HOUR) == []


def test_the_clubs_windows_and_holidays_count(club: Club, member: Member) -> None:
    rules = ContactPolicy.objects.get(club=club)
    rules.own_windows = True
    rules.save()
    assert codes(member) == ["outside_hours"]
    for begins, ends in ((dt.time(9), dt.time(12)), (dt.time(15), dt.time(16))):
        CallingWindow.objects.create(policy=rules, weekday=3, from_time=begins, to_time=ends)
    assert codes(member) == []
    assert codes(member, at=days.at("2026-11-12T12:00")) == ["outside_hours"]
    assert codes(member, at=days.at("2026-11-26T15:30")) == ["holiday"]


def test_the_members_own_zone_decides_on_hours(club: Club) -> None:
    assert codes(make_member(club, timezone="America/Los_Angeles")) == ["outside_hours"]


def test_a_promised_callback_may_come_outside_the_windows(member: Member) -> None:
    promised = days.at("2026-11-12T08:30")
    assert codes(member, "callback", promised) == ["outside_hours"]
    assert codes(member, "callback", promised, promised_at=promised) == []


def test_every_change_of_a_policy_is_another_version_for_every_process(club: Club) -> None:
    def version() -> str:
        return dict(prepared.rows(policy.VERSIONS, {"clubs": [club.pk]}))[club.pk]

    contact = ContactPolicy.objects.get(club=club)
    changes = (
        lambda: ContactPolicy.objects.filter(club=club).update(lease_minutes=20),
        lambda: ClubPolicy.objects.filter(club=club).update(grace_days=10),
        lambda: Club.objects.filter(pk=club.pk).update(region="CA"),
        lambda: CallingWindow.objects.create(policy=contact, weekday=1, from_time=dt.time(9), to_time=dt.time(10)),
        lambda: CallingWindow.objects.filter(policy=contact).update(to_time=dt.time(11)),
        lambda: CallingWindow.objects.filter(policy=contact).delete(),
    )
    seen = [version()]
    for change in changes:
        change()
        seen.append(version())
    assert len(set(seen)) == len(changes) + 1
