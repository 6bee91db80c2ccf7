"""Files of plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext as _

from memberships.imports import cells
from memberships.imports.cells import NULL, Reader, Spellings, Text, Unreadable
from memberships.imports.job import Counts, Job, Stretch
from memberships.imports.words import spoken
from memberships.rules import amounts, money
from memberships.rules.terms import BadTerm, Term


class Plans:
    """One row a plan, found again by its code. What was sold before keeps its own terms."""

    name: ClassVar[str] = "plans"
    required: ClassVar[tuple[str, ...]] = ("code", "name", "term", "price")
    fields: ClassVar[tuple[str, ...]] = (
        *required,
        *("freeze_days", "freeze_min_days", "freeze_max_count", "zones", "active"),
    )
    dated: ClassVar[tuple[str, ...]] = ()
    staged: ClassVar[Mapping[str, str]] = {
        "code": "text",
        "name": "text",
        "term_count": "int",
        "term_unit": "text",
        "price": "numeric",
        "freeze_days": "int",
        "freeze_min_days": "int",
        "freeze_max_count": "int",
        "zones": "varchar[]",
        "active": "bool",
    }

    def __init__(self, job: Job) -> None:
        self.job = job

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field."""
        currency = self.job.club.currency
        return {
            "code": Text(32, None),
            "name": Text(120, None),
            "term": Spellings(_term, None),
            "price": Spellings(cells.amount(money.minor_digits(currency), currency), None),
            "freeze_days": Spellings(cells.number(0, 3660), "0"),
            "freeze_min_days": Spellings(cells.number(1, 3660), str(self.job.policy.freeze_min_days)),
            "freeze_max_count": Spellings(cells.number(0, 1000)),
            "zones": Spellings(cells.words(cells.short(32)), "{}"),
            "active": Spellings(cells.yes_or_no, "t"),
        }

    def comparison(self) -> None:
        """Every row is read."""

    def derive(self, stretch: Stretch) -> None:
        """Part the term; say where a name holds an amount that operators will not see."""
        terms = [Term.parse(text) for text in stretch.columns["term"]]
        stretch.columns["term_count"] = [str(term.count) for term in terms]
        stretch.columns["term_unit"] = [term.unit for term in terms]
        warn_of_amounts(stretch, "name")

    def check(self) -> None:
        """Refuse codes that come twice."""
        self.job.refuse_repeated("code")

    def merge(self) -> Counts:
        """Insert what is new, update what differs."""
        mine = "p.club_id = %(club)s AND p.code = r.code"
        names = [name for name in self.staged if name != "code"]
        present = [name for name in names if name.partition("_")[0] == "term" or name in self.job.present]
        updated = self.job.run(f"""
            UPDATE memberships_plan p SET {", ".join(f"{name} = r.{name}" for name in present)} FROM import_rows r
            WHERE {mine} AND ({", ".join(f"p.{name}" for name in present)})
                IS DISTINCT FROM ({", ".join(f"r.{name}" for name in present)})
        """)
        created = self.job.run(f"""
            INSERT INTO memberships_plan (club_id, {", ".join(self.staged)})
            SELECT %(club)s, {", ".join(f"r.{name}" for name in self.staged)} FROM import_rows r
            WHERE NOT EXISTS (SELECT FROM memberships_plan p WHERE {mine}) ORDER BY r.line
        """)
        return Counts(created, updated)


def _term(text: str) -> str:
    try:
        return str(Term.parse(text))
    except BadTerm as error:
        raise Unreadable(spoken(error.message)) from None


def warn_of_amounts(stretch: Stretch, name: str) -> None:
    """Say where a text that operators may read holds an amount: it is kept, and masked for them."""
    if name not in stretch.cells:
        return
    for index, text in enumerate(stretch.columns[name]):
        if text != NULL and amounts.contains_amount(text):
            stretch.warn(index, name, _("This text holds an amount; operators will read ••• in its place."))
