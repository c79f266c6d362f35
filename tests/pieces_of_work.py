"""Work for workers, in a module that a worker can import."""

from __future__ import annotations

import os
import signal
from pathlib import Path

TASKS = 7
FATAL = 3


def squared(task: tuple[str, int]) -> int:
    return task[1] ** 2


def ends_its_worker_once(task: tuple[str, int]) -> int:
    """Piece 3 kills the process that does it, the first time."""
    mark = Path(task[0])
    if task[1] == FATAL and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squared(task)


def ends_every_worker(task: tuple[str, int]) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return squared(task)
