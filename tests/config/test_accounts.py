"""The way in: no sign-up, a lock-out that cannot be dodged, second factors."""

from __future__ import annotations

import datetime as dt

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from axes.models import AccessAttempt
from django.test import Client
from pytest_django import Settings

from config import clock
from memberships.models import User
from tests import factories

PASSWORD = factories.PASSWORD
pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> User:
    return factories.make_user(factories.make_club(), "manager", "marta")


@pytest.fixture
def operator() -> User:
    return factories.make_user(factories.make_club(), "operator", "olga")


def log_in(client: Client, name: str, password: str = PASSWORD, **headers: str) -> object:
    return client.post("/accounts/login/", {"login": name, "password": password}, headers=headers)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_opens_and_changes_the_session(client: Client, operator: User) -> None:
    client.get("/accounts/login/")
    client.session["before"] = 1
    client.session.save()
    before = client.session.session_key

    response = log_in(client, "olga")

    assert response.status_code == 302
    assert signed_in(client)
    assert client.session.session_key != before


def test_a_wrong_password_and_an_unknown_name_read_alike(client: Client, operator: User) -> None:
    wrong, unknown = log_in(client, "olga", "wrong"), log_in(client, "nobody", "wrong")

    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


@pytest.mark.parametrize("path", ["signup/", "email/", "confirm-email/", "confirm-email/abc/", "login/code/confirm/"])
def test_nobody_signs_up_or_manages_addresses(client: Client, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code == 404
    assert client.post(f"/accounts/{path}", {"username": "x"}).status_code == 404


def test_ten_wrong_passwords_lock_the_name_for_the_right_one_too(client: Client, operator: User) -> None:
    answers = [log_in(client, "olga", "wrong").status_code for _ in range(10)]
    locked = log_in(client, "olga")

    assert answers[:9] == [200] * 9
    assert locked.status_code == 429
    assert int(locked["Retry-After"]) == 900
    assert not signed_in(client)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP"])
def test_a_forged_address_does_not_dodge_the_lock(operator: User, header: str) -> None:
    for number in range(10):
        log_in(Client(), "olga", "wrong", **{header: f"203.0.113.{number}", "User-Agent": f"browser {number}"})

    assert log_in(Client(), "olga", **{header: "203.0.113.99"}).status_code == 429


def test_another_spelling_of_the_name_does_not_dodge_the_lock(operator: User) -> None:
    for name in ("olga", "OLGA", "Olga", " olga", "oLGA", "olga ", "Olga ", "OLga", "olGA", "olgA"):
        log_in(Client(), name, "wrong")

    client = Client()
    log_in(client, "olga")
    assert not signed_in(client)


def test_the_lock_of_one_name_is_no_others(client: Client, operator: User) -> None:
    for _ in range(10):
        log_in(Client(), "nobody", "wrong")

    log_in(client, "olga")
    assert signed_in(client)


def test_the_lock_opens_after_a_quarter_of_an_hour(client: Client, operator: User) -> None:
    for _ in range(10):
        log_in(Client(), "olga", "wrong")
    AccessAttempt.objects.update(attempt_time=clock.now() - dt.timedelta(minutes=16))

    log_in(client, "olga")
    assert signed_in(client)


def test_a_right_password_forgets_the_wrong_ones_before(operator: User) -> None:
    for _ in range(3):
        for _ in range(8):
            log_in(Client(), "olga", "wrong")
        client = Client()
        log_in(client, "olga")
        assert signed_in(client)


# --- second factors


def enrol(user: User) -> str:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def code_now(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_a_manager_is_led_to_enrol_before_anything_else(client: Client, manager: User) -> None:
    log_in(client, "marta")

    assert client.get("/members/").headers.get("Location") == "/accounts/second-factor/"
    assert client.get("/accounts/second-factor/").status_code == 200
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_in_the_middle_of_a_page_the_whole_page_is_led_there(client: Client, manager: User) -> None:
    client.force_login(manager)

    response = client.get("/members/", headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Redirect"]) == (403, "/accounts/second-factor/")


def test_an_operator_is_not_asked(client: Client, operator: User) -> None:
    log_in(client, "olga")

    assert client.get("/members/").headers.get("Location") != "/accounts/second-factor/"


def test_later_is_for_a_demo_only(client: Client, manager: User, settings: Settings) -> None:
    client.force_login(manager)

    assert b"demo" not in client.get("/accounts/second-factor/").content
    client.post("/accounts/second-factor/")
    assert client.get("/members/").headers.get("Location") == "/accounts/second-factor/"


def test_in_a_demo_a_manager_may_press_later(client: Client, manager: User, settings: Settings) -> None:
    settings.RINGBACK_DEMO = True
    client.force_login(manager)

    assert b"demo" in client.get("/accounts/second-factor/").content
    client.post("/accounts/second-factor/")
    assert client.get("/members/").headers.get("Location") != "/accounts/second-factor/"


def test_a_manager_enrols_with_the_code_of_their_app(client: Client, manager: User) -> None:
    log_in(client, "marta")
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret

    response = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})

    assert response.status_code == 302
    assert client.get("/members/").headers.get("Location") != "/accounts/second-factor/"


def test_with_a_second_factor_the_password_alone_does_not_open(client: Client, manager: User) -> None:
    secret = enrol(manager)

    assert log_in(client, "marta")["Location"].startswith("/accounts/2fa/authenticate/")
    assert not signed_in(client)

    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not signed_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert signed_in(client)


def test_the_secret_of_a_second_factor_is_stored_encrypted(manager: User) -> None:
    secret = enrol(manager)
    stored = Authenticator.objects.get(user=manager).data["secret"]

    assert secret not in stored
    assert get_adapter().decrypt(stored) == secret


def test_without_the_second_factor_any_more_a_manager_is_led_to_enrol_again(client: Client, manager: User) -> None:
    enrol(manager)
    client.force_login(manager)
    assert client.get("/members/").headers.get("Location") != "/accounts/second-factor/"
    Authenticator.objects.filter(user=manager).delete()
    client.logout()
    client.force_login(manager)

    assert client.get("/members/").headers.get("Location") == "/accounts/second-factor/"
