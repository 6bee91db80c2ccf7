"""Kill -9 before any statement that a piece of work sends to the database, its COMMIT among them.

The work is done by a forked process that counts what it sends and ends itself before the n-th: the code that is
walked through holds no such point itself. Afterwards nothing may be half-stored, and the same again must end where
unbroken work ends.
"""

from __future__ import annotations

import os
import select
import signal
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import DateTimeField, Field, ForeignKey, JSONField, Model

from config.models import IdempotencyKey
from memberships.models import Club
from tests.reliability.checks import Found

LONGEST_S = 120
_inherited: list[object] = []
"""The parent's connection, kept by the child so that it is never closed there."""


@dataclass(frozen=True)
class Story:
    """A piece of work. ``prepare`` makes a club of its own for it, ``work`` does it or does it again.

    ``answered_after``: it commits by itself, and only then its answer is kept for whoever asks again
    (``config.idempotency.own_transactions``).
    """

    name: str
    prepare: Callable[[], Any]
    work: Callable[[Any], None]
    answered_after: bool = False

    def __str__(self) -> str:
        return self.name


def walk(story: Story, points: Callable[[int], Iterable[int]], *, guarded: bool = True) -> Found:
    """Kills the work before each of ``points(how many statements it sends)``; one more is right after the last."""
    made = story.prepare()
    before = rows_of(made.club)
    sent = in_child(story, made, None, guarded=True)
    whole = rows_of(made.club)
    unanswered = {table: rows for table, rows in whole.items() if table != IdempotencyKey._meta.db_table}
    sound = [before, whole, *([unanswered] if story.answered_after else [])]
    found = Found(said=f"{sent} statements")
    if whole == before:
        found.breach(f"{story}: the work left no trace, so that nothing can be told")
    for point in points(sent):
        made = story.prepare()
        in_child(story, made, point, guarded=guarded)
        found.times += 1
        left = rows_of(made.club)
        if left not in sound:
            found.breach(f"{story}, killed before statement {point}: half of it is stored: {_differs(left, whole)}")
            if not guarded:
                continue
        try:
            story.work(made)
        except Exception as error:
            found.breach(f"{story}, killed before statement {point}, then again: {error!r}")
            continue
        if (after := rows_of(made.club)) != whole:
            found.breach(f"{story}, killed before statement {point}, then again: {_differs(after, whole)}")
    return found


def every(sent: int) -> Iterable[int]:
    return range(1, sent + 2)


def some(sent: int) -> Iterable[int]:
    """In the middle, before the last, and after it."""
    return sorted({1 + sent // 3, 1 + 2 * sent // 3, sent, sent + 1})


def in_child(story: Story, made: Any, point: int | None, *, guarded: bool) -> int:
    """Does the work in a forked process; how many statements it sent (0: it was killed). Raises RuntimeError."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = b""
        try:
            said = str(_counted(story, made, point, guarded)).encode()
        except BaseException:
            said = traceback.format_exc().encode()
        finally:
            os.write(writing, said[-60_000:])
            os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], LONGEST_S)
    with os.fdopen(reading, "rb") as pipe:
        if not ready:
            os.kill(child, signal.SIGKILL)
        said = pipe.read().decode() if ready else f"it took longer than {LONGEST_S} s"
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and point is not None and ready:
        return 0
    if not said.isdigit():
        raise RuntimeError(f"{story}, before statement {point}: {said}")
    return int(said)


def own_connection() -> None:
    """In a child: a connection of its own; the parent's is left as it is."""
    _inherited.append(connection.connection)
    connection.connection = None
    connection.ensure_connection()


def _counted(story: Story, made: Any, point: int | None, guarded: bool) -> int:
    """In the child: the work, over a connection of its own that counts, and ends the process before the point."""
    own_connection()
    sent = 0
    original = psycopg.Connection.wait

    def wait(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == point:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(self, *args, **options)
        if not guarded and self.pgconn.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            self.pgconn.exec_(b"COMMIT")
        return answer

    if not guarded:
        connection.features.uses_savepoints = False
    psycopg.Connection.wait = wait  # type: ignore[method-assign]
    story.work(made)
    if point is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return sent


# --- what is stored

Rows = dict[str, list[tuple[object, ...]]]


def rows_of(club: Club) -> Rows:
    """Everything stored about a club, history included, without what differs from club to club: ids and instants."""
    found: Rows = {}
    for model in apps.get_models():
        if model is not Club and (path := _path(model)) is not None and model._meta.managed:
            fields = [field for field in model._meta.concrete_fields if _tells(field)]
            rows = model._default_manager.filter(**{path: club.pk}).values_list(*(field.attname for field in fields))
            found[model._meta.db_table] = sorted((_told(fields, row) for row in rows), key=repr)
    return {table: rows for table, rows in found.items() if rows}


PATHS = (
    "club", "member__club", "membership__member__club", "task__club", "checklist__club", "template__club",
    "policy__club", "attempt__club", "token__user__employees__club",
)  # fmt: skip


def _path(model: type[Model]) -> str | None:
    for path in PATHS:
        at: Any = model
        try:
            for step in path.split("__"):
                field = at._meta.get_field(step)
                at = field.related_model
                if at is None:
                    raise FieldDoesNotExist
        except FieldDoesNotExist:
            continue
        if at is Club:
            return path
    return None


def _tells(field: Field[Any, Any]) -> bool:
    """Whether a column says the same about two clubs to which the same happened."""
    return not (
        field.primary_key
        or isinstance(field, JSONField)
        or (field.model is IdempotencyKey and field.name in ("body", "body_hash", "path"))
        or field.name in ("id", "key", "calendar_uid", "pgh_obj", "pgh_context_id")
    )


def _told(fields: list[Field[Any, Any]], row: tuple[object, ...]) -> tuple[object, ...]:
    """Ids and instants by whether they are there."""
    return tuple(
        value is not None if isinstance(field, ForeignKey | DateTimeField) else value
        for field, value in zip(fields, row, strict=True)
    )


def _differs(left: Rows, right: Rows) -> str:
    tables = [table for table in {**left, **right} if left.get(table) != right.get(table)]
    return ", ".join(f"{table} {len(left.get(table, []))} for {len(right.get(table, []))}" for table in sorted(tables))
