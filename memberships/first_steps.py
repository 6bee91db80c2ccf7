"""What an empty system or club still lacks before the first call."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from memberships.imports import KINDS
from memberships.models import Club, Employee, Member, Plan


@dataclass(frozen=True)
class Step:
    """One thing to do: whether it is done, what is there, the command that does it, and the page that does it."""

    title: str
    done: bool
    text: str
    command: str = ""
    url: str = ""
    way: str = ""


def of(club: Club | None) -> list[Step]:
    """The steps in order, for a system without clubs (None) or a club."""
    slug = club.slug if club else "riverside"
    plans = Plan.objects.filter(club=club).count() if club else 0
    members = Member.objects.filter(club=club).count() if club else 0
    bring = reverse("import_new") if club else ""
    list_of = "clublist" if "clublist" in KINDS else "members"
    staff = Employee.objects.filter(club=club, active=True).exclude(role="").count() if club else 0
    return [
        Step(
            _("The club"),
            club is not None,
            f"{club.name} · {club.timezone} · {club.country} · {club.currency}"
            if club
            else _("Its name, time zone, country and currency."),
            "manage.py add_club riverside --name Riverside --timezone Europe/Berlin --country DE --currency EUR",
        ),
        Step(
            _("Who works here"),
            staff > 0,
            ngettext("%(n)s person with a login.", "%(n)s people with a login.", staff) % {"n": staff}
            if staff
            else _("The first owner; the password is read from standard input."),
            f"manage.py add_staff anna --role owner --club {slug} --name 'Anna Keller'",
        ),
        Step(
            _("What you sell"),
            plans > 0,
            ngettext("%(n)s plan.", "%(n)s plans.", plans) % {"n": plans}
            if plans
            else _("Plans with term, price and freeze days, then promotions."),
            f"manage.py import_data plans plans.csv --club {slug}",
            f"{bring}?kind=plans" if bring else "",
            _("Choose a file…"),
        ),
        Step(
            _("Your members"),
            members > 0,
            ngettext("%(n)s member.", "%(n)s members.", members) % {"n": members}
            if members
            else _(
                "A list as you keep it in Excel is enough. Nothing is stored before you have seen what it reads as."
            ),
            f"manage.py import_data {list_of} members.csv --club {slug}",
            f"{bring}?kind={list_of}" if bring else "",
            _("Choose a file…"),
        ),
        Step(
            _("Plan the first calls"),
            False,
            _("Shows what would be rung before anybody rings."),
            f"manage.py plan_calls --club {slug} --dry-run",
        ),
    ]
