"""The refusal of a whole file, as opposed to one of its rows."""

from __future__ import annotations

from memberships.rules.errors import Invalid


class UnusableFile(Invalid):
    """The file cannot be read as a table of this kind; nothing was stored."""

    field = "file"
