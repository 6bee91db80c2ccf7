"""Template tags: money, days, instants, phones, numbers, icons and key hints as every page writes them.

Everything here answers text that does not break inside a line: thousands by a narrow no-break space, a true
minus, the reader's language. Days and instants are the club's: pass the club, its timezone's name, or nothing
where the timezone is already active.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import phonenumbers
from django import forms, template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import dateformat, timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from config import clock, words

register = template.Library()

DASH = "—"
MINUS = "−"
NARROW = "\u202f"
NOBREAK = "\u00a0"
SYMBOLS = {
    "EUR": "€", "USD": "$", "GBP": "£", "RUB": "₽", "UAH": "₴", "KZT": "₸", "TRY": "₺", "PLN": "zł",
    "CZK": "Kč", "ILS": "₪", "INR": "₹", "JPY": "¥", "CNY": "¥", "KRW": "₩", "SEK": "kr", "NOK": "kr", "DKK": "kr",
}  # fmt: skip
LEADING = {"EUR", "USD", "GBP"}
DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3, "JOD": 3}
LANGUAGES = {"ru": (",", False), "en": (".", True)}


def _language() -> str:
    return (translation.get_language() or "en").split("-")[0]


def _decimal(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _digits(value: Decimal, places: int) -> str:
    """Absolute value in the reader's language: thousands narrow, decimals by point or comma."""
    point, _ = LANGUAGES.get(_language(), LANGUAGES["en"])
    rounded = abs(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{rounded:,f}".replace(".", "\0").replace(",", NARROW).replace("\0", point)


def _sign(value: Decimal) -> str:
    return MINUS if value < 0 else ""


register.filter("said", words.said)


@register.filter
def number(value: object, places: int = 0) -> str:
    """A plain number: 4812 → "4 812", −41 with a true minus; — for nothing."""
    amount = _decimal(value)
    return DASH if amount is None else _sign(amount) + _digits(amount, int(places))


@register.filter
def signed(value: object, places: int = 0) -> str:
    """A change: "+3", "−2", "0"."""
    amount = _decimal(value)
    if amount is None:
        return DASH
    return ("+" if amount > 0 else _sign(amount)) + _digits(amount, int(places))


@register.filter
def percent(value: object, places: int = 0) -> str:
    """A rate between 0 and 1 as "36 %"; — where the denominator was zero."""
    rate = _decimal(value)
    return DASH if rate is None else _sign(rate) + _digits(rate * 100, int(places)) + NOBREAK + "%"


@register.filter
def money(value: object, currency: object = "") -> str:
    """An amount with its currency: "€702.00", in Russian "702,00 €". `currency`: a code or a club."""
    amount = _decimal(value)
    if amount is None:
        return DASH
    code = str(getattr(currency, "currency", currency) or "")
    digits = _digits(amount, DECIMALS.get(code, 2))
    symbol = SYMBOLS.get(code, code)
    _, before = LANGUAGES.get(_language(), LANGUAGES["en"])
    if not symbol:
        return _sign(amount) + digits
    if before and code in LEADING:
        return _sign(amount) + symbol + digits
    return _sign(amount) + digits + NOBREAK + symbol


def _zone(where: object) -> tzinfo | None:
    name = getattr(where, "timezone", where)
    if isinstance(name, tzinfo):
        return name
    return ZoneInfo(str(name)) if name else None


def _local(value: datetime, where: object) -> datetime:
    return timezone.localtime(value, _zone(where)) if timezone.is_aware(value) else value


def written(value: date, pattern: str) -> str:
    """A day by a date pattern in the reader's language, on one line; Russian in small letters."""
    if type(value) is date:  # of equal instants in two zones the one must not be written as the other
        return _written(value, pattern, _language())
    return _written.__wrapped__(value, pattern, _language())


@functools.lru_cache(maxsize=4096)
def _written(value: date, pattern: str, language: str) -> str:
    text = dateformat.format(value, pattern)
    return (text.lower() if language == "ru" else text).replace(" ", NOBREAK)


def _this_year(where: object) -> int:
    return timezone.localtime(clock.now(), _zone(where)).year


@register.filter
def day(value: date | datetime | None, where: object = None) -> str:
    """ "Thu 28 Jan", with the year when it is not this one; an instant is taken at its club."""
    return _day(value, where, "D j M")


@register.filter
def short_day(value: date | datetime | None, where: object = None) -> str:
    """ "28 Jan", with the year when it is not this one: for columns of tables."""
    return _day(value, where, "j M")


@register.filter
def long_day(value: date | datetime | None, where: object = None) -> str:
    """ "28 January 2027": for paper."""
    if not value:
        return DASH
    return written(_local(value, where) if isinstance(value, datetime) else value, "j E Y")


@register.filter
def full_day(value: date | datetime | None, where: object = None) -> str:
    """ "Thursday 28 January 2027": for what is signed."""
    if not value:
        return DASH
    return written(_local(value, where) if isinstance(value, datetime) else value, "l j E Y")


def _day(value: date | datetime | None, where: object, pattern: str) -> str:
    if not value:
        return DASH
    local = _local(value, where) if isinstance(value, datetime) else value
    return written(local, pattern if local.year == _this_year(where) else f"{pattern} Y")


@register.filter
def hour(value: datetime | None, where: object = None) -> str:
    """The time of an instant at its club, 24 h: "14:21"."""
    return f"{_local(value, where):%H:%M}" if value else DASH


@register.filter
def instant(value: datetime | None, where: object = None) -> str:
    """Day and time of an instant at its club: "Thu 28 Jan, 14:21"."""
    return f"{day(value, where)},{NOBREAK}{hour(value, where)}" if value else DASH


@functools.lru_cache(maxsize=8192)
def _phone(value: str, region: str) -> str:
    try:
        parsed = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        return value
    national = region and phonenumbers.region_code_for_number(parsed) == region
    style = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style).replace(" ", NOBREAK)


@register.filter
def phone(value: object, region: str = "") -> str:
    """A number as people read it: international, or national for readers in `region` (a country code)."""
    return _phone(str(value), str(region or "")) if value else ""


@register.filter
def days_tone(value: int | None) -> str:
    """The colour class of days left: "bad" at 3 or fewer, "warn" at 14 or fewer, else none."""
    if value is None or value > 14:
        return ""
    return "bad" if value <= 3 else "warn"


@register.filter
def days_left_words(value: int) -> str:
    """ "13 days left", "last day today", "ended 3 days ago"."""
    if value == 0:
        return gettext("last day today")
    if value < 0:
        return ngettext("ended %(n)s day ago", "ended %(n)s days ago", -value) % {"n": number(-value)}
    return ngettext("%(n)s day left", "%(n)s days left", value) % {"n": number(value)}


@register.simple_tag
def days_left(value: int | None) -> SafeString:
    """The tag of days left: words, coloured when they are few."""
    if value is None:
        return mark_safe("")
    return format_html('<span class="tag {} num">{}</span>', days_tone(value), days_left_words(value))


@register.simple_tag
@functools.lru_cache(maxsize=512)
def icon(name: str, classes: str = "") -> SafeString:
    """A 16 px outline icon of the sprite, silent for screen readers; `classes` such as "i-20"."""
    css, href = f"i {classes}".strip(), static("icons.svg")
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', css, href, name)


@functools.lru_cache(maxsize=512)
def _kbd(keys: tuple[str, ...]) -> SafeString:
    return format_html_join(" ", '<kbd aria-hidden="true">{}</kbd>', ((key,) for key in keys))


@register.simple_tag
@functools.lru_cache(maxsize=512)
def kbd(*keys: str) -> SafeString:
    """Key hints, seen but not read aloud: {% kbd "B" "1" %}."""
    return _kbd(keys)


@register.simple_tag(takes_context=True)
def theme(context: Mapping[str, object]) -> str:
    """The colour scheme: this browser's last choice (cookie), else the person's own, else the system's."""
    chosen = _cookie(context, "theme") or getattr(context.get("user"), "theme", "")
    return chosen if chosen in ("light", "dark", "system") else "system"


@register.simple_tag(takes_context=True)
def keys_switch(context: Mapping[str, object]) -> str:
    """Whether single keys work, "on" or "off": this browser's last choice, else the person's own."""
    chosen = _cookie(context, "keys")
    if chosen in ("on", "off"):
        return chosen
    return "on" if getattr(context.get("user"), "shortcut_keys", True) else "off"


def _cookie(context: Mapping[str, object], name: str) -> str:
    return getattr(context.get("request"), "COOKIES", {}).get(name, "")


@register.filter
def minutes(value: timedelta) -> str:
    """A length of time in whole minutes, rounded up."""
    return number(-(-value // timedelta(minutes=1)))


@register.filter
def own_page(address: str | None, request: HttpRequest) -> str:
    """Where one came from if that is a page of this system, else the start page."""
    here = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(address, here, require_https=request.is_secure()) if address else False
    return address if address and safe else "/"


@register.filter
def field_kind(field: forms.BoundField) -> str:
    """How a field is laid out: "check" (one box), "group" (several boxes or radios) or "line"."""
    control = field.field.widget
    if isinstance(control, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "group"
    return "check" if isinstance(control, forms.CheckboxInput) else "line"


@register.filter
def widget(field: forms.BoundField, focus: str = "") -> SafeString:
    """The field's control with our classes, its hint and its error tied to it; "focus": it gets the focus."""
    css = "chk" if isinstance(field.field.widget, forms.CheckboxInput) else "inp"
    own = field.field.widget.attrs.get("class", "")
    attrs = {"class": f"{css}{' is-bad' if field.errors else ''} {own}".strip()}
    notes = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        notes.append(f"{field.auto_id}_error")
        attrs["aria-invalid"] = "true"
    if focus:
        attrs["data-focus"] = ""
    if notes:
        attrs["aria-describedby"] = " ".join(notes)
    return field.as_widget(attrs=attrs)


@register.filter
def wrong_fields(form: forms.BaseForm) -> list[forms.BoundField]:
    """The visible fields with an error, for the summary above a form."""
    return [field for field in form.visible_fields() if field.errors]


@register.simple_tag
def server_now() -> str:
    """The system's clock as the page is written, for the clocks that count between refreshes."""
    return clock.now().isoformat(timespec="seconds")


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """The languages on offer, each by its own name: [("en", "English"), …]."""
    return [(code, translation.get_language_info(code)["name_local"].capitalize()) for code, _ in settings.LANGUAGES]


@register.simple_tag(takes_context=True)
def address(context: Mapping[str, object], **changes: object) -> str:
    """This page's address with some parameters changed; None or "" takes one out. Paging starts anew."""
    query = context["request"].GET.copy()  # type: ignore[attr-defined]
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"
