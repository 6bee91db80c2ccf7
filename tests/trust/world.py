"""Two clubs that hold the same things, and everybody who might come to their door."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Model

from calls import meetings
from calls.models import CallAttempt, CallTask, Complaint, Meeting, RefusalReason, Request, Script
from config import authentication
from memberships import intake, merging, quotes
from memberships.models import (
    BulkMark,
    Closure,
    Club,
    Employee,
    FileImport,
    Freeze,
    Member,
    MemberMerge,
    Membership,
    Plan,
    Promotion,
    Quote,
    SavedView,
    SpecialDate,
    User,
    Visit,
)
from onboarding import checklists
from onboarding.models import Checklist, ChecklistTemplate, Step
from tests import days, factories
from tests.calls.factories import make_attempt, make_task
from tests.days import day

PRICE = Decimal("7913.57")
"""The canary: whatever costs something costs this, and no operator may ever see it."""
CODE, DETAILS = "KANARIE", "Canaria details"
NAME, PHONE, EMAIL = "Zilverreiger", "+13195550166", "zilverreiger@example.org"
"""Canaries of one member's personal data."""

ROLES = ("operator", "administrator", "manager", "owner")


@dataclass
class Side:
    """One club and one of each thing in it."""

    club: Club
    people: dict[str, User]
    tokens: dict[str, str]
    employee: Employee
    plan: Plan
    promotion: Promotion
    member: Member
    newcomer: Member
    merge: MemberMerge
    visit: Visit
    membership: Membership
    freeze: Freeze
    closure: Closure
    quote: Quote
    task: CallTask
    attempt: CallAttempt
    meeting: Meeting
    reason: RefusalReason
    script: Script
    request: Request
    complaint: Complaint
    template: ChecklistTemplate
    checklist: Checklist
    step: Step
    file: FileImport
    view: SavedView
    mark: BulkMark
    date: SpecialDate


@dataclass
class World:
    """``own`` is the club that is knocked at; ``foreign`` another one, with the same things in it."""

    own: Side
    foreign: Side
    left: User = field(init=False)
    torn: User = field(init=False)

    def __post_init__(self) -> None:
        self.left = factories.make_user(self.own.club, "manager", "left")
        Employee.objects.filter(user=self.left).update(active=False)
        self.torn = factories.make_user(self.own.club, "operator", "torn")
        factories.make_employee(self.foreign.club, "manager", "torn", password="")


def make_world() -> World:
    here, there = factories.make_club("riverside"), factories.make_club("hillside")  # before anybody owns all clubs
    return World(own=make_side(here), foreign=make_side(there))


def make_side(club: Club) -> Side:
    """Fills a club with one of everything, whose every price is the canary."""
    slug = club.slug
    people = {role: factories.make_user(club, role, f"{role}.{slug}") for role in ROLES}
    tokens = {role: authentication.issue(user, now=days.NOW) for role, user in people.items()}
    employee = Employee.objects.get(club=club, user=people["administrator"])
    plan = factories.make_plan(club, "M12", name=f"12 months for €{PRICE}", price=PRICE)
    promotion = _promotions(club)
    member = factories.make_member(
        club,
        last_name=NAME,
        phone=PHONE,
        email=EMAIL,
        external_id=f"{slug}-1",
        birthday=day("1990-05-01"),
        consent_sms=True,
        notes=f"Paid €{PRICE} in cash; {PRICE} USD the year before",
        goal=f"Save €{PRICE}",
        interests=f"A bicycle for €{PRICE}",
    )
    past = factories.make_membership(member, plan, starts_on=day("2024-11-01"), special_terms=f"€{PRICE} back")
    factories.make_freeze(past, day("2025-03-01"), day("2025-03-10"), reason=f"€{PRICE} fee waived")
    membership = factories.make_membership(
        member,
        plan,
        starts_on=day("2025-12-01"),
        sold_on=day("2025-11-20"),
        price=PRICE,
        price_paid=PRICE / 2,
        balance_due_on=day("2026-12-01"),
        special_terms=f"Two instalments of €{PRICE}",
        promotions=(promotion,),
    )
    closure = Closure.objects.create(
        club=club, starts_on=day("2026-12-24"), ends_on=day("2026-12-26"), why="Christmas", made_at=days.NOW
    )
    frozen = factories.make_member(club, last_name="Frost", first_name="Ida", phone=factories.phone(30))
    freeze = factories.make_freeze(
        factories.make_membership(frozen, plan, starts_on=day("2026-02-01")),
        day("2026-11-05"), day("2026-11-30"), planned_ends_on=day("2026-11-30"),
    )  # fmt: skip
    factories.make_visits(member, days.TODAY - days.DAY, [3, 3, 3, 2, 3, 3, 2, 3, 3, 1, 1, 0])
    newcomer = _newcomer(club, plan)
    quote = quotes.make(member=member, plan=plan, now=days.NOW, by=people["administrator"])
    checklist = checklists.start(member=newcomer, by=people["administrator"], now=days.NOW)
    reason = RefusalReason.objects.get(club=club, code="price")
    attempt = make_attempt(
        member, days.NOW - dt.timedelta(days=20), operator=people["operator"], note=f"Heard €{PRICE} elsewhere"
    )
    make_attempt(
        newcomer, days.NOW - dt.timedelta(days=60), "refused", operator=people["operator"], reason=reason,
        note=f"Wants it for €{PRICE}",
    )  # fmt: skip
    meeting = meetings.book(
        club=club, member=member, host=employee, starts_at=days.at("2026-11-13T17:00"), purpose="review",
        by=people["operator"], now=days.NOW,
    )  # fmt: skip
    Meeting.objects.filter(pk=meeting.pk).update(note=f"Asks for €{PRICE}", why=f"€{PRICE} again")
    return Side(
        club=club, people=people, tokens=tokens, employee=employee, plan=plan, promotion=promotion, member=member,
        newcomer=newcomer, membership=membership, freeze=freeze, closure=closure, quote=quote,
        merge=_merge(club, people["administrator"]),
        visit=Visit.objects.create(club=club, member=frozen, at=days.NOW, to_mend="frozen"),
        task=make_task(member, "renewal", membership=membership, reason="The membership ends soon."),
        attempt=attempt, meeting=meeting, reason=reason, script=Script.objects.filter(club=club).order_by("pk")[0],
        request=Request.objects.create(club=club, member=member, text=f"€{PRICE} back", made_at=days.NOW),
        complaint=Complaint.objects.create(
            club=club, member=newcomer, text=f"€{PRICE} is too much", owner=employee, received_at=days.NOW
        ),
        template=ChecklistTemplate.objects.filter(club=club).order_by("pk")[0],
        checklist=checklist, step=checklist.steps.order_by("position")[0], file=_file(club, people["administrator"]),
        view=SavedView.objects.create(
            club=club, owner=people["manager"], list="members", name="Gold soon", query="ends=30&segment=gold",
            shared=True, made_at=days.NOW,
        ),
        mark=BulkMark.objects.create(club=club, made_at=days.NOW, made_by=people["manager"], members=[member.pk]),
        date=SpecialDate.objects.create(member=member, on=day("2024-05-05"), name=f"Won €{PRICE}"),
    )  # fmt: skip


def _file(club: Club, by: User) -> FileImport:
    """A list of members that was checked, with a row that was refused."""
    file = intake.receive(
        club=club, kind="members", name="members.csv", as_of=days.TODAY, create_plans=False, now=days.NOW, by=by,
        content=io.BytesIO(f"external_id,last_name,birthday\nX1,{NAME},1990-05-01\nX2,{NAME},31.02.1990\n".encode()),
    )  # fmt: skip
    intake.check(file=file, mapping=file.mapping, now=days.NOW)
    intake.work(clock=lambda: days.NOW)
    file.refresh_from_db()
    assert file.stage == "checked" and file.report
    return file


def _promotions(club: Club) -> Promotion:
    """One of each kind that is worth something, told in names and details as files bring them in."""
    told = {
        "audience": ("new", "renewal", "return"),
        "details": f"{DETAILS}: {PRICE} off",
        "phone_summary": f"Ask us in the club, worth €{PRICE}",
    }
    factories.make_promotion(club, f"{CODE}-P", name="Autumn", kind="percent", value=Decimal("37.913"), **told)
    factories.make_promotion(
        club, f"{CODE}-F", name="All in", kind="fixed_price", value=PRICE, needs_code=True, **told
    )  # fmt: skip
    return factories.make_promotion(
        club, f"{CODE}-A", name=f"Autumn −{PRICE} €", kind="amount", value=PRICE, needs_code=True, **told
    )


def _newcomer(club: Club, plan: Plan) -> Member:
    member = factories.make_member(club, last_name="Newman", first_name="Nora", phone=factories.phone(31))
    factories.make_membership(member, plan, starts_on=day("2026-11-08"), price=PRICE)
    return member


def _merge(club: Club, by: User) -> MemberMerge:
    twins = [factories.make_member(club, last_name="Twin", first_name=name, phone="") for name in ("Ava", "Eva")]
    return merging.merge(kept=twins[0], gone=twins[1], now=days.NOW, by=by)


def objects(side: Side) -> dict[str, Model]:
    """What the words of addresses stand for, the word before an id: ``members/<int:pk>/``."""
    return {
        "attempts": side.attempt,
        "bulk": side.mark,
        "calls": side.task,
        "checklists": side.checklist,
        "closures": side.closure,
        "clubs": side.club,
        "complaints": side.complaint,
        "dates": side.date,
        "employees": side.employee,
        "freezes": side.freeze,
        "imports": side.file,
        "live": side.task,
        "meetings": side.meeting,
        "members": side.member,
        "memberships": side.membership,
        "merges": side.merge,
        "offers": side.quote,
        "plans": side.plan,
        "promotions": side.promotion,
        "quotes": side.quote,
        "reasons": side.reason,
        "requests": side.request,
        "scripts": side.script,
        "steps": side.step,
        "tasks": side.task,
        "templates": side.template,
        "views": side.view,
        "visits": side.visit,
    }
