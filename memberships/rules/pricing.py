"""Promotions and the quote: which apply, which candidate wins, and lines that add up (PRODUCT.md §3.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from memberships.rules import labels, money
from memberships.rules.errors import Conflict, Refused
from memberships.rules.promotions import Promotion, PromotionKind, Sale
from memberships.rules.sales import SaleKind
from memberships.rules.sentences import N_, NN_, Sentence, sentence

CLUB_LIMIT_PERCENT = Decimal(50)
VALID_DAYS = 14
CLUB_LIMIT = "club_limit"


class CodeNotApplicable(Refused):
    """A named code that does not apply to this sale; the sentence says why."""

    code = "code_not_applicable"
    field = "codes"


class UsedUp(Conflict):
    """A promotion has no use left."""

    code = "used_up"
    field = "codes"


_ORDER = {kind: place for place, kind in enumerate(PromotionKind)}


@dataclass(frozen=True)
class Line:
    """One line of a quote: the signed change of the price so far, or days, with the reason.

    ``kind`` is a promotion's, or ``club_limit`` (then ``promotion`` is None).
    """

    kind: str
    promotion: str | None
    label: Sentence
    amount: Decimal
    days: int = 0


@dataclass(frozen=True)
class NotUsed:
    """A promotion that applies but is not part of the quote, and why."""

    code: str
    why: Sentence


@dataclass(frozen=True)
class Quote:
    """The winning candidate: final price, lines that add up to final − list, and what it holds."""

    list_price: Decimal
    final_price: Decimal
    currency: str
    lines: tuple[Line, ...]
    bonus_days: int
    gifts: tuple[str, ...]
    promotions: tuple[str, ...]
    valid_until: date
    not_used: tuple[NotUsed, ...]


# ---- which apply -----------------------------------------------------------------------------------------


def why_not(promotion: Promotion, sale: Sale) -> Sentence | None:
    """Why the promotion does not apply to the sale, its code and its uses apart; None when it does."""
    # a change of plan is quoted as a renewal
    kind = SaleKind.RENEWAL if sale.kind is SaleKind.CHANGE else sale.kind
    if promotion.clubs and sale.club not in promotion.clubs:
        return sentence(N_("it is not for this club"))
    if promotion.plans and sale.plan not in promotion.plans:
        return sentence(N_("it is not for this plan"))
    if kind not in promotion.audience:
        return labels.not_for(kind)
    if sale.sold_on < promotion.starts_on:
        return sentence(N_("it begins on %(day)s"), day=promotion.starts_on)
    if promotion.ends_on is not None and sale.sold_on > promotion.ends_on:
        return sentence(N_("it ended on %(day)s"), day=promotion.ends_on)
    if promotion.segments and sale.segment not in promotion.segments:
        return sentence(N_("it is not for this member's segment"))
    if sale.tenure_months < (promotion.min_tenure_months or 0):
        return sentence(
            NN_("it needs %(count)s month with us", "it needs %(count)s months with us"),
            count=promotion.min_tenure_months,
        )
    if promotion.early_days is not None and (sale.early_by is None or sale.early_by < promotion.early_days):
        return sentence(
            NN_(
                "it needs a sale at least %(count)s day before the end",
                "it needs a sale at least %(count)s days before the end",
            ),
            count=promotion.early_days,
        )
    return None


def used_up(promotion: Promotion) -> bool:
    """Whether no use is left."""
    return promotion.max_uses is not None and promotion.uses >= promotion.max_uses


def folded(code: str) -> str:
    """A code as it is compared: case and spaces around it do not count."""
    return code.strip().casefold()


def applies(promotion: Promotion, sale: Sale, codes: Collection[str] = ()) -> bool:
    """Whether the promotion applies to the sale when these codes are named."""
    named = not promotion.needs_code or folded(promotion.code) in {folded(code) for code in codes}
    return named and not used_up(promotion) and why_not(promotion, sale) is None


def check_codes(promotions: Iterable[Promotion], sale: Sale, codes: Iterable[str]) -> None:
    """Refuse the first named code that cannot apply; raises ``CodeNotApplicable`` or ``UsedUp``."""
    by_code = {folded(promotion.code): promotion for promotion in promotions}
    for code in codes:
        promotion = by_code.get(folded(code))
        why = why_not(promotion, sale) if promotion else sentence(N_("there is no such code"))
        if why is not None:
            raise CodeNotApplicable(
                sentence(N_("The code %(code)s cannot be used: %(why)s."), code=code.strip(), why=why)
            )
        if promotion and used_up(promotion):
            raise UsedUp(sentence(N_("The promotion %(code)s is used up."), code=promotion.code))


# ---- candidates ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Priced:
    """A candidate with its price; ``used`` only holds the promotions that have an effect, in line order."""

    offered: tuple[Promotion, ...]
    used: tuple[Promotion, ...]
    final_price: Decimal
    lines: tuple[Line, ...]

    @property
    def bonus_days(self) -> int:
        return sum(line.days for line in self.lines)

    @property
    def gifts(self) -> tuple[str, ...]:
        return tuple(promotion.gift for promotion in self.used if promotion.kind is PromotionKind.GIFT)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted(promotion.code for promotion in self.used))

    def rank(self) -> tuple[object, ...]:
        """Less is better: cheaper, more days, more gifts, fewer promotions, first codes."""
        return self.final_price, -self.bonus_days, -len(self.gifts), len(self.used), self.codes


def _after(promotion: Promotion, price: Fraction) -> Fraction:
    """The exact price after one more promotion."""
    value = Fraction(promotion.value)
    if promotion.kind is PromotionKind.FIXED_PRICE:
        return min(price, value)
    if promotion.kind is PromotionKind.AMOUNT:
        return max(price - value, Fraction(0))
    if promotion.kind is PromotionKind.PERCENT:
        return price * (100 - value) / 100
    return price


def _in_line_order(promotions: Iterable[Promotion]) -> list[Promotion]:
    """By kind, then by code; of several fixed prices the lowest goes first, so that only it has an effect."""
    return sorted(
        promotions,
        key=lambda promotion: (
            _ORDER[promotion.kind],
            promotion.value if promotion.kind is PromotionKind.FIXED_PRICE else 0,
            promotion.code,
        ),
    )


def _priced(offered: Sequence[Promotion], sale: Sale, limit_percent: Decimal | None) -> _Priced:
    """Price a candidate; ``limit_percent`` None lifts the club limit."""
    exact = Fraction(sale.list_price)
    shown = money.round_half_up(exact, sale.currency)
    nothing = money.round_half_up(Fraction(0), sale.currency)
    used: list[Promotion] = []
    lines: list[Line] = []
    for promotion in _in_line_order(offered):
        after = _after(promotion, exact)
        in_days = promotion.kind in (PromotionKind.BONUS_DAYS, PromotionKind.GIFT)
        if after == exact and not in_days:
            continue
        rounded = money.round_half_up(after, sale.currency)
        days = int(promotion.value) if promotion.kind is PromotionKind.BONUS_DAYS else 0
        label = labels.of_promotion(promotion, sale)
        amount = nothing if in_days else rounded - shown
        lines.append(Line(promotion.kind, promotion.code, label, amount, days))
        used.append(promotion)
        exact, shown = after, rounded
    final = shown
    if limit_percent is not None:
        floor = Fraction(sale.list_price) * (100 - Fraction(limit_percent)) / 100
        final = money.round_half_up(max(exact, floor), sale.currency)
    if final > shown:
        lines.append(Line(CLUB_LIMIT, None, labels.club_limit(limit_percent), final - shown))
    return _Priced(tuple(offered), tuple(used), final, tuple(lines))


def _why_not_used(promotion: Promotion, priced: Sequence[_Priced], winner: _Priced, sale: Sale) -> Sentence:
    """Why a promotion that applies is not in the winner: no effect there, or its own candidate lost."""
    if promotion in winner.offered:
        return sentence(N_("it would change nothing here"))
    lost = next(candidate for candidate in priced if promotion in candidate.offered)
    if promotion not in lost.used:
        return sentence(N_("it would change nothing here"))
    price = money.amount_text(lost.final_price, sale.currency)
    if len(lost.used) == 1:
        return sentence(N_("alone it would come to %(price)s"), price=price)
    return sentence(N_("%(codes)s together would come to %(price)s"), codes=" + ".join(lost.codes), price=price)


def quote(
    sale: Sale,
    promotions: Iterable[Promotion],
    codes: Collection[str] = (),
    *,
    limit_percent: Decimal | None = CLUB_LIMIT_PERCENT,
    valid_days: int = VALID_DAYS,
) -> Quote:
    """The best offer for the sale (§3.4). ``limit_percent``: the most that may come off the list price; None when
    a manager overrides the club limit. Raises ``CodeNotApplicable`` or ``UsedUp`` for a named code.
    """
    all_promotions = list(promotions)
    check_codes(all_promotions, sale, codes)
    applicable = [promotion for promotion in all_promotions if applies(promotion, sale, codes)]
    candidates = [
        [promotion for promotion in applicable if promotion.stackable],
        *([promotion] for promotion in applicable if not promotion.stackable),
        [],
    ]
    priced = [_priced(candidate, sale, limit_percent) for candidate in candidates]
    winner = min(priced, key=_Priced.rank)
    last_days = [promotion.ends_on for promotion in winner.used if promotion.ends_on is not None]
    return Quote(
        list_price=money.round_half_up(sale.list_price, sale.currency),
        final_price=winner.final_price,
        currency=sale.currency,
        lines=winner.lines,
        bonus_days=winner.bonus_days,
        gifts=winner.gifts,
        promotions=winner.codes,
        valid_until=min([sale.made_on + timedelta(days=valid_days), *last_days]),
        not_used=tuple(
            NotUsed(promotion.code, _why_not_used(promotion, priced, winner, sale))
            for promotion in sorted(applicable, key=lambda promotion: promotion.code)
            if promotion not in winner.used
        ),
    )


def newcomer_price(
    sale: Sale, promotions: Iterable[Promotion], *, limit_percent: Decimal | None = CLUB_LIMIT_PERCENT
) -> Decimal:
    """What a newcomer would pay for the same plan on the same sale date, naming no code."""
    newcomer = replace(sale, kind=SaleKind.NEW, segment="", tenure_months=0, early_by=None)
    return quote(newcomer, promotions, limit_percent=limit_percent).final_price
