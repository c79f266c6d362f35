"""Replicates shared with copies of this process, on systems that can copy one at no cost.

A forked copy has the plan and every table already, so it starts in milliseconds, where a fresh
process would import and compile for as long as a whole run takes. Replicates are handed out one by
one, whoever is free takes the next, and the results come in the order of the replicates: the same
bits as one process gives.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

Result = TypeVar("Result")
TICKET = struct.Struct("<i")
LENGTH = struct.Struct("<iq")
FOR_EACH = 4  # replicates that make a copy worth its start
MOST_TICKETS = 2**13  # 32 KiB of tickets: a pipe holds twice that
CHUNK = 2**20
SET_PIPE_SIZE = 1031  # fcntl.F_SETPIPE_SZ, which Python names only where it exists


def processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a copy of this process is safe: Linux, and no other thread that may hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


@dataclass(slots=True)
class _Copy:
    """A forked copy: its process, and what it has sent so far."""

    process: int
    results: int
    received: bytearray = field(default_factory=bytearray)
    is_open: bool = True

    def read(self, block: bool) -> None:
        """Take what has been sent; with `block`, wait for more or for the end."""
        os.set_blocking(self.results, block)
        try:
            sent = os.read(self.results, CHUNK)
        except BlockingIOError:
            return
        self.received += sent
        self.is_open = bool(sent)

    def arrived(self) -> Iterator[tuple[int, object]]:
        """Every whole result received: the number of the replicate, and what it says."""
        while len(self.received) >= LENGTH.size:
            number, size = LENGTH.unpack_from(self.received)
            if len(self.received) < LENGTH.size + size:
                return
            content = bytes(self.received[LENGTH.size : LENGTH.size + size])
            del self.received[: LENGTH.size + size]
            yield number, pickle.loads(content)

    def end(self) -> None:
        """End the process, if it still runs."""
        os.close(self.results)
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


class Forked(AbstractContextManager["Forked"]):
    """An engine that shares replicates with forked copies of this process.

    What a copy does not deliver, because it was ended or because the work fails, this process does
    itself, and so meets the error.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order."""
        asked = list(replicates)
        if self.workers < 2 or not can_fork():
            yield from map(work, asked)
            return
        for start in range(0, len(asked), MOST_TICKETS):
            yield from _shared(work, asked[start : start + MOST_TICKETS], self.workers)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def _shared(work: Callable[[int], Result], replicates: list[int], workers: int) -> Iterator[Result]:
    tickets, give = os.pipe()
    os.write(give, b"".join(map(TICKET.pack, replicates)))
    os.close(give)
    copies: list[_Copy] = []
    try:
        for _ in range(min(workers, len(replicates) // FOR_EACH) - 1):
            copies.append(_forked(work, tickets, copies))
        yield from _collected(work, replicates, tickets, copies)
    finally:
        os.close(tickets)
        for copy in copies:
            copy.end()


def _collected(
    work: Callable[[int], Result], replicates: list[int], tickets: int, copies: list[_Copy]
) -> Iterator[Result]:
    done: dict[int, Result] = {}
    for due in replicates:
        while due not in done:
            own = _next(tickets)
            if own is not None:
                done[own] = work(own)
            waiting = next((copy for copy in copies if copy.is_open), None)
            for copy in copies:
                if copy.is_open:
                    copy.read(block=own is None and copy is waiting)
                done.update(copy.arrived())  # type: ignore[arg-type]
            if own is None and waiting is None and due not in done:
                done[due] = work(due)
        yield done.pop(due)


def _next(tickets: int) -> int | None:
    ticket = os.read(tickets, TICKET.size)
    return TICKET.unpack(ticket)[0] if len(ticket) == TICKET.size else None


def _forked(work: Callable[[int], Result], tickets: int, others: list[_Copy]) -> _Copy:
    results, give = os.pipe()
    process = os.fork()
    if process:
        os.close(give)
        return _Copy(process, results)
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.close(results)
        for other in others:
            os.close(other.results)
        _deliver(work, tickets, give)
    finally:
        os._exit(0)


def _deliver(work: Callable[[int], Result], tickets: int, give: int) -> None:
    """Work in a copy: take the next replicate, send what it says, until none is left."""
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(give, SET_PIPE_SIZE, CHUNK)
    while (number := _next(tickets)) is not None:
        content = pickle.dumps(work(number), pickle.HIGHEST_PROTOCOL)
        message = memoryview(LENGTH.pack(number, len(content)) + content)
        while message:
            message = message[os.write(give, message) :]
