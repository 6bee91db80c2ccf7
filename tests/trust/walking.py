"""Walks every address of Ringback: which there are, what stands behind them, who comes and what is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client

from config import access, urls
from config.second_factor import ENROLLED
from memberships import frame
from memberships.models import Club, User
from tests.trust import world
from tests.trust.world import Side

API = "api/v1/"
WORDS = {"how": "thinking", "code": "fr", "name": "members"}
"""Values of what is no object in an address, by its name."""
MISSING, MISSING_SLUG = 987_654_321, "no-such-club"
KWARG = re.compile(r"<(?:(\w+):)?(\w+)>")


def routes() -> list[access.Route]:
    """All that Ringback wrote or declared, the ways in included."""
    return list(access.routes(urls.urlpatterns))


def guarded() -> list[access.Route]:
    """Those that take a login."""
    return [route for route in routes() if route.policy is not None and not route.policy.public]


def is_api(route: access.Route) -> bool:
    return route.pattern.startswith(API)


def label(route: access.Route) -> str:
    return route.name or route.pattern


def has_object(route: access.Route) -> bool:
    """Whether its address names an object."""
    return any(name not in WORDS for _converter, name in KWARG.findall(route.pattern))


def path_to(route: access.Route, side: Side | None) -> str:
    """The address with the things of a club; ``None``: with things that do not exist."""
    parts: list[str] = []
    for part in route.pattern.split("/"):
        match = KWARG.fullmatch(part)
        if match is None:
            parts.append(part)
            continue
        converter, name = match.groups()
        if name in WORDS:
            parts.append(WORDS[name])
            continue
        if side is None:
            parts.append(str(MISSING) if converter == "int" else MISSING_SLUG)
            continue
        known = world.objects(side)
        if parts[-1] not in known:
            pytest.fail(
                f"{route.pattern}: nothing is known to stand for <{name}> after “{parts[-1]}”. Make one in "
                f"tests/trust/world.py: a field of Side and a word in objects(); or, if it is no object, add its name "
                f"to WORDS in tests/trust/walking.py."
            )
        thing = known[parts[-1]]
        parts.append(thing.slug if isinstance(thing, Club) else str(thing.pk))
    return "/" + "/".join(parts)


@dataclass(frozen=True)
class Caller:
    """Somebody at the door, with a browser and, where they have one, a token."""

    name: str
    role: str
    client: Client
    token: str = ""

    def ask(self, route: access.Route, method: str, path: str, body: dict[str, object] | None = None) -> HttpResponse:
        """The answer of a page or of the API to a method; a defect is answered as 500."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token and is_api(route) else {}
        if method in ("GET", "HEAD", "OPTIONS"):
            return self.client.generic(method, path, headers=headers)
        if is_api(route):
            return self.client.generic(
                method, path, json.dumps(body or {}), content_type="application/json", headers=headers
            )
        return self.client.post(path, body or {}, headers=headers)


def caller(name: str, user: User | None, role: str = "", token: str = "", club: str = "") -> Caller:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
        session = client.session
        session[ENROLLED] = True
        session[frame.SESSION_KEY] = club
        session.save()
    return Caller(name, role, client, token)


def methods(route: access.Route, asking: Caller, path: str) -> Iterator[str]:
    """The methods that a view takes, as it says itself when asked with one that there is not."""
    answer = asking.ask(route, "TRACE", path) if is_api(route) else asking.client.generic("TRACE", path)
    allowed = answer.headers.get("Allow", "") if answer.status_code == 405 else ""
    if not allowed:
        pytest.fail(f"{route.pattern}: the view takes every method ({answer.status_code}). Say which it takes.")
    for method in allowed.split(", "):
        if method not in ("HEAD", "OPTIONS"):
            yield method


CHANGING = re.compile(
    r'(?<=csrfmiddlewaretoken" value=")[^"]+|(?<=X-CSRFToken": ")[^"]+|(?<=data-now=")[^"]+'
    r'|(?<="exported_at": ")[^"]+'
)


def body_of(response: HttpResponse) -> str:
    """The answer's text, without what differs from answer to answer."""
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    return CHANGING.sub("", content.decode("utf-8", "replace"))
