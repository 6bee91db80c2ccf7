"""The refusal reasons that every club begins with (§7): two levels, each in the one group that can act on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from memberships.rules.sentences import N_


class Group(StrEnum):
    """Who can act on a refusal."""

    CLUB = "club"
    MEMBER = "member"
    COMPETITOR = "competitor"
    UNSAID = "unsaid"


GROUP_LABELS: dict[Group, str] = {
    Group.CLUB: N_("The club"),
    Group.MEMBER: N_("The member"),
    Group.COMPETITOR: N_("A competitor"),
    Group.UNSAID: N_("Not said"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason and its marks.

    ``final`` ends renewal calls for the membership, ``no_winback`` win-back calls, ``note_required`` asks for a
    note. ``label`` is a message id.
    """

    code: str
    group: Group
    label: str
    final: bool = False
    no_winback: bool = False
    note_required: bool = False


DECEASED = "deceased"
STAFF = "staff"
DECLINED = "declined"

DEFAULT_REASONS: tuple[Reason, ...] = (
    Reason("price", Group.CLUB, N_("Price")),
    Reason("crowding", Group.CLUB, N_("Crowding")),
    Reason("cleanliness", Group.CLUB, N_("Cleanliness")),
    Reason("equipment", Group.CLUB, N_("Equipment")),
    Reason(STAFF, Group.CLUB, N_("Staff"), note_required=True),
    Reason("schedule", Group.CLUB, N_("Schedule")),
    Reason("facilities", Group.CLUB, N_("Facilities")),
    Reason("unresolved_complaint", Group.CLUB, N_("Unresolved complaint"), note_required=True),
    Reason("no_time", Group.MEMBER, N_("No time")),
    Reason("moved", Group.MEMBER, N_("Moved"), final=True),
    Reason("health", Group.MEMBER, N_("Health")),
    Reason("pregnancy", Group.MEMBER, N_("Pregnancy")),
    Reason("money", Group.MEMBER, N_("Money")),
    Reason("family", Group.MEMBER, N_("Family")),
    Reason("lost_motivation", Group.MEMBER, N_("Lost motivation")),
    Reason("goal_reached", Group.MEMBER, N_("Goal reached")),
    Reason("does_not_attend", Group.MEMBER, N_("Does not attend")),
    Reason(DECEASED, Group.MEMBER, N_("Deceased"), final=True, no_winback=True),
    Reason("lower_price", Group.COMPETITOR, N_("Lower price")),
    Reason("closer", Group.COMPETITOR, N_("Closer to home or work")),
    Reason("better_equipment", Group.COMPETITOR, N_("Better equipment")),
    Reason("trainer_left", Group.COMPETITOR, N_("Followed a trainer who left")),
    Reason("trains_elsewhere", Group.COMPETITOR, N_("Trains elsewhere")),
    Reason(DECLINED, Group.UNSAID, N_("Declined to say")),
    Reason("other", Group.UNSAID, N_("Other, with a note"), note_required=True),
)
