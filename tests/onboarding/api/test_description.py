"""The OpenAPI document tells the truth: Schemathesis sends what it allows, and what it does not, as each role."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from config import authentication
from config.api import TokenThrottle
from config.wsgi import application
from memberships.models import User
from memberships.rights import ORDER
from tests import days, factories
from tests.memberships.shop import Shop
from tests.onboarding.api.world import World, make_world

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "1"))
"""Of each kind and call; `st run` over a running system asks for more."""

NOT_ASKED = [positive_data_acceptance]
"""A day or an id that the document allows may still be refused (422): that is what the codes are for."""


@pytest.fixture
def world(shop: Shop) -> World:
    return make_world(shop)


@pytest.fixture(autouse=True)
def keep_the_connection() -> Iterator[None]:
    """The server's WSGI application closes it after each request; the test's transaction lives on it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operations() -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    schema.config.generation.update(with_security_parameters=False)  # the token is ours
    return (found.ok() for found in schema.get_all_operations())


@pytest.mark.parametrize("role", [*ORDER, ""])
def test_every_answer_is_as_described(role: str, shop: Shop, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenThrottle, "THROTTLE_RATES", {"token": None})
    user = factories.make_user(shop.club, role, f"a-{role}") if role else User.objects.create_user("nobody")
    token = authentication.issue(user, now=days.NOW)
    breaches = []
    for operation in operations():
        for mode in schemathesis.GenerationMode:
            try:
                _try(operation, mode, token, world)
            except FailureGroup as error:
                breaches.append(str(error))
            except Unsatisfiable:
                assert mode is schemathesis.GenerationMode.NEGATIVE  # nothing is asked for that could be wrong
    assert breaches == [], "\n".join(breaches)


def _try(operation: Any, mode: schemathesis.GenerationMode, token: str, world: World) -> None:
    known = world.ids.get(operation.path.partition("{")[0].strip("/").split("/")[-1].rstrip("s"))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is schemathesis.GenerationMode.POSITIVE and known is not None:
            case.path_parameters = dict.fromkeys(case.path_parameters, known)
        with transaction.atomic():
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=NOT_ASKED)
            transaction.set_rollback(True)

    ask()
