"""One check: what is done how often, what broke, and its control, the same with the guard taken out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SHOWN = 5


@dataclass
class Found:
    """What a run saw: how often the thing was done, what broke in sentences, and figures in words."""

    times: int = 0
    breaches: list[str] = field(default_factory=list)
    said: str = ""

    def breach(self, sentence: str) -> None:
        self.breaches.append(sentence)

    @property
    def told(self) -> str:
        """The first breaches."""
        more = len(self.breaches) - SHOWN
        return "\n".join([*self.breaches[:SHOWN], *([f"… and {more} more"] if more > 0 else [])])


@dataclass(frozen=True)
class Check:
    """``control`` must break, or the check would not see what it looks for; ``None`` where the guard is no code."""

    name: str
    must_hold: str
    run: Callable[[], Found]
    control: Callable[[], Found] | None = None


@dataclass(frozen=True)
class Verdict:
    """A check that ran."""

    check: Check
    found: Found
    control: Found | None
    seconds: float

    @property
    def held(self) -> bool:
        return not self.found.breaches

    @property
    def passed(self) -> bool:
        return self.held and (self.control is None or bool(self.control.breaches))

    def as_json(self) -> dict[str, object]:
        return {
            "check": self.check.name,
            "must_hold": self.check.must_hold,
            "times": self.found.times,
            "breaches": len(self.found.breaches),
            "first_breaches": self.found.breaches[:SHOWN],
            "figures": self.found.said,
            "control_breaches": None if self.control is None else len(self.control.breaches),
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
        }


def judge(check: Check) -> Verdict:
    """Runs a check and its control."""
    began = time.monotonic()
    found = check.run()
    control = check.control() if check.control else None
    return Verdict(check, found, control, time.monotonic() - began)
