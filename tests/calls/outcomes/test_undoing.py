"""An outcome taken back, or put right later."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import meetings, outcomes, queue
from calls.models import CallAttempt, CallTask, Complaint, Meeting, Request, TaskStatus
from calls.outcomes import Booking
from memberships.models import Club, Employee, Member, User
from tests import days
from tests.calls.factories import make_task
from tests.calls.outcomes.saying import MINUTE, NOW, SLOT, held, record
from tests.factories import make_member, make_user, phone

pytestmark = pytest.mark.django_db


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
