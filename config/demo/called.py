"""The rows of how a demo club's people were rung: tasks under the rules' own keys, attempts, meetings, requests."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from calls.models import CallAttempt, CallTask, Complaint, Meeting, Request, TaskStatus
from calls.rules import occasions, planning, position
from calls.rules.kinds import Kind
from calls.rules.planning import Wanted
from config.demo import ringing, story, words
from config.demo.copying import reserve_ids
from config.demo.staff import Team
from memberships.models import Club, Freeze, Membership
from memberships.rules.terms import DAY, Span

PLANNED_AFTER_MIDNIGHT = dt.timedelta(hours=2)
OWN_TIMES = frozenset({"retry", "busy", "promised"})


class Called:
    """Gathers what happened to a batch of people; then stores it table by table."""

    def __init__(self, club: Club, team: Team, desk: ringing.Desk) -> None:
        self.club, self.team, self.desk = club, team, desk
        self.tasks: list[CallTask] = []
        self.attempts: list[CallAttempt] = []
        self.meetings: list[Meeting] = []
        self.requests: list[Request] = []
        self.complaints: list[Complaint] = []

    def add(
        self,
        person: story.Person,
        *,
        member: int,
        sold: list[Membership],
        freezes: dict[tuple[int, dt.date], Freeze],
    ) -> None:
        """One person's rows; ``sold``: the memberships in order, ``freezes`` by membership and first day."""
        _Rows(self, person, member, sold, freezes).add()

    def store(self, copy: Callable[[type, list], None]) -> None:
        for model, rows in (
            (CallTask, self.tasks),
            (CallAttempt, self.attempts),
            (Meeting, self.meetings),
            (Request, self.requests),
            (Complaint, self.complaints),
        ):
            copy(model, rows)


class _Rows:
    """The rows of one person. Ids are reserved first, because rows name each other in keys."""

    def __init__(
        self,
        called: Called,
        person: story.Person,
        member: int,
        sold: list[Membership],
        freezes: dict[tuple[int, dt.date], Freeze],
    ) -> None:
        self.called, self.person, self.member, self.sold, self.freezes = called, person, member, sold, freezes
        self.club, self.team, self.desk = called.club, called.team, called.desk
        ids: dict[object, int] = {}
        for model, told in (
            (CallTask, person.tasks),
            (CallAttempt, person.calls),
            (Meeting, person.meetings),
            (Complaint, person.complaints),
        ):
            ids |= dict(zip(told, reserve_ids(model, len(told)), strict=True))
        self.ids = ids

    def add(self) -> None:
        self.called.tasks += map(self._task, self.person.tasks)
        self.called.attempts += map(self._attempt, self.person.calls)
        self.called.meetings += map(self._meeting, self.person.meetings)
        self.called.requests += map(self._request, self.person.requests)
        self.called.complaints += map(self._complaint, self.person.complaints)

    def _wanted(self, task: story.Task) -> Wanted:
        """The call as the rules want it: its key and its reason."""
        term, row, on = self.person.terms[task.term], self.sold[task.term], task.due_on
        rules = self.desk.policy
        about = task.about
        wanted: Wanted | None
        match task.kind:
            case Kind.RENEWAL:
                wanted = planning.renewal_call(
                    on=on,
                    membership=row.pk,
                    starts_on=term.starts_on,
                    effective_ends_on=term.effective_ends_on,
                    policy=rules,
                )
            case Kind.WELCOME:
                wanted = planning.welcome_call(
                    on=on, membership=row.pk, starts_on=term.starts_on, sale_kind=term.kind, policy=rules
                )
            case Kind.CARE:
                wanted = planning.care_call(
                    on=on,
                    member=self.member,
                    effective_ends_on=dt.date.max,
                    chain_starts_on=on - rules.care_days * DAY,
                    policy=rules,
                )
            case Kind.AT_RISK:
                assert isinstance(task.risk, planning.Risk)
                wanted = planning.at_risk_call(on=on, member=self.member, causes=[task.risk], policy=rules)
            case Kind.WINBACK:
                wanted = planning.winback_call(
                    on=on, membership=row.pk, last_covered_on=term.last_covered_on, policy=rules, offer_runs=True
                )
            case Kind.FREEZE_ENDING:
                assert isinstance(about, Span)
                freeze = self.freezes[row.pk, about.first]
                wanted = occasions.freeze_ending_call(on=on, freeze=freeze.pk, days=about, policy=rules)
            case Kind.NO_SHOW:
                assert isinstance(about, story.Meeting)
                missed_on = self.desk.day(about.starts_at)
                wanted = occasions.no_show_call(on=on, meeting=self.ids[about], missed_on=missed_on, policy=rules)
            case Kind.COMPLAINT_FOLLOWUP:
                assert isinstance(about, story.Complaint) and about.answered_at
                answered_on = self.desk.day(about.answered_at)
                wanted = occasions.complaint_followup_call(
                    on=on, complaint=self.ids[about], answered_on=answered_on, policy=rules
                )
            case _:
                cause = f"meeting:{self.ids[about]}" if isinstance(about, story.Meeting) else str(self.ids[about])
                note = about.note if isinstance(about, story.Call) else ""
                wanted = occasions.callback_call(
                    cause=cause, promised_at=task.due_at, zone=self.desk.policy.zone, note=note
                )
        assert wanted is not None, f"{task.kind} of {on} is not what the rules want"
        return wanted

    def _task(self, task: story.Task) -> CallTask:
        wanted, row = self._wanted(task), self.sold[task.term]
        is_callback = task.kind is Kind.CALLBACK
        about_term = task.kind in (Kind.RENEWAL, Kind.WELCOME, Kind.WINBACK, Kind.FREEZE_ENDING)
        waits = task.is_open and task.waits_for in OWN_TIMES and task.next_at and task.next_at > self.desk.now
        last = task.calls[-1] if task.calls else None
        return CallTask(
            pk=self.ids[task],
            club=self.club,
            member_id=self.member,
            membership=row if about_term or (task.origin in (Kind.RENEWAL, Kind.WINBACK)) else None,
            kind=task.kind.value,
            origin=task.origin.value if task.origin else "",
            key=wanted.key,
            rung=wanted.rung,
            status=TaskStatus.WAITING if waits else task.state.value,
            due_at=wanted.due_in(self.desk.policy.zone),
            ready_at=task.next_at if waits else None,
            waits_for=task.waits_for if waits else "",
            tz=self.person.timezone or self.club.timezone,
            phone=self.person.phone,
            sort_key=position.sort_key(
                task.kind,
                effective_ends_on=row.effective_ends_on,
                price=row.price,
                score=wanted.score,
            ),
            facts={"reason": wanted.reason.to_json()},
            attempts=len(task.calls),
            claimed_by=self.team.operators[last.operator] if last else None,
            claimed_at=last.at if last else None,
            promised_to=self.team.operators[task.promised_to] if task.promised_to is not None else None,
            promised_until=occasions.own_until(task.due_at) if task.promised_to is not None else None,
            meeting_id=self.ids[task.about] if task.kind is Kind.NO_SHOW else None,
            made_by_attempt_id=self.ids[task.about] if is_callback and isinstance(task.about, story.Call) else None,
            made_at=self._made_at(task),
            lapsed_because=task.lapsed_because.value if task.lapsed_because else "",
            closed_at=task.closed_at,
        )

    def _made_at(self, task: story.Task) -> dt.datetime:
        if isinstance(task.about, story.Call):
            return task.about.at
        if task.kind is Kind.CALLBACK and isinstance(task.about, story.Meeting):
            return task.about.ends_at
        return self.desk.midnight(task.due_on) + PLANNED_AFTER_MIDNIGHT

    def _attempt(self, call: story.Call) -> CallAttempt:
        reasons = self.team.reasons
        return CallAttempt(
            pk=self.ids[call],
            club=self.club,
            member_id=self.member,
            task_id=self.ids[call.task],
            membership=self.sold[call.task.term],
            kind=call.task.kind.value,
            origin=call.task.origin.value if call.task.origin else "",
            operator=self.team.operators[call.operator],
            phone=self.person.phone,
            at=call.at,
            outcome=call.outcome,
            outcome_at=call.at + dt.timedelta(seconds=call.duration_s),
            reached=call.reached,
            reason=reasons[call.reason] if call.reason else None,
            competitor=call.competitor,
            attends=call.attends,
            absence_reason=reasons[call.absence_reason] if call.absence_reason else None,
            note=call.note,
            duration_s=call.duration_s,
            script_version=1,
        )

    def _meeting(self, told: story.Meeting) -> Meeting:
        attended = told.status == "attended"
        host = self.team.hosts[told.host]
        return Meeting(
            pk=self.ids[told],
            club=self.club,
            member_id=self.member,
            host=host,
            purpose=told.purpose,
            starts_at=told.starts_at,
            ends_at=told.ends_at,
            status=told.status,
            confirmed_at=told.booked_at + dt.timedelta(hours=1) if told.confirmed else None,
            task_id=self.ids[told.task],
            attempt_id=self.ids[told.call],
            calendar_uid=uuid.uuid5(
                uuid.NAMESPACE_OID, f"{self.club.slug}/{self.person.number}/{told.booked_at.isoformat()}"
            ),
            why="rang and could not come" if told.status == "cancelled" else "",
            result=told.result,
            satisfied=told.satisfied,
            ring_on=told.ring_on,
            reason=self.team.reasons[told.reason] if told.reason else None,
            competitor=told.competitor,
            note=told.note,
            membership=self.sold[told.bought] if told.result == "renewed" and told.bought is not None else None,
            booked_at=told.booked_at,
            booked_by=self.team.operators[told.call.operator],
            attended_at=told.starts_at if attended else None,
            closed_at=told.ends_at if attended else None,
        )

    def _request(self, told: story.Request) -> Request:
        return Request(
            club=self.club,
            member_id=self.member,
            about=told.about,
            text=told.call.note,
            status=Request.Status.ANSWERED if told.answered_at else Request.Status.OPEN,
            due_on=told.due_on,
            attempt_id=self.ids[told.call],
            answer=words.REQUEST_ANSWER if told.answered_at else "",
            made_at=told.call.at,
            made_by=self.team.operators[told.call.operator],
            answered_at=told.answered_at,
        )

    def _complaint(self, told: story.Complaint) -> Complaint:
        return Complaint(
            pk=self.ids[told],
            club=self.club,
            member_id=self.member,
            text=told.text,
            owner=self.team.manager,
            status=Complaint.Status.ANSWERED if told.answered_at else Complaint.Status.OPEN,
            attempt_id=self.ids[told.call],
            received_at=told.call.at,
            received_by=self.team.operators[told.call.operator],
            answered_at=told.answered_at,
            answer=told.answer if told.answered_at else "",
        )
