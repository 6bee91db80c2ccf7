from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls import planning
from calls.planning.preview import EXAMPLES, NUMBERS, Preview, preview
from config import clock
from memberships.models import Club


class Command(BaseCommand):
    """Ranks the members, then plans whom to ring; says what it made by kind and what it left out by code."""

    help = "Segments, then the planner: whom to ring on a day, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", type=_day, metavar="DATE", help="the club's day (default: today)")
        parser.add_argument("--club", metavar="SLUG", help="only this club (default: all)")
        parser.add_argument("--dry-run", action="store_true", help="say what it would do, and do nothing")
        parser.add_argument("--json", action="store_true", help="the result on standard output, by club")

    def handle(self, *args: Any, **options: Any) -> None:
        clubs = Club.objects.order_by("slug")
        if options["club"]:
            clubs = clubs.filter(slug=options["club"])
            if not clubs.exists():
                raise CommandError(f"There is no club {options['club']}.")
        results: dict[str, dict[str, object]] = {}
        for club in clubs:
            now = clock.now()
            on = options["on"] or now.astimezone(club.zone).date()
            if options["dry_run"]:
                foreseen = preview(club=club, on=on, now=now)
                results[club.slug] = {**foreseen.plan.as_json(), "members": _members(foreseen)}
                self._tell(club, foreseen.plan, foreseen)
            else:
                plan = planning.plan(club=club, on=on, now=now)
                results[club.slug] = plan.as_json()
                self._tell(club, plan)
        if options["json"]:
            shown = results[options["club"]] if options["club"] else results
            self.stdout.write(json.dumps(shown, ensure_ascii=False))

    def _tell(self, club: Club, plan: planning.Plan, foreseen: Preview | None = None) -> None:
        say = self.stderr.write
        say(f"{club.name}, {plan.on.isoformat()}{' (dry run, nothing stored)' if foreseen else ''}")
        say(f"  made: {_counts(plan.created)}")
        for label, count in (("raised to a new rung", plan.raised), ("opened again", plan.reopened)):
            if count:
                say(f"  {label}: {count}")
        say(f"  lapsed: {_counts(plan.lapsed)}")
        say(f"  left out: {_counts(plan.left_out)}")
        if plan.for_manager:
            say(f"  for the manager to ring: {plan.for_manager}")
        if plan.no_visits:
            say("  The club had no visit lately: nobody was asked for absence.")
        for kind, lines in foreseen.created.items() if foreseen else ():
            for line in lines[:EXAMPLES]:
                say(f"  e.g. {kind}: member {line.member}, {line.reason}")


def _members(foreseen: Preview) -> dict[str, object]:
    """The ids of the members behind each number, under the number's own name."""
    told: dict[str, object] = {}
    for number in NUMBERS:
        found = getattr(foreseen, number)
        if isinstance(found, Mapping):
            told[number] = {key: [line.member for line in lines] for key, lines in found.items()}
        else:
            told[number] = [line.member for line in found]
    return told


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is not a day; write it like 2026-11-02.") from error
