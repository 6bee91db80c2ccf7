"""Calls that one event asks for: promises, missed calls and meetings, freezes, birthdays, reminders (§5)."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from calls.rules import occasions
from calls.rules.facts import Policy
from calls.rules.planning import Wanted
from memberships.rules import special_days
from memberships.rules.terms import Span
from tests.days import CHICAGO, at, day

POLICY = Policy(zone=CHICAGO, country="US")
KOLKATA = zoneinfo.ZoneInfo("Asia/Kolkata")


def due(wanted: Wanted | None) -> tuple[str, str, str] | None:
    return wanted and (wanted.key, str(wanted.due_on), str(wanted.reason))


def test_a_callback_is_due_at_the_promised_instant_and_own_for_a_quarter_of_an_hour() -> None:
    promised = at("2026-11-13T19:30")
    wanted = occasions.callback_call(cause="205", promised_at=promised, zone=CHICAGO)
    assert due(wanted) == ("205", "2026-11-13", "Asked to be rung.")
    assert wanted.due_in(CHICAGO) == promised
    noted = occasions.callback_call(cause="205", promised_at=promised, zone=KOLKATA, note="after 100 % of the shift")
    assert due(noted) == ("205", "2026-11-14", "Asked to be rung: after 100 % of the shift")
    assert occasions.own_until(promised) == at("2026-11-13T19:45")


@pytest.mark.parametrize(
    ("rang", "by"),
    [
        ("2026-11-12T12:00", "2026-11-13T00:00"),
        ("2026-11-12T08:00", "2026-11-12T11:00"),
        ("2026-11-13T20:30", "2026-11-14T12:00"),
    ],
)
def test_a_missed_call_is_answered_the_same_day_or_an_hour_after_the_next_opening(rang: str, by: str) -> None:
    assert occasions.answer_by(at(rang), POLICY, CHICAGO) == at(by)


def test_a_missed_call_is_due_when_it_came() -> None:
    rang = at("2026-11-12T20:15")
    wanted = occasions.missed_call_call(call=9, at=rang, zone=CHICAGO)
    assert due(wanted) == ("9", "2026-11-12", "Rang us at 20:15, nobody answered.")
    assert wanted.due_in(CHICAGO) == rang
    assert occasions.answer_by(rang, Policy(zone=CHICAGO, windows={}), CHICAGO) is None


@pytest.mark.parametrize(
    ("missed", "rung"),
    [
        ("2026-11-12", "2026-11-13"),
        ("2026-11-25", "2026-11-27"),  # Thanksgiving between
        ("2026-11-14", "2026-11-16"),  # this club rings nobody on Sundays
    ],
)
def test_a_missed_meeting_is_asked_about_on_the_first_day_that_may_be_rung(missed: str, rung: str) -> None:
    policy = Policy(zone=CHICAGO, country="US", windows={weekday: [(dt.time(10), dt.time(20))] for weekday in range(6)})
    assert occasions.no_show_day(day(missed), policy) == day(rung)


def test_a_no_show_call_waits_for_its_day_and_needs_a_window() -> None:
    missed = day("2026-11-12")
    assert occasions.no_show_call(on=missed, meeting=61, missed_on=missed, policy=POLICY) is None
    found = occasions.no_show_call(on=day("2026-11-20"), meeting=61, missed_on=missed, policy=POLICY)
    assert due(found) == ("61", "2026-11-13", "Did not come to the meeting on 12 November.")
    shut = Policy(zone=CHICAGO, windows={3: [(dt.time(6), dt.time(8))]})
    assert occasions.no_show_call(on=day("2026-11-20"), meeting=61, missed_on=missed, policy=shut) is None


@pytest.mark.parametrize(
    ("on", "first", "wanted"),
    [
        ("2026-11-21", "2026-11-12", False),
        ("2026-11-22", "2026-11-12", True),
        ("2026-11-25", "2026-11-12", True),
        ("2026-11-26", "2026-11-12", False),
        ("2026-11-22", "2026-11-13", False),  # thirteen days
    ],
)
def test_a_long_freeze_that_ends_is_called_about(on: str, first: str, wanted: bool) -> None:
    days = Span(day(first), day("2026-11-25"))
    found = occasions.freeze_ending_call(on=day(on), freeze=9, days=days, policy=POLICY)
    assert due(found) == (("9", "2026-11-22", "The freeze ends on 25 November.") if wanted else None)


def test_the_twenty_ninth_of_february_is_kept_on_the_twenty_eighth() -> None:
    leap = dt.date(2000, 2, 29)
    assert special_days.in_year(2026, leap) == dt.date(2026, 2, 28)
    assert special_days.in_year(2028, leap) == dt.date(2028, 2, 29)
    assert special_days.in_year(2026, dt.date(1990, 11, 12)) == dt.date(2026, 11, 12)


def test_gold_members_are_rung_on_their_birthday() -> None:
    born = day("1990-11-12")
    found = birthday_on("2026-11-12", born)
    assert due(found) == ("12:2026", "2026-11-12", "Birthday on 12 November.")
    assert found is not None and found.due_at == at("2026-11-12T00:00")
    assert birthday_on("2026-11-12", born, segment="silver") is None
    assert birthday_on("2026-11-11", born) is birthday_on("2026-11-13", born) is None


def birthday_on(
    on: str, born: dt.date, zone: str = "America/Chicago", segment: str = "gold", now: str = "00:00"
) -> Wanted | None:
    """What the plan of a day of a club in Chicago wants."""
    since, until = at(f"{on}T{now}"), at(f"{day(on) + dt.timedelta(days=1)}T00:00")
    where = zoneinfo.ZoneInfo(zone)
    return occasions.birthday_call(member=12, birthday=born, segment=segment, zone=where, since=since, until=until)


@pytest.mark.parametrize(
    ("zone", "plans"),
    [
        ("Pacific/Auckland", ["2026-11-11", "2026-11-12"]),  # the day begins at 05:00 of the 11th in Chicago
        ("Europe/Berlin", ["2026-11-11", "2026-11-12"]),
        ("America/Chicago", ["2026-11-12"]),
        ("Pacific/Honolulu", ["2026-11-12", "2026-11-13"]),  # it ends at 04:00 of the 13th
    ],
)
def test_a_birthday_is_a_day_where_the_member_lives(zone: str, plans: list[str]) -> None:
    born = day("1990-11-12")
    days = ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13", "2026-11-14"]
    found = {on: birthday_on(on, born, zone) for on in days}
    assert [on for on, wanted in found.items() if wanted] == plans
    midnight = at("2026-11-12T00:00", zoneinfo.ZoneInfo(zone))
    assert {(wanted.key, wanted.due_at) for wanted in found.values() if wanted} == {("12:2026", midnight)}


def test_a_birthday_is_over_at_nine_in_the_evening_there() -> None:
    born = day("1990-11-12")
    assert birthday_on("2026-11-12", born, now="20:59") is not None
    assert birthday_on("2026-11-12", born, now="21:00") is None
    assert birthday_on("2027-02-28", day("2000-02-29")) is not None


@pytest.mark.parametrize(
    ("on", "wanted"), [("2026-11-12", False), ("2026-11-13", True), ("2026-11-14", True), ("2026-11-15", False)]
)
def test_a_meeting_that_no_message_can_remind_of_is_called_about_the_day_before(on: str, wanted: bool) -> None:
    meeting = {"meeting": 61, "starts_at": at("2026-11-14T17:00"), "zone": CHICAGO}
    found = occasions.meeting_reminder_call(on=day(on), can_message=False, **meeting)
    text = "Meeting on 14 November at 17:00; no message can be sent."
    assert due(found) == (("61", "2026-11-13", text) if wanted else None)
    assert occasions.meeting_reminder_call(on=day(on), can_message=True, **meeting) is None


def test_an_answered_complaint_is_asked_about_three_days_later() -> None:
    answered = {"complaint": 4, "answered_on": day("2026-11-09"), "policy": POLICY}
    assert occasions.complaint_followup_call(on=day("2026-11-11"), **answered) is None
    found = occasions.complaint_followup_call(on=day("2026-11-12"), **answered)
    assert due(found) == ("4", "2026-11-12", "A complaint was answered on 9 November.")


def test_a_step_that_is_a_call_is_due_with_the_step() -> None:
    step = {"step": 5, "step_due_on": day("2026-11-12"), "title": "Ask about the plan"}
    assert occasions.onboarding_call(on=day("2026-11-11"), **step) is None
    found = occasions.onboarding_call(on=day("2026-11-12"), **step)
    assert due(found) == ("5", "2026-11-12", "Checklist: Ask about the plan.")
