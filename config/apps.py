from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    """The frame of the house: clock, queue, web and API frame."""

    name = "config"

    def ready(self) -> None:
        from config import celery, grants  # noqa: F401  (shared tasks belong to this Celery app)

        post_migrate.connect(grants.after_migrate, sender=self)
