"""The quote of PRODUCT.md §3.4, by examples; EXAMPLES.md 1 to the letter."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from memberships.rules import pricing
from memberships.rules.promotions import Promotion, PromotionKind, Sale
from memberships.rules.sales import SaleKind

NEW, RENEWAL, RETURN = frozenset([SaleKind.NEW]), frozenset([SaleKind.RENEWAL]), frozenset([SaleKind.RETURN])
YEARLY = frozenset(["M12", "M12G"])


def promotion(code: str, kind: str, value: str = "0", **facts: object) -> Promotion:
    defaults = {"audience": RENEWAL, "starts_on": date(2026, 1, 1), "stackable": True}
    return Promotion(code, f"{code} promotion", PromotionKind(kind), Decimal(value), **(defaults | facts))


FRIEND15 = promotion(
    "FRIEND15", "percent", "15", audience=NEW, starts_on=date(2020, 1, 1), needs_code=True, stackable=False
)
EARLY10 = promotion(
    "EARLY10",
    "percent",
    "10.000",
    plans=frozenset(["M6", "M6G", "M12", "M12G"]),
    starts_on=date(2026, 10, 15),
    ends_on=date(2026, 12, 15),
)
LOYAL20 = promotion("LOYAL20", "amount", "20.000", min_tenure_months=24)
BACK50 = promotion(
    "BACK50", "percent", "50", audience=RETURN, starts_on=date(2026, 11, 1), stackable=False, max_uses=200
)
PLUS14 = promotion(
    "PLUS14",
    "bonus_days",
    "14.000",
    audience=NEW | RENEWAL,
    plans=YEARLY,
    starts_on=date(2026, 11, 10),
    ends_on=date(2026, 11, 24),
)
CLUB = [FRIEND15, EARLY10, LOYAL20, BACK50, PLUS14]
MEMBER_12 = Sale(
    kind=SaleKind.RENEWAL,
    sold_on=date(2026, 11, 12),
    made_on=date(2026, 11, 12),
    club="mf",
    plan="M12",
    list_price=Decimal("360.000"),
    currency="USD",
    segment="gold",
    tenure_months=24,
    early_by=18,
)


def seen(quote: pricing.Quote) -> list[tuple[str, str | None, str, str, int]]:
    return [(line.kind, line.promotion, str(line.label), str(line.amount), line.days) for line in quote.lines]


def test_the_worked_example_is_quoted_to_the_letter():
    quote = pricing.quote(MEMBER_12, CLUB)
    assert seen(quote) == [
        ("amount", "LOYAL20", "20 off: 24 months with us", "-20.00", 0),
        ("percent", "EARLY10", "10 % off: renewed before 15 December", "-34.00", 0),
        ("bonus_days", "PLUS14", "14 days on us until 24 November", "0.00", 14),
    ]
    assert (str(quote.list_price), str(quote.final_price), quote.bonus_days) == ("360.00", "306.00", 14)
    assert quote.valid_until == date(2026, 11, 24)
    assert quote.promotions == ("EARLY10", "LOYAL20", "PLUS14")
    assert quote.not_used == ()
    assert str(pricing.newcomer_price(MEMBER_12, CLUB)) == "360.00"


def test_without_plus14_the_offer_holds_for_two_weeks():
    assert pricing.quote(MEMBER_12, [EARLY10, LOYAL20]).valid_until == date(2026, 11, 26)


def test_without_promotions_the_list_price_holds():
    quote = pricing.quote(replace(MEMBER_12, list_price=Decimal("39.9")), [])
    assert (str(quote.final_price), quote.lines, quote.promotions) == ("39.90", (), ())


# ---- which apply -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "sale", "why"),
    [
        ({"clubs": frozenset(["other"])}, {}, "it is not for this club"),
        ({"plans": frozenset(["M1"])}, {}, "it is not for this plan"),
        ({"audience": NEW}, {}, "it is not for renewals"),
        ({"audience": RENEWAL}, {"kind": SaleKind.NEW}, "it is not for new members"),
        ({"audience": RENEWAL}, {"kind": SaleKind.RETURN}, "it is not for returning members"),
        ({"starts_on": date(2026, 11, 13)}, {}, "it begins on 13 November 2026"),
        ({"ends_on": date(2026, 11, 11)}, {}, "it ended on 11 November 2026"),
        ({"segments": frozenset(["silver"])}, {}, "it is not for this member's segment"),
        ({"min_tenure_months": 25}, {}, "it needs 25 months with us"),
        ({"min_tenure_months": 1}, {"tenure_months": 0}, "it needs 1 month with us"),
        ({"early_days": 19}, {}, "it needs a sale at least 19 days before the end"),
        ({"early_days": 1}, {"early_by": None}, "it needs a sale at least 1 day before the end"),
    ],
)
def test_a_promotion_that_does_not_apply_says_why(facts, sale, why):
    one = promotion("ONE", "percent", "10", **facts)
    it = replace(MEMBER_12, **sale)
    assert str(pricing.why_not(one, it)) == why
    assert not pricing.applies(one, it)
    with pytest.raises(pricing.CodeNotApplicable) as refused:
        pricing.quote(it, [one], ["one "])
    assert str(refused.value) == f"The code one cannot be used: {why}."
    assert (refused.value.code, refused.value.status) == ("code_not_applicable", 422)


@pytest.mark.parametrize(
    "facts",
    [
        {"clubs": frozenset(["mf"])},
        {"plans": YEARLY},
        {"starts_on": date(2026, 11, 12), "ends_on": date(2026, 11, 12)},
        {"segments": frozenset(["gold"])},
        {"min_tenure_months": 24},
        {"early_days": 18},
        {"max_uses": 5, "uses": 4},
    ],
)
def test_a_promotion_applies_up_to_the_edge_of_each_condition(facts):
    assert pricing.applies(promotion("ONE", "percent", "10", **facts), MEMBER_12)


def test_a_change_of_plan_is_quoted_as_a_renewal():
    quote = pricing.quote(replace(MEMBER_12, kind=SaleKind.CHANGE), CLUB)
    assert str(quote.final_price) == "306.00"


def test_one_that_needs_its_code_applies_only_when_named():
    code = promotion("VIP", "percent", "20", needs_code=True)
    assert pricing.quote(MEMBER_12, [code]).promotions == ()
    assert pricing.quote(MEMBER_12, [code], ["vip"]).promotions == ("VIP",)


def test_an_unknown_code_is_refused():
    with pytest.raises(pricing.CodeNotApplicable, match="NOPE cannot be used: there is no such code"):
        pricing.quote(MEMBER_12, CLUB, ["NOPE"])


def test_a_promotion_without_uses_left_does_not_apply_and_its_code_is_refused():
    gone = promotion("GONE", "percent", "20", max_uses=3, uses=3)
    assert pricing.quote(MEMBER_12, [gone]).promotions == ()
    with pytest.raises(pricing.UsedUp) as refused:
        pricing.quote(MEMBER_12, [gone], ["GONE"])
    assert (refused.value.code, refused.value.status) == ("used_up", 409)


# ---- the price -------------------------------------------------------------------------------------------


def test_fixed_price_then_amounts_then_percents_then_days_then_gifts():
    parts = [
        promotion("E", "gift", gift="a towel"),
        promotion("D", "bonus_days", "7"),
        promotion("C2", "percent", "10"),
        promotion("C1", "percent", "5"),
        promotion("B", "amount", "0.5"),
        promotion("A", "fixed_price", "300"),
    ]
    quote = pricing.quote(MEMBER_12, parts)
    assert [(line.promotion, str(line.amount)) for line in quote.lines] == [
        ("A", "-60.00"),
        ("B", "-0.50"),
        ("C1", "-14.97"),  # 284.525 half up is 284.53
        ("C2", "-28.46"),  # 256.0725 half up is 256.07
        ("D", "0.00"),
        ("E", "0.00"),
    ]
    assert (str(quote.final_price), quote.gifts) == ("256.07", ("a towel",))


def test_percents_are_one_exact_product_rounded_once():
    parts = [promotion(code, "percent", "33.333") for code in ("A", "B")]
    quote = pricing.quote(replace(MEMBER_12, list_price=Decimal("10"), currency="JPY"), parts)
    assert str(quote.final_price) == "5"  # 4.4444889 would be 4, the club limit makes it 5
    free = pricing.quote(replace(MEMBER_12, list_price=Decimal("10"), currency="JPY"), parts, limit_percent=None)
    assert str(free.final_price) == "4"


def test_the_price_is_never_negative():
    quote = pricing.quote(MEMBER_12, [promotion("ALL", "amount", "999")], limit_percent=None)
    assert (str(quote.final_price), str(quote.lines[0].amount)) == ("0.00", "-360.00")


def test_the_club_limit_lifts_the_price_with_a_last_line():
    parts = [promotion("A", "amount", "300"), promotion("Z", "bonus_days", "3")]
    quote = pricing.quote(MEMBER_12, parts)
    assert seen(quote) == [
        ("amount", "A", "300 off: A promotion", "-300.00", 0),
        ("bonus_days", "Z", "3 days on us: Z promotion", "0.00", 3),
        ("club_limit", None, "club limit: at most 50 % off", "120.00", 0),
    ]
    assert str(quote.final_price) == "180.00"


def test_a_manager_may_lift_the_club_limit():
    quote = pricing.quote(MEMBER_12, [promotion("A", "amount", "300")], limit_percent=None)
    assert (str(quote.final_price), len(quote.lines)) == ("60.00", 1)


def test_of_several_fixed_prices_only_the_lowest_counts():
    parts = [promotion("C", "fixed_price", "250"), promotion("B", "fixed_price", "250")]
    parts += [promotion("A", "fixed_price", "300")]
    quote = pricing.quote(MEMBER_12, parts)
    assert quote.promotions == ("B",)
    assert [(one.code, str(one.why)) for one in quote.not_used] == [
        ("A", "it would change nothing here"),
        ("C", "it would change nothing here"),
    ]


def test_a_promotion_without_effect_is_left_out_and_named():
    dear = promotion("DEAR", "fixed_price", "400", stackable=False)
    more = promotion("MORE", "amount", "5")
    quote = pricing.quote(MEMBER_12, [dear, promotion("ALL", "amount", "360"), more], limit_percent=None)
    assert quote.promotions == ("ALL",)
    assert {one.code: str(one.why) for one in quote.not_used} == {
        "DEAR": "it would change nothing here",
        "MORE": "it would change nothing here",
    }


# ---- the winner ------------------------------------------------------------------------------------------


def test_the_cheapest_candidate_wins_and_the_loser_says_its_price():
    alone = promotion("ALONE", "percent", "12", stackable=False)
    quote = pricing.quote(MEMBER_12, [EARLY10, LOYAL20, alone])
    assert quote.promotions == ("EARLY10", "LOYAL20")
    assert [(one.code, str(one.why)) for one in quote.not_used] == [("ALONE", "alone it would come to 316.80")]
    quote = pricing.quote(MEMBER_12, [EARLY10, LOYAL20, replace(alone, value=Decimal(20))])
    assert quote.promotions == ("ALONE",)
    assert {str(one.why) for one in quote.not_used} == {"EARLY10 + LOYAL20 together would come to 306"}


def winner(*parts: Promotion) -> tuple[str, ...]:
    return pricing.quote(MEMBER_12, parts).promotions


def test_a_tie_goes_to_more_bonus_days():
    assert winner(promotion("A", "amount", "36", stackable=False), PLUS14, promotion("Z", "percent", "10")) == (
        "PLUS14",
        "Z",
    )


def test_then_to_more_gifts():
    towel = promotion("TOWEL", "gift", gift="a towel")
    assert winner(promotion("A", "amount", "36", stackable=False), towel, promotion("Z", "percent", "10")) == (
        "TOWEL",
        "Z",
    )


def test_then_to_fewer_promotions():
    parts = [promotion("A", "amount", "16"), promotion("B", "amount", "20")]
    assert winner(*parts, promotion("Z", "amount", "36", stackable=False)) == ("Z",)


def test_then_to_the_alphabetically_first_codes():
    assert winner(
        promotion("B", "amount", "36", stackable=False), promotion("A", "percent", "10", stackable=False)
    ) == ("A",)


def test_candidates_are_compared_after_the_club_limit():
    half = promotion("HALF", "percent", "50", stackable=False)
    assert winner(half, promotion("A", "amount", "300"), promotion("B", "amount", "10")) == ("HALF",)


def test_the_newcomers_price_names_no_code_and_knows_no_segment():
    parts = [
        promotion("START", "percent", "10", audience=NEW, stackable=False),
        promotion("FRIEND", "percent", "40", audience=NEW, needs_code=True),
        promotion("GOLD", "percent", "30", audience=NEW, segments=frozenset(["gold"])),
        promotion("SOON", "percent", "35", audience=NEW, early_days=1),
    ]
    assert str(pricing.newcomer_price(MEMBER_12, parts)) == "324.00"


# ---- labels ----------------------------------------------------------------------------------------------

TAIL = {"ends_on": date(2026, 12, 15)}


@pytest.mark.parametrize(
    ("kind", "value", "facts", "sale", "label"),
    [
        ("amount", "20", {"min_tenure_months": 24}, {"tenure_months": 27}, "20 off: 27 months with us"),
        ("amount", "12.5", {"min_tenure_months": 1}, {"tenure_months": 1}, "12.50 off: 1 month with us"),
        ("percent", "12.5", {"early_days": 14}, {}, "12.5 % off: renewed 18 days early"),
        ("percent", "10", TAIL, {}, "10 % off: renewed before 15 December"),
        ("percent", "10", TAIL, {"kind": SaleKind.CHANGE}, "10 % off: changed before 15 December"),
        ("percent", "10", TAIL | {"audience": NEW}, {"kind": SaleKind.NEW}, "10 % off: joined before 15 December"),
        (
            "percent",
            "10",
            TAIL | {"audience": RETURN},
            {"kind": SaleKind.RETURN},
            "10 % off: came back before 15 December",
        ),
        ("percent", "10", {}, {}, "10 % off: ONE promotion"),
        ("fixed_price", "299", {}, {}, "for 299: ONE promotion"),
        ("bonus_days", "1", TAIL, {}, "1 day on us until 15 December"),
        ("bonus_days", "14", {"min_tenure_months": 24}, {}, "14 days on us: 24 months with us"),
        ("gift", "0", TAIL | {"gift": "A towel"}, {}, "A towel on us until 15 December"),
        ("gift", "0", {"gift": "A towel"}, {}, "A towel on us: ONE promotion"),
    ],
)
def test_each_line_says_why(kind, value, facts, sale, label):
    quote = pricing.quote(replace(MEMBER_12, **sale), [promotion("ONE", kind, value, **facts)])
    assert str(quote.lines[0].label) == label
