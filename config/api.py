"""The frame of the API: what a body may be, how often, and how lists page.

Views are functions: ``@policy(Right.X)`` above ``@api_view([...])``. Authentication, errors, throttling and
``Idempotency-Key`` hold for all of them without a word in the view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from django.core.cache import caches
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import inline_serializer
from rest_framework import exceptions, parsers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from config.paging import BadCursor, By, keyset

DEFAULT_LIMIT, HIGHEST_LIMIT = 50, 200


class JSONParser(parsers.JSONParser):
    """JSON whose texts the database can hold: no NUL, no half of a surrogate pair."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(_("The JSON is nested too deeply.")) from None
        if not _storable(data):
            raise exceptions.ParseError(_("A text holds a character that is none."))
        return data


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return all(_storable(key) and _storable(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(_storable(inner) for inner in value)
    return True


class TokenThrottle(SimpleRateThrottle):
    """So many requests per token and web process."""

    scope = "token"
    cache = caches["process"]

    def get_cache_key(self, request: Request, view: object) -> str | None:
        return f"throttle:{request.auth.pk}" if request.auth else None


# --- pages


def page(request: Request, rows: QuerySet[Any], serialize: Callable[[Any], Any], *, order: Sequence[By]) -> Response:
    """One page of a list: ``{"results": [...], "next": URL or null}`` by ``limit`` and ``cursor``.

    ``order`` as for ``paging.keyset``; it ends with the primary key.
    Raises 400 for a cursor that this list never gave, 422 for a limit that is not 1 to 200.
    """
    limit, cursor = page_limit(request), request.query_params.get("cursor", "")
    try:
        found = keyset(rows, order, after=cursor, size=limit)
    except BadCursor as error:
        raise exceptions.ParseError(str(error)) from error
    if cursor and found.first <= 1:  # what followed is gone: an end, not the beginning again
        return Response({"results": [], "next": None})
    following = None
    if found.after:
        query = request.query_params.copy()
        query["cursor"] = found.after
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"results": [serialize(row) for row in found.rows], "next": following})


def listed(request: Request, rows: Sequence[Any], serialize: Callable[[Any], Any]) -> Response:
    """One page of a list that is worked out as a whole, in the same shape; its cursor is a place in it."""
    limit, cursor = page_limit(request), request.query_params.get("cursor", "0")
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise exceptions.ParseError(str(BadCursor()))
    start = int(cursor)
    following = None
    if len(rows) > start + limit:
        query = request.query_params.copy()
        query["cursor"] = str(start + limit)
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"results": [serialize(row) for row in rows[start : start + limit]], "next": following})


def page_limit(request: Request) -> int:
    """The ``limit`` of the query, 50 where none is given."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= HIGHEST_LIMIT):
        raise exceptions.ValidationError({"limit": [_("A limit is a whole number from 1 to 200.")]})
    return int(text)


def page_of(serializer: type[serializers.BaseSerializer[Any]]) -> serializers.BaseSerializer[Any]:
    """The schema of a page, for ``@extend_schema(responses=page_of(MemberSerializer))``."""
    name = serializer.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page", {"results": serializer(many=True), "next": serializers.URLField(allow_null=True)}
    )
