"""The pages of signing in as allauth serves them: each in our frame, in both languages, with the way out."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from memberships.models import User

ENTRANCE = ("account_login", "account_reset_password", "account_reset_password_done", "account_inactive")
OWN = ("account_logout", "account_change_password", "mfa_index", "mfa_activate_totp")
FACTOR = ("mfa_index", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes")


@pytest.fixture
def nadia(db: None) -> User:
    return User.objects.create_user("nadia", "nadia@example.org", "a long enough one 7")


@pytest.fixture
def signed_in(client: Client, nadia: User) -> Client:
    client.post(reverse("account_login"), {"login": "nadia", "password": "a long enough one 7"})
    asked = client.get(reverse("account_reauthenticate"))
    assert "Is it really you?" in asked.content.decode()
    client.post(reverse("account_reauthenticate"), {"password": "a long enough one 7"})
    return client


def opened(client: Client, name: str, language: str) -> str:
    response = client.get(reverse(name), headers={"accept-language": language})
    assert response.status_code == 200, (name, response.status_code)
    html = response.content.decode()
    assert f'<html lang="{language}"' in html and 'class="lg-in"' in html and "<h1>" in html
    assert 'style="' not in html.replace("data:image", "")
    return html


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", ENTRANCE)
def test_a_stranger_finds_the_entrance(client: Client, db: None, name: str, language: str) -> None:
    opened(client, name, language)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", OWN)
def test_a_colleague_finds_password_and_second_factor(signed_in: Client, name: str, language: str) -> None:
    opened(signed_in, name, language)


@pytest.mark.parametrize("name", FACTOR)
def test_who_has_a_second_factor_finds_its_pages(signed_in: Client, nadia: User, name: str) -> None:
    TOTP.activate(nadia, generate_totp_secret())
    RecoveryCodes.activate(nadia)
    html = opened(signed_in, name, "en")
    if name == "mfa_view_recovery_codes":
        codes = Authenticator.objects.get(user=nadia, type="recovery_codes").wrap().get_unused_codes()
        assert all(code in html for code in codes)


def test_enrolling_shows_a_code_to_scan_and_the_key_to_type(signed_in: Client) -> None:
    html = opened(signed_in, "mfa_activate_totp", "en")
    assert 'src="data:image/svg+xml' in html and 'class="secret"' in html


def test_the_second_factor_is_asked_for_after_the_password(client: Client, nadia: User) -> None:
    TOTP.activate(nadia, generate_totp_secret())
    signing = {"login": "nadia", "password": "a long enough one 7"}
    response = client.post(reverse("account_login"), signing, follow=True)
    assert response.request["PATH_INFO"] == reverse("mfa_authenticate")
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert 'aria-invalid="true"' in wrong.content.decode()


def test_a_wrong_password_is_said_above_the_form(client: Client, nadia: User) -> None:
    html = client.post(reverse("account_login"), {"login": "nadia", "password": "x"}).content.decode()
    assert 'class="note bad"' in html and "data-focus" in html


def test_a_link_to_a_new_password_that_is_spent_says_so(client: Client, db: None) -> None:
    response = client.get("/accounts/password/reset/key/1-spent/", follow=True)
    assert "too old" in response.content.decode()


def test_nobody_signs_up(client: Client, db: None) -> None:
    response = client.get("/accounts/signup/")
    assert (
        response.status_code == 404 or '<form method="post" action="/accounts/signup/' not in response.content.decode()
    )
