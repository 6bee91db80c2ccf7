"""Sizes, and one line of the table: turns taken by ours and the limit, the median, the goal."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

ROUNDS = int(os.environ.get("ROUNDS") or 3)


@dataclass(frozen=True)
class Size:
    """``waiting`` calls are ready; ``loaded`` members are imported."""

    name: str
    members: int
    clubs: int
    attempts: int
    visits: int
    waiting: int
    loaded: int
    claims: int
    drained: int

    @property
    def memberships(self) -> int:
        return self.members * 3 // 2


SIZES = {
    "small": Size("small", 10_000, 1, 100_000, 60_000, 10_000, 10_000, 2_560, 8_000),
    "medium": Size("medium", 100_000, 4, 1_000_000, 600_000, 100_000, 100_000, 6_400, 32_000),
    "large": Size("large", 1_000_000, 20, 10_000_000, 4_000_000, 1_000_000, 1_000_000, 6_400, 32_000),
}


@dataclass
class Line:
    """One row of the table. ``value`` is held against ``goal``: at least it, or ``at_most`` it.

    ``failed``: why there is no value.
    """

    work: str
    limit: str
    value: float
    goal: float
    at_most: bool = False
    unit: str = "×"
    ours: str = ""
    raw: str = ""
    rounds: list[float] = field(default_factory=list)
    failed: str = ""

    @property
    def passed(self) -> bool:
        return not self.failed and self._reached

    @property
    def _reached(self) -> bool:
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "passed": self.passed}


def seconds(work: Callable[[], object]) -> float:
    """How long it takes by the clock on the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], object], times: int) -> float:
    """How much of the processor one of so many runs takes in this process."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def memory(work: Callable[[], object]) -> float:
    """How much memory this process holds at its highest while it works, in MiB."""
    own, over = psutil.Process(), threading.Event()
    highest = own.memory_info().rss

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.02):
            highest = max(highest, own.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        over.set()
        watcher.join()
    return highest / 2**20


def turns(
    ours: Callable[[], float], limit: Callable[[], float], rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """Measures of ours and of the limit, turn by turn, so that what disturbs the machine meets both."""
    mine, raw = [], []
    for _ in range(rounds):
        raw.append(limit())
        mine.append(ours())
    return mine, raw


def ratios(over: list[float], under: list[float]) -> list[float]:
    """Round by round."""
    return [one / other for one, other in zip(over, under, strict=True)]


def line(
    work: str,
    limit: str,
    rounds: list[float],
    goal: float,
    *,
    at_most: bool = False,
    ours: str = "",
    raw: str = "",
    unit: str = "×",
) -> Line:
    """A line whose value is the median of the rounds."""
    return Line(work, limit, statistics.median(rounds), goal, at_most, unit, ours, raw, rounds)


def milliseconds(values: list[float]) -> str:
    return f"{statistics.median(values) * 1000:.1f} ms"


def clock_time(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} s"


def percentile(values: list[float], share: float) -> float:
    """The value that so great a share of them does not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def number(value: float) -> str:
    """A whole number with thin thousands."""
    return f"{value:,.0f}".replace(",", " ")
