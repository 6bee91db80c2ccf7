"""Fills the demo clubs, a handful of members at a time, so that pages answer meanwhile."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from config import clock
from config.demo import fill, staff, today
from memberships.models import Club

LOCK = 731_900
"""An advisory lock: only one process fills the demo clubs."""


class Command(BaseCommand):
    help = "Make the demo clubs with their logins and fill them with invented members. A second time does nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--members", type=int, default=1500, help="of the large club; the other has a twelfth")
        parser.add_argument("--staff-only", action="store_true", help="only the clubs, their plans and logins")

    def handle(self, *args: Any, members: int, staff_only: bool, **options: Any) -> None:
        if members < 1:
            raise CommandError("--members: a number above 0.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise CommandError("The demo clubs are being filled already.")
        try:
            for demo in staff.CLUBS:
                club = self._club(demo)
                if not staff_only and not today.is_ready(club):
                    self._fill(demo, club, members)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def _club(self, demo: staff.DemoClub) -> Club:
        club = Club.objects.filter(slug=demo.slug).order_by("pk").first()
        if club is not None:
            return club
        with transaction.atomic():
            return staff.make_club(demo, now=clock.now())

    def _fill(self, demo: staff.DemoClub, club: Club, members: int) -> None:
        count = max(1, round(members * demo.share))
        filler = fill.Filler(demo, club, now=fill.begun_at(club))
        filler.fill(count, progress=lambda done: self.stderr.write(f"  {demo.name}: {done} members", ending="\r"))
        planned = today.make_ready(demo, club, now=clock.now())
        self.stderr.write(f"{demo.name} is full: {count} members, {sum(planned.created.values())} new calls to make.")
