"""The queue: who is rung next, who holds what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection

from calls import backlog, desk, queue
from calls.models import CallTask, TaskStatus
from calls.queue import statements
from memberships.models import Club, User
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_member, make_membership, make_user, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW  # a Thursday, ten in the morning in Chicago: the windows have just opened
MINUTE = dt.timedelta(minutes=1)
ZONES_OPEN = ("America/Chicago", "America/New_York")


@pytest.fixture
def club() -> Club:
    return make_club()


def claim(operator: User, club: Club, now: dt.datetime = NOW) -> CallTask | None:
    return queue.next_task(operator=operator, clubs=[club.pk], now=now)


def members(club: Club, count: int) -> list:
    return [make_member(club, last_name=f"Member {n}", phone=phone(n)) for n in range(count)]


def test_an_empty_queue_gives_nothing(club: Club, olga: User) -> None:
    assert claim(olga, club) is None


def test_the_task_is_leased_for_a_quarter_of_an_hour(club: Club, olga: User) -> None:
    task = make_task(make_member(club))
    got = claim(olga, club)
    assert got is not None and got.pk == task.pk
    task.refresh_from_db()
    assert (task.status, task.holder, task.lease_until) == (TaskStatus.LEASED, olga, NOW + 15 * MINUTE)
    assert got.facts == task.facts and got.holder_id == olga.pk


def test_the_only_zone_of_a_club_becomes_another_one(club: Club, olga: User) -> None:
    chicago, new_york = (make_member(club, phone=phone(n), timezone=zone) for n, zone in enumerate(ZONES_OPEN))
    first = make_task(chicago)
    assert claim(olga, club) == first
    CallTask.objects.filter(pk=first.pk).update(status=TaskStatus.DONE, holder=None, lease_until=None)
    second = make_task(new_york)
    assert claim(olga, club) == second


def test_second_operator_gets_the_next_member(club: Club, olga: User, nadia: User) -> None:
    first, second = (make_task(member) for member in members(club, 2))
    assert claim(olga, club) == first
    assert claim(nadia, club) == second


def test_asking_again_gives_the_same_task_with_a_longer_lease(club: Club, olga: User) -> None:
    one, _other = (make_task(member) for member in members(club, 2))
    claim(olga, club)
    again = claim(olga, club, NOW + 5 * MINUTE)
    assert again == one
    one.refresh_from_db()
    assert one.lease_until == NOW + 20 * MINUTE
    assert one.claimed_at == NOW


def test_kinds_go_in_order_then_the_longer_due(club: Club, olga: User) -> None:
    people = members(club, 6)
    make_task(people[0], "winback")
    care = make_task(people[1], "care", due_at=NOW - dt.timedelta(days=3))
    older_care = make_task(people[2], "care", due_at=NOW - dt.timedelta(days=4))
    welcome = make_task(people[3], "welcome")
    renewal = make_task(people[4], "renewal", due_at=NOW - dt.timedelta(days=9))
    no_show = make_task(people[5], "no_show")
    order = []
    for minute in range(5):
        task = claim(olga, club, NOW + minute * MINUTE)
        order.append(task)
        CallTask.objects.filter(pk=task.pk).update(status=TaskStatus.DONE, holder=None)
    assert order == [no_show, welcome, renewal, older_care, care]


def test_within_renewals_fewer_days_left_then_segment_then_price(club: Club, olga: User) -> None:
    people = members(club, 4)

    def renewal(member, starts_on, segment, price):
        membership = make_membership(member, starts_on=days.day(starts_on), price=price)
        return make_task(member, "renewal", membership=membership, segment=segment)

    copper_dear = renewal(people[0], "2025-12-01", "copper", 900)
    gold_cheap = renewal(people[1], "2025-12-01", "gold", 100)
    gold_dear = renewal(people[2], "2025-12-01", "gold", 200)
    sooner = renewal(people[3], "2025-11-20", "copper", 1)
    order = []
    for _ in range(4):
        task = claim(olga, club)
        order.append(task)
        CallTask.objects.filter(pk=task.pk).update(status=TaskStatus.DONE, holder=None)
    assert order == [sooner, gold_dear, gold_cheap, copper_dear]


def test_within_at_risk_who_came_least_is_first(club: Club, olga: User) -> None:
    people = members(club, 3)
    half, absent, less = (
        make_task(member, "at_risk", score=score) for member, score in zip(people, (0.5, 1, 0.8), strict=True)
    )
    order = []
    for _ in range(3):
        task = claim(olga, club)
        order.append(task)
        CallTask.objects.filter(pk=task.pk).update(status=TaskStatus.DONE, holder=None)
    assert order == [absent, less, half]


def test_only_the_operators_clubs_are_offered(club: Club, olga: User) -> None:
    elsewhere = make_club("lakeside")
    make_task(make_member(elsewhere))
    assert claim(olga, club) is None


def test_nothing_is_offered_outside_the_members_hours(club: Club, olga: User) -> None:
    here, far = members(club, 2)
    far.timezone = "Asia/Tokyo"
    far.save()
    make_task(far, "callback", due_at=NOW - dt.timedelta(days=1))
    task = make_task(here, "winback")
    assert claim(olga, club, days.at("2026-11-12T09:59")) is None
    assert claim(olga, club) == task


def test_a_callback_is_kept_on_its_promised_day_outside_the_windows(club: Club, olga: User) -> None:
    promised = days.at("2026-11-12T08:30")
    callback = make_task(make_member(club), "callback", due_at=promised)
    assert claim(olga, club, days.at("2026-11-12T08:29")) is None
    assert claim(olga, club, promised) == callback


def test_nothing_is_offered_before_it_is_due(club: Club, olga: User) -> None:
    task = make_task(make_member(club), due_at=NOW + MINUTE)
    assert claim(olga, club) is None
    assert claim(olga, club, NOW + MINUTE) == task


def test_yesterdays_callback_waits_for_the_window(club: Club, olga: User) -> None:
    callback = make_task(make_member(club), "callback", due_at=days.at("2026-11-11T15:00"))
    assert claim(olga, club, days.at("2026-11-12T09:30")) is None
    assert claim(olga, club) == callback


def test_on_a_holiday_only_what_was_promised_is_rung(club: Club, olga: User) -> None:
    thanksgiving = days.at("2026-11-26T12:00")
    first, second = members(club, 2)
    make_task(first, "renewal", membership=make_membership(first, starts_on=days.day("2025-12-01")))
    assert claim(olga, club, thanksgiving) is None
    callback = make_task(second, "callback", due_at=thanksgiving - dt.timedelta(hours=1))
    assert claim(olga, club, thanksgiving) == callback


def test_a_promised_callback_is_its_operators_for_a_quarter_of_an_hour(club: Club, olga: User, nadia: User) -> None:
    promised = NOW + 60 * MINUTE
    callback = make_task(
        make_member(club), "callback", due_at=promised, promised_to=nadia, promised_until=promised + 15 * MINUTE
    )
    assert claim(olga, club, promised + 14 * MINUTE) is None
    assert claim(olga, club, promised + 15 * MINUTE) == callback


def test_a_blocked_task_leaves_ready_until_it_may_come_back(club: Club, olga: User) -> None:
    blocked, free = members(club, 2)
    first = make_task(blocked, "care")
    make_attempt(blocked, NOW - dt.timedelta(hours=2), "no_answer")
    second = make_task(free, "winback")
    assert claim(olga, club) == second
    first.refresh_from_db()
    assert (first.status, first.waits_for) == (TaskStatus.WAITING, "min_gap")
    assert first.ready_at == NOW + dt.timedelta(hours=1)
    assert first.holder is None


def test_a_task_that_the_policy_ends_lapses_when_it_is_claimed(club: Club, olga: User) -> None:
    member = make_member(club)
    task = make_task(member)
    member.do_not_call_since = NOW
    member.save()
    assert claim(olga, club) is None
    task.refresh_from_db()
    assert (task.status, task.lapsed_because) == (TaskStatus.LAPSED, "dnc")


def test_many_blocked_tasks_at_the_head_are_passed_in_one_request(club: Club, olga: User) -> None:
    people = members(club, 40)
    for member in people[:39]:
        make_task(member, "care")
        make_attempt(member, NOW - dt.timedelta(hours=2), "no_answer")
    last = make_task(people[39], "winback")
    assert claim(olga, club) == last
    assert CallTask.objects.filter(status=TaskStatus.WAITING).count() == 39


def test_nobody_rings_another_member_of_the_household(club: Club, olga: User, nadia: User) -> None:
    father, mother = (make_member(club, first_name=name, phone=phone(7)) for name in ("Ilya", "Marina"))
    stranger = make_member(club, phone=phone(8))
    first, _second, third = make_task(father), make_task(mother), make_task(stranger)
    assert claim(olga, club) == first
    assert claim(nadia, club) == third


def test_a_waiting_task_wakes_when_its_instant_comes(club: Club, olga: User) -> None:
    task = make_task(make_member(club), status=TaskStatus.WAITING, ready_at=NOW + 30 * MINUTE, waits_for="busy")
    assert claim(olga, club, NOW + 29 * MINUTE) is None
    assert claim(olga, club, NOW + 30 * MINUTE) == task


def test_a_lapsed_lease_returns_the_task(club: Club, olga: User, nadia: User) -> None:
    task = make_task(make_member(club))
    claim(olga, club)
    assert claim(nadia, club, NOW + 14 * MINUTE) is None
    assert claim(nadia, club, NOW + 15 * MINUTE) == task
    with pytest.raises(queue.NotYours):
        queue.extend(task=task, operator=olga, now=NOW + 16 * MINUTE)


def test_a_lease_is_never_taken_back_during_a_live_call(club: Club, olga: User, nadia: User) -> None:
    task = make_task(make_member(club))
    claim(olga, club)
    CallTask.objects.update(call_live=True)
    assert claim(nadia, club, NOW + 40 * MINUTE) is None
    task.refresh_from_db()
    assert task.holder == olga


def test_the_heartbeat_keeps_the_lease(club: Club, olga: User, nadia: User) -> None:
    task = make_task(make_member(club))
    claim(olga, club)
    queue.extend(task=task, operator=olga, now=NOW + 10 * MINUTE)
    assert task.lease_until == NOW + 25 * MINUTE
    assert claim(nadia, club, NOW + 20 * MINUTE) is None


def test_a_released_task_goes_to_others_at_once_and_to_the_same_operator_after_an_hour(
    club: Club, olga: User, nadia: User
) -> None:
    task = make_task(make_member(club))
    queue.release(task=claim(olga, club), operator=olga, why="I know her", now=NOW)
    assert claim(olga, club, NOW + 59 * MINUTE) is None
    assert claim(nadia, club, NOW + MINUTE) == task
    queue.release(task=task, operator=nadia, why="so do I", now=NOW + 2 * MINUTE)
    assert claim(olga, club, NOW + 60 * MINUTE) == task


def test_releasing_takes_a_word_why_and_ones_own_task(club: Club, olga: User, nadia: User) -> None:
    task = make_task(make_member(club))
    claim(olga, club)
    with pytest.raises(queue.NoWord):
        queue.release(task=task, operator=olga, why=" ", now=NOW)
    with pytest.raises(queue.NotYours):
        queue.release(task=task, operator=nadia, why="mine", now=NOW)


def test_three_releases_by_different_operators_send_it_to_the_supervisor(club: Club) -> None:
    task = make_task(make_member(club))
    for name in ("olga", "nadia", "dmitri"):
        operator = make_user(club, "operator", name)
        assert claim(operator, club) == task
        queue.release(task=task, operator=operator, why="no", now=NOW)
    assert (task.to_supervisor, task.status) == (True, TaskStatus.WAITING)
    assert claim(make_user(club, "operator", "fourth"), club) is None
    assert queue.back_to_queue(task=task, now=NOW).status == TaskStatus.READY


def test_a_call_that_the_supervisor_put_back_is_skipped_as_often_again_before_it_returns(club: Club) -> None:
    task = make_task(make_member(club))
    people = [make_user(club, "operator", name) for name in ("olga", "nadia", "dmitri", "fourth")]
    listed = []
    for turn, operator in enumerate([*people[:3], people[3], people[0], people[3], people[1]]):
        now = NOW + turn * dt.timedelta(hours=1)
        if task.to_supervisor:
            queue.back_to_queue(task=task, now=now)
        assert queue.next_task(operator=operator, clubs=[club.pk], now=now) == task
        queue.release(task=task, operator=operator, why="no", now=now)
        listed.append(task.to_supervisor)
    assert listed == [False, False, True, False, False, False, True]


def test_a_supervisor_takes_a_lease_back_unless_they_talk(club: Club, olga: User) -> None:
    boss = make_user(club, "manager", "boss")
    task = make_task(make_member(club))
    claim(olga, club)
    CallTask.objects.update(call_live=True)
    with pytest.raises(queue.NotYours):
        queue.force_release(task=task, by=boss, why="gone home", now=NOW)
    CallTask.objects.update(call_live=False)
    assert queue.force_release(task=task, by=boss, why="gone home", now=NOW).status == TaskStatus.READY


@pytest.mark.parametrize("name", [constraint.name for constraint in CallTask._meta.constraints])
def test_the_law_of_the_queue_lies_in_the_database(name: str) -> None:
    with connection.cursor() as cursor:
        held = connection.introspection.get_constraints(cursor, CallTask._meta.db_table)
    assert name in held


def many_leases(club: Club, operator: User) -> None:
    """So many that an index of all leases is no way to find one."""
    member = make_member(club, phone=phone(99))
    CallTask.objects.bulk_create(
        CallTask(
            club=club, member=member, kind="care", key=f"lease-{n}", status=TaskStatus.LEASED, holder=operator,
            lease_until=NOW + 15 * MINUTE, undoing=True, due_at=NOW, tz=club.timezone, phone=phone(n % 90),
            sort_key=1, made_at=NOW,
        )
        for n in range(1000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE calls_calltask")


def test_one_zone_and_many_are_claimed_by_the_indexes_of_queue_and_leases(club: Club, olga: User) -> None:
    """Whatever a table of a million rows would tell the database: each claim finds its rows by these indexes."""
    elsewhere = make_club("lakeside")
    for member in (*members(club, 2), make_member(elsewhere, phone=phone(9))):
        make_task(member)
    many_leases(club, make_user(club, "operator", "nadia"))
    in_one = (statements.CLAIM_IN_ONE, statements.CLAIM_IN_ONE_BY_YOUNG_LOOK)
    in_many = (statements.CLAIM, statements.CLAIM_BY_YOUNG_LOOK)
    for clubs, both in (([club.pk], in_one), ([club.pk, elsewhere.pk], in_many)):
        seen = queue.look(clubs=clubs, now=NOW)
        params = queue.parameters(olga, seen, NOW)
        assert params is not None and (queue.claim_of(seen), queue.claim_of(seen, young=True)) == both
        for statement in both:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute(f"EXPLAIN {statement}", params)
                told = "\n".join(row for (row,) in cursor.fetchall())
            assert "call_task_queue" in told and "call_task_one_lease_per_number" in told, told


def test_no_claim_looks_through_the_leases_of_all_operators(club: Club, olga: User) -> None:
    """Least of all where the database last counted none, and so takes them for few."""
    for member in members(club, 50):
        make_task(member)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE calls_calltask")
        cursor.execute("SET LOCAL enable_seqscan = off")
        seen = queue.look(clubs=[club.pk], now=NOW)
        for statement in (queue.claim_of(seen), queue.claim_of(seen, young=True), statements.LOOK):
            params = queue.parameters(olga, seen, NOW) or {}
            cursor.execute(f"EXPLAIN {statement}", params | {"clubs": [club.pk]})
            told = "\n".join(row for (row,) in cursor.fetchall())
            assert "call_task_one_lease_per_holder" not in told, told


@pytest.mark.parametrize(
    "statement",
    [
        lambda: statements.LOOK,
        lambda: statements.AGAIN,
        lambda: statements.WAKE,
        lambda: statements.EXPIRE,
        lambda: backlog.LEASED,
        lambda: desk.HELD.statement,
    ],
    ids=["look", "again", "wake", "expire", "leased", "held"],
)
def test_no_statement_of_the_queue_reads_all_calls(club: Club, olga: User, statement: Callable[[], str]) -> None:
    many_leases(club, make_user(club, "operator", "nadia"))
    params = {"operator": olga.pk, "now": NOW, "many": 100, "clubs": [club.pk]}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement()}", params)
        told = "\n".join(row for (row,) in cursor.fetchall())
    assert "calls_calltask" in told and "Seq Scan on calls_calltask" not in told, told


def test_what_the_claim_withholds_is_found_by_numbers_of_members_and_heads_of_queues(club: Club, olga: User) -> None:
    """Not in all calls of the club, of which there are many for each number that a colleague holds."""
    many_leases(club, make_user(club, "operator", "nadia"))
    params = {
        "operator": olga.pk, "now": NOW, "clubs": [club.pk], "callbacks_below": 1, "zone_clubs": [club.pk],
        "zone_tzs": [club.timezone],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {backlog.WITHHELD}", params)
        told = "\n".join(row for (row,) in cursor.fetchall())
    for name in ("member_by_phone", "member_by_guardian_phone", "call_task_queue"):
        assert name in told, told
    assert "call_task_open" not in told, told
