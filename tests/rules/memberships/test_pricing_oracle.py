"""Pricing against an independent brute force over the candidates of PRODUCT.md §3.4."""

import os
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from memberships.rules import pricing
from memberships.rules.errors import Refused
from memberships.rules.promotions import Promotion, PromotionKind, Sale
from memberships.rules.sales import SaleKind

EXAMPLES = int(os.environ.get("RINGBACK_QUOTES", "400"))
"""How many quotes: a long run asks for more."""

UNIT = {"USD": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}
EVERYBODY = frozenset([SaleKind.NEW, SaleKind.RENEWAL, SaleKind.RETURN])

values = {
    PromotionKind.PERCENT: st.sampled_from(["0.001", "5", "10", "33.333", "50", "99.999", "100"]),
    PromotionKind.AMOUNT: st.sampled_from(["0.001", "1", "20", "36", "50", "180", "500"]),
    PromotionKind.FIXED_PRICE: st.sampled_from(["0", "100", "180", "300", "324", "360", "400"]),
    PromotionKind.BONUS_DAYS: st.sampled_from(["1", "7", "14"]),
    PromotionKind.GIFT: st.just("0"),
}


conditions = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "audience": st.sets(st.sampled_from(sorted(EVERYBODY)), min_size=1).map(frozenset),
            "starts_on": st.sampled_from([date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 2)]),
            "clubs": st.sets(st.sampled_from(["mf", "other"])).map(frozenset),
            "plans": st.sets(st.sampled_from(["M12", "M6"])).map(frozenset),
            "segments": st.sets(st.sampled_from(["gold", "copper"])).map(frozenset),
            "min_tenure_months": st.sampled_from([0, 11, 12, 13]),
            "early_days": st.sampled_from([0, 9, 10, 11]),
            "max_uses": st.sampled_from([0, 3, 4]),
            "uses": st.just(3),
        },
    ),
)
"""Nothing, so that many apply; or some of the conditions, on both sides of their edges."""


@st.composite
def sales(draw):
    kind = draw(st.sampled_from(list(SaleKind)))
    renewing = kind in (SaleKind.RENEWAL, SaleKind.CHANGE)
    return Sale(
        kind=kind,
        sold_on=date(2026, 6, 1),
        made_on=date(2026, 6, 1),
        club="mf",
        plan="M12",
        list_price=Decimal(draw(st.sampled_from(["0", "0.01", "39.99", "360", "360.005", "99.999"]))),
        currency=draw(st.sampled_from(sorted(UNIT))),
        segment=draw(st.sampled_from(["", "gold", "copper"])),
        tenure_months=12 if renewing else 0,
        early_by=10 if renewing else draw(st.sampled_from([None, -40])),
    )


@st.composite
def offers(draw):
    found = []
    for code in draw(st.lists(st.sampled_from("ABCDEFGH"), max_size=6, unique=True)):
        kind = draw(st.sampled_from(list(PromotionKind)))
        found.append(
            Promotion(
                code=code,
                name=code,
                kind=kind,
                value=Decimal(draw(values[kind])),
                gift="a towel" if kind is PromotionKind.GIFT else "",
                ends_on=draw(st.sampled_from([None, date(2026, 6, 3), date(2026, 6, 20)])),
                stackable=draw(st.booleans()),
                needs_code=draw(st.booleans()),
                **{"audience": EVERYBODY, "starts_on": date(2026, 1, 1), **draw(conditions)},
            )
        )
    return found


def rounded(price: Decimal, currency: str) -> Decimal:
    return price.quantize(UNIT[currency], ROUND_HALF_UP)


def brute_price(group: list[Promotion], list_price: Decimal) -> tuple[Decimal, set[str]]:
    """The exact price, and the codes that changed it on their way, each kind worked out on its own."""
    effective = {one.code for one in group if one.kind in ("bonus_days", "gift")}
    price = list_price
    fixed = sorted((one.value, one.code) for one in group if one.kind == "fixed_price")
    if fixed and fixed[0][0] < price:
        price = fixed[0][0]
        effective.add(fixed[0][1])
    for code, value in sorted((one.code, one.value) for one in group if one.kind == "amount"):
        if price > 0:
            effective.add(code)
        price = price - value if price > value else Decimal(0)
    product = Decimal(1)
    for code, value in sorted((one.code, one.value) for one in group if one.kind == "percent"):
        if price * product > 0:
            effective.add(code)
        product *= 1 - value / 100
    return price * product, effective


def holds(one: Promotion, sale: Sale) -> bool:
    """Each condition of §3.4 on its own; a change of plan is priced as a renewal."""
    group = "renewal" if sale.kind == "change" else str(sale.kind)
    early = -1000 if sale.early_by is None else sale.early_by
    return all(
        [
            group in {str(kind) for kind in one.audience},
            one.starts_on <= sale.sold_on <= (one.ends_on or date.max),
            not one.clubs or sale.club in one.clubs,
            not one.plans or sale.plan in one.plans,
            not one.segments or sale.segment in one.segments,
            sale.tenure_months >= (one.min_tenure_months or 0),
            one.early_days is None or early >= one.early_days,
        ]
    )


def brute_quote(
    offered: list[Promotion], named: set[str], sale: Sale, limit: Decimal | None
) -> tuple[Decimal, tuple[str, ...], date, list[str]] | str:
    list_price, currency = sale.list_price, sale.currency
    in_turn = [one for code in sorted(named) for one in offered if one.code == code]
    for one in in_turn:
        if not holds(one, sale):
            return "code_not_applicable"
        if one.max_uses is not None and one.uses >= one.max_uses:
            return "used_up"
    left = [one for one in offered if one.max_uses is None or one.uses < one.max_uses]
    applying = [one for one in left if holds(one, sale) and (not one.needs_code or one.code in named)]
    groups = [[one for one in applying if one.stackable], []]
    groups += [[one] for one in applying if not one.stackable]
    ranked = []
    for group in groups:
        exact, effective = brute_price(group, list_price)
        if limit is not None and exact < list_price * (100 - limit) / 100:
            exact = list_price * (100 - limit) / 100
        used = [one for one in group if one.code in effective]
        days = sum(one.value for one in used if one.kind == "bonus_days")
        gifts = len([one for one in used if one.kind == "gift"])
        ranked.append((rounded(exact, currency), -days, -gifts, len(used), sorted(effective)))
    price, _, _, _, codes = sorted(ranked)[0]
    until = date(2026, 6, 15)
    for one in applying:
        if one.code in codes and one.ends_on is not None and one.ends_on < until:
            until = one.ends_on
    return price, tuple(codes), until, sorted(one.code for one in applying if one.code not in codes)


@settings(max_examples=EXAMPLES)
@given(
    offered=offers(),
    named=st.sets(st.sampled_from("ABCDEFGH")),
    sale=sales(),
    limit=st.sampled_from([None, Decimal(0), Decimal(50), Decimal("33.3"), Decimal(100)]),
)
def test_the_quote_agrees_with_brute_force(offered, named, sale, limit):
    named = {code for code in named if code in {one.code for one in offered}}
    with localcontext(prec=200):
        expected = brute_quote(offered, named, sale, limit)
    try:
        quote = pricing.quote(sale, offered, sorted(named), limit_percent=limit)
    except Refused as refusal:
        assert refusal.code == expected
        return
    not_used = [one.code for one in quote.not_used]
    assert (quote.final_price, quote.promotions, quote.valid_until, not_used) == expected


@settings(max_examples=300)
@given(offers(), st.sampled_from([None, Decimal(0), Decimal(50)]), st.sampled_from(sorted(UNIT)))
def test_the_lines_add_up_and_each_promotion_has_one(offered, limit, currency):
    sale = Sale(SaleKind.NEW, date(2026, 6, 1), date(2026, 6, 1), "mf", "M12", Decimal("360"), currency)
    quote = pricing.quote(sale, offered, limit_percent=limit)
    assert sum(line.amount for line in quote.lines) == quote.final_price - quote.list_price
    assert sorted(line.promotion for line in quote.lines if line.promotion) == list(quote.promotions)
    assert [line.kind for line in quote.lines if line.amount > 0] in ([], ["club_limit"])
    assert sum(line.days for line in quote.lines) == quote.bonus_days
    places = [(list(PromotionKind).index(line.kind), line.promotion) for line in quote.lines if line.promotion]
    assert places == sorted(places)
    assert quote.final_price >= 0
