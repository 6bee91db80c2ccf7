"""`manage.py erase_member`: a member's words go, the counts stay."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from config import clock
from memberships import erasing
from memberships.models import Club, Member
from memberships.rules.errors import Refused


class Command(BaseCommand):
    help = "Erase names, contacts and notes of a member, also inside the history. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("member", metavar="MEMBER", help="id or external_id")
        parser.add_argument("--club", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        named = options["member"]
        club = Club.objects.filter(slug=options["club"]).order_by("pk").first()
        if club is None:
            raise CommandError(f"There is no club {options['club']}.")
        wanted = Q(external_id=named)
        if named.isdecimal() and len(named) < 19:
            wanted |= Q(pk=int(named))
        found = list(Member.objects.filter(wanted, club=club).order_by("pk")[:2])
        if not found:
            raise CommandError(f"{club.name} has no member {named}.")
        if len(found) > 1:
            raise CommandError(f"{named} is the id of one member and the external_id of another: name it otherwise.")
        try:
            erasing.erase(member=found[0], now=clock.now(), by=None)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self.stderr.write(f"Erased: member {found[0].pk} of {club.name}.")
