"""The only door to a club's objects: finds them and checks the right in one place.

No role in a club: 404 for everything of it, exactly as if it were not there. Wrong role: 403.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404

from memberships.models import Club, Employee, Promotion, Role, User
from memberships.rights import ORDER, Right, holds

M = TypeVar("M", bound=Model)
AnyUser = User | AnonymousUser

LARGEST_ID = 2**63 - 1


def roles(user: AnyUser) -> dict[int, str]:
    """The user's role by club id. An owner's reach is as wide as the clubs in which they own."""
    if not user.is_authenticated or not user.is_active:
        return {}
    return {employee.club_id: employee.role for employee in _employed(user)}


def own_clubs(user: AnyUser) -> list[Club]:
    """The clubs in which the user has a role, by name; read together with the roles, once a request."""
    return [employee.club for employee in _employed(user)] if roles(user) else []


def _employed(user: AnyUser) -> list[Employee]:
    known: list[Employee] | None = getattr(user, "_employed", None)
    if known is None:
        rows = Employee.objects.filter(user=user, active=True, role__in=list(ORDER)).select_related("club")
        known = user._employed = list(rows.order_by("club__name", "club_id"))  # type: ignore[union-attr]
    return known


def role_in(user: AnyUser, club: Club | int) -> str:
    """The user's role in a club, empty where there is none."""
    return roles(user).get(club if isinstance(club, int) else club.pk, "")


def reach(user: AnyUser, club: Club) -> int:
    """How far the user's role in a club reaches: an owner's furthest."""
    return ORDER.index(Role(role_in(user, club)))


def may(user: AnyUser, right: Right, club: Club | int) -> bool:
    return holds(role_in(user, club), right)


def clubs(user: AnyUser, right: Right | None = None) -> QuerySet[Club]:
    """The clubs in which the user has a role (that carries ``right``), by name."""
    ids = [club for club, role in roles(user).items() if right is None or holds(role, right)]
    return Club.objects.filter(pk__in=ids).order_by("name", "pk")


def club_ids(user: AnyUser, right: Right) -> list[int]:
    return [club for club, role in roles(user).items() if holds(role, right)]


def require(user: AnyUser, right: Right, club: Club | int) -> None:
    """Raises Http404 for a stranger to the club, PermissionDenied for a colleague without the right."""
    role = role_in(user, club)
    if not role:
        raise Http404
    if not holds(role, right):
        raise PermissionDenied


def club(user: AnyUser, slug: str, right: Right) -> Club:
    """A club by its slug."""
    found = Club.objects.filter(slug=slug, pk__in=list(roles(user))).order_by("pk").first()
    if found is None:
        raise Http404
    require(user, right, found)
    return found


def one(
    user: AnyUser, queryset: type[M] | QuerySet[M], pk: int | str, right: Right, *, club_path: str = "club_id"
) -> M:
    """An object of a club by its id, e.g. ``one(user, Member, 12, Right.READ_MEMBERS)``.

    ``club_path`` is the look-up of the club's id, e.g. ``"membership__club_id"`` for a freeze.
    Raises Http404 when it is missing or of a club where the user has no role, PermissionDenied for a wrong role.
    """
    rows = queryset if isinstance(queryset, QuerySet) else queryset._default_manager.all()
    theirs = rows.filter(**{f"{club_path}__in": list(roles(user))}).order_by("pk")
    return read(user, lambda number: theirs.filter(pk=number).first(), pk, right, club_path=club_path)


def read(
    user: AnyUser, find: Callable[[int], M | None], pk: int | str, right: Right, *, club_path: str = "club_id"
) -> M:
    """The same where ``find`` reads the object by its id, of whatever club: for statements that are built once."""
    try:
        number = int(pk)
    except (TypeError, ValueError):
        raise Http404 from None
    if not 0 < number <= LARGEST_ID:
        raise Http404
    found = find(number)
    if found is None:
        raise Http404
    owner: object = found
    for step in club_path.split("__"):
        owner = getattr(owner, step)
    require(user, right, int(owner))  # type: ignore[call-overload]
    return found


def id_in(text: str) -> int:
    """The id that an address or a form names; 0, which is nobody's, for whatever is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID))):
        return 0
    number = int(text)
    return number if number <= LARGEST_ID else 0


def promotion(user: AnyUser, pk: int) -> Promotion:
    """A promotion of one of the user's clubs by its id. Raises Http404; the caller asks for the right in its clubs."""
    if not 0 < pk <= LARGEST_ID:
        raise Http404
    found = Promotion.objects.filter(pk=pk, clubs__in=list(roles(user))).order_by("pk").distinct().first()
    if found is None:
        raise Http404
    return found


def is_operator(user: AnyUser, club: Club | int) -> bool:
    """True where the user must never see a price: no role above operator in this club."""
    return role_in(user, club) in ("", Role.OPERATOR)


def employee(user: AnyUser, club: Club) -> Employee | None:
    """The user's own employee in a club."""
    return Employee.objects.filter(club=club, user=user, active=True).order_by("pk").first()  # type: ignore[misc]


def supervises(user: AnyUser) -> bool:
    """A manager or owner of some club: asked for a second factor at login."""
    return any(role in (Role.MANAGER, Role.OWNER) for role in roles(user).values())
