"""Who is at the desk (§6): at work, on a pause and why, or away. A pause releases no call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from calls.fixed import Among, Fixed, Given
from calls.models import OperatorState
from memberships.models import User
from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence

AWAY_AFTER = dt.timedelta(minutes=5)
"""An open desk makes itself heard every minute; after so long without a sign nobody sits there."""
SEEN_EVERY = dt.timedelta(seconds=30)
STATES = Fixed(lambda: OperatorState.objects.filter(user=Given("operator"), club=Among("clubs")).order_by("-since"))
PAUSED = OperatorState.State.PAUSED
AVAILABLE = OperatorState.State.AVAILABLE
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)
MOST_KEPT = 10_000

_heard: dict[tuple[int, int], dt.datetime] = {}
"""When this process last noted an operator in a club."""


class NoWord(Invalid):
    """A pause says why."""

    field = "why"


def pause(*, operator: User, clubs: Collection[int], why: str, now: dt.datetime) -> None:
    """No new call comes until the operator resumes; the one in their hands stays. Raises NoWord."""
    words = " ".join(why.split())
    if not words:
        raise NoWord(sentence(N_("Say in a word why you pause.")))
    _write(operator, clubs, PAUSED, words[:120], now)


def resume(*, operator: User, clubs: Collection[int], now: dt.datetime) -> None:
    """Back at work; who does not pause is where they were."""
    if paused(operator=operator, clubs=clubs) is not None:
        _write(operator, clubs, AVAILABLE, "", now)


def paused(*, operator: User, clubs: Collection[int]) -> OperatorState | None:
    """The operator's pause, if they are on one."""
    return _pause(STATES(operator=operator.pk, clubs=list(clubs)))


def seen(*, operator: User, clubs: Collection[int], now: dt.datetime) -> OperatorState | None:
    """The desk is open: notes it, a few times a minute at most, and answers the operator's pause if there is one."""
    rows = STATES(operator=operator.pk, clubs=list(clubs))
    known = {row.club_id for row in rows}
    stale = [row for row in rows if now - row.seen_at > SEEN_EVERY]
    if known != set(clubs) or stale:
        back = [row.club_id for row in rows if row.state == AVAILABLE and now - row.seen_at > AWAY_AFTER]
        missing = [club for club in clubs if club not in known]
        _write(operator, [*missing, *back], AVAILABLE, "", now)
        OperatorState.objects.filter(pk__in=[row.pk for row in stale]).update(seen_at=now)
    return _pause(rows)


def heard(*, operator: User, clubs: Collection[int], now: dt.datetime) -> None:
    """What an operator does from a program of their own is a sign of them too: as ``seen``.

    The database is asked by each process a few times a minute at most, however often they claim.
    """
    due = [club for club in clubs if abs(now - _heard.get((operator.pk, club), LONG_AGO)) > SEEN_EVERY]
    if not due:
        return
    seen(operator=operator, clubs=due, now=now)
    if len(_heard) > MOST_KEPT:
        _heard.clear()
    _heard.update(((operator.pk, club), now) for club in due)


def is_away(state: OperatorState, now: dt.datetime) -> bool:
    """Whether the desk has not been heard of for a while."""
    return now - state.seen_at > AWAY_AFTER


def _pause(rows: Iterable[OperatorState]) -> OperatorState | None:
    return next((row for row in rows if row.state == PAUSED), None)


def _write(operator: User, clubs: Collection[int], state: str, why: str, now: dt.datetime) -> None:
    OperatorState.objects.bulk_create(
        [OperatorState(club_id=club, user=operator, state=state, why=why, since=now, seen_at=now) for club in clubs],
        update_conflicts=True,
        unique_fields=["club", "user"],
        update_fields=["state", "why", "since", "seen_at"],
    )
