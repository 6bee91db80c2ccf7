"""When the people of the story came to the club, and when somebody there should have noticed that they did not."""

from __future__ import annotations

import bisect
import datetime as dt
import random
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from config.demo import words
from config.demo.story import Person
from memberships.rules import attendance
from memberships.rules.terms import DAY, Span

FADES_DAYS = 70
"""Who leaves has mostly come less for so long before."""
NOTICED_DAYS = 400
"""Absences longer ago than this are not told."""
LOOKED_BACK = 28


def come(person: Person, *, now: dt.datetime, zone: ZoneInfo, rng: random.Random) -> None:
    """Fills the person's visits, in order."""
    today = now.astimezone(zone).date()
    weekly = rng.triangular(0.8, 4.2, 1.9)
    habit = rng.choice((7, 9, 12, 17, 18, 18, 19))
    days = rng.sample(range(7), k=min(7, max(2, round(weekly) + 1)))
    chance = min(0.95, weekly / len(days))
    for term in person.terms:
        zones = words.PLANS[term.plan][8]
        fades = term.renews_on is None and rng.random() < 0.75
        fade_from = term.effective_ends_on - FADES_DAYS * DAY if fades else dt.date.max
        day = term.starts_on
        last = min(term.last_covered_on, today)
        while day <= last:
            frozen = any(day in freeze for freeze in term.freezes)
            p = chance * (0.3 if day > fade_from else 1.0)
            if day.weekday() in days and not frozen and rng.random() < p:
                at = dt.datetime.combine(day, dt.time(habit, rng.randrange(60)), zone)
                if at < now:
                    person.visits.append((at, rng.choice(zones)))
            day += DAY


def absences(person: Person, *, today: dt.date, absent_days: int) -> Iterator[tuple[dt.date, dt.date, dt.date]]:
    """When the person was missed: the day from which nothing was seen, the day it was noticed, the next visit.

    Without a next visit: the day after the membership.
    """
    visits = person.visit_days
    for term in person.terms:
        if term.last_covered_on < today - NOTICED_DAYS * DAY:
            continue
        inside = [day for day in visits if term.starts_on <= day <= term.last_covered_on]
        seen = sorted({max(term.starts_on, term.chain_starts_on), *inside, *(freeze.last for freeze in term.freezes)})
        for since, after in zip(seen, [*seen[1:], term.last_covered_on + DAY], strict=True):
            noticed = since + absent_days * DAY
            over = min([after, *(freeze.first for freeze in term.freezes if freeze.first > since)])
            if noticed < over and noticed <= today:
                yield since, noticed, over


def falling_since(person: Person, *, today: dt.date) -> tuple[dt.date, attendance.Counts] | None:
    """Who comes half as often as usual today: since when, as far as four weeks show it, and the counts then."""
    covered = [Span(term.starts_on, term.last_covered_on) for term in person.terms]
    frozen = [freeze for term in person.terms for freeze in term.freezes]
    visits = sorted(person.visit_days)
    found = None
    for ago in range(LOOKED_BACK):
        day = today - ago * DAY
        counts = _counts(visits, day)
        if not attendance.falling(counts, covered, frozen, day):
            break
        found = day, counts
    return found


def _counts(visits: list[dt.date], day: dt.date) -> attendance.Counts:
    lately, before = attendance.lately(day), attendance.days_before(day)

    def number(span: Span) -> int:
        return bisect.bisect_right(visits, span.last) - bisect.bisect_left(visits, span.first)

    return attendance.Counts(number(lately), number(before))
