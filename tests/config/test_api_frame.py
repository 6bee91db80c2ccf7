"""What every call of the API gets from the frame: tokens, errors, limits, pages."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from config import authentication, clock
from config.api import TokenThrottle
from config.models import ApiToken
from memberships.models import Club, User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.urls")]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def api(user: User) -> Client:
    token = authentication.issue(user, now=clock.now())
    return Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)


def post(client: Client, path: str, body: Any, **headers: str) -> HttpResponse:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(path, content, content_type="application/json", headers=headers)


def check_problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"]
    assert body["detail"]
    return body


# --- tokens


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Token abc", "Bearer \xe9"])
def test_without_a_valid_token_it_is_401_and_says_how(header: str | None) -> None:
    client = Client() if header is None else Client(headers={"Authorization": header})

    response = client.get("/api/v1/club-list")

    check_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_login_on_the_web_is_no_token(client: Client, user: User) -> None:
    client.force_login(user)

    check_problem(client.get("/api/v1/club-list"), 401, "not_authenticated")


def test_a_token_of_somebody_who_left_is_401(api: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)

    check_problem(api.get("/api/v1/club-list"), 401, "not_authenticated")


def test_api_token_prints_a_token_that_works_as_the_last_line(user: User) -> None:
    out = StringIO()
    call_command("api_token", "alice", stdout=out, stderr=StringIO())
    token = out.getvalue().splitlines()[-1]

    assert Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/club-list").status_code == 200
    assert token not in str(list(ApiToken.objects.values()))


def test_api_token_names_an_unknown_user() -> None:
    with pytest.raises(CommandError, match="There is no user bob"):
        call_command("api_token", "bob")


# --- errors


def test_a_refusal_keeps_its_code_sentence_and_extra_members(api: Client) -> None:
    body = check_problem(api.get("/api/v1/failing/conflict"), 409, "slot_taken")

    assert body["detail"] == "That time was just taken."
    assert body["blocks"] == [1]
    assert "errors" not in body


def test_an_invalid_value_names_its_field(api: Client) -> None:
    body = check_problem(api.get("/api/v1/failing/invalid"), 422, "invalid")

    assert body["errors"] == {"ends_on": ["At least 7 days."]}


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("missing", 404, "not_found"),
        ("forbidden", 403, "forbidden"),
        ("parse", 400, "malformed"),
        ("django", 422, "invalid"),
        ("defect", 500, "server_error"),
    ],
)
def test_each_failure_is_a_problem(api: Client, kind: str, status: int, code: str) -> None:
    check_problem(api.get(f"/api/v1/failing/{kind}"), status, code)


def test_a_database_that_is_away_is_503_with_retry_after(api: Client) -> None:
    response = api.get("/api/v1/failing/database")

    check_problem(response, 503, "unavailable")
    assert int(response["Retry-After"]) > 0


def test_a_defect_tells_nothing_of_its_words(api: Client) -> None:
    assert b"Ivanova" not in api.get("/api/v1/failing/defect").content


def test_an_unknown_address_below_the_api_is_a_problem_too(api: Client) -> None:
    check_problem(api.get("/api/v1/nothing"), 404, "not_found")


def test_a_wrong_verb_says_which_are_allowed(api: Client) -> None:
    response = api.delete("/api/v1/club-list")

    check_problem(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]


@pytest.mark.parametrize(
    "body",
    ["{", "", "nonsense", '{"name": NaN}', '{"name": "\\u0000"}', '{"name": "\\ud800"}', b"\xff\xfe", "[" * 100_000],
)
def test_a_body_that_is_no_json_is_malformed(api: Client, body: str | bytes) -> None:
    response = post(api, "/api/v1/checked", body)

    assert response.status_code in (400, 422)
    assert response.status_code == 400 or body == ""


def test_a_body_of_another_kind_is_415(api: Client) -> None:
    response = api.post("/api/v1/checked", "name=x", content_type="application/x-www-form-urlencoded")

    check_problem(response, 415, "unsupported_media_type")


def test_nested_fields_are_named_by_their_path(api: Client) -> None:
    body = check_problem(post(api, "/api/v1/checked", {"hours": [{"host": 1}, {"host": "x"}]}), 422, "invalid")

    assert set(body["errors"]) == {"name", "hours.1.host"}


@pytest.mark.parametrize("query", ["?limit=%00", "?cursor=a%00b"])
def test_a_nul_in_the_address_is_malformed(api: Client, query: str) -> None:
    check_problem(api.get(f"/api/v1/club-list{query}"), 400, "malformed")


def test_too_many_requests_are_429_with_retry_after(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenThrottle, "THROTTLE_RATES", {"token": "2/min"})

    answers = [api.get("/api/v1/club-list") for _ in range(3)]

    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    check_problem(answers[2], 429, "throttled")
    assert int(answers[2]["Retry-After"]) > 0


# --- pages


def make_clubs(count: int) -> None:
    Club.objects.bulk_create(
        Club(slug=f"club-{n}", name=f"Club {n % 3}", timezone="UTC", country="US", currency="USD") for n in range(count)
    )


def test_a_list_is_walked_by_cursor_without_a_gap_or_a_repeat(api: Client) -> None:
    make_clubs(7)
    url: str | None = "/api/v1/club-list?limit=3"
    seen: list[str] = []
    sizes = []
    while url:
        body = api.get(url).json()
        sizes.append(len(body["results"]))
        seen += body["results"]
        url = body["next"]
        assert url is None or url.startswith("http://testserver/api/v1/club-list?")

    assert sizes == [3, 3, 1]
    assert seen == list(Club.objects.order_by("name", "pk").values_list("slug", flat=True))


def test_a_full_last_page_leads_nowhere(api: Client) -> None:
    make_clubs(3)

    assert api.get("/api/v1/club-list?limit=3").json()["next"] is None


def test_when_the_rest_is_gone_the_list_ends_and_does_not_begin_again(api: Client) -> None:
    make_clubs(4)
    following = api.get("/api/v1/club-list?limit=2").json()["next"]
    Club.objects.filter(pk__in=Club.objects.order_by("name", "pk").values("pk")[2:]).delete()

    assert api.get(following).json() == {"results": [], "next": None}


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "", "٣", "9" * 30])
def test_a_limit_that_is_not_1_to_200_is_refused(api: Client, limit: str) -> None:
    body = check_problem(api.get("/api/v1/club-list", {"limit": limit}), 422, "invalid")

    assert "limit" in body["errors"]


@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", "W10", "ey", "WzEsICJhIiwgImIiXQ"])
def test_a_cursor_of_somebody_elses_is_malformed(api: Client, cursor: str) -> None:
    make_clubs(1)

    check_problem(api.get("/api/v1/club-list", {"cursor": cursor}), 400, "malformed")


# --- the description


def test_the_schema_says_what_the_frame_does(client: Client) -> None:
    schema = client.get("/api/v1/openapi.json").json()

    assert schema["openapi"].startswith("3.")
    assert schema["components"]["schemas"]["Problem"]
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_the_docs_page_is_readable_without_a_login(client: Client, settings: Settings) -> None:
    response = client.get("/api/v1/docs")

    assert response.status_code == 200
    assert b"openapi.json" in response.content
