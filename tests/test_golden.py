"""Cases that a finance colleague can write and check by hand, and the committed BHR baseline.

A case in `golden/` is one YAML file: a scenario's keys, the `book` that it stands on, and under
`expect` the figures of each year, organisation and measure; `within` is how closely. A `source`,
`standing` and `as_at` left out are filled in. The files go through the readers that any input does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from finsim.analysis.results import Results, simulate
from finsim.book.quantities import money
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import Sampling, Serial
from finsim.uncertainty.point_sets import Design

Shipped = Callable[..., Resolution]
GOLDEN = Path(__file__).parent / "golden"
BASELINE = GOLDEN / "bhr_baseline.yaml"
CASES = sorted(path for path in GOLDEN.glob("*.yaml") if path != BASELINE)
SOURCE = {"source": "a golden case", "standing": "derived", "as_at": "2016"}
SOURCED = (
    "organisations", "external", "contracts", "lines", "curves", "drivers", "dependence",
    "payments", "schemes",
)  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """A case with every scalar as it is written."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def run_case(case: dict[str, Any], folder: Path) -> Results:
    book = {
        name: [{**SOURCE, **item} for item in part] if name in SOURCED else part
        for name, part in case["book"].items()
    }
    (folder / "book").mkdir()
    stated = {"finsim": "1", "title": case["title"], **book}
    (folder / "book" / "book.yaml").write_text(json.dumps(stated), encoding="utf-8")
    kept = {key: part for key, part in case.items() if key not in {"book", "expect", "within"}}
    path = folder / "scenario.yaml"
    path.write_text(json.dumps({"finsim": "1", **kept, "book": "book"}), encoding="utf-8")
    return simulate(resolve(path).plan, Sampling(Design("latin hypercube", 8), 2), Serial())


def expected(case: dict[str, Any]) -> Iterator[tuple[str, str, str, float]]:
    for year, bodies in case["expect"].items():
        for body, measures in bodies.items():
            for measure, figure in measures.items():
                yield year, body, measure, money(figure)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden_case(path: Path, tmp_path: Path) -> None:
    case = read(path)
    results = run_case(case, tmp_path)
    wrong = []
    for year, body, measure, figure in expected(case):
        found = results.figure(measure, year, body)
        for name in ("central", "mean"):
            if abs(getattr(found, name) - figure) > money(case["within"]):
                value = f"£{getattr(found, name):.6f}m"
                wrong.append(f"{year} {body} {measure} {name}: {value}, not £{figure:.6f}m")
    assert not wrong, "\n".join(wrong)
    assert results.passed, results.checks


def test_there_are_golden_cases() -> None:
    assert len(CASES) >= 3


# BHR's headline results: a change that moves them must say why, and change the file with it

TENTH = 0.05 + 1e-9


def test_bhr_baseline(bhr_run: Results) -> None:
    """Central figures to £0.1m; means to £0.1m and what their standard errors allow."""
    moved = []
    for year, body, measure, stated in baseline():
        found = bhr_run.figure(measure, year, body)
        assert found.central is not None
        assert found.mean is not None
        assert found.se is not None
        for name, value, room in (
            ("central", found.central, TENTH),
            ("mean", found.mean, TENTH + 3 * found.se),
        ):
            if abs(value - money(stated[name])) > room:
                moved.append(f"{year} {body} {measure} {name}: £{value:.1f}m, was {stated[name]}")
    assert not moved, "\n".join(moved)


def baseline() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    for year, bodies in read(BASELINE)["figures"].items():
        for body, measures in bodies.items():
            for measure, stated in measures.items():
                yield year, body, measure, stated


def test_the_baseline_names_every_organisation_and_year(shipped: Shipped) -> None:
    plan = shipped("bhr").plan
    found = {(year, body) for year, body, _, _ in baseline()}
    years = {year for year, _ in found}
    assert len(years) == len(plan.years)
    assert found == {(year, body) for year in years for body in ("system", *plan.bodies.ids)}
