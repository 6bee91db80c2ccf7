"""How money, days, instants, numbers and phones are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from config.templatetags import ringback as tags

NOW = dt.datetime(2027, 1, 15, 13, 21, tzinfo=dt.UTC)
RIVERSIDE = SimpleNamespace(currency="EUR", timezone="Europe/Berlin")


@pytest.fixture(autouse=True)
def _friday(set_clock: Callable[[dt.datetime], None]) -> None:
    set_clock(NOW)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "currency", "english", "russian"),
    [
        (Decimal("702"), "EUR", "€702.00", "702,00 €"),
        (Decimal("-40"), "EUR", "−€40.00", "−40,00 €"),
        (Decimal("24900"), "RUB", "24 900.00 ₽", "24 900,00 ₽"),
        (Decimal("1234567.005"), "USD", "$1 234 567.01", "1 234 567,01 $"),
        (Decimal("1500"), "JPY", "1 500 ¥", "1 500 ¥"),
        ("12.5", "XYZ", "12.50 XYZ", "12,50 XYZ"),
        (Decimal("5"), "", "5.00", "5,00"),
        (None, "EUR", "—", "—"),
    ],
)
def test_money_follows_the_club_and_the_reader(value: object, currency: str, english: str, russian: str) -> None:
    with translation.override("en"):
        assert plain(tags.money(value, currency)) == english
    with translation.override("ru"):
        assert plain(tags.money(value, currency)) == russian


def test_money_takes_the_currency_of_a_club() -> None:
    assert tags.money(Decimal("666"), RIVERSIDE) == "€666.00"


def test_what_is_written_never_breaks_inside() -> None:
    for text in (tags.money(24900, "RUB"), tags.number(4812), tags.percent(0.36), tags.day(NOW), tags.instant(NOW)):
        assert " " not in text and "\u2009" not in text


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: tags.number(4812), "4 812"),
        (lambda: tags.number(-41), "−41"),
        (lambda: tags.number(2.25, 2), "2.25"),
        (lambda: tags.number("nonsense"), "—"),
        (lambda: tags.signed(19), "+19"),
        (lambda: tags.signed(-9), "−9"),
        (lambda: tags.signed(0), "0"),
        (lambda: tags.signed(None), "—"),
        (lambda: tags.percent("0.3559"), "36 %"),
        (lambda: tags.percent(0.5, 1), "50.0 %"),
        (lambda: tags.percent(None), "—"),
        (lambda: tags.minutes(dt.timedelta(minutes=14, seconds=1)), "15"),
    ],
)
def test_numbers_read_as_a_table_would_have_them(made: Callable[[], str], expected: str) -> None:
    with translation.override("en"):
        assert plain(made()) == expected


def test_a_day_names_its_year_only_when_it_is_another() -> None:
    with translation.override("en"):
        assert plain(tags.day(dt.date(2027, 1, 28))) == "Thu 28 Jan"
        assert plain(tags.day(dt.date(2026, 1, 28))) == "Wed 28 Jan 2026"
        assert plain(tags.short_day(dt.date(2027, 1, 28))) == "28 Jan"
        assert plain(tags.long_day(dt.date(2027, 1, 29))) == "29 January 2027"
        assert plain(tags.full_day(dt.date(2027, 1, 29))) == "Friday 29 January 2027"
        assert tags.day(None) == tags.short_day(None) == tags.long_day(None) == "—"
    with translation.override("ru"):
        assert plain(tags.day(dt.date(2027, 1, 28))) == "чт 28 янв"
        assert plain(tags.long_day(dt.date(2027, 1, 29))) == "29 января 2027"


def test_an_instant_is_written_at_its_club() -> None:
    late = dt.datetime(2027, 1, 15, 23, 30, tzinfo=dt.UTC)
    with translation.override("en"):
        assert plain(tags.instant(late, RIVERSIDE)) == "Sat 16 Jan, 00:30"
        assert plain(tags.instant(late, "America/Chicago")) == "Fri 15 Jan, 17:30"
        assert tags.hour(late, RIVERSIDE) == "00:30"
        assert plain(tags.day(late, RIVERSIDE)) == "Sat 16 Jan"
        assert tags.instant(None) == tags.hour(None) == "—"


def test_the_year_turns_at_the_club_and_not_in_utc(set_clock: Callable[[dt.datetime], None]) -> None:
    set_clock(dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC))
    with translation.override("en"):
        assert plain(tags.day(dt.date(2027, 1, 1), RIVERSIDE)) == "Fri 1 Jan"
        assert plain(tags.day(dt.date(2027, 1, 1), "UTC")) == "Fri 1 Jan 2027"


def test_a_phone_is_international_for_strangers_and_national_at_home() -> None:
    assert plain(tags.phone("+13125550142")) == "+1 312-555-0142"
    assert plain(tags.phone("+13125550142", "US")) == "(312) 555-0142"
    assert plain(tags.phone("+493055501420", "US")) == "+49 30 55501420"
    assert tags.phone("no number") == "no number"
    assert tags.phone(None) == ""


@pytest.mark.parametrize(
    ("days", "tone", "words"),
    [
        (45, "", "45 days left"),
        (15, "", "15 days left"),
        (14, "warn", "14 days left"),
        (4, "warn", "4 days left"),
        (3, "bad", "3 days left"),
        (1, "bad", "1 day left"),
        (0, "bad", "last day today"),
        (-1, "bad", "ended 1 day ago"),
        (-40, "bad", "ended 40 days ago"),
    ],
)
def test_days_left_are_coloured_when_few(days: int, tone: str, words: str) -> None:
    with translation.override("en"):
        assert tags.days_tone(days) == tone
        assert tags.days_left_words(days) == words
        assert f'class="tag {tone} num"' in tags.days_left(days) and words in tags.days_left(days)
    assert tags.days_left(None) == tags.days_tone(None) == ""


def test_an_icon_points_into_the_sprite_and_is_silent() -> None:
    assert tags.icon("phone", "i-20").startswith('<svg class="i i-20" aria-hidden="true"><use href="/static/icons')
    assert tags.icon("phone").endswith('#phone"/></svg>')


def test_key_hints_are_seen_but_not_read() -> None:
    assert tags.kbd("B", "<") == '<kbd aria-hidden="true">B</kbd> <kbd aria-hidden="true">&lt;</kbd>'


def test_the_browser_s_choice_goes_before_the_person_s_own() -> None:
    request = RequestFactory().get("/")
    person = SimpleNamespace(theme="dark", shortcut_keys=False)
    context = {"request": request, "user": person}
    assert (tags.theme(context), tags.keys_switch(context)) == ("dark", "off")
    request.COOKIES.update(theme="light", keys="on")
    assert (tags.theme(context), tags.keys_switch(context)) == ("light", "on")
    request.COOKIES.update(theme='"><script>', keys="?")
    assert (tags.theme(context), tags.keys_switch(context)) == ("system", "off")
    assert (tags.theme({}), tags.keys_switch({})) == ("system", "on")


def test_an_address_changes_one_parameter_and_begins_at_the_first_page() -> None:
    request = RequestFactory().get("/members/?q=an%26a&plan=fd&after=abc")
    template = Template('{% load ringback %}{% address plan="dt" q=None %}|{% address plan="" q="" %}')
    assert template.render(Context({"request": request})) == "?plan=dt|?"


def test_languages_are_named_in_themselves() -> None:
    assert tags.languages() == [("en", "English"), ("ru", "Русский")]


class Note(forms.Form):
    why = forms.CharField(help_text="Shown on the page.")
    agreed = forms.BooleanField()
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)


def test_a_wrong_field_is_tied_to_its_hint_and_its_error() -> None:
    form = Note({})
    html = tags.widget(form["why"])
    assert 'class="inp is-bad"' in html and 'aria-invalid="true"' in html
    assert 'aria-describedby="id_why_helptext id_why_error"' in html
    assert [field.name for field in tags.wrong_fields(form)] == ["why", "agreed", "kind"]


def test_fields_are_laid_out_by_their_kind() -> None:
    form = Note()
    assert [tags.field_kind(form[name]) for name in ("why", "agreed", "kind")] == ["line", "check", "group"]
    assert 'class="chk"' in tags.widget(form["agreed"])
    assert "data-focus" in tags.widget(form["why"], "focus")
