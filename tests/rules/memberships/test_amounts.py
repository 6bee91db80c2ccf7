from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules.amounts import MASK, contains_amount, mask_amounts

AMOUNTS = """
20 €|€20|20€|$ 20|20 %|20%|half price|Half-price|half the price|half off|½ price|1/2 price|за 500 руб|500р|500 р.
500 рублей|за полцены|половина цены|вдвое дешевле|5к руб|5 тыс. руб.|1 200,50 EUR|EUR 20|20 eur|20 USD|USD20
twenty euros|fifty percent|двадцать процентов|10–20 %|10 to 20 €|20,- €|US$ 20|R$50|1'200 CHF|CHF 1’200.50
360.00 USD|10 процентов|50 pounds|2 000 ₽|２０％|20 per cent|20\u00a0€|20\u200b€|20-euro gift|20 zł|20 ALL|100 TRY
скидка 15%|300 kr|Rs. 500|¥5000|5000円|KWD 12.500|$1.5k|1.5k USD|1000 grn|от 500 до 700 руб|-20%|20 (€)|€ 5/month
today.20 €|price.50%|zum halben Preis|00000000000000020 €
""".strip().replace("\n", "|").split("|")  # fmt: skip
HARMLESS = """
3 times a week|Ask us about the November gift|We thank members who have been with us for long|TOP 10 trainers
There is an offer for members who renew early; it ends on 15 December|TRY 3 classes|3 р. в неделю|3 р/нед|12 months
24 months with us|at 17:00|room 20|Half an hour|half marathon|15.11.2026|+7 926 018-15-90|bring 2 friends|2 сумки
кабинет 5|5 классов|10 all members|20 min|M12|3 free classes|keeps the evening zone|5 рядов|2 руками|percent|€|
""".strip().replace("\n", "|").split("|")  # fmt: skip


@pytest.mark.parametrize("text", AMOUNTS)
def test_amounts_are_found_and_masked(text):
    assert contains_amount(text)
    masked = mask_amounts(text)
    assert MASK in masked
    assert not any(character.isdigit() for character in masked)
    assert not contains_amount(masked)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_numbers_stay(text):
    assert not contains_amount(text)
    assert mask_amounts(text) == text


def test_the_text_around_an_amount_stays():
    text = "Pay 20 € now, 10 % later, €5.50 or half price; call +7 926 018-15-90 at 17:00"
    assert mask_amounts(text) == "Pay ••• now, ••• later, ••• or •••; call +7 926 018-15-90 at 17:00"


@given(
    st.integers(0, 10**9),
    st.sampled_from(["€", " €", "$", " %", "%", " USD", " руб", " rub.", " евро", " percent", "₽", " kr"]),
    st.text(alphabet="abcdefgh ,;!?", max_size=20),
    st.text(alphabet="abcdefgh ,;!?", max_size=20),
)
def test_a_number_beside_a_currency_is_found_wherever_it_stands(number, unit, before, after):
    text = f"{before} {number}{unit} {after}"
    assert contains_amount(text)
    assert not any(character.isdigit() for character in mask_amounts(text))


@given(st.integers(0, 10**9), st.sampled_from(["€", "$ ", "£", "USD ", "EUR", "₽"]))
def test_a_currency_before_its_number_is_found(number, unit):
    assert mask_amounts(f"for {unit}{number} only") == f"for {MASK} only"


@given(st.text(max_size=200))
def test_masked_text_holds_no_amount(text):
    assert not contains_amount(mask_amounts(mask_amounts(text)))


@pytest.mark.parametrize("piece", ["1", "1 ", "1,", "one ", "1-", "$", "1k ", "1 and ", " ", "half ", "1 to "])
def test_long_texts_are_searched_quickly(piece):
    began = perf_counter()
    contains_amount(piece * (40_000 // len(piece)))
    assert perf_counter() - began < 3
