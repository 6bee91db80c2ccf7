"""One load of one file: what it is about, its staging tables, and what was found wrong in it.

All of it lives in one transaction. Rows that can be read are copied into ``import_rows``, what is wrong is written to
``import_problems``; both are temporary and gone with the transaction.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from memberships.imports.cells import NULL, Bad, Reader, column_of
from memberships.imports.dates import Days
from memberships.imports.files import Table
from memberships.models import Club, ClubPolicy, User

LONGEST_VALUE = 200
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = "\\\t\n\r"

PROBLEM = ("line", "column", "value", "message", "warning")
Columns = Sequence[Sequence[str]]
Problem = tuple[int, str, str, str, bool]
"""Line, column, value, sentence, and whether it is only a warning."""


@dataclass
class Counts:
    """What became of the rows that were taken."""

    created: int = 0
    updated: int = 0
    merged: int = 0


def _file_beside() -> IO[str]:
    return tempfile.SpooledTemporaryFile(1 << 20, "w+", encoding="utf-8", newline="")  # type: ignore[return-value]


@dataclass
class Job:
    """A file being loaded into a club. ``today``: the club's; ``as_of``: the day on which the file was made.

    ``plans``: the code of the plan that is meant, by a name that the club does not know.
    """

    club: Club
    policy: ClubPolicy
    path: Path
    table: Table
    now: dt.datetime
    as_of: dt.date
    by: User | None = None
    create_plans: bool = False
    plans: Mapping[str, str] = field(default_factory=dict)
    days: Days = field(init=False)
    _tables: list[str] = field(default_factory=list)
    _beside: IO[str] = field(default_factory=_file_beside)

    def __post_init__(self) -> None:
        self.today = self.now.astimezone(self.club.zone).date()

    @property
    def present(self) -> Mapping[str, int]:
        """The fields that the file has, with their places in a row."""
        return self.table.places

    # ---- SQL -------------------------------------------------------------------------------------------------

    def run(self, statement: str, **values: object) -> int:
        """Run a statement; ``club``, ``now`` and ``today`` may be named in it. Returns how many rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(statement, {"club": self.club.pk, "now": self.now, "today": self.today} | values)
            return cursor.rowcount

    def forget_plans(self) -> None:
        """To be called before a statement that may change any number of audited rows.

        The triggers of the history join the rows before and after by a plan that the session keeps from its first
        use; one kept from a handful of rows compares each row with each other.
        """
        with connection.cursor() as cursor:
            cursor.execute("DISCARD PLANS")

    def run_large(self, statement: str, **values: object) -> int:
        """Run a statement that may change any number of audited rows."""
        self.forget_plans()
        return self.run(statement, **values)

    def ask(self, statement: str, **values: object) -> list[tuple]:
        """The rows that a query answers; for few of them."""
        with connection.cursor() as cursor:
            cursor.execute(statement, {"club": self.club.pk, "now": self.now, "today": self.today} | values)
            return cursor.fetchall()

    def stream(self, query: str, *, chunk: int = 20_000, **values: object) -> Iterable[list[tuple]]:
        """The rows that a query answers, in stretches, never all of them in memory."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"DECLARE import_stream NO SCROLL CURSOR FOR {query}",
                {"club": self.club.pk, "now": self.now, "today": self.today} | values,
            )
            while True:
                cursor.execute(f"FETCH {chunk} FROM import_stream")
                rows = cursor.fetchall()
                if not rows:
                    break
                yield rows
            cursor.execute("CLOSE import_stream")

    def create(self, name: str, columns: Mapping[str, str]) -> None:
        """A temporary table, empty, for this transaction."""
        declared = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({declared}) ON COMMIT DROP")
        self._tables.append(name)

    def create_as(self, name: str, query: str, **values: object) -> int:
        """A temporary table of what a query answers, with its statistics."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
        count = self.run(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {query}", **values)
        self._tables.append(name)
        self.analyze(name)
        return count

    def drop_tables(self) -> None:
        """Drop the temporary tables now: inside a larger transaction they would outlive the load."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {', '.join(self._tables)}")

    def analyze(self, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {name}")

    @contextlib.contextmanager
    def copying(self, name: str, names: Sequence[str]) -> Iterator[Callable[[str], None]]:
        """Append lines in PostgreSQL's words (``lines_of``) to a table, stretch by stretch.

        The database takes them in while the next ones are read, so nothing else can be asked of it meanwhile.
        """
        statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (NULL {})").format(
            sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, names)), sql.Literal(NULL)
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield copy.write

    def copy(self, name: str, names: Sequence[str], columns: Columns) -> None:
        """Append columns to a table at once."""
        if text := lines_of(columns):
            with self.copying(name, names) as write:
                write(text)

    # ---- what is wrong ---------------------------------------------------------------------------------------

    def report(self, problems: Iterable[Problem]) -> None:
        """Write down what is wrong with rows."""
        self.copy("import_problems", PROBLEM, _problem_columns(problems))

    def report_later(self, problems: Iterable[Problem]) -> None:
        """Keep what is wrong with rows beside, while the database is busy taking rows in."""
        self._beside.write(lines_of(_problem_columns(problems)))

    def forget_reports(self) -> None:
        """Throw away what was kept beside: the file is read once more."""
        self._beside.seek(0)
        self._beside.truncate()

    def report_kept(self) -> None:
        """Write down what was kept beside."""
        self._beside.seek(0)
        with self.copying("import_problems", PROBLEM) as write:
            while text := self._beside.read(1 << 16):
                write(text)
        self._beside.close()

    def refuse(self, column: str, value: str, message: str, rest: str, **values: object) -> int:
        """Refuse staged rows ``r`` found by SQL: ``rest`` is what follows FROM, ``message`` may hold one ``%s``.

        ``value`` is the SQL of the cell that is named, ``column`` the field it is of. Returns how many were refused.
        """
        return self._find(column, value, message, rest, warning=False, **values)

    def warn(self, column: str, value: str, message: str, rest: str, **values: object) -> int:
        """The same for rows that are taken, but of which somebody should know something."""
        return self._find(column, value, message, rest, warning=True, **values)

    def _find(self, column: str, value: str, message: str, rest: str, *, warning: bool, **values: object) -> int:
        statement = f"""
            INSERT INTO import_problems (line, "column", value, message, warning)
            SELECT DISTINCT ON (r.line) r.line, %(column)s, coalesce(left({value}, {LONGEST_VALUE}), ''),
                format(%(message)s, {value}), %(warning)s
            FROM {rest}
        """
        return self.run(statement, column=self.table.name_of(column), message=message, warning=warning, **values)

    def refuse_repeated(self, *key: str) -> None:
        """Refuse each row whose key an earlier row of the file has."""
        names = ", ".join(f"r.{name}" for name in key)
        same = " AND ".join(f"r.{name} = d.{name}" for name in key)
        groups = ", ".join(key)
        statement = f"""
            INSERT INTO import_problems (line, "column", value, message, warning)
            SELECT r.line, %(column)s, concat_ws(', ', {names}), format(%(message)s, d.first), FALSE
            FROM import_rows r JOIN (
                SELECT {groups}, min(line) AS first FROM import_rows GROUP BY {groups} HAVING count(*) > 1
            ) d ON {same}
            WHERE r.line > d.first
        """
        message = _("Line %s of this file is about the same; only one of the two can be right.")
        if self.run(statement, column=", ".join(self.table.name_of(name) for name in key), message=message):
            self.drop_refused()

    def drop_refused(self) -> int:
        """Take refused rows out of the staging table; returns how many."""
        return self.run("DELETE FROM import_rows r USING import_problems p WHERE p.line = r.line AND NOT p.warning")

    def refused(self) -> int:
        """How many rows are refused so far."""
        return int(self.ask("SELECT count(DISTINCT line) FROM import_problems WHERE NOT warning")[0][0])

    def first(self, count: int, *, warnings: bool) -> list[dict[str, object]]:
        """The first errors or warnings, by line."""
        rows = self.ask(
            'SELECT line, "column", value, message FROM import_problems WHERE warning = %(warning)s'
            ' ORDER BY line, "column" LIMIT %(count)s',
            warning=warnings,
            count=count,
        )
        return [dict(zip(("line", "column", "value", "message"), row, strict=True)) for row in rows]


def lines_of(columns: Columns) -> str:
    """Columns as the lines that COPY takes; ``NULL`` stands for null."""
    if not columns or not columns[0]:
        return ""
    return "\n".join(map("\t".join, zip(*map(_escaped, columns), strict=True))) + "\n"


def _problem_columns(problems: Iterable[Problem]) -> Columns:
    rows = [
        (str(line), column, value[:LONGEST_VALUE].replace("\x00", ""), message, "t" if warning else "f")
        for line, column, value, message, warning in problems
    ]
    return list(zip(*rows, strict=True))


def _escaped(column: Sequence[str]) -> Sequence[str]:
    whole = "".join(column)
    if any(sign in whole for sign in _SPECIAL):
        return [cell.translate(_ESCAPES) for cell in column]
    return column


class Stretch:
    """Some thousand rows of the file, by column.

    ``columns[field]`` holds what was read; ``refuse`` marks a row, ``drop`` takes the marked ones out.
    """

    def __init__(self, job: Job, lines: Sequence[int], rows: list[list[str]]) -> None:
        self.job = job
        self.lines = lines
        self.cells: dict[str, Sequence[str]] = {}
        self.columns: dict[str, list[str]] = {}
        self.problems: list[Problem] = []
        self._refused: set[int] = set()
        transposed = list(zip(*rows, strict=True))
        for name, place in job.present.items():
            self.cells[name] = transposed[place]

    def __len__(self) -> int:
        return len(self.lines)

    def read(self, readers: Mapping[str, Reader]) -> None:
        """Read all columns, and leave only rows of which every cell could be read."""
        for name, reader in readers.items():
            if name not in self.cells:
                self.columns[name] = column_of(reader, len(self))
                continue
            values = self.columns[name] = reader(list(self.cells[name]))
            if reader.failed:
                for index, value in enumerate(values):
                    if type(value) is Bad:
                        self.refuse(index, name, str(value))
        self.drop()

    def value(self, index: int, name: str) -> str:
        """A cell's own text."""
        return self.cells[name][index] if name in self.cells else ""

    def refuse(self, index: int, name: str, message: str) -> None:
        """A row cannot be taken because of one of its cells."""
        self._note(index, name, message, warning=False)
        self._refused.add(index)

    def warn(self, index: int, name: str, message: str) -> None:
        """A row is taken, but somebody should know something."""
        self._note(index, name, message, warning=True)

    def _note(self, index: int, name: str, message: str, *, warning: bool) -> None:
        column = self.job.table.name_of(name)
        self.problems.append((self.lines[index], column, self.value(index, name), message, warning))

    def drop(self) -> None:
        """Take out the rows that were refused."""
        if not self._refused:
            return
        kept = [index for index in range(len(self)) if index not in self._refused]
        self.lines = [self.lines[index] for index in kept]
        self.cells = {name: [cells[index] for index in kept] for name, cells in self.cells.items()}
        self.columns = {name: [values[index] for index in kept] for name, values in self.columns.items()}
        self._refused.clear()

    def check(self, name: str, wrong: Iterable[bool], sentence: Callable[[int], str]) -> None:
        """Refuse the rows where something is wrong; ``sentence`` makes the words for one of them by its index."""
        for index, is_wrong in enumerate(wrong):
            if is_wrong:
                self.refuse(index, name, sentence(index))
