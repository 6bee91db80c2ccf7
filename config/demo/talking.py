"""What people say on the phone and in the club: how a call of the story ends, and why somebody refuses."""

from __future__ import annotations

import random
from dataclasses import dataclass

from calls.rules import outcomes
from calls.rules.kinds import Kind
from calls.rules.outcomes import Outcome
from config.demo import words
from config.demo.story import Call, Task

ANSWERS = {Kind.CALLBACK: 0.75, Kind.NO_SHOW: 0.6, Kind.WELCOME: 0.5, Kind.COMPLAINT_FOLLOWUP: 0.6}
ANSWERS_ELSE = 0.42
UNANSWERED = {
    Outcome.NO_ANSWER: 600,
    Outcome.VOICEMAIL: 220,
    Outcome.BUSY: 115,
    Outcome.THIRD_PARTY: 60,
    Outcome.WRONG_NUMBER: 5,
}
STAYS = {Outcome.THINKING: 55, Outcome.CALLBACK: 22, Outcome.BOOKED: 18, Outcome.FREEZE_WANTED: 5}
LEAVES = {
    Outcome.REFUSED: 44,
    Outcome.THINKING: 17,
    Outcome.CALLBACK: 12,
    Outcome.BOOKED: 20,
    Outcome.COMPLAINT: 3,
    Outcome.DO_NOT_CALL: 2,
    Outcome.FREEZE_WANTED: 2,
}
BY_KIND = {
    Kind.WELCOME: {Outcome.TALKED: 56, Outcome.BOOKED: 38, Outcome.CALLBACK: 4, Outcome.COMPLAINT: 2},
    Kind.CARE: {
        Outcome.TALKED: 70, Outcome.BOOKED: 17, Outcome.CALLBACK: 6, Outcome.FREEZE_WANTED: 4, Outcome.COMPLAINT: 2,
        Outcome.DO_NOT_CALL: 1,
    },
    Kind.AT_RISK: {
        Outcome.TALKED: 48, Outcome.BOOKED: 20, Outcome.CALLBACK: 8, Outcome.FREEZE_WANTED: 8, Outcome.REFUSED: 8,
        Outcome.COMPLAINT: 3, Outcome.THINKING: 4, Outcome.DO_NOT_CALL: 1,
    },
    Kind.FREEZE_ENDING: {Outcome.TALKED: 68, Outcome.BOOKED: 22, Outcome.CALLBACK: 10},
    Kind.COMPLAINT_FOLLOWUP: {Outcome.TALKED: 92, Outcome.CALLBACK: 8},
}  # fmt: skip
NO_TALK_IS_ENOUGH = frozenset({Kind.RENEWAL, Kind.WINBACK, Kind.NO_SHOW})

REFUSALS = {
    "price": 15, "crowding": 9, "cleanliness": 3, "equipment": 4, "schedule": 7, "staff": 1, "no_time": 14,
    "moved": 7, "health": 5, "money": 7, "lost_motivation": 6, "goal_reached": 2, "does_not_attend": 5,
    "lower_price": 7, "closer": 5, "better_equipment": 3, "trains_elsewhere": 3, "declined": 5, "other": 2,
}  # fmt: skip
RIVAL = frozenset({"lower_price", "closer", "better_equipment", "trainer_left", "trains_elsewhere"})
NEEDS_NOTE = frozenset({"other", "staff"})
FINAL = frozenset({"moved"})
ABSENCES = ("no_time", "health", "lost_motivation", "crowding", "does_not_attend")


@dataclass(frozen=True)
class Refusal:
    reason: str
    competitor: str = ""
    note: str = ""


def outcome(task: Task, *, leaves: bool, rng: random.Random) -> Outcome:
    """How a dial ends. ``leaves``: no sale lies ahead of this member. (One for whom it does is booked elsewhere.)"""
    kind = task.kind
    if rng.random() >= ANSWERS.get(kind, ANSWERS_ELSE):
        return _drawn(UNANSWERED, rng)
    weights = BY_KIND.get((task.origin or kind) if kind in (Kind.CALLBACK, Kind.NO_SHOW) else kind)
    if weights is None:
        weights = LEAVES if leaves else STAYS
    return _drawn({one: weight for one, weight in weights.items() if kind in outcomes.RULES[one].kinds}, rng)


def instead_of_a_meeting(kind: Kind) -> Outcome:
    """How a call ends that would have booked one, had there been a time."""
    return Outcome.THINKING if kind in NO_TALK_IS_ENOUGH else Outcome.TALKED


def refusal(rng: random.Random) -> Refusal:
    reason = rng.choices(list(REFUSALS), list(REFUSALS.values()))[0]
    return Refusal(
        reason,
        competitor=rng.choice(words.COMPETITORS) if reason in RIVAL else "",
        note=rng.choice(words.OTHER_WORDS) if reason in NEEDS_NOTE else "",
    )


def fill_in(call: Call, rng: random.Random) -> None:
    """What the operator writes down beside the outcome."""
    call.note = rng.choice(words.NOTES.get(call.outcome, ("",)))
    if not call.reached:
        return
    call.duration_s = rng.randrange(40, 420)
    if call.task.kind in outcomes.ASKS_ATTENDS:
        happy = call.task.kind in (Kind.WELCOME, Kind.CARE)
        call.attends = rng.choices(("yes", "no", "unknown"), (88, 8, 4) if happy else (58, 33, 9))[0]
        call.absence_reason = rng.choice(ABSENCES) if call.attends == "no" else ""
    if call.outcome == Outcome.REFUSED:
        said = refusal(rng)
        call.reason, call.competitor = said.reason, said.competitor
        call.note = said.note or call.note


def _drawn(weights: dict[Outcome, int], rng: random.Random) -> Outcome:
    return rng.choices(list(weights), list(weights.values()))[0]
