"""The people who work in a club: added and changed by a manager.

Only an owner makes an owner or changes one; a club keeps its last owner where it has one, and nobody takes their
own role away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TypedDict

from django.core.exceptions import ValidationError

from memberships import holding
from memberships.clubs import HOST_ROLES, StaffRefused
from memberships.models import Club, Employee, Role, User
from memberships.rules.errors import Refused
from memberships.rules.sentences import N_, sentence


def _login_taken() -> StaffRefused:
    return _refused("user", N_("Another employee of the club has this login."))


holding.violations["employee_one_per_club_and_user"] = _login_taken


class OwnersOnly(Refused):
    """Owners are made and changed by owners."""

    code = "forbidden"
    status = 403


class Person(TypedDict, total=False):
    """What is said of an employee; what is left out stays as it is. ``user``: the name of the login, "" for none."""

    name: str
    user: str
    role: str
    is_host: bool
    active: bool


def add(*, club: Club, person: Person, by: User, owner: bool, now: dt.datetime) -> Employee:
    """Adds an employee; a login that is not there yet is made without a password. ``owner``: ``by`` owns the club.

    Raises StaffRefused, OwnersOnly.
    """
    with holding.operation(by=by):
        employee = Employee(club=club, is_host=person.get("role", "") in HOST_ROLES)
        _write(employee, person, by=by, owner=owner)
        return employee


def change(*, employee: Employee, person: Person, by: User, owner: bool, now: dt.datetime) -> Employee:
    """Changes an employee; one who becomes administrator or manager receives members unless told otherwise.

    Raises StaffRefused, OwnersOnly.
    """
    with holding.operation(by=by):
        row = Employee.objects.select_for_update().select_related("club").get(pk=employee.pk)
        if "role" in person and "is_host" not in person and person["role"] != row.role:
            row.is_host = row.is_host or person["role"] in HOST_ROLES
        _write(row, person, by=by, owner=owner)
        return row


def _write(employee: Employee, person: Person, *, by: User, owner: bool) -> None:
    was = employee.role
    becomes = person.get("role", was)
    if not owner and Role.OWNER in (was, becomes):
        raise OwnersOnly(sentence(N_("Only an owner makes an owner or changes one.")))
    leaves = employee.pk is not None and (becomes != was or not person.get("active", True))
    if leaves and employee.user_id == by.pk:
        raise _refused("role", N_("Nobody takes their own role away."))
    if becomes and becomes not in Role.values:
        raise _refused("role", N_("This is not a role."))
    employee.role = becomes
    employee.is_host = person.get("is_host", employee.is_host)
    employee.active = person.get("active", employee.active)
    if "user" in person:
        employee.user = _login(employee, person["user"].strip()) if person["user"].strip() else None
    employee.name = person.get("name", employee.name).strip()
    if employee.role and employee.user is None:
        raise _refused("user", N_("A role needs a login."))
    try:
        employee.clean_fields(exclude=["club", "user"])
    except ValidationError as error:
        raise StaffRefused(_first(error.message_dict.values()), fields=error.message_dict) from None
    employee.save()


def _login(employee: Employee, username: str) -> User:
    """The login of that name, made where it is missing; not one that another employee of the club has."""
    try:
        User._meta.get_field("username").run_validators(username)
    except ValidationError as error:
        raise StaffRefused(error.messages[0], fields={"user": error.messages}) from None
    user, new = User.objects.get_or_create(username=username)
    if new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if Employee.objects.filter(club=employee.club, user=user).exclude(pk=employee.pk).exists():
        raise _login_taken()
    return user


def _refused(field: str, text: str) -> StaffRefused:
    refusal = sentence(text)
    return StaffRefused(refusal, fields={field: [refusal]})


def _first(texts: Iterable[list[str]]) -> str:
    return next(iter(texts))[0]
