"""Fills the demo club, a handful of members at a time, so that pages answer meanwhile."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from calls import planning
from config import clock
from config.demo import checklists, fill
from memberships import segments
from memberships.models import Club, Member

SLUG, NAME = "riverside", "Riverside"
LOCK = 731_900
"""An advisory lock: only one process fills the demo club."""


class Command(BaseCommand):
    help = "Make the demo club with its logins and fill it with invented members. Does nothing once it is full."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--members", type=int, default=1500)
        parser.add_argument("--staff-only", action="store_true", help="only the club, its plans and logins")

    def handle(self, *args: Any, members: int, staff_only: bool, **options: Any) -> None:
        if members < 1:
            raise CommandError("--members: a number above 0.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise CommandError("The demo club is being filled already.")
        now = clock.now()
        club = Club.objects.filter(slug=SLUG).order_by("pk").first()
        if club is None:
            with transaction.atomic():
                club = fill.make_club(slug=SLUG, name=NAME, now=now)
                fill.make_staff(club, now=now)
        if staff_only or Member.objects.filter(club=club).count() >= members:
            return
        if Member.objects.filter(club=club).exists():
            raise CommandError("The demo club is half full: remove the folder var/ and start again.")
        fill.Filler(club, now=now).fill(members, progress=self._progress)
        fill.add_complaints(club, now=now)
        today = now.astimezone(club.zone).date()
        segments.rank(club=club, on=today)
        checklists.start_checklists(club, now=now, seed=fill.SEED)
        planned = planning.plan(club=club, on=today, now=now)
        self.stderr.write(f"The demo club is full: {members} members, {sum(planned.created.values())} calls to make.")

    def _progress(self, done: int) -> None:
        self.stderr.write(f"  {done} members", ending="\r")
