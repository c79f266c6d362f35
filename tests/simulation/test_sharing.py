"""Replicates shared with copies of this process, or by threads: in order, once each, none lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest

from finsim.simulation.sharing import Forked, Threads, can_fork, processors

needs_forking = pytest.mark.skipif(not can_fork(), reason="no copies of this process can be made")
HERE = os.getpid()


def replicate_and_process(replicate: int) -> tuple[int, int]:
    time.sleep(0.01)
    return replicate, os.getpid()


@pytest.mark.parametrize("kind", [Forked, Threads])
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_every_replicate_once_and_in_order(
    kind: type[Forked] | type[Threads], workers: int, count: int
) -> None:
    found = list(kind(workers).map(replicate_and_process, range(5, 5 + count)))
    assert [replicate for replicate, _ in found] == list(range(5, 5 + count))


@needs_forking
def test_copies_share_the_work() -> None:
    found = list(Forked(3).map(replicate_and_process, range(40)))
    copies = {process for _, process in found}
    assert len(copies) == 3
    assert HERE not in copies


def test_two_threads_share_the_work() -> None:
    both = threading.Barrier(2, timeout=10)

    def together(replicate: int) -> str:
        both.wait()  # no replicate ends until another has begun
        return threading.current_thread().name

    assert len(set(Threads(8).map(together, range(4)))) == 2


def test_where_no_copy_can_be_made_threads_share_the_work() -> None:
    other = threading.Timer(60, print)
    other.start()
    try:
        both = threading.Barrier(2, timeout=10)

        def together(replicate: int) -> int:
            both.wait()
            return os.getpid()

        assert set(Forked(2).map(together, range(8))) == {HERE}
    finally:
        other.cancel()
        other.join()


@needs_forking
def test_results_larger_than_a_pipe_holds() -> None:
    found = list(Forked(2).map(lambda replicate: bytes([replicate]) * 3_000_000, range(16)))
    assert [(content[0], len(content)) for content in found] == [(n, 3_000_000) for n in range(16)]


@needs_forking
def test_what_an_ended_copy_had_taken_is_done_here() -> None:
    def ended(replicate: int) -> int:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return replicate

    assert list(Forked(3).map(ended, range(40))) == list(range(40))


@needs_forking
def test_what_a_copy_had_taken_when_it_was_ended_half_way_is_done_once() -> None:
    def ended(replicate: int) -> int:
        if replicate == 20 and os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return replicate

    assert list(Forked(2).map(ended, range(40))) == list(range(40))


@needs_forking
def test_no_more_is_given_out_than_is_wanted_soon() -> None:
    begun = multiprocessing.get_context("fork").Value("i", 0)

    def counted(replicate: int) -> int:
        with begun.get_lock():
            begun.value += 1
        return replicate

    results = Forked(2).map(counted, range(400))
    next(results)
    time.sleep(0.05)
    assert begun.value < 40
    results.close()  # type: ignore[attr-defined]


def test_threads_are_given_no_more_than_is_wanted_soon() -> None:
    begun: list[int] = []
    before = threading.active_count()
    results = Threads(2).map(begun.append, range(400))
    next(results)
    time.sleep(0.05)
    assert len(begun) < 40
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.parametrize("kind", [Forked, Threads])
def test_an_error_of_the_work_is_met_here(kind: type[Forked] | type[Threads]) -> None:
    def failing(replicate: int) -> int:
        if replicate == 20:
            raise ZeroDivisionError(f"replicate {replicate}")
        return replicate

    found = []
    with pytest.raises(ZeroDivisionError, match="replicate 20"):
        found.extend(kind(2).map(failing, range(40)))


@needs_forking
def test_copies_end_when_nobody_wants_the_rest() -> None:
    results = Forked(2).map(replicate_and_process, range(40))
    copy = next(process for _, process in results if process != HERE)
    results.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(copy, 0)


def test_at_least_one_processor() -> None:
    assert processors() >= 1
