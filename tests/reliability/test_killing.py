"""Kill -9 between two statements, at a few places of each piece of work; at every one in ``make soak``."""

from __future__ import annotations

import pytest

from calls.models import CallTask, TaskStatus
from tests.reliability import clubs, killing, stories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def clock_of_the_stories() -> None:
    clubs.set_clock()


@pytest.mark.parametrize("story", stories.STORIES, ids=str)
def test_work_that_is_killed_is_done_once_or_not_at_all_and_then_done_again(story: killing.Story) -> None:
    found = killing.walk(story, killing.some)
    assert not found.breaches, found.told
    assert found.times >= 2


def test_control_work_that_commits_after_each_statement_is_found_half_done() -> None:
    story = next(one for one in stories.STORIES if one.name == "outcome refused")
    found = killing.walk(story, killing.some, guarded=False)
    assert any("half of it" in one for one in found.breaches), found.told


def test_a_sweep_that_is_killed_between_its_statements_is_finished_by_the_next() -> None:
    for point in (1, 2, 3, 4):
        made = stories.SWEEP.prepare()
        killing.in_child(stories.SWEEP, made, point, guarded=True)
        stories.SWEEP.work(made)
        found = dict(CallTask.objects.filter(club=made.club).values_list("pk", "status"))
        assert set(found.values()) == {TaskStatus.READY}, point
