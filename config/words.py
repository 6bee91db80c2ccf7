"""Sentences of the rules in the reader's language.

Rules write English with named parameters (``memberships.rules.sentences``) and know no gettext; interfaces say
them here.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import dateformat, translation
from django.utils.encoding import force_str
from django.utils.translation import gettext, ngettext


def said(value: Any) -> str:
    """A sentence, lazy text or anything else as text in the active language."""
    render = getattr(value, "render", None)
    if render is None or not hasattr(value, "msgid"):
        return force_str(value)
    language = (translation.get_language() or "en").split("-")[0]
    return str(value) if language == "en" else render(gettext, ngettext, shown)


def shown(value: object) -> str:
    """A parameter of a sentence: a day written out, a number with the language's decimal sign."""
    inner = getattr(value, "day", None)
    if isinstance(inner, date):
        return dateformat.format(inner, "j E").lower()
    if isinstance(value, datetime):
        return dateformat.format(value, "j E Y H:i").lower()
    if isinstance(value, date):
        return dateformat.format(value, "j E Y").lower()
    if isinstance(value, Decimal):
        return str(value).replace(".", ",")
    return gettext(value) if isinstance(value, str) and value.isascii() and value.islower() else str(value)
