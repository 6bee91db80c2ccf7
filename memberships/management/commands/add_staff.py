"""`manage.py add_staff`: gives a person a role, with a login."""

from __future__ import annotations

import getpass
import sys
from typing import Any, TextIO

import pghistory
from django.core.management.base import BaseCommand, CommandError, CommandParser

from memberships import clubs
from memberships.models import Club, Role
from memberships.rules.errors import Refused


class Command(BaseCommand):
    help = "Give a person a role in a club. The password is read from standard input; none: the API only."
    stealth_options = ("stdin",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="the login")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--club", default="", metavar="SLUG", help="which club (an owner: all of them)")
        parser.add_argument("--name", default="", help="the person's name")

    def handle(self, *args: Any, **options: Any) -> None:
        club = None
        if options["club"]:
            club = Club.objects.filter(slug=options["club"]).order_by("pk").first()
            if club is None:
                raise CommandError(f"There is no club {options['club']}.")
        password = _password(options.get("stdin") or sys.stdin)
        try:
            with pghistory.context(command="add_staff"):
                added = clubs.add_staff(
                    username=options["user"],
                    role=options["role"],
                    club=club,
                    name=options["name"],
                    password=password,
                )
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        for employee in added.employees:
            was = added.replaced.get(employee.club.slug)
            replaced = f" (was {was or 'without a role'})" if was is not None else ""
            self.stdout.write(f"{added.user.username} is {employee.role} of {employee.club.name}{replaced}.")
        if added.new_user and not password:
            self.stdout.write("No password: this login can use the API only, with a token of manage.py api_token.")


def _password(stdin: TextIO) -> str:
    """The first line of standard input, or what is typed at a terminal."""
    if stdin.isatty():
        return getpass.getpass("Password (empty: API only): ")
    return stdin.readline().rstrip("\r\n")
