"""Call attempts as a file again, as ``calls.imports`` reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calls.imports import Attempts
from memberships.exports.people import instant
from memberships.exports.writing import File, Snapshot


def _attempts(snapshot: Snapshot) -> Iterator[Sequence[object]]:
    """Those whose end somebody has told. People are named by their login, reasons by their code."""
    query = """
        SELECT m.external_id, a.at, a.kind, a.outcome, u.username, r.code, a.duration_s, a.note, a.origin,
            a.competitor, a.attends, b.code
        FROM calls_callattempt a JOIN memberships_member m ON m.id = a.member_id
        LEFT JOIN memberships_user u ON u.id = a.operator_id
        LEFT JOIN calls_refusalreason r ON r.id = a.reason_id
        LEFT JOIN calls_refusalreason b ON b.id = a.absence_reason_id
        WHERE a.club_id = %(club)s AND a.outcome <> '' ORDER BY a.at, m.id
    """
    zone = snapshot.club.zone
    for member, at, *rest in snapshot.rows(query):
        yield member, instant(at, zone), *rest


ATTEMPTS = File(Attempts.name, Attempts.fields, _attempts)
