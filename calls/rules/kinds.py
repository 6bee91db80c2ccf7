"""The kinds of call and the codes of the contact policy, with what is asked of which kind (§4–§6, §9)."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Kinds of call, in the order in which the queue offers them."""

    CALLBACK = "callback"
    MISSED_CALL = "missed_call"
    NO_SHOW = "no_show"
    MEETING_REMINDER = "meeting_reminder"
    WELCOME = "welcome"
    RENEWAL = "renewal"
    ONBOARDING = "onboarding"
    FREEZE_ENDING = "freeze_ending"
    COMPLAINT_FOLLOWUP = "complaint_followup"
    AT_RISK = "at_risk"
    CARE = "care"
    BIRTHDAY = "birthday"
    WINBACK = "winback"


class Code(StrEnum):
    """Why a member may not be rung, in the order in which the reasons are given."""

    DECEASED = "deceased"
    DO_NOT_CALL = "do_not_call"
    NO_PHONE = "no_phone"
    BAD_PHONE = "bad_phone"
    NO_CONSENT = "no_consent"
    ALREADY_RENEWED = "already_renewed"
    CANCELLED = "cancelled"
    OPEN_COMPLAINT = "open_complaint"
    REFUSED_LATELY = "refused_lately"
    MEETING_BOOKED = "meeting_booked"
    FROZEN = "frozen"
    SILENCE_DAYS = "silence_days"
    CONTACT_CAP = "contact_cap"
    ATTEMPTS_TODAY = "attempts_today"
    MIN_GAP = "min_gap"
    HOLIDAY = "holiday"
    OUTSIDE_HOURS = "outside_hours"


class Purpose(StrEnum):
    """What a meeting in the club is for."""

    RENEWAL = "renewal"
    SESSION = "session"
    REVIEW = "review"
    COMPLAINT = "complaint"


RANK: dict[Kind, int] = {kind: place for place, kind in enumerate(Kind)}

ALL = frozenset(Kind)
PROMISED = frozenset({Kind.CALLBACK, Kind.MISSED_CALL})
ABOUT_A_MEMBERSHIP = frozenset({Kind.RENEWAL, Kind.WELCOME, Kind.FREEZE_ENDING, Kind.WINBACK})
WITH_ORIGIN = frozenset({Kind.CALLBACK, Kind.MISSED_CALL, Kind.NO_SHOW, Kind.MEETING_REMINDER})

ASKED_FOR: dict[Code, frozenset[Kind]] = {
    Code.DECEASED: ALL,
    Code.DO_NOT_CALL: ALL,
    Code.NO_PHONE: ALL,
    Code.BAD_PHONE: ALL,
    Code.NO_CONSENT: ALL - PROMISED,
    Code.ALREADY_RENEWED: frozenset({Kind.RENEWAL, Kind.WINBACK}),
    Code.CANCELLED: frozenset({Kind.RENEWAL}),
    Code.OPEN_COMPLAINT: ALL - PROMISED - {Kind.COMPLAINT_FOLLOWUP, Kind.MEETING_REMINDER},
    Code.REFUSED_LATELY: frozenset({Kind.RENEWAL, Kind.AT_RISK, Kind.WINBACK}),
    Code.MEETING_BOOKED: frozenset({Kind.RENEWAL, Kind.AT_RISK, Kind.CARE, Kind.WINBACK, Kind.NO_SHOW}),
    Code.FROZEN: ALL - PROMISED - {Kind.COMPLAINT_FOLLOWUP, Kind.FREEZE_ENDING, Kind.MEETING_REMINDER, Kind.NO_SHOW},
    Code.SILENCE_DAYS: ALL - PROMISED - {Kind.MEETING_REMINDER, Kind.NO_SHOW, Kind.COMPLAINT_FOLLOWUP},
    Code.CONTACT_CAP: ALL - PROMISED - {Kind.NO_SHOW, Kind.MEETING_REMINDER, Kind.COMPLAINT_FOLLOWUP},
    Code.ATTEMPTS_TODAY: ALL - PROMISED,
    Code.MIN_GAP: ALL - PROMISED,
    Code.HOLIDAY: ALL - PROMISED,
    Code.OUTSIDE_HOURS: ALL,
}
"""Of which kinds each code is asked. (A callback has its own hours, see ``policy.blocks``.)"""

DELAYS_ONLY = frozenset({Code.CONTACT_CAP, Code.ATTEMPTS_TODAY, Code.MIN_GAP, Code.HOLIDAY, Code.OUTSIDE_HOURS})
"""Codes that the planner does not ask: the task is made all the same and waits."""

PURPOSE_BY_KIND: dict[Kind, Purpose] = {
    Kind.WELCOME: Purpose.SESSION,
    Kind.ONBOARDING: Purpose.SESSION,
    Kind.AT_RISK: Purpose.REVIEW,
    Kind.CARE: Purpose.REVIEW,
    Kind.FREEZE_ENDING: Purpose.REVIEW,
    Kind.BIRTHDAY: Purpose.REVIEW,
    Kind.COMPLAINT_FOLLOWUP: Purpose.COMPLAINT,
}


def purpose_of(kind: Kind | None, origin: Kind | None = None) -> Purpose:
    """What a meeting booked in such a call is for, unless the operator says otherwise.

    Without a call it is a renewal. A call that came from another one (callback, no-show …) books for that one.
    """
    if kind in WITH_ORIGIN:
        kind = origin
    return PURPOSE_BY_KIND.get(kind, Purpose.RENEWAL) if kind else Purpose.RENEWAL


def counts_as_refusal_of(kind: Kind, origin: Kind | None = None) -> frozenset[Kind]:
    """Kinds of call that a refusal given in such a call refuses: its own, and the one it came from."""
    return frozenset({kind} if origin is None else {kind, origin})
