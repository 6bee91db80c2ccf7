"""Lists as clubs keep them in Excel: one row a person and membership, found again by name and phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

from django.utils.translation import gettext as _

from memberships.imports import cells, headers, lineage, resolved
from memberships.imports.cells import NULL, Reader, Unreadable
from memberships.imports.clublist import people, reading
from memberships.imports.clublist.entries import Entry
from memberships.imports.clublist.laying import Fate
from memberships.imports.clublist.plans import Plans
from memberships.imports.job import Counts, Job, Stretch
from memberships.imports.unusable import UnusableFile
from memberships.rules import money, names, same_person
from memberships.rules.names import Name

V = TypeVar("V")
NAMES = ("full_name", "last_name", "first_name", "middle_name")
LONGEST_NOTES = 20_000
FOUND = """
    LEFT JOIN import_people o ON o.line = r.line
    LEFT JOIN memberships_membership m ON m.id = o.membership_id
"""
"""How the member and the stored membership of a row are found: by what ``people`` worked out."""


class Clublist:
    """One row a person and membership. Several rows of one person make one member; equal periods one membership.

    Cells that cannot be read are left empty with a warning; marks and consents are only ever given, never taken.
    """

    name: ClassVar[str] = "clublist"
    required: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[str, ...]] = (
        *NAMES,
        *("phone", "birthday", "plan", "starts_on", "ends_on", "price_paid", "consent", "notes", "email"),
    )
    dated: ClassVar[tuple[str, ...]] = ("birthday", "starts_on", "ends_on")
    staged: ClassVar[Mapping[str, str]] = {
        "external_id": "text",
        "member": "text",
        "plan": "bigint",
        "starts_on": "date",
        "ends_on": "date",
        "counted_ends_on": "date",
        "price_paid": "numeric",
        "bonus_days": "int",
    }

    def __init__(self, job: Job) -> None:
        """Raises UnusableFile for a list without names."""
        if not any(name in job.present for name in NAMES[:3]):
            columns = ", ".join(name.strip()[:40] for name in job.table.header[:30])
            raise UnusableFile(
                _("The file has no column %(missing)s. Its columns are: %(columns)s.")
                % {"missing": NAMES[0], "columns": columns}
            )
        self.job = job
        self.entries: list[Entry] = []
        self.plans = Plans(job)
        self.fates: list[Fate] = []

    def readers(self) -> Mapping[str, Reader]:
        """Every cell as it is written: what can be made of it is said row by row."""
        return {name: reading.Raw(blanks=name != "consent") for name in self.fields}

    def comparison(self) -> None:
        """Every row is read."""

    def derive(self, stretch: Stretch) -> None:
        """Read each row; only one without a name, or that ends before it starts, is refused."""
        rows = [_Row(self.job, stretch, index) for index in range(len(stretch))]
        self.entries += [entry for row in rows if (entry := row.entry()) is not None]
        for name in self.staged:
            stretch.columns[name] = ["0" if name == "bonus_days" else NULL] * len(stretch)

    def check(self) -> None:
        """Find plans and people; a row that shares days with another membership is as if it were not in the file."""
        self.plans.find(self.entries)
        self.plans.store()
        self._report_problems()
        while True:
            self.fates = people.work_out(self.job, self.entries)
            resolved.resolve(self.job, FOUND)
            lineage.work_out(self.job)
            if not self.job.drop_refused():
                break
            self._forget_refused()
        people.report(self.job, self.fates)

    def merge(self) -> Counts:
        """Store people, memberships, and what it takes to part again those who were put together."""
        counts = people.store(self.job, self.fates)
        self.plans.drop_unused()
        return counts

    def _report_problems(self) -> None:
        self.job.report(
            (entry.line, self.job.table.name_of(name), value, sentence, False)
            for entry in self.entries
            for name, value, sentence in entry.problems
        )
        if self.job.drop_refused():
            self._forget_refused()

    def _forget_refused(self) -> None:
        left = {line for (line,) in self.job.ask("SELECT line FROM import_rows")}
        self.entries = [entry for entry in self.entries if entry.line in left]


class _Row:
    """Reads one row of a stretch."""

    def __init__(self, job: Job, stretch: Stretch, index: int) -> None:
        self.job, self.stretch, self.index = job, stretch, index
        self.cells = {name: stretch.columns[name][index] for name in Clublist.fields}
        self.unread: set[str] = set()

    def entry(self) -> Entry | None:
        """What the row says; None where it is refused."""
        name = self._name()
        if name is None:
            return None
        job, club = self.job, self.job.club
        phone = self._optional("phone", lambda text: reading.phone(text, club.country)) or ""
        if phone and reading.several(self.cells["phone"]):
            self._warn("phone", _("Only the first of several numbers is kept."))
        birthday = self._optional("birthday", lambda text: reading.day(text, job.days, job.today, born=True))
        starts_on, ends_on = (self._optional(each, self._day) for each in ("starts_on", "ends_on"))
        if starts_on and ends_on and ends_on < starts_on:
            self.stretch.refuse(self.index, "ends_on", _("The last day lies before the first."))
            return None
        if (starts_on or ends_on or self.cells["plan"]) and not (starts_on and self.cells["plan"]):
            lacking = "plan" if starts_on else "starts_on"
            self._warn(lacking, _("Without plan and first day there is no membership; the person alone is taken."))
        notes = self.cells["notes"]
        if len(notes) > LONGEST_NOTES:
            self._warn("notes", _("This text is longer than %(count)s characters.") % {"count": LONGEST_NOTES})
        whole = " ".join(name)
        return Entry(
            line=self.stretch.lines[self.index],
            last_name=name.last,
            first_name=name.first,
            middle_name=name.middle,
            phone=phone,
            phone_raw="" if phone else self.cells["phone"][:64],
            email=self._optional("email", cells.email) or "",
            birthday=birthday,
            notes=notes[:LONGEST_NOTES],
            consent=self._optional("consent", lambda text: cells.yes_or_no(text) == "t"),
            do_not_call=bool(reading.DO_NOT_CALL.search(notes)),
            plan_text=self.cells["plan"],
            starts_on=starts_on,
            ends_on=ends_on,
            price=self._optional("price_paid", self._money),
            unread=frozenset(self.unread),
            person=same_person.Person(same_person.words_of(whole), phone, birthday),
        )

    def _name(self) -> Name | None:
        """The name from its columns; a whole one, or in parts. None where there is none, and the row is refused."""
        column = next(name for name in NAMES if name in self.job.present)
        whole, last, first, middle = (self.cells[name] for name in NAMES)
        if last and whole and not first:
            first, whole = whole, ""  # "Surname" and "Name" beside each other
        headed = headers.folded(self.job.table.name_of("full_name")) in headers.LAST_NAME_FIRST
        name = (
            Name(*map(names.cased, (last, first, middle))) if last else names.parts(whole or first, last_first=headed)
        )
        if whole and middle and not name.middle:
            name = name._replace(middle=names.cased(middle))
        if not any(name):
            self.stretch.refuse(self.index, column, _("This column must not be empty."))
        elif not same_person.words_of(" ".join(name)):
            shown = " ".join(filter(None, name))
            self.stretch.refuse(self.index, column, _("“%(text)s” is not a name.") % {"text": shown})
        elif max(map(len, name)) > 80:
            self.stretch.refuse(self.index, column, _("This text is longer than %(count)s characters.") % {"count": 80})
        else:
            return name if name.last else Name(name.first)
        return None

    def _day(self, text: str) -> dt.date:
        return reading.day(text, self.job.days, self.job.today)

    def _money(self, text: str) -> object:
        currency = self.job.club.currency
        return reading.money(text, money.minor_digits(currency), currency)

    def _optional(self, name: str, read: Callable[[str], V]) -> V | None:
        """What a cell holds; None where it is empty, or cannot be read, which is told."""
        if not self.cells[name]:
            return None
        try:
            return read(self.cells[name])
        except Unreadable as error:
            self._warn(name, _("%(why)s It was left empty.") % {"why": error})
            self.unread.add(name)
            return None

    def _warn(self, name: str, sentence: str) -> None:
        self.stretch.warn(self.index, name, sentence)
