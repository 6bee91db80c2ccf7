"""Making a club, and adding the people who work in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import holidays
import phonenumbers
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from memberships import places
from memberships.models import Club, ClubPolicy, Employee, Role, User
from memberships.rules.errors import Invalid

HOST_ROLES = frozenset({Role.ADMINISTRATOR, Role.MANAGER})


class ClubRefused(Invalid):
    """The club cannot be made as it was described; ``fields`` says why."""


class StaffRefused(Invalid):
    """The person cannot be added like this; ``fields`` says why."""


@dataclass(frozen=True)
class Added:
    """Who was added where. ``replaced`` names the earlier role by the slug of each club where it changed."""

    user: User
    employees: list[Employee]
    new_user: bool
    replaced: dict[str, str] = field(default_factory=dict)


def add_club(
    *,
    slug: str,
    name: str,
    timezone: str,
    country: str,
    currency: str,
    now: dt.datetime,
    region: str = "",
    language: str = "en",
    phone: str = "",
) -> Club:
    """Make a club with its policy and what each room keeps per club; who owns all other clubs owns it too.

    Raises ClubRefused with a sentence for each field that cannot be right.
    """
    club = Club(
        slug=slug,
        name=name.strip(),
        timezone=timezone,
        country=country.upper(),
        region=region,
        currency=currency.upper(),
        language=language,
        phone=phone,
    )
    problems = _problems(club)
    if problems:
        raise ClubRefused(next(iter(problems.values()))[0], fields=problems)
    with transaction.atomic():
        owners = _owners_of_all()
        club.save()
        ClubPolicy.objects.create(club=club)
        for owner in owners:
            Employee.objects.create(club=club, user=owner, name=str(owner), role=Role.OWNER)
        for part in places.club_parts:
            part(club=club, now=now)
    return club


def change_club(*, club: Club, changes: Mapping[str, str]) -> Club:
    """Change what a club is called and where its holidays are. Raises ClubRefused."""
    for name, value in changes.items():
        setattr(club, name, value)
    problems = _problems(club)
    if problems:
        raise ClubRefused(next(iter(problems.values()))[0], fields=problems)
    club.save(update_fields=sorted(changes))
    return club


def _problems(club: Club) -> dict[str, list[object]]:
    problems: dict[str, list[object]] = {}
    try:
        club.full_clean()
    except ValidationError as error:
        problems.update(error.message_dict)
    if "country" not in problems and club.country not in phonenumbers.SUPPORTED_REGIONS:
        problems["country"] = [_("%(code)s is not the code of a country.") % {"code": club.country}]
    if "currency" not in problems and not (len(club.currency) == 3 and club.currency.isalpha()):
        problems["currency"] = [_("A currency has three letters, like EUR.")]
    regions = holidays.list_supported_countries().get(club.country, [])
    if club.region and "country" not in problems and club.region not in regions:
        problems["region"] = [
            _("%(region)s is not a region of %(country)s that has its own holidays.")
            % {"region": club.region, "country": club.country}
        ]
    return problems


def _owners_of_all() -> list[User]:
    clubs = Club.objects.count()
    owned = Employee.objects.filter(role=Role.OWNER, active=True, user__is_active=True).values_list("user", flat=True)
    counts: dict[int, int] = {}
    for user in owned:
        counts[user] = counts.get(user, 0) + 1
    return list(User.objects.filter(pk__in=[user for user, count in counts.items() if count == clubs]).order_by("pk"))


def add_staff(
    *, username: str, role: str, club: Club | None = None, name: str = "", password: str | None = None
) -> Added:
    """Give a person a role in a club (an owner without a club: in all of them), with a login made where missing.

    An earlier role in the club is replaced. Without a password a new login can use the API only, and a known one
    keeps its own. Raises StaffRefused.
    """
    _check_staff(username, role, club)
    with transaction.atomic():
        clubs = [club] if club else list(Club.objects.order_by("pk"))
        if not clubs:
            raise StaffRefused(_("There is no club yet: add one first."))
        user, new_user = User.objects.select_for_update().get_or_create(username=username)
        _write_login(user, new_user=new_user, name=name, password=password)
        added = Added(user, [], new_user)
        for each in clubs:
            added.employees.append(_employ(user, each, role, name, added.replaced))
    return added


def _check_staff(username: str, role: str, club: Club | None) -> None:
    if role not in Role.values:
        text = _("%(role)s is not a role; choose operator, administrator, manager or owner.") % {"role": role}
        raise StaffRefused(text, fields={"role": [text]})
    if club is None and role != Role.OWNER:
        text = _("Say in which club: only an owner is one in all clubs.")
        raise StaffRefused(text, fields={"club": [text]})
    try:
        User._meta.get_field("username").run_validators(username)
    except ValidationError as error:
        raise StaffRefused(error.messages[0], fields={"username": error.messages}) from None


def _write_login(user: User, *, new_user: bool, name: str, password: str | None) -> None:
    if name:
        user.first_name, _space, user.last_name = name.partition(" ")
    if password:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise StaffRefused(" ".join(error.messages), fields={"password": error.messages}) from None
        user.set_password(password)
    elif new_user:
        user.set_unusable_password()
    user.save()


def _employ(user: User, club: Club, role: str, name: str, replaced: dict[str, str]) -> Employee:
    defaults = {"name": name or str(user), "role": role, "is_host": role in HOST_ROLES}
    employee, new = Employee.objects.get_or_create(club=club, user=user, defaults=defaults)
    if new:
        return employee
    if employee.role != role:
        replaced[club.slug] = employee.role
        employee.role, employee.is_host = role, role in HOST_ROLES
    employee.name = name or employee.name
    employee.active = True
    employee.save()
    return employee
