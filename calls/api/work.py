"""The desk over HTTP: planning, tasks, the next call, and what becomes of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls import backlog, callbacks, cards, dialling, outcomes, planning, presence, queue
from calls.api import policies, shapes
from calls.models import CallAttempt, CallTask, Kind, TaskStatus
from config import api, clock
from config.access import policy
from config.idempotency import own_transactions
from config.paging import By
from memberships import access
from memberships.api import fields, finding
from memberships.models import Club
from memberships.rights import Right

# ---- planning --------------------------------------------------------------------------------------------


class PlanBody(serializers.Serializer[Any]):
    club = fields.Text(max_length=50)
    on = fields.Day(required=False, allow_null=True, help_text="The club's day; today.")


class PlanRunSerializer(serializers.Serializer[planning.Plan]):
    created = serializers.DictField(child=serializers.IntegerField(), help_text="By kind.")
    raised = serializers.IntegerField()
    lapsed = serializers.DictField(child=serializers.IntegerField(), help_text="By cause.")
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="Members without a task, by code.")


@extend_schema(summary="Plan whom to ring", request=PlanBody, responses={200: PlanRunSerializer})
@policy(Right.SUPERVISE)
@api_view(["POST"])
def plan(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.SUPERVISE)
    data = finding.body(request, PlanBody)
    club = finding.club_in_body(user, data["club"], Right.SUPERVISE)
    now = clock.now()
    today = now.astimezone(club.zone).date()
    on = data.get("on") or today
    if not planning.may_plan(on, today=today):
        raise finding.refuse("on", _("A plan is made for a day of the last month or of the year ahead."))
    return Response(PlanRunSerializer(planning.plan(club=club, on=on, now=now)).data)


# ---- tasks -----------------------------------------------------------------------------------------------


class TasksQuery(fields.ClubQuery):
    status = serializers.ChoiceField(required=False, choices=TaskStatus.values)
    kind = serializers.ChoiceField(required=False, choices=Kind.values)
    member = fields.QueryId(required=False)


class CallbackBody(serializers.Serializer[Any]):
    member = fields.MemberField()
    due_at = fields.Instant()
    note = fields.Text(required=False, allow_blank=True, max_length=2000, default="")


@extend_schema(
    methods=["GET"],
    operation_id="tasks_list",
    summary="Call tasks",
    description="Supervisors see all; others those that they hold, held or promised, and with `member` all of theirs.",
    parameters=[TasksQuery],
    responses=api.page_of(shapes.TaskSerializer),
)
@extend_schema(
    methods=["POST"],
    summary="A callback asked for at the desk",
    request=CallbackBody,
    responses={201: shapes.TaskSerializer},
)
@policy(Right.WORK_QUEUE)
@api_view(["GET", "POST"])
def tasks(request: Request) -> Response:
    user = finding.acting(request)
    if request.method == "POST":
        finding.require_somewhere(user, Right.WORK_QUEUE)
        data = finding.body(request, CallbackBody)
        member = finding.member(user, data["member"], Right.WORK_QUEUE)
        task = callbacks.ask(member=member, due_at=data["due_at"], note=data["note"], by=user, now=clock.now())
        return Response(shapes.TaskSerializer(task).data, status=201)
    asked = finding.query(request, TasksQuery)
    club = finding.club_or_of_member(request, Right.WORK_QUEUE, asked.get("club"), asked.get("member"))
    rows = _rows().filter(club=club) if club else CallTask.objects.none()
    for name in ("status", "kind", "member"):
        if name in asked:
            rows = rows.filter(**{name: asked[name]})
    if club and "member" not in asked and not access.may(user, Right.SUPERVISE, club):
        rows = rows.filter(Q(holder=user) | Q(claimed_by=user) | Q(promised_to=user))
    return api.page(request, rows, shapes.TaskSerializer().to_representation, order=[By("pk")])


def _rows() -> QuerySet[CallTask]:
    return CallTask.objects.select_related("club", "member__club", "holder", "promised_to")


# ---- the queue -------------------------------------------------------------------------------------------


class NextBody(serializers.Serializer[Any]):
    club = fields.Text(required=False, allow_null=True, max_length=50)


class QueueQuery(serializers.Serializer[Any]):
    club = serializers.CharField(required=False, allow_blank=True, max_length=100)


class QueueSerializer(serializers.Serializer[Any]):
    """Why the queue is empty, and when it no longer is."""

    ready = serializers.IntegerField()
    leased = serializers.IntegerField()
    waiting = serializers.DictField(child=serializers.IntegerField(), help_text="How many wait, by code.")
    next_at = fields.Moment(club=None, allow_null=True)


@extend_schema(
    summary="The next call",
    request=NextBody,
    responses={200: shapes.NextSerializer, 204: OpenApiResponse(description="Nothing to ring: see calls/queue.")},
)
@policy(Right.WORK_QUEUE)
@api_view(["POST"])
def next_call(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.WORK_QUEUE)
    slug = finding.body(request, NextBody).get("club")
    clubs = [finding.club_in_body(user, slug, Right.WORK_QUEUE).pk] if slug else access.club_ids(user, Right.WORK_QUEUE)
    now = clock.now()
    task = queue.next_task(operator=user, clubs=clubs, now=now)
    presence.heard(operator=user, clubs=clubs, now=now)
    if task is None:
        return Response(status=204)
    found = cards.next_call(task=task, operator=user, now=now)
    return Response(shapes.NextSerializer(found | {"task": task}).data)


@extend_schema(
    summary="What the queue holds", operation_id="queue_retrieve", parameters=[QueueQuery], responses=QueueSerializer
)
@policy(Right.WORK_QUEUE)
@api_view(["GET"])
def queue_state(request: Request) -> Response:
    user = finding.acting(request)
    slug = finding.query(request, QueueQuery).get("club")
    if slug is not None:
        clubs = [access.club(user, slug, Right.WORK_QUEUE)]
    else:
        finding.require_somewhere(user, Right.WORK_QUEUE)
        clubs = list(access.clubs(user, Right.WORK_QUEUE))
    held = backlog.of(clubs=[club.pk for club in clubs], now=clock.now(), operator=user)
    next_at = held.next_at.astimezone(clubs[0].zone) if held.next_at else None
    shown = {"ready": held.ready, "leased": held.leased, "waiting": held.waiting, "next_at": next_at}
    return Response(QueueSerializer(shown).data)


# ---- a task in one's hands -------------------------------------------------------------------------------


class ReleaseBody(serializers.Serializer[Any]):
    why = fields.Text(allow_blank=True, max_length=200)


def _task(request: Request, pk: int) -> CallTask:
    return access.one(finding.acting(request), _rows(), pk, Right.WORK_QUEUE)


@extend_schema(summary="Hold a task on", request=None, responses={200: shapes.TaskSerializer})
@policy(Right.WORK_QUEUE)
@api_view(["POST"])
def extend(request: Request, pk: int) -> Response:
    user, task, now = finding.acting(request), _task(request, pk), clock.now()
    task = queue.extend(task=task, operator=user, now=now)
    presence.heard(operator=user, clubs=[task.club_id], now=now)
    return Response(shapes.TaskSerializer(task).data)


@extend_schema(
    summary="Give a task back",
    description="One's own; a supervisor takes somebody else's back too.",
    request=ReleaseBody,
    responses={200: shapes.TaskSerializer},
)
@policy(Right.WORK_QUEUE)
@api_view(["POST"])
def release(request: Request, pk: int) -> Response:
    user, task = finding.acting(request), _task(request, pk)
    why = finding.body(request, ReleaseBody)["why"]
    others = task.status == TaskStatus.LEASED and task.holder_id != user.pk
    if others and access.may(user, Right.SUPERVISE, task.club_id):
        queue.force_release(task=task, by=user, why=why, now=clock.now())
    else:
        queue.release(task=task, operator=user, why=why, now=clock.now())
    return Response(shapes.TaskSerializer(_task(request, pk)).data)


@extend_schema(summary="Dial", request=None, responses={200: shapes.AnyAttemptSerializer})
@policy(Right.WORK_QUEUE)
@own_transactions
@api_view(["POST"])
def dial(request: Request, pk: int) -> Response:
    """The contact policy is asked once more: 409 `blocked` with `blocks` where the member may not be rung now."""
    user, task = finding.acting(request), _task(request, pk)
    try:
        attempt = dialling.dial(task=task, operator=user, now=clock.now())
    except dialling.Blocked as error:
        error.extra["blocks"] = policies.shown_blocks(error.blocks, task.club)
        raise
    return Response(attempt_of(request, attempt, task.club))


@extend_schema(summary="Take one's last outcome back", request=None, responses={200: shapes.TaskSerializer})
@policy(Right.WORK_QUEUE)
@api_view(["POST"])
def undo(request: Request, pk: int) -> Response:
    task = outcomes.undo(task=_task(request, pk), operator=finding.acting(request), now=clock.now())
    return Response(shapes.TaskSerializer(task).data)


def attempt_of(request: Request, attempt: CallAttempt, club: Club) -> dict[str, Any]:
    """An attempt as the reader may see it."""
    operator = access.is_operator(finding.acting(request), club)
    shape = shapes.PhoneAttemptSerializer if operator else shapes.AttemptSerializer
    return shape(attempt).data
