"""What tests of the calls API begin with: the same club and people as those of the memberships API."""

from tests.memberships.api.conftest import (
    administrator,
    clock_at,
    current,
    manager,
    nobody,
    operator,
    owner,
    pamela,
    passer_by,
    shop,
    stranger,
)

__all__ = [
    "administrator",
    "clock_at",
    "current",
    "manager",
    "nobody",
    "operator",
    "owner",
    "pamela",
    "passer_by",
    "shop",
    "stranger",
]
