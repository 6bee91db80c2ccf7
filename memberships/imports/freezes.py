"""Files of freezes.

One that started before ``--as-of``, of a membership whose last day the old program gave, is part of that day already:
it is kept as history and moves nothing. Any other is a freeze like one given at the desk, but for the plan's limits:
what an old program agreed is a fact.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import ClassVar, NamedTuple

from django.utils.translation import gettext as _

from memberships import histories, holding
from memberships.imports import cells, lineage, mending
from memberships.imports.cells import Reader, Spellings, Text
from memberships.imports.job import Counts, Job, Stretch
from memberships.imports.words import spoken
from memberships.models import Freeze, Member, Membership
from memberships.rules import chains, freezing
from memberships.rules.errors import Refused
from memberships.rules.sentences import N_, Sentence, sentence
from memberships.rules.terms import Span, span_or_none


class New(NamedTuple):
    """A row that is new or differs, beside its membership and what is stored of the freeze."""

    member_id: int
    membership_id: int
    line: int
    starts_on: dt.date
    ends_on: dt.date
    reason: str
    history: bool
    freeze_id: int | None
    first_day: dt.date
    last_day: dt.date


ROWS = """
    SELECT m.member_id, m.id AS membership_id, r.line, r.starts_on, r.ends_on, {reason} AS reason,
        coalesce(z.history, m.ends_given AND r.starts_on < %(as_of)s, FALSE) AS history, z.id AS freeze_id,
        m.starts_on AS first_day, m.effective_ends_on AS last_day, r.membership AS membership_key
    FROM import_rows r
    LEFT JOIN memberships_membership m ON m.club_id = %(club)s AND m.external_id = r.membership
    LEFT JOIN LATERAL (
        SELECT * FROM memberships_freeze z
        WHERE z.membership_id = m.id AND z.starts_on = r.starts_on
            AND (z.closure_id IS NULL OR NOT z.voided AND z.ends_on = r.ends_on)
        ORDER BY z.voided, z.id LIMIT 1
    ) z ON TRUE
    WHERE m.id IS NULL OR z.id IS NULL OR r.ends_on NOT IN (z.ends_on, coalesce(z.planned_ends_on, z.ends_on))
        OR z.reason <> {reason}
"""


QUERY = f"""
    SELECT {", ".join(New._fields)} FROM import_new WHERE membership_id IS NOT NULL AND {{which}}
    ORDER BY member_id, first_day, starts_on, line
"""


class Freezes:
    """One row a freeze, found again by its membership and first day; one ended early since stays so."""

    name: ClassVar[str] = "freezes"
    required: ClassVar[tuple[str, ...]] = ("membership", "starts_on", "ends_on")
    fields: ClassVar[tuple[str, ...]] = (*required, "reason")
    dated: ClassVar[tuple[str, ...]] = ("starts_on", "ends_on")
    staged: ClassVar[Mapping[str, str]] = {
        "membership": "text",
        "starts_on": "date",
        "ends_on": "date",
        "reason": "text",
    }

    def __init__(self, job: Job) -> None:
        self.job = job
        self.counts = Counts()

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field."""
        days = self.job.days
        return {
            "membership": Text(64, None),
            "starts_on": Spellings(days.iso, None),
            "ends_on": Spellings(days.iso, None),
            "reason": Spellings(cells.short(200), ""),
        }

    def comparison(self) -> None:
        """Every row is read."""

    def derive(self, stretch: Stretch) -> None:
        """No freeze ends before it starts."""
        stretch.check(
            "ends_on",
            map(str.__lt__, stretch.columns["ends_on"], stretch.columns["starts_on"]),
            lambda index: _("The last day lies before the first."),
        )

    def check(self) -> None:
        """Refuse what is unknown, then keep what is history, then freeze: a freeze may move what the next one finds.

        What is stored here is taken back with the transaction if a row is refused and bad rows are not skipped.
        """
        self.job.refuse_repeated("membership", "starts_on")
        reason = "r.reason" if "reason" in self.job.present else "coalesce(z.reason, '')"
        self.job.create_as("import_new", ROWS.format(reason=reason), as_of=self.job.as_of)
        self.job.refuse(
            "membership",
            "r.membership_key",
            _("There is no membership %s in this club."),
            "import_new r WHERE r.membership_id IS NULL",
        )
        for stretch in self.job.stream(QUERY.format(which="history"), chunk=2_000):
            self._keep([New._make(row) for row in stretch])
        rows = (New._make(row) for stretch in self.job.stream(QUERY.format(which="NOT history")) for row in stretch)
        for member, group in groupby(rows, key=attrgetter("member_id")):
            self._freeze(Member.objects.select_for_update().get(pk=member), list(group))

    def merge(self) -> Counts:
        """The rows were stored while they were checked; visits on days now frozen are marked."""
        mending.mark_again(self.job, "SELECT member_id FROM import_new WHERE member_id IS NOT NULL")
        return self.counts

    # ---- history ---------------------------------------------------------------------------------------------

    def _keep(self, rows: list[New]) -> None:
        """Store rows that are history: each lies inside its membership and shares no day with another freeze."""
        known = {row.freeze_id for row in rows}
        taken: dict[int, list[Span]] = defaultdict(list)
        stored = Freeze.objects.filter(membership__in={row.membership_id for row in rows}, voided=False)
        for pk, membership, first, last in stored.values_list("pk", "membership", "starts_on", "ends_on"):
            if pk not in known:
                taken[membership].append(Span(first, last))
        made = []
        for row in rows:
            days = Span(row.starts_on, row.ends_on)
            refusal = _why_not(row, days, taken[row.membership_id])
            if refusal is not None:
                self._refuse(row, refusal)
                continue
            taken[row.membership_id].append(days)
            if row.freeze_id is None:
                made.append(self._made(row))
            else:
                self._update(row)
        Freeze.objects.bulk_create(made)
        self.counts.created += len(made)

    # ---- freezes that move ends ------------------------------------------------------------------------------

    def _freeze(self, member: Member, rows: list[New]) -> None:
        """Freeze row by row: each may move what the next one finds."""
        for row in rows:
            try:
                self._apply(member, row)
            except Refused as refusal:
                self._refuse(row, refusal.message)
        self._judge_again(member)

    def _refuse(self, row: New, message: object) -> None:
        name = self.job.table.name_of("starts_on")
        self.job.report([(row.line, name, row.starts_on.isoformat(), spoken(message), False)])

    def _made(self, row: New) -> Freeze:
        return Freeze(
            membership_id=row.membership_id,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            reason=row.reason,
            history=row.history,
            made_at=self.job.now,
            made_by=self.job.by,
        )

    def _update(self, row: New) -> None:
        """Write the file's last day, unless that is the one which an early return has shortened since."""
        stored = Freeze.objects.get(pk=row.freeze_id)
        stored.reason = row.reason
        if (stored.planned_ends_on or stored.ends_on) != row.ends_on:
            stored.ends_on, stored.planned_ends_on, stored.returned_on = row.ends_on, None, None
            stored.voided = False
        stored.save()
        self.counts.updated += 1

    def _apply(self, member: Member, row: New) -> None:
        """A freeze that moves the end of its membership and what is sold behind it. Raises Refused."""
        history = histories.of(member)
        held = next(held for held in history.held if held.id == row.membership_id)
        stored = next((freeze for freeze in held.freezes if freeze.id == row.freeze_id), None)
        if row.freeze_id is not None and (stored is None or stored.ends_on == row.ends_on):
            self._update(row)
            return
        today = self.job.today
        others = tuple(freeze for freeze in held.freezes if freeze is not stored)
        without = held
        if stored is not None:
            lying = chains.settle(history.held, replace(held, freezes=others), today)
            without = next(each for each in lying if each.id == held.id)
        freezing.check_freeze(without, Span(row.starts_on, row.ends_on), today, override_reason=row.reason or "-")
        frozen = replace(held, freezes=(*others, chains.Freeze(row.freeze_id, row.starts_on, row.ends_on)))
        before = chains.in_order(history.held)
        moves = chains.moves(before, chains.settle(before, frozen, today))
        if row.freeze_id is None:
            self._made(row).save()
            self.counts.created += 1
        else:
            self._update(row)
        histories.store(history, moves, holding.moment_in(self.job.club, self.job.now, self.job.by))

    def _judge_again(self, member: Member) -> None:
        """Kinds of sale after ends have moved."""
        rows = list(Membership.objects.filter(member=member).order_by("starts_on", "pk"))
        found = lineage.lineage_of(
            [_as_row(row) for row in rows],
            grace_days=self.job.policy.grace_days,
            as_of=self.job.as_of,
            judged_from=dt.date.min,
        )
        names = ("sale_kind", "renewed_from_id", "follows", "chain_starts_on")
        for row, result in zip(rows, found, strict=True):
            changed = [name for name in names if getattr(row, name) != getattr(result, name)]
            for name in changed:
                setattr(row, name, getattr(result, name))
            if changed:
                row.save(update_fields=changed)


def _why_not(row: New, days: Span, taken: Iterable[Span]) -> Sentence | None:
    """Why a freeze of the history cannot have been; None where it can."""
    covered = span_or_none(row.first_day, row.last_day)
    if covered is None or days.first not in covered or days.last not in covered:
        return sentence(
            N_("A freeze lies inside the membership, which runs from %(first)s to %(last)s."),
            first=row.first_day,
            last=row.last_day,
        )
    for other in taken:
        if other.overlaps(days):
            return sentence(N_("It is already frozen from %(first)s to %(last)s."), first=other.first, last=other.last)
    return None


def _as_row(row: Membership) -> lineage.Row:
    values: Iterable[object] = (
        *(row.member_id, row.pk, None, False, row.starts_on, row.effective_ends_on, row.last_covered_on),
        *(row.sold_on, row.cancelled_on, row.sale_kind, row.renewed_from_id, row.follows, row.chain_starts_on),
        row.external_id is not None,
    )
    return lineage.Row(*values)  # type: ignore[arg-type]
