"""A third system, of ten organisations, that no one wrote: it loads, runs and keeps its word."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from systems import draws_of, plan_of, ten_organisations, written

from finsim.analysis.results import Results, simulate
from finsim.scenario.resolved import read_canonical
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import Sampling, Serial
from finsim.uncertainty.point_sets import Design

SEEDS = range(8)
FEW = Sampling(Design("latin hypercube", 64, 3), 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ten")


@cache
def loaded(folder: Path, seed: int) -> Resolution:
    return resolve(written(ten_organisations(seed), folder / str(seed)))


@cache
def ran(folder: Path, seed: int) -> Results:
    return simulate(loaded(folder, seed).plan, FEW, Serial())


@pytest.mark.parametrize("seed", SEEDS)
def test_it_has_ten_organisations_and_real_detail(folder: Path, seed: int) -> None:
    book = loaded(folder, seed).resolved.book
    assert len(book.organisations) == 10
    assert len(book.contracts) == len(book.lines) == 60


def test_they_are_not_alike(folder: Path) -> None:
    """Over the seeds every kind of body, payment, demand and scheme is met."""
    books = [loaded(folder, seed).resolved.book for seed in SEEDS]
    kinds = {body.kind for book in books for body in book.organisations}
    roles = {(body.role, body.in_perimeter) for book in books for body in book.organisations}
    forms = Counter(
        form.form for book in books for terms in book.payments for form in terms.by_year.values()
    )
    demands = {flow.demand for book in books for flow in (*book.lines, *book.contracts)}
    schemes = {scheme.kind for book in books for scheme in book.schemes}

    assert kinds == {"commissioner", "provider", "council"}
    assert roles == {("party", True), ("party", False), ("partner", False)}
    assert len(forms) == 6
    assert demands == {"contracts", "population", "headcount", "growth", "none"}
    assert schemes == {"activity", "efficiency"}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_check_passes(folder: Path, seed: int) -> None:
    checks = ran(folder, seed).checks

    assert [check for check in checks if not check.passed] == []
    names = {check.name for check in checks}
    assert {"Contracts net to zero", "Organisations sum to the system"} <= names
    assert any(name.endswith("net to zero: whole") for name in names)


@pytest.mark.parametrize("seed", SEEDS)
def test_means_add_up_and_transfers_cancel(folder: Path, seed: int) -> None:
    results = ran(folder, seed)
    found = {(f.level, f.body, f.year, f.measure): f for f in results.figures}
    bodies = results.plan.resolved.book.organisations
    inside = [body.id for body in bodies if body.in_perimeter]
    for year in {figure.year for figure in results.figures}:
        parts = [found["organisation", name, year, "position"].mean for name in inside]
        whole = found["system", "system", year, "position"].mean
        assert whole == pytest.approx(sum(parts), abs=1e-6)
        moved = [found["organisation", body.id, year, "transfer"].mean for body in bodies]
        assert sum(moved) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_its_text_is_read_back_to_the_same_bits(folder: Path, seed: int) -> None:
    resolution = loaded(folder, seed)
    plan = resolution.plan
    again = read_canonical(resolution.resolved.canonical_text)

    assert again.canonical_text == resolution.resolved.canonical_text
    same = plan_of(again)
    np.testing.assert_array_equal(
        evaluate(same, draws_of(same)).position_before_risk_share,
        evaluate(plan, draws_of(plan)).position_before_risk_share,
    )
