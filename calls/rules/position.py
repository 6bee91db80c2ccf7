"""One number by which the queue is ordered (§6): the lower, the sooner."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from calls.rules.kinds import RANK, Kind

# From the highest bit down: 4 bits kind; then for renewals 22 bits last day, 2 bits segment, 35 bits price turned
# round, for at_risk 20 bits score turned round. 63 bits: it fits a signed 64-bit column and is never negative.
KIND_SHIFT = 59
END_SHIFT = 37
SEGMENT_SHIFT = 35
HIGHEST_PRICE = 2**SEGMENT_SHIFT - 1
SCORE_STEPS = 10**6

SEGMENT_RANK = {"gold": 0, "silver": 1, "copper": 2}


def sort_key(
    kind: Kind,
    *,
    effective_ends_on: dt.date | None = None,
    segment: str = "",
    price: Decimal | None = None,
    score: Decimal | float | None = None,
) -> int:
    """The place of a task in the queue; ties are broken by ``due_at``, then ``id``.

    By kind; among renewals by the last day (fewer days left first), the better segment, the higher agreed
    price; among at_risk by the higher score (1 − visits in 28 days ÷ usual; absent: 1), held between 0 and 1.
    """
    key = RANK[kind] << KIND_SHIFT
    if kind is Kind.RENEWAL:
        end = (effective_ends_on or dt.date.max).toordinal()
        rank = SEGMENT_RANK.get(segment, len(SEGMENT_RANK))
        thousandths = min(int((price or Decimal(0)) * 1000), HIGHEST_PRICE)
        key |= end << END_SHIFT | rank << SEGMENT_SHIFT | HIGHEST_PRICE - thousandths
    elif kind is Kind.AT_RISK:
        key |= SCORE_STEPS - round(min(max(score or 0, 0), 1) * SCORE_STEPS)
    return key
