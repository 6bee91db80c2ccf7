"""What is paid of a balance later."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from memberships import holding
from memberships.models import Membership, User
from memberships.rules import money
from memberships.rules.sentences import N_, sentence
from memberships.sales.selling import PaidRefused


def record_payment(*, membership: Membership, amount: Decimal, now: dt.datetime, by: User | None) -> Membership:
    """Note that so much of the balance was paid; the balance falls by it. Raises ``PaidRefused``."""
    with holding.member(membership.member_id, now=now, by=by) as held:
        row = Membership.objects.get(pk=membership.pk)
        if amount <= 0 or amount > row.balance_due or amount != money.round_half_up(amount, held.club.currency):
            raise PaidRefused(
                sentence(
                    N_("Enter an amount above 0 and at most what is due (%(due)s)."),
                    due=money.amount_text(row.balance_due, held.club.currency),
                ),
                fields={"amount": [sentence(N_("This is not an amount that is due."))]},
            )
        row.price_paid += amount
        row.balance_due -= amount
        if not row.balance_due:
            row.balance_due_on = None
        row.save(update_fields=["price_paid", "balance_due", "balance_due_on"])
        return row
