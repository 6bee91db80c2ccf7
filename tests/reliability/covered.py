"""Which branches the tests walk: nine in ten of all, every one of the rules."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability.checks import Found

BASE_DIR = Path(__file__).resolve().parents[2]
ROOMS = ("calls", "config", "memberships", "onboarding")
LEAST = 90.0
LEFT_OUT = ("*/migrations/*",)
LONGEST_S = 3600


def run() -> Found:
    """All tests but those in a browser, in one process; a breach for less than ``LEAST`` and for a rule not walked."""
    with tempfile.TemporaryDirectory(prefix="ringback-covered-") as folder:
        data, written = f"--data-file={folder}/data", Path(folder) / "covered.json"
        tests = ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not browser"]
        rooms = [f"--source={','.join(ROOMS)}", f"--omit={','.join(LEFT_OUT)}"]
        ran = _coverage("run", data, "--branch", *rooms, *tests)
        _coverage("json", data, "-o", str(written))
        told = json.loads(written.read_text())
    found = Found(times=told["totals"]["num_branches"])
    if ran.returncode:
        found.breach(f"the tests fail: {ran.stdout[-1000:]}")
    total = told["totals"]["percent_covered"]
    if total < LEAST:
        found.breach(f"{total:.1f} % of lines and branches are walked")
    for name, file in told["files"].items():
        if "/rules/" in name and file["summary"]["percent_covered"] < 100:
            found.breach(f"{name}: lines {file['missing_lines']}, branches {file.get('missing_branches')}")
    found.said = f"{total:.1f} % in all"
    return found


def _coverage(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coverage", *words], cwd=BASE_DIR, capture_output=True, text=True, timeout=LONGEST_S
    )
