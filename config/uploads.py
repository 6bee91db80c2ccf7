"""How much a request may bring: refused by its length, before any of it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config import errors

View = TypeVar("View", bound=Callable[..., Any])
MEGABYTE = 1 << 20


def takes_files(longest: Callable[[], int]) -> Callable[[View], View]:
    """Declare that a view takes uploads of ``longest()`` bytes, the form around them included."""

    def declare(view: View) -> View:
        view.longest_body = longest  # type: ignore[attr-defined]
        return view

    return declare


class LengthMiddleware:
    """Stands before everything that reads a body. A body of unknown length (chunked) is refused as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_rest: object) -> HttpResponse | None:
        longest = settings.LONGEST_BODY
        if hasattr(view, "longest_body") and request.user.is_authenticated:  # strangers bring no files
            longest = view.longest_body()
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length.isdecimal():
            return errors.length_required(request) if request.META.get("HTTP_TRANSFER_ENCODING") else None
        return errors.too_large(request, longest // MEGABYTE) if int(length) > longest else None
