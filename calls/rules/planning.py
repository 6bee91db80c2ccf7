"""Whom to ring, and why (§5): for each kind whether its cause holds on a club day, since when, and its key.

Each ``…_call`` answers what is wanted on the day, or ``None``. The planner asks the contact policy afterwards
(all codes but ``kinds.DELAYS_ONLY``), makes what is not there yet by (kind, key), and lapses open tasks whose
key is wanted no more. *Due is always ≤*: a missed day changes nothing.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from calls.rules.facts import Held, Policy
from calls.rules.kinds import DELAYS_ONLY, RANK, Code, Kind
from calls.rules.policy import Block
from calls.rules.states import Lapse
from memberships.rules import local_time
from memberships.rules.attendance import Counts
from memberships.rules.sentences import N_, NN_, Sentence, ShortDay, sentence
from memberships.rules.terms import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A call that should be made: its cause came about on ``due_on``; ``key`` names the cause within its kind.

    ``due_at`` where the cause is an instant, else the task is due at the club's midnight of ``due_on``.
    ``reason`` stays true while the task waits. ``score``: of at_risk, for the queue. ``for_manager``: no task,
    it goes to the manager's list.
    """

    kind: Kind
    key: str
    due_on: dt.date
    reason: Sentence
    rung: int | None = None
    score: Decimal | None = None
    due_at: dt.datetime | None = None
    for_manager: bool = False

    def due_in(self, zone: zoneinfo.ZoneInfo) -> dt.datetime:
        """When the task is due, in a club of this zone."""
        return self.due_at or local_time.first_instant(self.due_on, zone)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last task of the kind that did not lapse; ``closed_on`` is ``None`` while it is open."""

    due_on: dt.date
    closed_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A cause of an at_risk call that holds; ``since`` its own day, ``None`` where it is the planned date."""

    reason: Sentence
    score: Decimal
    since: dt.date | None = None


def latest(held: Sequence[Held]) -> Held | None:
    """The member's latest membership by its last covered day: renewal and winback concern no other."""
    covering = [one for one in held if one.days]
    return max(covering, key=lambda one: one.last_covered_on, default=None)


def reached_rung(*, on: dt.date, starts_on: dt.date, effective_ends_on: dt.date, policy: Policy) -> int | None:
    """The last renewal rung reached on a day, to the end of the grace; ``None`` before the first and after.

    A rung above 0 counts only if it is at most half of the days from start to effective end, both counted.
    """
    left = (effective_ends_on - on).days
    days = (effective_ends_on - starts_on).days + 1
    if left < -policy.grace_days:
        return None
    reached = [rung for rung in policy.renewal_rungs if left <= rung and (rung <= 0 or 2 * rung <= days)]
    return min(reached, default=None)


def renewal_call(
    *,
    on: dt.date,
    membership: int,
    starts_on: dt.date,
    effective_ends_on: dt.date,
    policy: Policy,
    has_successor: bool = False,
    refused_for_good: bool = False,
    visits: Counts | None = None,
) -> Wanted | None:
    """The renewal call of the member's latest membership (never of a closed one).

    ``refused_for_good``: a refusal with a *final* reason. A new rung raises the one open task.
    """
    if has_successor or refused_for_good:
        return None
    rung = reached_rung(on=on, starts_on=starts_on, effective_ends_on=effective_ends_on, policy=policy)
    if rung is None:
        return None
    return Wanted(
        kind=Kind.RENEWAL,
        key=f"{membership}:{rung}:{effective_ends_on}",
        due_on=effective_ends_on - rung * DAY,
        reason=_renewal_reason(effective_ends_on, rung, visits),
        rung=rung,
    )


def welcome_call(*, on: dt.date, membership: int, starts_on: dt.date, sale_kind: str, policy: Policy) -> Wanted | None:
    """The welcome call of a new or return sale, from day 3 to day 7 after the start (day 0)."""
    due_on = starts_on + policy.welcome_from_day * DAY
    if sale_kind not in ("new", "return") or not due_on <= on <= starts_on + policy.welcome_to_day * DAY:
        return None
    text = N_("New member since %(day)s.") if sale_kind == "new" else N_("Back with us since %(day)s.")
    return Wanted(
        kind=Kind.WELCOME,
        key=str(membership),
        due_on=due_on,
        reason=sentence(text, day=ShortDay(starts_on)),
    )


def care_call(
    *,
    on: dt.date,
    member: int,
    effective_ends_on: dt.date,
    chain_starts_on: dt.date,
    policy: Policy,
    last_conversation_on: dt.date | None = None,
    last_meeting_on: dt.date | None = None,
    earlier: Earlier | None = None,
    has_successor: bool = False,
    at_risk: bool = False,
) -> Wanted | None:
    """*How is it going?* Of an active membership, 90 days after the last word; an open one is wanted on by its key.

    ``last_meeting_on``: attended; ``at_risk``: a cause of that kind holds.
    """
    if at_risk or has_successor or (effective_ends_on - on).days <= policy.care_days_left:
        return None
    words = (chain_starts_on, last_conversation_on, last_meeting_on)
    last_word = max(day for day in words if day is not None)
    apart = policy.care_days * DAY
    due_on = last_word + apart
    if due_on > on:
        return None
    if earlier is not None:
        due_on = max(due_on, earlier.closed_on + apart) if earlier.closed_on else earlier.due_on
    if due_on > on:
        return None
    return Wanted(
        kind=Kind.CARE,
        key=f"{member}:{due_on}",
        due_on=due_on,
        reason=sentence(N_("No conversation since %(day)s."), day=last_word),
    )


def absent(*, last_seen_on: dt.date, absent_days: int, came: bool = True) -> Risk:
    """Absent: nothing since ``last_seen_on``, the latest of last visit, start of the chain, end of a freeze.

    ``came``: it was a visit.
    """
    text = N_("Last visit on %(day)s.") if came else N_("No visit since %(day)s.")
    return Risk(sentence(text, day=ShortDay(last_seen_on)), Decimal(1), last_seen_on + absent_days * DAY)


def falling(visits: Counts) -> Risk:
    """Falling: at most half of the usual visits."""
    return Risk(sentence(N_("%(visits)s."), visits=_visits(visits)), visits.score)


def plan_half_kept(*, since: dt.date, visits: Counts) -> Risk:
    """The weekly visit plan was kept below half; ``since``: the day after the second such week."""
    text = N_("Less than half of the weekly plan kept in the two weeks before %(day)s.")
    return Risk(sentence(text, day=ShortDay(since)), visits.score, since)


def at_risk_call(
    *,
    on: dt.date,
    member: int,
    causes: Sequence[Risk],
    policy: Policy,
    earlier: Earlier | None = None,
    renewal_is_open: bool = False,
) -> Wanted | None:
    """The at_risk call of the first of the causes that is news since the earlier call.

    None while a renewal task is open, or within 30 days of an earlier one; an open one is wanted on by its key.
    """
    if renewal_is_open:
        return None
    is_open = earlier is not None and earlier.closed_on is None
    if earlier is not None and earlier.closed_on is not None:
        last = max(earlier.due_on, earlier.closed_on)
        if on - last < policy.at_risk_pause_days * DAY:
            return None
    for cause in causes:
        due_on = earlier.due_on if earlier is not None and is_open else cause.since or on
        if is_open or earlier is None or due_on > earlier.due_on:
            return Wanted(
                kind=Kind.AT_RISK,
                key=f"{member}:{due_on}",
                due_on=due_on,
                reason=cause.reason,
                score=cause.score,
            )
    return None


def winback_call(
    *,
    on: dt.date,
    membership: int,
    last_covered_on: dt.date,
    policy: Policy,
    offer_runs: bool,
    has_successor: bool = False,
    no_winback: bool = False,
    for_manager: bool = False,
) -> Wanted | None:
    """The win-back call of the member's latest membership (never of a closed one), 35, 90, 180 days after it.

    ``offer_runs``: a promotion of audience return runs, or a campaign holds the member; ``no_winback``: the
    reason they left is marked so; ``for_manager``: the reason is *staff*, or a complaint about a person is kept.
    """
    gone = (on - last_covered_on).days
    reached = [rung for rung in policy.winback_rungs if rung <= gone]
    if has_successor or no_winback or not offer_runs or not reached or gone > policy.winback_days:
        return None
    rung = max(reached)
    return Wanted(
        kind=Kind.WINBACK,
        key=f"{membership}:{rung}:{last_covered_on}",
        due_on=last_covered_on + rung * DAY,
        reason=sentence(N_("Last day with us was %(day)s."), day=last_covered_on),
        rung=rung,
        for_manager=for_manager,
    )


WHEN_GONE: dict[Kind, Lapse] = {
    Kind.CALLBACK: Lapse.SUPERSEDED,
    Kind.MISSED_CALL: Lapse.WINDOW_OVER,
    Kind.NO_SHOW: Lapse.SUPERSEDED,
    Kind.MEETING_REMINDER: Lapse.WINDOW_OVER,
    Kind.WELCOME: Lapse.WINDOW_OVER,
    Kind.RENEWAL: Lapse.WINDOW_OVER,
    Kind.ONBOARDING: Lapse.SUPERSEDED,
    Kind.FREEZE_ENDING: Lapse.WINDOW_OVER,
    Kind.COMPLAINT_FOLLOWUP: Lapse.SUPERSEDED,
    Kind.AT_RISK: Lapse.VISITED,
    Kind.CARE: Lapse.SUPERSEDED,
    Kind.BIRTHDAY: Lapse.WINDOW_OVER,
    Kind.WINBACK: Lapse.WINDOW_OVER,
}
"""Why an open task lapses when nothing wants its key any more and no block of the policy says it better."""


def hindering(found: Sequence[Block]) -> list[Block]:
    """The blocks that keep the planner from making a task; the others only delay it."""
    return [block for block in found if block.code not in DELAYS_ONLY]


def left_out_under(blocked: Mapping[Kind, Sequence[Block]]) -> Code | None:
    """Under which code a member for whom no task was made is counted: the first of the first blocked kind."""
    for kind in sorted(blocked, key=RANK.__getitem__):
        for block in hindering(blocked[kind]):
            return block.code
    return None


def _renewal_reason(effective_ends_on: dt.date, rung: int, visits: Counts | None) -> Sentence:
    day = ShortDay(effective_ends_on)
    if visits is None:
        text = N_("Membership ended on %(day)s.") if rung < 0 else N_("Membership ends on %(day)s.")
        return sentence(text, day=day)
    text = N_("Membership ended on %(day)s; %(visits)s.") if rung < 0 else N_("Membership ends on %(day)s; %(visits)s.")
    return sentence(text, day=day, visits=_visits(visits))


def _visits(visits: Counts) -> Sentence:
    """ "3 visits in four weeks, usually 9", without the second part where nothing is usual yet."""
    if not visits.before:
        forms = NN_("%(count)s visit in four weeks", "%(count)s visits in four weeks")
        return sentence(forms, count=visits.lately)
    forms = NN_(
        "%(count)s visit in four weeks, usually %(usual)s",
        "%(count)s visits in four weeks, usually %(usual)s",
    )
    usual = int(visits.usual.quantize(Decimal(1), ROUND_HALF_UP))
    return sentence(forms, count=visits.lately, usual=usual)
