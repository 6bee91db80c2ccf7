"""Quotes: what a member would pay for a plan today, and the offer sheet that sells once (PRODUCT.md §3.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from memberships import histories, holding
from memberships.histories import History
from memberships.models import Club, ClubPolicy, Member, Plan, Promotion, Quote, User
from memberships.rules import money, pricing, promotions, sales, terms
from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence
from memberships.rules.terms import Span


class PlanNotForSale(Invalid):
    """The plan is not sold in the member's club, or no longer."""

    field = "plan"


class LimitReasonRequired(Invalid):
    """A manager lifts the club limit without saying why."""

    code = "reason_required"
    field = "override_reason"


@dataclass(frozen=True)
class Case:
    """What decides an offer besides the plan: sale date, start, kind, prior, and what counts for promotions."""

    sold_on: dt.date
    starts_on: dt.date
    start_given: bool
    kind: sales.SaleKind
    prior: sales.Sold | None
    tenure_months: int
    early_by: int | None


def make(
    *,
    member: Member,
    plan: Plan,
    now: dt.datetime,
    by: User | None,
    sold_on: dt.date | None = None,
    starts_on: dt.date | None = None,
    codes: Collection[str] = (),
    override_reason: str | None = None,
    supervisor: bool = False,
) -> Quote:
    """Make and store the offer of a plan to a member: a snapshot that ``sales.sell_quote`` sells once.

    ``sold_on``: the sale date, today when None; an earlier one only with ``supervisor`` (the caller's right to go
    beyond the limits). ``starts_on`` None: the default start. ``override_reason`` (not None): no club limit.
    Raises ``PlanNotForSale``, ``sales.SaleDateRefused``, ``sales.StartRefused``, ``sales.Overlap``,
    ``pricing.CodeNotApplicable``, ``pricing.UsedUp``, ``LimitReasonRequired``.
    """
    with holding.member(member.pk, now=now, by=by) as held:
        history = histories.of(held.member)
        case = case_of(held, history, sold_on=sold_on, starts_on=starts_on, supervisor=supervisor)
        quote = priced(held, plan, case, codes=codes, override_reason=override_reason)
        sales.check_no_overlap(history.sold, Span(case.starts_on, terms.effective_end(quote.ends_on, quote.bonus_days)))
        quote.save()
        return quote


def offers(
    *,
    member: Member,
    now: dt.datetime,
    codes: Collection[str] = (),
    by: User | None = None,
) -> list[Quote]:
    """What this member would pay today for each plan on sale, largest saving first, then by plan code; not stored.

    A code that one plan's offer cannot use is left out there, not refused.
    """
    club = Club.objects.get(members=member.pk)
    held = holding.Holding(member, club, holding.policy_of(club), holding.moment_in(club, now, by))
    made = for_each_plan(held, case_of(held, histories.of(member)), codes)
    return sorted(made, key=lambda quote: (quote.final_price - quote.list_price, quote.plan.code))


def for_each_plan(held: holding.Holding, case: Case, codes: Collection[str] = ()) -> list[Quote]:
    """The quotes of all plans on sale in a case, by code, not stored; each with the codes that it can use."""
    known = promotions_of(held.club)
    made = []
    for plan in Plan.objects.filter(club=held.club, active=True).order_by("code"):
        plan.club = held.club
        sale = _sale(held, plan, case)
        usable = [code for code in codes if _usable(known, sale, code)]
        made.append(priced(held, plan, case, codes=usable, known=known))
    return made


def phone_promotions(*, member: Member, now: dt.datetime, kind: sales.SaleKind, plan: Plan) -> list[Promotion]:
    """The promotions that a sale of this kind and plan would get today without a code, by last day then code.

    For the call card, which shows their phone summary and last day only (PRODUCT.md §8). None where the plan is not
    for sale in the member's club, or no longer.
    """
    club = member.club
    for_sale = plan.active and plan.club_id == club.pk
    known = promotions_of(club) if for_sale else []
    if not known:
        return []
    held = holding.Holding(member, club, holding.policy_of(club), holding.moment_in(club, now, None))
    history = histories.sold_to(member)
    starts_on = sales.default_start(history, held.moment.today)
    _, prior = sales.sale_kind(history, starts_on, held.policy.grace_days)
    case = Case(
        held.moment.today,
        starts_on,
        False,
        kind,
        prior,
        sales.tenure_months(history, kind, prior, starts_on),
        sales.renewed_early_days(prior, held.moment.today),
    )
    quote = priced(held, plan, case, known=known)
    ids = {line["promotion_id"] for line in quote.lines}
    won = [promotion for promotion, _rule in known if promotion.pk in ids]
    return sorted(won, key=lambda promotion: (promotion.ends_on or dt.date.max, promotion.code))


def case_of(
    held: holding.Holding,
    history: History,
    *,
    sold_on: dt.date | None = None,
    starts_on: dt.date | None = None,
    supervisor: bool = False,
) -> Case:
    """When a sale to the member starts and what it is; raises ``sales.SaleDateRefused``, ``sales.StartRefused``."""
    sold_on = sold_on or held.moment.today
    sales.check_sale_date(sold_on, held.moment.today, may_enter_past=supervisor)
    given = starts_on is not None
    if starts_on is None:
        starts_on = sales.default_start(history.sold, sold_on)
    else:
        sales.check_given_start(starts_on, sold_on, held.policy.max_start_ahead_days)
    kind, prior = sales.sale_kind(history.sold, starts_on, held.policy.grace_days)
    tenure = sales.tenure_months(history.sold, kind, prior, starts_on)
    return Case(sold_on, starts_on, given, kind, prior, tenure, sales.renewed_early_days(prior, sold_on))


def priced(
    held: holding.Holding,
    plan: Plan,
    case: Case,
    *,
    codes: Collection[str] = (),
    override_reason: str | None = None,
    known: Sequence[tuple[Promotion, promotions.Promotion]] | None = None,
) -> Quote:
    """The quote of a plan in a case, not stored. ``known``: the club's promotions, when read already."""
    if plan.club_id != held.club.pk or not plan.active:
        raise PlanNotForSale(sentence(N_("This plan is not for sale.")))
    if override_reason is not None and not override_reason.strip():
        raise LimitReasonRequired(sentence(N_("Say why the price may go below the club's limit.")))
    known = promotions_of(held.club) if known is None else known
    rules = [rule for _, rule in known]
    sale = _sale(held, plan, case)
    limit = Decimal(held.policy.price_floor_percent)
    made = pricing.quote(
        sale,
        rules,
        codes,
        limit_percent=limit if override_reason is None else None,
        valid_days=held.policy.quote_valid_days,
    )
    ids = {rule.code: promotion.pk for promotion, rule in known}
    return Quote(
        club=held.club,
        member=held.member,
        plan=plan,
        sale_kind=case.kind.value,
        prior_id=case.prior.id if case.prior else None,
        sold_on=case.sold_on,
        list_price=made.list_price,
        lines=[
            {
                "kind": str(line.kind),
                "promotion": line.promotion,
                "promotion_id": ids[line.promotion] if line.promotion else None,
                "label": line.label.to_json(),
                "amount": str(line.amount),
                "days": line.days,
            }
            for line in made.lines
        ],
        final_price=made.final_price,
        bonus_days=made.bonus_days,
        starts_on=case.starts_on,
        start_given=case.start_given,
        term_count=plan.term_count,
        term_unit=plan.term_unit,
        ends_on=terms.ends_on(case.starts_on, terms.Term(plan.term_count, plan.term_unit)),
        valid_until=made.valid_until,
        newcomer_price=pricing.newcomer_price(sale, rules, limit_percent=limit),
        not_used=[{"code": other.code, "why": other.why.to_json()} for other in made.not_used],
        codes=list(codes),
        override_reason=(override_reason or "").strip(),
        made_at=held.moment.now,
        made_by=held.moment.by,
    )


def dearer_than_newcomer(quote: Quote) -> bool:
    """Whether a renewal costs more than a newcomer would pay: the manager is warned."""
    return quote.sale_kind == sales.SaleKind.RENEWAL and quote.final_price > quote.newcomer_price


def floor_of(policy: ClubPolicy, plan: Plan, currency: str) -> Decimal:
    """The lowest price that the club limit allows for a plan."""
    return money.round_half_up(plan.price * policy.floor_share, currency)


def promotions_of(club: Club) -> list[tuple[Promotion, promotions.Promotion]]:
    """The club's promotions, each with what the rules of pricing take."""
    rows = Promotion.objects.filter(clubs=club).prefetch_related("plans").order_by("pk")
    return [(row, rule_of(row)) for row in rows]


def rule_of(row: Promotion) -> promotions.Promotion:
    """A promotion as the rules take it; its club was asked for already, plans are named by id."""
    return promotions.Promotion(
        code=row.code,
        name=row.name,
        kind=promotions.PromotionKind(row.kind),
        value=row.value,
        audience=frozenset(sales.SaleKind(kind) for kind in row.audience),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        gift=row.gift,
        plans=frozenset(str(plan.pk) for plan in row.plans.all()),
        segments=frozenset(row.segments),
        min_tenure_months=row.min_tenure_months,
        early_days=row.early_days,
        max_uses=row.max_uses,
        uses=row.uses,
        stackable=row.stackable,
        needs_code=row.needs_code,
    )


def _sale(held: holding.Holding, plan: Plan, case: Case) -> promotions.Sale:
    return promotions.Sale(
        kind=case.kind,
        sold_on=case.sold_on,
        made_on=held.moment.today,
        club=held.club.slug,
        plan=str(plan.pk),
        list_price=plan.price,
        currency=held.club.currency,
        segment=held.member.segment,
        tenure_months=case.tenure_months,
        early_by=case.early_by,
    )


def _usable(known: Sequence[tuple[Promotion, promotions.Promotion]], sale: promotions.Sale, code: str) -> bool:
    return any(
        pricing.folded(rule.code) == pricing.folded(code) and pricing.applies(rule, sale, [code]) for _, rule in known
    )
