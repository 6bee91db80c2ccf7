"""Dialling: the attempt is committed before anything rings."""

from __future__ import annotations

import datetime as dt

from calls import policy, settling
from calls.models import CallAttempt, CallTask, TaskStatus
from calls.outcomes import recording
from calls.queue import NotYours
from calls.rules.policy import Block
from memberships import holding
from memberships.models import Member, User
from memberships.rules.errors import Conflict
from memberships.rules.sentences import N_, sentence


class Blocked(Conflict):
    """The member may not be rung any more; ``blocks`` says why. The card closes."""

    code = "blocked"

    def __init__(self, blocks: list[Block]) -> None:
        shown = [
            {"code": block.code.value, "detail": block.sentence, "until": block.until and block.until.isoformat()}
            for block in blocks
        ]
        super().__init__(blocks[0].sentence, extra={"blocks": shown})
        self.blocks = blocks


def dial(*, task: CallTask, operator: User, now: dt.datetime) -> CallAttempt:
    """Asks the policy once more, then stores the attempt: from then on the call counts. Dialling again, before the
    outcome is said, answers the same attempt.

    Raises Blocked, and then the task has left the operator's hands; NotYours.
    """
    with holding.operation(by=operator):
        member = Member.objects.select_for_update().get(pk=task.member_id)
        row = CallTask.objects.select_for_update().get(pk=task.pk)
        held = row.status == TaskStatus.LEASED and row.holder_id == operator.pk
        attempt = recording.dialled(row, operator, now) if held else None
        if attempt is not None and attempt.pk is not None:
            return attempt
        blocks = _blocks(row, member, now)
        if not blocks and attempt is not None:
            attempt.save(force_insert=True)
            row.attempts += 1
            row.call_live = True
            row.save(update_fields=["attempts", "call_live"])
            return attempt
        if held:
            settling.settle(tasks=[row.pk], now=now, held_by=operator)
    if blocks:
        raise Blocked(blocks)
    raise NotYours(sentence(N_("You do not hold this call.")))


def note(*, task: CallTask, operator: User, text: str) -> None:
    """Keeps what is typed during a call with its dial; before a dial and after its outcome there is nothing to keep.

    Whether it holds an amount is judged with the outcome.
    """
    words = text.strip()
    mine = CallAttempt.objects.filter(task=task, operator=operator, outcome="", same_dial_as=None)
    row = mine.order_by("-at").first()
    if row is not None and row.note != words:
        with holding.operation(by=operator):
            CallAttempt.objects.filter(pk=row.pk, outcome="").update(note=words)


def _blocks(task: CallTask, member: Member, now: dt.datetime) -> list[Block]:
    rules = policy.of_club(task.club_id)
    known = policy.facts([member.pk], at=now, policies={task.club_id: rules})
    return policy.of_task(task, known[member.pk], rules, at=now)
