"""Points: where they lie, what they depend on, and how much better than chance they are."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from finsim.uncertainty.point_sets import Design, Kind, points
from finsim.uncertainty.sobol import plain_sobol

KINDS: tuple[Kind, ...] = get_args(Kind)
every_kind = pytest.mark.parametrize("kind", KINDS)


def replicate(design: Design, inputs: int, number: int = 0) -> np.ndarray:
    return points(design, np.arange(inputs), number, 0, design.draws)


@every_kind
def test_points_lie_strictly_inside_the_unit_interval(kind: Kind) -> None:
    u = replicate(Design(kind, 512, seed=5), 100)
    assert u.shape == (100, 512)
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert np.all(np.isfinite(special.ndtri(u)))


@every_kind
@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=5),
    st.tuples(st.integers(0, 512), st.integers(0, 512)).map(sorted),
)
def test_any_part_is_a_slice_of_the_whole(
    kind: Kind, coordinates: list[int], draws: list[int]
) -> None:
    design = Design(kind, 512, seed=11)
    start, stop = draws
    part = points(design, np.array(coordinates), 3, start, stop)
    np.testing.assert_array_equal(part, replicate(design, 100, 3)[coordinates, start:stop])


@every_kind
def test_a_coordinate_does_not_depend_on_how_many_are_asked_for(kind: Kind) -> None:
    design = Design(kind, 2048, seed=3)
    alone = points(design, np.array([7]), 2, 0, 2048)
    np.testing.assert_array_equal(alone[0], replicate(design, 300, 2)[7])


@every_kind
def test_seeds_and_replicates_differ_and_repeat(kind: Kind) -> None:
    first = replicate(Design(kind, 512, seed=1), 6)
    np.testing.assert_array_equal(first, replicate(Design(kind, 512, seed=1), 6))
    assert not np.any(first == replicate(Design(kind, 512, seed=2), 6))
    assert not np.any(first == replicate(Design(kind, 512, seed=1), 6, number=1))


@every_kind
def test_replicates_are_uncorrelated(kind: Kind) -> None:
    seventh = np.array([replicate(Design(kind, 512, 9), 1, r)[0, 7] for r in range(400)])
    assert abs(np.corrcoef(seventh[:-1], seventh[1:])[0, 1]) < 4.0 / np.sqrt(399)
    assert stats.kstest(seventh, "uniform").pvalue > 1e-4


@every_kind
def test_each_coordinate_is_uniform(kind: Kind) -> None:
    for u in replicate(Design(kind, 2048, seed=8), 20):
        assert stats.kstest(u, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("kind", ["sobol", "latin hypercube"])
def test_one_draw_falls_in_each_slice(kind: Kind) -> None:
    slices = np.floor(replicate(Design(kind, 1024), 30) * 1024).astype(int)
    np.testing.assert_array_equal(np.sort(slices), np.tile(np.arange(1024), (30, 1)))


def test_scrambling_keeps_the_net() -> None:
    """The first two Sobol coordinates put one of 64 points in every 8 by 8, 4 by 16 ... box."""
    u = replicate(Design("sobol", 64, seed=2), 2)
    for across in (1, 2, 4, 8, 16, 32, 64):
        box = np.floor(u[0] * across) * 64 + np.floor(u[1] * (64 // across))
        assert len(np.unique(box)) == 64


def test_plain_sobol_coordinates_do_not_depend_on_the_dimension() -> None:
    np.testing.assert_array_equal(plain_sobol(32, 9), plain_sobol(128, 9)[:32])


def test_lattice_matches_its_formula() -> None:
    """Tent undone, differences between neighbours in a coordinate are z / n up to sign."""
    u = replicate(Design(draws=512, seed=4), 1)[0]
    x = np.sort(np.concatenate([u, 2.0 - u]) / 2.0)
    shift = x[0] % (1.0 / 512)
    both = np.concatenate([np.arange(512) / 512 + s for s in (shift, 1.0 / 512 - shift)])
    np.testing.assert_allclose(x, np.sort(both), atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "least_gain"), [("lattice", 3e3), ("sobol", 3e3), ("latin hypercube", 3e3)]
)
def test_variance_of_a_smooth_sum_against_monte_carlo(kind: Kind, least_gain: float) -> None:
    """The mean of 72 weighted lognormals, 40 replicates of 2,048 draws: about 10,000 measured."""
    weights = np.linspace(0.2, 1.0, 72)

    def means(which: Kind) -> list[float]:
        design = Design(which, 2048, seed=614)
        cubes = (replicate(design, 72, r) for r in range(40))
        return [float(np.mean(weights @ np.exp(0.3 * special.ndtri(u)))) for u in cubes]

    gain = np.var(means("monte carlo")) / np.var(means(kind))
    assert gain > least_gain


def test_monte_carlo_variance_is_that_of_independent_draws() -> None:
    means = [replicate(Design("monte carlo", 512, 1), 50, r).mean(axis=1) for r in range(40)]
    assert np.var(means) * 512 * 12 == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("kind", "bound"),
    [
        ("lattice", 1.0 / 9.0 + 1e-3),
        ("latin hypercube", 6.0 / np.sqrt(2048)),
        ("monte carlo", 6.0 / np.sqrt(2048)),
    ],
)
def test_every_pair_of_500_inputs_is_all_but_uncorrelated(kind: Kind, bound: float) -> None:
    """Of 124,750 pairs the worst by chance is about 4.5 / sqrt(n) = 0.1.

    In a full lattice every z meets its 3z, and their tents correlate by up to 1/9.
    """
    for number in range(3):
        correlation = np.corrcoef(replicate(Design(kind, 2048, seed=0), 500, number))
        np.fill_diagonal(correlation, 0.0)
        assert np.abs(correlation).max() < bound


@pytest.mark.parametrize("draws", [512, 1024, 2048, 4096])
def test_pairs_in_the_first_half_of_a_lattice_are_nearer_still(draws: int) -> None:
    """The worst ratio there is 7: 1/49."""
    for number in range(5):
        correlation = np.corrcoef(replicate(Design(draws=draws, seed=1), draws // 8, number))
        np.fill_diagonal(correlation, 0.0)
        assert np.abs(correlation).max() < 1.0 / 49.0 + 1e-3


def test_coordinates_that_a_design_can_carry() -> None:
    assert [Design(draws=n).coordinates for n in (512, 1024, 2048, 4096)] == [128, 256, 512, 1024]
    assert Design("sobol").coordinates == 21201
    assert Design("latin hypercube", 100).coordinates is None
    assert Design("monte carlo", 100).coordinates is None


def test_no_coordinates_are_no_rows() -> None:
    assert points(Design(), np.array([], dtype=np.int64), 0, 0, 10).shape == (0, 10)


@pytest.mark.parametrize("kind", ["latin hypercube", "monte carlo"])
def test_any_number_of_draws_where_the_kind_allows_it(kind: Kind) -> None:
    u = replicate(Design(kind, 1), 3)
    assert u.shape == (3, 1)
    assert replicate(Design(kind, 1000), 3).shape == (3, 1000)


@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1])
def test_the_largest_seed_is_allowed(seed: int) -> None:
    assert replicate(Design(seed=seed, draws=512), 2).shape == (2, 512)


def test_what_was_asked_for_is_not_shared_with_the_next_who_asks() -> None:
    for kind in KINDS:
        design = Design(kind, 512)
        first = replicate(design, 3)
        expected = first.copy()
        first[:] = -1.0
        np.testing.assert_array_equal(replicate(design, 3), expected)


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"kind": "halton"}, "use lattice, sobol, latin hypercube, monte carlo"),
        ({"draws": 1000}, "use 512, 1,024, 2,048, 4,096"),
        ({"kind": "sobol", "draws": 1000}, "power of two"),
        ({"kind": "monte carlo", "draws": 0}, "use 1 to 1,048,576"),
        ({"kind": "latin hypercube", "draws": 2**21}, "use 1 to 1,048,576"),
        ({"seed": -1}, "from 0 to"),
        ({"seed": 2**64}, "from 0 to"),
    ],
)
def test_a_design_that_cannot_be(settings_: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Design(**settings_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("coordinates", "number", "start", "stop", "says"),
    [
        ([512], 0, 0, 10, "513 uncertain inputs: a lattice of 2,048 draws carries 512"),
        ([0], 0, 0, 2049, "a replicate has 2,048"),
        ([0], 0, 10, 5, "a replicate has 2,048"),
        ([0], -1, 0, 5, "replicate -1"),
        ([-1], 0, 0, 5, "from 0"),
    ],
)
def test_a_request_that_cannot_be_met(
    coordinates: list[int], number: int, start: int, stop: int, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        points(Design(), np.array(coordinates), number, start, stop)
