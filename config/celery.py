"""The queue. PostgreSQL is the only truth: a task says *look now*, and sweepers look every minute anyway."""

from __future__ import annotations

from celery import Celery

app = Celery("ringback")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
