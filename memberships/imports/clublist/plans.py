"""Which plan a row of a club's list is about: found by code or name, or made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from memberships.imports import cells
from memberships.imports.clublist.entries import Entry
from memberships.imports.job import Job
from memberships.models import Plan
from memberships.rules import terms
from memberships.rules.terms import Span, Term

LONGEST_DAYS = 3660
"""Of longer rows a day is wrong: they tell nothing of the term."""


def folded(text: str) -> str:
    """A code or name without case, spaces and accents of ё."""
    return "".join(text.casefold().split()).replace("ё", "е")


class Plans:
    """The club's plans, by what a list may call them; those that were made for it are in ``made``."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.by_id = {plan.pk: plan for plan in Plan.objects.filter(club=job.club).order_by("-active", "pk")}
        self.made: list[Plan] = []
        self._names: dict[str, set[int]] = defaultdict(set)
        self._codes: dict[str, set[int]] = defaultdict(set)
        for plan in self.by_id.values():
            self._codes[folded(plan.code)].add(plan.pk)
            self._names[folded(plan.name)].add(plan.pk)
        self._meant = {folded(name): folded(code) for name, code in job.plans.items()}

    def find(self, entries: Sequence[Entry]) -> None:
        """Put each entry's plan on it; refuse the rows of those that are unknown, and cannot or shall not be made."""
        unknown: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if not entry.plan_text:
                continue
            found = self._known(entry.plan_text)
            if len(found) == 1:
                entry.plan = self.by_id[next(iter(found))]
            elif found:
                self._refuse(entry, _("Several plans are called “%(text)s”; write the code of one of them."))
            else:
                unknown[folded(entry.plan_text)].append(entry)
        for rows in unknown.values():
            if not self.job.create_plans:
                for entry in rows:
                    self._refuse(entry, _("There is no plan “%(text)s” in this club."))
            elif plan := self._new(rows):
                for entry in rows:
                    entry.plan = plan
            else:
                sentence = _("No row of the plan “%(text)s” tells its first and last day, so its term is not known.")
                for entry in rows:
                    self._refuse(entry, sentence)

    def store(self) -> None:
        """Insert the plans that were made."""
        for plan in self.made:
            plan.save(force_insert=True)

    def drop_unused(self) -> None:
        """Delete the plans that were made for rows which were all refused."""
        Plan.objects.filter(pk__in=[plan.pk for plan in self.made], memberships=None).delete()

    def _known(self, text: str) -> set[int]:
        """The plans that a text may mean: the code counts first, and plans for sale before others."""
        key = self._meant.get(folded(text), folded(text))
        found = self._codes.get(key) or self._names.get(key) or set()
        for_sale = {pk for pk in found if self.by_id[pk].active}
        return for_sale or found

    def _new(self, rows: Sequence[Entry]) -> Plan | None:
        """A plan as its rows tell it; None where no row has both days."""
        spans = [Span(row.starts_on, row.ends_on) for row in rows if row.has_span and row.starts_on and row.ends_on]
        term = terms.commonest(span for span in spans if span.days <= LONGEST_DAYS)
        if term is None:
            return None
        name = " ".join(rows[0].plan_text.split())[:120]
        prices = Counter(row.price for row in rows if row.price is not None)
        plan = Plan(
            club=self.job.club,
            code=self._code(name),
            name=name,
            term_count=term.count,
            term_unit=term.unit,
            price=max(prices, key=lambda price: (prices[price], price), default=Decimal(0)),
            freeze_min_days=self.job.policy.freeze_min_days,
            active=False,
        )
        self.made.append(plan)
        return plan

    def _code(self, name: str) -> str:
        """The name itself, cut, and with a number where it is taken."""
        code = start = name[:32].strip()
        taken = {*self._codes, *(folded(plan.code) for plan in self.made)}
        number = 1
        while folded(code) in taken:
            number += 1
            code = f"{start[: 31 - len(str(number))]} {number}"
        return code

    def _refuse(self, entry: Entry, sentence: str) -> None:
        entry.refuse("plan", entry.plan_text, sentence % {"text": cells.shown(entry.plan_text)})


def term_of(plan: Plan) -> Term:
    """The length that a plan sells."""
    return Term(plan.term_count, plan.term_unit)
