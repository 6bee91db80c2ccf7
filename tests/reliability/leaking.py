"""Ringback's web processes with a leak, for the control of the memory under mixed load."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.wsgi import application as whole  # isort: skip

LEAKED = 200_000
_kept: list[bytearray] = []


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Keeps a little of every request."""
    _kept.append(bytearray(os.urandom(LEAKED)))
    return whole(environ, start)
