"""The tables of the memberships room, by subject."""

from memberships.models.clubs import Club, ClubPolicy, DayOff, Employee, Role, User, WeeklyHours
from memberships.models.files import FileImport, RememberedMapping
from memberships.models.lists import BulkMark, SavedView
from memberships.models.offers import Audience, Plan, Promotion, PromotionKind, Quote, SaleKind, TermUnit
from memberships.models.people import Member, MemberErasure, MemberMerge, Segment, SegmentChange, SpecialDate
from memberships.models.terms import Closure, Freeze, Membership, PromotionUse
from memberships.models.visits import Visit

__all__ = [
    "Audience",
    "BulkMark",
    "Closure",
    "Club",
    "ClubPolicy",
    "DayOff",
    "Employee",
    "FileImport",
    "Freeze",
    "Member",
    "MemberErasure",
    "MemberMerge",
    "Membership",
    "Plan",
    "Promotion",
    "PromotionKind",
    "PromotionUse",
    "Quote",
    "RememberedMapping",
    "Role",
    "SaleKind",
    "SavedView",
    "Segment",
    "SegmentChange",
    "SpecialDate",
    "TermUnit",
    "User",
    "Visit",
    "WeeklyHours",
]
