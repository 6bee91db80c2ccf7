"""Sentences for people, kept apart from their language.

A rule says what it found as a message id with parameters; whoever shows it translates the id and formats
the parameters. Message ids are marked with ``N_`` (and ``NN_`` where a number decides the form), which do
nothing but let xgettext find them: ``--keyword=N_ --keyword=NN_:1,2``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

_MONTHS = "January February March April May June July August September October November December"


def N_(text: str) -> str:
    """Mark a message id for translation; returns it unchanged."""
    return text


def NN_(one: str, many: str) -> tuple[str, str]:
    """Mark the forms of a sentence whose ``count`` decides between them."""
    return one, many


@dataclass(frozen=True)
class ShortDay:
    """A day named without its year ("15 December")."""

    day: date

    def __str__(self) -> str:
        return f"{self.day.day} {_MONTHS.split()[self.day.month - 1]}"


def in_english(value: object) -> str:
    """A parameter as English text: days as "15 December 2026", all else as it prints."""
    if isinstance(value, date):
        return f"{ShortDay(value)} {value.year}"
    return str(value)


@dataclass(frozen=True)
class Sentence:
    """A message id with its parameters; ``str()`` is the English sentence.

    ``plural`` is the form for any ``count`` but one. Parameters are text, numbers, days, ``ShortDay`` or
    other sentences.
    """

    msgid: str
    params: Mapping[str, object] = field(default_factory=dict)
    plural: str = ""

    def __str__(self) -> str:
        return self.render(str, lambda one, many, count: one if count == 1 else many, in_english)

    def __hash__(self) -> int:
        return hash((self.msgid, self.plural))

    def render(
        self,
        translate: Callable[[str], str],
        translate_plural: Callable[[str, str, int], str],
        show: Callable[[object], str],
    ) -> str:
        """The sentence in the language of the given gettext and ngettext; ``show`` formats parameters."""
        if self.plural:
            text = translate_plural(self.msgid, self.plural, int(str(self.params["count"])))
        else:
            text = translate(self.msgid)
        return text % {
            name: value.render(translate, translate_plural, show) if isinstance(value, Sentence) else show(value)
            for name, value in self.params.items()
        }

    def to_json(self) -> dict[str, object]:
        """The sentence as JSON values, for a snapshot that must be readable in any language later."""
        return {
            "msgid": self.msgid,
            "plural": self.plural,
            "params": {name: _value_to_json(value) for name, value in self.params.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Sentence:
        """The sentence that ``to_json`` wrote."""
        params = data["params"]
        assert isinstance(params, Mapping)
        return cls(
            str(data["msgid"]),
            {name: _value_from_json(value) for name, value in params.items()},
            str(data["plural"]),
        )


def sentence(msgid: str | tuple[str, str], **params: object) -> Sentence:
    """A sentence of a message id marked by ``N_``, or of two marked by ``NN_`` (then with ``count``)."""
    if isinstance(msgid, tuple):
        return Sentence(msgid[0], params, msgid[1])
    return Sentence(msgid, params)


def _value_to_json(value: object) -> object:
    if isinstance(value, Sentence):
        return {"sentence": value.to_json()}
    if isinstance(value, ShortDay):
        return {"short_day": value.day.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return str(value) if isinstance(value, Decimal) else value


def _value_from_json(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if "sentence" in value:
        return Sentence.from_json(value["sentence"])
    if "short_day" in value:
        return ShortDay(date.fromisoformat(value["short_day"]))
    return date.fromisoformat(value["day"])
