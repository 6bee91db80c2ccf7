"""How a call ended: every outcome of §7, once, and what follows from it."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import meetings, outcomes, queue
from calls.models import CallAttempt, CallTask, Complaint, Meeting, RefusalReason, Request, TaskStatus
from calls.outcomes import Booking, Said
from memberships.models import Club, Employee, Member, User
from memberships.rules.sentences import Sentence
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_employee, make_member, make_membership, make_user, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW
MINUTE = dt.timedelta(minutes=1)
SLOT = days.at("2026-11-12T17:00")


@pytest.fixture
def club() -> Club:
    return make_club()


@pytest.fixture
def olga(club: Club) -> User:
    return make_user(club, "operator", "olga")


@pytest.fixture
def nadia(club: Club) -> User:
    return make_user(club, "operator", "nadia")


@pytest.fixture
def host(club: Club) -> Employee:
    return make_employee(club, "administrator", "anna")


@pytest.fixture
def member(club: Club) -> Member:
    return make_member(club)


def held(member: Member, operator: User, kind: str = "renewal", now: dt.datetime = NOW, **fields: object) -> CallTask:
    """A task that the operator has claimed."""
    if kind in ("renewal", "welcome", "winback") and "membership" not in fields:
        fields["membership"] = make_membership(member, starts_on=days.day("2025-12-01"))
    task = make_task(member, kind, **fields)
    assert queue.next_task(operator=operator, clubs=[member.club_id], now=now) == task
    return task


def record(task: CallTask, operator: User, outcome: str, now: dt.datetime = NOW, **said: object) -> outcomes.Recorded:
    also = said.pop("also", ())
    return outcomes.record(task=task, operator=operator, said=Said(outcome=outcome, **said), also=also, now=now)


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


class TestOnce:
    def test_the_same_answer_again_changes_nothing(self, member: Member, olga: User, host: Employee) -> None:
        task = held(member, olga)
        booking = Booking(host=host, starts_at=SLOT)
        first = record(task, olga, "booked", meeting=booking)
        again = record(task, olga, "booked", NOW + MINUTE, meeting=booking)
        assert (again.attempt, again.created) == (first.attempt, first.created)
        assert CallAttempt.objects.count() == Meeting.objects.count() == 1

    def test_a_retry_sent_twice_is_one_attempt(self, member: Member, olga: User) -> None:
        task = held(member, olga)
        record(task, olga, "no_answer")
        record(task, olga, "no_answer", NOW + MINUTE)
        assert CallAttempt.objects.count() == 1

    def test_another_answer_to_a_recorded_call_is_refused(self, member: Member, olga: User) -> None:
        task = held(member, olga)
        record(task, olga, "thinking")
        with pytest.raises(outcomes.AlreadyRecorded) as refusal:
            record(task, olga, "do_not_call")
        assert refusal.value.code == "already_recorded"

    def test_another_reason_is_another_answer(self, member: Member, olga: User) -> None:
        task = held(member, olga)
        record(task, olga, "refused", reason="price")
        assert record(task, olga, "refused", reason="price").attempt.reason.code == "price"
        with pytest.raises(outcomes.AlreadyRecorded):
            record(task, olga, "refused", reason="moved")

    def test_somebody_elses_call_is_refused(self, member: Member, olga: User, nadia: User) -> None:
        task = held(member, olga)
        with pytest.raises(queue.NotYours):
            record(task, nadia, "thinking")

    def test_an_outcome_after_the_lease_is_taken_while_nobody_else_holds_the_task(
        self, member: Member, olga: User, nadia: User
    ) -> None:
        task = held(member, olga)
        late = NOW + 20 * MINUTE
        queue.sweep(now=late)
        assert record(task, olga, "thinking", late).task.status == TaskStatus.DONE

    def test_an_outcome_after_somebody_else_took_the_task_is_refused(
        self, member: Member, olga: User, nadia: User
    ) -> None:
        task = held(member, olga)
        late = NOW + 20 * MINUTE
        assert queue.next_task(operator=nadia, clubs=[member.club_id], now=late) == task
        with pytest.raises(queue.NotYours):
            record(task, olga, "thinking", late)

    def test_a_task_that_nobody_claimed_takes_no_outcome(self, member: Member, olga: User) -> None:
        with pytest.raises(queue.NotYours):
            record(make_task(member), olga, "talked")


class TestRefused:
    @pytest.mark.parametrize(
        ("said", "code", "field"),
        [
            ({"outcome": "refused"}, "reason_required", "reason"),
            ({"outcome": "refused", "reason": "weather"}, "reason_unknown", "reason"),
            ({"outcome": "refused", "reason": "staff"}, "note_required", "note"),
            ({"outcome": "talked"}, "invalid", "outcome"),
            ({"outcome": "sold"}, "invalid", "outcome"),
            ({"outcome": "booked"}, "invalid", "meeting"),
            ({"outcome": "callback"}, "invalid", "callback_at"),
            ({"outcome": "callback", "callback_at": NOW - MINUTE}, "callback_in_past", "callback_at"),
            (
                {"outcome": "callback", "callback_at": days.at("2026-11-13T07:59")},
                "callback_out_of_hours",
                "callback_at",
            ),
            ({"outcome": "thinking", "attends": "yes", "absence_reason": "price"}, "invalid", "absence_reason"),
            ({"outcome": "thinking", "attends": "no", "absence_reason": "x"}, "reason_unknown", "absence_reason"),
        ],
    )
    def test_a_wrong_answer_is_refused_and_nothing_is_stored(
        self, member: Member, olga: User, said: dict, code: str, field: str
    ) -> None:
        task = held(member, olga)
        with pytest.raises(outcomes.OutcomeRefused) as refusal:
            outcomes.record(task=task, operator=olga, said=Said(**said), now=NOW)
        assert refusal.value.code == code
        assert field in refusal.value.fields
        assert not CallAttempt.objects.exists()

    def test_a_retired_reason_is_no_reason(self, club: Club, member: Member, olga: User) -> None:
        RefusalReason.objects.filter(club=club, code="price").update(retired=True)
        with pytest.raises(outcomes.OutcomeRefused):
            record(held(member, olga), olga, "refused", reason="price")


class TestUndo:
    def test_everything_that_a_booking_made_is_taken_back(self, member: Member, olga: User, host: Employee) -> None:
        task = held(member, olga)
        first = record(task, olga, "booked", meeting=Booking(host=host, starts_at=SLOT))
        back = outcomes.undo(task=task, operator=olga, now=NOW + 4 * MINUTE)
        assert (back.status, back.holder, back.undoing) == (TaskStatus.LEASED, olga, False)
        assert Meeting.objects.get().status == "cancelled"
        attempt = CallAttempt.objects.get()
        assert (attempt.outcome, attempt.reached, attempt.outcome_at) == ("", False, None)
        assert attempt.undone[0]["outcome"] == "booked"
        again = record(task, olga, "booked", NOW + 4 * MINUTE, meeting=Booking(host=host, starts_at=SLOT))
        assert again.attempt == first.attempt
        assert Meeting.objects.filter(status="scheduled").count() == 1

    def test_the_task_is_held_beside_the_one_they_hold(self, club: Club, olga: User) -> None:
        first, second = (make_member(club, phone=phone(number)) for number in (1, 2))
        task = held(first, olga)
        record(task, olga, "thinking")
        other = held(second, olga)
        back = outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
        other.refresh_from_db()
        assert (back.status, back.undoing) == (TaskStatus.LEASED, True)
        assert (other.status, other.holder) == (TaskStatus.LEASED, olga)
        assert record(task, olga, "refused", NOW + MINUTE, reason="price").task.status == TaskStatus.DONE

    def test_a_promised_call_goes_and_comes_back_with_another_time(self, member: Member, olga: User) -> None:
        task = held(member, olga)
        record(task, olga, "callback", callback_at=days.at("2026-11-13T18:30"))
        outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
        callback = CallTask.objects.get(kind="callback")
        assert (callback.status, callback.lapsed_because) == (TaskStatus.LAPSED, "superseded")
        record(task, olga, "callback", NOW + MINUTE, callback_at=days.at("2026-11-14T12:00"))
        callback.refresh_from_db()
        assert (callback.status, callback.due_at) == (TaskStatus.WAITING, days.at("2026-11-14T12:00"))

    def test_do_not_call_is_lifted_and_the_other_tasks_are_what_they_were(self, member: Member, olga: User) -> None:
        task = held(member, olga)
        ready = make_task(member, "missed_call")
        waiting = make_task(
            member, "callback", due_at=NOW + 60 * MINUTE, status=TaskStatus.WAITING, ready_at=NOW + 60 * MINUTE,
            waits_for="promised",
        )  # fmt: skip
        record(task, olga, "do_not_call")
        outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
        member.refresh_from_db()
        ready.refresh_from_db()
        waiting.refresh_from_db()
        assert member.do_not_call_since is None
        assert (ready.status, ready.lapsed_because) == (TaskStatus.READY, "")
        assert (waiting.status, waiting.ready_at) == (TaskStatus.WAITING, NOW + 60 * MINUTE)

    @pytest.mark.parametrize(
        ("outcome", "said"),
        [
            ("wrong_number", {}),
            ("refused", {"reason": "deceased"}),
            ("freeze_wanted", {"note": "December"}),
            ("complaint", {"note": "Cold showers."}),
            ("no_answer", {}),
            ("busy", {}),
            ("voicemail", {}),
            ("thinking", {}),
        ],
    )
    def test_every_outcome_leaves_no_trace_but_in_history(
        self, member: Member, olga: User, outcome: str, said: dict
    ) -> None:
        task = held(member, olga)
        other = make_task(member, "missed_call")
        record(task, olga, outcome, **said)
        outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
        member.refresh_from_db()
        other.refresh_from_db()
        task.refresh_from_db()
        assert (member.phone_bad_since, member.deceased_on) == (None, None)
        assert (other.status, other.lapsed_because, other.closed_at) == (TaskStatus.READY, "", None)
        assert (task.status, task.lapsed_because, task.ready_at) == (TaskStatus.LEASED, "", None)
        assert not Request.objects.filter(status="open").exists()
        assert not Complaint.objects.filter(status="open").exists()
        assert record(task, olga, "thinking", NOW + MINUTE).attempt.undone[0]["outcome"] == outcome

    def test_tasks_that_the_conversation_closed_are_open_again(self, member: Member, olga: User) -> None:
        task = held(member, olga)
        care = make_task(member, "care", status=TaskStatus.WAITING, ready_at=NOW + 60 * MINUTE, waits_for="min_gap")
        record(task, olga, "thinking")
        outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
        care.refresh_from_db()
        assert (care.status, care.waits_for, care.closed_at) == (TaskStatus.WAITING, "min_gap", None)

    def test_five_minutes_only(self, member: Member, olga: User) -> None:
        task = held(member, olga)
        record(task, olga, "thinking")
        assert outcomes.last_of(operator=olga, now=NOW + 4 * MINUTE) is not None
        assert outcomes.last_of(operator=olga, now=NOW + 5 * MINUTE) is None
        with pytest.raises(outcomes.UndoTooLate) as refusal:
            outcomes.undo(task=task, operator=olga, now=NOW + 5 * MINUTE)
        assert refusal.value.code == "undo_too_late"

    def test_only_by_its_operator(self, member: Member, olga: User, nadia: User) -> None:
        task = held(member, olga)
        record(task, olga, "thinking")
        with pytest.raises(queue.NotYours):
            outcomes.undo(task=task, operator=nadia, now=NOW + MINUTE)

    def test_too_late_once_the_meeting_was_confirmed(self, member: Member, olga: User, host: Employee) -> None:
        task = held(member, olga)
        record(task, olga, "booked", meeting=Booking(host=host, starts_at=SLOT))
        meetings.confirm(meeting=Meeting.objects.get(), now=NOW + MINUTE)
        with pytest.raises(outcomes.UndoTooLate):
            outcomes.undo(task=task, operator=olga, now=NOW + 2 * MINUTE)
        task.refresh_from_db()
        assert task.status == TaskStatus.DONE

    def test_too_late_once_somebody_took_the_task_up_again(self, member: Member, olga: User, nadia: User) -> None:
        task = held(member, olga)
        record(task, olga, "busy")
        CallTask.objects.filter(pk=task.pk).update(status=TaskStatus.LEASED, holder=nadia, lease_until=NOW)
        with pytest.raises(outcomes.UndoTooLate):
            outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)


class TestCorrect:
    def test_a_manager_puts_it_right_and_says_why(self, club: Club, member: Member, olga: User) -> None:
        boss = make_user(club, "manager", "boss")
        attempt = record(held(member, olga), olga, "no_answer").attempt
        fixed = outcomes.correct(
            attempt=attempt, outcome="refused", reason="price", why="Heard the recording.", by=boss,
            now=NOW + dt.timedelta(days=1),
        )  # fmt: skip
        assert (fixed.outcome, fixed.reached, fixed.corrected_why) == ("refused", True, "Heard the recording.")
        assert fixed.reason is not None and fixed.reason.code == "price"

    def test_without_a_word_why_or_a_reason_it_is_refused(self, member: Member, olga: User) -> None:
        attempt = record(held(member, olga), olga, "no_answer").attempt
        with pytest.raises(outcomes.NoReasonWhy):
            outcomes.correct(attempt=attempt, outcome="busy", why=" ", by=olga, now=NOW)
        with pytest.raises(outcomes.OutcomeRefused):
            outcomes.correct(attempt=attempt, outcome="refused", why="Heard it.", by=olga, now=NOW)
