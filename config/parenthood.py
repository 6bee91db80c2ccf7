"""Processes that end with the one that started them, also when that one was killed with -9 (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def end_with_parent(how: signal.Signals) -> None:
    """The kernel sends ``how`` to this process when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(how))


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """A ``preexec_fn`` that lets a child end with the process that starts it."""
    parent = os.getpid()

    def in_child() -> None:
        end_with_parent(how)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return in_child
