"""Builds the generating vectors of the rank-1 lattices, component by component.

    python benchmarks/build_lattice.py            writes finsim/uncertainty/generating_vectors.py
    python benchmarks/build_lattice.py --measure  prints the worst pair of coordinates instead

Method. A randomly shifted lattice of n points under the baker's (tent) transformation integrates
the functions of the half-period cosine space with the worst-case error of the plain lattice in the
Korobov space with the same decay of Fourier coefficients, |h|^-alpha (Cools, Kuo, Nuyens and
Suryanarayana 2016). With alpha = 2 and product weights gamma, the squared error of the first d
components z_1 ... z_d is

    e2(z) = -1 + 1/n sum_k prod_j (1 + gamma omega(k z_j / n)),   omega(x) = 2 pi^2 (x^2 - x + 1/6)

and component d + 1 is the candidate that makes it smallest given the first d (Nuyens and Cools
2006). All weights are the same small gamma: an interaction of m inputs weighs gamma^m, and no input
weighs more than another, because the order of a book says nothing of importance.

The candidates are the odd numbers below n/2: z and n - z give the same tent coordinate, so n/4
components are distinct. Two more rules:

- No component is used twice: two inputs would move as one.
- Two coordinates whose components satisfy h z_i = +-k z_j (mod n), h and k odd, correlate by up to
  1/(hk)^2 at the unluckiest shifts. Multiplication by 3 or 5 leads from the class z = +-1 (mod 8)
  to z = +-3 (mod 8), so while it lasts (the first n/8 components) only the first class is offered:
  the worst pair in it is z_j = 7 z_i, with 1/49. After that 1/9 cannot be avoided: every z has its
  3 z.

With at most 1,024 candidates and steps one matrix-vector product a step is fast enough; the FFT of
the fast algorithm would save nothing worth its length.
"""

import argparse
from pathlib import Path
from textwrap import fill

import numpy as np
import numpy.typing as npt

SIZES = (512, 1024, 2048, 4096)
GAMMA = 0.02
OUTPUT = Path(__file__).parents[1] / "finsim" / "uncertainty" / "generating_vectors.py"

HEADER = '''"""Generating vectors of the rank-1 lattices; written by benchmarks/build_lattice.py.

One vector for each number of points n: the n/4 odd numbers below n/2, best first. The method and
its sources are described in the script.
"""
'''


def kernel(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """omega(x), the sum over h != 0 of exp(2 pi i h x) / h^2."""
    return 2.0 * np.pi**2 * (x * x - x + 1.0 / 6.0)


def squared_error(vector: npt.NDArray[np.int64], n: int, gamma: float = GAMMA) -> float:
    """e2 of a generating vector [component]."""
    points = np.outer(vector, np.arange(n)) % n / n
    return float(np.prod(1.0 + gamma * kernel(points), axis=0).mean() - 1.0)


def candidates(n: int) -> npt.NDArray[np.int64]:
    return np.arange(1, n // 2, 2)


def in_first_class(z: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return (z % 8 == 1) | (z % 8 == 7)


def build(n: int, gamma: float = GAMMA) -> list[int]:
    """The generating vector for n points, component by component.

    omega is even, so k and n - k give the same term and half the points are enough; k = 0 gives
    every candidate the same term and is left out. Scaling the product changes no comparison and
    keeps it from overflowing.
    """
    offered = candidates(n)
    half = np.arange(1, n // 2 + 1)
    factors = kernel(np.outer(offered, half) % n / n)
    product = np.where(half == n // 2, 1.0, 2.0)
    unused = np.ones(len(offered), dtype=bool)
    first_class = in_first_class(offered)
    vector = []
    for _ in offered:
        allowed = unused & first_class if (unused & first_class).any() else unused
        error = np.where(allowed, factors @ product / product.sum(), np.inf)
        # Ties are broken by the smaller z on any machine: the last digits are not compared.
        best = int(np.flatnonzero(error <= error.min() + 1e-11)[0])
        vector.append(int(offered[best]))
        unused[best] = False
        product *= 1.0 + gamma * factors[best]
        product /= product.mean()
    return vector


def tent_lattice(vector: npt.NDArray[np.int64], n: int, seed: int) -> npt.NDArray[np.float64]:
    """The tent-transformed, randomly shifted lattice [component, point]."""
    shift = np.random.default_rng(seed).random((len(vector), 1))
    x = (np.outer(vector, np.arange(n)) % n / n + shift) % 1.0
    return 1.0 - np.abs(2.0 * x - 1.0)


def worst_correlation(vector: npt.NDArray[np.int64], n: int, shifts: int = 20) -> float:
    """Largest absolute correlation of two coordinates met in the given number of shifts."""
    worst = 0.0
    for seed in range(shifts):
        correlation = np.corrcoef(tent_lattice(vector, n, seed))
        np.fill_diagonal(correlation, 0.0)
        worst = max(worst, float(np.abs(correlation).max()))
    return worst


def module_text(vectors: dict[int, list[int]]) -> str:
    parts = [HEADER, "# fmt: off", "GENERATING_VECTORS: dict[int, tuple[int, ...]] = {"]
    for n, vector in vectors.items():
        numbers = fill(
            ", ".join(map(str, vector)), 98, initial_indent=" " * 8, subsequent_indent=" " * 8
        )
        parts += [f"    {n}: (", numbers + ",", "    ),"]
    return "\n".join([*parts, "}", "# fmt: on", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the generating vectors of the lattices.")
    parser.add_argument(
        "--measure", action="store_true", help="print the worst pairs, write nothing"
    )
    measure = parser.parse_args().measure
    vectors = {n: build(n) for n in SIZES}
    if not measure:
        OUTPUT.write_text(module_text(vectors), encoding="utf-8")
        return
    for n, vector in vectors.items():
        for inputs in (n // 32, n // 8, n // 4):
            worst = worst_correlation(np.array(vector[:inputs]), n)
            print(
                f"n = {n}, {inputs} inputs: worst pair {worst:.4f}, {worst * n**0.5:.2f} / sqrt(n)"
            )


if __name__ == "__main__":
    main()
