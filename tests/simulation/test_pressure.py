"""A gap that was published by organisation is met by each, and held."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_files import problems_of
from hypothesis import given, settings
from hypothesis import strategies as st
from systems import Dice, any_system, external, line, organisation, system, written

from finsim.analysis.results import simulate
from finsim.scenario.resolved import Resolved, read_canonical
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import Sampling, Serial
from finsim.uncertainty.point_sets import Design

ONE = Sampling(Design("latin hypercube", 1, 1), 2)


def three(spent: Mapping[str, float], **kinds: str) -> Resolved:
    """Bodies that only spend, the same in every year."""
    return system(
        years=(2015, 2017),
        organisations=[organisation(name, kinds.get(name, "provider")) for name in spent],
        external=[external("outside")],
        lines=[line(f"{name}_cost", name, value) for name, value in spent.items()],
    )


def calibrated(folder: Path, resolved: Resolved, gaps: Mapping[str, Any]) -> Resolution:
    stated = {"do_nothing_gap": gaps, "in": "2017/18", "by": "unattributed pressure"}
    return resolve(written(resolved, folder, stated))


def gaps(resolution: Resolution) -> dict[str, float]:
    plan = resolution.plan
    position = evaluate(plan, central_inputs(plan)).position_do_nothing[:, :, 0]
    return dict(zip(plan.bodies.ids, (-position[:, -1]).tolist(), strict=True))


def test_each_organisation_meets_its_own(tmp_path: Path) -> None:
    found = calibrated(tmp_path, three({"a": 10.0, "b": 20.0}), {"a": "£15m", "b": "£18m"})

    # nobody has income, so each one's gap is what it spends and its pressure, +£5m and -£2m
    assert gaps(found) == pytest.approx({"a": 15.0, "b": 18.0}, abs=1e-9)
    held = found.resolved.held.unattributed
    assert held is not None
    assert held.amount == pytest.approx(3.0)
    assert held.published_gap == pytest.approx(33.0)
    assert {name: held.amount * share for name, share in held.shares.items()} == pytest.approx(
        {"a": 5.0, "b": -2.0}
    )


def test_a_groups_pressure_is_shared_by_expenditure(tmp_path: Path) -> None:
    spent = {"ccg": 50.0, "small": 10.0, "large": 30.0}
    resolved = three(spent, ccg="commissioner")

    found = calibrated(tmp_path, resolved, {"ccg": "£60m", "providers": "£60m"})

    assert gaps(found) == pytest.approx({"ccg": 60.0, "small": 15.0, "large": 45.0}, abs=1e-9)


def test_the_check_says_so_and_the_text_is_read_back(tmp_path: Path) -> None:
    found = calibrated(tmp_path, three({"a": 10.0, "b": 20.0}), {"a": "£15m", "b": "£18m"})

    again = read_canonical(found.resolved.canonical_text)
    assert again == found.resolved
    checks = simulate(found.plan, ONE, Serial()).checks
    told = next(check for check in checks if check.name == "Published gap")
    assert told.passed
    assert told.detail.endswith("as published, by organisation too")


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"a": "£15m"}, "names no gap for b"),
        ({"a": "£15m", "b": "£18m", "providers": "£1m"}, "counts a, b twice"),
        ({"a": "£15m", "bb": "£18m"}, "there is no organisation 'bb'"),
        ({"a": "£11m", "b": "£19m"}, "nothing unattributed in all"),
    ],
)
def test_gaps_that_do_not_fit(tmp_path: Path, stated: dict[str, str], words: str) -> None:
    resolved = three({"a": 10.0, "b": 20.0})
    whole = {"do_nothing_gap": stated, "in": "2017/18", "by": "unattributed pressure"}

    (problem,) = problems_of(written(resolved, tmp_path, whole))

    assert words in problem
    assert "calibrate / do_nothing_gap" in problem


def test_shares_beside_gaps_by_organisation_are_refused(tmp_path: Path) -> None:
    stated = {
        "do_nothing_gap": {"a": "£15m", "b": "£18m"}, "in": "2017/18",
        "by": "unattributed pressure", "shared": {"a": "50%", "b": "50%"},
    }  # fmt: skip

    (problem,) = problems_of(written(three({"a": 10.0, "b": 20.0}), tmp_path, stated))

    assert "remove `shared`" in problem


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_any_system_meets_any_gaps(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n: int
) -> None:
    dice = Dice(seed)
    counts = {"years": 3, "bodies": n, "contracts": 5, "lines": 6, "schemes": 0}
    resolved = any_system(dice, counts)
    inside = [body.id for body in resolved.book.organisations if body.in_perimeter]
    stated = {name: dice.amount(-50, 200) for name in inside}
    folder = tmp_path_factory.mktemp("any")

    found = calibrated(folder, resolved, {k: f"£{v}m" for k, v in stated.items()})

    given_back = gaps(found)
    np.testing.assert_allclose(
        [given_back[name] for name in inside], list(stated.values()), rtol=0, atol=1e-7
    )
