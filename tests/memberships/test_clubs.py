"""Making clubs and adding staff, by operation and by command."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from memberships import clubs, places
from memberships.models import Club, Employee, Role, User
from tests import days, factories
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

BERLIN = {
    "slug": "mitte", "name": "Mitte", "timezone": "Europe/Berlin", "country": "DE", "region": "BE", "currency": "EUR",
}  # fmt: skip


def test_club_is_made_with_its_policy_and_the_parts_of_every_room(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Club] = []
    monkeypatch.setattr(places, "club_parts", [lambda club, now: made.append(club)])
    club = clubs.add_club(now=days.NOW, **{**BERLIN, "country": "de", "currency": "eur"})
    assert (club.country, club.currency, club.zone.key) == ("DE", "EUR", "Europe/Berlin")
    assert club.policy.grace_days == 30
    assert made == [club]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "two words"),
        ("slug", ""),
        ("name", ""),
        ("timezone", "Berlin"),
        ("country", "XX"),
        ("country", "DEU"),
        ("currency", "EURO"),
        ("currency", "E1R"),
        ("region", "XY"),
    ],
)
def test_club_that_cannot_be_right_is_refused_by_field(field: str, value: str) -> None:
    with pytest.raises(clubs.ClubRefused) as refusal:
        clubs.add_club(now=days.NOW, **{**BERLIN, field: value})
    assert list(refusal.value.fields) == [field]
    assert not Club.objects.exists()


def test_short_name_belongs_to_one_club() -> None:
    clubs.add_club(now=days.NOW, **BERLIN)
    with pytest.raises(clubs.ClubRefused):
        clubs.add_club(now=days.NOW, **BERLIN)


def test_who_owns_all_clubs_owns_a_new_one() -> None:
    first = factories.make_club("first")
    boss = factories.make_user(first, "owner", "boss")
    second = clubs.add_club(now=days.NOW, **BERLIN)
    assert Employee.objects.get(club=second).user == boss
    third = factories.make_club("third")
    factories.make_user(third, "owner", "partner")
    fourth = factories.make_club("fourth")
    assert [employee.user for employee in fourth.employees.all()] == [boss]


def test_person_gets_a_login_and_a_role() -> None:
    club = factories.make_club()
    added = clubs.add_staff(username="olga", role="administrator", club=club, name="Olga Maier", password=PASSWORD)
    [employee] = added.employees
    assert (employee.name, employee.role, employee.is_host) == ("Olga Maier", "administrator", True)
    assert (added.user.first_name, added.user.last_name, added.new_user) == ("Olga", "Maier", True)
    assert added.user.check_password(PASSWORD)


def test_role_given_again_replaces_the_role_and_keeps_the_password() -> None:
    club = factories.make_club()
    factories.make_user(club, "manager", "olga")
    added = clubs.add_staff(username="olga", role="operator", club=club)
    assert (added.new_user, added.replaced) == (False, {club.slug: "manager"})
    employee = Employee.objects.get()
    assert (employee.role, employee.is_host, employee.name) == ("operator", False, "Olga")
    assert added.user.check_password(PASSWORD)


def test_same_role_again_keeps_what_was_said_of_the_host() -> None:
    club = factories.make_club()
    factories.make_user(club, "manager", "olga")
    Employee.objects.update(is_host=False)
    assert clubs.add_staff(username="olga", role="manager", club=club).replaced == {}
    assert not Employee.objects.get().is_host


def test_who_left_and_comes_back_works_here_again() -> None:
    club = factories.make_club()
    factories.make_user(club, "manager", "olga")
    Employee.objects.update(active=False)
    clubs.add_staff(username="olga", role="manager", club=club)
    assert Employee.objects.get().active


def test_owner_without_a_club_owns_all() -> None:
    factories.make_club("first")
    factories.make_club("second")
    clubs.add_staff(username="boss", role="owner")
    assert Employee.objects.filter(user__username="boss", role=Role.OWNER).count() == 2


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"username": "olga", "role": "chef"}, "role"),
        ({"username": "olga", "role": "operator"}, "club"),
        ({"username": "two words", "role": "owner"}, "username"),
        ({"username": "olga", "role": "owner", "password": "short"}, "password"),
    ],
)
def test_staff_that_cannot_be_right_is_refused(options: dict[str, str], field: str) -> None:
    factories.make_club()
    with pytest.raises(clubs.StaffRefused) as refusal:
        clubs.add_staff(**options)
    assert list(refusal.value.fields) == [field]
    assert not User.objects.exists()


def test_owner_of_nothing_is_refused() -> None:
    with pytest.raises(clubs.StaffRefused, match="no club yet"):
        clubs.add_staff(username="boss", role="owner")


# ---- commands --------------------------------------------------------------------------------------------


def run(command: str, *arguments: str, stdin: str = "") -> str:
    out = io.StringIO()
    more = {"stdin": io.StringIO(stdin)} if command == "add_staff" else {}
    call_command(command, *arguments, stdout=out, **more)
    return out.getvalue()


def test_first_steps_of_an_empty_system() -> None:
    flags = ("--timezone", "America/Chicago", "--country", "US", "--currency", "USD")
    assert "mf" in run("add_club", "mf", "--name", "Model Fitness", *flags)
    assert run("add_staff", "vera", "--role", "owner", stdin=f"{PASSWORD}\n") == "vera is owner of Model Fitness.\n"
    assert User.objects.get(username="vera").check_password(PASSWORD)
    said = run("add_staff", "robot", "--role", "operator", "--club", "mf")
    assert "API only" in said
    assert not User.objects.get(username="robot").has_usable_password()
    assert "(was operator)" in run("add_staff", "robot", "--role", "manager", "--club", "mf")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add_club", "m f", "--name", "M", "--timezone", "Mars", "--country", "US", "--currency", "USD"), "timezone"),
        (("add_staff", "olga", "--role", "operator", "--club", "nowhere"), "no club nowhere"),
        (("add_staff", "olga", "--role", "operator"), "in which club"),
    ],
)
def test_commands_say_what_is_wrong(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(*arguments)
