"""The plan of a real club's files, beside a naive reading of the same rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings

from calls import planning
from calls.models import CallTask
from memberships import imports
from memberships.models import Club, Member
from tests import days
from tests.factories import make_club

FILES = Path(settings.BASE_DIR).parent / "shared" / "data" / "model_fitness"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not FILES.is_dir(), reason="the files of Model Fitness are not beside the repository"),
]

NOW = days.at("2026-11-02T10:00")
TODAY = days.day("2026-11-02")
RUNGS = (45, 30, 14, 3, -3)


@pytest.fixture
def club() -> Club:
    club = make_club("mf", name="Model Fitness", now=NOW)
    for kind in ("plans", "promotions", "members", "memberships", "visits"):
        imports.run(club=club, kind=kind, path=FILES / f"{kind}.csv", now=NOW)
    return club


def renewals_by_hand(club: Club) -> set[str]:
    """For each member who can be rung: the lowest rung that the days left of the last membership have reached."""
    keys = set()
    for member in Member.objects.filter(club=club).prefetch_related("memberships"):
        covering = [one for one in member.memberships.all() if one.last_covered_on >= one.starts_on]
        last = max(covering, key=lambda one: one.last_covered_on, default=None)
        if last is None or not member.phone or member.do_not_call or last.cancelled_on or member.phone[2:5] == "900":
            continue
        left = (last.effective_ends_on - TODAY).days
        days_long = (last.effective_ends_on - last.starts_on).days + 1
        reached = [rung for rung in RUNGS if left <= rung and (rung < 0 or rung * 2 <= days_long)]
        silent = any(0 <= (TODAY - one.starts_on).days <= 2 for one in covering)
        if reached and left >= -30 and not silent:
            keys.add(f"{last.pk}:{min(reached)}:{last.effective_ends_on}")
    return keys


def test_the_plan_of_the_second_of_november(club: Club) -> None:
    plan = planning.plan(club=club, on=TODAY, now=NOW)
    renewals = set(CallTask.objects.filter(kind="renewal").values_list("key", flat=True))
    assert renewals == renewals_by_hand(club)
    assert plan.created == {"welcome": 70, "renewal": 581, "at_risk": 147, "care": 174}
    assert plan.left_out == {"no_phone": 112, "bad_phone": 2}
    page = (Path(settings.BASE_DIR) / "docs" / "figures.md").read_text()
    for kind, count in plan.created.items():
        assert f"| {kind} | {count} |" in page
    assert ", ".join(f"{code} {count}" for code, count in plan.left_out.items()) in page
    assert not CallTask.objects.filter(member__phone="").exists()
    again = planning.plan(club=club, on=TODAY, now=NOW + dt.timedelta(hours=1))
    assert (again.created, again.raised, again.lapsed, again.left_out) == ({}, 0, {}, plan.left_out)
