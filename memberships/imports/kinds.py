"""What every kind of file has in common, and the list of kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from memberships.imports.cells import Reader
from memberships.imports.job import Counts, Job, Stretch


@dataclass(frozen=True)
class Comparison:
    """How raw rows ``x`` of a file, found again by ``external_id``, are compared with what is stored (``m``).

    ``tables`` joins ``stored AS m`` and what else is needed; ``conditions`` says by field what makes its ``{cell}``
    the plain writing of what is stored.
    """

    stored: str
    tables: str
    conditions: Mapping[str, str]


class Kind(Protocol):
    """A kind of file: its fields, how they are read, what is checked in SQL, and how the rows are stored."""

    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    required: ClassVar[tuple[str, ...]]
    dated: ClassVar[tuple[str, ...]]
    """Fields that hold days: together they say how the file writes days with slashes."""
    staged: ClassVar[Mapping[str, str]]
    """The columns of the staging table beside ``line``, and their types."""

    def __init__(self, job: Job) -> None: ...

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field."""

    def derive(self, stretch: Stretch) -> None:
        """Check the cells of each row against each other and add the columns that are staged but not in the file."""

    def check(self) -> None:
        """Refuse staged rows that the database knows to be wrong."""

    def merge(self) -> Counts:
        """Store the staged rows."""

    def comparison(self) -> Comparison | None:
        """How a file that is loaded again is recognised; None where every row is read."""


KINDS: dict[str, type[Kind]] = {}
"""By name; an upper room adds its own kind of file in ``apps.py``."""
