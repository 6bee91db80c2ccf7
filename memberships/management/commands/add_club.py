"""`manage.py add_club`: the first step of an empty system."""

from __future__ import annotations

from typing import Any

import pghistory
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import clock
from memberships import clubs
from memberships.rules.errors import Refused


class Command(BaseCommand):
    help = "Make a club."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="its short name in addresses, e.g. riverside")
        parser.add_argument("--name", required=True, help="its name")
        parser.add_argument("--timezone", required=True, help="e.g. Europe/Berlin")
        parser.add_argument("--country", required=True, help="two letters, e.g. DE: telephone numbers and holidays")
        parser.add_argument("--region", default="", help="a region with its own holidays, e.g. BE")
        parser.add_argument("--currency", required=True, help="three letters, e.g. EUR")

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("slug", "name", "timezone", "country", "region", "currency")
        try:
            with pghistory.context(command="add_club"):
                club = clubs.add_club(now=clock.now(), **{name: options[name] for name in names})
        except Refused as refusal:
            lines = [f"{field}: {' '.join(map(str, why))}" for field, why in refusal.fields.items()]
            raise CommandError("\n".join(lines or [str(refusal.message)])) from refusal
        self.stdout.write(f"{club.name} ({club.slug}) is there. Next: manage.py add_staff USER --role owner")
