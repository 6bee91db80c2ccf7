"""Several at once, over connections of their own. Each guard has its control: the same run with the guard taken out."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from calls import outcomes, planning, prepared, queue
from calls.models import CallAttempt, CallTask, TaskStatus
from calls.outcomes import Said
from memberships.models import Club, User
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_member, make_membership, make_user, phone

pytestmark = pytest.mark.django_db(transaction=True)

NOW = days.NOW
OPERATORS = 8
TASKS = 48


@pytest.fixture
def club() -> Club:
    return make_club()


def at_once(*works: Callable[[], object]) -> list[object]:
    """Runs each in a thread of its own, all from the same instant; answers and errors in order."""
    barrier = threading.Barrier(len(works))
    answers: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            answers[place] = work()
        except Exception as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def operators(club: Club, count: int = OPERATORS) -> list[User]:
    return [make_user(club, "operator", f"operator{number}", password="") for number in range(count)]


def drain(operator: User, club: Club, claim: Callable[[User, Club], int | None]) -> list[int]:
    """Claims and finishes until nothing is left; the ids in order."""
    claimed = []
    while (pk := claim(operator, club)) is not None:
        claimed.append(pk)
        CallTask.objects.filter(pk=pk).update(status=TaskStatus.DONE, holder=None, lease_until=None)
    return claimed


def by_the_queue(operator: User, club: Club) -> int | None:
    task = queue.next_task(operator=operator, clubs=[club.pk], now=NOW)
    return task.pk if task else None


def without_the_lock(operator: User, club: Club) -> int | None:
    """The claim without its guards: no lock on the row, no second look at it."""
    seen = queue.look(clubs=[club.pk], now=NOW)
    params = queue.parameters(operator, seen, NOW)
    if params is None:
        return None
    claim = queue.claim_of(seen)
    naive = claim.replace("FOR UPDATE OF t SKIP LOCKED", "").replace(" AND t.status = 'ready'", "")
    assert len(naive) < len(claim) - 40
    row = next(iter(prepared.rows(naive, params)), None)
    return row[0] if row else None


def drained(club: Club, claim: Callable[[User, Club], int | None]) -> Counter[int]:
    for number in range(TASKS):
        make_task(make_member(club, last_name=str(number), phone=phone(number)))
    works = [lambda operator=operator: drain(operator, club, claim) for operator in operators(club)]
    claims: Counter[int] = Counter()
    for answer in at_once(*works):
        assert isinstance(answer, list), answer
        claims.update(answer)
    return claims


def test_no_two_operators_ever_get_one_member(club: Club) -> None:
    claims = drained(club, by_the_queue)
    assert len(claims) == TASKS
    assert set(claims.values()) == {1}


def test_control_without_the_lock_two_operators_get_one_member(club: Club) -> None:
    claims = drained(club, without_the_lock)
    assert max(claims.values()) > 1


def test_two_tabs_of_an_operator_are_one_desk(club: Club) -> None:
    for number in range(4):
        make_task(make_member(club, phone=phone(number)))
    (olga,) = operators(club, 1)
    answers = at_once(*[lambda: by_the_queue(olga, club)] * 4)
    assert len(set(answers)) == 1 and answers[0] is not None
    assert CallTask.objects.filter(status=TaskStatus.LEASED).count() == 1


def test_a_household_is_rung_by_one_operator(club: Club) -> None:
    for name in ("Ilya", "Marina", "Anna", "Pavel"):
        make_task(make_member(club, first_name=name, phone=phone(7)))
    answers = at_once(*[lambda operator=operator: by_the_queue(operator, club) for operator in operators(club, 4)])
    assert sorted(answer is not None for answer in answers) == [False, False, False, True]


def test_an_outcome_sent_many_times_at_once_is_recorded_once(club: Club) -> None:
    (olga,) = operators(club, 1)
    make_task(make_member(club))
    task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    assert task is not None
    said = Said(outcome="freeze_wanted", note="December")
    answers = at_once(*[lambda: outcomes.record(task=task, operator=olga, said=said, now=NOW)] * 6)
    attempt = CallAttempt.objects.get()
    assert {answer.attempt.pk for answer in answers} == {attempt.pk}
    assert attempt.requests.count() == 1


def test_an_outcome_and_a_lapsing_lease_meet_in_one_of_them(club: Club) -> None:
    olga, nadia = operators(club, 2)
    make_task(make_member(club))
    task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    assert task is not None
    late = NOW + dt.timedelta(minutes=16)
    recorded, claimed = at_once(
        lambda: outcomes.record(task=task, operator=olga, said=Said(outcome="talked"), now=late),
        lambda: queue.next_task(operator=nadia, clubs=[club.pk], now=late),
    )
    if claimed is None:
        assert isinstance(recorded, outcomes.Recorded)
    else:
        assert isinstance(recorded, queue.NotYours)


def test_two_planners_at_once_make_every_task_once(club: Club) -> None:
    for number in range(20):
        make_membership(make_member(club, phone=phone(number)), starts_on=days.day("2025-12-01"))
    plans = at_once(*[lambda: planning.plan(club=club, on=days.TODAY, now=NOW)] * 2)
    assert sorted(plan.created.get("renewal", 0) for plan in plans) == [0, 20]
    assert CallTask.objects.count() == 20
