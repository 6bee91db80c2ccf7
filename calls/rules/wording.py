"""The words of the contact policy: one sentence per code, and instants as an operator would say them."""

from __future__ import annotations

import datetime as dt

from memberships.rules.sentences import N_, NN_, Sentence, ShortDay, sentence

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
NUMBERS = (
    N_("No"),
    N_("One"),
    N_("Two"),
    N_("Three"),
    N_("Four"),
    N_("Five"),
    N_("Six"),
    N_("Seven"),
    N_("Eight"),
    N_("Nine"),
    N_("Ten"),
)
ORDINALS = (
    N_("first"),
    N_("second"),
    N_("third"),
    N_("fourth"),
    N_("fifth"),
    N_("sixth"),
    N_("seventh"),
    N_("eighth"),
    N_("ninth"),
    N_("tenth"),
    N_("eleventh"),
)
CONVERSATIONS = NN_(
    "One conversation in the last %(days)s days",
    "%(number)s conversations in the last %(days)s days",
)
CONVERSATIONS_OF_NUMBER = NN_(
    "One conversation with this number in the last %(days)s days",
    "%(number)s conversations with this number in the last %(days)s days",
)
ATTEMPTS = NN_(
    "One attempt in the last %(days)s days",
    "%(number)s attempts in the last %(days)s days",
)
ATTEMPTS_OF_NUMBER = NN_(
    "One attempt on this number in the last %(days)s days",
    "%(number)s attempts on this number in the last %(days)s days",
)


def clock(local: dt.datetime) -> str:
    """Hours and minutes of a local instant ("19:40")."""
    return f"{local:%H:%M}"


def moment(local: dt.datetime, today: dt.date) -> Sentence:
    """A local instant as one says it today: "11:30", "Sunday 11:30", from a week away "12 December 11:30"."""
    away = abs((local.date() - today).days)
    if away == 0:
        return sentence("%(time)s", time=clock(local))
    if away < 7:
        return sentence("%(day)s %(time)s", day=weekday(local.date()), time=clock(local))
    return sentence("%(day)s %(time)s", day=ShortDay(local.date()), time=clock(local))


def weekday(day: dt.date) -> Sentence:
    """The name of the day of the week."""
    return sentence(WEEKDAYS[day.weekday()])


def number(count: int) -> Sentence | str:
    """A count at the beginning of a sentence: in words up to ten."""
    return sentence(NUMBERS[count]) if count < len(NUMBERS) else str(count)


def deceased() -> Sentence:
    return sentence(N_("The member has died."))


def do_not_call(since: dt.date) -> Sentence:
    return sentence(N_("Must not be called, since %(day)s."), day=since)


def no_phone() -> Sentence:
    return sentence(N_("No phone number is known."))


def marked_wrong(on: dt.date) -> Sentence:
    return sentence(N_("The number was marked wrong on %(day)s."), day=on)


def premium_number() -> Sentence:
    return sentence(N_("This is a premium number."))


def consent_refused() -> Sentence:
    return sentence(N_("The member does not want calls."))


def consent_missing() -> Sentence:
    return sentence(N_("No consent to calls is recorded."))


def already_renewed(starts_on: dt.date) -> Sentence:
    return sentence(N_("A later membership is sold, from %(day)s."), day=starts_on)


def cancelled(cancelled_on: dt.date) -> Sentence:
    return sentence(N_("The membership is cancelled from %(day)s."), day=cancelled_on)


def open_complaint() -> Sentence:
    return sentence(N_("A complaint waits for its answer."))


def refused_lately(refused_on: dt.date, when: Sentence) -> Sentence:
    return sentence(N_("Refused on %(day)s; not asked again before %(when)s."), day=ShortDay(refused_on), when=when)


def meeting_booked(when: Sentence) -> Sentence:
    return sentence(N_("A meeting lies ahead: %(when)s."), when=when)


def frozen(last_day: dt.date) -> Sentence:
    return sentence(N_("Frozen until %(day)s."), day=ShortDay(last_day))


def silence_days(started_on: dt.date, over_on: dt.date) -> Sentence:
    return sentence(
        N_("A membership started on %(day)s; no calls before %(over)s."),
        day=ShortDay(started_on),
        over=ShortDay(over_on),
    )


def contact_cap(
    *, count: int, cap: int, days: int, conversations: bool, of_number: bool, when: Sentence | None
) -> Sentence:
    """How many conversations (or attempts) there were, and before when there may be no other.

    ``when`` is ``None`` where the policy allows none at all.
    """
    if when is None:
        return sentence(N_("The contact policy allows no such call."))
    if conversations:
        forms = CONVERSATIONS_OF_NUMBER if of_number else CONVERSATIONS
    else:
        forms = ATTEMPTS_OF_NUMBER if of_number else ATTEMPTS
    so_far = sentence(forms, count=count, number=number(count), days=days)
    if count == cap and count < len(ORDINALS):
        return sentence(
            N_("%(so_far)s; no %(ordinal)s before %(when)s."),
            so_far=so_far,
            ordinal=sentence(ORDINALS[count]),
            when=when,
        )
    return sentence(N_("%(so_far)s; no other before %(when)s."), so_far=so_far, when=when)


def attempts_today(count: int) -> Sentence:
    return sentence(
        NN_(
            "One attempt today already; no other before tomorrow.",
            "%(number)s attempts today already; no other before tomorrow.",
        ),
        count=count,
        number=number(count),
    )


def min_gap(last: Sentence, when: Sentence) -> Sentence:
    return sentence(N_("Rung at %(last)s; not again before %(when)s."), last=last, when=when)


def holiday(name: str) -> Sentence:
    return sentence(N_("A public holiday: %(name)s."), name=name)


def outside_hours(local: dt.datetime, opening: dt.datetime | None) -> Sentence:
    """``local`` and ``opening`` as the member's clock shows them; ``None``: no calling window remains."""
    if opening is None:
        return sentence(N_("%(time)s for the member; no calling hours are set."), time=clock(local))
    if opening.date() == local.date():
        return sentence(
            N_("%(time)s for the member; calls from %(opens)s."),
            time=clock(local),
            opens=clock(opening),
        )
    return sentence(
        N_("%(time)s for the member; calls on %(day)s from %(opens)s."),
        time=clock(local),
        day=weekday(opening.date()),
        opens=clock(opening),
    )
