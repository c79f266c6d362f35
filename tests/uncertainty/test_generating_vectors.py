"""The generating vectors: what they must be, and that the script builds them."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from finsim.uncertainty.generating_vectors import GENERATING_VECTORS

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "build_lattice.py"
every_size = pytest.mark.parametrize("n", sorted(GENERATING_VECTORS))


@pytest.fixture(scope="module")
def build_lattice() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_lattice", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sizes() -> None:
    assert sorted(GENERATING_VECTORS) == [512, 1024, 2048, 4096]


@every_size
def test_components_are_the_odd_numbers_below_half_once_each(n: int) -> None:
    assert sorted(GENERATING_VECTORS[n]) == list(range(1, n // 2, 2))


@every_size
def test_no_component_of_the_first_half_is_three_or_five_times_another(n: int) -> None:
    first = np.array(GENERATING_VECTORS[n][: n // 8])
    for multiple in (3, 5):
        product = first * multiple % n
        assert not np.isin(np.minimum(product, n - product), first).any()


@pytest.mark.parametrize("n", [512, 1024, 2048])
def test_the_script_builds_what_is_stored(n: int, build_lattice: ModuleType) -> None:
    assert tuple(build_lattice.build(n)) == GENERATING_VECTORS[n]


@pytest.mark.parametrize("inputs", [20, 40, 80])
def test_error_is_below_that_of_random_vectors(inputs: int, build_lattice: ModuleType) -> None:
    built = build_lattice.squared_error(np.array(GENERATING_VECTORS[2048][:inputs]), 2048)
    rng = np.random.default_rng(1)
    odd = np.arange(1, 1024, 2)
    drawn = [rng.choice(odd, inputs, replace=False) for _ in range(30)]
    assert built < min(build_lattice.squared_error(vector, 2048) for vector in drawn)
