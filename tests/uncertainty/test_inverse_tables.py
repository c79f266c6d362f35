"""The stated accuracy of tabulated inverses, against the exact ones."""

import numpy as np
import pytest
from scipy import special, stats

from finsim.uncertainty.inverse_tables import InverseTable, beta_inverse, student_t_inverse

SCORES = np.linspace(-4.7534, 4.7534, 40_001)  # u from 1e-6 to 1 - 1e-6
U = special.ndtr(SCORES)


@pytest.mark.parametrize(
    ("a", "b"), [(1, 5), (3, 3), (5, 1), (2.2, 3.8), (0.5, 0.5), (0.05, 0.1), (0.2, 7), (50, 900)]
)
def test_beta_table_is_within_a_millionth_of_the_range(a: float, b: float) -> None:
    x = beta_inverse(a, b)(U)
    assert np.abs(x - special.betaincinv(a, b, U)).max() <= 1e-6
    assert np.all(np.diff(x) >= 0.0)


@pytest.mark.parametrize("df", [2.01, 2.5, 3.0, 5.0, 10.0, 100.0])
def test_student_t_table_is_within_a_millionth_of_the_sd(df: float) -> None:
    x = student_t_inverse(df)(U)
    exact = np.copysign(special.stdtrit(df, special.ndtr(-np.abs(SCORES))), SCORES)
    assert np.abs(x - exact).max() <= 1e-6 * np.sqrt(df / (df - 2.0))
    assert np.all(np.diff(x) >= 0.0)


def test_student_t_with_4_degrees_of_freedom_is_in_closed_form() -> None:
    u = np.array([1e-300, 1e-30, 1e-9, 0.1, 0.5 - 1e-9, 0.5, 0.5 + 1e-9, 0.9, 1.0 - 1e-9])
    t = student_t_inverse(4.0)(u)
    assert t[5] == 0.0
    np.testing.assert_allclose(stats.t.cdf(t, 4.0), u, rtol=1e-11)


def test_beyond_the_table_the_exact_inverse_answers() -> None:
    table = student_t_inverse(5.0)
    u = np.array([[1e-30, 0.3], [0.5, 1e-40]])
    expected = special.stdtrit(5.0, u)
    np.testing.assert_allclose(table(u), expected, rtol=1e-6)
    np.testing.assert_allclose(table(u[0, 0]), expected[0, 0], rtol=1e-12)


def test_a_shape_too_steep_for_a_table_uses_the_exact_inverse() -> None:
    table = beta_inverse(0.0005, 0.0005)
    assert isinstance(table, InverseTable)
    u = np.array([0.2, 0.4999, 0.5001, 0.8])
    np.testing.assert_allclose(table(u), special.betaincinv(0.0005, 0.0005, u), atol=1e-6)
