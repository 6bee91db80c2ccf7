"""Statements of the ORM on the hot paths: built once a process, then only asked, as ``calls.prepared`` asks.

Building a statement anew costs the ORM several times what the database takes to answer it. ::

    DUE = Fixed(lambda: CallTask.objects.filter(member=Given("member"), status__in=OPEN_STATUSES))
    tasks = DUE(member=31)

Values that never change stand in the statement itself, so that partial indexes are found by the one plan it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.query import get_related_populators
from psycopg import sql

from calls import prepared

Row = TypeVar("Row")


class Given(Value):
    """A value that is given when the statement is asked, by its name."""

    shape = "%({})s"

    def __init__(self, name: str) -> None:
        super().__init__(name)

    def as_sql(self, compiler: object, connection: object) -> tuple[str, list[Given]]:  # type: ignore[override]
        return "%s", [self]

    @property
    def placeholder(self) -> str:
        return self.shape.format(self.value)


class Among(Given):
    """Ids that are given: ``filter(pk=Among("tasks"))`` finds the rows of any of them."""

    shape = "ANY (%({})s::bigint[])"


class Fixed(Generic[Row]):
    """A queryset, as it was made once, that is asked with the values of its ``Given`` and answers a list.

    Objects with what ``select_related`` names, or tuples of ``values_list``; no annotations, no prefetching.
    """

    def __init__(self, made: Callable[[], QuerySet[Any, Row]]) -> None:
        self.made = made

    def __call__(self, **given: object) -> list[Row]:
        statement, read = self._built
        return read(prepared.rows(statement, given))

    def first(self, **given: object) -> Row | None:
        """The first row: for statements that end after it."""
        return next(iter(self(**given)), None)

    @property
    def statement(self) -> str:
        """As ``calls.prepared`` takes it."""
        return self._built[0]

    @cached_property
    def _built(self) -> tuple[str, Callable[[list[tuple]], list[Row]]]:
        """The statement with its placeholders, and what makes its rows out of those of the database."""
        rows = self.made()
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        text, values = compiler.as_sql()
        statement = text % tuple(map(_written, values))
        converters = compiler.get_converters([column[0] for column in compiler.select])
        made = _models(compiler) if rows._fields is None else list  # type: ignore[attr-defined]

        def read(found: list[tuple]) -> list[Row]:
            return made(compiler.apply_converters(found, converters) if converters else found)

        return statement, read


class Moved:
    """Some columns of a model's rows as they are to be stored: ``MOVED = Moved(CallTask, "status")``, ``MOVED(task)``.

    Only for models without a history, whose rows say who wrote them: nothing is told here.
    """

    def __init__(self, model: type[Model], *names: str) -> None:
        self.model, self.names = model, names

    def __call__(self, row: Model) -> None:
        values = {
            field.attname: field.get_db_prep_save(getattr(row, field.attname), connection) for field in self._fields
        }
        prepared.count(self._statement, {**values, "pk": row.pk})

    @cached_property
    def _fields(self) -> list[Field]:
        return [self.model._meta.get_field(name) for name in self.names]

    @cached_property
    def _statement(self) -> str:
        about = self.model._meta
        values = ", ".join(f"{field.column} = %({field.attname})s" for field in self._fields)
        return f"UPDATE {about.db_table} SET {values} WHERE {about.pk.column} = %(pk)s"


def _written(value: object) -> str:
    """A value's place in the statement, or the value itself."""
    return value.placeholder if isinstance(value, Given) else sql.Literal(value).as_string().replace("%", "%%")


def _models(compiler: Any) -> Callable[[Sequence[Sequence[object]]], list]:
    """What makes objects out of rows, as ``QuerySet`` does."""
    about = compiler.klass_info
    model: type[Model] = about["model"]
    first, last = about["select_fields"][0], about["select_fields"][-1] + 1
    names = [column[0].target.attname for column in compiler.select[first:last]]
    related = get_related_populators(about, compiler.select, DEFAULT_DB_ALIAS)

    def made(rows: Sequence[Sequence[object]]) -> list[Model]:
        objects = []
        for row in rows:
            one = model.from_db(DEFAULT_DB_ALIAS, names, row[first:last])
            for populator in related:
                populator.populate(row, one)
            objects.append(one)
        return objects

    return made
