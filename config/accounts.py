"""Logins: no sign-up, second factors encrypted, a lock-out by name, the history's *who*."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import pghistory.middleware
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config import clock

SIGNED_IN_AT = "signed_in_at"
REAUTHENTICATION_TIMEOUT_S = 300


class AccountAdapter(DefaultAccountAdapter):
    """Staff get their logins from a manager; wrong passwords are counted by axes alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: allauth's own count of failed logins would lock before axes and say less."""

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Not for enrolling the first second factor right after the login: the password was just typed."""
        signed_in_at = self.request.session.get(SIGNED_IN_AT, 0)
        just_now = abs(clock.now().timestamp() - signed_in_at) < REAUTHENTICATION_TIMEOUT_S
        return not just_now or is_mfa_enabled(self.request.user)


class MFAAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors encrypted: a stolen dump alone must not pass them."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


@receiver(user_logged_in)
def _note_when(request: HttpRequest, **_kwargs: Any) -> None:
    request.session[SIGNED_IN_AT] = clock.now().timestamp()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"second factor {key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def client_ip(request: HttpRequest) -> str:
    """The address of the connection; what a header claims is anybody's to write."""
    return request.META.get("REMOTE_ADDR", "")


def login_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The name that failed logins are counted by, in one spelling however it was typed."""
    return str((credentials or {}).get("username", "")).strip().casefold()


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: object) -> HttpResponse:
    """The answer to a login while its name is locked."""
    wait = dt.timedelta(hours=settings.AXES_COOLOFF_TIME)
    response = render(request, "account/lockout.html", {"cooloff_timedelta": wait}, status=429)
    response["Retry-After"] = str(int(wait.total_seconds()))
    return response


class HistoryMiddleware(pghistory.middleware.HistoryMiddleware):
    """Tells the history who; not the address, which in a member's link is a secret."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": super().get_context(request)["user"]}
