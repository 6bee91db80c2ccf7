"""An outcome is stored once, or refused with nothing stored."""

from __future__ import annotations

import pytest

from calls import outcomes, queue
from calls.models import CallAttempt, Meeting, RefusalReason, TaskStatus
from calls.outcomes import Booking, Said
from memberships.models import Club, Employee, Member, User
from tests import days
from tests.calls.factories import make_task
from tests.calls.outcomes.saying import MINUTE, NOW, SLOT, held, record

pytestmark = pytest.mark.django_db


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
