"""The same POST sent twice happens once, whatever happens between."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from config import authentication, clock, idempotency
from config.models import IdempotencyKey
from memberships.models import Club, User

pytestmark = pytest.mark.urls("tests.config.urls")
CLUBS, OWN = "/api/v1/clubs", "/api/v1/own-clubs"
both = pytest.mark.parametrize("path", [CLUBS, OWN])


@pytest.fixture
def token() -> str:
    return authentication.issue(User.objects.create_user("alice"), now=clock.now())


def post(token: str, body: Any, key: str | None = "k1", *, path: str = CLUBS) -> HttpResponse:
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {token}"} | ({} if key is None else {"Idempotency-Key": key})
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


@both
@pytest.mark.django_db
def test_the_same_key_and_body_get_the_first_answer_and_make_one_row(token: str, path: str) -> None:
    first, again = post(token, {"slug": "a"}, path=path), post(token, {"slug": "a"}, path=path)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Location"] == "/clubs/a"
    assert Club.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_nothing_is_kept(token: str) -> None:
    post(token, {"slug": "a"}, None)

    assert post(token, {"slug": "a"}, None).status_code == 409
    assert not IdempotencyKey.objects.exists()


@both
@pytest.mark.django_db
def test_a_refusal_is_an_answer_too(token: str, path: str) -> None:
    Club.objects.create(slug="a", name="a", timezone="UTC", country="US", currency="USD")
    first = post(token, {"slug": "a"}, path=path)
    Club.objects.all().delete()

    again = post(token, {"slug": "a"}, path=path)

    assert first.status_code == again.status_code == 409
    assert again["Content-Type"] == "application/problem+json"
    assert again.json()["code"] == "slot_taken"
    assert not Club.objects.exists()


@both
@pytest.mark.django_db
def test_another_body_with_the_same_key_is_a_conflict(token: str, path: str) -> None:
    post(token, {"slug": "a"}, path=path)

    response = post(token, {"slug": "b"}, path=path)

    assert response.status_code == 409
    assert response.json()["code"] == "idempotency_conflict"
    assert Club.objects.count() == 1


@pytest.mark.django_db
def test_another_query_with_the_same_key_is_a_conflict(token: str) -> None:
    post(token, {"slug": "a"}, path=f"{CLUBS}?preview=1")

    assert post(token, {"slug": "a"}).json()["code"] == "idempotency_conflict"


@pytest.mark.django_db
def test_another_token_or_path_is_another_key(token: str) -> None:
    other = authentication.issue(User.objects.create_user("bob"), now=clock.now())
    post(token, {"slug": "a"})

    assert post(other, {"slug": "b"}).status_code == 201
    assert post(token, {"slug": "c"}, path=OWN).status_code == 201


@both
@pytest.mark.django_db(transaction=True)
def test_a_defect_is_not_kept_and_leaves_nothing_that_the_frame_could_take_back(token: str, path: str) -> None:
    broken = post(token, {"slug": "a", "break": True}, path=path)

    assert broken.status_code == 500
    assert not IdempotencyKey.objects.exists()
    assert Club.objects.exists() is (path == OWN)


@pytest.mark.django_db
def test_without_a_valid_token_nothing_is_kept() -> None:
    assert post("wrong", {"slug": "a"}).status_code == 401
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a\x07b"])
def test_a_key_that_is_none_is_malformed(token: str, key: str) -> None:
    assert post(token, {"slug": "a"}, key).status_code == 400


@pytest.mark.django_db
def test_after_24_hours_the_key_is_free_again(token: str, set_clock: Callable[[dt.datetime], None]) -> None:
    start = dt.datetime(2026, 11, 2, 10, tzinfo=dt.UTC)
    set_clock(start)
    post(token, {"slug": "a"})

    set_clock(start + dt.timedelta(hours=23, minutes=59))
    assert post(token, {"slug": "a"}).status_code == 201
    set_clock(start + dt.timedelta(hours=24, minutes=1))
    assert post(token, {"slug": "b"}).status_code == 201
    assert Club.objects.count() == 2


@pytest.mark.django_db
def test_old_answers_are_forgotten(token: str, set_clock: Callable[[dt.datetime], None]) -> None:
    start = dt.datetime(2026, 11, 2, 10, tzinfo=dt.UTC)
    set_clock(start)
    post(token, {"slug": "a"}, "old")
    set_clock(start + dt.timedelta(hours=12))
    post(token, {"slug": "b"}, "new")

    assert idempotency.forget_old(now=start + dt.timedelta(hours=25)) == 1
    assert IdempotencyKey.objects.get().key == "new"


def _race(path: str, token: str, key: str | None, count: int = 8) -> list[HttpResponse]:
    start, answers = threading.Barrier(count), []

    def send(number: int) -> None:
        start.wait()
        body = {"slug": "a" if key else f"a{number}", "pause": 0.3}
        answers.append(post(token, body, key, path=path))
        connection.close()

    threads = [threading.Thread(target=send, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@both
@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one_row_and_the_others_are_told_to_wait(token: str, path: str) -> None:
    answers = _race(path, token, "k1")

    assert Club.objects.count() == 1
    made = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(made) >= 1
    assert len(made) + len(waiting) == 8
    assert {answer.json()["code"] for answer in waiting} == {"in_progress"}
    assert all(int(answer["Retry-After"]) > 0 for answer in waiting)
    assert post(token, {"slug": "a", "pause": 0.3}, path=path).content == made[0].content


@pytest.mark.django_db(transaction=True)
def test_control_without_a_key_eight_at_once_make_eight_rows(token: str) -> None:
    _race(CLUBS, token, None)

    assert Club.objects.count() == 8


SENDER = """
import os, sys, json, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.ROOT_URLCONF = "tests.config.urls"
settings.ALLOWED_HOSTS = ["*"]
django.setup()
from django.test import Client
print("sending", flush=True)
Client().post(sys.argv[2], json.dumps({"slug": "a", "pause": 60}), content_type="application/json",
    headers={"Authorization": "Bearer " + sys.argv[3], "Idempotency-Key": "k1"})
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_in_the_middle_leaves_neither_row_nor_lock(token: str) -> None:
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER, connection.settings_dict["NAME"], CLUBS, token],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )
    assert sender.stdout is not None
    sender.stdout.readline()
    _until(lambda: _locks() == 1)  # it is in the view, and holds the key
    assert post(token, {"slug": "a"}).json()["code"] == "in_progress"

    os.kill(sender.pid, signal.SIGKILL)
    sender.communicate()

    _until(lambda: not _locks())
    assert not Club.objects.exists()
    assert post(token, {"slug": "a"}).status_code == 201


def _locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
            "WHERE locktype = 'advisory' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def _until(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        threading.Event().wait(0.1)
    raise AssertionError("it did not happen in time")
