"""What the frame itself stores: the clock's offset, API tokens, first answers by Idempotency-Key."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class ClockOffset(models.Model):
    """By how much the clock of a demo system is moved. At most one row; real systems have none."""

    offset = models.DurationField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="clock_offset_one_row")]


class ApiToken(models.Model):
    """A key to the API that acts as its user. Only the token's SHA-256 is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()


class IdempotencyKey(models.Model):
    """The first answer to a POST, given again for 24 hours. Written in the transaction of what it did."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="idempotency_keys")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "method", "path", "key"], name="idempotency_key_once")]
