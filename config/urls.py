"""All addresses: the apps' own, the login's, the API's, and those of whoever watches over the system."""

from __future__ import annotations

import allauth.account.urls
import allauth.mfa.urls
from django.conf.urls.i18n import urlpatterns as i18n_urls
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from config import health, schema, second_factor
from config.access import Policy, declare, public

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

OPEN_ACCOUNT_PAGES = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}


@public("there is no such page")
def closed(request: HttpRequest, **_: str) -> HttpResponse:
    """In place of allauth's pages that Ringback does not offer (sign-up above all) but allauth links to."""
    raise Http404


def account_pages() -> list[URLPattern | URLResolver]:
    return [
        page if page.name in OPEN_ACCOUNT_PAGES else URLPattern(page.pattern, closed, name=page.name)
        for page in allauth.account.urls.urlpatterns
    ]


ENTRANCE = Policy(public=True, why="the way in, and out; each page asks for the login that it needs")

api_patterns: list[URLPattern | URLResolver] = [
    path("openapi.json", schema.openapi, name="openapi"),
    path("docs", schema.docs, name="api_docs"),
    path("", include("memberships.api")),
    path("", include("calls.api")),
    path("", include("onboarding.api")),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/second-factor/", second_factor.second_factor, name="second_factor"),
    path("accounts/", include(declare(account_pages(), ENTRANCE))),
    path("accounts/2fa/", include(declare(allauth.mfa.urls.urlpatterns, ENTRANCE))),
    path("i18n/", include(declare(i18n_urls, Policy(public=True, why="a language is nobody's secret")))),
    path("api/v1/", include(api_patterns)),
    path("", include("memberships.urls")),
    path("", include("calls.urls")),
    path("", include("onboarding.urls")),
]
