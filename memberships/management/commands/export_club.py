"""`manage.py export_club DIR --club SLUG`: a club's files out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import clock
from memberships import exports
from memberships.models import Club
from memberships.rules.errors import Refused


class Command(BaseCommand):
    help = (
        "Write a club's files into a new or empty folder, as import_data reads them: loaded in the order named, out"
        " and in again is the same club. Members and memberships without a number get one, and keep it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", metavar="DIR", type=Path, help="a new or empty folder")
        parser.add_argument("--club", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        club = Club.objects.filter(slug=options["club"]).order_by("pk").first()
        if club is None:
            raise CommandError(f"There is no club {options['club']}.")
        now = clock.now()
        try:
            exports.write(club=club, to=options["dir"], now=now, progress=self._tell)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self.stderr.write(
            f"{club.name} is in {options['dir']}. Load the files in this order, with"
            f" --as-of {now.astimezone(club.zone).date().isoformat()} when that is no longer today."
        )

    def _tell(self, name: str, rows: int) -> None:
        self.stderr.write(f"{name}.csv: {rows:,} rows")
