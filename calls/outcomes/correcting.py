"""A manager puts an outcome right later. What it made stays; what is counted from it follows."""

from __future__ import annotations

import datetime as dt

from calls import events
from calls.models import CallAttempt, RefusalReason
from calls.outcomes import saying
from calls.rules import outcomes
from memberships import holding
from memberships.models import User
from memberships.rules import amounts
from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence


class NoReasonWhy(Invalid):
    """A correction says why."""

    field = "why"


def correct(
    *,
    attempt: CallAttempt,
    outcome: str,
    why: str,
    by: User,
    now: dt.datetime,
    reason: str = "",
    note: str | None = None,
) -> CallAttempt:
    """The attempt with another outcome; ``note`` ``None`` leaves the note. Raises NoReasonWhy, OutcomeRefused."""
    if not why.strip():
        raise NoReasonWhy(sentence(N_("Say why you correct it.")))
    with holding.operation(by=by, reason=why.strip()):
        row = CallAttempt.objects.select_for_update().get(pk=attempt.pk)
        words = row.note if note is None else note.strip()
        chosen = _reason(row, outcome, reason, words)
        row.outcome, row.reason = outcome, chosen
        row.outcome_at = row.outcome_at or now
        row.reached = outcomes.RULES[outcomes.Outcome(outcome)].reached
        row.note, row.note_flagged = words, amounts.contains_amount(words)
        if not row.reached:
            row.attends, row.absence_reason = "", None
        if chosen is None:
            row.competitor = ""
        row.corrected_why = why.strip()[:400]
        row.save()
        moment = holding.moment_in(row.club, now, by)
        for listener in events.outcome_recorded:
            listener(attempt=row, moment=moment)
    return row


def _reason(row: CallAttempt, outcome: str, reason: str, note: str) -> RefusalReason | None:
    """The chosen reason of a refusal; a retired one may stay. Raises OutcomeRefused."""
    if outcome not in set(outcomes.Outcome):
        problem = outcomes.Problem("outcome", "invalid", sentence(N_("There is no such outcome.")))
        raise saying.OutcomeRefused([problem])
    if outcome != outcomes.Outcome.REFUSED:
        return None
    known = saying.Reasons.of(row.club_id)
    if row.reason is not None:
        known.rows.setdefault(row.reason.code, row.reason)
        known.rules.setdefault(row.reason.code, row.reason.rule)
    problems = outcomes.reason_problems(reason, note, known.rules)
    if problems:
        raise saying.OutcomeRefused(problems)
    return known.rows[reason]
