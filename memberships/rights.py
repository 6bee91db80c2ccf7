"""Who may do what: the table of roles (PRODUCT.md §1) as data."""

from __future__ import annotations

from enum import StrEnum

from memberships.models import Role

ORDER = (Role.OPERATOR, Role.ADMINISTRATOR, Role.MANAGER, Role.OWNER)


class Right(StrEnum):
    """Something a role may do in its club. Named after the rows of the table."""

    READ_MEMBERS = "read_members"
    EDIT_MEMBERS = "edit_members"
    CLEAR_DNC = "clear_dnc"
    EXPORT_MEMBERS = "export_members"
    READ_OFFERS = "read_offers"
    READ_PRICES = "read_prices"
    WRITE_OFFERS = "write_offers"
    SELL = "sell"
    OVERRIDE = "override"
    WORK_QUEUE = "work_queue"
    SUPERVISE = "supervise"
    BOOK_MEETINGS = "book_meetings"
    HOLD_MEETINGS = "hold_meetings"
    EDIT_HOSTS = "edit_hosts"
    WORK_CHECKLISTS = "work_checklists"
    EDIT_TEMPLATES = "edit_templates"
    OPEN_REQUESTS = "open_requests"
    WORK_REQUESTS = "work_requests"
    WORK_COMPLAINTS = "work_complaints"
    READ_REPORTS = "read_reports"
    IMPORT = "import"
    SETTINGS = "settings"
    READ_AUDIT = "read_audit"
    READ_ALL_AUDIT = "read_all_audit"
    OWN_CLUBS = "own_clubs"


LOWEST_ROLE: dict[Right, Role] = {
    Right.READ_MEMBERS: Role.OPERATOR,
    Right.EDIT_MEMBERS: Role.ADMINISTRATOR,
    Right.CLEAR_DNC: Role.MANAGER,
    Right.EXPORT_MEMBERS: Role.MANAGER,
    Right.READ_OFFERS: Role.OPERATOR,
    Right.READ_PRICES: Role.ADMINISTRATOR,
    Right.WRITE_OFFERS: Role.MANAGER,
    Right.SELL: Role.ADMINISTRATOR,
    Right.OVERRIDE: Role.MANAGER,
    Right.WORK_QUEUE: Role.OPERATOR,
    Right.SUPERVISE: Role.MANAGER,
    Right.BOOK_MEETINGS: Role.OPERATOR,
    Right.HOLD_MEETINGS: Role.ADMINISTRATOR,
    Right.EDIT_HOSTS: Role.MANAGER,
    Right.WORK_CHECKLISTS: Role.ADMINISTRATOR,
    Right.EDIT_TEMPLATES: Role.MANAGER,
    Right.OPEN_REQUESTS: Role.OPERATOR,
    Right.WORK_REQUESTS: Role.ADMINISTRATOR,
    Right.WORK_COMPLAINTS: Role.MANAGER,
    Right.READ_REPORTS: Role.MANAGER,
    Right.IMPORT: Role.ADMINISTRATOR,
    Right.SETTINGS: Role.MANAGER,
    Right.READ_AUDIT: Role.ADMINISTRATOR,
    Right.READ_ALL_AUDIT: Role.MANAGER,
    Right.OWN_CLUBS: Role.OWNER,
}


def holds(role: str, right: Right) -> bool:
    """True when ``role`` (empty: an employee without one) carries ``right``."""
    return role in ORDER and ORDER.index(Role(role)) >= ORDER.index(LOWEST_ROLE[right])
