"""Calls that one event asks for: a missed or coming meeting, an answered complaint, a birthday, other rooms' causes."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

import phonenumbers

from calls import places
from calls.planning.scope import Scope, Want, simple
from calls.rules import occasions
from calls.rules.kinds import Kind, Purpose
from memberships.rules.terms import DAY

LOOKS_BACK_DAYS = 30
"""A missed meeting or an answered complaint that is older is let rest."""

ORIGIN_BY_PURPOSE = {
    Purpose.RENEWAL: Kind.RENEWAL,
    Purpose.SESSION: Kind.WELCOME,
    Purpose.REVIEW: Kind.CARE,
    Purpose.COMPLAINT: Kind.COMPLAINT_FOLLOWUP,
}

MISSED = """
SELECT b.member_id, b.id, b.starts_at, b.purpose, t.kind, t.origin, t.membership_id
FROM calls_meeting b JOIN memberships_member m ON m.id = b.member_id LEFT JOIN calls_calltask t ON t.id = b.task_id
WHERE b.club_id = %(club)s AND b.starts_at >= %(since)s AND b.starts_at < %(until)s AND b.status = 'no_show'
  AND m.merged_into_id IS NULL
"""

COMING = """
SELECT b.member_id, b.id, b.starts_at, b.purpose, t.kind, t.origin, t.membership_id, m.phone, m.consent_sms
FROM calls_meeting b JOIN memberships_member m ON m.id = b.member_id LEFT JOIN calls_calltask t ON t.id = b.task_id
WHERE b.club_id = %(club)s AND b.starts_at >= %(at)s AND b.starts_at < %(until)s AND b.status = 'scheduled'
  AND b.confirmed_at IS NULL AND m.merged_into_id IS NULL
"""

ANSWERED = """
SELECT q.member_id, q.id, q.answered_at
FROM calls_complaint q JOIN memberships_member m ON m.id = q.member_id
WHERE q.club_id = %(club)s AND q.status = 'answered' AND q.answered_at >= %(since)s AND q.answered_at < %(until)s
  AND m.merged_into_id IS NULL
"""

BIRTHDAYS = """
SELECT m.id, m.birthday, m.segment, coalesce(nullif(m.timezone, ''), c.timezone)
FROM memberships_member m JOIN memberships_club c ON c.id = m.club_id
WHERE m.club_id = %(club)s AND m.segment = 'gold' AND m.last_covered_on >= %(on)s AND m.merged_into_id IS NULL
  AND to_char(m.birthday, 'MM-DD') = ANY (%(days)s::text[])
"""


def no_shows(scope: Scope) -> Iterator[Want]:
    window = {"since": scope.midnight(scope.on - LOOKS_BACK_DAYS * DAY), "until": scope.midnight(scope.on + DAY)}
    for member, pk, starts_at, purpose, kind, origin, membership in scope.stream(
        MISSED + scope.only("b.member_id"), **window
    ):
        missed_on = starts_at.astimezone(scope.policy.zone).date()
        wanted = occasions.no_show_call(on=scope.on, meeting=pk, missed_on=missed_on, policy=scope.policy)
        if wanted:
            came_from = origin or kind or ORIGIN_BY_PURPOSE[Purpose(purpose)]
            yield simple(scope, wanted, member=member, membership=membership, meeting=pk, origin=came_from)


def meeting_reminders(scope: Scope) -> Iterator[Want]:
    """Reminders by telephone of meetings of which no message can tell."""
    for member, pk, starts_at, purpose, kind, origin, membership, phone, consent in scope.stream(
        COMING + scope.only("b.member_id"), until=scope.midnight(scope.on + 3 * DAY)
    ):
        wanted = occasions.meeting_reminder_call(
            on=scope.on,
            meeting=pk,
            starts_at=starts_at,
            zone=scope.policy.zone,
            can_message=bool(consent) and is_mobile(phone),
        )
        if wanted:
            came_from = origin or kind or ORIGIN_BY_PURPOSE[Purpose(purpose)]
            yield simple(scope, wanted, member=member, membership=membership, meeting=pk, origin=came_from)


def complaint_followups(scope: Scope) -> Iterator[Want]:
    window = {"since": scope.midnight(scope.on - LOOKS_BACK_DAYS * DAY), "until": scope.midnight(scope.on + DAY)}
    for member, pk, answered_at in scope.stream(ANSWERED + scope.only("q.member_id"), **window):
        answered_on = answered_at.astimezone(scope.policy.zone).date()
        wanted = occasions.complaint_followup_call(
            on=scope.on, complaint=pk, answered_on=answered_on, policy=scope.policy
        )
        if wanted:
            yield simple(scope, wanted, member=member)


def birthdays(scope: Scope) -> Iterator[Want]:
    """Of the day where the member lives: it may begin before the club's day does, and end after it."""
    days = {f"{scope.on + away * DAY:%m-%d}" for away in (-1, 0, 1)}
    days |= {"02-29"} if "02-28" in days else set()
    for member, birthday, segment, tz in scope.stream(BIRTHDAYS + scope.only("m.id"), days=sorted(days)):
        wanted = occasions.birthday_call(
            member=member,
            birthday=birthday,
            segment=segment,
            zone=zoneinfo.ZoneInfo(tz),
            since=scope.at,
            until=scope.midnight(scope.on + DAY),
        )
        if wanted:
            yield simple(scope, wanted, member=member)


def of_other_rooms(source: places.TaskSource, scope: Scope) -> Iterator[Want]:
    for asked in source(club=scope.club, on=scope.on, members=scope.members):
        yield simple(scope, asked.wanted, member=asked.member, membership=asked.membership, origin=asked.origin)


def is_mobile(phone: str) -> bool:
    """Whether an SMS may reach the number (E.164)."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(phone, None))
    except phonenumbers.NumberParseException:
        return False
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
