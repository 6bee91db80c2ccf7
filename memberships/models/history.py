"""Which tables keep every change, with who, when, before and after (PRODUCT.md §14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pghistory
from django.db.models import Model

M = TypeVar("M", bound=type[Model])


def tracked(*, exclude: Sequence[str] = ()) -> Callable[[M], M]:
    """A model decorator: database triggers write each insert, update and delete into ``<model>event``."""
    return pghistory.track(  # type: ignore[return-value]
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(row="OLD"), exclude=list(exclude)
    )
