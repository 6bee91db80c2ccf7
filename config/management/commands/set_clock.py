from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import clock


class Command(BaseCommand):
    """Moves the clock of a running demo system; all its processes follow within about a second."""

    help = "Demo only: moves the system's clock while it runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("instant", metavar="INSTANT", help="with its offset, e.g. 2027-01-15T10:00:00+01:00")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            instant = clock.instant(options["instant"])
            clock.move(instant)
        except clock.NotAnInstant as error:
            raise CommandError(str(error)) from error
        except clock.NotADemoSystem as error:
            raise CommandError("This is no demo system (RINGBACK_DEMO=1): its clock is not moved.") from error
        self.stderr.write(f"It is now {instant.isoformat()}.")
