"""A request that is too long is refused by its length: nothing of its body is asked for."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests import factories, web

GIGABYTE = 1 << 30


def refused(address: str, path: str, *headers: str) -> tuple[int, str, float]:
    """Send only the head of a request over a socket; the answer's status, body, and the seconds it took."""
    host, port = address.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\n" + "".join(f"{line}\r\n" for line in headers) + "\r\n"
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=20) as connected:
        connected.sendall(head.encode())
        answer = http.client.HTTPResponse(connected)
        answer.begin()
        body = answer.read(int(answer.headers["Content-Length"])).decode()
        return answer.status, body, time.monotonic() - began


FORM = "Content-Type: multipart/form-data; boundary=x"


@pytest.mark.parametrize("path", ["/imports/new/", "/accounts/login/", "/members/new/"])
def test_two_gigabytes_are_refused_before_a_byte_of_them_is_sent(
    transactional_db: None, live_server: Any, path: str
) -> None:
    status, body, seconds = refused(live_server.url, path, FORM, f"Content-Length: {2 * GIGABYTE}")
    assert status == 413 and "and was not read" in body
    assert seconds < 15


def test_a_body_of_unknown_length_is_refused(transactional_db: None, live_server: Any) -> None:
    status, body, _seconds = refused(live_server.url, "/imports/new/", FORM, "Transfer-Encoding: chunked")
    assert status == 411 and "does not say how long it is" in body


def test_the_api_refuses_in_its_own_words(client: Client) -> None:
    answer = client.generic("POST", "/api/v1/visits", b"{}", CONTENT_LENGTH=str(GIGABYTE))
    assert answer.status_code == 413
    assert json.loads(answer.content)["code"] == "too_large"


def test_only_the_import_takes_more_than_a_form_and_from_no_stranger(db: None) -> None:
    client = web.browser(factories.make_user(factories.make_club(), "administrator", "anna"))
    more_than_a_form = str(settings.LONGEST_BODY + 1)
    assert Client().generic("POST", reverse("import_new"), b"", CONTENT_LENGTH=more_than_a_form).status_code == 413
    assert client.generic("POST", reverse("member_new"), b"", CONTENT_LENGTH=more_than_a_form).status_code == 413
    assert client.generic("POST", reverse("import_new"), b"", CONTENT_LENGTH=more_than_a_form).status_code == 422
    too_much = str((settings.IMPORT_FILE_MB + 2) << 20)
    assert client.generic("POST", reverse("import_new"), b"", CONTENT_LENGTH=too_much).status_code == 413
