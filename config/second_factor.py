"""A manager or owner enrols a second factor at first login; in a demo they may press *later*."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.signals import authenticator_removed
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_http_methods

from config.access import policy

ENROLLED, LATER = "second_factor_enrolled", "second_factor_later"
OPEN_TO_ALL = ("/accounts/", "/static/", "/i18n/", "/api/", "/healthz", "/readyz", "/metrics", "/twilio/", "/m/")


class SecondFactorMiddleware:
    """Leads whoever still lacks the second factor that their role asks for to the page that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN_TO_ALL) or not is_missing(request):
            return self.get_response(request)
        page = reverse("second_factor")
        if request.headers.get("HX-Request"):
            return HttpResponse(status=403, headers={"HX-Redirect": page})
        return redirect(page)


def is_missing(request: HttpRequest) -> bool:
    """Whether the user's role asks for a second factor that they neither have nor may still put off."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.session.get(ENROLLED):
        return False
    user: Any = request.user
    if not user.is_authenticated or not import_string(settings.SECOND_FACTOR_NEEDED)(user):
        return False
    if settings.RINGBACK_DEMO and request.session.get(LATER):
        return False
    if is_mfa_enabled(user):
        request.session[ENROLLED] = True
        return False
    return True


@policy(why="every login has its own second factor")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Says why, and leads to enrolling; in a demo *later* puts it off for this session."""
    if request.method == "POST" and settings.RINGBACK_DEMO:
        request.session[LATER] = True
    if not is_missing(request):
        return redirect("/")
    return render(request, "account/second_factor.html", {"may_wait": settings.RINGBACK_DEMO})


@receiver(authenticator_removed)
def _look_again(request: HttpRequest, **_kwargs: Any) -> None:
    request.session.pop(ENROLLED, None)
