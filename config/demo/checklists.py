"""Checklists of the demo club's newest members, ticked as far as a busy desk would have got."""

from __future__ import annotations

import datetime as dt
import random

from config.demo import words
from memberships.models import Club, Employee, Membership, SaleKind, Visit
from onboarding import checklists
from onboarding.models import Fact, Step

RECENT_DAYS = 60


def start_checklists(club: Club, *, now: dt.datetime, seed: int) -> None:
    """Starts one for each new or returning sale of two months, and ticks or skips most steps that are due."""
    rng = random.Random(seed)
    today = now.astimezone(club.zone).date()
    clerks = [one.user for one in Employee.objects.filter(club=club, role="administrator").order_by("pk")]
    recent = Membership.objects.filter(
        club=club,
        sale_kind__in=[SaleKind.NEW, SaleKind.RETURN],
        starts_on__gte=today - dt.timedelta(days=RECENT_DAYS),
        cancelled_on=None,
    )
    for membership in recent.order_by("pk"):
        checklist = checklists.start_on_sale(membership=membership, now=membership.created_at)
        if checklist is None:
            continue
        came = Visit.objects.filter(member=membership.member_id, at__date__gte=membership.starts_on).exists()
        for step in Step.objects.filter(checklist=checklist, due_on__lte=today).order_by("position"):
            at = min(now, dt.datetime.combine(step.due_on, dt.time(rng.randrange(10, 20)), club.zone))
            by = rng.choice(clerks)
            late = rng.random()
            if late < 0.12 or (step.fact == Fact.FIRST_VISIT and not came) or step.is_call:
                continue
            if late < 0.2:
                checklists.skip(step=step, reason=rng.choice(words.SKIPS), by=by, now=at)
            else:
                result = rng.choice(words.MEASURES) if step.result_kind == "text" else ""
                checklists.done(step=step, result=result, by=by, now=at)
