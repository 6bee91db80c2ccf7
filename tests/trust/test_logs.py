"""What Ringback says about itself names nobody: log lines, metrics, arguments of tasks."""

from __future__ import annotations

import inspect
import json
import logging
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from celery import signals
from django.conf import settings
from django.test import Client

from config import celery, logs
from tests.trust import walking
from tests.trust.walking import Caller
from tests.trust.world import EMAIL, NAME, PHONE, World

FIRST, SAID = "Wilhelmina", "kauwgomballen"
"""A first name, and a word of free text, as they are typed in."""
CANARIES = (NAME, PHONE, PHONE[-7:], EMAIL, FIRST, SAID)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The log as production writes it, whoever writes, from INFO on."""
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                logs.frames_only,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=logs.SHARED_PROCESSORS,
        )
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def published() -> Iterator[list[str]]:
    """Whatever goes to the broker."""
    seen: list[str] = []

    def note(sender: str, body: object, **_more: object) -> None:
        seen.append(f"{sender} {body!r}")

    signals.before_task_publish.connect(note, weak=False)
    yield seen
    signals.before_task_publish.disconnect(note)


def named(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def typed() -> dict[str, str]:
    """A member typed in."""
    return {"last_name": NAME, "first_name": FIRST, "phone": PHONE, "email": EMAIL, "notes": SAID, "goal": SAID}


def test_the_canaries_are_heard_where_they_are(lines: list[str]) -> None:
    """The control."""
    logging.getLogger("anybody").warning("Rang %s", NAME)

    assert named("".join(lines)) == [NAME]


def test_the_work_of_a_day_names_nobody(
    apart: World, callers: dict[str, Caller], lines: list[str], published: list[str]
) -> None:
    own, web = apart.own, callers["manager"].client
    api = {"Authorization": f"Bearer {own.tokens['manager']}"}
    answers = [
        web.get("/members/", {"q": NAME}),
        web.get("/members/", {"q": PHONE}),
        web.get("/members/", {"q": NAME, "export": "csv"}),
        web.post("/members/new/", typed()),
        web.post("/members/new/", {**typed(), "phone": f"{PHONE} or {NAME}", "birthday": SAID}),
        web.post(f"/members/{own.member.pk}/edit/", typed()),
        web.post(f"/members/{own.member.pk}/do-not-call/", {"reason": SAID}),
        web.get(f"/members/{own.member.pk}/changes/"),
        web.post(f"/memberships/{own.membership.pk}/cancel/", {"on": "2026-11-20", "reason": SAID}),
        web.get(f"/nothing/{NAME}/", {"phone": PHONE}),
        web.post("/accounts/login/", {"login": EMAIL, "password": SAID}),
        Client().post("/accounts/login/", {"login": NAME, "password": SAID}),
        Client().post("/accounts/password/reset/", {"email": EMAIL}),
        web.get("/api/v1/members", {"club": own.club.slug, "q": NAME}, headers=api),
        web.post("/api/v1/members", {**typed(), "club": own.club.slug}, content_type="application/json", headers=api),
        web.post("/api/v1/members", f'{{"last_name": "{NAME}', content_type="application/json", headers=api),
        web.post("/api/v1/members", {"club": NAME, "last_name": SAID}, content_type="application/json", headers=api),
    ]
    text = "\n".join(lines)

    assert {answer.status_code for answer in answers} >= {200, 201, 302, 400, 404, 422}
    assert len([line for line in lines if '"request_finished"' in line]) >= len(answers)
    assert named(text) == []
    assert named("\n".join(published)) == []


def test_the_desks_work_names_nobody(
    apart: World, callers: dict[str, Caller], lines: list[str], published: list[str]
) -> None:
    operator, task = callers["operator"].client, apart.own.task.pk
    operator.post("/calls/next/")
    operator.post(f"/calls/{task}/dial/")
    said = {"outcome": "complaint", "complaint": f"{SAID} {NAME}", "note": f"{SAID} {PHONE}", "attends": "yes"}
    assert operator.post(f"/calls/{task}/outcome/", said).status_code in (200, 302)
    operator.post(f"/calls/{task}/undo/")
    operator.post(f"/calls/{task}/release/", {"why": SAID})

    assert named("\n".join(lines)) == []
    assert named("\n".join(published)) == []


def test_a_defect_names_nobody(apart: World, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from memberships.views import members

    def broken(*_args: object, **_kwargs: object) -> None:
        raise ValueError(f"{NAME} {PHONE} in a message")

    monkeypatch.setattr(members.member_page, "context", broken)
    browser = walking.caller("administrator", apart.own.people["administrator"]).client
    answer = browser.get(f"/members/{apart.own.member.pk}/", {"show": SAID})

    assert answer.status_code == 500
    assert named(answer.content.decode()) == []
    assert "ValueError" in "\n".join(lines)
    assert named("\n".join(lines)) == []


def test_no_page_is_opened_by_an_address_that_names_somebody(apart: World) -> None:
    """Ids only: an address lies in histories of browsers and in logs of proxies."""
    kwargs = {name for route in walking.routes() for _kind, name in walking.KWARG.findall(route.pattern)}
    allowed = {"pk", "slug", "club", *walking.WORDS, "key", "uidb36", "signed", "signature", "token"}

    assert kwargs - allowed == set()


def test_metrics_name_nobody(apart: World, callers: dict[str, Caller], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "METRICS_TOKEN", "m" * 30)
    callers["manager"].client.get("/members/", {"q": NAME})
    callers["manager"].client.get(f"/nothing/{NAME}/{PHONE}/")
    text = Client().get("/metrics", headers={"Authorization": f"Bearer {'m' * 30}"}).content.decode()

    assert "django_http_requests" in text
    assert named(text) == []


def test_the_web_server_writes_no_addresses() -> None:
    source = (Path(settings.BASE_DIR) / "config" / "gunicorn.py").read_text()

    assert "\naccesslog = None\n" in source


def test_a_task_takes_ids_only() -> None:
    """So that nothing else can lie in Redis."""
    celery.app.loader.import_default_modules()
    ours = {name: task for name, task in celery.app.tasks.items() if not name.startswith("celery.")}
    wrong = []
    for name, task in ours.items():
        hints = typing.get_type_hints(task.run)
        asked = [hints.get(parameter) for parameter in inspect.signature(task.run).parameters]
        if not all(hint in (int, int | None, bool) for hint in asked):
            wrong.append(name)

    assert ours
    assert wrong == []


def test_the_broker_holds_no_names(apart: World, callers: dict[str, Caller]) -> None:
    callers["manager"].client.post("/members/new/", typed())
    with celery.broker() as broker:
        kept = [broker.lrange(key, 0, -1) if broker.type(key) == b"list" else key for key in broker.keys("*")]

    assert named(json.dumps(kept, default=repr)) == []
