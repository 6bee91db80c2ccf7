"""Which browser the tests use: the machine's Chromium, else one that can be fetched here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


def find() -> str | None:
    """The path of a Chromium; None where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Exception:  # whatever it says, there is no browser of its own
        return None
    return path if Path(path).exists() else None


def fetch() -> str | None:
    """Find a Chromium, installing one the way the machine allows; None where it allows none."""
    if found := find():
        return found
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        commands = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"], *commands]
    for command in commands:
        sys.stderr.write(f"Getting a browser: {' '.join(command)}\n")
        subprocess.run(command, stdout=subprocess.DEVNULL, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
        if found := find():
            return found
    return None


if __name__ == "__main__":
    browser = fetch()
    sys.stderr.write(
        f"Browser tests run in {browser}.\n"
        if browser
        else "No browser can be had here: browser tests are skipped. Install Chromium (Debian: apt install chromium).\n"
    )
