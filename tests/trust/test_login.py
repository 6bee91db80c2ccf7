"""The way in (QUALITY: nobody where they don't belong), beside what tests/config/test_accounts.py tries one by one."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client
from pytest_django import Settings

from config import accounts
from memberships.models import User
from tests.factories import PASSWORD
from tests.trust import walking
from tests.trust.world import World

PAGES = [route for route in walking.guarded() if not walking.is_api(route)]
ENROL = "/accounts/second-factor/"
ASKED = {"manager": True, "owner": True, "administrator": False, "operator": False}


@pytest.fixture(autouse=True)
def _alone(apart: World) -> None:
    """Each test leaves the world as it was."""


def log_in(name: str, password: str = PASSWORD, client: Client | None = None, **headers: str) -> Client:
    client = client or Client()
    client.post("/accounts/login/", {"login": name, "password": password}, headers=headers)
    return client


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def code_now(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


# ---- the second factor


@pytest.mark.parametrize("role", ASKED)
def test_every_page_waits_for_the_second_factor_that_the_role_asks_for(world: World, role: str) -> None:
    client = log_in(f"{role}.riverside")
    assert signed_in(client)
    led = set()
    for route in PAGES:
        if route.name != "second_factor":
            led.add(client.get(walking.path_to(route, world.own)).headers.get("Location") == ENROL)

    assert led == {ASKED[role]}


def test_nothing_is_done_before_the_second_factor_either(world: World) -> None:
    client = log_in("manager.riverside")
    member = world.own.newcomer
    client.post(f"/members/{member.pk}/do-not-call/", {"reason": "asked for it"})
    member.refresh_from_db()

    assert not member.do_not_call


def test_later_counts_in_a_demo_for_this_session_only(world: World, settings: Settings) -> None:
    settings.RINGBACK_DEMO = True
    client = log_in("owner.riverside")
    assert client.get("/members/").headers.get("Location") == ENROL
    client.post(ENROL)
    assert client.get("/members/").status_code == 200
    assert log_in("owner.riverside").get("/members/").headers.get("Location") == ENROL

    settings.RINGBACK_DEMO = False
    assert client.get("/members/").headers.get("Location") == ENROL


def test_the_code_of_a_second_factor_is_not_to_be_guessed(world: World) -> None:
    user = world.own.people["manager"]
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    client = log_in("manager.riverside")
    for number in range(20):
        client.post("/accounts/2fa/authenticate/", {"code": f"{number:06d}"})
        client = log_in("manager.riverside") if number % 7 == 6 else client
    client = log_in("manager.riverside")
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})

    assert not signed_in(client)


def test_a_code_counts_once(world: World) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(world.own.people["manager"], secret)
    code = code_now(secret)
    first, second = log_in("manager.riverside"), log_in("manager.riverside")
    first.post("/accounts/2fa/authenticate/", {"code": code})
    second.post("/accounts/2fa/authenticate/", {"code": code})

    assert (signed_in(first), signed_in(second)) == (True, False)


def test_nobody_else_takes_a_second_factor_away(world: World) -> None:
    totp.TOTP.activate(world.own.people["owner"], totp.generate_totp_secret())
    log_in("manager.riverside").post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.filter(user=world.own.people["owner"]).exists()


# ---- the lock


@pytest.mark.parametrize("role", ASKED)
def test_the_lock_holds_for_every_role_from_any_address(world: World, role: str) -> None:
    for number in range(10):
        log_in(f"{role}.riverside", "wrong", None, **{"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": "::1"})

    assert not signed_in(log_in(f"{role}.riverside", **{"X-Forwarded-For": "198.51.100.99"}))


def test_the_lock_of_one_name_keeps_nobody_else_out(world: World) -> None:
    """Behind a proxy everybody has one address: it may not be locked."""
    for number in range(60):
        log_in(f"guess{number}", "wrong")

    assert signed_in(log_in("operator.riverside"))


def test_the_api_knows_no_passwords(world: World) -> None:
    import base64

    basic = base64.b64encode(f"operator.riverside:{PASSWORD}".encode()).decode()
    assert Client().get("/api/v1/plans", headers={"Authorization": f"Basic {basic}"}).status_code == 401


# ---- the session


def test_the_session_is_a_new_one_at_each_login_and_gone_after_the_logout(world: World) -> None:
    client = Client()
    client.get("/accounts/login/")
    keys = [client.session.session_key]
    log_in("operator.riverside", client=client)
    keys.append(client.session.session_key)
    cookies = client.cookies.output()
    kept = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    again = Client()
    again.cookies["sessionid"] = kept

    assert keys[0] != keys[1]
    assert "HttpOnly" in cookies and "SameSite=Lax" in cookies
    assert again.get("/members/").headers["Location"].startswith("/accounts/login/")


def test_a_logout_is_not_done_by_a_link(world: World) -> None:
    client = log_in("operator.riverside")
    client.get("/accounts/logout/")

    assert client.get("/members/").status_code == 200


def test_a_new_password_and_a_closed_login_end_all_sessions(world: World) -> None:
    user = world.own.people["operator"]
    here, there = log_in(user.username), log_in(user.username)
    user.set_password("another-and-quiet-word")
    user.save()
    assert "/accounts/login/" in here.get("/members/").headers["Location"]
    assert "/accounts/login/" in there.get("/members/").headers["Location"]

    client = log_in(user.username, "another-and-quiet-word")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert "/accounts/login/" in client.get("/members/").headers["Location"]
    token = {"Authorization": f"Bearer {world.own.tokens['operator']}"}
    assert Client().get("/api/v1/plans", headers=token).status_code == 401


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_login_leads_nowhere_else(world: World, elsewhere: str) -> None:
    sent = {"login": "operator.riverside", "password": PASSWORD, "next": elsewhere}
    answer = Client().post(f"/accounts/login/?next={elsewhere}", sent)

    assert "evil" not in answer.headers.get("Location", "")
    assert "javascript" not in answer.headers.get("Location", "")


# ---- nothing for a guesser


def test_there_is_no_way_to_sign_up() -> None:
    names = {route.name for route in walking.routes() if "signup" in (route.name or "")}

    assert names == {"account_signup"}  # allauth's links name it; the page is closed
    assert Client().get("/accounts/signup/").status_code == 404
    before = User.objects.count()
    Client().post("/accounts/signup/", {"username": "x", "password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.count() == before


def test_a_forgotten_password_tells_a_guesser_nothing(world: World) -> None:
    User.objects.filter(pk=world.own.people["operator"].pk).update(email="olga@example.org")
    known = Client().post("/accounts/password/reset/", {"email": "olga@example.org"}, follow=True)
    sent = [message.to for message in mail.outbox]
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)

    assert known.status_code == unknown.status_code == 200
    assert walking.body_of(known) == walking.body_of(unknown)
    assert known.redirect_chain == unknown.redirect_chain
    assert sent == [["olga@example.org"]]
    assert [message.to for message in mail.outbox] == sent, "a stranger's address gets no mail from us"


def test_a_link_to_a_new_password_works_once_and_not_for_others(world: World) -> None:
    user = world.own.people["operator"]
    User.objects.filter(pk=user.pk).update(email="olga@example.org")
    Client().post("/accounts/password/reset/", {"email": "olga@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    path = "/" + link.split("://", 1)[1].split("/", 1)[1]
    for _ in range(2):
        client = Client()
        asked = client.get(path, follow=True)
        form = asked.redirect_chain[-1][0] if asked.redirect_chain else path
        client.post(form, {"password1": f"quiet-word-{_}-long", "password2": f"quiet-word-{_}-long"})

    assert signed_in(log_in(user.username, "quiet-word-0-long"))
    assert not signed_in(log_in(user.username, "quiet-word-1-long"))
    for wrong in ("1-abc", "zzzzzz-c0ffee", "-", "1-" + "a" * 300):
        assert Client().get(f"/accounts/password/reset/key/{wrong}/").status_code in (200, 302, 404)


def test_addresses_are_taken_from_the_connection_alone() -> None:
    class Request:
        META = {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "198.51.100.1", "HTTP_X_REAL_IP": "198.51.100.2"}

    assert accounts.client_ip(Request()) == "192.0.2.7"  # type: ignore[arg-type]
