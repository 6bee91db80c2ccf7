"""Ready-made contact policies (§4): starting points for a country's clubs. They are no legal advice, and say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from calls.rules.hours import Windows
from memberships.rules.sentences import N_

NO_LEGAL_ADVICE = N_("A starting point, not legal advice: what you may do is for you to find out, and rules change.")
"""Stands beside every ready-made policy."""


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """Values of a policy by name and its calling windows; ``why``: what it has in mind, a sentence each."""

    code: str
    name: str
    windows: Windows
    values: Mapping[str, object]
    why: tuple[str, ...]


def _hours(*spans: tuple[int, int]) -> tuple[tuple[dt.time, dt.time], ...]:
    return tuple((dt.time(begins), dt.time(ends)) for begins, ends in spans)


def _week(
    workdays: tuple[tuple[int, int], ...],
    saturday: tuple[tuple[int, int], ...] = (),
    sunday: tuple[tuple[int, int], ...] = (),
) -> Windows:
    days = {weekday: _hours(*workdays) for weekday in range(5)} | {5: _hours(*saturday), 6: _hours(*sunday)}
    return {weekday: spans for weekday, spans in days.items() if spans}


READY_MADE: tuple[ReadyMade, ...] = (
    ReadyMade(
        code="us",
        name=N_("United States"),
        windows=_week(((9, 20),), ((10, 18),), ((12, 18),)),
        values={
            "consent_scope": "winback",
            "cap_counts": "conversations",
            "cap_7_days": 2,
            "cap_30_days": 4,
            "attempts_a_day": 2,
            "min_gap_hours": 3,
            "refused_days": 30,
        },
        why=(
            N_("Well within 8 in the morning to 9 in the evening of the called person's time."),
            N_("Former members are rung only with a recorded consent: a relationship does not last for ever."),
        ),
    ),
    ReadyMade(
        code="gb",
        name=N_("United Kingdom"),
        windows=_week(((9, 20),), ((10, 17),)),
        values={
            "consent_scope": "winback",
            "cap_counts": "conversations",
            "cap_7_days": 2,
            "cap_30_days": 4,
            "attempts_a_day": 2,
            "min_gap_hours": 4,
            "refused_days": 30,
        },
        why=(
            N_("Nobody is rung on a Sunday, and not late in the evening."),
            N_("Former members may be registered against sales calls: they are rung only with a recorded consent."),
        ),
    ),
    ReadyMade(
        code="fr",
        name=N_("France"),
        windows=_week(((10, 13), (14, 20))),
        values={
            "consent_scope": "all",
            "cap_counts": "attempts",
            "cap_7_days": 2,
            "cap_30_days": 4,
            "attempts_a_day": 1,
            "min_gap_hours": 4,
            "refused_days": 60,
        },
        why=(
            N_("From Monday to Friday, 10 to 13 and 14 to 20 only; never on a weekend or a public holiday."),
            N_("Not more than four attempts in 30 days, whether or not somebody answered."),
            N_("Whoever refused is left alone for 60 days; calls need a recorded consent."),
        ),
    ),
    ReadyMade(
        code="de",
        name=N_("Germany"),
        windows=_week(((9, 19),), ((10, 14),)),
        values={
            "consent_scope": "all",
            "cap_counts": "attempts",
            "cap_7_days": 2,
            "cap_30_days": 4,
            "attempts_a_day": 1,
            "min_gap_hours": 4,
            "refused_days": 60,
        },
        why=(
            N_("Every call needs a consent that was recorded, with its evidence."),
            N_("Attempts count, not only conversations: a telephone that rings often is a nuisance too."),
        ),
    ),
    ReadyMade(
        code="ru",
        name=N_("Russia"),
        windows=_week(((10, 20),), ((11, 18),), ((11, 18),)),
        values={
            "consent_scope": "all",
            "cap_counts": "conversations",
            "cap_7_days": 2,
            "cap_30_days": 4,
            "attempts_a_day": 2,
            "min_gap_hours": 3,
            "refused_days": 30,
        },
        why=(
            N_("Every call that advertises needs a consent that was recorded beforehand."),
            N_("Calls keep well away from the hours in which the regions ask for quiet."),
        ),
    ),
)


def by_code(code: str) -> ReadyMade | None:
    return next((one for one in READY_MADE if one.code == code), None)
