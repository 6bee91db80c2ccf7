"""Guards taken out one by one, by hand: the tests named beside each must fail.

Each is a change of one line in a copy of the tree. A line that is not there any more is an error: whoever moves a guard
moves it here too.
"""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.checks import Found

BASE_DIR = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis")
LONGEST_S = 300
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)


@dataclass(frozen=True)
class Mutant:
    """``was`` occurs once in ``file``; ``test``: what pytest is given."""

    file: str
    was: str
    now: str
    test: str

    def __str__(self) -> str:
        return f"{self.file}: {self.was.strip()[:60]!r}"


CLAIMS, CLAIMING, LEASES = (f"calls/queue/{name}.py" for name in ("statements", "claiming", "leases"))
POLICY = "calls/rules/policy.py"
RULES_OF_POLICY = "tests/rules/calls/contact_policy"
FREEZING, PRICING = "memberships/rules/freezing.py", "memberships/rules/pricing.py"

MUTANTS = (
    # the queue
    Mutant(CLAIMS, "AND (t.promised_to_id IS NULL OR t.promised_to_id = %(operator)s OR t.promised_until <= %(now)s)\n",
           "", "tests/calls/test_queue.py"),
    Mutant(CLAIMS, "AND r.at > %(now)s - z.pause LIMIT 1", "AND false LIMIT 1", "tests/calls/test_queue.py"),
    Mutant(CLAIMS, "AND h.status = 'leased' AND h.holder_id IS DISTINCT FROM %(operator)s", "AND false",
           "tests/calls/test_queue.py"),
    Mutant(CLAIMS, "AND t.due_at >= z.due_from AND t.due_at <= %(now)s", "AND t.due_at >= z.due_from",
           "tests/calls/test_queue.py"),
    Mutant(CLAIMS, "AND (NOT t.call_live OR t.lease_until <= %(now)s - interval '4 hours')\n", "",
           "tests/calls/test_queue.py"),
    Mutant(CLAIMING, "if not policy.of_task(task, known, ", "if task or policy.of_task(task, known, ",
           "tests/calls/test_queue.py"),
    Mutant(CLAIMING, "young = held_at < now < held_at + YOUNG", "young = held_at < now", "tests/calls/test_looks.py"),
    Mutant(CLAIMS, "(POLICY_AS_SEEN)", "(\"true\")", "tests/calls/test_looks.py"),
    Mutant(LEASES, "        if locked.call_live and locked.lease_until is not None and", "        if False and",
           "tests/calls/test_queue.py"),
    Mutant(LEASES, "status=TaskStatus.LEASED, holder=operator)\n    if not held",
           "status=TaskStatus.LEASED)\n    if not held", "tests/calls/test_queue.py"),
    Mutant(LEASES, "if locked.status != TaskStatus.LEASED or locked.holder_id != operator.pk:", "if False:",
           "tests/calls/test_queue.py"),
    Mutant(LEASES, "to_supervisor = _skipped_by(locked, most) >= most", "to_supervisor = False",
           "tests/calls/test_queue.py"),
    Mutant("calls/dialling.py", "        blocks = _blocks(row, member, now)\n", "        blocks = []\n",
           "tests/calls/test_dialling.py"),
    Mutant("calls/outcomes/recording.py", "        _check_held(main, operator)\n", "", "tests/calls/outcomes"),
    Mutant("calls/outcomes/recording.py", "        if repeated is not None:\n", "        if False:\n",
           "tests/calls/outcomes"),
    Mutant("calls/settling.py", "WHERE t.id = ANY (%(ids)s::bigint[]) AND {OPEN_NOW}",
           "WHERE t.id = ANY (%(ids)s::bigint[])", "tests/calls/test_listening.py"),
    # the contact policy
    Mutant(POLICY, "asked.at - refused[-1] >= lasts", "asked.at - refused[-1] > lasts", RULES_OF_POLICY),
    Mutant(POLICY, "one.purpose is Purpose.RENEWAL and one.ends_at > asked.at", "one.ends_at > asked.at",
           RULES_OF_POLICY),
    Mutant(POLICY, "if asked.at - at < window]", "if asked.at - at <= window]", RULES_OF_POLICY),
    Mutant(POLICY, "            if len(inside) < cap:", "            if len(inside) <= cap:", RULES_OF_POLICY),
    Mutant(POLICY, 'for one in dials if one.outcome != "busy")', "for one in dials)", RULES_OF_POLICY),
    Mutant(POLICY, "if asked.facts.consent_calls is False:", "if False:", RULES_OF_POLICY),
    Mutant(POLICY, 'return ("member", facts.attempts), ("number", facts.number_attempts)',
           'return (("member", facts.attempts),)', RULES_OF_POLICY),
    Mutant("calls/rules/hours.py", "return EARLIEST <= at.astimezone(zone).time() < LATEST",
           "return EARLIEST <= at.astimezone(zone).time() <= LATEST", "tests/rules/calls/test_calling_hours.py"),
    Mutant("calls/rules/hours.py", "begins, ends = max(begins, EARLIEST), min(ends, LATEST)", "pass",
           "tests/rules/calls"),
    # the planner
    Mutant("calls/rules/planning.py", "(rung <= 0 or 2 * rung <= days)", "True",
           "tests/rules/calls/test_call_planning.py"),
    Mutant("calls/rules/planning.py", "    if has_successor or refused_for_good:\n        return None\n    rung",
           "    rung", "tests/rules/calls/test_call_planning.py"),
    Mutant("calls/planning/__init__.py", "        if _has_its_plan(club, P", "        if False and (club, P",
           "tests/reliability/test_planners.py"),
    # sales, freezes, prices
    Mutant("memberships/sales/selling.py", "        _refuse_used(quote)\n", "",
           "tests/memberships/test_quotes.py"),
    Mutant("memberships/sales/selling.py", "        if asked_on > quote.valid_until:", "        if False:",
           "tests/memberships/test_quotes.py"),
    Mutant(FREEZING, "        if days.first < today:", "        if False:", "tests/rules/memberships/test_freezing.py"),
    Mutant(FREEZING, "if days.days < held.minimum_days:", "if days.days <= held.minimum_days:",
           "tests/rules/memberships/test_freezing.py"),
    Mutant(FREEZING, "if allowance_used(frozen) > held.allowance_days:", "if False:",
           "tests/rules/memberships/test_freezing.py"),
    Mutant(FREEZING, "    if returned_on < today and not may_be_past:", "    if False:",
           "tests/rules/memberships/test_freezing.py"),
    Mutant(PRICING, "return max(price - value, Fraction(0))", "return price - value",
           "tests/rules/memberships/test_pricing.py"),
    Mutant(PRICING, "max(exact, floor)", "exact", "tests/rules/memberships/test_pricing.py"),
    Mutant(PRICING, "named and not used_up(promotion) and why_not", "named and why_not",
           "tests/rules/memberships/test_pricing.py tests/memberships/test_races.py"),
    Mutant("memberships/imports/running.py", "if dry_run or (answer.refused and not skip_bad):", "if dry_run:",
           "tests/memberships/imports/test_bad_rows.py"),
    # who comes in
    Mutant("memberships/access.py", "    if not role:\n        raise Http404\n    if not holds(role, right):\n",
           "    if not role:\n        raise Http404\n    if False:\n", "tests/trust/test_routes.py"),
    Mutant("memberships/access.py", "    require(user, right, int(owner))", "    int(owner)",
           "tests/trust/test_routes.py"),
    Mutant("memberships/access.py", "Employee.objects.filter(user=user, active=True, role__in=list(ORDER))",
           "Employee.objects.filter(user=user, role__in=list(ORDER))", "tests/trust/test_routes.py"),
    Mutant("config/authentication.py", "rows.filter(user__is_active=True)", "rows.filter()",
           "tests/config/test_api_frame.py"),
    Mutant("config/idempotency.py", "    if known.body_hash != _fingerprint(request):", "    if False:",
           "tests/config/test_idempotency.py"),
    Mutant("config/idempotency.py", "created_at__gt=now - KEPT_FOR", "created_at__gt=now - 365 * KEPT_FOR",
           "tests/config/test_idempotency.py"),
    Mutant("config/second_factor.py",
           "        if request.path.startswith(OPEN_TO_ALL) or not is_missing(request):", "        if True:",
           "tests/trust/test_login.py"),
    Mutant("config/accounts.py", '.strip().casefold()', "", "tests/config/test_accounts.py"),
    Mutant("config/settings.py", "AXES_FAILURE_LIMIT = 10", "AXES_FAILURE_LIMIT = 1000",
           "tests/config/test_accounts.py"),
    Mutant("config/exports.py", '    return f"\'{value}"', "    return value", "tests/look/test_exports.py"),
)  # fmt: skip


def run(mutants: Sequence[Mutant] = MUTANTS) -> Found:
    """Every mutant; a breach for each that no test noticed. Before that, the tests must be green without one."""
    found = Found(times=len(mutants))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringback-mutants-") as folder:
        trees = [Path(folder) / str(number) for number in range(AT_ONCE)]
        for tree in trees:
            shutil.copytree(BASE_DIR, tree, ignore=LEFT_OUT, symlinks=True)
        tests = sorted({word for mutant in mutants for word in mutant.test.split()})
        if (said := _tests(trees[0], tests)) is not None:
            found.breach(f"without a mutant the tests fail: {said}")
            return found
        free = list(trees)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for said in pool.map(lambda mutant: _lives(mutant, free), mutants):
                if said:
                    found.breach(said)
    found.said = f"{found.times - len(found.breaches)} noticed, {time.monotonic() - began:.0f} s"
    return found


def misplaced(mutants: Sequence[Mutant] = MUTANTS) -> list[str]:
    """Mutants whose line is not, or not only once, where they say."""
    return [str(one) for one in mutants if (BASE_DIR / one.file).read_text().count(one.was) != 1]


def _lives(mutant: Mutant, free: list[Path]) -> str:
    """What to say of a mutant that no test noticed; else nothing."""
    tree = free.pop()
    file = tree / mutant.file
    text = file.read_text()
    try:
        if text.count(mutant.was) != 1:
            return f"{mutant}: this line is not there"
        file.write_text(text.replace(mutant.was, mutant.now))
        return f"{mutant}: no test fails without it" if _tests(tree, mutant.test.split()) is None else ""
    finally:
        file.write_text(text)
        free.append(tree)


def _tests(tree: Path, tests: Sequence[str]) -> str | None:
    """Runs tests in a tree until the first fails; its last words, or ``None`` where all passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, capture_output=True, text=True, timeout=LONGEST_S,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "it did not end"
    return None if done.returncode == 0 else done.stdout[-300:]
