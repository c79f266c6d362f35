"""Rank correlations of the inputs with the gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from systems import contract, driver, one_hospital, organisation, plan_of

from finsim.analysis.influence import influence, rank_correlations
from finsim.simulation.plan import Plan
from finsim.simulation.run import Sampling
from finsim.uncertainty.dependence import pearson_to_spearman
from finsim.uncertainty.point_sets import Design

SAMPLING = Sampling(Design("lattice", 1024, 5), 8)


def two_shocks(first: Any, second: Any) -> Plan:
    """Two bodies that each receive and spend £100m, and a shock to each."""
    both = ("north", "south")
    return plan_of(
        one_hospital(
            organisations=[organisation(n, shock=f"{n}_shock") for n in both],
            contracts=[contract(n, "nhs_england", n, "£100m", payment="block") for n in both],
            lines=[],
            drivers=[driver("north_shock", first), driver("south_shock", second)],
        )
    )


def test_a_sum_of_two_normals_has_the_rank_correlations_of_the_closed_form() -> None:
    # The gap is a constant less 100 (a + b), with sd 3 and 4: correlations -0.6 and -0.8.
    by_year = {"mean": "0%", "over_years": "yearly"}
    found = influence(
        two_shocks({**by_year, "sd": "3%"}, {**by_year, "sd": "4%"}), SAMPLING, replicates=8
    )
    assert [one.name for one in found] == ["south_shock", "north_shock"]
    for one, correlation in zip(found, (-0.8, -0.6), strict=True):
        expected = float(pearson_to_spearman(correlation))
        assert 0 < one.error < 0.02
        assert one.rank_correlation == pytest.approx(expected, abs=4 * one.error)


def test_a_shock_counts_in_its_own_year_alone() -> None:
    (only,) = influence(
        two_shocks({"mean": "0%", "sd": "3%", "over_years": "yearly"}, 0.0), SAMPLING
    )
    assert only.rank_correlation == pytest.approx(-1.0, abs=1e-12)


@given(arrays(np.float64, st.integers(3, 30), elements=st.integers(-5, 5).map(float)))
def test_ranks_alone_count(values: np.ndarray) -> None:
    inputs = np.stack([np.exp(values), -(values**3), np.ones(len(values))])
    rising, falling, flat = rank_correlations(inputs, values)
    moves = float(len(np.unique(values)) > 1)
    assert rising == pytest.approx(moves)
    assert falling == pytest.approx(-moves)
    assert flat == 0
