"""Many independent pieces of work at once: on this machine's processors, or on a Dask cluster.

Each piece is done whole by one worker, so the results are the same to the bit wherever it is
done. They come as they are finished, so that each can be kept before the next is there; a piece
whose worker was lost is given to another.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeVar

from finsim import __version__

if TYPE_CHECKING:
    from distributed import Client

AHEAD = 2
MOST_LOST = 3
CONNECT_SECONDS = 5
Task = TypeVar("Task")
Result = TypeVar("Result")


class WorkersLost(Exception):
    """The workers cannot be reached, do not fit this finsim, or end before their work does."""


class Workers(Protocol):
    """Does pieces of work, giving (number of the piece, result) in the order they finish."""

    def completed(
        self, work: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[int, Result]]:
        """The results as they come; raises WorkersLost when the work cannot be ended."""
        ...


class LocalWorkers(AbstractContextManager["LocalWorkers"]):
    """Processes on this machine, at least one; an engine for replicates too."""

    def __init__(self, count: int) -> None:
        self.count = max(count, 1)
        self._pool = self._fresh()

    def _fresh(self) -> ProcessPoolExecutor:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.count, mp_context=context, initializer=_leave_interrupts)

    def completed(
        self, work: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[int, Result]]:
        """The results as they come.

        Raises WorkersLost when workers end again and again and nothing is finished in between.
        """
        fresh = enumerate(tasks)
        again: deque[tuple[int, Task]] = deque()
        under_way: dict[Future[Result], tuple[int, Task]] = {}
        lost = 0
        while True:
            while len(under_way) < AHEAD * self.count:
                piece = again.popleft() if again else next(fresh, None)
                if piece is None:
                    break
                under_way[self._submitted(work, piece[1])] = piece
            if not under_way:
                return
            ready, _ = wait(under_way, return_when=FIRST_COMPLETED)
            broken = False
            for future in ready:
                piece = under_way.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    again.append(piece)
                    broken = True
                else:
                    lost = 0
                    yield piece[0], result
            if broken:
                lost += 1
                if lost > MOST_LOST:
                    raise WorkersLost(f"workers ended {lost} times and finished nothing between")
                again.extend(under_way.values())
                under_way.clear()
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._fresh()

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order: an `Engine`."""
        return _in_order(self.completed(work, replicates))

    def _submitted(self, work: Callable[[Task], Result], task: Task) -> Future[Result]:
        """A piece given out; a pool that broke meanwhile says so in the future."""
        try:
            return self._pool.submit(work, task)
        except BrokenProcessPool as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """After an error or an interruption nothing is waited for: what is under way is lost."""
        if kind is not None:
            from multiprocessing import active_children

            self._pool.shutdown(wait=False, cancel_futures=True)
            for worker in active_children():
                worker.terminate()
        self._pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """An interruption is for the process that gives out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class DaskWorkers(AbstractContextManager["DaskWorkers"]):
    """The workers of a Dask cluster, by the address of its scheduler; they must have this finsim.

    It is an engine for replicates too. Raises WorkersLost when nobody answers, when no worker is
    there, and when a worker has another finsim.
    """

    def __init__(self, address: str, patience: float = CONNECT_SECONDS) -> None:
        try:
            from distributed import Client
        except ImportError:
            install = 'python -m pip install "finsim[dask]"'
            raise WorkersLost(f"a cluster needs Dask distributed: {install}") from None
        try:
            self._client: Client = Client(
                address, timeout=patience, set_as_default=False, direct_to_workers=False
            )
        except (OSError, ValueError, ImportError) as error:
            text = f"no scheduler answers at {address} ({type(error).__name__})"
            raise WorkersLost(text) from None
        try:
            self._check_versions(address)
        except BaseException:
            self._client.close()
            raise

    def _check_versions(self, address: str) -> None:
        try:
            found = self._client.run(version_here)
        except Exception as error:
            text = f"the workers at {address} do not have finsim {__version__} ({error})"
            raise WorkersLost(text) from None
        if not found:
            raise WorkersLost(f"the scheduler at {address} has no workers")
        others = sorted({version for version in found.values() if version != __version__})
        if others:
            text = f"the workers at {address} have finsim {', '.join(others)}"
            raise WorkersLost(f"{text}; this is {__version__}")

    def completed(
        self, work: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[int, Result]]:
        """The results as they come; the scheduler gives a lost worker's pieces to another."""
        from distributed import as_completed

        holder = self._client.submit(_itself, work, pure=False)
        places = max(sum(self._client.nthreads().values()), 1)
        fresh = enumerate(tasks)
        numbers: dict[object, int] = {}
        finished = as_completed(loop=self._client.loop)

        def give_out() -> None:
            piece = next(fresh, None)
            if piece is not None:
                future = self._client.submit(_applied, holder, piece[1], pure=False)
                numbers[future.key] = piece[0]
                finished.add(future)

        for _ in range(AHEAD * places):
            give_out()
        for future in finished:
            yield numbers.pop(future.key), _result_of(future)
            give_out()

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order: an `Engine`."""
        return _in_order(self.completed(work, replicates))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()


def _in_order(finished: Iterator[tuple[int, Result]]) -> Iterator[Result]:
    """Numbered results in the order of their numbers; those that came early are kept."""
    early: dict[int, Result] = {}
    due = 0
    for number, result in finished:
        early[number] = result
        while due in early:
            yield early.pop(due)
            due += 1


def version_here() -> str:
    """The finsim of the process that runs this."""
    return __version__


def _itself(work: Callable[[Task], Result]) -> Callable[[Task], Result]:
    return work


def _applied(work: Callable[[Task], Result], task: Task) -> Result:
    return work(task)


def _result_of(future: object) -> Result:  # type: ignore[type-var]
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    try:
        return future.result()  # type: ignore[attr-defined,no-any-return]
    except (KilledWorker, FutureCancelledError, OSError) as error:
        raise WorkersLost(f"the cluster lost the work: {error}") from None
