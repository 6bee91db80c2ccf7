"""What a form was sent, and refusals of operations shown on the form that asked."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, QueryDict

from config.words import said


def sent(request: HttpRequest) -> QueryDict | None:
    """The data for a form; None while its page is only opened. A POST without any field is sent all the same."""
    return request.POST if request.method == "POST" else None


def refuse(form: BaseForm, error: Any) -> None:
    """Puts an operation's refusal (``.message``, ``.fields``) on the form: beside its fields, else on top."""
    placed = False
    for name, sentences in error.fields.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, said(sentence))
            placed = True
    if not placed:
        form.add_error(None, said(error.message))
