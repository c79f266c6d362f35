"""Replicates shared between processors: by copies of this process, or by threads.

A forked copy has the plan and every table already, so it starts in milliseconds, where a fresh
process would import and compile for as long as a whole run takes. Where no copy can be made, two
threads share the work: numpy lets go of the interpreter for as long as it works on an array.
Whoever is free takes the next replicate, and the results come in the order of the replicates: the
same bits as one thread of one process gives.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from concurrent.futures import Executor

Result = TypeVar("Result")
FOR_EACH = 4  # replicates that make a copy worth its start
AHEAD = 4  # replicates given out for each copy, so that memory does not grow with their number
MOST_THREADS = 2  # more wait for each other longer than they work
_inherited: list[Callable[[int], Any]] = []  # in a copy: the work, which nothing pickles


def processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a copy of this process is safe: Linux, and no other thread that may hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


class Forked(Struct, frozen=True):
    """An engine that shares replicates with forked copies of this process, or else by threads.

    What a copy that was ended had taken, and all that is left then, this process does itself.
    """

    workers: int

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order."""
        asked = list(replicates)
        copies = min(self.workers, len(asked) // FOR_EACH)
        if not can_fork():
            yield from Threads(self.workers).map(work, asked)
        elif copies < 2:
            yield from map(work, asked)
        else:
            yield from _shared(work, asked, copies)


class Threads(Struct, frozen=True):
    """An engine that shares replicates between threads of this process, two at most."""

    workers: int

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order."""
        asked = list(replicates)
        threads = min(self.workers, MOST_THREADS, len(asked))
        if threads < 2:
            yield from map(work, asked)
        else:
            from concurrent.futures import ThreadPoolExecutor

            yield from _in_order(ThreadPoolExecutor(threads), work, asked, AHEAD * threads)


def _in_order(
    pool: Executor, work: Callable[[int], Result], asked: Iterable[int], ahead: int
) -> Iterator[Result]:
    """The results in the order asked for, so many given out before they are wanted."""
    rest = iter(asked)
    try:
        given = deque(pool.submit(work, number) for number in islice(rest, ahead))
        while given:
            yield given.popleft().result()
            given.extend(pool.submit(work, number) for number in islice(rest, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _shared(work: Callable[[int], Result], asked: list[int], copies: int) -> Iterator[Result]:
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    with suppress(BrokenProcessPool):
        for result in _by_copies(work, asked, copies):
            yield result
            done += 1
    yield from map(work, asked[done:])


def _by_copies(work: Callable[[int], Result], asked: list[int], copies: int) -> Iterator[Result]:
    """The results in order; raises BrokenProcessPool when a copy was ended."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(copies, get_context("fork"), _inherit, (work,))
    gc.freeze()  # what a copy shares is written to where it is looked through for cycles
    try:
        yield from _in_order(pool, _done, asked, AHEAD * copies)
    finally:
        gc.unfreeze()


def _inherit(work: Callable[[int], Any]) -> None:
    """Begin a copy: an interruption is for the process that gives out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _inherited[:] = [work]


def _done(replicate: int) -> Any:
    return _inherited[0](replicate)
