"""Tasks that stand as they are wanted are passed over by the planner; going the long way would change nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import transaction

from calls import planning
from calls.models import CallTask, RefusalReason
from calls.planning import risks, terms
from calls.planning.scope import Kept, Scope
from memberships.models import Club
from tests import days
from tests.calls.factories import make_attempt
from tests.factories import (
    make_club,
    make_freeze,
    make_member,
    make_membership,
    make_promotion,
    make_visit,
    make_visits,
    phone,
)

pytestmark = pytest.mark.django_db

TODAY, DAY = days.TODAY, days.DAY


def plan(club: Club, on: dt.date) -> planning.Plan:
    return planning.plan(club=club, on=on, now=dt.datetime.combine(on, dt.time(0, 30), club.zone))


@pytest.fixture
def club() -> Club:
    """Members of every age of membership: some come, some less, some not; some refused for good or were spoken to."""
    club = make_club()
    make_promotion(club, audience=("return",))
    moved = RefusalReason.objects.get(club=club, code="moved")
    for number in range(36):
        member = make_member(club, phone=phone(number), segment=("", "gold", "silver", "copper")[number % 4])
        membership = make_membership(
            member, starts_on=TODAY - (number * 29 % 420 + 4) * DAY, price=300 + number, price_paid=100 + number
        )
        make_visits(member, TODAY, [3] * 12 + ([0, 1, 1, 0] if number % 3 else [0] * 4))
        if number % 5 == 0:
            make_attempt(member, "2026-10-20T12:00", "talked", "care")
        if number % 11 == 3:
            make_attempt(member, "2026-10-01T12:00", "refused", membership=membership, reason=moved)
        if number % 7 == 2 and membership.effective_ends_on > TODAY + 20 * DAY:
            make_freeze(membership, TODAY + 2 * DAY, TODAY + 5 * DAY)
    return club


def the_long_way(scope: Scope, statement: str, **params: object) -> Iterator[tuple]:
    """No task is recognised: its place in the queue is asked for wrongly."""
    free = params.get("free", [])
    assert isinstance(free, list)
    wrong: dict[str, object] = {"absent_key": -1, "sort_key": -1, "free": [-1] * len(free)}
    yield from STREAM(scope, statement, **{name: wrong.get(name, value) for name, value in params.items()})


STREAM = Scope.stream


def test_ten_days_of_plans_are_the_same_the_long_way(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    def outcome(on: dt.date) -> tuple[planning.Plan, list[tuple]]:
        done = plan(club, on)
        told = CallTask.objects.order_by("kind", "key", "member")
        return done, list(told.values_list("kind", "key", "member", "status", "lapsed_because", "sort_key", "due_at"))

    kinds: set[str] = set()
    for on in (TODAY + away * DAY for away in (0, 1, 2, 3, 6, 9)):
        make_visit(club.members.order_by("pk")[on.day], f"{on}T00:10")
        with transaction.atomic(), monkeypatch.context() as patched:
            patched.setattr(Scope, "stream", the_long_way)
            expected = outcome(on)
            transaction.set_rollback(True)
        assert outcome(on) == expected
        kinds.update(expected[0].created)
        CallTask.objects.filter(member__in=club.members.order_by("pk")[on.day % 9 :: 9]).exclude(
            status="lapsed"
        ).update(status="done", closed_at=days.at(f"{on}T12:00"))
    assert {"renewal", "at_risk", "care", "winback"} <= kinds


def test_the_next_look_passes_over_what_stands(club: Club) -> None:
    on = TODAY + 6 * DAY
    make_visit(club.members.order_by("pk")[0], f"{on}T00:10")
    plan(club, on)
    scope = Scope(club, on, days.at(f"{on}T00:30"))
    at_risk = partial(risks.risks, scope)
    with transaction.atomic():
        for kind, wants in (
            ("renewal", list(terms.renewals(scope))),
            ("at_risk", [want for want in terms.at_risk(scope, at_risk) if isinstance(want, Kept)]),
            ("care", list(terms.care(scope, at_risk))),
            ("winback", list(terms.winbacks(scope))),
        ):
            standing = CallTask.objects.filter(kind=kind).values_list("member", "pk")
            absent = standing.filter(sort_key__in=standing.order_by("sort_key").values("sort_key")[:1])
            assert sorted(wants) == sorted(map(Kept._make, absent if kind == "at_risk" else standing)), kind
            assert wants, kind
