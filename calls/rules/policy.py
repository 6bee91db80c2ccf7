"""May we ring this member now? The contact policy (§4): one function, every blocking reason in order."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from calls.rules import hours, wording
from calls.rules.facts import Attempt, Facts, Held, MeetingAhead, Policy, Refusal
from calls.rules.kinds import ASKED_FOR, Code, Kind, Purpose
from calls.rules.states import LAPSES_BY, Lapse, TaskState
from memberships.rules import local_time
from memberships.rules.sentences import Sentence
from memberships.rules.terms import DAY, Span

__all__ = ["Attempt", "Block", "Facts", "Held", "MeetingAhead", "Policy", "Refusal", "blocks"]

CAP_WINDOWS = (dt.timedelta(days=7), dt.timedelta(days=30))


@dataclass(frozen=True, slots=True)
class Block:
    """One reason not to ring now. ``until``: the instant it lapses, ``None`` if no time makes it go."""

    code: Code
    sentence: Sentence
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question: what the answer to each code is worked out from. ``today``: the club's day."""

    facts: Facts
    policy: Policy
    kind: Kind
    at: dt.datetime
    today: dt.date
    about: Held | None
    promised_at: dt.datetime | None

    def so_far(self, events: Iterable[Attempt | Refusal]) -> list[dt.datetime]:
        """When the events happened that had happened by then, in order; in UTC, where adding is elapsed time."""
        return sorted(one.at.astimezone(dt.UTC) for one in events if one.at <= self.at)

    def midnight(self, day: dt.date) -> dt.datetime:
        """The club's midnight that begins a day."""
        return local_time.first_instant(day, self.policy.zone)

    def when(self, until: dt.datetime) -> Sentence:
        """A later instant in words, as the club's clock shows it."""
        return wording.moment(until.astimezone(self.policy.zone), self.today)


def blocks(
    facts: Facts,
    policy: Policy,
    kind: Kind,
    *,
    at: dt.datetime,
    membership: int | None = None,
    promised_at: dt.datetime | None = None,
) -> list[Block]:
    """Every reason why the member may not be rung at ``at`` for such a call, in the order of §4; none: ring.

    ``membership``: the one the task is about; without it the current one, else the latest that ended (for
    winback the latest that ended). ``promised_at``: of a callback. For an ``at`` in the past attempts,
    conversations and refusals after it are left out. The origin of a call changes nothing here.
    """
    at = at.astimezone(dt.UTC)
    today = at.astimezone(policy.zone).date()
    about = membership_about(facts.memberships, kind, today, membership)
    asked = _Asked(facts, policy, kind, at, today, about, promised_at)
    return [block for check in _checks(kind) if (block := check(asked))]


def latest_until(found: Iterable[Block]) -> dt.datetime | None:
    """When a task that these block may be looked at again: the latest ``until``; ``None``: ask nightly."""
    instants = [block.until for block in found]
    known = [until for until in instants if until is not None]
    return max(known) if known and len(known) == len(instants) else None


def standing(found: Sequence[Block]) -> tuple[TaskState, dt.datetime | None, Lapse | None]:
    """What these blocks make of an open task: its state, when it comes back (waiting), why it lapsed.

    ``ready`` without blocks; ``lapsed`` by the first block of ``states.LAPSES_BY``; else ``waiting`` until the
    latest ``until`` (``None``: asked again nightly).
    """
    if not found:
        return TaskState.READY, None, None
    for block in found:
        if block.code in LAPSES_BY:
            return TaskState.LAPSED, None, LAPSES_BY[block.code]
    return TaskState.WAITING, latest_until(found), None


def membership_about(held: Sequence[Held], kind: Kind, day: dt.date, membership: int | None = None) -> Held | None:
    """The membership that a call of this kind is about on a club day: the task's, or the one §4 names."""
    if membership is not None:
        return next((one for one in held if one.id == membership), None)
    covering = [one for one in held if one.days]
    if kind is not Kind.WINBACK:
        for one in covering:
            if day in Span(one.starts_on, one.last_covered_on):
                return one
    ended = [one for one in covering if one.last_covered_on < day]
    return max(ended, key=lambda one: one.last_covered_on, default=None)


def successor(held: Sequence[Held], of: Held) -> Held | None:
    """The next later membership of the member that has no cancellation date, of whatever kind of sale."""
    later = [one for one in held if one.starts_on > of.starts_on and one.cancelled_on is None]
    return min(later, key=lambda one: one.starts_on, default=None)


def _deceased(asked: _Asked) -> Block | None:
    return Block(Code.DECEASED, wording.deceased()) if asked.facts.deceased else None


def _do_not_call(asked: _Asked) -> Block | None:
    since = asked.facts.do_not_call_since
    if since is None:
        return None
    return Block(Code.DO_NOT_CALL, wording.do_not_call(since.astimezone(asked.policy.zone).date()))


def _no_phone(asked: _Asked) -> Block | None:
    return None if asked.facts.phone else Block(Code.NO_PHONE, wording.no_phone())


def _bad_phone(asked: _Asked) -> Block | None:
    facts = asked.facts
    marked, changed = facts.phone_bad_since, facts.phone_changed_at
    if not facts.phone:
        return None
    if marked is not None and (changed is None or changed <= marked):
        return Block(Code.BAD_PHONE, wording.marked_wrong(marked.astimezone(asked.policy.zone).date()))
    return Block(Code.BAD_PHONE, wording.premium_number()) if facts.phone_is_premium else None


def _no_consent(asked: _Asked) -> Block | None:
    if asked.facts.consent_calls is False:
        return Block(Code.NO_CONSENT, wording.consent_refused())
    scope = asked.policy.consent_scope
    needed = scope == "all" or (scope == "winback" and asked.kind is Kind.WINBACK)
    missing = needed and asked.facts.consent_calls is None
    return Block(Code.NO_CONSENT, wording.consent_missing()) if missing else None


def _already_renewed(asked: _Asked) -> Block | None:
    following = successor(asked.facts.memberships, asked.about) if asked.about else None
    return Block(Code.ALREADY_RENEWED, wording.already_renewed(following.starts_on)) if following else None


def _cancelled(asked: _Asked) -> Block | None:
    if asked.about is None or asked.about.cancelled_on is None:
        return None
    return Block(Code.CANCELLED, wording.cancelled(asked.about.cancelled_on))


def _open_complaint(asked: _Asked) -> Block | None:
    return Block(Code.OPEN_COMPLAINT, wording.open_complaint()) if asked.facts.open_complaint else None


def _refused_lately(asked: _Asked) -> Block | None:
    lasts = asked.policy.refused_days * DAY
    refused = asked.so_far(one for one in asked.facts.refusals if asked.kind in one.kinds)
    if not refused or asked.at - refused[-1] >= lasts:
        return None
    until = refused[-1] + lasts
    refused_on = refused[-1].astimezone(asked.policy.zone).date()
    return Block(Code.REFUSED_LATELY, wording.refused_lately(refused_on, asked.when(until)), until)


def _meeting_booked(asked: _Asked) -> Block | None:
    ahead = [one for one in asked.facts.meetings if one.purpose is Purpose.RENEWAL and one.ends_at > asked.at]
    if not ahead:
        return None
    last = max(ahead, key=lambda one: one.ends_at)
    return Block(Code.MEETING_BOOKED, wording.meeting_booked(asked.when(last.starts_at)), last.ends_at)


def _frozen(asked: _Asked) -> Block | None:
    frozen = [
        shared
        for one in asked.facts.memberships
        if one.days
        for freeze in one.freezes
        if (shared := _shared(freeze, one.days))
    ]
    last = _last_of_run(frozen, asked.today)
    return Block(Code.FROZEN, wording.frozen(last), asked.midnight(last + DAY)) if last else None


def _silence_days(asked: _Asked) -> Block | None:
    silent = [
        Span(one.starts_on, one.starts_on + asked.policy.silence_days * DAY)
        for one in asked.facts.memberships
        if one.days
    ]
    last = _last_of_run(silent, asked.today)
    if last is None:
        return None
    started_on = max(one.first for one in silent if asked.today in one)
    until = asked.midnight(last + DAY)
    return Block(Code.SILENCE_DAYS, wording.silence_days(started_on, last + DAY), until)


def _contact_cap(asked: _Asked) -> Block | None:
    caps = (asked.policy.cap_7_days, asked.policy.cap_30_days)
    only_reached = asked.policy.cap_counts == "conversations"
    worst: Block | None = None
    for whose, dials in _both(asked.facts):
        counted = asked.so_far(one for one in dials if one.reached or not only_reached)
        for window, cap in zip(CAP_WINDOWS, caps, strict=True):
            inside = [at for at in counted if asked.at - at < window]
            if len(inside) < cap:
                continue
            until = _falls(inside, cap, window)
            text = wording.contact_cap(
                count=len(inside),
                cap=cap,
                days=window.days,
                conversations=only_reached,
                of_number=whose == "number",
                when=until and asked.when(until),
            )
            block = Block(Code.CONTACT_CAP, text, until)
            worst = _later(worst, block)
    return worst


def _attempts_today(asked: _Asked) -> Block | None:
    zone, cap = asked.facts.zone, asked.policy.attempts_a_day
    today = asked.at.astimezone(zone).date()
    counts = [
        sum(1 for at in asked.so_far(dials) if at.astimezone(zone).date() == today)
        for _whose, dials in _both(asked.facts)
    ]
    if max(counts) < cap:
        return None
    until = local_time.end_of_day(today, zone) if cap else None
    return Block(Code.ATTEMPTS_TODAY, wording.attempts_today(max(counts)), until)


def _min_gap(asked: _Asked) -> Block | None:
    gap = asked.policy.min_gap
    dials = (one for _whose, dials in _both(asked.facts) for one in dials if one.outcome != "busy")
    last = max(asked.so_far(dials), default=None)
    if last is None or asked.at - last >= gap:
        return None
    return Block(Code.MIN_GAP, wording.min_gap(asked.when(last), asked.when(last + gap)), last + gap)


def _holiday(asked: _Asked) -> Block | None:
    name = asked.policy.holiday_name(asked.today)
    if not name:
        return None
    over = hours.after_holidays(asked.policy.country, asked.policy.region, asked.today)
    return Block(Code.HOLIDAY, wording.holiday(name), asked.midnight(over))


def _outside_hours(asked: _Asked) -> Block | None:
    zone, windows = asked.facts.zone, asked.policy.windows
    opening = hours.next_opening(windows, asked.at, zone)
    if asked.promised_at is not None and asked.kind is Kind.CALLBACK:
        opening = _earlier(opening, _promised_opening(asked.promised_at, asked.at, zone))
    if opening is not None and opening <= asked.at:
        return None
    local = asked.at.astimezone(zone)
    text = wording.outside_hours(local, opening and opening.astimezone(zone))
    return Block(Code.OUTSIDE_HOURS, text, opening)


CHECKS: dict[Code, Callable[[_Asked], Block | None]] = {
    Code.DECEASED: _deceased,
    Code.DO_NOT_CALL: _do_not_call,
    Code.NO_PHONE: _no_phone,
    Code.BAD_PHONE: _bad_phone,
    Code.NO_CONSENT: _no_consent,
    Code.ALREADY_RENEWED: _already_renewed,
    Code.CANCELLED: _cancelled,
    Code.OPEN_COMPLAINT: _open_complaint,
    Code.REFUSED_LATELY: _refused_lately,
    Code.MEETING_BOOKED: _meeting_booked,
    Code.FROZEN: _frozen,
    Code.SILENCE_DAYS: _silence_days,
    Code.CONTACT_CAP: _contact_cap,
    Code.ATTEMPTS_TODAY: _attempts_today,
    Code.MIN_GAP: _min_gap,
    Code.HOLIDAY: _holiday,
    Code.OUTSIDE_HOURS: _outside_hours,
}


@cache
def _checks(kind: Kind) -> tuple[Callable[[_Asked], Block | None], ...]:
    """What a kind of call is asked for, in the order of §4."""
    return tuple(CHECKS[code] for code in Code if kind in ASKED_FOR[code])


def _both(facts: Facts) -> tuple[tuple[str, Sequence[Attempt]], ...]:
    """The two counts that every cap is held against."""
    return ("member", facts.attempts), ("number", facts.number_attempts)


def _shared(one: Span, other: Span) -> Span | None:
    """The days that two spans have in common."""
    return Span(max(one.first, other.first), min(one.last, other.last)) if one.overlaps(other) else None


def _last_of_run(spans: Iterable[Span], day: dt.date) -> dt.date | None:
    """The last day of the unbroken run of days, covered by the spans, that holds ``day``; ``None`` if none does."""
    last = None
    for span in sorted(spans):
        if span.first <= (last + DAY if last else day) and span.last >= (last or day):
            last = span.last
    return last


def _falls(inside: Sequence[dt.datetime], cap: int, window: dt.timedelta) -> dt.datetime | None:
    """When fewer than ``cap`` of the instants, in order, are younger than the window."""
    return inside[-cap] + window if cap else None


def _later(one: Block | None, other: Block) -> Block:
    """Of two blocks the one that lasts longer; one without an end lasts longest, the first of equals stays."""
    if one is None or one.until is None:
        return one or other
    return other if other.until is None or other.until > one.until else one


def _earlier(one: dt.datetime | None, other: dt.datetime | None) -> dt.datetime | None:
    known = [at for at in (one, other) if at is not None]
    return min(known, default=None)


def _promised_opening(promised_at: dt.datetime, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime | None:
    """The first instant from ``at`` on at which a promise may be kept: that local day from then, 08:00–21:00."""
    day = promised_at.astimezone(zone).date()
    opens = local_time.instant(day, hours.EARLIEST, zone).astimezone(dt.UTC)
    closes = local_time.instant(day, hours.LATEST, zone).astimezone(dt.UTC)
    opening = max(opens, promised_at, at)
    return opening if opening < closes else None
