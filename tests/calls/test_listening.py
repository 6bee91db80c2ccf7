"""What happens to memberships and members counts in the queue at once."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import dialling, outcomes, planning, queue
from calls.models import CallAttempt, CallTask, Complaint, Request, TaskStatus
from calls.outcomes import Said
from memberships import erasing, events, freezing, merging, people, sales
from memberships.events import Moment
from memberships.models import Club, Member, Membership, User
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_member, make_membership, make_user, make_visit, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def club() -> Club:
    return make_club()


@pytest.fixture
def member(club: Club) -> Member:
    return make_member(club)


@pytest.fixture
def ending(member: Member) -> Membership:
    return make_membership(member, starts_on=days.day("2025-12-01"))


def planned(club: Club, now: dt.datetime = NOW) -> CallTask:
    planning.plan(club=club, on=now.astimezone(club.zone).date(), now=now)
    return CallTask.objects.get()


def renew(ending: Membership, now: dt.datetime = NOW) -> Membership:
    return sales.sell(member=ending.member, plan=ending.plan, now=now, by=None)


def state(task: CallTask) -> tuple[str, str]:
    task.refresh_from_db()
    return task.status, task.lapsed_because


def test_a_sold_renewal_takes_its_call_away(club: Club, ending: Membership) -> None:
    task = planned(club)
    renew(ending)
    assert state(task) == ("lapsed", "renewed")


def test_renewed_at_the_desk_two_minutes_ago_the_card_says_so_and_closes(
    club: Club, ending: Membership, olga: User
) -> None:
    planned(club)
    task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    assert task is not None
    renew(ending)
    with pytest.raises(dialling.Blocked) as refusal:
        dialling.dial(task=task, operator=olga, now=NOW + 2 * MINUTE)
    assert [block.code for block in refusal.value.blocks] == ["already_renewed"]
    assert refusal.value.extra["blocks"][0]["code"] == "already_renewed"
    assert state(task) == ("lapsed", "renewed")


def test_a_call_that_is_under_way_ends_with_its_outcome(club: Club, ending: Membership, olga: User) -> None:
    planned(club)
    task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    assert task is not None
    dialling.dial(task=task, operator=olga, now=NOW)
    renew(ending, NOW + MINUTE)
    assert state(task)[0] == "leased"
    done = outcomes.record(task=task, operator=olga, said=Said(outcome="no_answer"), now=NOW + 2 * MINUTE)
    assert (done.task.status, done.task.lapsed_because) == (TaskStatus.LAPSED, "renewed")


def test_a_change_of_plan_is_a_successor(club: Club, ending: Membership) -> None:
    task = planned(club)
    sales.change_plan(membership=ending, plan=ending.plan, on=days.TODAY, now=NOW, by=None)
    assert state(task) == ("lapsed", "renewed")


def test_a_cancelled_membership_takes_its_calls_away(club: Club, ending: Membership) -> None:
    task = planned(club)
    sales.cancel(membership=ending, on=days.TODAY, reason="moved", now=NOW, by=None)
    assert state(task) == ("lapsed", "cancelled")


def test_when_the_renewal_is_cancelled_the_call_comes_back(club: Club, ending: Membership) -> None:
    task = planned(club)
    sold = renew(ending)
    sales.cancel(membership=sold, on=sold.starts_on, reason="mistake", now=NOW, by=None)
    assert state(task) == ("ready", "")


def test_a_freeze_ends_the_call_and_its_end_brings_it_back(club: Club, ending: Membership) -> None:
    task = planned(club)
    first, last = days.TODAY, days.TODAY + dt.timedelta(days=6)
    freeze = freezing.give(membership=ending, starts_on=first, ends_on=last, now=NOW, by=None)
    assert state(task)[0] == "lapsed"
    freezing.end(freeze=freeze, returned_on=first, now=NOW + MINUTE, by=None)
    assert state(task) == ("ready", "")


def test_a_planned_freeze_moves_the_call_with_the_end(club: Club, ending: Membership) -> None:
    task = planned(club, days.at("2026-11-16T10:00"))  # 14 days left
    first = days.day("2026-11-18")
    freezing.give(
        membership=ending, starts_on=first, ends_on=first + dt.timedelta(days=20), now=days.at("2026-11-16T11:00"),
        by=None,
    )  # fmt: skip
    task.refresh_from_db()
    assert (task.rung, task.key.split(":")[2]) == (45, "2026-12-21")


def test_a_visit_ends_absence(club: Club) -> None:
    member = make_member(club)
    make_membership(member, starts_on=days.day("2026-06-01"))
    make_visit(make_member(club, phone=""), "2026-11-11T09:00")
    task = planned(club)
    assert task.kind == "at_risk"
    came = make_visit(member, "2026-11-12T09:30")
    for listener in events.visited:
        listener(visits=[came], moment=Moment(now=NOW, today=days.TODAY, by=None))
    assert state(task) == ("lapsed", "visited")


def test_do_not_call_ends_every_call_and_clearing_it_brings_them_back(club: Club, ending: Membership) -> None:
    task = planned(club)
    boss = make_user(club, "manager", "boss")
    people.set_do_not_call(member=ending.member, note="", now=NOW, by=boss)
    assert state(task) == ("lapsed", "dnc")
    people.clear_do_not_call(member=ending.member, reason="They asked us to.", now=NOW + MINUTE, by=boss)
    assert state(task) == ("ready", "")


def test_a_new_number_is_the_one_that_is_rung(club: Club, ending: Membership) -> None:
    task = planned(club)
    people.edit(member=ending.member, details={"phone": "+1 319 555 0122"}, now=NOW, by=None)
    task.refresh_from_db()
    assert task.phone == "+13195550122"


def test_merged_members_share_one_history_and_the_calls_to_the_other_lapse(club: Club, member: Member) -> None:
    gone = make_member(club, phone=phone(9))
    task = make_task(gone)
    attempt = make_attempt(gone, "2026-11-01T12:00")
    twin = make_attempt(member, "2026-10-01T12:00")
    same_instant = make_attempt(gone, "2026-10-01T12:00")
    complaint = Complaint.objects.create(club=club, member=gone, text="Cold.", received_at=NOW)
    merging.merge(kept=member, gone=gone, now=NOW, by=None)
    assert state(task) == ("lapsed", "merged")
    attempt.refresh_from_db()
    complaint.refresh_from_db()
    assert (attempt.member, complaint.member) == (member, member)
    assert set(CallAttempt.objects.filter(member=member)) == {attempt, twin}
    same_instant.refresh_from_db()
    assert same_instant.member == gone


def test_an_erased_member_leaves_no_words(club: Club, member: Member) -> None:
    make_attempt(member, "2026-11-01T12:00", note="Lives in Elm Street.")
    Request.objects.create(club=club, member=member, text="Elm Street 7", made_at=NOW)
    erasing.erase(member=member, now=NOW, by=None)
    assert CallAttempt.objects.get().note == CallAttempt.objects.get().phone == Request.objects.get().text == ""
