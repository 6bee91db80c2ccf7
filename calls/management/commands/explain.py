from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls import cards, policy
from calls.models import CallTask
from config import clock, words
from memberships import standing
from memberships.models import Club, Member


class Command(BaseCommand):
    """Says of a member: status, call tasks, and for each kind of call why they may or may not be rung."""

    help = "Status, tasks and the contact policy of a member, by kind of call."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("member", metavar="MEMBER", help="external_id, or the member's id")
        parser.add_argument("--club", required=True, metavar="SLUG")
        parser.add_argument("--at", metavar="INSTANT", help="with its offset (default: now)")
        parser.add_argument("--json", action="store_true", help="on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        club = Club.objects.filter(slug=options["club"]).order_by("pk").first()
        if club is None:
            raise CommandError(f"There is no club {options['club']}.")
        member = _find(club, options["member"])
        try:
            at = clock.instant(options["at"]) if options["at"] else clock.now()
        except clock.NotAnInstant as error:
            raise CommandError(str(error)) from error
        told = explained(club, member, at)
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False, default=_plain))
        else:
            self._tell(told)

    def _tell(self, told: dict[str, Any]) -> None:
        say = self.stderr.write
        say(f"{told['name']} (id {told['member']}), {told['at']}")
        say(f"  status: {told['status'] or 'never a member'}")
        for task in told["tasks"]:
            say(
                f"  task {task['id']}: {task['kind']}, {task['status']}, due {_plain(task['due_at'])}: {task['reason']}"
            )
        for kind, answer in told["kinds"].items():
            say(f"  {kind}: {'may be rung' if answer['allowed'] else 'not now'}")
            for block in answer["blocks"]:
                until = f" (until {block['until']})" if block["until"] else ""
                say(f"    {block['code']}: {block['detail']}{until}")


def explained(club: Club, member: Member, at: dt.datetime) -> dict[str, Any]:
    """Everything that the command says, as plain values but for instants."""
    local = at.astimezone(club.zone)
    stands = standing.of_member(member=member, on=local.date())
    tasks = CallTask.objects.filter(member=member).select_related("club", "holder", "promised_to").order_by("-due_at")
    kinds = {}
    for kind, blocks in policy.why_all(member=member, at=at).items():
        shown = [
            {
                "code": block.code.value,
                "detail": words.said(block.sentence),
                "until": block.until.astimezone(club.zone).isoformat() if block.until else None,
            }
            for block in blocks
        ]
        kinds[kind.value] = {"allowed": not shown, "blocks": shown}
    return {
        "member": member.pk,
        "external_id": member.external_id,
        "name": member.name,
        "at": local.isoformat(),
        "status": stands.status.value if stands.status else None,
        "membership": stands.membership.pk if stands.membership else None,
        "tasks": [{**cards.task_of(task), "reason": words.said(cards.reason_of(task))} for task in tasks],
        "kinds": kinds,
    }


def _find(club: Club, text: str) -> Member:
    """By external id, else by id."""
    mine = Member.objects.filter(club=club).select_related("club")
    found = mine.filter(external_id=text).order_by("pk").first()
    if found is None and text.isdecimal() and len(text) < 19:
        found = mine.filter(pk=int(text)).order_by("pk").first()
    if found is None:
        raise CommandError(f"There is no member {text} in {club.slug}.")
    return found


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.datetime | dt.date) else str(value)
