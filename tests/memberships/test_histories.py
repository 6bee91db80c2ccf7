"""Random histories of one member through the operations, against a day-by-day oracle written apart."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import os
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from memberships import freezing, imports, sales, standing
from memberships.models import Closure, Freeze, Membership
from memberships.models import Plan as PlanRow
from memberships.rules.errors import Refused
from tests import days, factories
from tests.memberships import oracle
from tests.memberships.oracle import ONE, Desk, LeftOut, No

PLANS = [
    oracle.Plan("M1", 1, 0, Decimal(40), 10, 3, 2),
    oracle.Plan("M3", 3, 0, Decimal("99.99"), 30, 3, None, bonus=5),
    oracle.Plan("M12", 12, 0, Decimal(360), 45, 7, 3),
    oracle.Plan("D20", 0, 20, Decimal("33.33"), 15, 2, 1),
]
FIRST = dt.date(2027, 1, 28)
EXAMPLES = int(os.environ.get("RINGBACK_HISTORIES", "40"))
"""How many histories: a long run asks for more."""

FILE = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 0, 3, 29, 30, 45])), max_size=3)
"""What an old program's file holds: plan, and days without membership before it."""

STEP = st.tuples(
    st.sampled_from(
        ["sell", "sell", "sell", "sell at", "sell late", "freeze", "freeze", "freeze", "end", "end", "cancel",
         "change", "change", "close", "reopen"]
    ),
    st.sampled_from([0, 0, 0, 1, 3, 7, 20, 45]),  # days since the step before
    st.integers(0, 7),  # which plan, membership, freeze
    st.integers(-6, 70),  # how far from today (or from the start of the membership)
    st.integers(1, 18),  # how long
    st.booleans(),  # from the start of the membership; the manager's right
)  # fmt: skip


class Both:
    """The same history twice: through the operations and in the oracle."""

    def __init__(self) -> None:
        self.club = factories.make_club("mf")
        self.member = factories.make_member(self.club, external_id="A1")
        self.plans: dict[str, PlanRow] = {}
        for plan in PLANS:
            term = f"{plan.months}m" if plan.months else f"{plan.days}d"
            self.plans[plan.code] = factories.make_plan(
                self.club, plan.code, term=term, price=plan.price, freeze_days=plan.allowance,
                freeze_min_days=plan.minimum, freeze_max_count=plan.most,
            )  # fmt: skip
            if plan.bonus:
                gift = factories.make_promotion(
                    self.club, "PLUS", kind="bonus_days", value=plan.bonus, plans=(self.plans[plan.code],)
                )
                gift.save()
        self.desk = Desk()
        self.rows: list[Membership] = []
        self.freezes: list[list[Freeze]] = []
        self.closures: list[Closure] = []
        self.seen: list[str] = []
        self.today = FIRST

    def file(self, drawn: list[tuple[int, int]]) -> None:
        """Begin with the memberships of a file, which is loaded twice."""
        rows, start = [], FIRST - ONE * 50
        for which, gap in drawn:
            start += ONE * gap
            plan = replace(PLANS[which], bonus=0)  # the file names no promotion
            rows.append((plan, start, min(start - ONE, FIRST)))
            start += relativedelta(months=plan.months, days=plan.days)
        lines = [f"S{n},A1,{plan.code},{first},{sold},{plan.price}" for n, (plan, first, sold) in enumerate(rows)]
        text = "\n".join(["external_id,member,plan,starts_on,sold_on,price_paid", *lines, ""])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "memberships.csv")
            path.write_text(text)
            answers = [imports.run(club=self.club, kind="memberships", path=path, now=self.now) for _ in range(2)]
        assert [(one.created, one.unchanged) for one in answers] == [(len(rows), 0), (0, len(rows))]
        self.desk.file(rows, self.today)
        for row in Membership.objects.order_by("starts_on"):
            self.sold(row)

    @property
    def now(self) -> dt.datetime:
        return dt.datetime.combine(self.today, dt.time(12), self.club.zone)

    def step(self, kind: str, later: int, which: int, far: int, long: int, right: bool) -> None:
        """Do one thing on both sides: both do it, or both refuse."""
        self.today += ONE * later
        if kind in ("freeze", "cancel", "change") and not self.rows:
            return
        desk, self.change_of = copy.deepcopy(self.desk), self.running(which) if self.rows else 0
        refused = expected = False
        try:
            self.expect(kind, which, far, long, right)
        except No:
            self.desk, expected = desk, True
        try:
            with transaction.atomic():
                self.do(kind, which, far, long, right)
        except Refused:
            refused = True
        assert refused == expected, (kind, "refused" if refused else "done", self.today, which, far, long, right)
        self.seen.append(f"{kind} {'refused' if refused else 'done'}")

    def first_day(self, n: int, far: int, from_start: bool) -> dt.date:
        start = self.rows[n].starts_on
        return (start if from_start and start > self.today else self.today) + ONE * far

    def running(self, which: int) -> int:
        """The membership that covers today, if any: most changes should be allowed."""
        today = [n for n, ms in enumerate(self.desk.all) if ms.start <= self.today <= ms.last]
        return today[0] if today else which % len(self.rows)

    def ended(self, which: int) -> tuple[int, int] | None:
        known = [(n, index) for n, given in enumerate(self.freezes) for index in range(len(given))]
        return known[which % len(known)] if known else None

    def expect(self, kind: str, which: int, far: int, long: int, right: bool) -> None:
        desk, today = self.desk, self.today
        n = which % len(self.rows) if self.rows else 0
        if kind == "sell":
            desk.sell(PLANS[which % 4], today)
        elif kind == "sell at":
            desk.sell(PLANS[which % 4], today, today + ONE * far)
        elif kind == "sell late":
            desk.sell(PLANS[which % 4], today - ONE * long, today - ONE * (long - which) if right else None)
        elif kind == "freeze":
            first = self.first_day(n, far, right)
            desk.freeze(n, first, first + ONE * (long - 1), today, override=right and not which % 3)
        elif kind == "end" and self.ended(which):
            m, index = self.ended(which)  # type: ignore[misc]
            desk.end_freeze(m, index, self.freezes[m][index].starts_on + ONE * (far // 4), today, past=right)
        elif kind == "cancel":
            desk.cancel(n, today + ONE * far, today, manager=right)
        elif kind == "change":
            on = today + ONE * (far // 2) if which % 2 else today
            desk.change(self.change_of, PLANS[long % 4], on, today, manager=right)
        elif kind == "close" and far >= 0:
            desk.close(len(self.closures), oracle.span(today + ONE * far, today + ONE * (far + long - 1)), today)
        elif kind == "reopen" and self.closures:
            desk.reopen(which % len(self.closures), today + ONE * max(0, far // 8), today)

    def do(self, kind: str, which: int, far: int, long: int, right: bool) -> None:
        today, now, member = self.today, self.now, self.member
        n = which % len(self.rows) if self.rows else 0
        if kind in ("sell", "sell at", "sell late"):
            start = today + ONE * far if kind == "sell at" else None
            sold_on = None
            if kind == "sell late":
                sold_on, start = today - ONE * long, today - ONE * (long - which) if right else None
            plan = self.plans[PLANS[which % 4].code]
            supervisor = kind == "sell late"
            self.sold(
                sales.sell(
                    member=member, plan=plan, starts_on=start, sold_on=sold_on, now=now, by=None, supervisor=supervisor
                )
            )
        elif kind == "freeze":
            first = self.first_day(n, far, right)
            self.freezes[n].append(
                freezing.give(
                    membership=self.rows[n], starts_on=first, ends_on=first + ONE * (long - 1), now=now, by=None,
                    override_reason="asked" if right and not which % 3 else None,
                )
            )  # fmt: skip
        elif kind == "end" and self.ended(which):
            m, index = self.ended(which)  # type: ignore[misc]
            freeze = self.freezes[m][index]
            on = freeze.starts_on + ONE * (far // 4)
            self.freezes[m][index] = freezing.end(freeze=freeze, returned_on=on, now=now, by=None, supervisor=right)
        elif kind == "cancel":
            on = today + ONE * far
            sales.cancel(membership=self.rows[n], on=on, reason="moved", now=now, by=None, supervisor=right)
        elif kind == "change":
            plan, row = self.plans[PLANS[long % 4].code], self.rows[self.change_of]
            on = today + ONE * (far // 2) if which % 2 else None
            self.sold(sales.change_plan(membership=row, plan=plan, on=on, now=now, by=None, supervisor=right))
        elif kind == "close" and far >= 0:
            first, last = today + ONE * far, today + ONE * (far + long - 1)
            why = f"closure {len(self.closures)}"
            done = freezing.close_club(club=self.club, starts_on=first, ends_on=last, why=why, now=now, by=None)
            self.closures.append(done.closure)
        elif kind == "reopen" and self.closures:
            on = today + ONE * max(0, far // 8)
            freezing.reopen(closure=self.closures[which % len(self.closures)], on=on, now=now, by=None)

    def sold(self, row: Membership) -> None:
        self.rows.append(row)
        self.freezes.append([])

    def compare(self) -> None:
        """Every stored day, status and sum is the oracle's; no day is covered twice."""
        ids = [row.pk for row in self.rows]
        assert len(ids) == len(self.desk.all) == Membership.objects.count()
        for row, ms in zip(self.rows, self.desk.all, strict=True):
            row.refresh_from_db()
            assert (row.starts_on, row.ends_on, row.effective_ends_on) == (ms.start, ms.base_end, ms.end), self.today
            assert (row.last_covered_on, row.frozen_days) == (ms.last, len(ms.walk()[1]))
            assert (row.sale_kind, row.follows) == (ms.kind, ms.follows)
            assert row.renewed_from_id == (None if ms.prior is None else ids[ms.prior])
            assert (row.price, row.credit, row.bonus_days) == (ms.price, ms.credit, ms.plan.bonus)
            frozen = [freeze for freeze in row.freezes.all() if not freeze.voided]
            spans = [oracle.span(freeze.starts_on, freeze.ends_on) for freeze in frozen]
            assert set().union(*spans) == ms.walk()[1]
            for day in {ms.start, ms.start - ONE, ms.end, ms.end + ONE, self.today, *itertools.islice(ms.own, 2)}:
                assert standing.status_of(membership=row, on=day) == ms.status(day)
        days_covered = [day for ms in self.desk.all if ms.covers for day in oracle.span(ms.start, ms.last)]
        assert len(days_covered) == len(set(days_covered))
        self.member.refresh_from_db()
        assert self.member.last_covered_on == max(days_covered, default=None)


@pytest.mark.slow
@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(file=FILE, steps=st.lists(STEP, min_size=4, max_size=14))
def test_a_random_history_is_the_one_counted_day_by_day(
    db: None,
    file: list[tuple[int, int]],
    steps: list[tuple],  # type: ignore[type-arg]
) -> None:
    with transaction.atomic():
        both = Both()
        if file:
            both.file(file)
            both.compare()
        try:
            for step in steps:
                both.step(*step)
                both.compare()
        except LeftOut:
            event("a closure left somebody out")
        for what in both.seen:
            event(what)
        transaction.set_rollback(True)


def test_the_oracle_sees_a_wrong_day(db: None) -> None:
    """Control: one day more in a stored end is noticed."""
    both = Both()
    both.step("sell", 0, 2, 0, 1, False)
    both.compare()
    assert both.rows[0].starts_on == FIRST
    later = both.rows[0].effective_ends_on + days.DAY
    Membership.objects.update(effective_ends_on=later, last_covered_on=later)
    with pytest.raises(AssertionError):
        both.compare()
