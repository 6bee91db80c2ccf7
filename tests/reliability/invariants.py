"""What must be true of the rows at any time, whoever did whatever at once and whatever was killed meanwhile."""

from __future__ import annotations

from collections import Counter

from django.db import connection

from memberships.models import Freeze, Member, Membership
from memberships.rules import terms
from memberships.rules.terms import Term

STATEMENTS = {
    "two memberships of a member cover one day": """
        SELECT a.id FROM memberships_membership a JOIN memberships_membership b ON b.member_id = a.member_id
        AND b.id > a.id AND a.starts_on <= b.last_covered_on AND b.starts_on <= a.last_covered_on
        AND a.last_covered_on >= a.starts_on AND b.last_covered_on >= b.starts_on""",
    "two freezes of a membership share a day": """
        SELECT a.id FROM memberships_freeze a JOIN memberships_freeze b ON b.membership_id = a.membership_id
        AND b.id > a.id AND NOT a.voided AND NOT b.voided AND a.starts_on <= b.ends_on AND b.starts_on <= a.ends_on""",
    "an operator holds two calls": """
        SELECT holder_id FROM calls_calltask WHERE status = 'leased' AND NOT undoing
        GROUP BY holder_id HAVING count(*) > 1""",
    "a number is rung by two": """
        SELECT min(id) FROM calls_calltask WHERE status = 'leased' AND NOT undoing AND phone <> ''
        GROUP BY club_id, phone HAVING count(*) > 1""",
    "a cause has two calls": """
        SELECT min(id) FROM calls_calltask GROUP BY club_id, kind, key HAVING count(*) > 1""",
    "a membership has two open renewal calls": """
        SELECT min(id) FROM calls_calltask WHERE kind = 'renewal' AND status IN ('waiting', 'ready', 'leased')
        GROUP BY membership_id HAVING count(*) > 1""",
    "a call that nobody rings has a holder": """
        SELECT id FROM calls_calltask
        WHERE status <> 'leased' AND (holder_id IS NOT NULL OR lease_until IS NOT NULL)""",
    "a call counts other attempts than were made": """
        SELECT t.id FROM calls_calltask t
        WHERE t.attempts <> (SELECT count(*) FROM calls_callattempt a WHERE a.task_id = t.id)""",
    "a call is done that nobody rang and nothing closed": """
        SELECT t.id FROM calls_calltask t WHERE t.status = 'done' AND t.closed_at IS NULL""",
    "a booking has no meeting": """
        SELECT a.id FROM calls_callattempt a WHERE a.outcome = 'booked' AND a.made ? 'meeting'
        AND NOT EXISTS (SELECT FROM calls_meeting m WHERE m.id = (a.made ->> 'meeting')::bigint)""",
    "a promised callback has no call": """
        SELECT a.id FROM calls_callattempt a WHERE a.outcome = 'callback'
        AND NOT EXISTS (SELECT FROM calls_calltask t WHERE t.id = (a.made ->> 'callback')::bigint)""",
    "an outcome says nothing of what it reached": """
        SELECT id FROM calls_callattempt WHERE (outcome = '') <> (outcome_at IS NULL)""",
    "somebody who is not to be called has an open call": """
        SELECT t.id FROM calls_calltask t JOIN memberships_member m ON m.id = t.member_id
        WHERE t.status IN ('waiting', 'ready') AND (m.do_not_call_since IS NOT NULL OR m.deceased_on IS NOT NULL)""",
    "two meetings of a host overlap": """
        SELECT a.id FROM calls_meeting a JOIN calls_meeting b ON b.host_id = a.host_id AND b.id > a.id
        AND a.status = 'scheduled' AND b.status = 'scheduled'
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at""",
    "a new member has no checklist": """
        SELECT s.id FROM memberships_membership s WHERE s.sale_kind = 'new' AND s.quote_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM onboarding_checklist c WHERE c.member_id = s.member_id)""",
    "an offer is sold twice": """
        SELECT quote_id FROM memberships_membership WHERE quote_id IS NOT NULL
        GROUP BY quote_id HAVING count(*) > 1""",
    "a key has two answers": """
        SELECT min(id) FROM config_idempotencykey GROUP BY token_id, method, path, key HAVING count(*) > 1""",
    "an attempt was stored without its history": """
        SELECT a.id FROM calls_callattempt a
        WHERE NOT EXISTS (SELECT FROM calls_callattemptevent e WHERE e.pgh_obj_id = a.id)""",
    "a membership was stored without its history": """
        SELECT s.id FROM memberships_membership s
        WHERE NOT EXISTS (SELECT FROM memberships_membershipevent e WHERE e.pgh_obj_id = s.id)""",
}
"""A sentence, and the statement that finds who breaks it."""


def broken() -> list[str]:
    """A sentence for each row that breaks an invariant."""
    found = []
    with connection.cursor() as cursor:
        for sentence, statement in STATEMENTS.items():
            cursor.execute(statement)
            found += [f"{sentence}: {row[0]}" for row in cursor.fetchall()]
    return found + wrong_ends()


def wrong_ends() -> list[str]:
    """Memberships whose stored days are not what their term, bonus, freezes and cancellation make of them."""
    frozen: Counter[int] = Counter()
    for freeze in Freeze.objects.filter(voided=False):
        frozen[freeze.membership_id] += freeze.days
    found, last = [], {}
    for row in Membership.objects.all():
        counted = terms.ends_on(row.starts_on, Term(row.term_count, row.term_unit))
        ends_on = row.ends_on if row.ends_given else counted
        ends = terms.effective_end(ends_on, row.bonus_days, frozen[row.pk], row.closed_on)
        covered = terms.covered(terms.Period(row.starts_on, ends, row.cancelled_on))
        stored = (row.ends_on, row.frozen_days, row.effective_ends_on)
        if stored != (ends_on, frozen[row.pk], ends) or (covered and covered.last != row.last_covered_on):
            found.append(f"membership {row.pk} stores other days than it has: {stored}, {row.last_covered_on}")
        if covered:
            last[row.member_id] = max(covered.last, last.get(row.member_id, covered.last))
    for member in Member.objects.filter(memberships__isnull=False).distinct():
        if member.last_covered_on != last.get(member.pk):
            found.append(f"member {member.pk} stores another last day than {last.get(member.pk)}")
    return found
