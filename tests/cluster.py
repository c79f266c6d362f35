"""A real Dask scheduler with workers, as processes on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PATIENCE = 60.0


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """The address of a scheduler with workers that have no nanny: one that is killed stays dead."""
    pytest.importorskip("distributed", reason="needs the Python package distributed")
    said = folder / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    loopback = ["--host", "127.0.0.1", "--no-dashboard"]

    def start(what: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (folder / "cluster.log").open("ab") as log:
            command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)

    running = [start("scheduler", *loopback, "--port", "0", "--scheduler-file", str(said))]
    try:
        wait_until(said.exists)
        for _ in range(workers):
            options = ["--nthreads", "1", "--no-nanny", "--scheduler-file", str(said)]
            running.append(start("worker", *loopback, *options))
        from distributed import Client

        with Client(scheduler_file=str(said), set_as_default=False, timeout=PATIENCE) as client:
            if workers:
                client.wait_for_workers(workers, timeout=PATIENCE)
            address = str(client.scheduler.address)
        yield address
    finally:
        for process in reversed(running):
            process.kill()
            process.wait(PATIENCE)


def wait_until(ready: object, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < end, "the cluster did not start"
        time.sleep(0.05)
