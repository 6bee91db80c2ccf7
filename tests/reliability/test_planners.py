"""Several planners at once, short; thirty missed days in ``make soak``."""

from __future__ import annotations

import pytest

from calls import planning
from calls.models import CallTask, PlanRun
from tests import days
from tests.factories import make_club, make_member, make_membership
from tests.reliability import planners

pytestmark = pytest.mark.django_db(transaction=True)


def test_planners_whose_clocks_differ_make_every_call_once_and_no_flood() -> None:
    found = planners.run(3)
    assert not found.breaches, found.told
    assert found.times == 11


def test_control_without_lock_and_constraint_a_cause_gets_two_calls() -> None:
    assert planners.control().breaches


def test_a_scheduler_behind_its_time_takes_nothing_back() -> None:
    club = make_club()
    make_membership(make_member(club), starts_on=days.TODAY + days.DAY - 335 * days.DAY)  # a rung is reached tomorrow
    tomorrow = days.NOW + days.DAY
    assert planning.plan_if_due(club=club, now=tomorrow)
    before = list(CallTask.objects.values_list("pk", "kind", "status"))
    assert before
    assert planning.plan_if_due(club=club, now=days.NOW) is None
    assert list(CallTask.objects.values_list("pk", "kind", "status")) == before
    assert list(PlanRun.objects.values_list("on", flat=True)) == [days.TODAY + days.DAY]
