"""Where the memberships of a member lie, given their freezes and the club's closures, and how they move.

One membership is placed by ``place``; ``settle`` moves all that stand behind one whose freezes or closures
changed. Both only compute: the caller stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from memberships.rules import terms
from memberships.rules.errors import Conflict
from memberships.rules.sentences import N_, sentence
from memberships.rules.terms import DAY, Span, Term


class MovesStarted(Conflict):
    """A membership that has started would have to move."""

    code = "freeze_moves_started"


class FreezeInTheWay(Conflict):
    """A planned freeze would be left outside its membership."""

    code = "freeze_in_the_way"


@dataclass(frozen=True)
class Freeze:
    """A freeze of its own (not of a closure). ``history``: the membership's given end holds its days already."""

    id: int | None
    starts_on: date
    ends_on: date
    voided: bool = False
    history: bool = False

    @property
    def span(self) -> Span | None:
        """Its days; None when void."""
        return None if self.voided else Span(self.starts_on, self.ends_on)


@dataclass(frozen=True)
class Closure:
    """Days on which the club is shut, as they stand (a taken back one without the days given back)."""

    id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Held:
    """A membership of a member as it is stored, with all that decides where it lies.

    ``follows``: the id of the prior whose end it follows (default start), None otherwise;
    ``given_starts_on``: where a given start puts it when nothing is in the way (None: where it is);
    ``closures``: those of the club that hold for it (not those that had to leave it out).
    """

    id: int
    term: Term
    starts_on: date
    ends_on: date
    effective_ends_on: date
    bonus_days: int = 0
    frozen_days: int = 0
    cancelled_on: date | None = None
    closed_on: date | None = None
    follows: int | None = None
    given_starts_on: date | None = None
    allowance_days: int = 0
    minimum_days: int = 7
    max_count: int | None = None
    freezes: tuple[Freeze, ...] = ()
    closures: tuple[Closure, ...] = ()

    @property
    def covered(self) -> Span | None:
        """The days it covers; None for none."""
        return terms.covered(terms.Period(self.starts_on, self.effective_ends_on, self.cancelled_on))

    @property
    def own_days(self) -> list[Span]:
        """The days of its freezes, void ones left out, in order."""
        return sorted(freeze.span for freeze in self.freezes if freeze.span is not None)


@dataclass(frozen=True)
class ClosureDays:
    """Consecutive days of a membership that a closure freezes."""

    closure: int
    days: Span


@dataclass(frozen=True)
class Placement:
    """Where a membership lies: what is stored of it, and the freezes that closures make."""

    starts_on: date
    ends_on: date
    frozen_days: int
    effective_ends_on: date
    closure_days: tuple[ClosureDays, ...]


@dataclass(frozen=True)
class Move:
    """One membership that changes, before and after."""

    membership: int
    before: Placement
    after: Placement


def _stop(held: Held) -> date | None:
    """The last day a cancelled or closed one can cover whatever its freezes do."""
    if held.closed_on is not None:
        return held.closed_on
    return None if held.cancelled_on is None else held.cancelled_on - DAY


def _closure_gaps(held: Held, starts_on: date) -> list[tuple[Span, int]]:
    """Closure days from the start on that no freeze of its own covers; each day belongs to one closure."""
    taken, gaps = held.own_days, []
    for closure in sorted(held.closures, key=lambda closure: closure.id):
        days = terms.span_or_none(max(closure.starts_on, starts_on), closure.ends_on)
        if days is None:
            continue
        gaps += [(gap, closure.id) for gap in days.without(taken)]
        taken = [*taken, days]
    return gaps


def new_end(held: Held, starts_on: date) -> date:
    """The end counted anew from another start; one that an old program gave keeps its length."""
    if terms.ends_on(held.starts_on, held.term) == held.ends_on:
        return terms.ends_on(starts_on, held.term)
    return held.ends_on + (starts_on - held.starts_on)


def _laid(held: Held, starts_on: date) -> tuple[Placement, Span | None]:
    """The placement from a start, and the first freeze of its own that lies outside (None: all inside)."""
    ends_on = new_end(held, starts_on)
    stop = _stop(held)
    end = ends_on + timedelta(days=held.bonus_days)
    frozen = 0
    outside = None
    closure_days = []
    own = [(freeze.span, None) for freeze in held.freezes if freeze.span is not None and not freeze.history]
    for days, closure in sorted([*own, *_closure_gaps(held, starts_on)], key=lambda pair: pair[0]):
        last = days.last if stop is None else min(days.last, stop)
        if closure is not None:
            # one that begins on a covered day extends the membership over the rest of its days
            if days.first > end or last < days.first:
                continue
            days = Span(days.first, last)
            closure_days.append(ClosureDays(closure, days))
        elif not starts_on <= days.first <= end or last != days.last:
            outside = outside or days
        frozen += days.days
        end += timedelta(days=days.days)
    return Placement(starts_on, ends_on, frozen, held.closed_on or end, tuple(closure_days)), outside


def place(held: Held, starts_on: date | None = None) -> Placement:
    """Where the membership lies when it starts on the day (None: where it starts now).

    Its freezes extend it, and each closure freezes those of its days that the membership covers, as extended by
    the freezes before them. Raises ``FreezeInTheWay`` when a freeze of its own would lie outside.
    """
    placement, outside = _laid(held, starts_on or held.starts_on)
    if outside is not None:
        raise FreezeInTheWay(
            sentence(
                N_("The freeze from %(first)s to %(last)s would lie outside its membership."),
                first=outside.first,
                last=outside.last,
            )
        )
    return placement


def as_stored(held: Held) -> Placement:
    """Where the membership lies now."""
    closure_days = _laid(held, held.starts_on)[0].closure_days
    return Placement(held.starts_on, held.ends_on, held.frozen_days, held.effective_ends_on, closure_days)


def frozen_spans(held: Held) -> list[Span]:
    """All its frozen days now, its own and those of closures, in order."""
    return sorted([*held.own_days, *(row.days for row in as_stored(held).closure_days)])


def stopped(held: Held, *, cancelled_on: date | None = None, closed_on: date | None = None) -> Held:
    """The membership once it is cancelled as of a day, or closed on a day: freezes are cut there, later ones void."""
    last = closed_on if cancelled_on is None else cancelled_on - DAY
    assert last is not None
    freezes = tuple(
        freeze
        if freeze.voided or freeze.ends_on <= last
        else replace(freeze, ends_on=last)
        if freeze.starts_on <= last
        else replace(freeze, voided=True)
        for freeze in held.freezes
    )
    held = replace(held, cancelled_on=cancelled_on, closed_on=closed_on, freezes=freezes)
    return moved(held, _laid(held, held.starts_on)[0])


def moved(held: Held, placement: Placement) -> Held:
    """The membership as it is stored once it lies there."""
    return replace(
        held,
        starts_on=placement.starts_on,
        ends_on=placement.ends_on,
        frozen_days=placement.frozen_days,
        effective_ends_on=placement.effective_ends_on,
    )


def in_order(memberships: Iterable[Held]) -> list[Held]:
    """Those that cover a day, in order of start."""
    return sorted((held for held in memberships if held.covered is not None), key=lambda held: held.starts_on)


def _wanted_start(held: Held, before_it: Sequence[Held]) -> date:
    """Where a membership would start behind the ones before it: after its prior, or as given but not over them."""
    free_from = max((other.covered.last + DAY for other in before_it if other.covered), default=date.min)
    prior = next((other for other in before_it if other.id == held.follows), None)
    if prior is not None and prior.cancelled_on is None:
        return max(prior.effective_ends_on + DAY, free_from)
    return max(held.given_starts_on or held.starts_on, free_from)


def settle(memberships: Iterable[Held], changed: Held, today: date) -> list[Held]:
    """All memberships once ``changed`` (by its id) is as given: in order of start, those that cover no day last.

    What stands behind moves as §3.3 says: followers with their prior's end, given starts only as far as they must
    not overlap, and back; none to before today. Raises ``MovesStarted`` and ``FreezeInTheWay``.
    """
    before: list[Held] = []
    after: list[Held] = []
    everything = list(memberships)
    for held in in_order(everything):
        now = changed if held.id == changed.id else held
        wanted_before, wanted = _wanted_start(held, before), _wanted_start(held, after)
        start = held.starts_on
        if start <= today:
            if wanted > start or (wanted_before == start and wanted != start):
                raise MovesStarted(sentence(N_("The membership that started on %(day)s cannot move."), day=start))
        elif wanted != wanted_before:
            start = max(wanted, today)
        if now != held or start != held.starts_on:
            now = moved(now, place(now, start))
        before.append(held)
        after.append(now)
    return [*after, *(held for held in everything if held.covered is None)]


def moves(before: Iterable[Held], after: Iterable[Held]) -> tuple[Move, ...]:
    """What changed between two states of the same memberships, in order of start."""
    old = {held.id: as_stored(held) for held in before}
    pairs = ((held.id, old[held.id], as_stored(held)) for held in after)
    return tuple(Move(key, was, now) for key, was, now in pairs if was != now)
