"""Every rule of trying again and of taking back (§7), over the week of Thanksgiving: a holiday, then a weekend.

Windows 10–20 from Monday to Friday, 11–18 on Saturday and Sunday; Thursday the 26th is a holiday.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from calls import callbacks, dialling, meetings, outcomes, queue, settling
from calls.models import CallAttempt, CallTask, Complaint, Meeting, Request, TaskStatus
from calls.outcomes import Booking, Said
from memberships.models import Club, Member, User
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_employee, make_member, make_user, phone

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)
DATES = {"Mon": 23, "Tue": 24, "Wed": 25, "Thu": 26, "Fri": 27, "Sat": 28, "Sun": 29, "Mon+": 30, "Tue+": 31}


def when(text: str, zone: dt.tzinfo = days.CHICAGO) -> dt.datetime:
    """``when("Mon 10:00")``: that week's Monday in Chicago; ``Mon+``: the next."""
    name, time = text.split()
    day = dt.date(2026, 11, 23) + dt.timedelta(days=DATES[name] - 23)
    return dt.datetime.combine(day, dt.time.fromisoformat(time), zone)


@pytest.fixture
def club() -> Club:
    return make_club()


@pytest.fixture
def member(club: Club) -> Member:
    return make_member(club)


def due(member: Member, kind: str = "care", **fields: object) -> CallTask:
    return make_task(member, kind, due_at=when("Mon 00:00"), **fields)


def claim(club: Club, olga: User, at: dt.datetime) -> CallTask | None:
    return queue.next_task(operator=olga, clubs=[club.pk], now=at)


def rung(task: CallTask, olga: User, at: dt.datetime, outcome: str, **said: object) -> CallTask:
    """One call as the desk makes it: claimed, dialled, and how it ended a second later."""
    assert claim(task.club, olga, at) == task, f"it could not be rung at {at:%a %H:%M}"
    dialling.dial(task=task, operator=olga, now=at)
    return outcomes.record(task=task, operator=olga, said=Said(outcome=outcome, **said), now=at + SECOND).task


AGAIN = [
    # three hours later, in a part of the day that was not tried
    (["Mon 10:00 no_answer"], "Mon 13:00"),
    (["Mon 11:30 no_answer"], "Mon 14:30"),
    (["Mon 10:00 third_party"], "Mon 13:00"),
    (["Mon 14:30 no_answer"], "Mon 17:30"),
    (["Mon 10:30 no_answer", "Mon 13:45 no_answer"], "Tue 17:00"),  # two in a day: not before the next
    (["Mon 18:00 no_answer"], "Tue 10:00"),  # three hours later the window is over
    (["Mon 18:00 no_answer", "Tue 10:00 no_answer"], "Tue 13:00"),
    # all parts tried: the one tried longest ago
    (["Mon 10:00 no_answer", "Mon 13:00 no_answer", "Tue 17:00 no_answer"], "Wed 10:00"),
    (["Mon 10:00 no_answer", "Mon 13:00 no_answer", "Tue 17:00 no_answer", "Wed 10:00 no_answer"], "Wed 13:00"),
    # the holiday
    (["Wed 17:00 no_answer"], "Fri 10:00"),
    (["Wed 10:00 no_answer", "Wed 13:00 third_party"], "Fri 17:00"),
    (["Wed 13:00 voicemail"], "Fri 10:00"),
    # the weekend: other windows, an evening of one hour
    (["Fri 17:30 no_answer"], "Sat 11:00"),
    (["Fri 10:00 no_answer", "Fri 13:30 no_answer"], "Sat 17:00"),
    (["Sat 11:00 no_answer"], "Sat 14:00"),
    (["Sat 17:30 no_answer"], "Sun 11:00"),
    (["Sun 14:59 no_answer"], "Sun 17:59"),  # a window's last minute
    (["Sun 15:00 no_answer"], "Mon+ 10:00"),  # and one that holds none: the evening of Sunday is over
    (["Sun 17:30 no_answer"], "Mon+ 10:00"),
    # voicemail: not before the next day, however early it was
    (["Mon 10:00 voicemail"], "Tue 13:00"),
    (["Sat 17:00 voicemail"], "Sun 11:00"),
    (["Mon 10:00 no_answer", "Mon 13:00 voicemail"], "Tue 17:00"),
    # busy: a quarter of an hour, without the gap; then the day's limit, and the hours
    (["Mon 10:00 busy"], "Mon 10:15"),
    (["Mon 10:00 busy", "Mon 10:15 busy"], "Tue 10:00"),
    (["Mon 19:50 busy"], "Tue 10:00"),
    (["Wed 19:59 busy"], "Fri 10:00"),
    (["Mon 10:00 busy", "Mon 10:20 no_answer"], "Tue 13:00"),
    # five tries leave one
    (
        ["Mon 10:00 no_answer", "Mon 13:00 busy", "Tue 17:00 no_answer", "Wed 10:00 voicemail", "Fri 13:00 no_answer"],
        "Fri 17:00",
    ),
]


def read(calls: Sequence[str]) -> list[tuple[dt.datetime, str]]:
    return [(when(text.rpartition(" ")[0]), text.rpartition(" ")[2]) for text in calls]


@pytest.mark.parametrize(
    ("calls", "next_at"), AGAIN, ids=lambda value: "+".join(value) if isinstance(value, list) else value
)
def test_who_was_not_reached_is_rung_again_then_and_not_a_minute_before(
    club: Club, olga: User, member: Member, calls: list[str], next_at: str
) -> None:
    task = due(member)
    for at, outcome in read(calls):
        if CallAttempt.objects.exists():  # a row may try at its own time; the next one is what is asked here
            CallTask.objects.filter(pk=task.pk).update(ready_at=at)
        after = rung(task, olga, at, outcome)
    assert (after.status, after.holder) == (TaskStatus.WAITING, None)
    assert claim(club, olga, when(next_at) - MINUTE) is None
    assert claim(club, olga, when(next_at)) == task


def test_parts_of_the_day_are_the_members(club: Club, olga: User, member: Member) -> None:
    member.timezone = "America/New_York"
    member.save()
    task = due(member)
    assert rung(task, olga, when("Mon 12:30"), "no_answer").ready_at == when("Mon 16:00")  # 13:30 there, then 17:00
    assert claim(club, olga, when("Mon 16:00")) == task


@pytest.mark.parametrize("last", ["no_answer", "busy", "voicemail", "third_party"])
def test_the_sixth_attempt_is_the_last(club: Club, olga: User, member: Member, last: str) -> None:
    task = due(member)
    tries = ["Mon 10:00", "Mon 13:00", "Tue 17:00", "Wed 10:00", "Wed 13:00"]
    for text in tries:
        assert rung(task, olga, when(text), "no_answer").status == TaskStatus.WAITING
    ended = rung(task, olga, when("Fri 17:00"), last)
    assert (ended.status, ended.attempts, ended.closed_at) == (TaskStatus.UNREACHABLE, 6, when("Fri 17:00") + SECOND)
    assert claim(club, olga, when("Sat 11:00")) is None


def test_a_promise_is_kept_on_a_holiday_by_its_operator_and_then_by_anybody(
    club: Club, olga: User, member: Member
) -> None:
    nadia = make_user(club, "operator", "nadia")
    rung(due(member), olga, when("Wed 19:00"), "callback", callback_at=when("Thu 12:00"))
    promised = CallTask.objects.get(kind="callback")
    assert claim(club, olga, when("Thu 11:59")) is None
    assert claim(club, nadia, when("Thu 12:14")) is None
    assert claim(club, nadia, when("Thu 12:15")) == promised


def test_a_promise_nobody_kept_that_day_waits_for_the_next_window(club: Club, olga: User, member: Member) -> None:
    rung(due(member), olga, when("Fri 19:00"), "callback", callback_at=when("Fri 20:30"))
    promised = CallTask.objects.get(kind="callback")
    assert claim(club, olga, when("Fri 21:00")) is None
    assert claim(club, olga, when("Sat 10:59")) is None
    assert claim(club, olga, when("Sat 11:00")) == promised


def test_a_desks_promise_to_nobody_in_particular_is_anybodys_at_once(club: Club, olga: User, member: Member) -> None:
    asked = callbacks.ask(member=member, due_at=when("Sat 08:00"), by=None, now=when("Mon 10:00"))
    assert claim(club, olga, when("Sat 07:59")) is None
    assert claim(club, olga, when("Sat 08:00")) == asked


# ---- taking back -----------------------------------------------------------------------------------------

UNDONE: list[tuple[str, dict[str, object]]] = [
    ("booked", {}),
    ("callback", {"callback_at": when("Thu 12:00")}),
    ("talked", {}),
    ("thinking", {"attends": "no", "absence_reason": "no_time", "complaint": "Cold showers."}),
    ("refused", {"reason": "closer", "competitor": "Iron Works"}),
    ("refused", {"reason": "deceased"}),
    ("do_not_call", {"note": "Never again."}),
    ("already_renewed", {}),
    ("freeze_wanted", {"note": "In December."}),
    ("complaint", {"complaint": "Cold showers."}),
    ("no_answer", {}),
    ("third_party", {}),
    ("busy", {}),
    ("voicemail", {}),
    ("wrong_number", {}),
]


def state(member: Member) -> dict[str, object]:
    """Everything that outcomes change: the member's marks, open things, and the member's calls."""
    member.refresh_from_db()
    rows = CallTask.objects.filter(member=member).exclude(lapsed_because="superseded").order_by("pk")
    return {
        "marks": (member.do_not_call_since, member.phone_bad_since, member.deceased_on),
        "calls": list(rows.values_list("pk", "status", "ready_at", "waits_for", "lapsed_because", "closed_at")),
        "meetings": list(Meeting.objects.filter(status="scheduled").values_list("pk")),
        "requests": list(Request.objects.filter(status="open").values_list("pk")),
        "complaints": list(Complaint.objects.filter(status="open").values_list("pk")),
    }


@pytest.mark.parametrize(("outcome", "said"), UNDONE, ids=[f"{outcome}-{len(said)}" for outcome, said in UNDONE])
def test_what_an_outcome_did_is_taken_back_for_five_minutes(
    club: Club, olga: User, member: Member, outcome: str, said: dict[str, object]
) -> None:
    if outcome == "booked":
        host = make_employee(club, "administrator", "anna")
        said = {"meeting": Booking(host=host, starts_at=when("Fri 17:00"))}
    task = due(member)
    for kind in ("birthday", "missed_call"):
        due(member, kind)
    CallTask.objects.filter(kind="missed_call").update(to_supervisor=True, status="waiting")  # out of the way
    at = when("Mon 10:00")
    assert claim(club, olga, at) == task
    dialling.dial(task=task, operator=olga, now=at)
    settling.settle(tasks=CallTask.objects.values_list("pk", flat=True), now=at)  # the dial stays and counts
    before = state(member)

    done = outcomes.record(task=task, operator=olga, said=Said(outcome=outcome, **said), now=at + SECOND)
    assert state(member) != before, "it did nothing"
    undone = outcomes.undo(task=task, operator=olga, now=at + 5 * MINUTE)

    assert state(member) == before
    assert (undone.holder, undone.call_live) == (olga, True)
    attempt = CallAttempt.objects.get()
    assert (attempt.pk, attempt.at, attempt.outcome, attempt.reason, attempt.made) == (
        done.attempt.pk,
        at,
        "",
        None,
        {},
    )
    assert [one["outcome"] for one in attempt.undone] == [outcome]
    again = outcomes.record(task=task, operator=olga, said=Said(outcome="no_answer"), now=at + 6 * MINUTE).task
    assert again.ready_at == when("Mon 13:00"), "the new outcome counts from the dial"


@pytest.mark.parametrize(
    ("outcome", "said"), UNDONE[1:], ids=[f"{outcome}-{len(said)}" for outcome, said in UNDONE[1:]]
)
def test_after_five_minutes_it_stands(
    club: Club, olga: User, member: Member, outcome: str, said: dict[str, object]
) -> None:
    rung(due(member), olga, when("Mon 10:00"), outcome, **said)
    before = state(member)
    task = CallAttempt.objects.get().task
    with pytest.raises(outcomes.UndoTooLate):
        outcomes.undo(task=task, operator=olga, now=when("Mon 10:05") + SECOND)
    assert state(member) == before


def test_an_undone_call_needs_no_leave_to_be_ended_anew(club: Club, olga: User, member: Member) -> None:
    """Its window closes a minute later: the call was made, only its end is said again."""
    task = due(member)
    rung(task, olga, when("Mon 19:59"), "thinking")
    outcomes.undo(task=task, operator=olga, now=when("Mon 20:01"))
    assert dialling.dial(task=task, operator=olga, now=when("Mon 20:01")).at == when("Mon 19:59")
    assert (
        outcomes.record(
            task=task, operator=olga, said=Said(outcome="refused", reason="price"), now=when("Mon 20:03")
        ).task.status
        == TaskStatus.DONE
    )


def test_an_undone_call_is_held_beside_the_next_one(club: Club, olga: User, member: Member) -> None:
    first, second = due(member), due(make_member(club, phone=phone(8)))
    rung(first, olga, when("Mon 10:00"), "thinking")
    assert claim(club, olga, when("Mon 10:01")) == second
    outcomes.undo(task=first, operator=olga, now=when("Mon 10:02"))
    assert set(CallTask.objects.filter(holder=olga, status="leased")) == {first, second}
    outcomes.record(task=first, operator=olga, said=Said(outcome="no_answer"), now=when("Mon 10:03"))
    assert claim(club, olga, when("Mon 10:04")) == second


def test_a_meeting_that_was_moved_meanwhile_is_not_taken_back(club: Club, olga: User, member: Member) -> None:
    host = make_employee(club, "administrator", "anna")
    task = due(member)
    rung(task, olga, when("Mon 10:00"), "booked", meeting=Booking(host=host, starts_at=when("Fri 17:00")))
    meetings.reschedule(meeting=Meeting.objects.get(), starts_at=when("Fri 18:00"), by=None, now=when("Mon 10:01"))
    with pytest.raises(outcomes.UndoTooLate):
        outcomes.undo(task=task, operator=olga, now=when("Mon 10:02"))
    assert Meeting.objects.filter(status="scheduled").count() == 1
