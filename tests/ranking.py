"""How the score by which at_risk calls are ordered ranks the members who really left: ``python -m tests.ranking``.

Reads the files of Model Fitness beside the repository (or in the folder that is named), works out by the product's
own rules who is absent or falling on 2 November 2026, and compares with ``truth.csv``, which says who left in the
month that followed. ``docs/figures.md`` holds what it prints.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from memberships.rules import attendance, terms
from memberships.rules.terms import DAY, Span, Term

FILES = Path(__file__).resolve().parents[2] / "shared" / "data" / "model_fitness"
ON = dt.date(2026, 11, 2)
GRACE = 30 * DAY


@dataclass(frozen=True)
class Case:
    """An active member on the day: ``rule``, absent or falling; ``score``, as the queue orders; ``alone``, 1 − visits
    in 28 days ÷ usual without the rest of the rule; ``known``: held a membership on each of the 112 days before.
    """

    rule: bool
    known: bool
    score: Decimal
    alone: Decimal
    left: bool


@dataclass(frozen=True)
class Ranking:
    """Members, how many left, areas under the curve (0.5: a coin), and the rule's precision and recall."""

    members: int
    left: int
    called: int
    auc: float
    auc_alone: float
    auc_file: float
    known: int
    known_left: int
    auc_known: float
    precision: float
    recall: float

    def lines(self) -> list[str]:
        """What the page of figures says, row by row."""
        return [
            f"| active members, of whom left in the next month | {self.members}, {self.left} |",
            f"| area under the curve, the score of at_risk (absent: 1) | {self.auc:.2f} |",
            f"| area under the curve, 1 − visits in 28 days ÷ usual alone | {self.auc_alone:.2f} |",
            f"| area under the curve, *this month ÷ usual* of truth.csv, all its members | {self.auc_file:.2f} |",
            f"| the score among members of 112 days and more, of whom left | {self.auc_known:.2f} of"
            f" {self.known}, {self.known_left} |",
            f"| members absent or falling (the rule) | {self.called} |",
            f"| precision of the rule | {self.precision:.2f} |",
            f"| recall of the rule | {self.recall:.2f} |",
        ]


def area_under_the_curve(scores: Sequence[float | Decimal], left: Sequence[bool]) -> float:
    """The chance that somebody who left has a higher score than somebody who stayed; equal ones count half."""
    order = sorted(range(len(scores)), key=lambda place: scores[place])
    ranks = [0.0] * len(scores)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and scores[order[end + 1]] == scores[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    gone = sum(left)
    total = sum(rank for rank, is_gone in zip(ranks, left, strict=True) if is_gone)
    return (total - gone * (gone + 1) / 2) / (gone * (len(left) - gone))


def ranked(folder: Path = FILES) -> Ranking:
    """The figures of the files in a folder."""
    truth = {row["member"]: row for row in _rows(folder, "truth")}
    cases = list(_cases(folder, truth).values())
    left = [case.left for case in cases]
    called = [case for case in cases if case.rule]
    known = [case for case in cases if case.known]
    right = sum(case.left for case in called)
    ratios = [_less_than_usual(row) for row in truth.values()]
    return Ranking(
        members=len(cases),
        left=sum(left),
        called=len(called),
        auc=area_under_the_curve([case.score for case in cases], left),
        auc_alone=area_under_the_curve([case.alone for case in cases], left),
        auc_file=area_under_the_curve(ratios, [row["left_next_month"] == "1" for row in truth.values()]),
        known=len(known),
        known_left=sum(case.left for case in known),
        auc_known=area_under_the_curve([case.score for case in known], [case.left for case in known]),
        precision=right / len(called),
        recall=right / sum(left),
    )


def _cases(folder: Path, truth: Mapping[str, Mapping[str, str]]) -> dict[str, Case]:
    lengths = {row["code"]: Term.parse(row["term"]) for row in _rows(folder, "plans")}
    held: dict[str, list[Span]] = defaultdict(list)
    for row in _rows(folder, "memberships"):
        starts_on = dt.date.fromisoformat(row["starts_on"])
        held[row["member"]].append(Span(starts_on, terms.ends_on(starts_on, lengths[row["plan"]])))
    visits: dict[str, list[dt.date]] = defaultdict(list)
    for row in _rows(folder, "visits"):
        visits[row["member"]].append(dt.datetime.fromisoformat(row["at"]).date())
    cases = {}
    for member, spans in held.items():
        spans.sort()
        if not any(ON in span for span in spans):
            continue
        came = [day for day in visits[member] if day <= ON]
        counts = attendance.counts(came, ON)
        since = attendance.not_seen_since(max(came, default=None), _chain_start(spans), [], ON)
        absent = attendance.absent(since, ON, active=True)
        falling = attendance.falling(counts, spans, [], ON)
        known = not Span(attendance.days_before(ON).first, ON).without(spans)
        score = Decimal(1) if absent else counts.score
        left = truth[member]["left_next_month"] == "1"
        cases[member] = Case(rule=absent or falling, known=known, score=score, alone=counts.score, left=left)
    return cases


def _chain_start(spans: Sequence[Span]) -> dt.date:
    """The first day of the unbroken chain of renewals that the day lies in."""
    begun = [span for span in spans if span.first <= ON]
    start = begun[0].first
    for before, after in itertools.pairwise(begun):
        if after.first - before.last > GRACE:
            start = after.first
    return start


def _less_than_usual(row: Mapping[str, str]) -> float:
    usual = float(row["classes_a_week"])
    return 1 - float(row["classes_a_week_this_month"]) / usual if usual else 0.0


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    sys.stdout.write("\n".join(ranked(Path(sys.argv[1]) if len(sys.argv) > 1 else FILES).lines()) + "\n")
