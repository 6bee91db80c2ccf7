"""How the people of the story were rung: what came due, day by day, each call under the club's contact policy.

Every person has a line of events in order of time (``Line``): something comes due, is tried, is met. Before each
dial the policy is asked as at the real desk, so that the invented past breaks no rule of it.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from collections import defaultdict
from collections.abc import Callable
from zoneinfo import ZoneInfo

from calls.rules import hours, kinds, occasions, outcomes
from calls.rules import policy as rules
from calls.rules.facts import Attempt, Facts, Held, MeetingAhead, Policy
from calls.rules.facts import Refusal as Refused
from calls.rules.kinds import Code, Kind, Purpose
from calls.rules.outcomes import Outcome
from calls.rules.planning import Risk, absent, falling
from calls.rules.states import Lapse, TaskState
from config.demo import coming, standing, talking, words
from config.demo.diary import Diary
from config.demo.story import Call, Complaint, Meeting, Person, Request, Task, Term
from memberships.rules import local_time
from memberships.rules.terms import DAY

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
FRESH = 15 * MINUTE
"""What would have happened less than this ago is left to whoever starts the demo."""
LAG_DAYS = {Kind.WELCOME: 2, Kind.RENEWAL: 6, Kind.AT_RISK: 3, Kind.CARE: 7, Kind.WINBACK: 18}
"""The desk gets to what came due within so many days."""
SALE_WITHIN_DAYS = 14
NEIGHBOURS_APART = 31 * DAY


class Desk:
    """The operators and hosts of a club, who ring one person of the story after the other."""

    def __init__(
        self, *, now: dt.datetime, policy: Policy, absent_days: int, operators: int, hosts: int, rng: random.Random
    ) -> None:
        self.now, self.policy, self.absent_days = now, policy, absent_days
        self.today = now.astimezone(policy.zone).date()
        self.operators, self.rng = operators, rng
        self.diary = Diary(hosts=hosts, zone=policy.zone, now=now, rng=rng)
        self.dials: dict[str, list[Attempt]] = defaultdict(list)

    def ring(self, person: Person) -> None:
        """Fills the person's tasks, calls, meetings, requests and complaints up to now."""
        if person.phone:
            Line(self, person).tell()

    def midnight(self, day: dt.date) -> dt.datetime:
        return local_time.first_instant(day, self.policy.zone)

    def day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.policy.zone).date()

    def working_day(self, day: dt.date) -> dt.date:
        """The next day with calling hours."""
        return occasions.no_show_day(day, self.policy) or day + DAY


class Line:
    """One person's events."""

    def __init__(self, desk: Desk, person: Person) -> None:
        self.desk, self.person, self.rng = desk, person, desk.rng
        self.policy = desk.policy
        self.zone = ZoneInfo(person.timezone) if person.timezone else desk.policy.zone
        self.others = list(desk.dials[person.phone])
        self.attempts: list[Attempt] = []
        self.refusals: list[Refused] = []
        self.final: set[int] = set()
        self.tasks: dict[Kind, Task] = {}
        self.word_on: dt.date | None = None
        self.cared_on: dt.date | None = None
        self.at_risk_on: dt.date | None = None
        self.care_days: set[dt.date] = set()
        self.heap: list[tuple[dt.datetime, int, Callable[..., None], tuple]] = []
        self.count = itertools.count()

    def push(self, at: dt.datetime, what: Callable[..., None], *arguments: object) -> None:
        heapq.heappush(self.heap, (at.astimezone(dt.UTC), next(self.count), what, arguments))

    def tell(self) -> None:
        for index, term in enumerate(self.person.terms):
            self._expect(index, term)
        absences = coming.absences(self.person, today=self.desk.today, absent_days=self.desk.absent_days)
        for since, noticed, seen_on in absences:
            risk = absent(last_seen_on=since, absent_days=self.desk.absent_days, came=since in self.person.visit_days)
            self.push(self.desk.midnight(noticed), self._missed, risk, seen_on)
        if found := coming.falling_since(self.person, today=self.desk.today):
            self.push(self.desk.midnight(found[0]), self._missed, falling(found[1]), found[0] + standing.LETS_REST)
        over = self.desk.now - FRESH
        if self.person.unrung_from is not None:
            over = self.desk.midnight(self.person.unrung_from)
        while self.heap and self.heap[0][0] < over:
            at, _number, what, arguments = heapq.heappop(self.heap)
            what(at, *arguments)

    def _expect(self, index: int, term: Term) -> None:
        """What the days of a membership ask for."""
        desk, person, policy = self.desk, self.person, self.policy
        self._expect_care(term.starts_on)
        if term.kind != "renewal" and term.cancelled_on is None:
            self._due(Kind.WELCOME, index, term.starts_on + policy.welcome_from_day * DAY)
        days = (term.effective_ends_on - term.starts_on).days + 1
        for rung in policy.renewal_rungs:
            if rung <= 0 or 2 * rung <= days:
                self.push(desk.midnight(term.effective_ends_on - rung * DAY), self._rung, index, rung)
        if term.renews_on is None and term.last_covered_on >= term.starts_on:
            for rung in policy.winback_rungs:
                due_on = term.last_covered_on + rung * DAY
                if index + 1 == len(person.terms) or person.terms[index + 1].sold_on > due_on:
                    self._due(Kind.WINBACK, index, due_on, rung=rung)
        for freeze in term.freezes:
            if freeze.days >= policy.freeze_ending_min_days:
                self._due(Kind.FREEZE_ENDING, index, freeze.last - policy.freeze_ending_days * DAY, about=freeze)

    def _due(self, kind: Kind, term: int, day: dt.date, **more: object) -> Task:
        """Something comes due on a day, and the desk gets to it then or a little later."""
        task = Task(kind, term, day, self.desk.midnight(day), **more)  # type: ignore[arg-type]
        self.push(task.due_at + DAY * self.rng.randrange(LAG_DAYS.get(kind, 1)), self._try, task)
        return task

    def _rung(self, at: dt.datetime, index: int, rung: int) -> None:
        term, day = self.person.terms[index], self.desk.day(at)
        if term.cancelled_on or index in self.final or standing.sold_behind(self.person, index, day):
            return
        task = self.tasks.get(Kind.RENEWAL)
        if task and task.is_open and task.term == index:
            task.rung, task.due_on, task.due_at = rung, day, at
        else:
            self.tasks[Kind.RENEWAL] = self._due(Kind.RENEWAL, index, day, rung=rung)

    def _missed(self, at: dt.datetime, risk: Risk, over: dt.date) -> None:
        day = self.desk.day(at)
        renewal, mine = self.tasks.get(Kind.RENEWAL), self.tasks.get(Kind.AT_RISK)
        busy = (renewal and renewal.is_open) or (mine and mine.is_open)
        if not busy and (self.at_risk_on is None or day - self.at_risk_on >= self.policy.at_risk_pause_days * DAY):
            index = standing.covering(self.person, day)
            if index is not None:
                self.tasks[Kind.AT_RISK] = self._due(Kind.AT_RISK, index, day, risk=risk, about=over)

    def _expect_care(self, day: dt.date) -> None:
        if day not in self.care_days:
            self.care_days.add(day)
            self.push(self.desk.midnight(day), self._care)

    def _care(self, at: dt.datetime) -> None:
        day = self.desk.day(at)
        index = standing.covering(self.person, day)
        if index is None:
            return
        term = self.person.terms[index]
        words_on = [on for on in (term.chain_starts_on, self.word_on, self.cared_on) if on]
        due_on = max(words_on) + self.policy.care_days * DAY
        care, risk = self.tasks.get(Kind.CARE), self.tasks.get(Kind.AT_RISK)
        if due_on > day:
            self._expect_care(due_on)
        elif risk and risk.is_open:
            self._expect_care(day + 7 * DAY)
        elif care and care.due_on == due_on and not care.is_open:  # it had lapsed, and its cause is back
            care.state, care.lapsed_because, care.closed_at, care.term = TaskState.READY, None, None, index
            self.push(at, self._try, care)
        elif not (care and care.is_open) and not standing.too_late_for_care(self.person, self.policy, index, day):
            self.tasks[Kind.CARE] = self._due(Kind.CARE, index, due_on)

    # --- one try

    def _try(self, at: dt.datetime, task: Task) -> None:
        if not task.is_open:
            return
        gone = standing.gone(self.person, self.policy, task, self.desk.day(at))
        if gone or any(at < other.at < at + NEIGHBOURS_APART for other in self.others):
            return self._close(task, at, TaskState.LAPSED, gone or Lapse.SUPERSEDED)
        blocks = rules.blocks(
            self._facts(at),
            self.policy,
            task.kind,
            at=at,
            membership=task.term if task.kind in kinds.ABOUT_A_MEMBERSHIP else None,
            promised_at=task.due_at if task.kind is Kind.CALLBACK else None,
        )
        if not blocks:
            return self._dial(at, task)
        _state, until, because = rules.standing(blocks)
        if because or until is None:
            return self._close(task, at, TaskState.LAPSED, because or Lapse.POLICY)
        last = next(block.code for block in blocks if block.until == until)
        if task.calls:
            task.next_at, task.waits_for = until, last.value
        self.push(self._some_time_from(until, last), self._try, task)

    def _some_time_from(self, until: dt.datetime, code: Code) -> dt.datetime:
        """When the desk gets to it: any time of the day's hours where these were shut, else within the hour."""
        if code in (Code.OUTSIDE_HOURS, Code.HOLIDAY):
            for start, end in hours.spans_from(self.policy.windows, until, self.zone, 8):
                start = max(start, until)
                return start + (end - start) * self.rng.random() * 0.98
        return until + MINUTE * self.rng.randrange(1, 50)

    def _facts(self, at: dt.datetime) -> Facts:
        day, person = self.desk.day(at), self.person
        held = [
            Held(
                id=index,
                starts_on=term.starts_on,
                last_covered_on=term.last_covered_on,
                cancelled_on=term.cancelled_on if term.cancelled_on and term.cancelled_on <= day else None,
                freezes=term.freezes,
            )
            for index, term in enumerate(person.terms)
            if term.sold_on <= day
        ]
        since = at - NEIGHBOURS_APART
        own = [one for one in self.attempts if one.at > since]
        return Facts(
            zone=self.zone,
            phone=person.phone,
            do_not_call_since=person.do_not_call_at,
            phone_bad_since=person.phone_bad_since,
            memberships=held,
            open_complaint=any(
                one.call.at <= at and (one.answered_at is None or one.answered_at > at) for one in person.complaints
            ),
            refusals=self.refusals,
            meetings=[
                MeetingAhead(Purpose(one.purpose), one.starts_at, one.ends_at)
                for one in person.meetings
                if one.booked_at <= at < one.ends_at
            ],
            attempts=own,
            number_attempts=own + [one for one in self.others if since < one.at <= at],
        )

    def _dial(self, at: dt.datetime, task: Task) -> None:
        day, kind = self.desk.day(at), task.origin or task.kind
        sale = standing.sale_ahead(self.person, task) if kind in (Kind.RENEWAL, Kind.WINBACK) else None
        outcome = talking.outcome(task, leaves=sale is None, rng=self.rng)
        reached = outcomes.RULES[outcome].reached
        if reached and sale and sale <= day:
            outcome = talking.instead_of_a_meeting(task.kind)
        elif reached and sale and (sale - day).days <= SALE_WITHIN_DAYS and self.rng.random() < 0.75:
            outcome = Outcome.BOOKED
        operator = self.rng.randrange(self.desk.operators)
        if task.promised_to is not None and at < occasions.own_until(task.due_at):
            operator = task.promised_to
        call = Call(task, at, operator, outcome, reached)
        if outcome is Outcome.BOOKED and not self._book(call, sale):
            call.outcome = outcome = talking.instead_of_a_meeting(task.kind)
        talking.fill_in(call, self.rng)
        if not task.calls and task.kind is not Kind.CALLBACK:
            self.person.tasks.append(task)
        task.calls.append(call)
        self.person.calls.append(call)
        dialled = Attempt(at, reached, outcome)
        self.attempts.append(dialled)
        self.desk.dials[self.person.phone].append(dialled)
        self._go_on(task, call)
        if reached:
            self._spoken(call)
        self._effects(call)

    def _go_on(self, task: Task, call: Call) -> None:
        own_day = call.at.astimezone(self.zone).date()
        then = outcomes.then(
            Outcome(call.outcome),
            tried=[one.at for one in task.calls],
            attempts_today=sum(one.at.astimezone(self.zone).date() == own_day for one in self.attempts),
            policy=self.policy,
            zone=self.zone,
        )
        if then.next_at is not None:
            task.next_at = then.next_at
            task.waits_for = "busy" if call.outcome == Outcome.BUSY else "retry"
            self.push(then.next_at + MINUTE * self.rng.randrange(1, 50), self._try, task)
        else:
            self._close(task, call.at, then.state, then.lapsed_because)

    def _close(self, task: Task, at: dt.datetime, state: TaskState, because: Lapse | None = None) -> None:
        """The task is over; one that nobody had rung, and nobody had promised, never was."""
        task.state, task.lapsed_because, task.closed_at, task.next_at, task.waits_for = state, because, at, None, ""
        if state is TaskState.LAPSED:
            return
        if task.kind is Kind.CARE:
            self.cared_on = self.desk.day(at)
            self._expect_care(self.cared_on + self.policy.care_days * DAY)
        if task.kind is Kind.AT_RISK:
            self.at_risk_on = self.desk.day(at)

    # --- what follows

    def _spoken(self, call: Call) -> None:
        self.word_on = self.desk.day(call.at)
        self._expect_care(self.word_on + self.policy.care_days * DAY)
        for kind in outcomes.CLOSED_ALSO:
            other = self.tasks.get(kind)
            if other and other.is_open and other.due_at <= call.at and other is not call.task:
                if not other.calls:
                    self.person.tasks.append(other)
                self._close(other, call.at, TaskState.DONE)

    def _effects(self, call: Call) -> None:
        desk, person, at = self.desk, self.person, call.at
        if call.outcome == Outcome.CALLBACK:
            promised = local_time.instant(
                call.at.astimezone(self.zone).date() + DAY * self.rng.randrange(1, 5),
                dt.time(self.rng.randrange(9, 20), self.rng.choice((0, 15, 30, 45))),
                self.zone,
            )
            self._promise(call.task, promised, about=call, to=call.operator)
        elif call.outcome == Outcome.REFUSED:
            self.refusals.append(Refused(at, kinds.counts_as_refusal_of(call.task.kind, call.task.origin)))
            if call.reason in talking.FINAL:
                self.final.add(call.task.term)
        elif call.outcome == Outcome.DO_NOT_CALL:
            person.do_not_call_at = at
        elif call.outcome == Outcome.WRONG_NUMBER:
            person.phone_bad_since = at
        elif call.outcome == Outcome.COMPLAINT:
            answered_at = at + HOUR * self.rng.randrange(20, 70)
            told = Complaint(call, call.note, answered_at if answered_at < desk.now else None)
            told.text, told.answer = self.rng.choice(words.COMPLAINTS), self.rng.choice(words.ANSWERS)
            person.complaints.append(told)
            if told.answered_at:
                due_on = desk.day(told.answered_at) + self.policy.complaint_followup_days * DAY
                self._due(Kind.COMPLAINT_FOLLOWUP, call.task.term, due_on, about=told)
        if call.outcome in (Outcome.FREEZE_WANTED, Outcome.WRONG_NUMBER):
            about = "freeze" if call.outcome == Outcome.FREEZE_WANTED else "phone"
            due_on = desk.working_day(desk.day(at))
            answered_at = desk.midnight(due_on) + HOUR * self.rng.randrange(9, 16)
            person.requests.append(Request(call, about, due_on, answered_at if answered_at < desk.now else None))

    def _promise(self, task: Task, promised: dt.datetime, *, about: Call | Meeting, to: int | None) -> None:
        origin = task.origin if task.kind in kinds.WITH_ORIGIN else task.kind
        made = Task(Kind.CALLBACK, task.term, self.desk.day(promised), promised, origin=origin, about=about)
        made.promised_to, made.next_at, made.waits_for = to, promised, "promised"
        self.person.tasks.append(made)
        self.push(promised + MINUTE * self.rng.randrange(1, 10), self._try, made)

    def _book(self, call: Call, sale: dt.date | None) -> bool:
        """Books a meeting, for the day of the sale where one lies ahead; whether there was a time."""
        desk, task = self.desk, call.task
        purpose = kinds.purpose_of(task.kind, task.origin).value
        held = [one for one in self.person.meetings if one.purpose == purpose]
        if any(one.ends_at > call.at or one.status == "scheduled" for one in held):
            return False
        day = desk.day(call.at)
        near = sale is not None and (sale - day).days <= SALE_WITHIN_DAYS
        first, days = (sale, 0) if near and sale else (day + DAY, 5)
        slot = desk.diary.slot(call.at + HOUR, first, days)
        if slot is None or (near and sale and sale <= desk.today and slot[1] + HOUR > desk.now):
            return False
        host, starts_at = slot
        meeting = Meeting(host, purpose, starts_at, "scheduled", call.at, task, call)
        meeting.bought = task.term + 1 if near and sale and sale <= desk.today else None
        meeting.confirmed = starts_at > desk.now and self.rng.random() < 0.5
        self.person.meetings.append(meeting)
        self.push(meeting.ends_at, self._met, meeting)
        return True

    def _met(self, at: dt.datetime, meeting: Meeting) -> None:
        rng, desk = self.rng, self.desk
        meeting.status = desk.diary.ends(at, comes=meeting.bought is not None)
        task = meeting.task
        if meeting.status == "no_show":
            origin = task.origin if task.kind in kinds.WITH_ORIGIN else task.kind
            day = desk.working_day(desk.day(meeting.starts_at))
            self._due(Kind.NO_SHOW, task.term, day, about=meeting, origin=origin)
        if meeting.status != "attended":
            return
        self.word_on = desk.day(at)
        self._expect_care(self.word_on + self.policy.care_days * DAY)
        meeting.satisfied = rng.random() < 0.9
        if meeting.bought is not None:
            meeting.result = "renewed"
        elif meeting.purpose == Purpose.RENEWAL and (standing.sale_ahead(self.person, task) or rng.random() < 0.35):
            meeting.result, meeting.ring_on = "thinking", desk.day(at) + DAY * rng.randrange(2, 7)
            start, _end = next(hours.spans_from(self.policy.windows, desk.midnight(meeting.ring_on), self.zone, 8))
            self._promise(task, start, about=meeting, to=None)
        elif meeting.purpose == Purpose.RENEWAL:
            said = talking.refusal(rng)
            meeting.result, meeting.satisfied = "refused", rng.random() < 0.4
            meeting.reason, meeting.competitor, meeting.note = said.reason, said.competitor, said.note
            self.refusals.append(Refused(at, kinds.counts_as_refusal_of(task.kind, task.origin)))
            if said.reason in talking.FINAL:
                self.final.add(task.term)
