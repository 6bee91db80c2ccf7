"""`manage.py import_data KIND FILE --club SLUG`: loads a file of the old program."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config import clock
from memberships import imports
from memberships.models import Club
from memberships.rules.errors import Refused

TAKEN, SOME_REFUSED, UNUSABLE = 0, 1, 2
NOBODY_REFUSED = {"rows": 0, "created": 0, "updated": 0, "unchanged": 0, "merged": 0, "refused": 0}


class Command(BaseCommand):
    help = (
        "Load a file into a club. Exit code 0: all rows were taken; 1: some were refused (and nothing was stored,"
        " unless --skip-bad); 2: the file cannot be used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=", ".join(imports.KINDS))
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV or XLSX")
        parser.add_argument("--club", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
        parser.add_argument("--skip-bad", action="store_true", help="take the good rows although others are refused")
        parser.add_argument("--mapping", metavar="JSON", help='{"column": "field"}, or a file that holds it')
        parser.add_argument("--report", metavar="FILE.csv", type=Path, help="where to write the refused rows")
        parser.add_argument("--warnings", metavar="FILE.csv", type=Path, help="where to write all warnings")
        parser.add_argument("--as-of", metavar="DATE", help="the day of which the file tells (default: today)")
        parser.add_argument("--create-plans", action="store_true", help="clublist: make plans that are not known")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json: bool = options["json"]
        try:
            with self._progress() as progress:
                answer = imports.run(
                    club=self._club(options["club"]),
                    kind=self._kind(options["kind"]),
                    path=options["file"],
                    now=clock.now(),
                    as_of=self._day(options["as_of"]),
                    mapping=self._mapping(options["mapping"]),
                    dry_run=options["dry_run"],
                    skip_bad=options["skip_bad"],
                    create_plans=options["create_plans"],
                    report=options["report"],
                    warnings=options["warnings"],
                    progress=progress,
                )
        except Refused as refusal:
            self._unusable(str(refusal.message))
        if self.as_json:
            self.stdout.write(json.dumps(answer.to_json(), ensure_ascii=False))
        else:
            self._tell(answer, dry_run=options["dry_run"], skip_bad=options["skip_bad"])
        if answer.refused and options["report"]:
            self.stderr.write(f"The refused rows are in {options['report']}.")
        if answer.refused:
            sys.exit(SOME_REFUSED)

    @contextlib.contextmanager
    def _progress(self) -> Iterator[imports.Progress]:
        """A line on standard error that says what is being done; nothing where nobody watches."""
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task("reading")
            yield lambda doing, rows: bar.update(task, description=f"{doing}: {rows:,} rows")

    def _tell(self, answer: imports.Answer, *, dry_run: bool, skip_bad: bool) -> None:
        for title, found in (("", answer.errors), ("warning: ", answer.warnings)):
            for each in found:
                place = ", ".join(str(part) for part in (each["column"], each["value"]) if part)
                self.stderr.write(f"{title}line {each['line']}{f' ({place})' if place else ''}: {each['message']}")
        if answer.refused > len(answer.errors):
            self.stderr.write("… and more; --report FILE.csv writes all refused rows.")
        verb = "would be " if dry_run else ""
        merged = f" {answer.merged} merged," if answer.merged else ""
        self.stdout.write(
            f"{answer.rows} rows: {verb}{answer.created} created, {answer.updated} updated,"
            f" {answer.unchanged} unchanged,{merged} {answer.refused} refused."
        )
        if answer.refused and not skip_bad:
            self.stdout.write("Nothing was stored: mend the rows, or take the good ones with --skip-bad.")

    def _club(self, slug: str) -> Club:
        club = Club.objects.filter(slug=slug).order_by("pk").first()
        return club or self._unusable(f"There is no club {slug}.")

    def _kind(self, kind: str) -> str:
        if kind not in imports.KINDS:
            self._unusable(f"{kind} is no kind of file; the kinds are: {', '.join(imports.KINDS)}.")
        return kind

    def _day(self, text: str | None) -> dt.date | None:
        try:
            return dt.date.fromisoformat(text) if text else None
        except ValueError:
            self._unusable(f"--as-of {text} is not a day like 2026-12-31.")

    def _mapping(self, text: str | None) -> dict[str, str] | None:
        if not text:
            return None
        try:
            mapping = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            self._unusable(f"--mapping is neither JSON nor a file that holds it: {error}")
        if not isinstance(mapping, dict) or not all(isinstance(field, str) for field in mapping.values()):
            self._unusable('--mapping must be like {"column": "field"}.')
        return mapping

    def _unusable(self, why: str) -> NoReturn:
        if self.as_json:
            errors = [{"line": None, "column": "", "value": "", "message": why}]
            self.stdout.write(json.dumps({**NOBODY_REFUSED, "errors": errors, "warnings": []}, ensure_ascii=False))
        self.stderr.write(why)
        sys.exit(UNUSABLE)
