import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.demand import demand_index, weighted_population
from finsim.economics.population import frozen_mix, grown_population, total_growth

CURVE_A = np.array([1.0, 0.6, 1.0, 1.9, 4.4, 7.2, 9.3])
CURVE_B = np.array([1.3, 0.6, 1.0, 1.6, 3.0, 5.0, 7.7])


def random_case(seed, lines=4, draws=5):
    rng = np.random.default_rng(seed)
    table = rng.uniform(1_000, 90_000, (3, 7, 6))
    footprints = rng.uniform(0, 1, (lines, 3)) + 0.01
    return table, footprints, rng.uniform(-0.2, 0.6, draws), rng.uniform(0, 1, draws)


def index_of(table, footprints, growth_index, mix):
    """Demand index of every footprint, from the two numbers a draw."""
    headcount = table.sum(axis=(0, 1))
    return demand_index(
        growth_index,
        headcount / headcount[0],
        weighted_population(table, footprints, CURVE_A),
        weighted_population(table, footprints, CURVE_B),
        mix,
    )


def test_weighted_population_by_hand():
    table = np.array([[[10.0, 20.0], [1.0, 2.0]], [[100.0, 100.0], [4.0, 3.0]]])
    weighted = weighted_population(table, np.array([1.0, 0.5]), np.array([1.0, 5.0]))
    assert weighted == pytest.approx([10 + 5 + 0.5 * (100 + 20), 20 + 10 + 0.5 * (100 + 15)])


def test_weighted_population_of_several_lines_at_once():
    table, footprints, _, _ = random_case(3)
    weighted = weighted_population(table, footprints, CURVE_A)
    assert weighted.shape == (4, 6)
    for line in range(4):
        assert weighted[line] == pytest.approx(
            weighted_population(table, footprints[line], CURVE_A), rel=1e-14
        )


@given(st.integers(0, 2**32 - 1))
def test_demand_index_is_the_direct_ratio_of_weighted_people(seed):
    table, footprints, growth, mix = random_case(seed)
    growth_index = total_growth(growth, np.arange(6.0), 15)
    index = index_of(table, footprints, growth_index, mix)
    assert index.shape == (4, 6, 5)
    start = table[:, :, 0].sum()
    for draw in range(5):
        people = grown_population(table, start * growth_index[:, draw])
        curve = (1 - mix[draw]) * CURVE_A + mix[draw] * CURVE_B
        for line, footprint in enumerate(footprints):
            direct = np.array([footprint @ people[:, :, t] @ curve for t in range(6)])
            assert index[line, :, draw] == pytest.approx(direct / direct[0], rel=1e-12)


def test_index_is_one_in_the_base_year():
    table, footprints, growth, mix = random_case(7)
    index = index_of(table, footprints, total_growth(growth, np.arange(6.0), 15), mix)
    assert index[:, 0] == pytest.approx(np.ones((4, 5)), rel=1e-14)


def test_outturn_growth_gives_the_growth_of_the_table_itself():
    table, footprints, _, _ = random_case(8)
    headcount = table.sum(axis=(0, 1))
    index = index_of(table, footprints, (headcount / headcount[0])[:, np.newaxis], np.zeros(1))
    weighted = weighted_population(table, footprints, CURVE_A)
    assert index[:, :, 0] == pytest.approx(weighted / weighted[:, :1], rel=1e-12)


def test_without_ageing_demand_is_headcount():
    table, footprints, growth, mix = random_case(9)
    growth_index = total_growth(growth, np.arange(6.0), 15)
    index = index_of(frozen_mix(table), footprints, growth_index, mix)
    assert index == pytest.approx(np.broadcast_to(growth_index, (4, 6, 5)), rel=1e-12)


def test_ageing_may_pull_demand_below_headcount():
    """More people of working age, fewer over 85: headcount +10%, cost falls."""
    table = np.zeros((1, 7, 2))
    table[0, 2] = [900, 1_010]
    table[0, 6] = [100, 90]
    index = index_of(table, np.ones((1, 1)), np.array([[1.0], [1.1]]), np.zeros(1))
    assert index[0, 1, 0] == pytest.approx((1_010 + 90 * 9.3) / (900 + 100 * 9.3))
    assert index[0, 1, 0] < 1.1


def test_demand_takes_further_leading_axes():
    table, footprints, growth, mix = random_case(10)
    growth_index = total_growth(growth, np.arange(6.0), 15)
    headcount = table.sum(axis=(0, 1))
    a = weighted_population(table, footprints, CURVE_A)
    b = weighted_population(table, footprints, CURVE_B)
    both = demand_index(
        np.stack([growth_index, growth_index**2]),
        headcount / headcount[0],
        np.stack([a, b]),
        np.stack([b, a]),
        np.stack([mix, mix / 2]),
    )
    assert both.shape == (2, 4, 6, 5)
    assert both[0] == pytest.approx(index_of(table, footprints, growth_index, mix))
    assert both[1] == pytest.approx(
        demand_index(growth_index**2, headcount / headcount[0], b, a, mix / 2)
    )


@pytest.mark.parametrize("empty", ["a", "b"])
def test_a_line_without_people_is_refused(empty):
    weighted = {"a": np.ones((2, 3)), "b": np.ones((2, 3))}
    weighted[empty][1, 0] = 0
    with pytest.raises(ValueError, match="no population in the base year"):
        demand_index(np.ones((3, 1)), np.ones(3), weighted["a"], weighted["b"], np.zeros(1))
