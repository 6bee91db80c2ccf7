"""What Ringback says about itself: one line per request and task, without personal data.

A line names the route, never the path (members' links carry a signature), its query string or body; an
error its type and frames, in production never its message, which may quote the row it is about.
"""

from __future__ import annotations

import sys
import traceback
import uuid
from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware as StructlogMiddleware

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
]


class RequestMiddleware(StructlogMiddleware):
    """One ``request_finished`` line per request: route, status, user id, request id."""

    def format_request(self, request: HttpRequest) -> str:
        match = request.resolver_match
        return f"{request.method} /{match.route}" if match else f"{request.method} -"

    def prepare(self, request: HttpRequest) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)

    def bind_user_id(self, request: HttpRequest) -> None:
        """Of a user who is known already: a log line must not cost a query, or fail with the database."""
        user = request.__dict__.get("_cached_user")
        if user is not None and user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=user.pk)


def frames_only(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Structlog processor: an exception becomes its types and frames, without its words."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1]
    chain = []
    while error is not None and len(chain) < 5:
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        chain.append({"type": f"{type(error).__module__}.{type(error).__qualname__}", "frames": frames[-30:]})
        error = error.__cause__ or error.__context__
    event["exception"] = chain
    return event


def configuration(*, json: bool) -> dict[str, Any]:
    """Settings' LOGGING; ``json``: for machines (production), else for a person at a terminal."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    for_people = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    renderer: list[Any] = [frames_only, structlog.processors.JSONRenderer()] if json else [for_people]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
                "foreign_pre_chain": SHARED_PROCESSORS,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO" if json else "WARNING"},
        "loggers": {
            "config": {"level": "INFO"},
            # They repeat our line, with the path in it.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "CRITICAL"},
            "axes": {"level": "ERROR"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "fontTools": {"level": "WARNING"},
        },
    }


def start_sentry(dsn: str, environment: str) -> None:
    """Report errors to Sentry: no bodies, no query strings, no local variables, no user."""
    import sentry_sdk

    def strip(event: Any, _hint: object) -> Any:
        request = event.get("request", {})
        for name in ("query_string", "cookies", "headers", "data", "url", "env"):
            request.pop(name, None)
        for error in event.get("exception", {}).get("values", []):
            error.pop("value", None)
        event.pop("user", None)
        event.pop("breadcrumbs", None)
        return event

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=strip,
    )
