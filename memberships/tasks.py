"""What the workers do for memberships: *look now*. PostgreSQL knows what waits; running twice changes nothing."""

from __future__ import annotations

from celery import shared_task

from config import clock
from memberships import intake


@shared_task
def work_on_files() -> int:
    """Checks and loads the files that wait."""
    return intake.work(clock=clock.now)


@shared_task
def forget_old_files() -> int:
    """Removes files that are kept no longer."""
    return intake.forget_old(now=clock.now())
