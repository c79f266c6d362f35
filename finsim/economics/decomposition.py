"""What each of several causes contributes to a change, without an order among them.

A change that several causes make together has no natural order: demand first and prices second
gives the product of the two to prices, the other way round to demand. The Shapley value takes the
mean over every order. It depends on none, it sums to the whole, and a cause that changes nothing
gets nothing.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from msgspec import Struct

from finsim.economics.arrays import FloatArray


def shapley_weights(causes: int) -> FloatArray:
    """`|S|! (n − 1 − |S|)! / n!`: the share of orders in which exactly S comes before a cause.

    Args:
        causes: n, how many causes there are.

    Returns:
        [n], by the size of S, from none of the others to all of them.

    Source: Shapley 1953.
    """
    return np.array(
        [
            factorial(size) * factorial(causes - 1 - size) / factorial(causes)
            for size in range(causes)
        ]
    )


def contributions(values: FloatArray, causes: int) -> FloatArray:
    """What each cause contributes to a change: its step, averaged over every order.

    ``φ_i = Σ_S w(|S|) · [v(S ∪ i) − v(S)]`` over the sets S of the other causes. The contributions
    sum to ``v(all) − v(none)``.

    Args:
        values: v, [2, …, 2, ...], one leading axis for each cause: 0 without it, 1 with it.
        causes: how many leading axes are causes.

    Returns:
        [cause, ...], in the unit of the values.
    """
    weights = shapley_weights(causes)[None]
    return np.stack([_weighted_steps(values, cause, causes, weights)[0] for cause in range(causes)])


class PricedContributions(Struct, frozen=True):
    """Contributions to `quantity · price`, where any price may follow.

    A cause of the quantity contributes `without + with_price · price`, the price itself
    `of_price · (price − 1)`. `without` and `with_price` are [cause, ...], `of_price` [...].
    """

    without: FloatArray
    with_price: FloatArray
    of_price: FloatArray


def priced_contributions(quantities: FloatArray, causes: int) -> PricedContributions:
    """What causes of a quantity, and its price, contribute to `quantity · price`.

    The price is one more cause, whose index is 1 without it. As the value is linear in the price,
    the same coefficients serve everything that has this quantity.

    Args:
        quantities: [2, …, 2, ...], the quantity under each set of its causes.
        causes: how many leading axes are causes; the price is not among them.

    Returns:
        The coefficients: see `PricedContributions`.
    """
    weights = shapley_weights(causes + 1)
    around = np.stack([weights[:-1], weights[1:]])  # the price not there yet, and there
    of_causes = np.empty((2, causes, *quantities.shape[causes:]))
    for cause in range(causes):
        of_causes[:, cause] = _weighted_steps(quantities, cause, causes, around)
    return PricedContributions(
        without=of_causes[0],
        with_price=of_causes[1],
        of_price=_over_sets(quantities, causes, weights[None])[0],
    )


def _weighted_steps(values: FloatArray, cause: int, causes: int, weights: FloatArray) -> FloatArray:
    """The steps that a cause makes after each set of the others, under weights by the set's size.

    [kind of weight, ...] of weights [kind of weight, size].
    """
    ahead = np.moveaxis(values, cause, 0)
    return _over_sets(ahead[1] - ahead[0], causes - 1, weights)


def _over_sets(values: FloatArray, causes: int, weights: FloatArray) -> FloatArray:
    """Values under every set of causes, summed under weights by the set's size."""
    sizes = np.indices((2,) * causes).sum(axis=0).ravel()
    total: FloatArray = weights[:, sizes] @ values.reshape(len(sizes), -1)
    return total.reshape(len(weights), *values.shape[causes:])
