"""Refusals of operations, shown on the form that asked."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm

from config.words import said


def refuse(form: BaseForm, error: Any) -> None:
    """Puts an operation's refusal (``.message``, ``.fields``) on the form: beside its fields, else on top."""
    placed = False
    for name, sentences in error.fields.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, said(sentence))
            placed = True
    if not placed:
        form.add_error(None, said(error.message))
