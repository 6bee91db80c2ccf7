"""API tokens: ``Authorization: Bearer TOKEN`` acts as the token's user. Only hashes are stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from config.models import ApiToken

PREFIX = "rb_"


def issue(user: Any, *, now: dt.datetime) -> str:
    """Make a token for a user and give it out, this once."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, digest=_digest(token), created_at=now)
    return token


def token_of(request: HttpRequest) -> ApiToken | None:
    """The token that a request carries, with its active user; None when it carries none that is known."""
    if not hasattr(request, "_api_token"):
        scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
        found = None
        if scheme.lower() == "bearer" and value:
            rows = ApiToken.objects.select_related("user").filter(digest=_digest(value.strip()))
            found = rows.filter(user__is_active=True).order_by("pk").first()
        request._api_token = found  # type: ignore[attr-defined]
    return request._api_token  # type: ignore[attr-defined]


class TokenAuthentication(BaseAuthentication):
    """Django REST framework's side of the tokens."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        token = token_of(request._request)
        if token is not None:
            return token.user, token
        if request.headers.get("Authorization"):
            raise exceptions.AuthenticationFailed(_("This token is not valid."))
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
