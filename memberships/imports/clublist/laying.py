"""What becomes of the rows of a club's list, and their memberships laid ready for ``resolved``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from memberships.imports.cells import NULL
from memberships.imports.clublist.entries import Entry
from memberships.imports.clublist.plans import term_of
from memberships.imports.job import Job
from memberships.models import Member, Membership
from memberships.rules import terms
from memberships.rules.same_person import Joined

PEOPLE = {
    "line": "int",
    "id": "bigint",
    "merged_into_id": "bigint",
    "membership_id": "bigint",
    "plan": "bigint",
    "starts_on": "date",
    "ends_on": "date",
    "counted_ends_on": "date",
    "price_paid": "numeric",
}
TERMS = tuple(PEOPLE)[4:]


@dataclass(eq=False)
class Fate:
    """What becomes of a row. ``kept``: the member it belongs to; ``own``: it says what is kept of that member.

    ``gone``: the member made for a row that joined another one, ``why`` and ``like`` tell as whom (a line or a name);
    ``left_out``: its membership, where another of the same days stays; ``differs``: in what from that one.
    """

    entry: Entry
    kept: Member
    own: bool
    new: bool = False
    gone: Member | None = None
    why: Joined | None = None
    like: str = ""
    left_out: dict[str, object] | None = None
    stays: str = ""
    differs: list[str] = field(default_factory=list)
    parted: dict[str, object] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)


def lay_ready(job: Job, fates: Sequence[Fate], held: dict[tuple[int, dt.date], Membership]) -> None:
    """The memberships that are new or differ; of equal days of one member the first row's stays."""
    taken: dict[tuple[int, dt.date, dt.date], Fate] = {}
    rows = []
    for fate in fates:
        entry, stored = fate.entry, None
        laid: list[object] = [None] * len(TERMS)
        if entry.sells and entry.plan and entry.starts_on:
            counted = terms.ends_on(entry.starts_on, term_of(entry.plan))
            last = entry.ends_on or counted
            key = (fate.kept.pk, entry.starts_on, last)
            stored = held.get(key[:2])
            first = taken.setdefault(key, fate)
            if first is not fate:
                _leave_out(fate, last, first.entry.plan_text, first.entry.price, str(first.entry.line))
            elif stored is not None and last in (stored.ends_on, stored.effective_ends_on):
                if fate.gone is not None:
                    _leave_out(fate, last, stored.plan.name, stored.price_paid, "")
                elif _differs(entry, stored):
                    laid = [entry.plan.pk, entry.starts_on, (stored.ends_given and last) or None, counted]
                    laid.append(stored.price_paid if entry.price is None else entry.price)
            else:
                paid = stored.price_paid if stored else Decimal(0)
                laid = [entry.plan.pk, entry.starts_on, entry.ends_on, counted]
                laid.append(paid if entry.price is None else entry.price)
        rows.append((entry.line, fate.kept.pk, None, stored.pk if stored and fate.gone is None else None, *laid))
    job.create("import_people", PEOPLE)
    texts = [[NULL if value is None else str(value) for value in row] for row in rows]
    job.copy("import_people", tuple(PEOPLE), list(zip(*texts, strict=True)))
    setting = ", ".join(f"{name} = p.{name}" for name in TERMS)
    job.run(f"UPDATE import_rows r SET {setting} FROM import_people p WHERE p.line = r.line")


def _differs(entry: Entry, stored: Membership) -> bool:
    """Whether a row says otherwise than what is stored of its membership."""
    price = entry.price is not None and entry.price != stored.price_paid
    return price or (entry.plan is not None and entry.plan.pk != stored.plan_id)


def _leave_out(fate: Fate, last: dt.date, plan: str, price: Decimal | None, line: str) -> None:
    """The membership of a row of which another row, or what is stored, tells already."""
    entry = fate.entry
    assert entry.plan is not None and entry.starts_on is not None
    fate.stays = line
    fate.left_out = {
        "plan": entry.plan.pk,
        "starts_on": entry.starts_on.isoformat(),
        "ends_on": last.isoformat(),
        "ends_given": entry.ends_on is not None,
        "price": str(entry.price or 0),
    }
    if plan != entry.plan_text and plan != entry.plan.name:
        fate.differs.append(_("plan “%(plan)s”") % {"plan": entry.plan_text})
    if entry.price is not None and entry.price != (price or 0):
        fate.differs.append(_("paid %(amount)s") % {"amount": f"{entry.price:f}"})
