"""What rules say, in the language of whoever loads a file."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

from memberships.rules.sentences import Sentence


def spoken(message: object) -> str:
    """The message of a rule as text."""
    if not isinstance(message, Sentence) or (get_language() or "en").startswith("en"):
        return str(message)
    return message.render(gettext, ngettext, _shown)


def _shown(value: object) -> str:
    return date_format(value, "j E Y") if isinstance(value, dt.date) else str(value)
