"""A first look at a file: its columns, their first values, and which fields they seem to be."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from memberships.imports import KINDS, files, headers
from memberships.models import FileImport

SAMPLES, LONGEST_SAMPLE = 3, 40
MOST_COLUMNS = 200


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, its first values, and the field that it is taken for (empty: none)."""

    name: str
    values: list[str]
    field: str


def look(path: Path, kind: str, known: Mapping[str, str]) -> list[Column]:
    """The columns of a file; ``known``: fields by column as somebody confirmed them before. Raises UnusableFile.

    A field that two columns seem to hold is guessed for the first of them.
    """
    made = KINDS[kind]
    header, rows = files.look(path, fields=made.fields)
    first = list(islice(rows, SAMPLES * 20))
    remembered = {headers.folded(name): field for name, field in known.items() if not field or field in made.fields}
    taken: set[str] = set()
    columns = []
    for place, name in enumerate(header[:MOST_COLUMNS]):
        field = remembered.get(headers.folded(name))
        if field is None:
            field = headers.field_of(name, made.fields) or ""
        if field in taken:
            field = ""
        taken.add(field)
        columns.append(Column(name.replace("\x00", "").strip(), _samples(first, place), field))
    return columns


def _samples(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    values = dict.fromkeys(short(row[place]) for row in rows if place < len(row))
    values.pop("", None)
    return list(values)[:SAMPLES]


def short(cell: str) -> str:
    """A cell as a page shows it."""
    text = " ".join(cell.replace("\x00", "").split())
    return text if len(text) <= LONGEST_SAMPLE else f"{text[: LONGEST_SAMPLE - 1]}…"


@contextlib.contextmanager
def at_hand(file: FileImport) -> Iterator[Path]:
    """The file under its own name in a folder of this process, whatever storage keeps it; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ringback-import-") as folder:
        path = Path(folder) / (Path(file.name).name or "file")
        with file.file.open("rb") as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy, 1 << 20)
        yield path
