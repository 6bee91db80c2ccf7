"""What every page of the web needs to know: the club one works in, its switcher, the navigation."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from memberships import access, places
from memberships.models import Club, Role, User
from memberships.rights import Right, holds

SESSION_KEY = "club"


def person(request: HttpRequest) -> User | AnonymousUser:
    return request.user  # type: ignore[return-value]


def current_club(request: HttpRequest, right: Right | None = None) -> Club:
    """The club that the session is in, else the one in which the user's role reaches furthest (by name).

    Raises Http404 for a user without any role, PermissionDenied where the role lacks ``right``.
    """
    known: Club | None = getattr(request, "_club", None)
    if known is None:
        mine = access.own_clubs(person(request))
        wanted = request.session.get(SESSION_KEY, "")
        known = next((club for club in mine if club.slug == wanted), None)
        known = known or max(mine, key=lambda club: access.reach(person(request), club), default=None)
        if known is None:
            raise Http404
        request._club = known  # type: ignore[attr-defined]
    if right is not None:
        access.require(person(request), right, known)
    return known


def enter(request: HttpRequest, club: Club) -> None:
    """Makes ``club`` the current one: pages of an object lead into its club."""
    request._club = club  # type: ignore[attr-defined]
    if request.session.get(SESSION_KEY) != club.slug:
        request.session[SESSION_KEY] = club.slug


def start_url(role: str) -> str:
    """Where a role's day begins."""
    for page in places.start_pages:
        if role in page.roles:
            return reverse(page.url_name)
    return reverse("member_list")


def context(request: HttpRequest) -> dict[str, object]:
    """Template context: ``club clubs role nav search_url club_switch_url user_links prices``."""
    user = person(request)
    if not user.is_authenticated:
        return {}
    try:
        club = current_club(request)
    except Http404:
        return {"clubs": [], "nav": []}
    role = access.role_in(user, club)
    here = request.path
    nav: list[dict[str, object]] = []
    for item in sorted(places.navigation, key=lambda item: item.position):
        if role in item.roles:
            url = reverse(item.url_name)
            nav.append({"label": item.label, "url": url, "current": False, "key": item.key})
    within = [entry for entry in nav if here.startswith(str(entry["url"]))]
    if within:
        max(within, key=lambda entry: len(str(entry["url"])))["current"] = True
    return {
        "club": club,
        "clubs": access.own_clubs(user),
        "role": Role(role) if role else "",
        "nav": nav,
        "prices": holds(role, Right.READ_PRICES),
        "search_url": reverse("member_list"),
        "club_switch_url": reverse("switch_club"),
        "user_links": _user_links(role),
    }


def _user_links(role: str) -> list[dict[str, object]]:
    """What stands in the menu under the user's name."""
    if not role:
        return []
    links: list[dict[str, object]] = [{"label": Role(role).label, "url": reverse("profile")}]
    if holds(role, Right.READ_AUDIT):
        links.append({"label": _("Changes"), "url": reverse("audit_list")})
    return links
