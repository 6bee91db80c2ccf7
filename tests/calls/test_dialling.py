"""Dialling: the attempt is stored first, and the policy is asked once more."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import dialling, outcomes, queue, settling
from calls.models import CallAttempt, CallTask, TaskStatus
from calls.outcomes import Said
from memberships.models import Club, User
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_member, make_user

pytestmark = pytest.mark.django_db

NOW = days.NOW
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def club() -> Club:
    return make_club()


@pytest.fixture
def task(club: Club, olga: User) -> CallTask:
    make_task(make_member(club))
    claimed = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    assert claimed is not None
    return claimed


def test_a_dial_is_an_attempt_and_its_outcome_belongs_to_it(task: CallTask, olga: User) -> None:
    attempt = dialling.dial(task=task, operator=olga, now=NOW)
    assert (attempt.outcome, attempt.reached, attempt.at) == ("", False, NOW)
    done = outcomes.record(task=task, operator=olga, said=Said(outcome="talked"), now=NOW + 3 * MINUTE)
    assert done.attempt == attempt
    assert (done.attempt.at, done.attempt.outcome_at, done.task.attempts) == (NOW, NOW + 3 * MINUTE, 1)


def test_dialling_again_before_the_outcome_is_the_same_attempt(task: CallTask, olga: User) -> None:
    assert dialling.dial(task=task, operator=olga, now=NOW) == dialling.dial(task=task, operator=olga, now=NOW + MINUTE)
    assert CallAttempt.objects.count() == 1


def test_the_window_that_closed_meanwhile_blocks_and_the_task_goes_back(task: CallTask, olga: User) -> None:
    with pytest.raises(dialling.Blocked) as refusal:
        dialling.dial(task=task, operator=olga, now=days.at("2026-11-12T20:00"))
    assert (refusal.value.status, refusal.value.code) == (409, "blocked")
    assert [block["code"] for block in refusal.value.extra["blocks"]] == ["outside_hours"]
    task.refresh_from_db()
    assert (task.status, task.holder) == (TaskStatus.READY, None)


def test_another_call_to_the_number_meanwhile_blocks(task: CallTask, olga: User) -> None:
    make_attempt(make_member(task.club, first_name="Marina"), NOW, "no_answer")
    with pytest.raises(dialling.Blocked):
        dialling.dial(task=task, operator=olga, now=NOW + MINUTE)
    task.refresh_from_db()
    assert (task.status, task.waits_for) == (TaskStatus.WAITING, "min_gap")


def test_only_ones_own_task_is_dialled(club: Club, task: CallTask) -> None:
    with pytest.raises(queue.NotYours):
        dialling.dial(task=task, operator=make_user(club, "operator", "nadia"), now=NOW)
    assert not CallAttempt.objects.exists()


def test_a_dial_whose_lease_lapsed_is_not_taken_for_the_next_call(task: CallTask, olga: User) -> None:
    lost = dialling.dial(task=task, operator=olga, now=NOW)
    later = NOW + dt.timedelta(hours=5)
    assert queue.next_task(operator=olga, clubs=[task.club_id], now=later) == task
    done = outcomes.record(task=task, operator=olga, said=Said(outcome="talked"), now=later)
    assert done.attempt != lost
    lost.refresh_from_db()
    assert lost.outcome == ""


class TestALiveCall:
    """Dialled, and nobody has said yet how it ended: whoever dialled may be talking."""

    @pytest.fixture
    def nadia(self, club: Club) -> User:
        return make_user(club, "operator", "nadia")

    @pytest.fixture
    def rung(self, club: Club, olga: User) -> CallTask:
        make_task(make_member(club), "callback", due_at=NOW)
        task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
        assert task is not None
        dialling.dial(task=task, operator=olga, now=NOW)
        return task

    def test_longer_than_the_lease_it_stays_with_its_operator(
        self, club: Club, rung: CallTask, olga: User, nadia: User
    ) -> None:
        late = NOW + 55 * MINUTE
        assert queue.next_task(operator=nadia, clubs=[club.pk], now=late) is None
        assert queue.next_task(operator=olga, clubs=[club.pk], now=late) == rung, "after a crash it is theirs again"
        done = outcomes.record(task=rung, operator=olga, said=Said(outcome="talked"), now=late + MINUTE)
        assert (done.attempt.at, CallAttempt.objects.count()) == (NOW, 1)

    def test_without_a_dial_the_same_wait_returns_the_task(self, club: Club, olga: User, nadia: User) -> None:
        task = make_task(make_member(club), "callback", due_at=NOW)
        assert queue.next_task(operator=olga, clubs=[club.pk], now=NOW) == task
        assert queue.next_task(operator=nadia, clubs=[club.pk], now=NOW + 55 * MINUTE) == task

    def test_a_desk_not_heard_of_for_hours_is_not_talking_any_more(
        self, club: Club, rung: CallTask, nadia: User
    ) -> None:
        got = queue.next_task(operator=nadia, clubs=[club.pk], now=NOW + dt.timedelta(hours=4, minutes=15))
        assert got == rung and not got.call_live

    def test_a_supervisor_takes_it_back_once_the_desk_is_silent(self, club: Club, rung: CallTask) -> None:
        boss = make_user(club, "manager", "boss")
        with pytest.raises(queue.NotYours):
            queue.force_release(task=rung, by=boss, why="gone home", now=NOW + 14 * MINUTE)
        back = queue.force_release(task=rung, by=boss, why="gone home", now=NOW + 15 * MINUTE)
        assert (back.status, back.call_live) == (TaskStatus.READY, False)

    def test_giving_it_back_ends_it(self, rung: CallTask, olga: User) -> None:
        assert not queue.release(task=rung, operator=olga, why="the line broke", now=NOW + MINUTE).call_live

    def test_whatever_happens_meanwhile_it_ends_with_its_outcome(self, rung: CallTask, olga: User) -> None:
        rung.member.do_not_call_since = NOW
        rung.member.save()
        settling.settle(tasks=[rung.pk], now=NOW + MINUTE)
        rung.refresh_from_db()
        assert (rung.status, rung.holder) == (TaskStatus.LEASED, olga)
