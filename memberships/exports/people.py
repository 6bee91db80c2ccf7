"""Members and their visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from memberships.exports.writing import File, Snapshot, yes_or_no
from memberships.imports.members import PLAIN, Members
from memberships.imports.visits import Visits

ERASED = "—"
"""The last name of one whose words were erased: a file wants one."""


def _members(snapshot: Snapshot) -> Iterator[Sequence[object]]:
    """Those merged into another one are that one."""
    named = ", ".join(f"m.{name}" for name in PLAIN)
    query = f"""
        SELECT m.external_id, {named},
            coalesce(k.external_id, b.external_id), m.consent_calls, m.consent_sms, m.consent_email,
            m.do_not_call_since IS NOT NULL, m.deceased_on
        FROM memberships_member m LEFT JOIN memberships_member b ON b.id = m.referred_by_id
        LEFT JOIN memberships_member k ON k.id = b.merged_into_id
        WHERE m.club_id = %(club)s AND m.merged_into_id IS NULL ORDER BY m.id
    """
    for external_id, last_name, *plain, referred_by, calls, sms, email, dnc, deceased_on in snapshot.rows(query):
        yield (
            *(external_id, last_name or ERASED, *plain, None if referred_by == external_id else referred_by),
            *(yes_or_no(calls), yes_or_no(sms), yes_or_no(email), yes_or_no(dnc), deceased_on),
        )


def _visits(snapshot: Snapshot) -> Iterator[Sequence[object]]:
    """Local times with their offset, which says which of two equal hours was meant."""
    query = """
        SELECT m.external_id, v.at, v.zone FROM memberships_visit v JOIN memberships_member m ON m.id = v.member_id
        WHERE v.club_id = %(club)s ORDER BY v.at, m.id
    """
    zone = snapshot.club.zone
    for external_id, at, where in snapshot.rows(query):
        yield external_id, instant(at, zone), where


def instant(at: dt.datetime, zone: dt.tzinfo) -> str:
    """An instant as a cell: local, as short as it can be told, with its offset."""
    local = at.astimezone(zone)
    return local.isoformat(timespec="microseconds" if local.microsecond else "seconds" if local.second else "minutes")


MEMBERS = File("members", Members.fields, _members)
VISITS = File("visits", Visits.fields, _visits)
