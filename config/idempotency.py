"""``Idempotency-Key``: the same POST sent twice happens once.

The view runs inside one transaction with its answer, under an advisory lock of that transaction:

1. begin; try the lock of (token, method, path, key); taken → 409 ``in_progress``;
2. an answer of the last 24 h is there → the same body gets it again, another 409 ``idempotency_conflict``;
3. run the view; keep its answer (2xx and 4xx; a 5xx rolls all back); commit, which frees the lock.

A process killed anywhere leaves either all of it or nothing, and no lock. A view whose operation must commit
before it goes on (a dial) declares ``@own_transactions``: its answer is kept right after, and the operation
itself must stand being asked twice.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config import clock
from config.authentication import token_of
from config.errors import API_PREFIX, problem
from config.models import ApiToken, IdempotencyKey

KEPT_FOR = dt.timedelta(hours=24)
LONGEST_KEY = 255
RETRY_AFTER_S = "1"
KEPT_HEADERS = ("Content-Type", "Location")
NOT_KEPT = (401, 429)
View = TypeVar("View", bound=Callable[..., Any])


def own_transactions(view: View) -> View:
    """Declare that a view's operation commits by itself and is safe to repeat."""
    view.commits_itself = True  # type: ignore[attr-defined]
    return view


class IdempotencyMiddleware:
    """Holds for every POST of the API that carries the header and a known token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST" or not request.path.startswith(API_PREFIX):
            return None
        token = token_of(request)
        if token is None:
            return None  # the view answers 401
        if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
            return problem(400, "malformed", _("An Idempotency-Key has 1 to 255 printable characters."))

        def run() -> HttpResponse:
            response = view(request, *args, **kwargs)
            return response.render() if hasattr(response, "render") and not response.is_rendered else response

        if getattr(view, "commits_itself", False):
            return _beside(request, token, key, run)
        return _within(request, token, key, run)


def forget_old(*, now: dt.datetime) -> int:
    """Delete the answers that are no longer given; their number."""
    return IdempotencyKey.objects.filter(created_at__lt=now - KEPT_FOR).delete()[0]


def _within(request: HttpRequest, token: ApiToken, key: str, run: Callable[[], HttpResponse]) -> HttpResponse:
    now = clock.now()
    with transaction.atomic():
        if not _lock("pg_try_advisory_xact_lock", request, token, key):
            return _in_progress()
        if known := _known(request, token, key, now=now):
            return known
        response = run()
        if response.status_code >= 500:
            transaction.set_rollback(True)
        else:
            _keep(request, token, key, response, now=now)
    return response


def _beside(request: HttpRequest, token: ApiToken, key: str, run: Callable[[], HttpResponse]) -> HttpResponse:
    now = clock.now()
    if not _lock("pg_try_advisory_lock", request, token, key):
        return _in_progress()
    try:
        if known := _known(request, token, key, now=now):
            return known
        response = run()
        _keep(request, token, key, response, now=now)
        return response
    finally:
        with contextlib.suppress(Exception):  # a lost connection has lost the lock too
            _lock("pg_advisory_unlock", request, token, key)


def _lock(function: str, request: HttpRequest, token: ApiToken, key: str) -> bool:
    name = "\n".join(("idempotency", str(token.pk), str(request.method), request.path, key))
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [number])
        row = cursor.fetchone()
    return bool(row and row[0])


def _rows(request: HttpRequest, token: ApiToken, key: str) -> Any:
    return IdempotencyKey.objects.filter(token=token, method=request.method, path=request.path[:500], key=key)


def _known(request: HttpRequest, token: ApiToken, key: str, *, now: dt.datetime) -> HttpResponse | None:
    known = _rows(request, token, key).filter(created_at__gt=now - KEPT_FOR).order_by("pk").first()
    if known is None:
        return None
    if known.body_hash != _fingerprint(request):
        return problem(
            409, "idempotency_conflict", _("This Idempotency-Key was used for another request. Take a new one.")
        )
    return HttpResponse(bytes(known.body), status=known.status, headers=known.headers)


def _keep(request: HttpRequest, token: ApiToken, key: str, response: HttpResponse, *, now: dt.datetime) -> None:
    if response.streaming or response.status_code in NOT_KEPT or response.status_code >= 500:
        return
    _rows(request, token, key).delete()  # one older than 24 h
    IdempotencyKey.objects.create(
        token=token,
        method=str(request.method),
        path=request.path[:500],
        key=key,
        body_hash=_fingerprint(request),
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body=response.content,
        created_at=now,
    )


def _fingerprint(request: HttpRequest) -> str:
    """Of what was asked: body and query (``?preview=1`` is another request)."""
    return hashlib.sha256(request.META.get("QUERY_STRING", "").encode() + b"\n" + request.body).hexdigest()


def _in_progress() -> HttpResponse:
    response = problem(409, "in_progress", _("The first request with this Idempotency-Key is still running."))
    response["Retry-After"] = RETRY_AFTER_S
    return response
