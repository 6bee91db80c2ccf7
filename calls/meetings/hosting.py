"""Who receives members in the club, and when they are free."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, QuerySet

from calls.fixed import Among, Fixed, Given
from calls.models import ContactPolicy, Meeting, MeetingStatus
from calls.rules import slots as rules
from memberships.models import Closure, Club, DayOff, Employee, WeeklyHours
from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence

DAY = dt.timedelta(days=1)

HOSTS = Fixed(lambda: hosts(Given("club")))
NUMBERS = Fixed(lambda: ContactPolicy.objects.filter(club=Given("club")).order_by("pk")[:1])
HOURS = Fixed(
    lambda: (
        WeeklyHours.objects.filter(employee=Among("hosts"))
        .order_by("weekday", "from_time")
        .values_list("employee_id", "weekday", "from_time", "to_time")
    )
)
DAYS_OFF = Fixed(lambda: DayOff.objects.filter(employee=Among("hosts")).values_list("employee_id", "day"))
TAKEN = Fixed(
    lambda: Meeting.objects.filter(
        host=Among("hosts"),
        status__in=[MeetingStatus.SCHEDULED, MeetingStatus.ATTENDED],
        ends_at__gt=Given("now"),
    ).values_list("pk", "host_id", "starts_at", "ends_at")
)
CLOSURES = Fixed(
    lambda: Closure.objects.filter(
        Q(taken_back_on=None) | Q(taken_back_on__gt=F("starts_on")), club=Given("club"), ends_on__gte=Given("first")
    ).values_list("starts_on", "ends_on", "taken_back_on")
)


@dataclass(frozen=True)
class Slot:
    """Half an hour (as the policy says) in which a host is free; both instants in the club's zone."""

    host: Employee
    starts_at: dt.datetime
    ends_at: dt.datetime


def hosts(club: Club | Given) -> QuerySet[Employee]:
    """The employees who receive members, by name."""
    return Employee.objects.filter(club=club, active=True, is_host=True).order_by("name", "pk")


def numbers(club: Club) -> ContactPolicy:
    """The club's contact policy; its defaults where nothing is stored yet."""
    return NUMBERS.first(club=club.pk) or ContactPolicy(club=club)


def slots(
    *,
    club: Club,
    now: dt.datetime,
    first: dt.date | None = None,
    last: dt.date | None = None,
    host: Employee | None = None,
    limit: int | None = None,
) -> list[Slot]:
    """Free slots of all hosts (or one) on the club days ``first`` to ``last``, by time, then host.

    Nothing before ``now`` and nothing past the days that the policy books ahead. At most ``limit``.
    """
    return list(itertools.islice(each_slot(club=club, now=now, first=first, last=last, host=host), limit))


def each_slot(
    *,
    club: Club,
    now: dt.datetime,
    first: dt.date | None = None,
    last: dt.date | None = None,
    host: Employee | None = None,
) -> Iterator[Slot]:
    """The same one by one, for who needs the first of them only."""
    receiving = [host] if host is not None else HOSTS(club=club.pk)
    known = times(club=club, receiving=receiving, now=now)

    def of(one: Employee) -> Iterator[tuple[dt.datetime, str, int, Slot]]:
        for starts_at, ends_at in rules.free_slots(known[one.pk], now=now, first=first, last=last):
            yield starts_at, one.name, one.pk, Slot(one, starts_at, ends_at)

    for *_order, slot in heapq.merge(*(of(one) for one in receiving), key=lambda row: row[:3]):
        yield slot


def times(
    *, club: Club, receiving: Iterable[Employee], now: dt.datetime, besides: Meeting | None = None
) -> dict[int, rules.Host]:
    """What the rules need to know of each host's time, by employee id; ``besides`` leaves one meeting out."""
    policy = numbers(club)
    ids = [one.pk for one in receiving]
    hours: dict[int, dict[int, list[tuple[dt.time, dt.time]]]] = defaultdict(lambda: defaultdict(list))
    for employee, weekday, begin, finish in HOURS(hosts=ids):
        hours[employee][weekday].append((begin, finish))
    shut = closed_days(club, now.astimezone(club.zone).date())
    days_off: dict[int, set[dt.date]] = {pk: set(shut) for pk in ids}
    for employee, day in DAYS_OFF(hosts=ids):
        days_off[employee].add(day)
    busy: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    for meeting, employee, starts_at, ends_at in TAKEN(hosts=ids, now=now):
        if besides is None or meeting != besides.pk:
            busy[employee].append((starts_at, ends_at))
    default = dict.fromkeys(range(7), ((policy.host_from, policy.host_to),))
    return {
        pk: rules.Host(
            zone=club.zone,
            hours=hours.get(pk) or default,
            days_off=days_off[pk],
            busy=busy[pk],
            opens=policy.opens_at,
            closes=policy.closes_at,
            slot=dt.timedelta(minutes=policy.slot_minutes),
            days_ahead=policy.slot_days_ahead,
        )
        for pk in ids
    }


def closed_days(club: Club, first: dt.date) -> set[dt.date]:
    """Days from ``first`` on which the club is shut; a closure that was taken back ends the day before."""
    days: set[dt.date] = set()
    for starts_on, ends_on, taken_back_on in CLOSURES(club=club.pk, first=first):
        last = min(ends_on, taken_back_on - DAY) if taken_back_on else ends_on
        day = max(starts_on, first)
        days.update(day + DAY * n for n in range((last - day).days + 1))
    return days


class HoursRefused(Invalid):
    """A stretch of hours that ends before it begins, or overlaps another one of its weekday."""

    field = "weekly_hours"


@transaction.atomic
def set_hours(*, employee: Employee, hours: Iterable[tuple[int, dt.time, dt.time]]) -> None:
    """Gives a host these weekly hours, as (weekday from Monday 0, from, to); none: the default hours again.

    Meetings that are booked already stay where they are. Raises HoursRefused.
    """
    ordered = sorted(hours)
    for weekday, begin, finish in ordered:
        if not 0 <= weekday <= 6:
            raise HoursRefused(sentence(N_("A weekday is a number from 0, Monday, to 6, Sunday.")))
        if finish <= begin:
            raise HoursRefused(sentence(N_("Hours must end after they begin.")))
    for (weekday, _begin, finish), (next_weekday, next_begin, _finish) in itertools.pairwise(ordered):
        if weekday == next_weekday and next_begin < finish:
            raise HoursRefused(sentence(N_("Two stretches of one weekday overlap.")))
    Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)
    WeeklyHours.objects.filter(employee=employee).delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(employee=employee, weekday=weekday, from_time=begin, to_time=finish)
        for weekday, begin, finish in ordered
    )


@transaction.atomic
def set_days_off(*, employee: Employee, days: Iterable[dt.date]) -> None:
    """Makes these the host's days off, in place of those there were. Booked meetings stay where they are."""
    wanted = set(days)
    Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)
    DayOff.objects.filter(employee=employee).exclude(day__in=wanted).delete()
    DayOff.objects.bulk_create((DayOff(employee=employee, day=day) for day in wanted), ignore_conflicts=True)
