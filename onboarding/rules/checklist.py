"""The checklist of a new member (§10): the default template, due days, what closes a step, the visit plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from memberships.rules.sentences import N_
from memberships.rules.terms import DAY, Span

WEEK = dt.timedelta(days=7)


class Fact(StrEnum):
    """What closes a step by itself."""

    NONE = ""
    WELCOME_CALL = "welcome_call"
    FIRST_VISIT = "first_visit"
    SESSION = "session"
    REVIEW = "review"


class Result(StrEnum):
    """What is written down when a step is done."""

    NONE = "none"
    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"
    FILE = "file"


class StepState(StrEnum):
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


STEP_MOVES: dict[StepState, frozenset[StepState]] = {
    StepState.OPEN: frozenset({StepState.DONE, StepState.SKIPPED}),
    StepState.DONE: frozenset({StepState.OPEN}),
    StepState.SKIPPED: frozenset({StepState.OPEN, StepState.DONE}),
}
"""Done and skipped can be taken back; a skipped step may still be done."""


@dataclass(frozen=True, slots=True)
class TemplateStep:
    """A step of a template; ``title`` and ``why`` are message ids, ``role`` is who does it."""

    title: str
    why: str
    role: str
    due_day: int
    is_call: bool = False
    fact: Fact = Fact.NONE
    result: Result = Result.NONE


DEFAULT_TEMPLATE: tuple[TemplateStep, ...] = (
    TemplateStep(
        N_("Tour of the club"),
        N_("Who knows where everything is comes back alone."),
        "administrator",
        0,
        fact=Fact.FIRST_VISIT,
    ),
    TemplateStep(
        N_("Tips: access, equipment, schedule"),
        N_("The questions nobody dares to ask twice."),
        "administrator",
        0,
    ),
    TemplateStep(
        N_("Meet the trainers"),
        N_("A member who knows two names stays longer."),
        "administrator",
        2,
        result=Result.TEXT,
    ),
    TemplateStep(
        N_("First free session booked"),
        N_("The first training shows how to begin and what to do next."),
        "administrator",
        3,
        fact=Fact.SESSION,
    ),
    TemplateStep(
        N_("Body-composition test"),
        N_("Progress is only seen by those who know where they began."),
        "administrator",
        7,
        result=Result.TEXT,
    ),
    TemplateStep(
        N_("Weekly visit plan"),
        N_("Fixed days become a habit."),
        "administrator",
        7,
    ),
    TemplateStep(
        N_("Welcome call"),
        N_("Asks how the first days were, while things are easily mended."),
        "operator",
        3,
        is_call=True,
        fact=Fact.WELCOME_CALL,
    ),
    TemplateStep(
        N_("First-month review"),
        N_("What was reached, what is missing, what comes next."),
        "administrator",
        30,
        fact=Fact.REVIEW,
    ),
)


def starts_checklist(sale_kind: str, *, for_returns: bool) -> bool:
    """Whether a sale of this kind starts a checklist: a new one, by the template's choice also a return."""
    return sale_kind == "new" or (for_returns and sale_kind == "return")


def due_on(starts_on: dt.date, due_day: int, freezes: Iterable[Span] = ()) -> dt.date:
    """The day N of a membership (its start is day 0), frozen days not counted; it is never a frozen day itself."""
    day, left = starts_on, due_day
    for freeze in sorted(freezes):
        running = (freeze.first - day).days
        if running > left:
            break
        left -= max(running, 0)
        day = max(day, freeze.last + DAY)
    return day + left * DAY


def facts(
    *, welcome_reached: bool = False, visited: bool = False, meeting_attended: str = "", booked: str = ""
) -> list[Fact]:
    """The facts by which steps close, from what happened; ``meeting_attended`` and ``booked`` are purposes."""
    happened = {
        Fact.WELCOME_CALL: welcome_reached,
        Fact.FIRST_VISIT: visited,
        Fact.SESSION: "session" in (meeting_attended, booked),
        Fact.REVIEW: meeting_attended == "review",
    }
    return [fact for fact, is_so in happened.items() if is_so]


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit of the weekly plan; an empty ``zone`` is anywhere. Monday is 0; ``time`` is only a help to remember."""

    weekday: int
    zone: str = ""
    time: dt.time | None = None


def kept(plan: Iterable[PlannedVisit], visits: Iterable[tuple[dt.date, str]], monday: dt.date) -> int:
    """How many visits of the plan were kept in the week that begins on a Monday: zone and weekday match.

    ``visits`` are (club day, zone); a visit keeps one planned visit at most.
    """
    came = [(day, zone) for day, zone in visits if monday <= day < monday + WEEK]
    done = 0
    # those that name a zone choose first, so that a planned visit "anywhere" takes what they leave
    for planned in sorted(plan, key=lambda one: (one.weekday, one.zone == "")):
        for visit in came:
            if visit[0].weekday() == planned.weekday and planned.zone in ("", visit[1]):
                came.remove(visit)
                done += 1
                break
    return done


def half_kept_since(
    plan: Collection[PlannedVisit],
    visits: Collection[tuple[dt.date, str]],
    *,
    on: dt.date,
    first: dt.date,
    freezes: Collection[Span] = (),
) -> dt.date | None:
    """Since when the plan is an at_risk cause, ``None`` if it is none on that day.

    It is one when less than half was kept in each of the last two whole ISO weeks without a frozen day; weeks that
    begin before ``first`` (when the plan was made) are not asked. Since the Monday after the second.
    """
    if not plan:
        return None
    weeks: list[dt.date] = []
    monday = on - (on.weekday() + 7) * DAY
    while len(weeks) < 2 and monday >= first:
        if not any(freeze.overlaps(Span(monday, monday + 6 * DAY)) for freeze in freezes):
            weeks.append(monday)
        monday -= WEEK
    if len(weeks) < 2 or any(2 * kept(plan, visits, week) >= len(plan) for week in weeks):
        return None
    return weeks[0] + WEEK
