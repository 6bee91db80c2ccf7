"""A meeting that was booked, and its addresses."""

from __future__ import annotations

from calls import meetings
from calls.models import Meeting
from tests import days

AT = days.at("2026-11-12T14:30")


def book(club, by, member, at=AT, **more):
    host = more.pop("host", None) or by.employees.get()
    return meetings.book(club=club, member=member, host=host, starts_at=at, by=by, now=days.NOW, **more)


def url(meeting: Meeting, verb: str = "") -> str:
    return f"/meetings/{meeting.pk}/{verb}"
