"""Club ``mf`` of the worked examples: its plans and promotions, and member 12."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from memberships import sales
from memberships.models import Club, Member, Membership, Plan, Promotion, User
from memberships.rules.sentences import Sentence
from tests import days, factories
from tests.days import day


@dataclass
class Shop:
    """The club, a manager of it, its plans by code, its promotions by code."""

    club: Club
    manager: User
    plans: dict[str, Plan]
    promotions: dict[str, Promotion]

    @property
    def m12(self) -> Plan:
        return self.plans["M12"]

    def member(self, last_name: str = "Scott", **fields: object) -> Member:
        return factories.make_member(self.club, last_name=last_name, now=days.NOW, **fields)

    def loyal_member(self) -> Member:
        """Has held M12 since 2024-12-01, twice; the second runs 2025-12-01 … 2026-11-30."""
        member = self.member()
        factories.make_membership(member, self.m12, starts_on=day("2024-12-01"))
        factories.make_membership(member, self.m12, starts_on=day("2025-12-01"), sold_on=day("2025-11-20"))
        return member

    def sell(
        self, member: Member, plan: Plan | None = None, *, now: dt.datetime = days.NOW, **more: object
    ) -> Membership:
        return sales.sell(member=member, plan=plan or self.m12, now=now, by=self.manager, **more)


def make_shop() -> Shop:
    club = factories.make_club("mf", name="Model Fitness")
    plans = {
        "M1": factories.make_plan(club, "M1", term="1m", price=40, freeze_days=0, freeze_max_count=0),
        "M6": factories.make_plan(club, "M6", term="6m", price=210, freeze_days=21, freeze_max_count=2),
        "M12": factories.make_plan(club, "M12", term="12m", price=360, freeze_days=45, freeze_max_count=3),
        "M12G": factories.make_plan(club, "M12G", term="12m", price=480, freeze_days=45, freeze_max_count=3),
    }
    long = (plans["M6"], plans["M12"], plans["M12G"])
    year = (plans["M12"], plans["M12G"])
    rows = [
        factories.make_promotion(
            club, "FRIEND15", name="Bring a friend", value=15, audience=("new",), starts_on=day("2020-01-01"),
            stackable=False, needs_code=True,
        ),
        factories.make_promotion(
            club, "EARLY10", name="Early renewal", value=10, audience=("renewal",), starts_on=day("2026-10-15"),
            ends_on=day("2026-12-15"), plans=long,
            phone_summary="There is an offer for members who renew early; it ends on 15 December",
        ),
        factories.make_promotion(
            club, "LOYAL20", name="Two years with us", kind="amount", value=20, audience=("renewal",),
            starts_on=day("2026-01-01"), min_tenure_months=24,
        ),
        factories.make_promotion(
            club, "BACK50", name="Come back", value=50, audience=("return",), starts_on=day("2026-11-01"),
            ends_on=day("2026-11-30"), plans=(plans["M1"], plans["M6"]), stackable=False, max_uses=200,
        ),
        factories.make_promotion(
            club, "PLUS14", name="Two weeks on us", kind="bonus_days", value=14, audience=("new", "renewal"),
            starts_on=day("2026-11-10"), ends_on=day("2026-11-24"), plans=year,
            phone_summary="Ask us about the November gift",
        ),
    ]  # fmt: skip
    manager = factories.make_user(club, "manager")
    return Shop(club, manager, plans, {row.code: row for row in rows})


def english(label: dict[str, object]) -> str:
    """The text of a sentence that was stored as JSON."""
    return str(Sentence.from_json(label))
