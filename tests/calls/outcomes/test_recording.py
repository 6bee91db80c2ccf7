"""How a call ended: every outcome of §7, and what follows from it."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import meetings, queue
from calls.models import CallAttempt, CallTask, Complaint, Meeting, Request, TaskStatus
from calls.outcomes import Booking
from memberships.models import Club, Employee, Member, User
from memberships.rules.sentences import Sentence
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.calls.outcomes.saying import MINUTE, NOW, SLOT, held, record
from tests.factories import make_member, phone

pytestmark = pytest.mark.django_db


def test_booked_makes_the_meeting_in_the_same_transaction(member: Member, olga: User, host: Employee) -> None:
    task = held(member, olga)
    done = record(
        task, olga, "booked", meeting=Booking(host=host, starts_at=SLOT), attends="no", absence_reason="no_time",
        duration_s=190,
    )  # fmt: skip
    meeting = Meeting.objects.get()
    assert done.created == [{"meeting": meeting.pk}]
    assert (meeting.purpose, meeting.task, meeting.attempt) == ("renewal", task, done.attempt)
    assert (done.task.status, done.task.holder, done.task.attempts) == (TaskStatus.DONE, None, 1)
    attempt = done.attempt
    assert (attempt.reached, attempt.attends, attempt.duration_s) == (True, "no", 190)
    assert attempt.absence_reason is not None and attempt.absence_reason.code == "no_time"
    assert (attempt.operator, attempt.phone, attempt.membership) == (olga, member.phone, task.membership)
    assert attempt.script_version == 1


def test_a_slot_taken_meanwhile_stores_nothing_and_the_card_stays(
    club: Club, member: Member, olga: User, host: Employee
) -> None:
    task = held(member, olga)
    meetings.book(club=club, member=make_member(club, phone=""), host=host, starts_at=SLOT, by=None, now=NOW)
    with pytest.raises(meetings.SlotTaken):
        record(task, olga, "booked", meeting=Booking(host=host, starts_at=SLOT))
    task.refresh_from_db()
    assert (task.status, task.holder, task.attempts) == (TaskStatus.LEASED, olga, 0)
    assert not CallAttempt.objects.exists()


def test_callback_makes_a_task_of_its_operator_at_the_promised_time(member: Member, olga: User) -> None:
    task = held(member, olga)
    promised = days.at("2026-11-13T18:30")
    done = record(task, olga, "callback", callback_at=promised, note="After lunch, offered $20")
    callback = CallTask.objects.get(kind="callback")
    assert done.created == [{"task": callback.pk}]
    assert done.task.status == TaskStatus.DONE
    assert (callback.status, callback.due_at, callback.ready_at) == (TaskStatus.WAITING, promised, promised)
    assert (callback.promised_to, callback.promised_until) == (olga, promised + 15 * MINUTE)
    assert (callback.origin, callback.membership, callback.key) == ("renewal", task.membership, str(done.attempt.pk))
    assert str(Sentence.from_json(callback.facts["reason"])) == "Asked to be rung: After lunch, offered •••"
    assert done.attempt.note_flagged
    assert queue.next_task(operator=olga, clubs=[member.club_id], now=promised) == callback


@pytest.mark.parametrize("outcome", ["talked", "thinking"])
def test_talked_and_thinking_are_done(member: Member, olga: User, outcome: str) -> None:
    done = record(held(member, olga, "care"), olga, outcome)
    assert (done.task.status, done.attempt.reached, done.created) == (TaskStatus.DONE, True, [])


def test_refused_takes_its_reason_and_competitor(member: Member, olga: User) -> None:
    done = record(held(member, olga), olga, "refused", reason="closer", competitor="Iron Works")
    assert (done.task.status, done.attempt.reached, done.attempt.competitor) == (TaskStatus.DONE, True, "Iron Works")
    assert done.attempt.reason is not None and done.attempt.reason.code == "closer"


def test_deceased_also_marks_the_member_and_ends_every_call(member: Member, olga: User) -> None:
    task = held(member, olga)
    other = make_task(member, "birthday")
    record(task, olga, "refused", reason="deceased")
    member.refresh_from_db()
    other.refresh_from_db()
    assert member.deceased_on == days.TODAY
    assert (other.status, other.lapsed_because) == (TaskStatus.LAPSED, "deceased")


def test_do_not_call_marks_the_member_and_every_open_task_lapses(member: Member, olga: User) -> None:
    task = held(member, olga)
    other = make_task(member, "callback", due_at=NOW + 60 * MINUTE, status=TaskStatus.WAITING)
    done = record(task, olga, "do_not_call", note="Never again.")
    member.refresh_from_db()
    other.refresh_from_db()
    assert (member.do_not_call_since, member.do_not_call_by) == (NOW, olga)
    assert (done.task.status, done.task.lapsed_because) == (TaskStatus.LAPSED, "dnc")
    assert (other.status, other.lapsed_because) == (TaskStatus.LAPSED, "dnc")


@pytest.mark.parametrize(("outcome", "about"), [("already_renewed", "renewed"), ("freeze_wanted", "freeze")])
def test_some_outcomes_leave_a_request_for_the_next_working_day(
    member: Member, olga: User, outcome: str, about: str
) -> None:
    done = record(held(member, olga), olga, outcome, note="From December.")
    request = Request.objects.get()
    assert done.created == [{"request": request.pk}]
    assert (request.about, request.text, request.due_on) == (about, "From December.", days.day("2026-11-13"))
    assert done.task.status == TaskStatus.DONE


def test_a_complaint_is_opened_and_goes_with_any_reached_outcome(club: Club, olga: User) -> None:
    record(held(make_member(club, phone=phone(1)), olga), olga, "complaint", note="Cold showers.")
    record(held(make_member(club, phone=phone(2)), olga, "care"), olga, "thinking", complaint="Dirty.")
    assert list(Complaint.objects.order_by("pk").values_list("text", flat=True)) == ["Cold showers.", "Dirty."]


@pytest.mark.parametrize(
    ("outcome", "ready_at"),
    [
        ("no_answer", "2026-11-12T13:00"),  # the afternoon, not yet tried
        ("third_party", "2026-11-12T13:00"),
        ("busy", "2026-11-12T10:15"),
        ("voicemail", "2026-11-13T13:00"),
    ],
)
def test_who_was_not_reached_is_tried_again(member: Member, olga: User, outcome: str, ready_at: str) -> None:
    done = record(held(member, olga), olga, outcome)
    assert (done.task.status, done.task.holder, done.attempt.reached) == (TaskStatus.WAITING, None, False)
    assert done.task.ready_at == days.at(ready_at)
    assert queue.next_task(operator=olga, clubs=[member.club_id], now=days.at(ready_at)) == done.task


def test_after_six_attempts_the_task_ends_unreachable(member: Member, olga: User) -> None:
    task = held(member, olga)
    for day in range(1, 6):
        make_attempt(member, NOW - dt.timedelta(days=day), "no_answer", task=task)
    assert record(task, olga, "no_answer").task.status == TaskStatus.UNREACHABLE


def test_a_wrong_number_ends_calls_and_asks_the_desk_to_mend_it(member: Member, olga: User) -> None:
    task = held(member, olga)
    other = make_task(member, "birthday")
    done = record(task, olga, "wrong_number")
    member.refresh_from_db()
    other.refresh_from_db()
    assert member.phone_bad_since == NOW
    assert (done.task.status, done.task.lapsed_because) == (TaskStatus.LAPSED, "bad_phone")
    assert (other.status, other.lapsed_because) == (TaskStatus.LAPSED, "bad_phone")
    assert Request.objects.get().about == "phone"


def test_confirmed_confirms_the_meeting_of_a_reminder(club: Club, member: Member, olga: User, host: Employee) -> None:
    meeting = meetings.book(club=club, member=member, host=host, starts_at=SLOT, by=None, now=NOW)
    record(held(member, olga, "meeting_reminder", meeting=meeting), olga, "confirmed")
    meeting.refresh_from_db()
    assert meeting.confirmed_at == NOW


def test_a_reached_outcome_closes_the_other_tasks_that_are_ticked(member: Member, olga: User) -> None:
    task = held(member, olga)
    care, birthday, callback = (make_task(member, kind) for kind in ("care", "birthday", "callback"))
    record(task, olga, "thinking")
    assert [CallTask.objects.get(pk=one.pk).status for one in (care, birthday, callback)] == ["done", "done", "ready"]


def test_unticked_tasks_stay_and_a_call_to_nobody_closes_none(club: Club, olga: User) -> None:
    first, second = (make_member(club, phone=phone(number)) for number in (1, 2))
    task = held(first, olga)
    care = make_task(first, "care")
    record(task, olga, "thinking", close_also=[])
    other = held(second, olga)
    birthday = make_task(second, "birthday")
    record(other, olga, "no_answer")
    care.refresh_from_db()
    birthday.refresh_from_db()
    assert (care.status, birthday.status) == ("waiting", "waiting")  # rung a moment ago


def test_other_calls_to_the_number_leave_the_queue_until_they_may_come_back(club: Club, olga: User) -> None:
    father, mother = (make_member(club, first_name=name, phone=phone(7)) for name in ("Ilya", "Marina"))
    task = held(father, olga)
    theirs = make_task(mother, "winback")
    record(task, olga, "no_answer")
    theirs.refresh_from_db()
    assert (theirs.status, theirs.waits_for, theirs.ready_at) == ("waiting", "min_gap", NOW + dt.timedelta(hours=3))
