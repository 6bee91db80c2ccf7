"""What the workers do for calls: *look now*. PostgreSQL knows what is due; running twice changes nothing."""

from __future__ import annotations

import structlog
from celery import shared_task

from calls import planning, queue
from config import clock

log = structlog.get_logger("calls.tasks")


@shared_task
def sweep_queue() -> dict[str, int]:
    """Twice a minute, so that all is made good within one: wakes calls whose instant has come, takes leases back."""
    return queue.sweep(now=clock.now())


@shared_task
def plan_due_clubs() -> list[str]:
    """Plans for each club whose day has begun without a plan. One that fails does not keep the others from theirs."""
    planned = []
    for club in planning.due(now=clock.now()):
        try:
            done = planning.plan_if_due(club=club, now=clock.now())
        except Exception:
            log.exception("plan_failed", club=club.slug)
            continue
        if done is not None:
            log.info("planned", club=club.slug, **done.as_json())
            planned.append(club.slug)
    return planned
