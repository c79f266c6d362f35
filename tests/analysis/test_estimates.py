"""Estimates carry errors that are true, and grow until they are as sure as was asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from finsim.analysis.estimates import Running, replicates_for, standard_error
from finsim.analysis.results import Figure, Results, simulate
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling, Serial, units
from finsim.uncertainty.point_sets import Design

FloatArray = NDArray[np.float64]
Shipped = Callable[..., Resolution]
LAST = "2020/21"
SEEDS = range(40)
REPLICATES, DRAWS = 8, 512
ESTIMATES = {
    "mean": "se", "p10": "se_p10", "p50": "se_p50", "p90": "se_p90", "tail_mean": "se_tail_mean",
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(shipped: Shipped) -> list[Figure]:
    """The system's gap after schemes in runs of the example that differ in their seed."""
    plan = shipped("example").plan
    return [
        simulate(plan, Sampling(Design("lattice", DRAWS, seed), REPLICATES), Serial()).figure(
            "gap", LAST
        )
        for seed in SEEDS
    ]


def column(runs: list[Figure], name: str) -> FloatArray:
    return np.array([getattr(figure, name) for figure in runs])


@pytest.mark.parametrize(("estimate", "error"), list(ESTIMATES.items()))
def test_claimed_errors_are_the_spread_that_other_seeds_show(
    runs: list[Figure], estimate: str, error: str
) -> None:
    """Variance over 40 seeds ÷ mean claimed variance is F(39, 40 × 7) if the claims are true.

    Claims come from 8 replicates a run, so 7 degrees of freedom each. The limits are those that
    chance passes once in a thousand: about 0.6 to 1.5 times the claimed error.
    """
    ratio = column(runs, estimate).var(ddof=1) / (column(runs, error) ** 2).mean()
    freedom = len(SEEDS) - 1, len(SEEDS) * (REPLICATES - 1)
    low, high = stats.f.ppf([0.0005, 0.9995], *freedom)
    assert low < ratio < high


@pytest.fixture(scope="module")
def every_draw(shipped: Shipped) -> FloatArray:
    """The gap in every draw of those runs together."""
    plan = shipped("example").plan
    inside = plan.bodies.in_perimeter
    parts = [
        -evaluate(plan, x).position_before_risk_share[inside, -1].sum(axis=0)
        for seed in SEEDS
        for replicate in range(REPLICATES)
        for x in units(plan, Design("lattice", DRAWS, seed), replicate)
    ]
    return np.concatenate(parts)


@pytest.mark.parametrize("estimate", list(ESTIMATES))
def test_estimates_are_not_off_by_more_than_their_error(
    runs: list[Figure], every_draw: FloatArray, estimate: str
) -> None:
    """Against all 163,840 draws at once: what small replicates are off by is below the errors."""
    tail = np.sort(every_draw)[-len(every_draw) // 10 :].mean()
    expected = {
        "mean": every_draw.mean(),
        "p10": np.quantile(every_draw, 0.1),
        "p50": np.quantile(every_draw, 0.5),
        "p90": np.quantile(every_draw, 0.9),
        "tail_mean": tail,
    }[estimate]
    claimed = column(runs, ESTIMATES[estimate]).mean()
    off = abs(column(runs, estimate).mean() - expected)
    assert off < max(claimed, 0.001)


def test_estimates_are_those_of_the_replicates_draws(shipped: Shipped) -> None:
    """The mean over replicates of what numpy says of each."""
    plan = shipped("example").plan
    design = Design("lattice", DRAWS, 3)
    found = simulate(plan, Sampling(design, REPLICATES), Serial()).figure("gap", LAST)
    inside = plan.bodies.in_perimeter
    gaps = -np.stack(
        [
            np.concatenate(
                [
                    evaluate(plan, x).position_before_risk_share[inside, -1].sum(axis=0)
                    for x in units(plan, design, replicate)
                ]
            )
            for replicate in range(REPLICATES)
        ]
    )
    by_replicate = {
        "mean": gaps.mean(axis=1),
        **{
            name: np.quantile(gaps, level, axis=1, method="hazen")
            for name, level in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9))
        },
    }
    for name, values in by_replicate.items():
        assert getattr(found, name) == pytest.approx(values.mean(), rel=1e-9)
        error = values.std(ddof=1) / np.sqrt(REPLICATES)
        assert getattr(found, ESTIMATES[name]) == pytest.approx(error, rel=1e-6)


def run(shipped: Shipped, precision: float | None) -> Results:
    plan = shipped("example").plan
    return simulate(plan, Sampling(Design("lattice", DRAWS, 1), 8), Serial(), None, precision)


def largest_error(results: Results) -> float:
    figure = results.figure("gap", LAST)
    return max(e for e in (figure.se_p10, figure.se_p50, figure.se_p90) if e is not None)


def test_precision_draws_until_the_error_is_met(shipped: Shipped) -> None:
    rough = run(shipped, None)
    assert rough.sampling.replicates == 8
    wanted = largest_error(rough) / 3
    sure = run(shipped, wanted)
    assert sure.sampling.replicates > 8
    assert largest_error(sure) <= wanted
    assert sure.sampling.draws == sure.sampling.replicates * DRAWS


def test_precision_that_is_met_draws_no_more(shipped: Shipped) -> None:
    rough = run(shipped, None)
    content = run(shipped, 2 * largest_error(rough))
    assert [f.as_dict() for f in content.figures] == [f.as_dict() for f in rough.figures]


def test_precision_beyond_reach_draws_no_more(shipped: Shipped) -> None:
    """A hundredth of the error takes ten thousand times the replicates: 80,000."""
    rough = run(shipped, None)
    assert run(shipped, largest_error(rough) / 100).sampling == rough.sampling


@pytest.mark.parametrize(
    ("precision", "error", "done", "expected"),
    [
        (1.0, 1.0, 16, 16),
        (1.0, 0.2, 16, 16),
        (1.0, 2.0, 16, 64),
        (1.0, 1.01, 16, 24),
        (1.0, 22.0, 16, 7_744),
        (1.0, 23.0, 16, 16),
        (1.0, 1.0001, 8_190, 8_192),
    ],
)
def test_replicates_that_a_precision_takes(
    precision: float, error: float, done: int, expected: int
) -> None:
    assert replicates_for(precision, error, done) == expected


floats = st.floats(-1e6, 1e6)


@given(st.lists(st.lists(floats, min_size=3, max_size=3), min_size=1, max_size=30))
def test_arrays_one_by_one_have_the_mean_and_error_of_all_at_once(rows: list[list[float]]) -> None:
    every = np.array(rows)
    running = Running(every[0])
    for row in every:
        running.add(row)
    found = running.estimate()
    np.testing.assert_allclose(found.values, every.mean(axis=0), rtol=1e-12, atol=1e-6)
    if len(every) > 1:
        expected = standard_error(every)
        np.testing.assert_allclose(found.errors, expected, rtol=1e-6, atol=1e-6)
        assert ((found.errors == 0) == (expected == 0)).all()


def test_default_draws_are_sure_enough(bhr_run: Results) -> None:
    """BHR with its own settings: £1m for P10, P50 and P90 of the gap, £0.1m for its mean."""
    figure = bhr_run.figure("gap", LAST)
    assert largest_error(bhr_run) <= 1.0
    assert figure.se is not None
    assert figure.se <= 0.1


def test_progress_is_told_replicate_by_replicate(shipped: Shipped) -> None:
    told: list[tuple[int, int]] = []
    plan = shipped("example").plan
    chosen = Sampling(Design("lattice", DRAWS, 1), 8)
    simulate(plan, chosen, Serial(), lambda done, of: told.append((done, of)))
    assert told == [(number, 8) for number in range(1, 9)]
