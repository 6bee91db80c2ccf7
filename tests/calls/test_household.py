"""A household is one call: everybody on the number, each with an outcome of their own, stored together."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import cards, outcomes, policy, queue
from calls.models import CallAttempt, CallTask, TaskStatus
from calls.outcomes import Also, Said
from memberships.models import Club, Member, User
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_member, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def club() -> Club:
    return make_club()


def held(member: Member, operator: User) -> CallTask:
    """A task that the operator has claimed."""
    task = make_task(member, "renewal")
    assert queue.next_task(operator=operator, clubs=[member.club_id], now=NOW) == task
    return task


def record(task: CallTask, operator: User, outcome: str, now: dt.datetime = NOW, also: tuple = (), **said: object):
    return outcomes.record(task=task, operator=operator, said=Said(outcome=outcome, **said), also=also, now=now)


def test_each_member_on_the_number_has_an_outcome_stored_together(club: Club, olga: User) -> None:
    father, mother = (make_member(club, first_name=name, phone=phone(7)) for name in ("Ilya", "Marina"))
    task = held(father, olga)
    theirs = make_task(mother, "care")
    also = [Also(member=mother, task=theirs, said=Said(outcome="refused", reason="no_time"))]
    done = record(task, olga, "thinking", also=also)
    second = CallAttempt.objects.get(member=mother)
    assert (second.same_dial_as, second.at, second.task) == (done.attempt, done.attempt.at, theirs)
    theirs.refresh_from_db()
    assert (theirs.status, theirs.attempts) == (TaskStatus.DONE, 1)


def test_nothing_is_stored_when_one_of_them_cannot_be(club: Club, olga: User) -> None:
    father, mother = (make_member(club, phone=phone(7)) for _ in range(2))
    task = held(father, olga)
    with pytest.raises(outcomes.OutcomeRefused):
        record(task, olga, "thinking", also=[Also(member=mother, said=Said(outcome="refused"))])
    assert not CallAttempt.objects.exists()


def test_a_stranger_to_the_number_is_not_of_the_household(club: Club, olga: User) -> None:
    task = held(make_member(club, phone=phone(7)), olga)
    stranger = make_member(club, phone=phone(8))
    with pytest.raises(Exception) as refusal:
        record(task, olga, "thinking", also=[Also(member=stranger, said=Said(outcome="thinking"))])
    assert refusal.value.fields.keys() == {"also"}


def test_the_household_is_taken_back_together(club: Club, olga: User) -> None:
    father, mother = (make_member(club, phone=phone(7)) for _ in range(2))
    task = held(father, olga)
    theirs = make_task(mother, "care")
    also = [Also(member=mother, task=theirs, said=Said(outcome="talked"))]
    record(task, olga, "thinking", also=also)
    outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
    theirs.refresh_from_db()
    assert (theirs.status, theirs.waits_for) == (TaskStatus.WAITING, "min_gap"), "the number was dialled"
    assert set(CallAttempt.objects.values_list("outcome", flat=True)) == {""}
    record(task, olga, "thinking", NOW + MINUTE, also=also)
    assert CallAttempt.objects.count() == 2


def pair(club: Club) -> tuple[Member, Member]:
    father, mother = (make_member(club, first_name=name, phone=phone(7)) for name in ("Ilya", "Marina"))
    return father, mother


def test_one_dial_counts_once_for_the_number_and_once_for_each_with_an_outcome(club: Club, olga: User) -> None:
    father, mother = pair(club)
    silent = make_member(club, first_name="Vera", phone=phone(7))
    record(held(father, olga), olga, "thinking", also=(Also(member=mother, said=Said(outcome="thinking")),))
    people = [father.pk, mother.pk, silent.pk]
    known = policy.facts(people, at=NOW + MINUTE, policies=policy.of_clubs([club.pk]))
    assert [len(known[pk].attempts) for pk in people] == [1, 1, 0]
    assert [len(known[pk].number_attempts) for pk in people] == [1, 1, 1]


def test_who_is_not_spoken_of_any_more_after_an_undo_was_not_rung(club: Club, olga: User) -> None:
    father, mother = pair(club)
    task, theirs = held(father, olga), make_task(mother, "birthday")
    record(task, olga, "thinking", also=(Also(member=mother, task=theirs, said=Said(outcome="talked")),))
    outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
    record(task, olga, "thinking", NOW + MINUTE)
    assert list(CallAttempt.objects.values_list("member", flat=True)) == [father.pk]
    theirs.refresh_from_db()
    assert theirs.attempts == 0


@pytest.mark.parametrize("due", [False, True])
def test_a_mate_without_a_call_of_their_own_has_one_attempt_after_an_undo(club: Club, olga: User, due: bool) -> None:
    father, mother = pair(club)
    task = held(father, olga)
    record(task, olga, "thinking", also=(Also(member=mother, said=Said(outcome="thinking")),))
    outcomes.undo(task=task, operator=olga, now=NOW + MINUTE)
    theirs = make_task(mother, "birthday") if due else None
    also = (Also(member=mother, task=theirs, said=Said(outcome="no_answer" if due else "thinking")),)
    record(task, olga, "thinking", NOW + MINUTE, also=also)
    attempt = CallAttempt.objects.get(member=mother)
    assert (attempt.outcome, attempt.task) == (also[0].said.outcome, theirs)


def test_each_member_has_one_outcome(club: Club, olga: User) -> None:
    father, mother = pair(club)
    twice = [Also(member=mother, said=Said(outcome=outcome)) for outcome in ("thinking", "refused")]
    with pytest.raises(Exception, match="one outcome") as refusal:
        record(held(father, olga), olga, "thinking", also=tuple(twice))
    assert refusal.value.fields.keys() == {"also"}
    assert not CallAttempt.objects.exists()


def test_a_minor_is_of_the_household_of_the_guardians_number(club: Club, olga: User) -> None:
    mother, child, grown = (
        make_member(club, first_name="Marina", phone=phone(7)),
        make_member(club, first_name="Kolya", phone="", guardian_phone=phone(7), birthday=days.day("2012-05-01")),
        make_member(club, first_name="Oleg", phone=phone(8), guardian_phone=phone(7), birthday=days.day("1990-05-01")),
    )
    task = held(mother, olga)
    shown = cards.card(task=task, operator=olga, now=NOW)["household"]
    assert [mate["member"] for mate in shown] == [child.pk]
    record(task, olga, "thinking", also=(Also(member=child, said=Said(outcome="thinking")),))
    assert CallAttempt.objects.get(member=child).phone == phone(7)
    assert not CallAttempt.objects.filter(member=grown).exists()
