"""Random histories of a member against a slow oracle that walks day by day (PRODUCT.md §3.3).

The oracle knows a membership as a number of days to be lived: each day from its start is either frozen or lived,
and it is over when all are lived. Nothing of ``memberships.rules.chains`` is used in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from memberships.rules import chains, freezing, terms
from memberships.rules.chains import Closure, Freeze, Held
from memberships.rules.errors import Refused
from memberships.rules.terms import Term

DAY = timedelta(days=1)
BEGIN = date(2026, 1, 1)
TERMS = [Term(1, "m"), Term(10, "d"), Term(3, "m"), Term(40, "d")]
ALLOWANCE, MINIMUM, MOST = 20, 3, 2
MOVES = {"freeze_moves_started", "freeze_in_the_way"}


def each_day(first: date, last: date) -> set[date]:
    return {first + n * DAY for n in range((last - first).days + 1)}


class Impossible(Exception):
    """The oracle's word for every refusal."""


@dataclass
class Life:
    """A membership to the oracle."""

    id: int
    start: date
    term: Term
    bonus: int
    follows: int | None = None
    given: date | None = None
    own: dict[int, set[date]] = field(default_factory=dict)
    shut: dict[int, set[date]] = field(default_factory=dict)
    stop: date | None = None
    cancelled: bool = False

    def walk(self) -> tuple[date, set[date]]:
        """The last covered day and the frozen days."""
        lived, frozen, day = 0, set(), self.start
        units = (terms.ends_on(self.start, self.term) - self.start).days + 1 + self.bonus
        own = set().union(*self.own.values())
        shut = set().union(*self.shut.values())
        while lived < units and (self.stop is None or day <= self.stop):
            if day in own or day in shut:
                frozen.add(day)
            else:
                lived += 1
            day += DAY
        if own - frozen:
            raise Impossible("freeze_in_the_way")
        return day - DAY, frozen

    @property
    def last(self) -> date:
        return self.walk()[0]


class Slow:
    """All memberships of the member, in order of start."""

    def __init__(self) -> None:
        self.lives: list[Life] = []

    def covering(self) -> list[Life]:
        return sorted((life for life in self.lives if life.start <= life.last), key=lambda life: life.start)

    def wanted(self, life: Life, earlier: list[Life]) -> date:
        for prior in earlier:
            if prior.id == life.follows and not prior.cancelled:
                return prior.last + DAY
        day = life.given or life.start
        while any(other.last >= day for other in earlier):
            day += DAY
        return day

    def settled(self, changed: Life, today: date) -> list[Life]:
        before = self.covering()
        after = []
        for number, life in enumerate(before):
            was = self.wanted(life, before[:number])
            now = deepcopy(changed if life.id == changed.id else life)
            wanted = self.wanted(life, after)
            if life.start > today:
                if wanted != was:
                    now.start = wanted if wanted > today else today
            elif (was == life.start and wanted != was) or any(other.last >= life.start for other in after):
                raise Impossible("freeze_moves_started")
            now.walk()
            after.append(now)
        kept = {life.id for life in after}
        return [*after, *(life for life in self.lives if life.id not in kept)]


class Story:
    """Plays the same events on the rules and on the oracle, and compares them after each."""

    def __init__(self) -> None:
        self.today = BEGIN
        self.held: list[Held] = []
        self.slow = Slow()
        self.closures: dict[int, Closure] = {}
        self.names = iter(range(1, 10_000))

    # ---- what a caller of the rules does ----------------------------------------------------------------

    def save(self, moves: tuple[chains.Move, ...]) -> None:
        after = {move.membership: move.after for move in moves}
        self.held = [chains.moved(held, after[held.id]) if held.id in after else held for held in self.held]

    def change(self, key: int, **facts: object) -> None:
        self.held = [replace(held, **facts) if held.id == key else held for held in self.held]

    def life(self, key: int) -> Life:
        return next(life for life in self.slow.lives if life.id == key)

    def pick(self, number: int) -> Held | None:
        return self.held[number % len(self.held)] if self.held else None

    # ---- events -----------------------------------------------------------------------------------------

    def wait(self, days: int, *_: int) -> None:
        self.today += days * DAY

    def sell(self, which: int, ahead: int, bonus: int) -> None:
        covering = self.slow.covering()
        term, key = TERMS[which % len(TERMS)], next(self.names)
        latest = covering[-1] if covering else None
        follows = given = None
        start = self.today
        if latest is not None and latest.last >= self.today:
            start = latest.last + DAY
            if ahead % 2:
                given = start = start + (ahead % 9) * DAY
            elif not latest.cancelled:
                follows = latest.id
        closures = tuple(self.closures.values())
        end = terms.ends_on(start, term)
        held = Held(
            key, term, start, end, end, bonus_days=bonus, follows=follows, given_starts_on=given, closures=closures,
            allowance_days=ALLOWANCE, minimum_days=MINIMUM, max_count=MOST,
        )  # fmt: skip
        self.held.append(chains.moved(held, chains.place(held)))
        shut = {closure.id: each_day(closure.starts_on, closure.ends_on) for closure in closures}
        self.slow.lives.append(Life(key, start, term, bonus, follows, given, shut=shut))

    def freeze(self, which: int, ahead: int, days: int) -> None:
        held = self.pick(which)
        if held is None:
            return
        anchor = [self.today, held.starts_on, held.effective_ends_on, max(held.starts_on, self.today)][ahead % 4]
        first = anchor + (ahead // 4 - 3) * DAY
        asked = each_day(first, first + days * DAY)
        override = "a reason" if days % 2 else None
        expected = self.slow_freeze(self.life(held.id), asked, override is not None)
        try:
            plan = freezing.plan_freeze(
                self.held, held.id, min(asked), max(asked), today=self.today, override_reason=override
            )
        except Refused as refusal:
            assert isinstance(expected, str), refusal
            assert refusal.code == expected or {refusal.code, expected} == MOVES
            return
        assert not isinstance(expected, str), expected
        key = next(self.names)
        expected[0].own[key] = expected[0].own.pop(0)
        self.slow.lives = expected[1]
        self.change(held.id, freezes=(*held.freezes, replace(plan.freeze, id=key)))
        self.save(plan.moves)

    def slow_freeze(self, life: Life, asked: set[date], override: bool) -> str | tuple[Life, list[Life]]:
        last, frozen = life.walk()
        if not life.start <= min(asked) <= last or (life.stop is not None and max(asked) > last):
            return "freeze_outside"
        if not override and min(asked) < self.today:
            return "freeze_in_the_past"
        if not override and len(asked) < MINIMUM:
            return "freeze_minimum"
        if asked & frozen:
            return "freeze_overlap"
        shut = set().union(*life.shut.values())
        if not override and len(set().union(asked, *life.own.values()) - shut) > ALLOWANCE:
            return "freeze_allowance"
        if not override and len(life.own) + 1 > MOST:
            return "freeze_count"
        changed = deepcopy(life)
        changed.own[0] = asked
        try:
            lives = self.slow.settled(changed, self.today)
        except Impossible as refusal:
            return str(refusal)
        return next(one for one in lives if one.id == life.id), lives

    def give_back(self, which: int, ahead: int, _: int) -> None:
        rows = [(held, row) for held in self.held for row in held.freezes if not row.voided]
        if not rows:
            return
        held, row = rows[which % len(rows)]
        assert row.id is not None
        returned_on = row.starts_on + (ahead - 2) * DAY
        changed = deepcopy(self.life(held.id))
        expected: str | list[Life]
        if returned_on > row.ends_on:
            expected = "freeze_outside"
        else:
            changed.own[row.id] = {day for day in changed.own[row.id] if day < returned_on}
            if not changed.own[row.id]:
                del changed.own[row.id]
            try:
                expected = self.slow.settled(changed, self.today)
            except Impossible as refusal:
                expected = str(refusal)
        try:
            plan = freezing.plan_return(self.held, held.id, row.id, returned_on, today=self.today, may_be_past=True)
        except Refused as refusal:
            assert isinstance(expected, str), refusal
            assert refusal.code == expected or {refusal.code, expected} == MOVES
            return
        assert not isinstance(expected, str), expected
        self.slow.lives = expected
        self.change(held.id, freezes=tuple(plan.freeze if one.id == row.id else one for one in held.freezes))
        self.save(plan.moves)

    def close(self, ahead: int, days: int, which: int) -> None:
        held = self.pick(which)
        first = (held.effective_ends_on if held and days % 2 else self.today) + (ahead - 8) * DAY
        closure = Closure(next(self.names), first, first + days * DAY)
        self.closures[closure.id] = closure
        self.apply(closure, each_day(closure.starts_on, closure.ends_on))

    def apply(self, closure: Closure, shut: set[date]) -> None:
        plan = freezing.plan_closure(self.held, closure, today=self.today)
        left = {row.membership for row in plan.left}
        assert left == self.slow_closure(closure.id, shut)
        for held in self.held:
            if held.id not in left:
                others = tuple(row for row in held.closures if row.id != closure.id)
                self.change(held.id, closures=(*others, closure))
        self.save(plan.moves)
        again = freezing.plan_closure(self.held, closure, today=self.today)
        assert ({row.membership for row in again.left}, again.moves) == (left, ()), "twice changes nothing"

    def slow_closure(self, key: int, shut: set[date]) -> set[int]:
        left = set()
        for life in self.slow.covering():
            changed = deepcopy(self.life(life.id))
            changed.shut[key] = shut
            try:
                self.slow.lives = self.slow.settled(changed, self.today)
            except Impossible:
                left.add(life.id)
        for life in self.slow.lives:
            if life.start > life.last:
                life.shut[key] = shut
        return left

    def reopen(self, which: int, ahead: int, _: int) -> None:
        if not self.closures:
            return
        closure = self.closures[sorted(self.closures)[which % len(self.closures)]]
        from_day = closure.starts_on + ahead * DAY
        plan = freezing.plan_reopening(self.held, closure.id, from_day, today=self.today)
        left = {row.membership for row in plan.left}
        slow_left = set()
        for life in self.slow.covering():
            changed = deepcopy(self.life(life.id))
            if closure.id in changed.shut:
                changed.shut[closure.id] = {day for day in changed.shut[closure.id] if day < from_day}
                try:
                    self.slow.lives = self.slow.settled(changed, self.today)
                except Impossible:
                    slow_left.add(life.id)
        assert left == slow_left
        for held in self.held:
            if held.id not in left:
                self.change(held.id, closures=tuple(self.cut(held.closures, closure.id, from_day)))
        self.save(plan.moves)
        self.closures = {row.id: row for row in self.cut(self.closures.values(), closure.id, from_day)}

    def cut(self, rows: Iterable[Closure], key: int, from_day: date) -> Iterator[Closure]:
        for row in rows:
            if row.id != key or row.ends_on < from_day:
                yield row
            elif row.starts_on < from_day:
                yield replace(row, ends_on=from_day - DAY)

    def cancel(self, which: int, ahead: int, _: int) -> None:
        held = self.pick(which)
        on = self.today + ahead * DAY
        if held is None or held.closed_on or held.cancelled_on or on > held.effective_ends_on:
            return
        self.held = [chains.stopped(row, cancelled_on=on) if row.id == held.id else row for row in self.held]
        self.slow_stop(held.id, on - DAY).cancelled = True

    def slow_stop(self, key: int, last: date) -> Life:
        life = self.life(key)
        life.stop = last
        cut = {name: {day for day in days if day <= last} for name, days in life.own.items()}
        life.own = {name: days for name, days in cut.items() if days}
        return life

    def change_plan(self, which: int, _: int, bonus: int) -> None:
        covering = self.slow.covering()
        if not covering or not covering[-1].start < self.today <= covering[-1].last or covering[-1].stop:
            return
        key = covering[-1].id
        last = self.today - DAY
        self.held = [chains.stopped(row, closed_on=last) if row.id == key else row for row in self.held]
        self.slow_stop(key, last)
        self.sell(which, 0, bonus)

    # ---- after each event -------------------------------------------------------------------------------

    def compare(self) -> None:
        taken: set[date] = set()
        for held in self.held:
            life = self.life(held.id)
            last, frozen = life.walk()
            covered = held.covered
            assert (covered is None) == (last < life.start)
            if covered is None:
                continue
            assert (covered.first, covered.last) == (life.start, last)
            spans = chains.frozen_spans(held)
            assert set().union(*(each_day(span.first, span.last) for span in spans)) == frozen
            assert held.frozen_days == len(frozen), "the stored number is that of the frozen days"
            if life.stop is None:
                assert covered.days - len(frozen) == self.units(life), "no day is lost or won"
            days = each_day(covered.first, covered.last)
            assert not days & taken, "no day is covered twice"
            taken |= days

    def units(self, life: Life) -> int:
        return (terms.ends_on(life.start, life.term) - life.start).days + 1 + life.bonus


numbers = st.integers(0, 30)
event_names = [
    "wait",
    "sell",
    "sell",
    *["freeze"] * 5,
    "give_back",
    "give_back",
    "close",
    "reopen",
    "cancel",
    "change_plan",
]
event = st.tuples(st.sampled_from(event_names), numbers, numbers, st.integers(0, 14))
events = st.lists(event, min_size=6, max_size=20)


@settings(max_examples=500, deadline=None)
@given(events)
def test_random_histories_agree_with_the_day_by_day_oracle(played):
    story = Story()
    story.sell(0, 0, 0)
    story.sell(1, 0, 0)
    for name, one, two, three in played:
        getattr(story, name)(one, two, three)
        story.compare()


def test_freezes_of_the_history_hold_the_end_where_it_is():
    history = (Freeze(1, BEGIN, BEGIN + 5 * DAY, history=True),)
    end = date(2026, 6, 30)
    held = Held(1, TERMS[0], BEGIN, end, end, freezes=history, closures=(Closure(2, BEGIN + 3 * DAY, BEGIN + 8 * DAY),))
    placed = chains.place(held)
    assert placed.frozen_days == 3
    assert placed.effective_ends_on == end + 3 * DAY
