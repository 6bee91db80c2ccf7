"""What the person at the console does: commands with their exit code and their words."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from tests.factories import PASSWORD
from tests.journeys.files import KINDS

STAFF = {"olga": "operator", "oscar": "operator", "anna": "administrator", "karin": "manager"}


@dataclass(frozen=True)
class Said:
    """What a command answered: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def manage(name: str, *arguments: object, stdin: str = "", **options: object) -> Said:
    """``manage.py NAME ARGUMENTS`` in this process."""
    out, err = io.StringIO(), io.StringIO()
    if stdin:
        options["stdin"] = io.StringIO(stdin)
    code = 0
    try:
        call_command(name, *map(str, arguments), stdout=out, stderr=err, **options)
    except SystemExit as left:
        code = int(left.code or 0)
    except CommandError as error:
        err.write(str(error))
        code = error.returncode
    return Said(code, out.getvalue(), err.getvalue())


def done(name: str, *arguments: object, stdin: str = "", **options: object) -> Said:
    """As ``manage``; the command must succeed."""
    said = manage(name, *arguments, stdin=stdin, **options)
    assert said.code == 0, (name, arguments, said)
    return said


def set_clock(to: dt.datetime) -> None:
    done("set_clock", to.isoformat())


def make_club(slug: str = "mf") -> None:
    """The first steps of an empty system: a club, and its people, who all have the same password."""
    done("add_club", slug, "--name", "Model Fitness", "--timezone", "America/Chicago", "--country", "US",
         "--currency", "USD")  # fmt: skip
    for user, role in STAFF.items():
        done("add_staff", user, "--role", role, "--club", slug, "--name", user.title(), stdin=f"{PASSWORD}\n")


def import_all(folder: Path, *, as_of: str, slug: str = "mf") -> dict[str, dict[str, Any]]:
    """All files of a folder, in the order in which they lean on each other; what each answered, by kind."""
    return {
        kind: done("import_data", kind, folder / f"{kind}.csv", "--club", slug, "--as-of", as_of, "--json").json
        for kind in KINDS
    }
