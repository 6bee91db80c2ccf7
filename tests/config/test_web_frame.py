"""What every page gets from the frame: who may open it, how it fails, what protects it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from config import access, celery, health
from memberships.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.urls")]


@pytest.fixture
def alice(client: Client) -> Client:
    client.force_login(User.objects.create_user("alice"))
    return client


@pytest.fixture
def calm() -> Client:
    """A browser that gets the page of a defect instead of the test the exception."""
    return Client(raise_request_exception=False)


# --- who may open it


def test_every_route_of_ringback_declares_who_may_open_it() -> None:
    from config import urls

    assert [route.pattern for route in access.routes(urls.urlpatterns) if route.policy is None] == []


def test_a_route_without_a_declaration_is_found() -> None:
    assert [route.pattern for route in access.routes() if route.policy is None] == ["undeclared/"]


def test_a_stranger_is_led_to_the_login_and_back(client: Client) -> None:
    response = client.get("/page/?tab=2")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/page/%3Ftab%3D2"


def test_a_stranger_in_the_middle_of_a_page_is_led_to_the_login_as_a_whole_page(client: Client) -> None:
    response = client.get("/page/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/members/"})

    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/accounts/login/?next=")


def test_a_colleague_is_let_in(alice: Client) -> None:
    assert alice.get("/page/").content == b"in"


# --- how it fails


def test_a_refusal_that_a_view_let_through_is_a_page_with_its_sentence(client: Client) -> None:
    response = client.get("/web/conflict/", headers={"Referer": "http://testserver/members/"})

    assert response.status_code == 409
    assert "That time was just taken." in response.content.decode()
    assert 'href="http://testserver/members/"' in response.content.decode()


def test_the_way_back_leads_to_nobody_else(client: Client) -> None:
    response = client.get("/web/conflict/", headers={"Referer": "https://evil.example/"})

    assert "evil" not in response.content.decode()


def test_for_htmx_a_refusal_is_a_fragment(client: Client) -> None:
    response = client.get("/web/invalid/", headers={"HX-Request": "true"})

    assert response.status_code == 422
    assert "A freeze has at least 7 days." in response.content.decode()
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize(("kind", "status"), [("missing", 404), ("forbidden", 403), ("defect", 500), ("database", 503)])
def test_each_failure_has_its_page(calm: Client, kind: str, status: int) -> None:
    response = calm.get(f"/web/{kind}/")

    assert response.status_code == status
    assert "<h1>" in response.content.decode()
    assert "Ivanova" not in response.content.decode()


def test_while_the_database_is_away_the_page_says_when_to_come_back(calm: Client) -> None:
    assert int(calm.get("/web/database/")["Retry-After"]) > 0


def test_an_unknown_address_is_404_and_a_nul_400(calm: Client) -> None:
    assert calm.get("/nothing/here/").status_code == 404
    assert calm.get("/page/?q=%00").status_code == 400


def test_a_form_without_its_token_is_403_with_a_sentence() -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "alice", "password": "x"})

    assert response.status_code == 403
    assert "too old" in response.content.decode()


# --- what protects it


def test_pages_run_no_foreign_or_inline_script(client: Client) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_pages_are_framed_by_nobody_and_send_no_address_away(client: Client) -> None:
    response = client.get("/accounts/login/")

    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Content-Type-Options"] == "nosniff"


# --- is it up


def test_healthz_asks_nobody(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        response = client.get("/healthz")

    assert response.json() == {"status": "ok"}


def test_readyz_says_that_no_worker_works(client: Client) -> None:
    with celery.broker() as broker:
        had = broker.getdel(celery.HEARTBEAT_KEY)
        try:
            response = client.get("/readyz")
        finally:
            if had:
                broker.set(celery.HEARTBEAT_KEY, had, ex=celery.HEARTBEAT_S)

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "ok", "broker": "ok", "worker": "silent"}


def test_readyz_is_ready_when_a_worker_said_so(client: Client) -> None:
    with celery.broker() as broker:
        broker.set(celery.HEARTBEAT_KEY, "1", ex=celery.HEARTBEAT_S)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert set(response.json().values()) == {"ok"}


def test_readyz_says_that_the_broker_is_away(client: Client, settings: Settings) -> None:
    settings.BROKER_URL = "redis+socket:///tmp/there-is-no-such-socket?virtual_host=0"

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["broker"] == "unreachable"
    assert response.json()["worker"] == "unknown"


def test_readyz_says_that_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def cursor(self) -> None:
            raise OperationalError("the server went away")

    monkeypatch.setattr(health, "connection", Away())

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["database"] == "unreachable"


def test_metrics_are_for_those_with_the_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "m" * 30

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    response = client.get("/metrics", headers={"Authorization": f"Bearer {'m' * 30}"})
    assert response.status_code == 200
    assert b"django_http_requests" in response.content


def test_without_a_token_set_there_is_no_metrics_page(client: Client) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


# --- what it says about itself


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """The log as production writes it."""
    from config import logs

    written: list[dict[str, object]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

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


def test_a_request_is_one_line_with_route_status_and_user(client: Client, lines: list[dict[str, object]]) -> None:
    user = User.objects.create_user("alice")
    client.force_login(user)
    client.get("/page/?q=Ivanova")
    (line,) = [line for line in lines if line["event"] == "request_finished"]

    assert (line["request"], line["code"], line["user_id"]) == ("GET /page/", 200, user.pk)
    assert line["request_id"]


def test_no_line_holds_what_was_asked_or_broke(calm: Client, lines: list[dict[str, object]]) -> None:
    calm.get("/web/defect/?q=Ivanova")
    calm.post("/web/defect/", {"name": "Ivanova"})
    calm.get("/nothing/Ivanova/")
    text = json.dumps(lines)

    assert "request_failed" in text
    assert "builtins.ZeroDivisionError" in text
    assert "Ivanova" not in text
    assert "912 345" not in text
