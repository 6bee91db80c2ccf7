"""Claims of the next call, many at once, beside a plain FIFO queue of the same rows."""

from __future__ import annotations

import datetime as dt
import itertools
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from threading import Barrier

import psycopg
from django.db import connection

from calls import prepared, queue
from memberships.models import Club, User
from tests.bench import rows
from tests.bench.measure import ROUNDS, Line, Size, line, number, percentile, ratios

FIFO = """
UPDATE bench_fifo t SET status = 'leased', holder_id = %(operator)s, claimed_by_id = %(operator)s,
    claimed_at = %(now)s, lease_until = %(now)s + interval '15 minutes'
WHERE t.id = (SELECT f.id FROM bench_fifo f WHERE f.status = 'ready' AND f.due_at <= %(now)s
              ORDER BY f.due_at, f.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING t.id, t.*
"""
AT_ONCE = (16, 64)
WARM = 3
DRAINERS = 8
PROCESSES = max(2, min(8, os.cpu_count() or 2))


DONE = """
UPDATE calls_calltask SET status = 'done', holder_id = NULL, lease_until = NULL, closed_at = %(now)s WHERE id = %(id)s
"""

Claimer = Callable[[int], AbstractContextManager[tuple[Callable[[], int | None], Callable[[int], object]]]]
"""For a thread by its number: how it claims (the id of a row, None for none) and what it does with one."""

Hands = Callable[[int], Iterator[User]]
"""For a thread by its number: who makes its next claim. An operator holds one call at a time."""


@dataclass(frozen=True)
class Crowd:
    """What so many threads did: how long each claim took."""

    at_once: int
    times: list[float]

    @property
    def rate(self) -> float:
        """Claims a second while all of them claim."""
        return self.at_once * len(self.times) / sum(self.times)

    @property
    def p99(self) -> float:
        return percentile(self.times, 0.99)


def lines(size: Size, made: list[Club]) -> Iterator[Line]:
    """FIFO, our statement and our operation, turn by turn, at 16 and at 64 at once; each operator in one club."""
    operators = _for_claims(size)
    by_operation: list[Line] = []
    for at_once in AT_ONCE:
        rounds = [_round(size, made, at_once, operators, operation=True) for _ in range(ROUNDS)]
        fifo, ours, operation = zip(*rounds, strict=True)
        rates = [crowd.rate for crowd in fifo]
        yield line(
            f"claim in SQL, {at_once} at once",
            "FIFO SKIP LOCKED",
            ratios([crowd.rate for crowd in ours], rates),
            0.5,
            ours=_rate(ours),
            raw=_rate(fifo),
        )
        yield line(
            f"p99 of it, {at_once} at once",
            "FIFO's p99",
            ratios([crowd.p99 for crowd in ours], [crowd.p99 for crowd in fifo]),
            2,
            at_most=True,
            ours=_p99(ours),
            raw=_p99(fifo),
        )
        by_operation.append(
            line(
                f"calls.queue.next_task, {at_once} at once",
                "the same FIFO",
                ratios([crowd.rate for crowd in operation], rates),
                0.25,
                ours=_rate(operation),
                raw=_rate(fifo),
            )
        )
    yield from by_operation


def _round(
    size: Size, made: list[Club], at_once: int, operators: list[User], *, operation: bool = False
) -> tuple[Crowd, ...]:
    """One turn of each on a fresh queue: FIFO, our statement, and where asked our operation."""
    rows.make_tasks(size.waiting, made)
    _fifo_queue()
    clubs, each = [club.pk for club in made], size.claims // at_once
    half = len(operators) // 2
    some, others = (_in_turn(those, at_once) for those in (operators[:half], operators[half:]))
    fifo = crowd(at_once, each, _statement(some, lambda place: (FIFO, FIFO, {"now": rows.NOW})))
    ours = crowd(at_once, each, _claimer(some, clubs))
    return (fifo, ours, crowd(at_once, each, _operation(others, clubs))) if operation else (fifo, ours)


def _for_claims(size: Size) -> list[User]:
    """Enough to claim by the statement, and others by the operation, one call each: nothing but claims is going on."""
    return rows.make_operators(2 * (size.claims + WARM * max(AT_ONCE)))


def _in_turn(operators: list[User], at_once: int) -> Hands:
    """Each claim is somebody else's."""
    return lambda place: itertools.islice(operators, place, None, at_once)


def crowd(at_once: int, each: int, claimer: Claimer) -> Crowd:
    """So many threads, spread over processes as on a web server, each with a connection of its own.

    They start together; each claims again and again. Only the claims are timed. Raises RuntimeError where one found
    nothing.
    """
    forked = multiprocessing.get_context("fork")
    processes = min(PROCESSES, at_once)
    gate = forked.Barrier(at_once)
    connection.close()
    workers, ends = [], []
    for first in range(processes):
        here, there = forked.Pipe(duplex=False)
        places = list(range(first, at_once, processes))
        worker = forked.Process(target=_threads, args=(places, each, claimer, gate, there))
        worker.start()
        there.close()
        workers.append(worker)
        ends.append(here)
    answers = [end.recv() for end in ends]
    for worker in workers:
        worker.join()
    if failed := [answer for answer in answers if isinstance(answer, str)]:
        raise RuntimeError(failed[0])
    return Crowd(at_once, list(itertools.chain(*answers)))


def _threads(places: list[int], each: int, claimer: Claimer, gate: Barrier, end: Connection) -> None:
    """One process: a thread for each of its places; sends the times, or what went wrong."""
    times: list[float] = []
    failed: list[str] = []

    def work(place: int) -> None:
        try:
            with claimer(place) as (claim, done):
                for turn in range(WARM + each):
                    if turn == WARM:
                        gate.wait()
                    start = time.perf_counter()
                    taken = claim()
                    if turn >= WARM:
                        times.append(time.perf_counter() - start)
                    if taken is None:
                        raise RuntimeError("a claim found nothing: this would measure an empty queue")
                    done(taken)
        except threading.BrokenBarrierError:
            pass  # another thread says why
        except Exception as error:
            failed.append(f"{type(error).__name__}: {error}")
            gate.abort()

    threads = [threading.Thread(target=work, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end.send(failed[0] if failed else times)
    end.close()


Told = Callable[[int], tuple[str, str, dict[str, object]]]
"""For a thread by its number: the statement of its first claim in each second, that of all others, their parameters."""


def _statement(hands: Hands, told: Told, then: str = "") -> Claimer:
    """Claims by the statements that are ``told`` a place; prepared once a connection with one plan, as the product's
    own connections do. ``then``: the statement by which a call is done with.
    """
    where = connection.get_connection_params()
    where = {name: where[name] for name in ("dbname", "user", "host", "port", "password") if where.get(name)}

    @contextmanager
    def claimer(place: int) -> Iterator[tuple[Callable[[], int | None], Callable[[int], None]]]:
        (first, others, params), operators = told(place), hands(place)
        (text, names), (young, fewer) = prepared.numbered(first), prepared.numbered(others)
        closing, closed = prepared.numbered(then)
        asked_at = -1.0
        with psycopg.connect(**where, autocommit=True, prepare_threshold=1) as own, psycopg.RawCursor(own) as cursor:
            own.execute("SET plan_cache_mode = force_generic_plan")

            def claim() -> int | None:
                nonlocal asked_at
                mine = {**params, "operator": next(operators).pk}
                if time.perf_counter() < asked_at + queue.YOUNG.total_seconds():
                    cursor.execute(young, [mine[name] for name in fewer])
                else:
                    asked_at = time.perf_counter()
                    cursor.execute(text, [mine[name] for name in names])
                found = cursor.fetchone()
                return found[0] if found else None

            def done(pk: int) -> None:
                if then:
                    values = {"now": rows.NOW, "id": pk}
                    cursor.execute(closing, [values[name] for name in closed])

            yield claim, done

    return claimer


def _operation(hands: Hands, clubs: list[int]) -> Claimer:
    """Claims as the desk does, while the clock goes on."""

    @contextmanager
    def claimer(place: int) -> Iterator[tuple[Callable[[], int | None], Callable[[int], object]]]:
        operators, began = hands(place), time.perf_counter()

        def claim() -> int | None:
            now = rows.NOW + dt.timedelta(seconds=time.perf_counter() - began)
            task = queue.next_task(operator=next(operators), clubs=[clubs[place % len(clubs)]], now=now)
            return task.pk if task else None

        try:
            yield claim, lambda pk: None
        finally:
            connection.close()

    return claimer


def _claimer(hands: Hands, clubs: list[int], then: str = "") -> Claimer:
    """Claims by the statement of ``next_task``, told what it tells: the open zones of the operator's club.

    Without the facts about the member, which the operation reads along with it for the policy.
    """
    looks = [queue.look(clubs=[club], now=rows.NOW) for club in clubs]

    def told(place: int) -> tuple[str, str, dict[str, object]]:
        seen = looks[place % len(looks)]
        params = queue.parameters(User(), seen, rows.NOW)
        if params is None or not seen.one:
            raise RuntimeError("no zone is open, or several are: this would measure nothing, or something else")
        return *(_without_facts(queue.claim_of(seen, young=young)) for young in (False, True)), params

    return _statement(hands, told, then)


def _without_facts(claim: str) -> str:
    before, known = claim.split("\nFROM \n    memberships_member m\n")
    where = known[known.index("\nWHERE ") : known.index("\nRETURNING ")]
    return f"{before}{where.replace(' AND m.id = t.member_id', '')}\nRETURNING t.id, t.*"


def _fifo_queue() -> None:
    """The same waiting calls as a plain queue; those of an earlier turn are made ready again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_fifo')")
        there = cursor.fetchone()[0] is not None
        if there:
            cursor.execute("SELECT (SELECT count(*) FROM bench_fifo) = (SELECT count(*) FROM calls_calltask)")
            there = cursor.fetchone()[0]
        if there:
            cursor.execute(rows.AGAIN.format(table="bench_fifo"))
        else:
            cursor.execute("DROP TABLE IF EXISTS bench_fifo")
            cursor.execute("CREATE TABLE bench_fifo AS SELECT * FROM calls_calltask")
            cursor.execute("ALTER TABLE bench_fifo ADD PRIMARY KEY (id)")
            cursor.execute("CREATE INDEX bench_fifo_due ON bench_fifo (due_at, id) WHERE status = 'ready'")
    rows.analyze("bench_fifo")


def scale(size: Size, made: list[Club]) -> Iterator[Line]:
    """Whether ten times as many waiting calls slow a claim down more than they slow FIFO."""
    operators = _for_claims(size)
    shares = []
    for waiting in (size.waiting, size.waiting // 10):
        smaller = replace(size, waiting=waiting, claims=min(size.claims, waiting // 2))
        turns = [_round(smaller, made, min(AT_ONCE), operators) for _ in range(ROUNDS)]
        shares.append([ours.rate / fifo.rate for fifo, ours in turns])
    yield line(
        f"claim at {number(size.waiting)} ÷ at {number(size.waiting // 10)} waiting, each over its FIFO",
        "1",
        ratios(*shares),
        0.7,
        ours=f"{statistics.median(shares[0]):.2f}",
        raw=f"{statistics.median(shares[1]):.2f}",
    )


def drain(size: Size, made: list[Club]) -> Iterator[Line]:
    """Whether the last quarter of a queue goes as fast as the first: dead rows at its head must not pile up."""
    operators = rows.make_operators(DRAINERS)
    rounds = []
    each = size.drained // 4 // DRAINERS
    for _ in range(ROUNDS):
        rows.make_tasks(size.waiting, made)
        claimer = _claimer(lambda place: itertools.repeat(operators[place]), [club.pk for club in made], DONE)
        rounds.append([crowd(DRAINERS, each, claimer).rate for _quarter in range(4)])
    first, last = (statistics.median(rates[place] for rates in rounds) for place in (0, 3))
    yield line(
        f"last ÷ first quarter of {number(size.drained)} claims",
        "1",
        [rates[3] / rates[0] for rates in rounds],
        0.8,
        ours=f"{number(last)}/s",
        raw=f"{number(first)}/s",
    )


def _rate(crowds: tuple[Crowd, ...]) -> str:
    return f"{number(statistics.median(crowd.rate for crowd in crowds))}/s"


def _p99(crowds: tuple[Crowd, ...]) -> str:
    return f"{statistics.median(crowd.p99 for crowd in crowds) * 1000:.1f} ms"
