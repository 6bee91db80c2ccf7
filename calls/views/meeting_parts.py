"""What meetings hang on pages of the memberships room: a button for a member, a part beside an offer."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from calls.models import Meeting, MeetingStatus
from memberships import access, frame
from memberships.models import Member, Quote
from memberships.places import Action, OfferSide
from memberships.rights import Right
from memberships.rules import local_time

COMES_EARLY = dt.timedelta(minutes=60)


def actions(*, request: HttpRequest, member: Member, now: dt.datetime) -> list[Action]:
    """Booking a meeting, on the member's page."""
    may = access.may(frame.person(request), Right.BOOK_MEETINGS, member.club)
    if not may or member.merged_into_id is not None or member.deceased_on is not None:
        return []
    return [Action(_("Meeting"), reverse("meeting_book", args=[member.pk]), "calendar-plus", "M", position=20)]


def beside_offer(*, request: HttpRequest, quote: Quote, now: dt.datetime) -> OfferSide | None:
    """The meeting that the member is in, or came from today: selling the offer closes it."""
    zone = quote.club.zone
    today = local_time.local_day(now, zone)
    here = (
        Meeting.objects.filter(
            member=quote.member_id,
            status__in=[MeetingStatus.SCHEDULED, MeetingStatus.ATTENDED],
            closed_at=None,
            starts_at__gte=local_time.first_instant(today, zone),
            starts_at__lte=now + COMES_EARLY,
        )
        .select_related("attempt")
        .order_by("starts_at")
        .last()
    )
    if here is None or not access.may(frame.person(request), Right.HOLD_MEETINGS, quote.club):
        return None
    said = here.attempt.note if here.attempt else ""
    return OfferSide(
        "calls/_offer_meeting.html", {"meeting": here, "said": said}, reverse("meeting_renewed", args=[here.pk])
    )
