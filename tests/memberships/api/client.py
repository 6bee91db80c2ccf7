"""A program that talks to the API, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import connection
from django.http import HttpResponse
from django.test import Client

from config import authentication
from memberships.models import User
from tests import days

PREFIX = "/api/v1/"


@dataclass(frozen=True)
class Answer:
    """A status and its JSON; ``code`` where it is a problem."""

    status: int
    body: Any
    response: HttpResponse

    @property
    def code(self) -> str:
        return self.body.get("code", "") if isinstance(self.body, dict) else ""

    @property
    def fields(self) -> set[str]:
        """The fields that a problem names."""
        return set(self.body.get("errors", {}))


class Api:
    """Requests with the token of one user; None: without any. ``tick`` is called before each: a standing clock's."""

    tick: ClassVar[Callable[[], None] | None] = None

    def __init__(self, user: User | None) -> None:
        headers = {}
        if user is not None:
            headers["Authorization"] = f"Bearer {authentication.issue(user, now=days.NOW)}"
        self.client = Client(headers=headers)

    def get(self, path: str, **query: Any) -> Answer:
        self._wait()
        return self._answer(self.client.get(PREFIX + path, query))

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self._send("post", path, body, headers)

    def patch(self, path: str, body: Any) -> Answer:
        return self._send("patch", path, body, {})

    def delete(self, path: str) -> Answer:
        self._wait()
        return self._answer(self.client.delete(PREFIX + path))

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Any method; a text or bytes are sent as they are."""
        return self._send(method.lower(), path, body, {})

    def results(self, path: str, **query: Any) -> list[Any]:
        """The rows of a list's first page."""
        answer = self.get(path, **query)
        assert answer.status == 200, answer.body
        return answer.body["results"]

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        self._wait()
        content = body if isinstance(body, str | bytes) else json.dumps({} if body is None else body)
        send = getattr(self.client, method)
        if method == "get":
            return self._answer(send(PREFIX + path))
        return self._answer(send(PREFIX + path, content, content_type="application/json", headers=headers))

    @classmethod
    def _wait(cls) -> None:
        if cls.tick is not None:
            cls.tick()

    @staticmethod
    def _answer(response: HttpResponse) -> Answer:
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json", response.content
        return Answer(response.status_code, json.loads(response.content) if response.content else None, response)


def next_id(table: str, number: int) -> None:
    """The next row of a table gets this id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, number])
