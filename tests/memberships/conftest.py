"""What tests of memberships begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memberships import events
from memberships.models import Freeze, Membership, Promotion
from tests.memberships.shop import Shop, make_shop


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


@pytest.fixture
def plain(shop: Shop) -> Shop:
    """The shop without promotions, for round numbers."""
    Promotion.objects.all().delete()
    return shop


@pytest.fixture
def told() -> Iterator[list[tuple[str, int, list[int]]]]:
    heard: list[tuple[str, int, list[int]]] = []

    def on_frozen(*, freezes: list[Freeze], moved: list[Membership], **_: object) -> None:
        heard.extend(("frozen", freeze.pk, [row.pk for row in moved]) for freeze in freezes)

    def on_unfrozen(*, freezes: list[Freeze], moved: list[Membership], **_: object) -> None:
        heard.extend(("unfrozen", freeze.pk, [row.pk for row in moved]) for freeze in freezes)

    events.frozen.append(on_frozen)
    events.unfrozen.append(on_unfrozen)
    yield heard
    events.frozen.remove(on_frozen)
    events.unfrozen.remove(on_unfrozen)
