"""One of everything that the API can name, with prices that no operator may ever read."""

from __future__ import annotations

from dataclasses import dataclass

from calls import requests
from calls.models import CallTask, Meeting, Purpose
from memberships import freezing, quotes
from onboarding import checklists
from tests import days, factories
from tests.calls.factories import make_attempt, make_task
from tests.days import day
from tests.memberships.shop import Shop

CANARY = "7913.57"
MARKS = ("7913", "7 913", "7,913", "8313", "CANARYCODE")
"""Texts of which none may reach an operator: the price in any writing, one made of it, a promotion's code."""


@dataclass(frozen=True)
class World:
    """Ids by what they are."""

    ids: dict[str, int | str]

    def path(self, template: str) -> str:
        return template.format(**self.ids)


def make_world(shop: Shop) -> World:
    """Member 12 with membership 501 and all that hangs on them."""
    club = shop.club
    plan = factories.make_plan(club, "GOLD", price=CANARY, name=f"Gold {CANARY} $")
    factories.make_promotion(
        club, "CANARYCODE", name=f"Save {CANARY} USD", kind="amount", value=CANARY, stackable=False,
        phone_summary=f"Only {CANARY} $", details=CANARY,
    )  # fmt: skip
    club.policy.price_floor_percent = 79
    club.policy.save()
    olga, anna = (factories.make_employee(club, role, name).user for role, name in STAFF)
    member = factories.make_member(
        club, id=12, external_id="A-12", notes=f"paid {CANARY} USD in cash", source=f"saw {CANARY}$",
        goal=f"{CANARY} $", interests=f"{CANARY} dollars", now=days.NOW,
    )  # fmt: skip
    mate = factories.make_member(club, id=13, first_name="Peter", now=days.NOW)
    factories.make_membership(mate, plan, starts_on=day("2026-01-10"), price=CANARY, price_paid="400")
    held = factories.make_membership(
        member, plan, id=501, starts_on=day("2025-12-01"), price=CANARY, price_paid=CANARY,
        special_terms=f"agreed on {CANARY} $", promotions=tuple(shop.promotions.values())[:1],
    )  # fmt: skip
    quote = quotes.make(member=member, plan=plan, now=days.NOW, by=anna, codes=["CANARYCODE"])
    freeze = freezing.give(
        membership=held, starts_on=day("2026-11-16"), ends_on=day("2026-11-25"), now=days.NOW, by=anna,
        reason=f"{CANARY} $",
    )  # fmt: skip
    closed = freezing.close_club(
        club=club, starts_on=day("2026-12-24"), ends_on=day("2026-12-25"), why="Christmas", now=days.NOW,
        by=shop.manager,
    )  # fmt: skip
    task = make_task(member, "at_risk", membership=held, reason=f"It was {CANARY} $.")
    CallTask.objects.filter(pk=task.pk).update(claimed_by=olga)
    make_task(mate, "care")
    attempt = make_attempt(
        member, "2026-10-01T12:00", "refused", operator=olga, task=task, note=f"wants {CANARY} $",
        competitor=f"Other, {CANARY} $", reason=club.refusal_reasons.get(code="price"),
    )  # fmt: skip
    host = club.employees.get(user=anna)
    meeting = Meeting.objects.create(
        club=club, member=member, host=host, purpose=Purpose.REVIEW, starts_at=days.at("2026-11-13T12:00"),
        ends_at=days.at("2026-11-13T12:30"), calendar_uid="0" * 32, booked_at=days.NOW, booked_by=olga,
        why=f"{CANARY} $", note=f"{CANARY} $",
    )  # fmt: skip
    asked = requests.ask(club=club, member=member, text=f"a bill over {CANARY} $", by=olga, now=days.NOW)
    checklist = checklists.start(member=member, by=anna, now=days.NOW)
    ids: dict[str, int | str] = {
        "club": club.slug,
        "member": member.pk,
        "membership": held.pk,
        "quote": quote.pk,
        "freeze": freeze.pk,
        "closure": closed.closure.pk,
        "employee": host.pk,
        "task": task.pk,
        "attempt": attempt.pk,
        "meeting": meeting.pk,
        "request": asked.pk,
        "step": checklist.steps.get(position=1).pk,
    }
    return World(ids)


STAFF = (("operator", "olga"), ("administrator", "anna"))
