"""The demo clubs and those who work in them, with the logins that ``make run`` prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from calls.models import RefusalReason
from config.demo import offers, story, words
from memberships import clubs
from memberships.models import Club, Employee, Plan, Promotion, User

PASSWORD = "ringback-demo"


@dataclass(frozen=True)
class Login:
    username: str
    name: str
    role: str


@dataclass(frozen=True)
class DemoClub:
    """A club to be made. ``share``: of the members that are asked for; the first external id is ``first_number``."""

    slug: str
    name: str
    region: str
    staff: Sequence[Login]
    trainers: Sequence[str]
    phones: Sequence[str]
    share: float
    seed: int
    first_number: int


LOGINS = (
    Login("nadia", "Nadia Berg", "operator"),
    Login("anna", "Anna Keller", "administrator"),
    Login("karin", "Karin Lang", "manager"),
    Login("viktor", "Viktor Stern", "owner"),
)
RIVERSIDE = DemoClub(
    slug="riverside",
    name="Riverside",
    region="BE",
    staff=(
        *LOGINS,
        Login("olga", "Olga Maier", "operator"),
        Login("dmitri", "Dmitri Falk", "operator"),
        Login("pavel", "Pavel Roth", "administrator"),
    ),
    trainers=("Leon Weiss", "Mia Brandt"),
    phones=(story.FICTION_RANGES[0], story.FICTION_RANGES[1], story.FICTION_RANGES[4]),
    share=1.0,
    seed=2027,
    first_number=20_000,
)
HARBOUR = DemoClub(
    slug="harbour",
    name="The Harbour",  # the first by name is where one begins
    region="HH",
    staff=(
        Login("viktor", "Viktor Stern", "owner"),
        Login("karin", "Karin Lang", "administrator"),
        Login("ines", "Ines Holm", "manager"),
        Login("olga", "Olga Maier", "operator"),
    ),
    trainers=("Hauke Petersen",),
    phones=(story.FICTION_RANGES[2], story.FICTION_RANGES[3]),
    share=0.08,
    seed=2028,
    first_number=50_000,
)
CLUBS = (RIVERSIDE, HARBOUR)


def make_club(demo: DemoClub, *, now: dt.datetime) -> Club:
    """The club itself with plans, promotions and staff, nobody in it yet."""
    club = clubs.add_club(
        slug=demo.slug,
        name=demo.name,
        timezone="Europe/Berlin",
        country="DE",
        region=demo.region,
        currency="EUR",
        now=now,
    )
    plans = Plan.objects.bulk_create(
        Plan(
            club=club, code=code, name=title, term_count=count, term_unit=unit, price=Decimal(price),
            freeze_days=days, freeze_min_days=least, freeze_max_count=most, zones=zones,
        )
        for code, title, count, unit, price, days, least, most, zones in words.PLANS
    )  # fmt: skip
    for offer in offers.offers(now.astimezone(club.zone).date()):
        promotion = _promotion(offer)
        promotion.save()
        promotion.clubs.add(club)
        promotion.plans.set([plan for plan in plans if plan.code in offer.rule.plans])
    for login in demo.staff:
        clubs.add_staff(username=login.username, name=login.name, role=login.role, club=club, password=PASSWORD)
    Employee.objects.bulk_create(Employee(club=club, name=name) for name in demo.trainers)
    return club


def _promotion(offer: offers.Offer) -> Promotion:
    rule = offer.rule
    return Promotion(
        code=rule.code,
        name=rule.name,
        kind=rule.kind.value,
        value=rule.value,
        audience=sorted(kind.value for kind in rule.audience),
        starts_on=rule.starts_on,
        ends_on=rule.ends_on,
        min_tenure_months=rule.min_tenure_months,
        early_days=rule.early_days,
        max_uses=rule.max_uses,
        stackable=rule.stackable,
        needs_code=rule.needs_code,
        phone_summary=offer.phone_summary,
        details=offer.details,
    )


class Team:
    """Who works in a club, in a steady order."""

    def __init__(self, club: Club) -> None:
        administrators = Employee.objects.filter(club=club, is_host=True, role="administrator")
        self.hosts = list(administrators.select_related("user").order_by("pk"))
        self.operators = list(User.objects.filter(employees__club=club, employees__role="operator").order_by("pk"))
        self.manager = Employee.objects.filter(club=club, role="manager").order_by("pk").first()
        self.reasons = {reason.code: reason for reason in RefusalReason.objects.filter(club=club)}

    def clerk(self, number: int) -> User | None:
        """The login of one of the administrators."""
        return self.hosts[number % len(self.hosts)].user
