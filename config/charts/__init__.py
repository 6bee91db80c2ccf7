"""Charts: SVG written by the server and coloured by classes, so they work under a strict CSP, in print and in
both colour schemes. Plain dataclasses in, a SafeString out; each chart's name is a sentence with its numbers."""

from config.charts.bars import (
    Month,
    ParetoRow,
    Part,
    Reason,
    Slot,
    month_bars,
    pareto,
    parts_bar,
    progress,
    slot_bars,
    step_strip,
)
from config.charts.periods import Axis, axis_of, months_row, period_row
from config.charts.terms import Move, Span, Term, membership_band, moves, term_bar
from config.charts.visits import spark, visit_weeks, visit_year

__all__ = [
    "Axis",
    "Month",
    "Move",
    "ParetoRow",
    "Part",
    "Reason",
    "Slot",
    "Span",
    "Term",
    "axis_of",
    "membership_band",
    "month_bars",
    "months_row",
    "moves",
    "pareto",
    "parts_bar",
    "period_row",
    "progress",
    "slot_bars",
    "spark",
    "step_strip",
    "term_bar",
    "visit_weeks",
    "visit_year",
]
