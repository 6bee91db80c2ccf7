"""Meetings from booking to the day itself."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from calls import events, meetings
from calls.models import Meeting
from memberships.models import Closure, DayOff
from memberships.rules.errors import Refused
from tests import days, factories
from tests.calls.factories import make_task

pytestmark = pytest.mark.django_db

AT = days.at("2026-11-13T14:30")


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def anna(club):
    return factories.make_employee(club, "administrator", "anna", name="Anna Keller")


@pytest.fixture
def member(club):
    return factories.make_member(club)


@pytest.fixture
def meeting(club, anna, member):
    return book(club, anna, member)


def book(club, host, member, starts_at=AT, now=days.NOW, **more):
    return meetings.book(club=club, member=member, host=host, starts_at=starts_at, by=host.user, now=now, **more)


# ---- slots


def test_administrators_and_managers_receive_every_day_from_ten_to_eight(club, anna):
    factories.make_employee(club, "manager", "karin", name="Karin Lang")
    factories.make_employee(club, "operator", "olga")
    free = meetings.slots(club=club, now=days.NOW, first=days.day("2026-11-15"), last=days.day("2026-11-15"))
    assert {slot.host.name for slot in free} == {"Anna Keller", "Karin Lang"}
    own = [slot for slot in free if slot.host == anna]
    assert own[0].starts_at == days.at("2026-11-15T10:00")
    assert own[-1].ends_at == days.at("2026-11-15T20:00")
    assert len(own) == 20


def test_slots_come_by_time_then_host_and_stop_at_the_limit(club, anna):
    karin = factories.make_employee(club, "manager", "karin", name="Karin Lang")
    free = meetings.slots(club=club, now=days.NOW, limit=3)
    assert [(slot.host, slot.starts_at) for slot in free] == [
        (anna, days.NOW),
        (karin, days.NOW),
        (anna, days.at("2026-11-12T10:30")),
    ]


def test_own_hours_replace_the_default_and_none_bring_it_back(club, anna):
    friday = days.day("2026-11-13")
    meetings.set_hours(employee=anna, hours=[(4, dt.time(12), dt.time(13)), (4, dt.time(15), dt.time(15, 45))])
    free = meetings.slots(club=club, now=days.NOW, host=anna, first=friday, last=days.day("2026-11-19"))
    assert [f"{slot.starts_at:%a %H:%M}" for slot in free] == ["Fri 12:00", "Fri 12:30", "Fri 15:00"]
    meetings.set_hours(employee=anna, hours=[])
    assert len(meetings.slots(club=club, now=days.NOW, host=anna, first=friday, last=friday)) == 20


def test_hours_that_overlap_or_end_before_they_begin_are_refused(anna):
    for hours in ([(0, dt.time(12), dt.time(12))], [(7, dt.time(9), dt.time(10))]):
        with pytest.raises(meetings.HoursRefused):
            meetings.set_hours(employee=anna, hours=hours)
    with pytest.raises(meetings.HoursRefused, match="overlap"):
        meetings.set_hours(employee=anna, hours=[(0, dt.time(9), dt.time(12)), (0, dt.time(11), dt.time(13))])
    assert not anna.weekly_hours.exists()


def test_days_off_and_closed_days_have_no_slots(club, anna):
    meetings.set_days_off(employee=anna, days=[days.day("2026-11-13")])
    Closure.objects.create(
        club=club, starts_on=days.day("2026-11-14"), ends_on=days.day("2026-11-18"), why="flood",
        taken_back_on=days.day("2026-11-16"), made_at=days.NOW,
    )  # fmt: skip
    free = meetings.slots(club=club, now=days.NOW, first=days.day("2026-11-13"), last=days.day("2026-11-16"))
    assert {slot.starts_at.date() for slot in free} == {days.day("2026-11-16")}


def test_setting_days_off_again_replaces_them(anna):
    meetings.set_days_off(employee=anna, days=[days.day("2026-11-13"), days.day("2026-11-14")])
    meetings.set_days_off(employee=anna, days=[days.day("2026-11-14"), days.day("2026-11-15")])
    kept = DayOff.objects.filter(employee=anna).order_by("day").values_list("day", flat=True)
    assert list(kept) == [days.day("2026-11-14"), days.day("2026-11-15")]


# ---- booking


def test_a_booked_slot_is_free_no_more(club, anna, meeting):
    assert (meeting.ends_at, meeting.purpose, meeting.status) == (days.at("2026-11-13T15:00"), "renewal", "scheduled")
    friday = days.day("2026-11-13")
    assert AT not in [slot.starts_at for slot in meetings.slots(club=club, now=days.NOW, first=friday, last=friday)]


def test_the_purpose_is_that_of_the_call(club, anna, member):
    task = make_task(member, "callback", origin="at_risk")
    assert book(club, anna, member, task=task).purpose == "review"


def test_a_host_has_one_meeting_at_a_time(club, anna, meeting):
    other = factories.make_member(club, last_name="Adams")
    with pytest.raises(meetings.SlotTaken, match="Anna Keller has another meeting on 13 November, 14:30"):
        book(club, anna, other)


def test_a_member_has_one_meeting_ahead_of_each_purpose(club, anna, member, meeting):
    with pytest.raises(meetings.MemberHasMeeting, match="13 November, 14:30"):
        book(club, anna, member, days.at("2026-11-14T14:30"))
    assert book(club, anna, member, days.at("2026-11-14T14:30"), purpose="review").purpose == "review"


def test_a_past_meeting_that_nobody_marked_keeps_nobody_from_the_next(club, anna, member, meeting):
    later = days.at("2026-11-14T10:00")
    book(club, anna, member, days.at("2026-11-14T14:30"), now=later)
    meeting.refresh_from_db()
    assert meeting.overtaken
    assert meetings.no_show(meeting=meeting, by=anna.user, now=later).status == "no_show"


@pytest.mark.parametrize(
    ("starts_at", "code", "words"),
    [
        ("2026-11-12T09:59", "invalid", "is past"),
        ("2026-12-13T14:30", "invalid", "30 days ahead"),
        ("2026-11-13T06:30", "outside_club_hours", "from 07:00 to 22:00"),
        ("2026-11-13T21:45", "outside_club_hours", "from 07:00 to 22:00"),
        ("2026-11-13T14:45", "invalid", "receives nobody"),
        ("2026-11-13T08:00", "invalid", "receives nobody"),
    ],
)
def test_what_is_no_slot_is_refused_with_a_sentence(club, anna, member, starts_at, code, words):
    with pytest.raises(Refused, match=words) as refused:
        book(club, anna, member, days.at(starts_at))
    assert (refused.value.code, refused.value.status, list(refused.value.fields)) == (code, 422, ["starts_at"])
    assert not Meeting.objects.exists()


def test_only_hosts_of_the_club_receive(club, anna, member):
    operator = factories.make_employee(club, "operator", "olga")
    elsewhere = factories.make_employee(factories.make_club("hill"), "manager", "mia")
    for host in (operator, elsewhere):
        with pytest.raises(Refused) as refused:
            book(club, host, member)
        assert list(refused.value.fields) == ["host"]


def test_a_member_of_another_club_reads_like_a_missing_one(club, anna):
    stranger = factories.make_member(factories.make_club("hill"))
    with pytest.raises(Refused, match="no such member"):
        book(club, anna, stranger)


def test_an_unknown_purpose_is_refused(club, anna, member):
    with pytest.raises(Refused, match="renewal, session, review, complaint"):
        book(club, anna, member, purpose="chat")


@pytest.mark.django_db(transaction=True)
def test_of_two_bookings_at_once_one_gets_the_slot(club, anna):
    members = [factories.make_member(club, last_name=name, phone="") for name in ("Adams", "Baker")]
    ready = threading.Barrier(2)
    told: list[str] = []

    def try_to_book(member) -> None:
        ready.wait()
        try:
            book(club, anna, member)
            told.append("booked")
        except meetings.SlotTaken:
            told.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_to_book, args=[member]) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["booked", "taken"]
    assert Meeting.objects.count() == 1


# ---- on the day


def test_a_member_may_come_up_to_an_hour_early(anna, meeting):
    with pytest.raises(meetings.NotNow, match="from an hour before"):
        meetings.attended(meeting=meeting, by=anna.user, now=days.at("2026-11-13T13:29"))
    came = meetings.attended(meeting=meeting, by=anna.user, now=days.at("2026-11-13T13:30"))
    assert (came.status, came.attended_at) == ("attended", days.at("2026-11-13T13:30"))


def test_that_nobody_came_is_known_at_the_end(anna, meeting):
    with pytest.raises(meetings.NotNow, match="15:00"):
        meetings.no_show(meeting=meeting, by=anna.user, now=days.at("2026-11-13T14:59"))
    assert meetings.no_show(meeting=meeting, by=anna.user, now=days.at("2026-11-13T15:00")).status == "no_show"


def test_who_came_after_all_is_not_rung_for_it(anna, member, meeting):
    meetings.no_show(meeting=meeting, by=anna.user, now=days.at("2026-11-13T15:00"))
    task = make_task(member, "no_show", meeting=meeting)
    meetings.attended(meeting=meeting, by=anna.user, now=days.at("2026-11-13T23:59"))
    task.refresh_from_db()
    assert (task.status, task.lapsed_because) == ("lapsed", "visited")


def test_the_day_after_it_is_too_late_to_have_come(anna, meeting):
    meetings.no_show(meeting=meeting, by=anna.user, now=days.at("2026-11-13T15:00"))
    with pytest.raises(meetings.NotNow, match="on the day of the meeting only"):
        meetings.attended(meeting=meeting, by=anna.user, now=days.at("2026-11-14T00:00"))


def test_what_is_recorded_is_not_recorded_twice(anna, meeting):
    at = days.at("2026-11-13T15:00")
    meetings.attended(meeting=meeting, by=anna.user, now=at)
    with pytest.raises(meetings.AlreadyRecorded, match="the member came") as refused:
        meetings.attended(meeting=meeting, by=anna.user, now=at)
    assert (refused.value.code, refused.value.status) == ("already_recorded", 409)


def test_somebody_with_an_old_page_is_told_what_happened_meanwhile(anna, meeting):
    old = Meeting.objects.get(pk=meeting.pk)
    meetings.cancel(meeting=meeting, why="ill", by=anna.user, now=days.NOW)
    with pytest.raises(meetings.AlreadyRecorded, match="cancelled"):
        meetings.attended(meeting=old, by=anna.user, now=days.at("2026-11-13T14:30"))


def test_a_meeting_is_cancelled_beforehand_only(anna, meeting):
    with pytest.raises(meetings.NotNow, match="can't be cancelled any more"):
        meetings.cancel(meeting=meeting, by=anna.user, now=AT)
    gone = meetings.cancel(meeting=meeting, why="ill", by=anna.user, now=AT - dt.timedelta(seconds=1))
    assert (gone.status, gone.why) == ("cancelled", "ill")


# ---- moving and taking back


def test_a_moved_meeting_keeps_its_calendar_entry(club, anna, member, meeting):
    task = make_task(member)
    Meeting.objects.filter(pk=meeting.pk).update(task=task)
    meeting.refresh_from_db()
    new = meetings.reschedule(meeting=meeting, starts_at=days.at("2026-11-13T15:00"), by=anna.user, now=days.NOW)
    assert (new.calendar_uid, new.moved_from, new.task) == (meeting.calendar_uid, meeting, task)
    assert meeting.status == "rescheduled"
    friday = days.day("2026-11-13")
    assert AT in [slot.starts_at for slot in meetings.slots(club=club, now=days.NOW, first=friday, last=friday)]


def test_a_meeting_moves_to_another_host(club, anna, meeting):
    karin = factories.make_employee(club, "manager", "karin", name="Karin Lang")
    new = meetings.reschedule(meeting=meeting, host=karin, starts_at=AT, by=anna.user, now=days.NOW)
    assert (new.host, new.starts_at) == (karin, AT)


def test_a_move_to_a_taken_slot_leaves_everything_as_it_was(club, anna, meeting):
    book(club, anna, factories.make_member(club, last_name="Adams"), days.at("2026-11-13T16:00"))
    with pytest.raises(meetings.SlotTaken):
        meetings.reschedule(meeting=meeting, starts_at=days.at("2026-11-13T16:00"), by=anna.user, now=days.NOW)
    meeting.refresh_from_db()
    assert meeting.status == "scheduled"


def test_a_booking_is_taken_back_with_its_outcome(anna, meeting):
    assert meetings.withdraw(meeting=meeting, by=anna.user, now=days.NOW).status == "cancelled"


def test_a_confirmed_booking_is_not_taken_back(anna, meeting):
    meetings.confirm(meeting=meeting, now=days.NOW)
    with pytest.raises(meetings.UndoTooLate) as refused:
        meetings.withdraw(meeting=meeting, by=anna.user, now=days.NOW)
    assert (refused.value.code, refused.value.status) == ("undo_too_late", 409)


def test_neither_side_of_a_moved_booking_is_taken_back(anna, meeting):
    new = meetings.reschedule(meeting=meeting, starts_at=days.at("2026-11-13T15:00"), by=anna.user, now=days.NOW)
    for either in (meeting, new):
        with pytest.raises(meetings.UndoTooLate):
            meetings.withdraw(meeting=either, by=anna.user, now=days.NOW)


def test_confirming_twice_changes_nothing(meeting):
    first = meetings.confirm(meeting=meeting, now=days.NOW).confirmed_at
    assert meetings.confirm(meeting=meeting, now=days.NOW + days.DAY / 24).confirmed_at == first
    with pytest.raises(meetings.NotNow):
        meetings.confirm(meeting=meeting, now=meeting.ends_at)


def test_listeners_are_told_in_the_same_transaction(club, anna, member, monkeypatch):
    def refuse(*, meeting, moment) -> None:
        raise RuntimeError

    monkeypatch.setattr(events, "meeting_booked", [refuse])
    with pytest.raises(RuntimeError):
        book(club, anna, member)
    assert not Meeting.objects.exists()
