"""Somebody at a browser, for tests of pages."""

from __future__ import annotations

from django.test import Client

from config.second_factor import ENROLLED
from memberships.models import User


def browser(user: User | None) -> Client:
    """A browser in which the user is logged in, with their second factor where they need one; None: a passer-by."""
    client = Client()
    if user is not None:
        client.force_login(user)
        session = client.session
        session[ENROLLED] = True
        session.save()
    return client
