"""The queue. PostgreSQL is the only truth: a task says *look now*, and sweepers look every minute anyway.

So a task that could not be published is no loss, and publishing must never hold up a web request: with Redis
down or frozen it gives up after half a second, and for a while does not try again.
"""

from __future__ import annotations

import time
from typing import Any

import redis
import structlog
from celery import Celery, Task, signals
from celery.result import AsyncResult
from celery.schedules import crontab
from django.conf import settings
from kombu.exceptions import OperationalError

log = structlog.get_logger("config.celery")

PAUSE_S = 10.0
HEARTBEAT_KEY = "ringback:worker"
HEARTBEAT_S = 15


class Nudge(Task):
    """The class of all our tasks. Publishing answers None where the broker could not be reached in time."""

    abstract = True
    _quiet_until = 0.0

    def apply_async(self, *args: Any, **kwargs: Any) -> AsyncResult | None:
        if time.monotonic() < Nudge._quiet_until:
            return None
        try:
            return super().apply_async(*args, **kwargs)
        except (OperationalError, redis.RedisError, OSError) as error:
            Nudge._quiet_until = time.monotonic() + PAUSE_S
            log.warning("broker_unreachable", task=self.name, error=type(error).__name__)
            return None


app = Celery("ringback", task_cls=Nudge)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # Static, in code. Entries: "name": {"task": "app.tasks.name", "schedule": crontab(...) or seconds}.
    "forget_idempotency_keys": {"task": "config.tasks.forget_idempotency_keys", "schedule": crontab(minute="7")},
    "sweep_queue": {"task": "calls.tasks.sweep_queue", "schedule": 30.0},
    "work_on_files": {"task": "memberships.tasks.work_on_files", "schedule": 60.0},
    "forget_old_files": {"task": "memberships.tasks.forget_old_files", "schedule": crontab(minute="23")},
    "plan_due_clubs": {"task": "calls.tasks.plan_due_clubs", "schedule": crontab(minute="*/5")},
}


def broker(timeout_s: float = 0.5) -> redis.Redis:
    """A direct connection to the broker that gives up in time."""
    url = settings.BROKER_URL.replace("redis+socket://", "unix://").replace("?virtual_host=", "?db=")
    return redis.Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=None, retry_on_timeout=False
    )


@signals.heartbeat_sent.connect
def _say_alive(**_kwargs: Any) -> None:
    """Every two seconds in each worker's main process."""
    try:
        with broker() as connection:
            connection.set(HEARTBEAT_KEY, "1", ex=HEARTBEAT_S)
    except redis.RedisError as error:
        log.warning("heartbeat_unsent", error=type(error).__name__)


def worker_is_alive() -> bool:
    """Whether a worker said so in the last 15 s. Raises redis.RedisError when the broker does not answer."""
    with broker() as connection:
        return bool(connection.exists(HEARTBEAT_KEY))
