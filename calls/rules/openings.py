"""When a club's queue is open in a time zone, and for which calls: what the claim is told instead of local times."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from calls.rules import hours, position
from calls.rules.facts import Policy
from calls.rules.kinds import Kind
from memberships.rules import local_time

LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LOOK_AHEAD_DAYS = 60


@dataclass(frozen=True, slots=True)
class Opening:
    """The calls that may be made now: those with a sort key below ``below``, due at ``due_from`` or later."""

    below: int
    due_from: dt.datetime = LONG_AGO


EVERYTHING = Opening(2**63 - 1)
PROMISED = Opening(position.sort_key(Kind.NO_SHOW))
CALLBACKS_BELOW = position.sort_key(Kind.MISSED_CALL)


def opening(policy: Policy, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> Opening | None:
    """Which calls may be made to members of a zone at an instant; ``None``: none at all.

    In a window all; on a holiday of the club those that were promised or missed; outside the windows, between
    08:00 and 21:00, callbacks promised for this local day.
    """
    if not hours.humane(at, zone):
        return None
    if not hours.is_open(policy.windows, at, zone):
        return Opening(CALLBACKS_BELOW, local_time.first_instant(at.astimezone(zone).date(), zone))
    return PROMISED if policy.holiday_name(at.astimezone(policy.zone).date()) else EVERYTHING


def next_opening(policy: Policy, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> dt.datetime | None:
    """The first instant from ``at`` on that lies in a window and on no holiday of the club."""
    for start, end in hours.spans_from(policy.windows, at, zone, LOOK_AHEAD_DAYS):
        opens_at = max(start, at)
        day = opens_at.astimezone(policy.zone).date()
        if policy.holiday_name(day):
            after = hours.after_holidays(policy.country, policy.region, day)
            opens_at = max(opens_at, local_time.first_instant(after, policy.zone))
        if opens_at < end:
            return opens_at
    return None
