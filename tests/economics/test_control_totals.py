from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from finsim.economics.control_totals import (
    OffsetsDoNotNet,
    OffsetWithoutTotal,
    ccg_reserve,
    chance_of_meeting,
    chance_of_meeting_by_total,
    has_total,
    met,
    met_both,
    system_position,
    system_total,
    variance,
    with_balanced_budget_line,
    with_offsets,
)

# A trust, a CCG and a council over two years; the CCG has no total in the second.
TOTALS = np.array([[-10.0, -5.0], [2.0, nan], [nan, nan]])
EVERYONE = np.array([True, True, True])
NHS = np.array([True, True, False])


def test_the_system_total_is_the_sum_of_its_members():
    assert system_total(TOTALS, NHS).tolist() == [-8.0, -5.0]
    assert np.isnan(system_total(TOTALS, np.array([False, False, True]))).all()


def test_councils_have_a_balanced_budget_line_outside_the_system_total():
    line = with_balanced_budget_line(TOTALS, ~NHS)
    assert line[2].tolist() == [0.0, 0.0]
    assert np.isnan(line[1, 1])
    assert system_total(line, NHS).tolist() == [-8.0, -5.0]
    position = np.array([[[0.0]] * 2, [[0.0]] * 2, [[-3.0]] * 2])
    assert system_position(position, line, NHS).tolist() == [[0.0], [0.0]]
    assert system_position(position, line, EVERYONE).tolist() == [[-3.0], [-3.0]]


@pytest.mark.parametrize(
    ("position", "is_met"), [(-10.01, False), (-10.0, True), (-10.0 - 1e-12, True), (-9.99, True)]
)
def test_met_at_the_total_or_above(position, is_met):
    assert met(np.array([[position]]), np.array([-10.0])).item() is is_met


def test_no_total_is_not_met_and_told_apart():
    position = np.zeros((3, 2, 1))
    assert met(position, TOTALS)[:, :, 0].tolist() == [[True, True], [False, False], [False, False]]
    assert has_total(TOTALS).tolist() == [[True, True], [True, False], [False, False]]
    assert np.isnan(variance(position, TOTALS)[2]).all()
    assert variance(position, TOTALS)[0, :, 0].tolist() == [10.0, 5.0]


def test_meeting_both():
    position = np.array([[[-10.0, -9.0, -20.0]], [[1.0, 1.0, 12.0]]])
    totals = np.array([[-10.0], [2.0]])
    assert met_both(position, totals, np.array([True, True]))[:, 0].tolist() == [
        [False, True, False],
        [False, False, True],
    ]


def test_north_east_london_2017_offsets_leave_the_system_total_unchanged():
    """BHR CCGs are allowed a £10.2m deficit, which the other CCGs make up (HSJ)."""
    names = ["Barking & Dagenham", "Havering", "Redbridge", "Newham", "Tower Hamlets", "City", "WF"]
    totals = np.zeros((len(names), 1))
    offsets = np.array([[-3.4], [-3.4], [-3.4], [3.0], [3.0], [2.2], [2.0]])
    agreed = with_offsets(totals, offsets)
    everyone = np.ones(len(names), dtype=bool)
    bhr = np.arange(len(names)) < 3
    assert system_total(agreed, everyone) == pytest.approx(system_total(totals, everyone), abs=1e-9)
    assert system_total(agreed, bhr) == pytest.approx([-10.2])
    position = agreed[:, :, None] * [1.0]
    assert met(position, agreed).all()
    assert not met(position, totals)[:3].any()
    assert met(system_position(position, agreed, everyone), system_total(totals, everyone)).all()


def test_offsets_that_do_not_net():
    with pytest.raises(OffsetsDoNotNet, match=r"sum to £1.5m in year 2"):
        with_offsets(TOTALS, np.array([[-2.0, 1.5], [2.0, 0.0], [0.0, 0.0]]))
    with pytest.raises(OffsetsDoNotNet):
        with_offsets(TOTALS, np.full((3, 2), nan))


def test_an_offset_without_a_total():
    with pytest.raises(OffsetWithoutTotal, match="organisation 2 has an offset"):
        with_offsets(TOTALS, np.array([[0.0, -2.0], [0.0, 2.0], [0.0, 0.0]]))


def test_the_chance_against_a_range_of_totals():
    position = np.array([-30.0, -10.0, 0.0, 20.0])
    grid = np.array([-40.0, -30.0, -29.0, 0.0, 0.1, 20.0, 21.0])
    assert chance_of_meeting_by_total(position, grid).tolist() == [1, 1, 0.75, 0.5, 0.25, 0.25, 0]
    by_year = chance_of_meeting_by_total(np.stack([position, position + 100]), grid)
    assert by_year.shape == (2, 7)
    assert by_year[1].tolist() == [1] * 7


@given(
    nps.arrays(float, (2, 20), elements=st.integers(-40, 40)),
    nps.arrays(float, 5, elements=st.integers(-50, 50)),
)
def test_the_chance_by_total_is_the_chance_of_meeting_each(position, grid):
    by_total = chance_of_meeting_by_total(position, grid)
    for place, total in enumerate(grid):
        one_by_one = chance_of_meeting(met(position, np.array([total, total])))
        assert by_total[:, place].tolist() == one_by_one.tolist()


def test_ccg_reserves_by_year():
    allocation = np.array([[300.0, 310.0, 320.0]])
    uncommitted, contingency = np.array([0.01, 0.005, 0.0]), np.array([0.005, 0.005, 0.0])
    assert ccg_reserve(allocation, uncommitted, contingency) == pytest.approx(
        np.array([[4.5, 3.1, 0.0]])
    )
