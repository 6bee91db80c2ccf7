"""Who may open a route: declared on the view, readable by the test that walks all routes.

The declaration lets nobody in by itself: besides the login it only names the right, and the view asks
``memberships.access`` for its objects with that right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Policy:
    """``right``: the right that it takes (an enum of memberships.rights); None: any login, or nobody's."""

    right: str | None = None
    public: bool = False
    why: str = ""


@dataclass(frozen=True)
class Route:
    """One address of the URLconf and who may open it (None: undeclared, which fails the build)."""

    pattern: str
    name: str | None
    view: Callable[..., Any]
    policy: Policy | None


def policy(right: str | None = None, *, why: str = "") -> Callable[[View], View]:
    """Declare that a view is for logins with ``right`` (none: for any login, ``why`` says why that is enough).

    A web view sends strangers to the login page; an API view (``@policy`` above ``@api_view``) answers 401.
    """

    def declare_on(view: View) -> View:
        if hasattr(view, "cls"):  # of the API: its authentication says 401
            return _declared(view, Policy(right=right, why=why))

        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated:
                return view(request, *args, **kwargs)
            if request.headers.get("HX-Request"):  # a fragment is no place for a login page
                login = redirect_to_login(request.headers.get("HX-Current-URL", "/"))
                return HttpResponse(status=401, headers={"HX-Redirect": login.url})
            return redirect_to_login(request.get_full_path())

        return _declared(guarded, Policy(right=right, why=why))  # type: ignore[return-value]

    return declare_on


def public(why: str) -> Callable[[View], View]:
    """Declare that a view is open to everybody, and why."""
    return lambda view: _declared(view, Policy(public=True, why=why))


def declare(patterns: Iterable[URLPattern | URLResolver], declared: Policy) -> list[URLPattern | URLResolver]:
    """The same patterns of somebody else's views, with a policy on each that has none."""
    patterns = list(patterns)
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            declare(pattern.url_patterns, declared)
        elif getattr(pattern.callback, "access_policy", None) is None:
            _declared(pattern.callback, declared)
    return patterns


def routes(patterns: Iterable[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[Route]:
    """Every route of the URLconf."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, where)
        else:
            view = pattern.callback
            yield Route(where, pattern.name, view, getattr(view, "access_policy", None))


def _declared(view: View, declared: Policy) -> View:
    view.access_policy = declared  # type: ignore[attr-defined]
    return view
