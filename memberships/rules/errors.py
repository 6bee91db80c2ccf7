"""The one base of every refusal that a rule or an operation gives to its caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Refused(Exception):
    """Something a user asked for that cannot be done, with a sentence fit to be shown.

    ``code`` is the word that programs hold on to (CONTRACT.md), ``status`` the HTTP status that fits it
    (422: could never be right, 409: the state says no), ``fields`` sentences by field name where the
    refusal is about one, ``extra`` further members of the API's answer (JSON values).
    """

    code = "invalid"
    status = 422
    field: str | None = None

    def __init__(
        self,
        message: object = "",
        *,
        fields: Mapping[str, Sequence[object]] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.extra = dict(extra or {})
        if fields is not None:
            self.fields: dict[str, list[object]] = {name: list(texts) for name, texts in fields.items()}
        else:
            self.fields = {self.field: [message]} if self.field else {}


class Invalid(Refused):
    """A value that could never be right (422 ``invalid``)."""


class Conflict(Refused):
    """The state says no (409); subclasses name the code."""

    status = 409
