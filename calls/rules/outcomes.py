"""How a call can end, what that asks for, and when it is tried again (§7)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from calls.rules import hours
from calls.rules.facts import Policy
from calls.rules.kinds import ALL, Kind
from calls.rules.reasons import Reason
from calls.rules.states import Lapse, TaskState
from memberships.rules import local_time
from memberships.rules.sentences import N_, Sentence, sentence
from memberships.rules.terms import DAY

UNDO_FOR = dt.timedelta(minutes=5)
LOOK_AHEAD_DAYS = 60


class Outcome(StrEnum):
    BOOKED = "booked"
    CALLBACK = "callback"
    TALKED = "talked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    THINKING = "thinking"
    DO_NOT_CALL = "do_not_call"
    ALREADY_RENEWED = "already_renewed"
    FREEZE_WANTED = "freeze_wanted"
    COMPLAINT = "complaint"
    NO_ANSWER = "no_answer"
    THIRD_PARTY = "third_party"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True, slots=True)
class Rule:
    """What an outcome is. ``again``: the task is tried again; ``lapses``: the member's open tasks lapse, this too."""

    reached: bool
    kinds: frozenset[Kind] = ALL
    again: bool = False
    lapses: Lapse | None = None


RULES: dict[Outcome, Rule] = {
    Outcome.BOOKED: Rule(reached=True),
    Outcome.CALLBACK: Rule(reached=True),
    Outcome.TALKED: Rule(reached=True, kinds=ALL - {Kind.RENEWAL, Kind.WINBACK, Kind.NO_SHOW}),
    Outcome.CONFIRMED: Rule(reached=True, kinds=frozenset({Kind.MEETING_REMINDER})),
    Outcome.REFUSED: Rule(reached=True),
    Outcome.THINKING: Rule(reached=True),
    Outcome.DO_NOT_CALL: Rule(reached=True, lapses=Lapse.DNC),
    Outcome.ALREADY_RENEWED: Rule(reached=True),
    Outcome.FREEZE_WANTED: Rule(reached=True),
    Outcome.COMPLAINT: Rule(reached=True),
    Outcome.NO_ANSWER: Rule(reached=False, again=True),
    Outcome.THIRD_PARTY: Rule(reached=False, again=True),
    Outcome.BUSY: Rule(reached=False, again=True),
    Outcome.VOICEMAIL: Rule(reached=False, again=True),
    Outcome.WRONG_NUMBER: Rule(reached=False, lapses=Lapse.BAD_PHONE),
}

ASKS_ATTENDS = frozenset({Kind.RENEWAL, Kind.WELCOME, Kind.CARE, Kind.AT_RISK, Kind.WINBACK})
"""Kinds of call in which somebody who was reached is asked whether they attend."""

CLOSED_ALSO = frozenset({Kind.WELCOME, Kind.BIRTHDAY, Kind.CARE, Kind.AT_RISK})
"""Kinds of the member's other open tasks that a reached outcome closes unless the operator unticks them."""


class Attends(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the operator sent. Codes as they came; ``has_meeting``: host and time were given."""

    outcome: Outcome
    reason: str = ""
    note: str = ""
    attends: str = ""
    absence_reason: str = ""
    callback_at: dt.datetime | None = None
    has_meeting: bool = False
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer is not taken: the field, CONTRACT.md's code, a sentence."""

    field: str
    code: str
    sentence: Sentence


def allowed(kind: Kind) -> list[Outcome]:
    """The outcomes that a call of this kind can have, in the order of §7."""
    return [outcome for outcome, rule in RULES.items() if kind in rule.kinds]


def problems(
    answer: Answer,
    *,
    kind: Kind,
    reasons: Mapping[str, Reason],
    policy: Policy,
    zone: zoneinfo.ZoneInfo,
    now: dt.datetime,
) -> list[Problem]:
    """All that is wrong with an answer; empty: it can be stored.

    ``reasons``: those that may be chosen now, by code (retired ones left out); ``zone``: the member's, else
    the club's.
    """
    rule = RULES[answer.outcome]
    found = _kind_problems(answer, kind)
    if answer.outcome is Outcome.BOOKED and not answer.has_meeting:
        found.append(Problem("meeting", "invalid", sentence(N_("Choose a host and a time."))))
    if answer.outcome is Outcome.COMPLAINT and not (answer.complaint or answer.note).strip():
        found.append(Problem("complaint", "note_required", sentence(N_("Write down what the complaint is."))))
    if answer.complaint and not rule.reached:
        found.append(Problem("complaint", "invalid", sentence(N_("Nobody was reached who could complain."))))
    return [
        *found,
        *_reason_problems(answer, reasons),
        *_attends_problems(answer, rule, reasons),
        *_callback_problems(answer, policy, zone, now),
    ]


def past_problems(answer: Answer, *, kind: Kind, reasons: Mapping[str, Reason]) -> list[Problem]:
    """All that is wrong with an outcome of long ago: what it led to (a meeting, a callback) is not asked."""
    rule = RULES[answer.outcome]
    return [
        *_kind_problems(answer, kind),
        *_reason_problems(answer, reasons),
        *_attends_problems(answer, rule, reasons),
    ]


def _kind_problems(answer: Answer, kind: Kind) -> list[Problem]:
    if kind in RULES[answer.outcome].kinds:
        return []
    return [Problem("outcome", "invalid", sentence(N_("A call of this kind cannot end like this.")))]


def _reason_problems(answer: Answer, reasons: Mapping[str, Reason]) -> list[Problem]:
    if answer.outcome is not Outcome.REFUSED:
        if not answer.reason:
            return []
        return [Problem("reason", "invalid", sentence(N_("A reason goes with a refusal only.")))]
    return reason_problems(answer.reason, answer.note, reasons)


def reason_problems(reason: str, note: str, reasons: Mapping[str, Reason]) -> list[Problem]:
    """What is wrong with the reason of a refusal: none given, not one of the club's, or a note is missing."""
    if not reason:
        text = sentence(N_("Choose why the member refused."))
        return [Problem("reason", "reason_required", text)]
    if reason not in reasons:
        text = sentence(N_("This is not one of the club's reasons."))
        return [Problem("reason", "reason_unknown", text)]
    if reasons[reason].note_required and not note.strip():
        text = sentence(N_("This reason needs a note: write what the member said."))
        return [Problem("note", "note_required", text)]
    return []


def _attends_problems(answer: Answer, rule: Rule, reasons: Mapping[str, Reason]) -> list[Problem]:
    if not answer.attends and not answer.absence_reason:
        return []
    if not rule.reached:
        text = sentence(N_("Nobody was reached who could say whether they attend."))
        return [Problem("attends", "invalid", text)]
    if answer.attends not in set(Attends):
        return [Problem("attends", "invalid", sentence(N_("Say yes, no or unknown.")))]
    if not answer.absence_reason:
        return []
    if answer.attends != Attends.NO:
        text = sentence(N_("A reason goes with members who do not attend only."))
        return [Problem("absence_reason", "invalid", text)]
    if answer.absence_reason not in reasons:
        text = sentence(N_("This is not one of the club's reasons."))
        return [Problem("absence_reason", "reason_unknown", text)]
    return []


def _callback_problems(answer: Answer, policy: Policy, zone: zoneinfo.ZoneInfo, now: dt.datetime) -> list[Problem]:
    if answer.outcome is Outcome.CALLBACK:
        return callback_problems(answer.callback_at, policy=policy, zone=zone, now=now)
    if answer.callback_at is None:
        return []
    return [Problem("callback_at", "invalid", sentence(N_("A time to ring goes with a callback only.")))]


def callback_problems(
    callback_at: dt.datetime | None, *, policy: Policy, zone: zoneinfo.ZoneInfo, now: dt.datetime
) -> list[Problem]:
    """What is wrong with a promised time: none, past, too far ahead, or not between 08:00 and 21:00 for the member."""
    if callback_at is None:
        text = sentence(N_("Choose when to ring again."))
        return [Problem("callback_at", "invalid", text)]
    if callback_at < now:
        text = sentence(N_("This time is past."))
        return [Problem("callback_at", "callback_in_past", text)]
    last_day = now.astimezone(zone).date() + policy.callback_days_ahead * DAY
    if callback_at.astimezone(zone).date() > last_day:
        text = sentence(N_("A callback can be promised for the next %(days)s days."), days=policy.callback_days_ahead)
        return [Problem("callback_at", "invalid", text)]
    if not hours.humane(callback_at, zone):
        text = sentence(N_("Calls are made between 08:00 and 21:00 of the member's time."))
        return [Problem("callback_at", "callback_out_of_hours", text)]
    return []


@dataclass(frozen=True, slots=True)
class Then:
    """What becomes of the task. ``next_at`` only where it is tried again; ``None`` then: no window remains."""

    state: TaskState
    next_at: dt.datetime | None = None
    lapsed_because: Lapse | None = None


def then(
    outcome: Outcome,
    *,
    tried: Sequence[dt.datetime],
    attempts_today: int,
    policy: Policy,
    zone: zoneinfo.ZoneInfo,
) -> Then:
    """What becomes of a task after an outcome.

    ``tried``: when this task was dialled, this last time included and last; ``attempts_today``: how often the
    member was rung on the local day of this attempt, it included; ``zone``: the member's, else the club's.
    """
    rule = RULES[outcome]
    if rule.lapses:
        return Then(TaskState.LAPSED, lapsed_because=rule.lapses)
    if not rule.again:
        return Then(TaskState.DONE)
    if len(tried) >= policy.max_attempts:
        return Then(TaskState.UNREACHABLE)
    return Then(
        TaskState.WAITING,
        next_try(outcome, tried=tried, attempts_today=attempts_today, policy=policy, zone=zone),
    )


def next_try(
    outcome: Outcome,
    *,
    tried: Sequence[dt.datetime],
    attempts_today: int,
    policy: Policy,
    zone: zoneinfo.ZoneInfo,
) -> dt.datetime | None:
    """When a call that reached nobody is tried again; ``None`` where no window remains.

    Busy: 15 minutes later. Else the first instant at least ``min_gap`` later that lies in a window, on no
    holiday, in a part of the day not yet tried (all tried: the one tried longest ago); after ``attempts_a_day``
    and after a voicemail not before the member's next day.
    """
    last = tried[-1].astimezone(dt.UTC)
    if outcome is Outcome.BUSY:
        return last + dt.timedelta(minutes=policy.busy_minutes)
    earliest = last + policy.min_gap
    if outcome is Outcome.VOICEMAIL or attempts_today >= policy.attempts_a_day:
        tomorrow = last.astimezone(zone).date() + DAY
        earliest = max(earliest, local_time.first_instant(tomorrow, zone))
    first_of_part: dict[hours.Part, dt.datetime] = {}
    for start, end in hours.spans_from(policy.windows, earliest, zone, LOOK_AHEAD_DAYS):
        for part, opens_at in _parts(max(start, earliest), end, zone, policy):
            first_of_part.setdefault(part, opens_at)
        if len(first_of_part) == len(hours.Part):
            break
    last_tried = {hours.part_of_day(at, zone): at for at in sorted(tried)}
    untried = [at for part, at in first_of_part.items() if part not in last_tried]
    if untried:
        return min(untried)
    oldest = min(first_of_part, key=lambda part: last_tried[part], default=None)
    return first_of_part[oldest] if oldest is not None else None


def _parts(
    start: dt.datetime, end: dt.datetime, zone: zoneinfo.ZoneInfo, policy: Policy
) -> list[tuple[hours.Part, dt.datetime]]:
    """The parts of the day that lie in a window, with the first instant of each that is on no holiday of the club."""
    day = start.astimezone(zone).date()
    edges = [local_time.instant(day, begins, zone) for begins in hours.PART_BEGINS.values()]
    edges += [local_time.end_of_day(day, zone)]
    found = []
    for part, begins, over in zip(hours.Part, edges, edges[1:], strict=False):
        opens_at, closes_at = max(start, begins), min(end, over)
        club_day = opens_at.astimezone(policy.zone).date()
        if policy.holiday_name(club_day):
            over_on = hours.after_holidays(policy.country, policy.region, club_day)
            opens_at = max(opens_at, local_time.first_instant(over_on, policy.zone))
        if opens_at < closes_at:
            found.append((part, opens_at.astimezone(dt.UTC)))
    return found


def undo_until(outcome_at: dt.datetime) -> dt.datetime:
    """Until when the operator may take an outcome back, and when its messages leave."""
    return outcome_at.astimezone(dt.UTC) + UNDO_FOR


def may_undo(outcome_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether an outcome may still be taken back."""
    return now < undo_until(outcome_at)
