"""What must be held to reach a target, and who would need it."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.analysis.judged import Targets
from finsim.analysis.reserves import MEANS, Reserves, reserves_in

BODIES = ("system", "one", "other")
COUNTED = np.array([False, True, True])


def reserves(judged: np.ndarray, targets: tuple[float, float, float]) -> Reserves:
    stated = Targets(BODIES, np.array(targets), np.ones(3, dtype=bool), 5)
    return reserves_in(judged, stated, COUNTED, (0.8,))


def test_by_hand() -> None:
    """Ten draws: the system is at −20 in the worst, one 15 short there and the other 5."""
    one = np.array([-15.0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    other = np.array([-5.0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    found = reserves(np.stack([one + other, one, other]), (0.0, 0.0, 0.0))
    assert found.shares == pytest.approx([0, 0.75, 0.25])
    assert found.figures[MEANS.index("need_in_tail")] == pytest.approx([20, 15, 5])
    assert found.figures[MEANS.index("chance")] == pytest.approx([0.9, 0.9, 0.9])
    # P20 of one is between 0 and 1.
    assert found.needed[1, 0] == pytest.approx(-0.5)


def test_support_that_makes_a_total_good_leaves_shares_to_no_rounding() -> None:
    """The system is at −5 in every draw, to rounding: needs are those of all draws alike."""
    generator = np.random.default_rng(4)
    one = generator.normal(0, 10, 400)
    for noise in (0.0, 1e-13, -1e-13):
        system = -5 + noise * np.sin(np.arange(400))
        found = reserves(np.stack([system, one, -5 - one]), (0.0, 0.0, 0.0))
        needs = np.array([np.maximum(-one, 0).mean(), np.maximum(5 + one, 0).mean()])
        assert found.shares[1:] == pytest.approx(needs / needs.sum(), abs=1e-9)


def test_a_total_met_to_rounding_is_met() -> None:
    total = 0.1 + 0.2
    found = reserves(np.full((3, 10), total - 1e-13), (total, total, total))
    assert found.figures[MEANS.index("chance")] == pytest.approx(1)
