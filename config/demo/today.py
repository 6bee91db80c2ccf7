"""What a demo club finds on its first morning: checklists on the way, things to answer, and the calls planned."""

from __future__ import annotations

import datetime as dt
import random

from django.db import transaction
from django.db.models import Count, Q

from calls import planning, settling
from calls.models import OPEN_STATUSES, CallAttempt, CallTask, Complaint, Meeting, Request
from config.demo import staff, words
from memberships import holding, segments
from memberships.models import Club, Member, Membership, Promotion, SaleKind, User, Visit
from memberships.rules import local_time
from memberships.rules.terms import DAY
from onboarding import checklists
from onboarding.models import Fact, Step
from onboarding.rules import checklist as rules

RECENT_DAYS = 60


def is_ready(club: Club) -> bool:
    """Whether ``make_ready`` is done: all of it was stored at once."""
    return Request.objects.filter(club=club, text=words.REQUESTS[0]).exists()


def make_ready(demo: staff.DemoClub, club: Club, *, now: dt.datetime) -> planning.Plan:
    """Counts uses, starts checklists, brings requests and complaints, ranks and plans; all or nothing."""
    team = staff.Team(club)
    with transaction.atomic(), holding.operation(by=None, source="demo"):
        _count_uses(club)
        _start_checklists(club, team, now=now, rng=random.Random(demo.seed))
        _ask_and_complain(club, team, now=now)
        segments.rank(club=club, on=now.astimezone(club.zone).date())
        tasks = CallTask.objects.filter(club=club, status__in=OPEN_STATUSES).order_by("pk")
        settling.settle(tasks=list(tasks.values_list("pk", flat=True)), now=now)
        return planning.plan(club=club, on=now.astimezone(club.zone).date(), now=now)


def _count_uses(club: Club) -> None:
    """A promotion's uses are the sales that it was sold with."""
    held = Count("sold_uses", filter=Q(sold_uses__given_back=False))
    for pk, uses in Promotion.objects.filter(clubs=club).annotate(held=held).values_list("pk", "held"):
        Promotion.objects.filter(pk=pk).update(uses=uses)


def _ask_and_complain(club: Club, team: staff.Team, *, now: dt.datetime) -> None:
    """Requests made at the desk, one of them overdue, and complaints of members whom nobody is about to ring."""
    today = now.astimezone(club.zone).date()
    members = Member.objects.filter(club=club, last_covered_on__gte=today, call_tasks=None).order_by("pk")
    quiet = list(members[: len(words.REQUESTS) + len(words.COMPLAINTS)]) or [None]
    for place, text in enumerate(words.REQUESTS):
        Request.objects.create(
            club=club,
            member=quiet[place % len(quiet)],
            text=text,
            owner=team.hosts[place % len(team.hosts)],
            due_on=today + DAY * (place - 1),
            made_at=now - dt.timedelta(hours=30 - 7 * place),
            made_by=team.clerk(place),
        )
    for place, text in enumerate(words.COMPLAINTS):
        Complaint.objects.create(
            club=club,
            member=quiet[(len(words.REQUESTS) + place) % len(quiet)],
            text=text,
            owner=team.manager,
            received_at=now - dt.timedelta(hours=20 * place + 3),
            received_by=team.clerk(place),
        )


# ---- checklists ------------------------------------------------------------------------------------------


def _start_checklists(club: Club, team: staff.Team, *, now: dt.datetime, rng: random.Random) -> None:
    """One for each new or returning sale of two months, ticked as far as a busy desk would have got."""
    today = now.astimezone(club.zone).date()
    recent = Membership.objects.filter(
        club=club,
        sale_kind__in=[SaleKind.NEW, SaleKind.RETURN],
        starts_on__gte=today - dt.timedelta(days=RECENT_DAYS),
        cancelled_on=None,
        checklist=None,
    )
    for membership in recent.order_by("pk"):
        checklist = checklists.start_on_sale(membership=membership, now=membership.created_at)
        if checklist is not None:
            _close_by_facts(membership, club)
            for step in Step.objects.filter(checklist=checklist, due_on__lte=today, status="open").order_by("position"):
                by = team.clerk(rng.randrange(len(team.hosts)))
                _tick(step, by=by, rng=rng, now=now, club=club)


def _close_by_facts(membership: Membership, club: Club) -> None:
    since = local_time.first_instant(membership.starts_on, club.zone)
    mine = {"member": membership.member_id}
    spoke = CallAttempt.objects.filter(**mine, kind="welcome", reached=True, at__gte=since).order_by("at").first()
    came = Visit.objects.filter(**mine, at__gte=since).order_by("at").first()
    if spoke:
        facts = rules.facts(welcome_reached=True)
        checklists.close_by_fact(member_id=membership.member_id, facts=facts, at=spoke.outcome_at, by=spoke.operator)
    if came:
        facts = rules.facts(visited=True)
        checklists.close_by_fact(member_id=membership.member_id, facts=facts, at=came.at, by=None)
    for meeting in Meeting.objects.filter(**mine, booked_at__gte=since, status__in=["scheduled", "attended"]):
        facts = rules.facts(booked=meeting.purpose)
        if meeting.status == "attended":
            facts += rules.facts(meeting_attended=meeting.purpose)
        checklists.close_by_fact(member_id=membership.member_id, facts=facts, at=meeting.booked_at, by=None)


def _tick(step: Step, *, by: User | None, rng: random.Random, now: dt.datetime, club: Club) -> None:
    draw, hour = rng.random(), rng.randrange(10, 20)
    if draw < 0.12 or step.is_call or step.fact in (Fact.FIRST_VISIT, Fact.REVIEW):
        return
    at = min(now, local_time.instant(step.due_on, dt.time(hour), club.zone))
    if draw < 0.2:
        checklists.skip(step=step, reason=rng.choice(words.SKIPS), by=by, now=at)
    else:
        result = rng.choice(words.MEASURES) if step.result_kind == "text" else ""
        checklists.done(step=step, result=result, by=by, now=at)
