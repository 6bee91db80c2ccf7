"""Which checks a soak runs, and at what length."""

from __future__ import annotations

from tests.reliability import (
    clubs,
    covered,
    described,
    desk,
    killing,
    mixed,
    mutants,
    outages,
    planners,
    stories,
    windows,
)
from tests.reliability.checks import Check, Found, Verdict
from tests.soak.length import Length


def checks(length: Length) -> list[Check]:
    return [check for name in length.only or GROUPS for check in GROUPS[name](length)]


def broken(check: Check, error: Exception) -> Verdict:
    """The verdict on a check that could not be run to its end."""
    return Verdict(check, Found(breaches=[f"it did not run: {error!r}"]), None, 0.0)


def _desk(length: Length) -> list[Check]:
    size = (8, 8) if length.short else (64, 100)
    small = (8, 8) if length.short else (16, 25)
    return [
        Check(
            f"{size[0]} operators × {size[1]} next calls, one in ten hangs up",
            "nobody twice, nobody forgotten, one call an operator and a number",
            lambda: desk.run(*size),
            lambda: desk.control(*small),
        )
    ]


def _killing(length: Length) -> list[Check]:
    points = killing.some if length.short else killing.every

    def walk() -> Found:
        clubs.set_clock()
        found = Found()
        for story in stories.STORIES:
            one = killing.walk(story, points)
            found.times += one.times
            found.breaches += one.breaches
        found.said = f"{len(stories.STORIES)} pieces of work"
        return found

    def control() -> Found:
        clubs.set_clock()
        refused = next(one for one in stories.STORIES if one.name == "outcome refused")
        return killing.walk(refused, killing.some, guarded=False)

    return [
        Check("kill -9 before each statement", "all or nothing, and done once when done again", walk, control),
    ]


def _outages(length: Length) -> list[Check]:
    seconds, times = (1.0, 1) if length.short else (20.0, 20)
    return [
        Check(
            "Redis stopped, frozen, emptied, full",
            "pages answer, p95 ≤ 1 s; caught up ≤ 60 s",
            lambda: outages.broker(seconds),
            None,
        ),
        Check(
            f"PostgreSQL restarted {times} × under load",
            "2xx, or 503 with Retry-After; one row a key; nothing half-written",
            lambda: outages.database(times),
            None if length.short else lambda: outages.database(times // 5, keyed=False),
        ),
    ]


def _planners(length: Length) -> list[Check]:
    missed = 3 if length.short else 30
    return [
        Check(
            "two planners and two sweeps at once, clock ± 1 h, days missed",
            "every slot once, no flood",
            lambda: planners.run(missed),
            planners.control,
        )
    ]


def _windows(length: Length) -> list[Check]:
    minutes, far, changes = (187, 307, 1) if length.short else (5, 121, 4)
    return [
        Check(
            f"30 time zones around each change of the clock 2024–2034, every {minutes} minutes, and leap days",
            "no call outside the windows",
            lambda: windows.walk(minutes),
            lambda: windows.walk(61, blind=True),
        ),
        Check(
            f"claim and dial in each of them, every {far} minutes around its last changes",
            "no call outside the windows of the member's own zone",
            lambda: windows.ring(far, changes=changes),
            None,
        ),
    ]


def _mixed(length: Length) -> list[Check]:
    minutes = 0.2 if length.short else length.minutes
    return [
        Check(
            f"{minutes:g} minutes of mixed load with random faults",
            "no invariant broken, memory + 5 % at most",
            lambda: mixed.run(minutes),
            None if length.short else mixed.control,
        )
    ]


def _described(length: Length) -> list[Check]:
    examples = 1 if length.short else 25
    return [
        Check(
            "Schemathesis over the API as each role, all its checks",
            "no 5xx, no answer that is not described",
            lambda: described.run(examples),
            None,
        )
    ]


def _covered(length: Length) -> list[Check]:
    name = "branches that the tests walk"
    return [] if length.short else [Check(name, "90 % in all, 100 % of the rules", covered.run, None)]


def _mutants(length: Length) -> list[Check]:
    return [] if length.short else [Check("guards taken out one by one", "a test fails for each", mutants.run, None)]


GROUPS = {
    "desk": _desk,
    "killing": _killing,
    "planners": _planners,
    "windows": _windows,
    "outages": _outages,
    "mixed": _mixed,
    "described": _described,
    "covered": _covered,
    "mutants": _mutants,
}
