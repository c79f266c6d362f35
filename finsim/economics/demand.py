"""Demand: how much care the population needs, by size and by age."""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray


def weighted_population(table: FloatArray, footprint: FloatArray, curve: FloatArray) -> FloatArray:
    """Population of a line's footprint, each person weighted by the cost of their age.

    ``W(t) = Σ_a Σ_g ω_a · w_g · P(a, g, t)``

    Args:
        table: [area, band, year], P, people.
        footprint: [area], ω, the part of each area that the line serves.
        curve: [band], w, cost of a person of the band relative to ages 15–44.

    Returns:
        [year], people aged 15–44 who would cost as much.

    Source: age-cost curves A, hospital and community (PC Smith 2012), and B, all health (IFS/OBR
    2017).
    """
    weighted: FloatArray = np.einsum("...a,...g,...agt->...t", footprint, curve, table)
    return weighted


def demand_index(
    total_growth: FloatArray,
    outturn_growth: FloatArray,
    weighted_a: FloatArray,
    weighted_b: FloatArray,
    mix: FloatArray,
) -> FloatArray:
    """Demand index of each line, 1 in the base year: `D(t) = Σ ω w P(t) / Σ ω w P(t0)`.

    It is computed without the table of people, from two numbers a draw. Growth moves only the
    total, ``P(a, g, t) = T(t) · P0(a, g, t) / Σ P0(t)``, so ``T(t) / Σ P0(t)`` comes out of the
    sum over areas and bands. The curve is ``w = (1 − m) · w_A + m · w_B``, so the rest is the same
    mix of two sums over the table, ``a(t) = Σ ω w_A P0(t)`` and ``b(t) = Σ ω w_B P0(t)``:

    ``D(t) = [T(t)/T(t0)] / [Σ P0(t)/Σ P0(t0)] · [(1−m)·a(t) + m·b(t)] / [(1−m)·a(0) + m·b(0)]``

    The first factor corrects the table's headcount to the stated growth; the second is the
    table's own growth, ageing included.

    Args:
        total_growth: [year, draw], T(t)/T(t0).
        outturn_growth: [year], Σ P0(t)/Σ P0(t0) over every area and band of the table.
        weighted_a: [line, year], a, the table weighted by curve A over the line's footprint.
        weighted_b: [line, year], b, the same by curve B.
        mix: [draw], m, the weight on curve B, 0 to 1.

    Returns:
        [line, year, draw], dimensionless.

    Raises:
        ValueError: a line has no weighted population in the base year.
    """
    if not (np.all(weighted_a[..., 0] > 0) and np.all(weighted_b[..., 0] > 0)):
        raise ValueError(
            "a line has no population in the base year: give it a footprint, or its own growth"
        )
    growth_over_table = total_growth / outturn_growth[..., np.newaxis]
    weight_on_b = mix[..., np.newaxis, np.newaxis, :]
    weighted = (1.0 - weight_on_b) * weighted_a[..., np.newaxis] + (
        weight_on_b * weighted_b[..., np.newaxis]
    )
    return growth_over_table[..., np.newaxis, :, :] * weighted / weighted[..., :1, :]
