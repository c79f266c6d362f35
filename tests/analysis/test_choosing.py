"""Choosing schemes: against every set there is, and the value of knowing in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from finsim.analysis.choosing import (
    Candidate,
    Chosen,
    Limits,
    best_of,
    best_set,
    contributions,
    found_sets,
    improved,
    judged,
)
from finsim.analysis.perfect_information import (
    conditional_mean,
    value_of_knowing,
    value_of_knowing_all,
)

FloatArray = NDArray[np.float64]


def every_set(candidates: list[Candidate], limits: Limits) -> Iterator[Chosen]:
    for size in range(len(candidates) + 1):
        for some in combinations(candidates, size):
            if limits.allow(some):
                yield frozenset(one.id for one in some)


def margin(base: FloatArray, added: FloatArray, ids: list[str], chosen: Chosen) -> FloatArray:
    inside = np.array([name in chosen for name in ids], dtype=bool)
    return np.asarray(base + added[inside].sum(axis=0))


def problem(
    seed: int, schemes: int = 6, draws: int = 80
) -> tuple[FloatArray, FloatArray, list[Candidate]]:
    random = np.random.default_rng(seed)
    added = random.normal(random.uniform(-1, 6, (schemes, 1)), 4.0, (schemes, draws))
    base = random.normal(-9, 5, draws)
    candidates = [
        Candidate(f"s{n}", float(random.integers(1, 9)), float(random.integers(1, 4)))
        for n in range(schemes)
    ]
    return base, added, candidates


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 30), st.floats(0, 10))
def test_no_set_within_the_limits_meets_the_target_more_often(
    seed: int, investment: float, capacity: float
) -> None:
    base, added, candidates = problem(seed)
    limits = Limits(investment, capacity)
    ids = [one.id for one in candidates]
    chosen = best_set(base, added, candidates, limits)
    assert limits.allow([one for one in candidates if one.id in chosen])

    def met(some: Chosen) -> int:
        return int((margin(base, added, ids, some) >= 0).sum())

    assert met(chosen) == max(map(met, every_set(candidates, limits)))


def test_of_equals_the_higher_margin_is_taken() -> None:
    # The target is always met; a scheme that adds is worth more than one that takes away.
    base, added = np.full(5, 100.0), np.array([[1.0] * 5, [-1.0] * 5])
    candidates = [Candidate("adds", 0, 1), Candidate("takes", 0, 1)]
    assert best_set(base, added, candidates, Limits()) == {"adds"}


def test_without_limits_and_without_schemes() -> None:
    assert best_set(np.array([-1.0]), np.zeros((0, 1)), [], Limits()) == frozenset()
    base, added, candidates = problem(3)
    assert best_set(base - 1000, np.abs(added), candidates, Limits()) == {c.id for c in candidates}


def test_overlapping_schemes_are_chosen_as_by_trying_every_set() -> None:
    """Two schemes on one line remove less than their sum; the set is that of brute force."""
    random = np.random.default_rng(4)
    shares = random.uniform(0.05, 0.3, (5, 400))
    base = random.normal(-28, 6, 400)
    cost = np.array([3.0, 2.0, 4.0, 1.0, 2.5])
    candidates = [Candidate(f"s{n}", cost[n], 1.0) for n in range(5)]
    ids = [one.id for one in candidates]

    def margins(chosen: Chosen, sample: int) -> FloatArray:
        inside = np.array([name in chosen for name in ids], dtype=bool)
        half = slice(0, 200) if sample == 0 else slice(200, 400)
        left = np.prod(1 - shares[inside][:, half], axis=0)
        return np.asarray(base[half] + 60 * (1 - left) - cost[inside].sum())

    limits = Limits(8.0, 4.0)
    found = found_sets(margins, candidates, limits, [0])
    start = best_of([judged(margins, one, [0, 0]) for one in found]).chosen
    best = judged(margins, improved(margins, start, candidates, limits, 0), [0, 0])
    tried = [judged(margins, one, [0, 0]) for one in every_set(candidates, limits)]
    assert best.chance == max(one.chance for one in tried)
    assert limits.allow([one for one in candidates if one.id in best.chosen])


def test_contributions_about_a_set_give_its_own_margin() -> None:
    base, added, candidates = problem(5)
    ids = [one.id for one in candidates]

    def margins(chosen: Chosen, sample: int) -> FloatArray:
        return margin(base, added, ids, chosen) + sample + 0.1 * len(chosen) ** 2

    about = frozenset({"s1", "s4"})
    without, each = contributions(margins, about, candidates, 7)
    np.testing.assert_allclose(margin(without, each, ids, about), margins(about, 7))


def test_a_set_is_judged_with_its_error() -> None:
    def margins(chosen: Chosen, sample: int) -> FloatArray:
        return np.array([-1.0, 1.0, 1.0, 1.0]) if sample else np.array([-1.0, -1.0, 1.0, 1.0])

    found = judged(margins, frozenset(), [0, 1])
    assert found.chance == pytest.approx(0.625)
    assert found.se_chance == pytest.approx(0.125)
    assert found.margin == pytest.approx(0.25)


# the value of knowing


def normals(seed: int, count: int = 2, draws: int = 40_000) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(count, draws))


@pytest.mark.parametrize("mean", [-1.0, 0.0, 0.7])
@pytest.mark.parametrize("known", [0.6, 1.0])
def test_the_value_of_knowing_part_of_a_normal_benefit(mean: float, known: float) -> None:
    # b = mean + known θ + rest: worth known φ(mean / known) − |mean| Φ(−|mean| / known).
    theta, rest = normals(1)
    benefit = mean + known * theta + 0.8 * rest
    expected = known * stats.norm.pdf(mean / known) - abs(mean) * stats.norm.cdf(-abs(mean) / known)
    assert value_of_knowing(np.exp(theta), benefit) == pytest.approx(expected, abs=0.012)


def test_the_value_of_knowing_all_of_a_normal_benefit() -> None:
    (benefit,) = 1.0 + 2.0 * normals(2, 1)
    expected = 2 * stats.norm.pdf(0.5) - stats.norm.cdf(-0.5)
    assert value_of_knowing_all(benefit) == pytest.approx(expected, abs=0.015)


def test_the_value_of_knowing_whether_it_happens() -> None:
    # £10m at 80%, at a cost of £4m whatever happens: known, £6m at 80%; unknown, £4m.
    happens = np.repeat([1.0, 0.0], [80, 20])
    assert value_of_knowing(happens, 10 * happens - 4) == pytest.approx(0.8 * 6 - 4)


def test_what_says_nothing_is_worth_nothing() -> None:
    theta, rest = normals(3)
    assert value_of_knowing(theta, 3 + rest) == pytest.approx(0, abs=0.01)
    assert value_of_knowing(np.ones(50), np.arange(50.0) - 10) == 0
    assert value_of_knowing_all(np.ones(50)) == 0


@given(st.lists(st.floats(-100, 100), min_size=10, max_size=60))
def test_conditional_means_keep_the_mean(values: list[float]) -> None:
    benefit = np.array(values)
    theta = np.arange(benefit.size) % 23 * 1.0
    fitted = conditional_mean(theta, benefit)
    assert fitted.mean() == pytest.approx(benefit.mean(), abs=1e-6)
