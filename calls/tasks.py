"""What the workers do for calls: *look now*. PostgreSQL knows what is due; running twice changes nothing."""

from __future__ import annotations

import structlog
from celery import shared_task

from calls import planning, queue
from config import clock

log = structlog.get_logger("calls.tasks")


@shared_task
def sweep_queue() -> dict[str, int]:
    """Each minute: wakes calls whose instant has come, takes lapsed leases back."""
    return queue.sweep(now=clock.now())


@shared_task
def plan_due_clubs() -> list[str]:
    """Plans for each club whose day has begun without a plan. One that fails does not keep the others from theirs."""
    planned = []
    for club in planning.due(now=clock.now()):
        now = clock.now()
        try:
            done = planning.plan(club=club, on=now.astimezone(club.zone).date(), now=now)
        except Exception:
            log.exception("plan_failed", club=club.slug)
            continue
        log.info("planned", club=club.slug, **done.as_json())
        planned.append(club.slug)
    return planned
