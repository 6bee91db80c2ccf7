from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import authentication, clock


class Command(BaseCommand):
    """Prints a new API token; it acts as the user, and cannot be shown again."""

    help = "Prints a new API token of a user: the last line of standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="login name")

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model()._default_manager
        user = users.filter(username=options["user"]).order_by("pk").first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}. Make one: manage.py add_staff {options['user']} …")
        if not user.is_active:
            raise CommandError(f"{options['user']} may no longer log in.")
        token = authentication.issue(user, now=clock.now())
        self.stderr.write(f"A new token that acts as {options['user']}. Keep it safe: it is shown this once.")
        self.stdout.write(token)
