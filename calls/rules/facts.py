"""What the rules of calls are told: a club's policy, and all that is known of a member."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field

from calls.rules import hours
from calls.rules.kinds import Kind, Purpose
from memberships.rules.terms import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A club's rules for its callers: its place, and every number of §4–§7 with its default.

    Days, hours and minutes as the field's name says. ``cap_counts`` is ``conversations`` or ``attempts``;
    ``consent_scope`` ``none``, ``winback`` or ``all``.
    """

    zone: zoneinfo.ZoneInfo
    country: str = ""
    region: str = ""
    windows: hours.Windows = field(default_factory=lambda: hours.DEFAULT_WINDOWS)
    consent_scope: str = "none"
    cap_counts: str = "conversations"
    cap_7_days: int = 2
    cap_30_days: int = 4
    attempts_a_day: int = 2
    min_gap_hours: int = 3
    silence_days: int = 2
    refused_days: int = 30
    busy_minutes: int = 15
    max_attempts: int = 6
    callback_days_ahead: int = 60
    grace_days: int = 30
    renewal_rungs: Sequence[int] = (45, 30, 14, 3, -3)
    winback_rungs: Sequence[int] = (35, 90, 180)
    winback_days: int = 365
    welcome_from_day: int = 3
    welcome_to_day: int = 7
    care_days: int = 90
    care_days_left: int = 45
    at_risk_pause_days: int = 30
    freeze_ending_days: int = 3
    freeze_ending_min_days: int = 14
    complaint_followup_days: int = 3
    lease_minutes: int = 15
    release_pause_minutes: int = 60
    max_releases: int = 3

    @property
    def min_gap(self) -> dt.timedelta:
        return dt.timedelta(hours=self.min_gap_hours)

    def holiday_name(self, day: dt.date) -> str | None:
        """What the club's country and region celebrate on that day."""
        return hours.holiday_name(self.country, self.region, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A membership as far as calls need it. ``last_covered_on`` lies before ``starts_on`` where it covers no day.

    ``freezes``: those that are not void, closures among them. ``cancelled_on`` may lie ahead.
    """

    id: int
    starts_on: dt.date
    last_covered_on: dt.date
    cancelled_on: dt.date | None = None
    freezes: Sequence[Span] = ()

    @property
    def days(self) -> Span | None:
        """The days that it covers."""
        covers = self.starts_on <= self.last_covered_on
        return Span(self.starts_on, self.last_covered_on) if covers else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial. ``outcome`` is empty while nobody has said how it ended."""

    at: dt.datetime
    reached: bool = False
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, with all kinds of call that it refuses (``kinds.counts_as_refusal_of``)."""

    at: dt.datetime
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class MeetingAhead:
    """A scheduled meeting."""

    purpose: Purpose
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of a member when the policy is asked.

    ``zone``: the member's, else the club's. ``phone``: the number that would be rung (of a minor the
    guardian's), empty if none. ``attempts``: the member's own, of 30 days and more; ``number_attempts``: the
    dials of that number whoever was meant, each once. ``meetings``: the scheduled ones.
    """

    zone: zoneinfo.ZoneInfo
    phone: str = ""
    deceased: bool = False
    do_not_call_since: dt.datetime | None = None
    phone_bad_since: dt.datetime | None = None
    phone_changed_at: dt.datetime | None = None
    phone_is_premium: bool = False
    consent_calls: bool | None = None
    memberships: Sequence[Held] = ()
    open_complaint: bool = False
    refusals: Sequence[Refusal] = ()
    meetings: Sequence[MeetingAhead] = ()
    attempts: Sequence[Attempt] = ()
    number_attempts: Sequence[Attempt] = ()
