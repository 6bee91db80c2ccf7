"""The API as each role, many times over what its description allows and what it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.reliability.checks import Found

BASE_DIR = Path(__file__).resolve().parents[2]
TESTS = "tests/onboarding/api/test_description.py"
ROLES = 5
LONGEST_S = 3600


def run(examples: int) -> Found:
    """Schemathesis with all its checks: so many right and as many wrong requests of each kind as each role."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", TESTS],
        cwd=BASE_DIR,
        env=os.environ | {"SCHEMATHESIS_EXAMPLES": str(examples)},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    found = Found(times=ROLES * examples, said=f"{examples} of each kind, call and role")
    if done.returncode:
        found.breach(done.stdout[-2000:])
    return found
