"""Finds what a request names, with the right to it.

In the path and in ``club=``: a stranger's reads as missing (404), a colleague without the right is told so (403).
In a body: a foreign id reads exactly as a missing one, a sentence at its field (422).
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from memberships import access
from memberships.models import Club, Member, Plan, User
from memberships.rights import Right

M = TypeVar("M", bound=Model)


def acting(request: Request) -> User:
    """Whose token it is."""
    return request.user  # type: ignore[return-value]


def body(request: Request, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The body of a request, checked. Raises 422 with a sentence by field."""
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    return checked.validated_data


def query(request: Request, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """What the address asks for, checked. Raises 422 with a sentence by parameter."""
    checked = serializer(data=request.query_params.dict())
    checked.is_valid(raise_exception=True)
    return checked.validated_data


def refuse(field: str, text: object) -> serializers.ValidationError:
    """What to raise for a value that could never be right."""
    return serializers.ValidationError({field: [text]})


def require_somewhere(user: User, right: Right) -> None:
    """Raises 403 for a user who has the right in no club, whatever the body names."""
    if not access.club_ids(user, right):
        raise PermissionDenied


# ---- clubs -----------------------------------------------------------------------------------------------


def club(request: Request, right: Right, slug: str | None) -> Club:
    """The club that ``club=`` names; may be left out by who works in one club only.

    Raises 404 for a club that is not there or not theirs, 403 without the right, 422 where it must be named.
    """
    user = acting(request)
    if slug is not None:
        return access.club(user, slug, right)
    require_somewhere(user, right)
    found = list(access.clubs(user, right)[:2])
    if len(found) > 1:
        raise refuse("club", _("You work in several clubs: name one."))
    return found[0]


def club_or_of_member(request: Request, right: Right, slug: str | None, member: int | None) -> Club | None:
    """The club of a list that ``club=`` names or, without it, whose ``member=`` is asked for.

    None: nothing can fit, because the member is not there or not theirs. Raises what ``club`` raises.
    """
    if slug is not None or member is None:
        return club(request, right, slug)
    user = acting(request)
    require_somewhere(user, right)
    return access.clubs(user, right).filter(members=member).first()


def club_in_body(user: User, slug: str, right: Right, field: str = "club") -> Club:
    """A club that a body names. Raises 422 for one that is not there or not theirs, 403 without the right."""
    require_somewhere(user, right)
    found = access.clubs(user).filter(slug=slug).first()
    if found is None:
        raise refuse(field, _("There is no such club."))
    access.require(user, right, found)
    return found


# ---- objects in a body -----------------------------------------------------------------------------------


def member(user: User, named: int | str, right: Right, *, within: Club | None = None, field: str = "member") -> Member:
    """A member that a body names, by id or external id. Raises 422 where there is none, 403 without the right."""
    require_somewhere(user, right)
    rows = Member.objects.select_related("club").filter(club__in=list(access.roles(user)))
    if within is not None:
        rows = rows.filter(club=within)
    if isinstance(named, int):
        rows = rows.filter(pk=named) if 0 < named <= access.LARGEST_ID else rows.none()
    else:
        rows = rows.filter(external_id=named)
    found = list(rows.order_by("pk")[:2])
    if not found:
        raise refuse(field, _("There is no such member."))
    if len(found) > 1:
        raise refuse(field, _("Several of your clubs have this number: name the member by id."))
    access.require(user, right, found[0].club_id)
    return found[0]


def plan(within: Club, code: str, field: str = "plan") -> Plan:
    """A plan of a club by its code. Raises 422."""
    return one_of(Plan.objects.filter(club=within, code=code), _("There is no such plan."), field)


def one_of(rows: QuerySet[M], text: object, field: str) -> M:
    """The only one of these rows. Raises 422 where there is none."""
    found = rows.order_by("pk").first()
    if found is None:
        raise refuse(field, text)
    return found
