"""The frame's own tasks."""

from __future__ import annotations

from celery import shared_task

from config import clock, idempotency


@shared_task
def forget_idempotency_keys() -> int:
    """Delete the first answers that are older than 24 hours."""
    return idempotency.forget_old(now=clock.now())
