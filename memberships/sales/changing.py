"""Another plan in the middle of a membership."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from memberships import events, histories, holding, quotes
from memberships.histories import History
from memberships.models import Membership, Plan, Quote, User
from memberships.rules import sales as rules
from memberships.rules.terms import DAY, Span
from memberships.sales import ending, selling
from memberships.sales.selling import IN_FULL, Payment


def change_plan(
    *,
    membership: Membership,
    plan: Plan,
    now: dt.datetime,
    by: User | None,
    on: dt.date | None = None,
    codes: Collection[str] = (),
    payment: Payment = IN_FULL,
    special_terms: str = "",
    override_reason: str | None = None,
    supervisor: bool = False,
) -> Membership:
    """Close a running membership on the day before ``on`` (None: today) and sell another plan from ``on``.

    The new one costs its quote as a renewal less the credit for the days left (``credit``), never below 0.
    ``supervisor``: may choose another day. Raises ``rules.AlreadyCancelled``, ``rules.AlreadyRenewed``,
    ``rules.ChangeDateRefused``, ``rules.Overlap`` and what ``quotes.make`` raises.
    """
    with holding.member(membership.member_id, now=now, by=by, terms=True) as held:
        history = histories.of(held.member)
        old = history.rows[membership.pk]
        on = on or held.moment.today
        case, credit = _case(held, history, old, on, supervisor)
        quote = quotes.priced(held, plan, case, codes=codes, override_reason=override_reason)
        quote.save()
        ending.close(held, old, on - DAY)
        new = selling.store(held, histories.of(held.member), quote, case, payment, special_terms, credit=credit.amount)
        for listener in events.changed:
            listener(old=old, new=new, moment=held.moment)
        return new


@dataclass(frozen=True)
class ChangeOffer:
    """What the change to a plan would cost: its quote (not stored), the credit of the old one, and the rest to pay."""

    quote: Quote
    credit: rules.Credit
    price: Decimal


def change_offers(
    *,
    membership: Membership,
    now: dt.datetime,
    by: User | None,
    on: dt.date | None = None,
    codes: Collection[str] = (),
    supervisor: bool = False,
) -> list[ChangeOffer]:
    """What the change to each plan on sale would cost, the cheapest first; nothing stored.

    A code that one plan's offer cannot use is left out there, not refused. Raises what ``change_plan`` raises about
    the day and the membership.
    """
    club = membership.club
    held = holding.Holding(membership.member, club, holding.policy_of(club), holding.moment_in(club, now, by))
    history = histories.of(held.member)
    old = history.rows[membership.pk]
    case, credit = _case(held, history, old, on or held.moment.today, supervisor)
    return sorted(
        (
            ChangeOffer(quote, credit, rules.price_after_credit(quote.final_price, credit.amount))
            for quote in quotes.for_each_plan(held, case, codes)
        ),
        key=lambda offer: (offer.price, offer.quote.plan.code),
    )


def _case(
    held: holding.Holding, history: History, old: Membership, on: dt.date, supervisor: bool
) -> tuple[quotes.Case, rules.Credit]:
    """How a change on the day is quoted, and what is left of the old one; raises what ``rules.check_change`` raises."""
    today = held.moment.today
    as_sold = history.sold_as(old)
    rules.check_change(history.sold, as_sold, on, today=today, may_choose_day=supervisor)
    case = quotes.Case(
        sold_on=today,
        starts_on=on,
        start_given=True,
        kind=rules.SaleKind.CHANGE,
        prior=as_sold,
        tenure_months=rules.tenure_months(history.sold, rules.SaleKind.CHANGE, as_sold, on),
        early_by=rules.renewed_early_days(as_sold, today),
    )
    return case, _credit(held, old, on)


def _credit(held: holding.Holding, old: Membership, on: dt.date) -> rules.Credit:
    freezes = [Span(freeze.starts_on, freeze.ends_on) for freeze in old.freezes.filter(voided=False)]
    value = old.price_paid + old.balance_due + old.credit
    days = Span(old.starts_on, old.effective_ends_on)
    return rules.change_credit(days, freezes, on, value, held.club.currency)
