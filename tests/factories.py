"""Makes the rows that tests begin with: fixed values, telephone numbers from ranges reserved for fiction."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from memberships import clubs
from memberships.models import Club, Employee, Freeze, Member, Membership, Plan, Promotion, PromotionUse, User, Visit
from memberships.rules import sales, terms
from tests import days

PASSWORD = "a-long-and-quiet-word"
PHONE = "+13195550107"


def phone(number: int) -> str:
    """A number of the fictitious range: ``phone(7)`` → ``+13195550107``; 0–99."""
    assert 0 <= number <= 99
    return f"+131955501{number:02d}"


def make_club(
    slug: str = "riverside",
    *,
    name: str = "",
    timezone: str = "America/Chicago",
    country: str = "US",
    region: str = "",
    currency: str = "USD",
    now: dt.datetime = days.NOW,
) -> Club:
    """A club with its policy and whatever the rooms keep per club."""
    return clubs.add_club(
        slug=slug, name=name or slug.title(), timezone=timezone, country=country, region=region,
        currency=currency, now=now,
    )  # fmt: skip


def make_employee(
    club: Club, role: str = "operator", username: str = "", *, name: str = "", password: str = PASSWORD
) -> Employee:
    """A colleague with a login named after the role unless named; without a role: a trainer without a login."""
    if not role:
        return Employee.objects.create(club=club, name=name or "Leon Weiss")
    username = username or role
    added = clubs.add_staff(
        username=username, role=role, club=club, name=name or username.title(), password=password or None
    )
    return added.employees[0]


def make_user(club: Club, role: str = "operator", username: str = "", *, password: str = PASSWORD) -> User:
    """The login of a new colleague."""
    user = make_employee(club, role, username, password=password).user
    assert user is not None
    return user


def make_plan(
    club: Club,
    code: str = "M12",
    *,
    term: str = "12m",
    price: Decimal | int | str = 360,
    freeze_days: int = 45,
    freeze_min_days: int = 7,
    freeze_max_count: int | None = 3,
    zones: tuple[str, ...] = ("gym",),
    **fields: object,
) -> Plan:
    """A plan on sale; again with the same code: the same plan."""
    length = terms.Term.parse(term)
    plan, _new = Plan.objects.get_or_create(
        club=club,
        code=code,
        defaults={
            "name": f"{length.count} {'months' if length.unit == 'm' else 'days'}",
            "term_count": length.count,
            "term_unit": length.unit,
            "price": Decimal(price),
            "freeze_days": freeze_days,
            "freeze_min_days": freeze_min_days,
            "freeze_max_count": freeze_max_count,
            "zones": list(zones),
            **fields,
        },
    )
    return plan


def make_promotion(
    club: Club,
    code: str = "EARLY10",
    *,
    kind: str = "percent",
    value: Decimal | int | str = 10,
    audience: tuple[str, ...] = ("new", "renewal", "return"),
    starts_on: dt.date = dt.date(2026, 1, 1),
    plans: tuple[Plan, ...] = (),
    stackable: bool = True,
    **fields: object,
) -> Promotion:
    """A promotion of the club in force for everybody unless told otherwise."""
    promotion = Promotion.objects.create(
        code=code, name=fields.pop("name", code), kind=kind, value=Decimal(value), audience=list(audience),
        starts_on=starts_on, stackable=stackable, **fields,
    )  # fmt: skip
    promotion.clubs.add(club)
    promotion.plans.set(plans)
    return promotion


def make_member(
    club: Club,
    *,
    last_name: str = "Scott",
    first_name: str = "Pamela",
    phone: str = PHONE,
    now: dt.datetime = days.NOW,
    **fields: object,
) -> Member:
    """A grown-up member who may be rung; ``phone=""`` for none."""
    return Member.objects.create(
        club=club, last_name=last_name, first_name=first_name, phone=phone, created_at=now, **fields
    )


def make_membership(
    member: Member,
    plan: Plan | None = None,
    *,
    starts_on: dt.date,
    sold_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    bonus_days: int = 0,
    cancelled_on: dt.date | None = None,
    closed_on: dt.date | None = None,
    price: Decimal | int | str | None = None,
    price_paid: Decimal | int | str | None = None,
    promotions: tuple[Promotion, ...] = (),
    **fields: object,
) -> Membership:
    """A sold membership (plan M12 unless given), its ends, kind and chain worked out by the rules from the history.

    It follows its prior when it starts the day after it and was sold by then. The member's last covered day moves.
    """
    plan = plan or make_plan(member.club)
    sold_on = sold_on or starts_on
    term = terms.Term(plan.term_count, plan.term_unit)
    last = ends_on or terms.ends_on(starts_on, term)
    effective = terms.effective_end(last, bonus_days, 0, closed_on)
    covered = terms.covered(terms.Period(starts_on, effective, cancelled_on))
    history = [_sold(row) for row in member.memberships.order_by("starts_on")]
    kind, prior = sales.sale_kind(history, starts_on, member.club.policy.grace_days)
    renewed_from = prior.id if prior is not None and kind is sales.SaleKind.RENEWAL else None
    agreed = plan.price if price is None else Decimal(price)
    paid = agreed if price_paid is None else Decimal(price_paid)
    given = {
        "sale_kind": kind,
        "renewed_from_id": renewed_from,
        "follows": sales.follows_prior(kind, prior, starts_on, start_given=False),
        "chain_starts_on": _chain_start(renewed_from, starts_on),
        "balance_due": max(agreed - paid, Decimal(0)),
        "external_id": None,
        "created_at": dt.datetime.combine(sold_on, dt.time(12), member.club.zone),
        **fields,
    }
    membership = Membership.objects.create(
        club=member.club, member=member, plan=plan, sold_on=sold_on, starts_on=starts_on, ends_on=last,
        ends_given=ends_on is not None, bonus_days=bonus_days, effective_ends_on=effective,
        last_covered_on=covered.last if covered else starts_on - days.DAY, cancelled_on=cancelled_on,
        closed_on=closed_on, term_count=plan.term_count, term_unit=plan.term_unit,
        freeze_allowance=plan.freeze_days, freeze_min_days=plan.freeze_min_days,
        freeze_max_count=plan.freeze_max_count, list_price=plan.price, price=agreed, price_paid=paid, **given,
    )  # fmt: skip
    PromotionUse.objects.bulk_create(PromotionUse(membership=membership, promotion=row) for row in promotions)
    if covered and (member.last_covered_on is None or covered.last > member.last_covered_on):
        member.last_covered_on = covered.last
        Member.objects.filter(pk=member.pk).update(last_covered_on=covered.last)
    return membership


def _sold(row: Membership) -> sales.Sold:
    return sales.Sold(
        id=row.pk,
        starts_on=row.starts_on,
        effective_ends_on=row.effective_ends_on,
        kind=sales.SaleKind(row.sale_kind),
        sold_on=row.sold_on,
        cancelled_on=row.cancelled_on,
        closed_on=row.closed_on,
        renewed_from=row.renewed_from_id,
    )


def _chain_start(renewed_from: int | None, starts_on: dt.date) -> dt.date:
    if renewed_from is None:
        return starts_on
    return Membership.objects.values_list("chain_starts_on", flat=True).get(pk=renewed_from)


def make_freeze(
    membership: Membership, starts_on: dt.date, ends_on: dt.date, *, now: dt.datetime = days.NOW, **fields: object
) -> Freeze:
    """A freeze as it lies in the table, with the membership's end moved by its days (nothing behind it moves)."""
    freeze = Freeze.objects.create(membership=membership, starts_on=starts_on, ends_on=ends_on, made_at=now, **fields)
    membership.frozen_days += freeze.days
    membership.effective_ends_on += dt.timedelta(days=freeze.days)
    membership.last_covered_on += dt.timedelta(days=freeze.days)
    membership.save(update_fields=["frozen_days", "effective_ends_on", "last_covered_on"])
    Member.objects.filter(pk=membership.member_id).update(last_covered_on=membership.last_covered_on)
    return freeze


def make_visit(member: Member, at: dt.datetime | str, zone: str = "gym") -> Visit:
    """One entry; a text is local to the club (``"2026-11-10T18:30"``)."""
    instant = days.at(at, member.club.zone) if isinstance(at, str) else at
    return Visit.objects.create(club=member.club, member=member, at=instant, zone=zone)


def make_visits(member: Member, last_on: dt.date, per_week: list[int], *, hour: int = 18, zone: str = "gym") -> int:
    """Visits week by week, oldest first; the last week ends on ``last_on``. Returns how many were stored."""
    rows = []
    for weeks_ago, count in enumerate(reversed(per_week)):
        for index in range(count):
            on = last_on - dt.timedelta(days=7 * weeks_ago + index % 7)
            at = dt.datetime.combine(on, dt.time(hour, index // 7), member.club.zone)
            rows.append(Visit(club=member.club, member=member, at=at, zone=zone))
    Visit.objects.bulk_create(rows)
    return len(rows)
