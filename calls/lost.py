"""Lost members whom the manager rings and no operator (§6): over somebody who works here, or after a complaint."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from calls.models import CallAttempt, Complaint, Meeting, MeetingResult, Outcome
from calls.planning.scope import Scope, Want
from calls.planning.terms import winbacks
from memberships.models import Club, Member


@dataclass(frozen=True)
class Word:
    """Something that was said: on which day of the club, in which words. ``complaint``: its id, where it is one."""

    on: dt.date
    text: str
    complaint: int | None = None


def for_manager(*, club: Club, on: dt.date, now: dt.datetime) -> QuerySet[Member]:
    """The members for whom the planner leaves win-back to the manager on a day of the club."""
    with transaction.atomic():  # the planner reads by a cursor
        wants = list(winbacks(Scope(club, on, now)))
    found = [want.member for want in wants if isinstance(want, Want) and want.wanted.for_manager]
    return Member.objects.filter(club=club, pk__in=found, deceased_on=None)


def said_by(members: Collection[int], club: Club, complaints: QuerySet[Complaint]) -> dict[int, list[Word]]:
    """What stands between each member and the club, the latest first: refusals in calls and in meetings, and
    these ``complaints`` about people.
    """
    words: dict[int, list[Word]] = defaultdict(list)
    calls = CallAttempt.objects.filter(member__in=members, outcome=Outcome.REFUSED, reason__isnull=False)
    for member, at, label, note in calls.values_list("member", "at", "reason__label", "note"):
        words[member].append(Word(at.astimezone(club.zone).date(), ": ".join(filter(None, (label, note)))))
    met = Meeting.objects.filter(member__in=members, result=MeetingResult.REFUSED, closed_at__isnull=False)
    for member, at, label in met.exclude(reason=None).values_list("member", "closed_at", "reason__label"):
        words[member].append(Word(at.astimezone(club.zone).date(), label))
    for row in complaints.filter(member__in=members).select_related("about"):
        on = row.received_at.astimezone(club.zone).date()
        words[row.member_id].append(Word(on, f"{row.about.name}: {row.text}" if row.about else row.text, row.pk))
    for some in words.values():
        some.sort(key=lambda word: word.on, reverse=True)
    return words
