"""What a club says in each kind of call: every saving is a new version, and older ones stay readable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from calls.models import Kind, Script
from calls.rules import scripts as rules
from calls.rules.scripts import Objection, Step
from memberships import holding
from memberships.models import Club, User
from memberships.rules import amounts
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, Sentence, sentence

MOST_PARTS = 30
LONGEST = 2000


class ScriptRefused(Invalid):
    """A script that cannot be used on the phone; ``problems`` names each part that is wrong, ``fields`` too."""

    def __init__(self, problems: Sequence[rules.Problem], script: rules.Script) -> None:
        told = [_named(problem, script) for problem in problems]
        fields: dict[str, list[object]] = {}
        for problem, text in zip(problems, told, strict=True):
            fields.setdefault(f"{problem.part}_{problem.place}", []).append(text)
        super().__init__(told[0], fields=fields)
        self.problems = list(problems)


class UnknownLanguage(Invalid):
    """A script is for a kind of call in a language."""

    field = "language"


class SavedMeanwhile(Conflict):
    """Somebody saved a newer version than the one that was read."""


holding.violations["script_version_once"] = lambda: SavedMeanwhile(sentence(_MEANWHILE))
_MEANWHILE = N_("Somebody saved a newer version meanwhile. Read it before you save yours.")


def newest(club: Club) -> list[Script]:
    """The version of each script that is used now, by kind in the queue's order, then language."""
    rows = Script.objects.filter(club=club).select_related("made_by").order_by("kind", "language", "-version")
    order = {kind.value: place for place, kind in enumerate(Kind)}
    return sorted(rows.distinct("kind", "language"), key=lambda row: (order[row.kind], row.language))


def versions(script: Script) -> list[Script]:
    """Every version of a script, the newest first."""
    rows = Script.objects.filter(club=script.club_id, kind=script.kind, language=script.language)
    return list(rows.select_related("made_by").order_by("-version"))


def parts(script: Script) -> rules.Script:
    """Steps and objections of a stored script as the rules take them."""
    return rules.Script(
        tuple(Step(**_texts(one, ("title", "text", "to_booking"))) for one in script.steps),
        tuple(Objection(**_texts(one, ("says", "answer", "to_booking"))) for one in script.objections),
    )


def save(
    *, club: Club, kind: str, language: str, script: rules.Script, after: int, by: User | None, now: dt.datetime
) -> Script:
    """Stores a new version: calls from now on use it. ``after``: the version that was read, 0 for the first one.

    Raises ScriptRefused, UnknownLanguage, SavedMeanwhile.
    """
    if kind not in Kind.values or not (language.isascii() and language.isalpha() and 2 <= len(language) <= 3):
        raise UnknownLanguage(sentence(N_("Choose a kind of call and a language.")))
    found = problems(script)
    if found:
        raise ScriptRefused(found, script)
    stored = script.as_json()
    with holding.operation(by=by):
        rows = Script.objects.filter(club=club, kind=kind, language=language)
        last = rows.order_by("-version").values_list("version", flat=True).first() or 0
        if last != after:
            raise SavedMeanwhile(sentence(_MEANWHILE))
        return Script.objects.create(
            club=club,
            kind=kind,
            language=language,
            version=last + 1,
            steps=stored["steps"],
            objections=stored["objections"],
            made_at=now,
            made_by=by,
        )


def restore(*, script: Script, by: User | None, now: dt.datetime) -> Script:
    """An older version's words again, as the newest version. Raises what ``save`` raises."""
    last = versions(script)[0].version
    return save(
        club=script.club, kind=script.kind, language=script.language, script=parts(script), after=last, by=by, now=now
    )


def filled(script: rules.Script, values: Mapping[str, str]) -> dict[str, list[dict[str, str]]]:
    """Steps and objections as an operator reads them: with the words in braces filled in."""
    data = script.as_json()
    return {
        "steps": [{**step, "text": rules.fill(step["text"], values)} for step in data["steps"]],
        "objections": [{**one, "answer": rules.fill(one["answer"], values)} for one in data["objections"]],
    }


def problems(script: rules.Script) -> list[rules.Problem]:
    """Why a script cannot be saved: what the rules say, amounts, and more than a card can hold."""
    found = rules.problems(script)
    for part, rows in (("steps", script.steps), ("objections", script.objections)):
        for place, row in enumerate(rows):
            texts = [str(getattr(row, name)) for name in row.__dataclass_fields__]
            if any(amounts.contains_amount(text) for text in texts):
                found.append(rules.Problem(part, place, sentence(N_("An amount is never said on the phone."))))
            if any(len(text) > LONGEST for text in texts):
                found.append(rules.Problem(part, place, sentence(N_("This is too long to be said."))))
        if len(rows) > MOST_PARTS:
            found.append(rules.Problem(part, MOST_PARTS, sentence(N_("This is too long to be said."))))
    return found


def _named(problem: rules.Problem, script: rules.Script) -> Sentence:
    """The sentence with the name of its step or objection in front."""
    rows: Sequence[Step | Objection] = script.steps if problem.part == "steps" else script.objections
    if problem.place >= len(rows):
        return problem.sentence
    row = rows[problem.place]
    title = row.title if isinstance(row, Step) else row.says
    text = (
        N_("Step %(n)s, %(title)s: %(what)s") if problem.part == "steps" else N_("Objection %(n)s, %(title)s: %(what)s")
    )
    return sentence(text, n=problem.place + 1, title=title.strip() or "…", what=problem.sentence)


def _texts(part: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: part.get(name, "") for name in names}
