"""A plan as a whole: who is left out, what waits, whose day it is."""

from __future__ import annotations

import pytest

from calls import planning
from calls.models import CallTask, Complaint, TaskStatus
from memberships.models import Club
from tests import days
from tests.calls.factories import make_attempt
from tests.calls.planning.made import DAY, TODAY, member_since, plan
from tests.factories import (
    make_club,
    make_freeze,
    make_member,
    make_membership,
    make_plan,
)

pytestmark = pytest.mark.django_db


class TestPolicy:
    def test_each_member_without_a_task_counts_once_under_the_first_code(self, club: Club) -> None:
        make_membership(make_member(club, phone=""), starts_on=days.day("2025-12-01"))
        member_since(club, "2025-12-01", 2)[0]
        refusing, _membership = member_since(club, "2026-11-09", 3)
        refusing.consent_calls = False
        refusing.save()
        done = plan(club)
        assert done.created == {"renewal": 1}
        assert done.left_out == {"no_phone": 1, "no_consent": 1}

    def test_a_frozen_member_is_left_out_and_an_open_task_lapses(self, club: Club) -> None:
        _member, membership = member_since(club, "2025-12-01")
        plan(club)
        make_freeze(membership, TODAY + DAY, TODAY + 10 * DAY)
        membership.refresh_from_db()
        done = plan(club, TODAY + DAY)
        assert done.lapsed == {"frozen": 1}

    def test_codes_that_only_delay_make_the_task_wait(self, club: Club) -> None:
        member, _membership = member_since(club, "2025-12-01")
        for at in ("2026-11-06T12:00", "2026-11-09T12:00"):
            make_attempt(member, at, "talked", "care")
        plan(club)
        task = CallTask.objects.get()
        assert (task.status, task.waits_for) == (TaskStatus.WAITING, "contact_cap")
        assert task.ready_at == days.at("2026-11-13T12:00")

    def test_an_open_task_waits_while_a_complaint_is_open_and_is_asked_again_nightly(self, club: Club) -> None:
        member, _membership = member_since(club, "2025-12-01")
        plan(club)
        complaint = Complaint.objects.create(club=club, member=member, text="Cold.", received_at=days.NOW)
        CallTask.objects.update(status=TaskStatus.WAITING, waits_for="open_complaint")
        plan(club, TODAY + DAY)
        assert CallTask.objects.get().status == TaskStatus.WAITING
        complaint.status = "withdrawn"
        complaint.save()
        plan(club, TODAY + 2 * DAY)
        assert CallTask.objects.get().status == TaskStatus.READY


def test_a_dry_run_says_what_it_would_do_and_does_nothing(club: Club) -> None:
    member_since(club, "2025-12-01")
    assert plan(club, dry_run=True).created == {"renewal": 1}
    assert not CallTask.objects.exists() and not club.plan_runs.exists()
    assert plan(club).created == {"renewal": 1}


def test_a_plan_for_tomorrow_waits_for_tomorrow(club: Club) -> None:
    member_since(club, "2026-11-10")
    done = planning.plan(club=club, on=TODAY + DAY, now=days.NOW)
    assert done.created == {"welcome": 1}
    task = CallTask.objects.get()
    assert (task.status, task.ready_at) == (TaskStatus.WAITING, days.at("2026-11-13T00:00"))


def test_a_club_is_due_once_its_day_has_begun(club: Club) -> None:
    before, after = days.at("2026-11-12T23:59"), days.at("2026-11-13T00:01")
    assert planning.due(now=before) == [club]
    planning.plan(club=club, on=TODAY, now=before)
    assert planning.due(now=before) == []
    assert planning.due(now=after) == [club]


def test_a_plan_made_ahead_does_not_stand_for_the_nights_to_come(club: Club) -> None:
    now = days.at("2026-11-12T10:00")
    planning.plan(club=club, on=TODAY, now=now)
    for ahead in (1, 20):
        planning.plan(club=club, on=TODAY + ahead * DAY, now=now)
    assert planning.due(now=now) == []
    night = days.at("2026-11-13T00:01")
    assert planning.due(now=night) == [club]
    assert planning.plan_if_due(club=club, now=night) is not None
    assert planning.due(now=night) == [] and planning.plan_if_due(club=club, now=night) is None


def test_other_clubs_and_merged_members_are_left_alone(club: Club) -> None:
    kept, _membership = member_since(club, "2025-12-01", 1)
    gone, _membership = member_since(club, "2025-12-01", 2)
    gone.merged_into = kept
    gone.save()
    elsewhere = make_club("lakeside")
    make_membership(make_member(elsewhere), make_plan(elsewhere), starts_on=days.day("2025-12-01"))
    assert plan(club).created == {"renewal": 1}


def test_replanning_looks_at_the_named_members_only(club: Club) -> None:
    one, _membership = member_since(club, "2025-12-01", 1)
    member_since(club, "2025-12-01", 2)
    assert planning.replan(club=club, members=[one.pk], now=days.NOW).created == {"renewal": 1}
    assert CallTask.objects.get().member == one
