"""The rows to measure on: generated with a fixed seed, stored by COPY past triggers and foreign keys."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Model
from psycopg import sql
from psycopg.types.json import Jsonb

from calls.models import CallAttempt, CallTask, RefusalReason
from calls.rules import position
from calls.rules.kinds import Kind
from config.demo import words
from memberships import clubs
from memberships.models import Club, Employee, Member, Membership, Plan, User, Visit
from tests.bench.measure import Size

NOW = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
DAY = dt.timedelta(days=1)
SEED = 20261124
ZONES = ("Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Madrid", "Europe/Warsaw")
COPIED = 20_000
REACHED = {"booked": 6, "talked": 14, "thinking": 8, "callback": 4, "refused": 8}
UNREACHED = {"no_answer": 40, "voicemail": 14, "busy": 6}


def make_clubs(size: Size) -> list[Club]:
    """Clubs, each with plans, a manager, an administrator who receives members, and an operator."""
    if there := list(Club.objects.order_by("pk")):
        return there
    made = []
    for number in range(size.clubs):
        club = clubs.add_club(
            slug=f"club-{number}",
            name=f"Club {number}",
            timezone=ZONES[number % len(ZONES)],
            country="DE",
            currency="EUR",
            now=NOW,
        )
        Plan.objects.bulk_create(
            Plan(club=club, code=code, name=title, term_count=count, term_unit=unit, price=Decimal(price), zones=zones)
            for code, title, count, unit, price, _days, _least, _most, zones in words.PLANS
        )
        for role in ("operator", "administrator", "manager"):
            clubs.add_staff(username=f"{role}-{number}", name=f"{role} {number}", role=role, club=club)
        made.append(club)
    return made


def fill(size: Size, made: list[Club], say: Callable[[str], None]) -> None:
    """Members, memberships, visits and attempts of these clubs; ids begin at 1 and name each other.

    Goes on where an earlier filling of the same database was broken off.
    """
    everything: list[tuple[type[Model], tuple[str, ...], int, Callable[[Size, list[Club]], Iterator[tuple]]]] = [
        (Member, ("id", "club_id", *MEMBER), size.members, members),
        (Membership, ("id", *MEMBERSHIP), size.memberships, memberships),
        (Visit, ("club_id", "member_id", "at", "zone"), size.visits, visits),
        (CallAttempt, ATTEMPT, size.attempts, attempts),
    ]
    stored = False
    for model, columns, count, generated in everything:
        if _has(model):
            continue
        with transaction.atomic(), untriggered(), unindexed(model._meta.db_table):
            copy(model, columns, generated(size, made))
        stored = True
        say(f"{count} rows of {model._meta.db_table}")
    if stored:
        for model in (Member, Membership):
            _advance(model)
        analyze()


def _has(model: type[Model]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {model._meta.db_table})")
        return cursor.fetchone()[0]


MEMBER = ("external_id", "last_name", "first_name", "phone", "email", "birthday", "segment", "last_covered_on",
          "created_at")  # fmt: skip
MEMBERSHIP = (
    "club_id", "member_id", "plan_id", "external_id", "sale_kind", "sold_on", "starts_on", "ends_on",
    "effective_ends_on", "last_covered_on", "chain_starts_on", "term_count", "term_unit", "list_price", "price",
    "price_paid", "created_at", "renewed_from_id", "follows",
)  # fmt: skip
ATTEMPT = ("club_id", "member_id", "membership_id", "kind", "operator_id", "phone", "at", "outcome", "outcome_at",
           "reached", "reason_id")  # fmt: skip


def phone_of(member: int) -> str:
    return f"+4915{member:09d}"


def last_day(member: int) -> dt.date:
    """When the member's last membership ends: from two months ago to nearly a year ahead, by the number."""
    return TODAY + DAY * (member * 7919 % 360 - 60)


def club_of(member: int, made: list[Club]) -> Club:
    return made[member % len(made)]


def members(size: Size, made: list[Club]) -> Iterator[tuple]:
    rng = random.Random(SEED)
    for pk in range(1, size.members + 1):
        last, first = rng.choice(words.LAST_NAMES), rng.choice(words.FIRST_NAMES)
        born = dt.date(1960, 1, 1) + DAY * (pk * 31 % 15000)
        segment = ("gold", "silver", "silver", "copper", "copper")[pk % 5]
        yield (
            pk, club_of(pk, made).pk, f"m{pk}", last, first, phone_of(pk), f"m{pk}@example.com", born, segment,
            last_day(pk), NOW,
        )  # fmt: skip


def memberships(size: Size, made: list[Club]) -> Iterator[tuple]:
    """A year each; every other member has renewed once."""
    rng = random.Random(SEED)
    plans = {club.pk: Plan.objects.get(club=club, code="FULL12") for club in made}
    pk = 0
    for member in range(1, size.members + 1):
        club = club_of(member, made)
        plan, end = plans[club.pk], last_day(member)
        begins = end - 364 * DAY
        first = begins - 365 * DAY if member % 2 else begins
        prior: int | None = None
        for start in (first, begins) if member % 2 else (begins,):
            pk += 1
            over = start + 364 * DAY
            yield (
                pk, club.pk, member, plan.pk, f"s{pk}", "renewal" if prior else "new", start, start, over, over, over,
                first, 12, "m", plan.price, plan.price, plan.price - rng.randrange(90), NOW, prior, bool(prior),
            )  # fmt: skip
            prior = pk


def visits(size: Size, made: list[Club]) -> Iterator[tuple]:
    rng = random.Random(SEED)
    seconds = 112 * 86_400
    for number in range(size.visits):
        member = number % size.members + 1
        at = NOW - dt.timedelta(seconds=rng.randrange(3600, seconds), microseconds=number // size.members)
        yield club_of(member, made).pk, member, at, "gym"


def attempts(size: Size, made: list[Club]) -> Iterator[tuple]:
    """Of five years, few of the last month: most members may be rung today."""
    rng = random.Random(SEED)
    operators = {club.pk: Employee.objects.get(club=club, role="operator").user_id for club in made}
    reasons = {club.pk: list(RefusalReason.objects.filter(club=club).values_list("pk", flat=True)) for club in made}
    outcomes = {**REACHED, **UNREACHED}
    drawn = rng.choices(list(outcomes), list(outcomes.values()), k=COPIED)
    for number in range(size.attempts):
        member = number % size.members + 1
        club = club_of(member, made).pk
        outcome = drawn[number * 7 % COPIED]
        ago = rng.randrange(35, 5 * 365) if number % 50 else rng.randrange(1, 35)
        at = NOW - dt.timedelta(days=ago, seconds=rng.randrange(9 * 3600), microseconds=number // size.members)
        yield (
            club, member, None, ("renewal", "care", "welcome", "winback")[number % 4], operators[club],
            phone_of(member), at, outcome, at, outcome in REACHED,
            rng.choice(reasons[club]) if outcome == "refused" else None,
        )  # fmt: skip


TASK = ("id", "club_id", "member_id", "kind", "key", "status", "due_at", "tz", "phone", "sort_key", "made_at")


def tasks(count: int, made: list[Club]) -> Iterator[tuple]:
    """Ready calls, one a member, due over the last weeks."""
    rng = random.Random(SEED)
    kinds = (Kind.AT_RISK, Kind.CARE, Kind.WELCOME, Kind.BIRTHDAY)
    for pk in range(1, count + 1):
        kind, club = kinds[pk % len(kinds)], club_of(pk, made)
        due_at = NOW - dt.timedelta(minutes=rng.randrange(10, 40_000))
        key = position.sort_key(kind, score=rng.random())
        yield (
            pk, club.pk, pk, kind.value, f"bench:{pk}", "ready", due_at, club.timezone, phone_of(pk), key,
            due_at,
        )  # fmt: skip


def make_tasks(count: int, made: list[Club]) -> None:
    """Puts so many waiting calls there; those of an earlier turn are made ready again."""
    if _is_queue(count):
        with untriggered(), connection.cursor() as cursor:
            cursor.execute(AGAIN.format(table="calls_calltask"))
        analyze("calls_calltask")
        return
    empty_tasks()
    with transaction.atomic(), untriggered(), unindexed("calls_calltask"):
        copy(CallTask, TASK, tasks(count, made))
    _advance(CallTask)
    analyze("calls_calltask")


AGAIN = """
UPDATE {table} SET status = 'ready', holder_id = NULL, claimed_by_id = NULL, claimed_at = NULL, lease_until = NULL,
    closed_at = NULL, ready_at = NULL, waits_for = '', attempts = 0
WHERE status <> 'ready'
"""


def empty_tasks() -> None:
    """No task is left. (Attempts keep the number of theirs.)"""
    with untriggered(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM calls_calltask")
    analyze("calls_calltask")


def _is_queue(count: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FILTER (WHERE key LIKE 'bench:%'), count(*) FROM calls_calltask")
        return cursor.fetchone() == (count, count)


def make_operators(count: int) -> list[User]:
    """So many logins that claim calls of a queue."""
    there = User.objects.filter(username__startswith="claims-").order_by("pk")
    missing = range(there.count(), count)
    User.objects.bulk_create([User(username=f"claims-{number}") for number in missing], batch_size=5000)
    return list(there[:count])


# ---- storing -------------------------------------------------------------------------------------------------


def copy(model: type[Model], varying: Iterable[str], rows: Iterable[tuple]) -> None:
    """COPY of rows of these columns; every other column of the table has its field's default."""
    names = list(varying)
    fixed = {}
    for field in model._meta.concrete_fields:
        if field.column not in names and not field.primary_key and not getattr(field, "generated", False):
            fixed[field.column] = field.get_db_prep_save(field.get_default(), connection)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, [*names, *fixed]))
    )
    tail = "".join(f"\t{_text(value)}" for value in fixed.values()) + "\n"
    rows = iter(rows)
    begun = list(itertools.islice(rows, 1))  # what they look up first, they look up before the COPY holds the line
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        lines: list[str] = []
        for row in itertools.chain(begun, rows):
            lines.append("\t".join(map(_text, row)) + tail)
            if len(lines) == COPIED:
                stream.write("".join(lines))
                lines.clear()
        stream.write("".join(lines))


def _text(value: object) -> str:
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, (list, tuple)):
        return "{" + ",".join(map(str, value)) + "}"
    return json.dumps(value.obj) if isinstance(value, Jsonb) else str(value)


@contextmanager
def untriggered() -> Iterator[None]:
    """Without the history's triggers and the checks of foreign keys: the measured work has both."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


@contextmanager
def unindexed(table: str) -> Iterator[None]:
    """Without the indexes of a table that no constraint needs: made anew at the end, which is far quicker. A
    transaction, so that none is lost.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " WHERE i.indrelid = %s::regclass AND NOT EXISTS"
            " (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for _name, definition in indexes:
            cursor.execute(definition)


def _advance(model: type[Model]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


def analyze(*tables: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(tables)}")
