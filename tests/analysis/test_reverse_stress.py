"""What worst draws have in common: by hand, by brute force, and on a linear system."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.analysis.reverse_stress import FIGURES, in_common, mean_ranks


def found(features: list[list[float]], worst: list[list[float]]) -> dict[str, np.ndarray]:
    figures = in_common(np.array(features, dtype=float), np.array(worst, dtype=float))
    return dict(zip(FIGURES, figures, strict=True))


def test_a_feature_that_separates_wholly_by_hand() -> None:
    """Worst draws have 9 and 8, the others 1, 2, 3: mean 4.6, sd √(1/5·(…)) = 3.2."""
    both = found([[9, 1, 8, 2, 3], [4, 4, 4, 4, 4]], [[True, False, True, False, False]])
    spread = np.std([9, 1, 8, 2, 3])
    assert both["shift"][0] == pytest.approx([(8.5 - 4.6) / spread, 0])
    assert both["separation"][0] == pytest.approx([1, 0])
    assert both["threshold"][0, 0] == pytest.approx(5.5)
    assert both["tail_beyond"][0, 0] == 1
    assert both["rest_beyond"][0, 0] == 0


def test_a_feature_that_is_low_in_the_worst_draws_by_hand() -> None:
    """Worst: 1, 4. Others: 2, 3, 5, 6. Of the 8 pairs the worst draw is lower in 4 + 2 = 6."""
    one = found([[1, 2, 3, 4, 5, 6]], [[True, False, False, True, False, False]])
    assert one["separation"][0, 0] == pytest.approx(2 * 6 / 8 - 1)
    assert one["threshold"][0, 0] in {1.5, 4.5}
    beyond = (one["tail_beyond"][0, 0], one["rest_beyond"][0, 0])
    assert beyond in {(0.5, 0.0), (1.0, 0.5)}


def test_a_draw_that_counts_in_part_by_hand() -> None:
    """Worst: 9, and half of 5; the rest: half of 5, and 1, 2. Mean 11.5 / 1.5; above the rest in
    1 · 2.5 + ½ · (2 + ½ · ½) of 1.5 · 2.5 pairs.
    """
    one = found([[9, 5, 1, 2]], [[1, 0.5, 0, 0]])
    assert one["mean_in_tail"][0, 0] == pytest.approx(11.5 / 1.5)
    assert one["separation"][0, 0] == pytest.approx(2 * (2.5 + 0.5 * 2.25) / 3.75 - 1)
    assert one["threshold"][0, 0] == pytest.approx(3.5)
    assert one["tail_beyond"][0, 0] == pytest.approx(1)
    assert one["rest_beyond"][0, 0] == pytest.approx(0.5 / 2.5)


@given(st.lists(st.integers(0, 6), min_size=6, max_size=30), st.integers(2, 5), st.randoms())
def test_against_every_pair_and_every_threshold(
    values: list[int], worst: int, dice: object
) -> None:
    chosen = set(dice.sample(range(len(values)), worst))  # type: ignore[attr-defined]
    flags = [n in chosen for n in range(len(values))]
    one = found([list(map(float, values))], [list(map(float, flags))])
    tail = [v for v, bad in zip(values, flags, strict=True) if bad]
    rest = [v for v, bad in zip(values, flags, strict=True) if not bad]
    area = np.mean([(a > b) + 0.5 * (a == b) for a, b in product(tail, rest)])
    assert one["separation"][0, 0] == pytest.approx(abs(2 * area - 1), abs=1e-12)
    if len(set(values)) > 1:
        sides = (np.greater, np.less)
        side = sides[0] if area >= 0.5 else sides[1]
        best = max(
            side(tail, cut).mean() - side(rest, cut).mean()
            for cut in np.unique(values)[:-1] + 0.5
            if ((np.array(values) < cut).any() and (np.array(values) > cut).any())
        )
        apart = one["tail_beyond"][0, 0] - one["rest_beyond"][0, 0]
        assert apart == pytest.approx(best, abs=1e-12)


def test_equal_values_share_their_rank() -> None:
    assert mean_ranks(np.array([[3.0, 1, 3, 0]])).tolist() == [[3.5, 2, 3.5, 1]]
