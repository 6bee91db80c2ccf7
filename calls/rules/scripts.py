"""What an operator says (§8): a script per kind of call, every step and answer leading to a meeting in the club.

Texts are message ids, read aloud as they stand. Words in braces are filled in from the card (``PLACES``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from calls.rules.kinds import Kind
from memberships.rules.sentences import N_, Sentence, sentence

PLACES = ("member", "operator", "club", "host", "times")
"""Who is rung, who rings, from which club, whom they will meet, and two free times ("today at 18:30, or …")."""

_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its title, what is said, and the way out of it to booking (the label of that button)."""

    title: str
    text: str
    to_booking: str


@dataclass(frozen=True, slots=True)
class Objection:
    """What a member may say against it, and the answer that leads back to the meeting."""

    says: str
    answer: str
    to_booking: str


@dataclass(frozen=True, slots=True)
class Script:
    steps: Sequence[Step]
    objections: Sequence[Objection] = ()

    def as_json(self) -> dict[str, list[dict[str, str]]]:
        """Steps and objections as they are stored."""
        return {
            "steps": [asdict(step) for step in self.steps],
            "objections": [asdict(objection) for objection in self.objections],
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a script: ``part`` is ``steps`` or ``objections``, ``place`` counts from 0."""

    part: str
    place: int
    sentence: Sentence


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its words in braces filled in; what is not known reads …"""
    return _PLACE.sub(lambda found: values.get(found[1]) or "…", text)


def problems(script: Script) -> list[Problem]:
    """Why a script cannot be saved: no step, a part without text or without a way to booking, unknown braces."""
    found = []
    if not script.steps:
        found.append(Problem("steps", 0, sentence(N_("A script needs at least one step."))))
    for place, step in enumerate(script.steps):
        if not step.title.strip():
            found.append(Problem("steps", place, sentence(N_("Give the step a title."))))
        found += _text_problems("steps", place, step.text, step.to_booking)
    for place, objection in enumerate(script.objections):
        if not objection.says.strip():
            found.append(Problem("objections", place, sentence(N_("Write what the member says."))))
        found += _text_problems("objections", place, objection.answer, objection.to_booking)
    return found


def _text_problems(part: str, place: int, text: str, to_booking: str) -> list[Problem]:
    found = []
    if not text.strip():
        found.append(Problem(part, place, sentence(N_("Write what to say."))))
    if not to_booking.strip():
        text_of_exit = N_("Say how it leads to a meeting: every part needs a way to booking.")
        found.append(Problem(part, place, sentence(text_of_exit)))
    for word in _PLACE.findall(text):
        if word not in PLACES:
            unknown = N_("{%(word)s} cannot be filled in; known are %(known)s.")
            known = ", ".join(f"{{{one}}}" for one in PLACES)
            found.append(Problem(part, place, sentence(unknown, word=word, known=known)))
    return found


_FIND_A_TIME = N_("Yes, find a time")
_TODAY = N_("Agree a time now")
_TAKE_ONE = N_("Book the time they took")

_OBJECTIONS = (
    Objection(
        N_("“How much will it be?”"),
        N_(
            "“That depends on how you want to use the club. {host} goes through it with you, on paper, and you "
            "take it home and decide there. I have {times}. Which is better for you?”"
        ),
        _TAKE_ONE,
    ),
    Objection(
        N_("“I have no time at the moment”"),
        N_(
            "“I believe you. That is why it takes a quarter of an hour only, right before or after a training, "
            "or on your way home. When do you usually pass by: more in the morning or in the evening?”"
        ),
        _FIND_A_TIME,
    ),
    Objection(
        N_("“I have to think about it”"),
        N_(
            "“Please do. You will think better with the facts in front of you: {host} shows you what is "
            "possible, and nothing is signed unless you want to. Would {times} be all right?”"
        ),
        _TAKE_ONE,
    ),
    Objection(
        N_("“Just tell me on the phone”"),
        N_(
            "“I would tell you half of it, and the half that does not fit you. {host} has your visits and your "
            "plan on one page. Shall we say {times}?”"
        ),
        _TAKE_ONE,
    ),
    Objection(
        N_("“It is too crowded”"),
        N_(
            "“You are not the only one who says so, and I write it down for the manager. There are hours when "
            "it is quiet; {host} can show you which, and what to do then. Could you come at {times}?”"
        ),
        _TAKE_ONE,
    ),
    Objection(
        N_("“I am going to another club”"),
        N_(
            "“I am sorry to hear that, and I should like to understand it. What do they have that we lack? … "
            "Thank you. Before you decide, let {host} show you what has changed here. Is {times} possible?”"
        ),
        _TAKE_ONE,
    ),
    Objection(
        N_("“Send me a message”"),
        N_("“I will gladly send you the time and the place. For that I only need to know which: {times}?”"),
        _TAKE_ONE,
    ),
)


def _script(
    greet: str,
    attend: str,
    why: str,
    agree: str,
    *,
    titles: tuple[str, str, str, str] = (
        N_("Greet"),
        N_("Do you attend?"),
        N_("If not, why?"),
        N_("Agree day and time"),
    ),
) -> Script:
    texts = (greet, attend, why, agree)
    ways = (_TODAY, _FIND_A_TIME, _FIND_A_TIME, _TAKE_ONE)
    return Script(tuple(map(Step, titles, texts, ways)), _OBJECTIONS)


_AGREE = N_(
    "“I have {times}. Which suits you better? … Good: so we expect you then, and {host} will be at the front "
    "desk for you. You get a message with the time. If anything comes up, answer it, and we find another one.”"
)
_WHY = N_(
    "“What keeps you away at the moment?” Listen to the end, repeat it in one sentence, write it down. “Thank "
    "you for telling me. Let us look at it together in the club: {host} has helped others in the same place. "
    "It takes a quarter of an hour. Shall I find you a time?”"
)

DEFAULT_SCRIPTS: dict[Kind, Script] = {
    Kind.CALLBACK: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. You asked me to ring you now. Is it a good "
            "moment?” If it is not, promise another time."
        ),
        N_(
            "Take up what was said last time; it stands under the last contacts. “Since we spoke: have you "
            "been able to come and train?”"
        ),
        _WHY,
        _AGREE,
    ),
    Kind.MISSED_CALL: _script(
        N_(
            "“Good day, this is {operator} from {club}. You rang us and we did not get to the phone in time; "
            "I am sorry. What can I do for you?”"
        ),
        N_(
            "Answer the question first, or write down who will. “While I have you on the line: how is the "
            "training going, do you get to come as often as you want?”"
        ),
        _WHY,
        _AGREE,
    ),
    Kind.NO_SHOW: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. {host} was waiting for you, and we wondered "
            "whether all is well. Is it a good moment?” No reproach: something came up, that happens."
        ),
        N_("“Are you getting to the club at all at the moment, or has it become difficult altogether?”"),
        N_(
            "“What came between?” Listen, and take it as it is. “Then let us take a time at which that cannot "
            "happen. {host} keeps a place for you.”"
        ),
        _AGREE,
    ),
    Kind.MEETING_REMINDER: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. It is only about your meeting with {host}. "
            "Do you have half a minute?”"
        ),
        N_("“Does the time still suit you?” If so: “Good, {host} looks forward to it”, and *confirmed*."),
        N_(
            "“What has come up?” If the time does not suit any more: “No trouble at all, that is why I ring. "
            "Let us find another one right away.”"
        ),
        N_("“I have {times}. Which is easier for you? … Then I have moved it, and {host} knows. See you then.”"),
        titles=(N_("Greet"), N_("Does it still suit?"), N_("If not, why?"), N_("Agree another time")),
    ),
    Kind.WELCOME: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. You are new with us, and I ring to hear how "
            "your first days were. Is it a good moment?”"
        ),
        N_(
            "“Have you been in already? … How did you find your way around: the changing rooms, the machines, "
            "the timetable?”"
        ),
        N_(
            "“What has kept you from coming so far?” Most often nobody knows where to begin: “For that there "
            "is your first session, with {host}: you go round together and leave with a plan for the first "
            "weeks. It belongs to your membership.”"
        ),
        N_(
            "“{host} is free {times}. Which suits you better? … Good. Bring sports things and a towel; you "
            "get a message with the time.”"
        ),
    ),
    Kind.RENEWAL: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. Your membership comes to its end soon, and "
            "before that we should like to hear how it was. Is it a good moment?”"
        ),
        N_(
            "“How often do you come at the moment, and is it as you wished when you began?” Compare it with "
            "the visits on the card; do not correct the member."
        ),
        _WHY,
        N_(
            "“So that you do not have to decide on the phone: {host} has prepared what fits the way you train, "
            "and you look at it together. I have {times}. Which suits you better?” Repeat the day and the "
            "time."
        ),
    ),
    Kind.ONBOARDING: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. In the first weeks we look after a few "
            "things together, and one of them is open. Is it a good moment?” The step stands in the reason."
        ),
        N_("“How many times have you been in so far? … And do you feel at home yet?”"),
        N_(
            "“What makes it hard to come?” Listen, write it down. “Then let us not lose time: {host} makes a "
            "week with you that you can keep. A quarter of an hour is enough.”"
        ),
        _AGREE,
    ),
    Kind.FREEZE_ENDING: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. Your pause ends in a few days, and I should "
            "like to make the way back easy. Is it a good moment?”"
        ),
        N_("“Are you back and well? … On which days do you think you will come at first?”"),
        N_(
            "“Is anything in the way?” If it is health: no advice, “{host} begins with you gently and sees "
            "what is good for you.” If it is time: “Then we make the first week small.”"
        ),
        N_(
            "“The first visit is the hardest one, so let us put a day to it. {host} is there {times}. Which "
            "do you take?” Repeat the day and the time."
        ),
    ),
    Kind.COMPLAINT_FOLLOWUP: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. You told us about something that was not "
            "right, and you have our answer. I ring to hear whether it is right now. Is it a good moment?”"
        ),
        N_(
            "“Is it mended from your side? … And have you been in since?” If it is not mended: *complaint*, "
            "in the member's own words. Do not defend, do not explain."
        ),
        N_(
            "“What would have to happen so that you like to come again?” Write it down word for word. “I "
            "should like {host} to hear that from you in person, and to settle it there and then.”"
        ),
        _AGREE,
    ),
    Kind.AT_RISK: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. We have missed you, and I wanted to ask how "
            "you are. Is it a good moment?”"
        ),
        N_("“You used to come regularly. Has something changed, in your week or here with us?”"),
        _WHY,
        N_(
            "“Let us begin with one day only. {host} is there {times} and trains the first quarter of an hour "
            "with you. Which do you take?” Repeat the day and the time."
        ),
    ),
    Kind.CARE: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. Nothing is the matter: we have not spoken "
            "for a while, and I should like to know how it goes. Is it a good moment?”"
        ),
        N_("“How often do you come, and do you get where you wanted to? … What do you like best here?”"),
        N_(
            "“What would you change if the club were yours?” Write it down word for word. “And for your own "
            "training: {host} takes a measurement with you and sharpens the plan. Would you like that?”"
        ),
        _AGREE,
    ),
    Kind.BIRTHDAY: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. We all wish you a very happy birthday!” "
            "Leave time for it; this call may end here."
        ),
        N_("“Will you find an hour for yourself this week and come by?”"),
        N_(
            "“I hope nothing keeps you from it?” If something does, listen and write it down. “When it is "
            "quieter again, {host} would be glad to plan the next months with you.”"
        ),
        N_("“Not on your birthday, of course: {times}? … Wonderful, we expect you. Have a lovely day!”"),
    ),
    Kind.WINBACK: _script(
        N_(
            "“Good day, {member}, this is {operator} from {club}. You trained with us, and we have not "
            "forgotten you. Do you have two minutes?”"
        ),
        N_("“Do you train anywhere at the moment, or has it fallen asleep? … How do you feel with that?”"),
        N_(
            "“What made you stop with us?” Listen to the end; thank them even if it is unpleasant. “Some of "
            "that has changed. I should like you to see it for yourself: {host} shows you round, without any "
            "obligation.”"
        ),
        N_(
            "“{host} has time {times}. Which suits you better? … Good, bring sports things if you like; you "
            "are our guest that day.”"
        ),
    ),
}
