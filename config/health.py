"""Is it up: ``/healthz`` this process, ``/readyz`` what it stands on, ``/metrics`` in numbers."""

from __future__ import annotations

import hmac

import redis
from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from config import celery
from config.access import public
from config.errors import UNAVAILABLE


@public("load balancers ask it, and it says nothing else")
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@public("load balancers ask it, and it says nothing else")
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Database, broker and worker answer; 503 when one does not."""
    parts = {"database": _database(), **_queue()}
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", **parts}, status=200 if ready else 503)


@public("guarded by its own token")
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus, for ``Authorization: Bearer METRICS_TOKEN``. Without such a token set there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    return ExportToDjangoView(request)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except UNAVAILABLE:
        return "unreachable"
    return "ok"


def _queue() -> dict[str, str]:
    try:
        alive = celery.worker_is_alive()
    except redis.RedisError:
        return {"broker": "unreachable", "worker": "unknown"}
    return {"broker": "ok", "worker": "ok" if alive else "silent"}
