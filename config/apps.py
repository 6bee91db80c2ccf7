from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The frame of the house: clock, queue, web and API frame."""

    name = "config"

    def ready(self) -> None:
        from config import celery  # noqa: F401  (shared tasks belong to this Celery app)
