"""Selling memberships: new ones, renewals and returns, by an offer or on the spot.

How a sale goes, in one transaction: 1. the member is locked and their memberships are read again; 2. kind, start
and price come from the quote (one is made where codes were named instead); 3. each promotion's use is counted by
one conditional update; 4. the membership lies behind what is there, frozen where the club is closed; 5. who
listens is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import F, Q

from memberships import events, histories, holding, quotes
from memberships.histories import History
from memberships.models import Member, Membership, Plan, Promotion, PromotionUse, Quote, User
from memberships.rules import amounts, chains, money, pricing, terms
from memberships.rules import sales as rules
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, sentence
from memberships.rules.terms import Span


class QuoteUsed(Conflict):
    """The quote was sold."""

    code = "quote_used"
    field = "quote"


class QuoteExpired(Conflict):
    """The quote's last day lies before the sale."""

    code = "quote_expired"
    field = "quote"


holding.violations["memberships_membership_quote_id_key"] = lambda: QuoteUsed(sentence(N_("This offer was sold.")))
holding.violations["membership_no_shared_day"] = lambda: rules.Overlap(
    sentence(N_("Another membership covers some of these days."))
)
holding.violations["promotion_uses_in_limit"] = lambda: pricing.UsedUp(sentence(N_("The promotion is used up.")))


class PaidRefused(Invalid):
    """The amount paid is negative, more than what is due, or finer than the currency."""

    field = "price_paid"


class AmountInText(Invalid):
    """Special terms are read on the phone: they name no amount."""

    field = "special_terms"


class Deceased(Conflict):
    """Nothing is sold to a member marked as deceased."""

    code = "invalid"
    field = "member"


class BalanceDateRefused(Invalid):
    """The balance would be due before the sale."""

    field = "balance_due_on"


@dataclass(frozen=True)
class Payment:
    """How a sale is paid. ``paid`` None: in full; the rest is the balance, due on ``balance_due_on``."""

    paid: Decimal | None = None
    balance_due_on: dt.date | None = None


IN_FULL = Payment()


def sell(
    *,
    member: Member,
    plan: Plan,
    now: dt.datetime,
    by: User | None,
    sold_on: dt.date | None = None,
    starts_on: dt.date | None = None,
    codes: Collection[str] = (),
    payment: Payment = IN_FULL,
    special_terms: str = "",
    override_reason: str | None = None,
    supervisor: bool = False,
) -> Membership:
    """Sell a plan to a member (new, renewal or return) at the price of a quote made for it on the spot.

    Parameters and refusals as ``quotes.make``; also raises ``pricing.UsedUp``, ``PaidRefused``,
    ``BalanceDateRefused``, ``AmountInText``.
    """
    with holding.member(member.pk, now=now, by=by, terms=True) as held:
        history = histories.of(held.member)
        case = quotes.case_of(held, history, sold_on=sold_on, starts_on=starts_on, supervisor=supervisor)
        quote = quotes.priced(held, plan, case, codes=codes, override_reason=override_reason)
        quote.save()
        return store(held, history, quote, case, payment, special_terms)


def sell_quote(
    *,
    quote: Quote,
    now: dt.datetime,
    by: User | None,
    sold_on: dt.date | None = None,
    payment: Payment = IN_FULL,
    special_terms: str = "",
    supervisor: bool = False,
) -> Membership:
    """Sell an offer once, at its price, lines, kind and given start, whatever was edited since.

    ``sold_on`` None: today, or the quote's own sale date where a manager made it for an earlier one (it is valid on
    that date for who may enter one, else it must be valid today). Raises
    ``QuoteUsed``, ``QuoteExpired``, ``pricing.UsedUp``, ``rules.SaleDateRefused``, ``rules.Overlap``,
    ``PaidRefused``, ``BalanceDateRefused``, ``AmountInText``.
    """
    with holding.member(quote.member_id, now=now, by=by, terms=True) as held:
        quote = Quote.objects.select_for_update(of=("self",)).select_related("plan").get(pk=quote.pk)
        _refuse_used(quote)
        made_on = quote.made_at.astimezone(held.club.zone).date()
        asked_on = sold_on or held.moment.today
        if sold_on is None:
            sold_on = min(quote.sold_on, asked_on) if quote.sold_on < made_on else asked_on
            asked_on = sold_on if supervisor else asked_on
        rules.check_sale_date(asked_on, held.moment.today, may_enter_past=supervisor)
        if asked_on > quote.valid_until:
            raise QuoteExpired(sentence(N_("This offer was valid until %(day)s."), day=quote.valid_until))
        if quote.start_given and quote.starts_on < sold_on:
            raise QuoteExpired(
                sentence(N_("The start in this offer, %(day)s, lies before the sale."), day=quote.starts_on)
            )
        history = histories.of(held.member)
        starts_on = quote.starts_on if quote.start_given else rules.default_start(history.sold, sold_on)
        _, prior = rules.sale_kind(history.sold, starts_on, held.policy.grace_days)
        kind = rules.SaleKind(quote.sale_kind)
        case = quotes.Case(sold_on, starts_on, quote.start_given, kind, prior, 0, None)
        return store(held, history, quote, case, payment, special_terms)


# ---- inside a sale ---------------------------------------------------------------------------------------


def store(
    held: holding.Holding,
    history: History,
    quote: Quote,
    case: quotes.Case,
    payment: Payment,
    special_terms: str,
    *,
    credit: Decimal = Decimal(0),
) -> Membership:
    """Store the membership of a quote and all that hangs on it; the member is held."""
    if held.member.deceased_on is not None:
        raise Deceased(sentence(N_("This member is marked as deceased.")))
    if amounts.contains_amount(special_terms):
        raise AmountInText(sentence(N_("Special terms are read on the phone and may not name an amount.")))
    currency = held.club.currency
    price = rules.price_after_credit(money.round_half_up(quote.final_price, currency), credit)
    paid, due = _paid_and_due(payment, price, case.sold_on, currency)
    term = terms.Term(quote.term_count, quote.term_unit)
    ends_on = terms.ends_on(case.starts_on, term)
    linked = case.prior if case.kind in (rules.SaleKind.RENEWAL, rules.SaleKind.CHANGE) else None
    follows = rules.follows_prior(case.kind, case.prior, case.starts_on, start_given=case.start_given)
    row = Membership(
        club=held.club,
        member=held.member,
        plan=quote.plan,
        sale_kind=case.kind.value,
        sold_on=case.sold_on,
        starts_on=case.starts_on,
        ends_on=ends_on,
        bonus_days=quote.bonus_days,
        effective_ends_on=terms.effective_end(ends_on, quote.bonus_days),
        last_covered_on=terms.effective_end(ends_on, quote.bonus_days),
        renewed_from_id=linked.id if linked else None,
        follows=follows,
        given_starts_on=None if follows else case.starts_on,
        chain_starts_on=rules.chain_start(history.sold, linked) if linked else case.starts_on,
        term_count=term.count,
        term_unit=term.unit,
        freeze_allowance=quote.plan.freeze_days,
        freeze_min_days=quote.plan.freeze_min_days,
        freeze_max_count=quote.plan.freeze_max_count,
        special_terms=special_terms.strip(),
        list_price=quote.list_price,
        price=price,
        credit=credit,
        price_paid=paid,
        balance_due=due,
        balance_due_on=payment.balance_due_on if due else None,
        quote=quote,
        sold_by=held.moment.by,
        created_at=held.moment.now,
    )
    placement = _placed(history, row)
    _count_uses(quote)
    row.save()
    uses = [PromotionUse(membership=row, promotion_id=promotion_id) for promotion_id in _promotion_ids(quote)]
    PromotionUse.objects.bulk_create(uses)
    histories.place(row, placement, held.moment)
    histories.refresh_members([held.member.pk])
    if case.kind is not rules.SaleKind.CHANGE:
        for listener in events.sold:
            listener(membership=row, moment=held.moment)
    return row


def _placed(history: History, row: Membership) -> chains.Placement:
    """Where a new membership lies, frozen by the closures that stand; raises ``rules.Overlap``."""
    closures = histories.standing_closures(row.club_id)
    placement = chains.place(replace(histories.held(row, [], []), closures=closures))
    rules.check_no_overlap(history.sold, Span(placement.starts_on, placement.effective_ends_on))
    return placement


def _refuse_used(quote: Quote) -> None:
    for sold_on in Membership.objects.filter(quote=quote).values_list("sold_on", flat=True):
        raise QuoteUsed(sentence(N_("This offer was sold on %(day)s."), day=sold_on))


def _paid_and_due(payment: Payment, price: Decimal, sold_on: dt.date, currency: str) -> tuple[Decimal, Decimal]:
    paid = price if payment.paid is None else payment.paid
    if not 0 <= paid <= price:
        raise PaidRefused(
            sentence(N_("Paid is between 0 and the price of %(price)s."), price=money.amount_text(price, currency))
        )
    if paid != money.round_half_up(paid, currency):
        raise PaidRefused(sentence(N_("%(currency)s has no such small amounts."), currency=currency))
    due = price - paid
    if due and payment.balance_due_on is not None and payment.balance_due_on < sold_on:
        raise BalanceDateRefused(sentence(N_("The balance cannot be due before the sale.")))
    return paid, due


def _promotion_ids(quote: Quote) -> list[int]:
    return sorted({line["promotion_id"] for line in quote.lines if line["promotion_id"]})


def _count_uses(quote: Quote) -> None:
    """Take one use of each promotion of the quote; raises ``pricing.UsedUp``.

    The update waits for another sale that takes the same promotion, then asks its condition again: of two sales of
    the last use one finds no row. In order of id, so that two sales never wait for each other.
    """
    left = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    for promotion_id in _promotion_ids(quote):
        if not Promotion.objects.filter(left, pk=promotion_id).update(uses=F("uses") + 1):
            code = Promotion.objects.values_list("code", flat=True).get(pk=promotion_id)
            raise pricing.UsedUp(sentence(N_("The promotion %(code)s is used up."), code=code))
