"""Every way in which a request fails, said once: as a page, as a fragment for htmx, or as problem+json."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import psycopg_pool
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from rest_framework import exceptions

from config.words import said

API_PREFIX = "/api/"
UNAVAILABLE = (OperationalError, InterfaceError, psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed)
RETRY_AFTER_S = "5"


def is_refusal(error: BaseException) -> bool:
    """Whether an error is an operation's refusal (memberships.rules.errors.Refused), known by its shape."""
    return all(hasattr(error, name) for name in ("code", "status", "message", "fields"))


def problem(
    status: int,
    code: str,
    detail: object = "",
    *,
    errors: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """An error of the API: application/problem+json with status, title, detail, code and errors by field."""
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"status": status, "title": title, "code": code, "detail": said(detail) or title}
    if errors:
        body["errors"] = {field: [said(sentence) for sentence in sentences] for field, sentences in errors.items()}
    body |= extra or {}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False, default=str), status=status, content_type="application/problem+json"
    )


# --- the API


def api_exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Django REST framework's hook. None: a defect, left to handler500."""
    if is_refusal(error):
        return refusal_problem(error)
    if isinstance(error, exceptions.ValidationError):
        return _invalid(_flatten(error.detail))
    if isinstance(error, ValidationError):
        return _invalid(error.message_dict if hasattr(error, "error_dict") else {"": error.messages})
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(404, "not_found", _("There is no such thing here."))
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return problem(403, "forbidden", _("Your role does not allow this."))
    if isinstance(error, SuspiciousOperation | BadRequest):
        return problem(400, "malformed", _("The request could not be read."))
    if isinstance(error, exceptions.APIException):
        return _framework_problem(error)
    return None


def refusal_problem(error: Any) -> HttpResponse:
    """Sentences by field where a field could never be right; what the state refuses is about no field alone."""
    errors = error.fields if error.status == HTTPStatus.UNPROCESSABLE_ENTITY else None
    return problem(error.status, error.code, error.message, errors=errors, extra=getattr(error, "extra", None))


def _framework_problem(error: exceptions.APIException) -> HttpResponse:
    status = error.status_code
    codes = {
        400: "malformed",
        401: "not_authenticated",
        405: "method_not_allowed",
        406: "not_acceptable",
        415: "unsupported_media_type",
        429: "throttled",
    }
    response = problem(status, codes.get(status, "invalid"), error.detail)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def _invalid(errors: dict[str, list[Any]]) -> HttpResponse:
    general = errors.pop("", [])
    first = general[0] if general else next(iter(errors.values()), [""])[0]
    return problem(422, "invalid", first, errors=errors)


def _flatten(detail: Any, path: str = "") -> dict[str, list[Any]]:
    """Sentences by field from a serializer's nested errors: ``{"meeting": {"host": […]}}`` → ``meeting.host``."""
    if isinstance(detail, Mapping):
        found: dict[str, list[Any]] = {}
        for name, inner in detail.items():
            general = name in ("non_field_errors", "__all__")
            found |= _flatten(inner, path if general else f"{path}.{name}".strip("."))
        return found
    if isinstance(detail, list) and any(isinstance(inner, Mapping | list) for inner in detail):
        found = {}
        for index, inner in enumerate(detail):
            if inner:
                found |= _flatten(inner, f"{path}.{index}".strip("."))
        return found
    return {path: list(detail) if isinstance(detail, list) else [detail]}


# --- pages


class RefusedMiddleware:
    """Turns a refusal that a web view let through into a page (or a fragment for htmx) with its sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path:
            return bad_request(request)  # PostgreSQL takes no NUL: it could match nothing
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        if request.method != "POST" or request.path.startswith(API_PREFIX):
            return None
        typed = (value for _name, values in request.POST.lists() for value in values)
        return bad_request(request) if any("\x00" in value for value in typed) else None  # nor does it keep one

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not is_refusal(error):
            return None
        if request.path.startswith(API_PREFIX):
            return refusal_problem(error)
        template = "includes/refused.html" if request.headers.get("HX-Request") else "refused.html"
        context = {"sentence": error.message, "back": _where_from(request)}  # type: ignore[attr-defined]
        return render(request, template, context, status=error.status)  # type: ignore[attr-defined]


def _where_from(request: HttpRequest) -> str:
    """The page of ours that the request came from."""
    referrer = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure())
    return referrer if ours else "/"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, "malformed", _("The request could not be read."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, "forbidden", _("Your role does not allow this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, 403, "forbidden", _("The form is too old: reload its page."), "403_csrf.html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404, "not_found", _("There is no such thing here."))


def too_large(request: HttpRequest, megabytes: int) -> HttpResponse:
    """413, from the length alone: nothing of the body was read."""
    detail = _("This is larger than %(n)s MB and was not read.") % {"n": megabytes}
    if request.path.startswith(API_PREFIX):
        return problem(413, "too_large", detail)
    return render(request, "413.html", {"sentence": detail}, status=413)


def length_required(request: HttpRequest) -> HttpResponse:
    """411: a body that does not say how long it is could be of any length."""
    detail = _("The request does not say how long it is (Content-Length), and was not read.")
    if request.path.startswith(API_PREFIX):
        return problem(411, "length_required", detail)
    return render(request, "413.html", {"sentence": detail}, status=411)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with Retry-After while the database is away. Asks the database nothing."""
    away = isinstance(sys.exc_info()[1], UNAVAILABLE)
    status = 503 if away else 500
    detail = _("The database does not answer. Try again in a moment.") if away else _("Something broke on our side.")
    if request.path.startswith(API_PREFIX):
        response = problem(status, "unavailable" if away else "server_error", detail)
    else:
        try:
            response = HttpResponse(loader.render_to_string("500.html", {"sentence": detail}), status=status)
        except Exception:  # the page of last resort must not fail
            response = HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8")
    if away:
        response["Retry-After"] = RETRY_AFTER_S
    return response


def _page(request: HttpRequest, status: int, code: str, detail: str, template: str = "") -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return problem(status, code, detail)
    return render(request, template or f"{status}.html", status=status)
