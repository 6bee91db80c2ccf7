import csv
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules import phones

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "phones").is_dir(), reason="the shared telephone numbers are not here")


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("9260181590", "RU", "+79260181590"),
        ("8 (926) 018-15-90", "RU", "+79260181590"),
        ("79260181590", "ru", "+79260181590"),
        (" +7(926)018-15-90 ", "DE", "+79260181590"),
        ("79260181590.0", "RU", "+79260181590"),
        ("'+79260181590", "RU", "+79260181590"),
        ("тел. 8 926 018-15-90 доб. 12", "RU", "+79260181590"),
        ("+79260181590; 89163682546", "RU", "+79260181590"),
        ("; 89163682546", "RU", "+79163682546"),
        ("0049 30 555010", "US", "+4930555010"),
        ("0049 30 555010", "DE", "+4930555010"),
        ("tel:+49-30-555010", "US", "+4930555010"),
        ("(319) 555-0107", "US", "+13195550107"),
        ("８９２６０１８１５９０", "RU", "+79260181590"),
        ("", "US", ""),
        ("  ", "US", ""),
    ],
)
def test_a_number_is_read_whatever_way_it_is_written(written, country, number):
    assert phones.e164(written, country) == number


@pytest.mark.parametrize("written", ["7,977360E+10", "8 900 402-50-3", "no phone", "12", ";", "+", "00", "+999 123456"])
def test_what_is_no_number_is_refused_with_a_sentence(written):
    with pytest.raises(phones.BadPhone) as refused:
        phones.e164(written, "RU")
    assert str(refused.value) == f"“{written}” is not a valid telephone number."
    assert (refused.value.code, list(refused.value.fields)) == ("invalid", ["phone"])


@pytest.mark.parametrize(("number", "premium"), [("+499001234567", True), ("+4930555010", False), ("nonsense", False)])
def test_premium_numbers_are_known(number, premium):
    assert phones.is_premium(number) is premium


@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.sampled_from(["", "9", "90", "900", "8", "190", "118"]),
    st.text("0123456789", min_size=4, max_size=8),
)
def test_a_quick_look_never_takes_a_premium_number_for_another(code, begins, rest):
    try:
        number = phonenumbers.parse(f"+{code}{begins}{rest}", None)
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        kind = phonenumbers.number_type(phonenumbers.parse(written, None))
    except phonenumbers.NumberParseException:
        return
    assert phones.is_premium(written) is (kind == phonenumbers.PhoneNumberType.PREMIUM_RATE)


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / "phones" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@needs_data
def test_every_valid_number_is_accepted_in_every_form():
    for row in rows("phone_examples_valid.csv"):
        for club in ("US", "RU", "DE", row["region"]):
            assert phones.e164(row["e164"], club) == row["e164"], row
            assert phones.e164(row["international"], club) == row["e164"], row
        assert phones.e164(row["national"], row["region"]) == row["e164"], row


@needs_data
def test_premium_numbers_are_told_from_all_others():
    for row in rows("phone_examples_valid.csv"):
        assert phones.is_premium(row["e164"]) == (row["type"] == "PREMIUM_RATE"), row


@needs_data
def test_every_invalid_number_is_refused():
    for row in rows("phone_examples_invalid.csv"):
        for club in ("US", "RU", "DE", row["region"]):
            with pytest.raises(phones.BadPhone):
                phones.e164(row["e164"], club)


@needs_data
def test_every_recoverable_number_of_a_dirty_list_is_read_right():
    with (DATA / "messy" / "members_messy_truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["row_no"]: row for row in csv.DictReader(file)}
    with (DATA / "messy" / "members_messy_cp1251.csv").open(encoding="cp1251", newline="") as file:
        listed = [(row[0], row[2]) for row in csv.reader(file, delimiter=";") if row and row[0] in truth]
    assert len(listed) == len(truth)
    for number, written in listed:
        if truth[number]["phone_unrecoverable"] == "True":
            with pytest.raises(phones.BadPhone):
                phones.e164(written, "RU")
        else:
            assert phones.e164(written, "RU") == truth[number]["true_e164"], written
