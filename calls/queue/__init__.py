"""The queue (§6): who is rung next, who holds what.

Claiming, in order:
1. A look (``LOOK``): in which time zones of the operator's clubs anything is ready, which version the clubs' policies
   are, and whether tasks are due to wake or leases to lapse; those are moved first. The process remembers it, and asks
   once a second, along with a claim, whether more has become ready or due.
2. Which zones are open now is worked out here, never in SQL.
3. One statement (``CLAIM``) makes sure that the policies are still those of the look, peeks at the head of each open
   zone's queue without locking, walks the heads best first, leases one row and answers it with what the policy has to
   know of that member. Where it finds nothing, the operator holds a task already, or the look was an old one, or
   nothing may be rung.
4. The policy is asked about that member. A blocked task leaves *ready* for the instant when it may come back and
   the next is claimed: nothing is filtered behind a LIMIT, and the head stays clean.
The law lies below in partial unique constraints: one lease per operator, one per phone number. Two tabs, or two
members of one household, that slip past each other meet there; the loser claims again.
"""

from __future__ import annotations

from calls.queue.claiming import YOUNG, Look, claim_of, look, next_task, parameters
from calls.queue.leases import (
    NotYours,
    NoWord,
    back_to_queue,
    extend,
    force_release,
    free,
    release,
    sweep,
)

__all__ = [
    "YOUNG",
    "Look",
    "NoWord",
    "NotYours",
    "back_to_queue",
    "claim_of",
    "extend",
    "force_release",
    "free",
    "look",
    "next_task",
    "parameters",
    "release",
    "sweep",
]
