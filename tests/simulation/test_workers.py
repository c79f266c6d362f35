"""Work spread over processes and over a real Dask cluster; a lost worker loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cluster import cluster
from pieces_of_work import TASKS, ends_every_worker, ends_its_worker_once, squared

from finsim.analysis.results import simulate
from finsim.simulation.run import Sampling, Serial
from finsim.simulation.workers import DaskWorkers, LocalWorkers, WorkersLost
from finsim.uncertainty.point_sets import Design

SQUARES = {n: n**2 for n in range(TASKS)}


def tasks(folder: Path) -> Iterator[tuple[str, int]]:
    return ((str(folder / "mark"), n) for n in range(TASKS))


@pytest.mark.parametrize("count", [1, 2])
def test_every_piece_is_done_once(tmp_path: Path, count: int) -> None:
    with LocalWorkers(count) as workers:
        found = list(workers.completed(squared, tasks(tmp_path)))
    assert len(found) == TASKS
    assert dict(found) == SQUARES


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    with LocalWorkers(2) as workers:
        found = list(workers.completed(ends_its_worker_once, tasks(tmp_path)))
    assert (tmp_path / "mark").exists()
    assert len(found) == TASKS
    assert dict(found) == SQUARES


def test_workers_that_always_end_are_given_up(tmp_path: Path) -> None:
    with LocalWorkers(1) as workers, pytest.raises(WorkersLost, match="finished nothing"):
        list(workers.completed(ends_every_worker, tasks(tmp_path)))


def test_nobody_at_the_address() -> None:
    pytest.importorskip("distributed", reason="needs the Python package distributed")
    with pytest.raises(WorkersLost, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        DaskWorkers("tcp://127.0.0.1:9", patience=1)


def test_a_cluster_without_workers(tmp_path: Path) -> None:
    with cluster(tmp_path, workers=0) as address, pytest.raises(WorkersLost, match="no workers"):
        DaskWorkers(address)


def test_a_killed_worker_of_a_cluster_loses_nothing(tmp_path: Path) -> None:
    with cluster(tmp_path) as address, DaskWorkers(address) as workers:
        found = list(workers.completed(ends_its_worker_once, tasks(tmp_path)))
    assert (tmp_path / "mark").exists()
    assert len(found) == TASKS
    assert dict(found) == SQUARES


def test_serial_processes_and_a_cluster_give_the_same_bits(shipped: object, tmp_path: Path) -> None:
    plan = shipped("bhr").plan  # type: ignore[operator]
    few = Sampling(Design("lattice", 1024, 614), 4)
    expected = simulate(plan, few, Serial()).figures
    with LocalWorkers(2) as engine:
        assert simulate(plan, few, engine).figures == expected
    with cluster(tmp_path) as address, DaskWorkers(address) as engine:
        found = simulate(plan, few, engine).figures
    assert found == expected
    for one, other in zip(found, expected, strict=True):
        for name in one.__struct_fields__:
            value, same = getattr(one, name), getattr(other, name)
            if isinstance(value, float):
                assert np.float64(value).tobytes() == np.float64(same).tobytes()
