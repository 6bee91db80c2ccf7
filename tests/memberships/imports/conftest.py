"""A club whose files are loaded: plans, promotions and three members of the worked examples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from memberships import imports
from memberships.models import Club
from tests import days, factories

Load = Callable[..., imports.Answer]


@pytest.fixture
def club(db: None) -> Club:
    club = factories.make_club("mf", name="Model Fitness")
    m1 = factories.make_plan(club, "M1", term="1m", price=40)
    factories.make_plan(club, "M12", term="12m", price=360)
    factories.make_plan(club, "D30", term="30d", price=50)
    factories.make_promotion(club, "FRIEND15", value=15)
    factories.make_promotion(club, "PLUS14", kind="bonus_days", value=14)
    factories.make_promotion(club, "PLUS7", kind="bonus_days", value=7, plans=(m1,))
    for number in range(3):
        factories.make_member(club, external_id=f"A{number}", phone=factories.phone(number))
    return club


@pytest.fixture
def load(club: Club, tmp_path: Path) -> Load:
    """``load("members", "external_id,last_name\\nA9,Scott\\n")``: writes the text to a file and loads it."""

    def load(
        kind: str,
        content: str | bytes,
        *,
        now: dt.datetime = days.NOW,
        as_of: str | None = None,
        name: str = "file.csv",
        **options: object,
    ) -> imports.Answer:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        day = days.day(as_of) if as_of else None
        return imports.run(club=club, kind=kind, path=path, now=now, as_of=day, **options)

    return load
