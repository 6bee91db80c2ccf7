"""Files of promotions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from django.utils.translation import gettext as _

from memberships.imports import cells
from memberships.imports.cells import NULL, Reader, Spellings, Text, Unreadable
from memberships.imports.job import Counts, Job, Stretch
from memberships.imports.plans import warn_of_amounts
from memberships.models import Audience, Plan, Promotion, PromotionKind, Segment
from memberships.rules import money

COLUMNS = (
    *("name", "kind", "value", "gift", "audience", "starts_on", "ends_on", "segments", "stackable", "needs_code"),
    *("min_tenure_months", "early_days", "max_uses", "phone_summary", "details"),
)


class Promotions:
    """One row a promotion of the club, found again by its code."""

    name: ClassVar[str] = "promotions"
    required: ClassVar[tuple[str, ...]] = ("code", "name", "kind", "value", "audience", "starts_on")
    fields: ClassVar[tuple[str, ...]] = (
        *required,
        *("ends_on", "plans", "segments", "stackable", "needs_code", "min_tenure_months", "early_days", "max_uses"),
        *("phone_summary", "details"),
    )
    dated: ClassVar[tuple[str, ...]] = ("starts_on", "ends_on")
    staged: ClassVar[Mapping[str, str]] = {
        "code": "text",
        "name": "text",
        "kind": "text",
        "value": "numeric",
        "gift": "text",
        "audience": "text[]",
        "starts_on": "date",
        "ends_on": "date",
        "plans": "bigint[]",
        "segments": "text[]",
        "stackable": "bool",
        "needs_code": "bool",
        "min_tenure_months": "int",
        "early_days": "int",
        "max_uses": "int",
        "phone_summary": "text",
        "details": "text",
    }

    def __init__(self, job: Job) -> None:
        self.job = job

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field; ``value`` is read once the kind is known."""
        days = self.job.days
        plans = dict(Plan.objects.filter(club=self.job.club).values_list("code", "pk"))
        plan = cells.looked_up(
            {code: str(pk) for code, pk in plans.items()}, _("There is no plan “%(text)s” in this club.")
        )
        return {
            "code": Text(32, None),
            "name": Text(120, None),
            "kind": Spellings(cells.one_of(PromotionKind.values), None),
            "value": Text(160, None),
            "audience": Spellings(cells.words(cells.one_of(Audience.values)), None),
            "starts_on": Spellings(days.iso, None),
            "ends_on": Spellings(days.iso),
            "plans": Spellings(cells.words(plan), "{}"),
            "segments": Spellings(cells.words(cells.one_of(Segment.values)), "{}"),
            "stackable": Spellings(cells.yes_or_no, "f"),
            "needs_code": Spellings(cells.yes_or_no, "f"),
            "min_tenure_months": Spellings(cells.number(0, 1200)),
            "early_days": Spellings(cells.number(0, 3660)),
            "max_uses": Spellings(cells.number(0, 2_000_000_000)),
            "phone_summary": Text(300),
            "details": Text(20_000, lines=True),
        }

    def comparison(self) -> None:
        """Every row is read."""

    def derive(self, stretch: Stretch) -> None:
        """Read the value as its kind wants it; no promotion ends before it starts."""
        columns = stretch.columns
        columns["gift"] = [
            text if kind == PromotionKind.GIFT else ""
            for kind, text in zip(columns["kind"], columns["value"], strict=True)
        ]
        for index, (kind, text) in enumerate(zip(columns["kind"], columns["value"], strict=True)):
            try:
                columns["value"][index] = self._value(kind, text)
            except Unreadable as error:
                stretch.refuse(index, "value", str(error))
        spans = zip(columns["starts_on"], columns["ends_on"], strict=True)
        stretch.check(
            "ends_on",
            (last != NULL and last < first for first, last in spans),
            lambda index: _("The last day lies before the first."),
        )
        for name in ("name", "phone_summary"):
            warn_of_amounts(stretch, name)

    def _value(self, kind: str, text: str) -> str:
        currency = self.job.club.currency
        match kind:
            case PromotionKind.GIFT:
                return "0"
            case PromotionKind.BONUS_DAYS:
                return cells.number(1, 366)(text)
            case PromotionKind.PERCENT:
                percent = cells.decimal_of(text.rstrip("% "))
                if not 0 < percent <= 100 or percent != round(percent, 3):
                    raise Unreadable(_("A percentage lies above 0 and up to 100."))
                return f"{percent:f}"
            case _:
                return cells.amount(money.minor_digits(currency), currency)(text)

    def check(self) -> None:
        """Refuse codes that come twice, and limits that sales have passed already."""
        self.job.refuse_repeated("code")
        self.job.refuse(
            "max_uses",
            "r.max_uses::text",
            _("More than %s have been sold already."),
            """
            import_rows r JOIN memberships_promotion p ON p.code = r.code
            JOIN memberships_promotion_clubs c ON c.promotion_id = p.id AND c.club_id = %(club)s
            WHERE p.uses > r.max_uses
            """,
        )

    def merge(self) -> Counts:
        """Insert what is new, update what differs; the plans of other clubs that a promotion names stay."""
        counts = Counts()
        names = ("code", *COLUMNS, "plans")
        rows = self.job.ask(f"SELECT {', '.join(names)} FROM import_rows ORDER BY line")
        mine = set(Plan.objects.filter(club=self.job.club).values_list("pk", flat=True))
        for row in rows:
            values = dict(zip(names, row, strict=True))
            code, plans = values.pop("code"), set(values.pop("plans"))
            found = Promotion.objects.filter(clubs=self.job.club, code=code).order_by("pk").first()
            if found is None:
                promotion = Promotion.objects.create(code=code, **values)
                promotion.clubs.add(self.job.club)
                promotion.plans.set(plans)
                counts.created += 1
            elif self._update(found, values, plans, mine):
                counts.updated += 1
        return counts

    def _update(self, promotion: Promotion, values: dict[str, object], plans: set[int], mine: set[int]) -> bool:
        present = [name for name in COLUMNS if name in self.job.present or name == "gift"]
        changed = [name for name in present if _plain(getattr(promotion, name)) != _plain(values[name])]
        for name in changed:
            setattr(promotion, name, values[name])
        if changed:
            promotion.save(update_fields=changed)
        if "plans" not in self.job.present:
            return bool(changed)
        stored = set(promotion.plans.values_list("pk", flat=True))
        wanted = plans | (stored - mine)
        if wanted != stored:
            promotion.plans.set(wanted)
        return bool(changed) or wanted != stored


def _plain(value: object) -> object:
    """A value as it compares: numbers by size, lists without order."""
    if isinstance(value, Decimal):
        return value.normalize()
    return sorted(value) if isinstance(value, list) else value
