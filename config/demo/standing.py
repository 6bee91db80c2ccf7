"""What holds for a person of the story on a day: which membership runs, what is sold behind it, which call is over."""

from __future__ import annotations

import datetime as dt

from calls.rules.facts import Policy
from calls.rules.kinds import Kind
from calls.rules.states import Lapse
from config.demo.story import Person, Task
from memberships.rules.terms import DAY, Span

LETS_REST = 30 * DAY


def covering(person: Person, day: dt.date) -> int | None:
    """The membership that covers the day, by its place."""
    for index, term in enumerate(person.terms):
        if term.starts_on <= day <= term.last_covered_on:
            return index
    return None


def sold_behind(person: Person, index: int, day: dt.date) -> bool:
    return index + 1 < len(person.terms) and person.terms[index + 1].sold_on <= day


def sale_ahead(person: Person, task: Task) -> dt.date | None:
    """When the member will buy what this call is for; ``None``: never."""
    term = person.terms[task.term]
    if (task.origin or task.kind) is Kind.WINBACK and task.term + 1 < len(person.terms):
        return person.terms[task.term + 1].sold_on
    return term.renews_on


def too_late_for_care(person: Person, policy: Policy, index: int, day: dt.date) -> bool:
    end = person.terms[index].effective_ends_on
    return (end - day).days <= policy.care_days_left or sold_behind(person, index, day)


def gone(person: Person, policy: Policy, task: Task, day: dt.date) -> Lapse | None:
    """Why nobody need be rung any more."""
    term = person.terms[task.term]
    if task.kind in (Kind.RENEWAL, Kind.WINBACK) and sold_behind(person, task.term, day):
        return Lapse.RENEWED
    over: dict[Kind, dt.date] = {
        Kind.RENEWAL: term.effective_ends_on + policy.grace_days * DAY,
        Kind.WELCOME: term.starts_on + policy.welcome_to_day * DAY,
        Kind.NO_SHOW: task.due_on + LETS_REST,
        Kind.COMPLAINT_FOLLOWUP: task.due_on + LETS_REST,
    }
    if isinstance(task.about, Span):
        over[Kind.FREEZE_ENDING] = task.about.last
    if isinstance(task.about, dt.date):
        over[Kind.AT_RISK] = task.about - DAY
    if task.kind is Kind.WINBACK:
        later = [rung for rung in policy.winback_rungs if rung > (task.rung or 0)]
        over[Kind.WINBACK] = term.last_covered_on + (min(later, default=policy.winback_days) - 1) * DAY
    if task.kind is Kind.CARE and too_late_for_care(person, policy, task.term, day):
        return Lapse.SUPERSEDED
    if day <= over.get(task.kind, dt.date.max):
        return None
    return Lapse.VISITED if task.kind is Kind.AT_RISK else Lapse.WINDOW_OVER
