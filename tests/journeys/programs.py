"""A program of somebody else's at the HTTP API, acting as a user by a token."""

from __future__ import annotations

from typing import Any

import requests

from tests.journeys.console import done

SECONDS = 120


class Answer:
    """What the API answered: ``status`` and the JSON body (None: no body)."""

    def __init__(self, response: requests.Response) -> None:
        self.status, self.text = response.status_code, response.text
        self.body: Any = response.json() if response.content else None

    def __repr__(self) -> str:
        return f"{self.status} {self.text[:2000]}"

    def ok(self) -> Any:
        """The body of a 2xx."""
        assert 200 <= self.status < 300, self
        return self.body

    def refused(self, status: int, code: str) -> Any:
        """The body of a refusal, which must be this one."""
        assert (self.status, self.body["code"]) == (status, code), self
        assert self.body["detail"], self
        return self.body


class Program:
    """Asks as the user ``name``, whose token it fetches at the console."""

    def __init__(self, address: str, name: str) -> None:
        self.address = f"{address}/api/v1/"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {done('api_token', name).out.strip()}"

    def get(self, path: str, **query: object) -> Answer:
        return Answer(self.session.get(self.address + path, params=query, timeout=SECONDS))

    def post(self, path: str, body: object = None, *, key: str = "") -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return Answer(self.session.post(self.address + path, json=body, headers=headers, timeout=SECONDS))

    def patch(self, path: str, body: object) -> Answer:
        return Answer(self.session.patch(self.address + path, json=body, timeout=SECONDS))
