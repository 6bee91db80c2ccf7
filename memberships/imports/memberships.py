"""Files of memberships: how rows are read. Where they come to lie is worked out in ``resolved``, ``lineage``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from django.utils.translation import gettext as _

from memberships.imports import cells, lineage, resolved, sold
from memberships.imports.cells import NULL, Reader, Spellings, Text
from memberships.imports.job import Counts, Job, Stretch
from memberships.imports.kinds import Comparison
from memberships.models import Plan, Promotion, PromotionKind
from memberships.rules import money, terms
from memberships.rules.terms import Term

STORED = """
    JOIN memberships_membership m ON m.club_id = %(club)s AND m.external_id = x.external_id
    JOIN memberships_member o ON o.id = m.member_id
    JOIN memberships_plan p ON p.id = m.plan_id
    CROSS JOIN LATERAL (SELECT coalesce(m.given_starts_on, m.starts_on) AS starts_on) s
    LEFT JOIN (
        SELECT u.membership_id, string_agg(q.code, ';' ORDER BY q.id) AS promotions
        FROM memberships_promotionuse u JOIN memberships_promotion q ON q.id = u.promotion_id GROUP BY 1
    ) u ON u.membership_id = m.id
"""
MONEY = "{{cell}} IN (round(m.{0}, %(digits)s)::text, trim_scale(m.{0})::text)"
CONDITIONS = {
    "external_id": "TRUE",
    "member": "{cell} = o.external_id",
    "plan": "{cell} = p.code",
    "starts_on": "{cell} = s.starts_on::text",
    "ends_on": "{cell} = CASE WHEN m.ends_given THEN (m.ends_on - (m.starts_on - s.starts_on))::text ELSE '' END",
    "sold_on": "{cell} = m.sold_on::text OR {cell} = '' AND m.sold_on = s.starts_on",
    "price_paid": MONEY.format("price_paid"),
    "promotions": "{cell} = coalesce(u.promotions, '')",
    "special_terms": "{cell} = m.special_terms",
    "balance_due": MONEY.format("balance_due"),
    "balance_due_on": "{cell} = coalesce(m.balance_due_on::text, '')",
    "cancelled_on": "{cell} = coalesce(m.cancelled_on::text, '')",
    "cancel_reason": "{cell} = m.cancel_reason",
    "changed_from": """
        {cell} = coalesce((SELECT k.external_id FROM memberships_membership k
                           WHERE k.id = m.renewed_from_id AND m.sale_kind = 'change'), '')
    """,
    "credit": MONEY.format("credit"),
}


class Memberships:
    """One row a sold membership, found again by its external id. All but its days is as the row says.

    A row that differs from what is stored wins; but one that moved behind a freeze stays where it is as long as the
    file gives it the start that it had.
    """

    name: ClassVar[str] = "memberships"
    required: ClassVar[tuple[str, ...]] = ("external_id", "member", "plan", "starts_on")
    fields: ClassVar[tuple[str, ...]] = (
        *required,
        *("ends_on", "sold_on", "price_paid", "promotions", "special_terms", "balance_due", "balance_due_on"),
        *("cancelled_on", "cancel_reason", "changed_from", "credit"),
    )
    dated: ClassVar[tuple[str, ...]] = ("starts_on", "ends_on", "sold_on", "balance_due_on", "cancelled_on")
    staged: ClassVar[Mapping[str, str]] = {
        "external_id": "text",
        "member": "text",
        "plan": "bigint",
        "starts_on": "date",
        "ends_on": "date",
        "counted_ends_on": "date",
        "sold_on": "date",
        "price_paid": "numeric",
        "promotions": "bigint[]",
        "bonus_days": "int",
        "special_terms": "text",
        "balance_due": "numeric",
        "balance_due_on": "date",
        "cancelled_on": "date",
        "cancel_reason": "text",
        "changed_from": "text",
        "credit": "numeric",
    }

    def __init__(self, job: Job) -> None:
        self.job = job
        self.plans = {str(plan.pk): plan for plan in Plan.objects.filter(club=job.club)}
        self.counted = _Counted(self.plans)
        self.bonus = _Bonus(Promotion.objects.filter(clubs=job.club))

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field."""
        days, currency = self.job.days, self.job.club.currency
        amount = cells.amount(money.minor_digits(currency), currency)
        plans = {plan.code: key for key, plan in self.plans.items()}
        plans = {name: plans[code] for name, code in self.job.plans.items() if code in plans} | plans
        latest = max(self.job.today, self.job.as_of)
        return {
            "external_id": Text(64, None),
            "member": Text(64, None),
            "plan": Spellings(cells.looked_up(plans, _("There is no plan “%(text)s” in this club.")), None),
            "starts_on": Spellings(days.iso, None),
            "ends_on": Spellings(days.iso),
            "sold_on": Spellings(days.not_after(latest, _("A sale cannot be dated in the future."))),
            "price_paid": Spellings(amount, "0"),
            "promotions": Spellings(self.bonus.read, "{}"),
            "special_terms": Spellings(cells.short(400), ""),
            "balance_due": Spellings(amount, "0"),
            "balance_due_on": Spellings(days.iso),
            "cancelled_on": Spellings(days.iso),
            "cancel_reason": Spellings(cells.short(400), ""),
            "changed_from": Text(64, NULL),
            "credit": Spellings(amount, "0"),
        }

    def comparison(self) -> Comparison:
        """The plain writing of what a row said when it was stored; where it lies since is not asked."""
        return Comparison("memberships_membership", STORED, CONDITIONS)

    def derive(self, stretch: Stretch) -> None:
        """Count the end of each term and its bonus days; refuse days in the wrong order."""
        columns = stretch.columns
        starts, ends, cancelled = columns["starts_on"], columns["ends_on"], columns["cancelled_on"]
        sold_on = [start if sold == NULL else sold for start, sold in zip(starts, columns["sold_on"], strict=True)]
        stretch.check(
            "sold_on",
            map(str.__gt__, sold_on, starts),
            lambda index: _("A membership cannot be sold after it starts (%(day)s).") % {"day": starts[index]},
        )
        stretch.check(
            "ends_on",
            (last != NULL and last < first for first, last in zip(starts, ends, strict=True)),
            lambda index: _("The last day lies before the first."),
        )
        stretch.check(
            "cancelled_on",
            (day != NULL and day < sold for day, sold in zip(cancelled, sold_on, strict=True)),
            lambda index: _("A membership cannot be cancelled before it is sold (%(day)s).") % {"day": sold_on[index]},
        )
        agreed = zip(columns["price_paid"], columns["balance_due"], strict=True)
        stretch.check(
            "balance_due",
            (due != "0" and Decimal(paid) + Decimal(due) >= cells.MOST_MONEY for paid, due in agreed),
            lambda index: _("%(text)s is more than can be kept.") % {"text": columns["balance_due"][index]},
        )
        columns["counted_ends_on"] = list(map(self.counted.__getitem__, zip(starts, columns["plan"], strict=True)))
        columns["bonus_days"] = list(map(self.bonus.days.__getitem__, columns["promotions"]))

    def check(self) -> None:
        """Work out where each row lies; refuse what is unknown, comes twice, or shares a day with another."""
        self.job.refuse_repeated("external_id")
        resolved.resolve(self.job)
        lineage.work_out(self.job)

    def merge(self) -> Counts:
        """Store the rows that are new or differ, with all that hangs on them."""
        return sold.store(self.job)


class _Counted(dict[tuple[str, str], str]):
    """The last day of a term, by its first day and its plan."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        super().__init__()
        self.terms = {key: Term(plan.term_count, plan.term_unit) for key, plan in plans.items()}

    def __missing__(self, key: tuple[str, str]) -> str:
        start, plan = key
        value = terms.ends_on(dt.date.fromisoformat(start), self.terms[plan]).isoformat()
        self[key] = value
        return value


class _Bonus:
    """Reads the promotions of a row, and knows the bonus days that each set of them gives."""

    def __init__(self, promotions: object) -> None:
        rows = list(promotions)  # type: ignore[call-overload]
        self._values = {row.pk: row.value if row.kind == PromotionKind.BONUS_DAYS else Decimal(0) for row in rows}
        self._known = cells.looked_up(
            {row.code: str(row.pk) for row in rows}, _("There is no promotion “%(text)s” in this club.")
        )
        self.days: dict[str, str] = {"{}": "0"}

    def read(self, text: str) -> str:
        """The promotions' ids as an array, in order."""
        ids = sorted({int(self._known(code)) for code in cells.split(text)})
        array = "{" + ",".join(map(str, ids)) + "}"
        self.days[array] = str(sum(int(self._values[pk]) for pk in ids))
        return array
