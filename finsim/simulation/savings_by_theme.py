"""What the schemes of each theme do to each organisation's position.

The parts are those of `attribution`, by organisation: what a contract inside the perimeter no
longer pays is a gain of its payer and a loss of its provider to the same schemes, and nets out in
the system. In every draw the themes, with what no scheme can be said to have done, sum to each
organisation's saving.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from finsim.economics.arrays import weighted
from finsim.simulation.attribution import ratio
from finsim.simulation.evaluate import Workings, planned_values
from finsim.simulation.plan import Activity, Efficiency, FloatArray, IntArray, Plan


class Themes(Struct, frozen=True):
    """The themes of a plan's schemes, and what their schemes act on.

    `activity` and `efficiency` are each theme's schemes by their positions among those; `removals`
    what its activity schemes touch. `receives` [organisation, touched flow] is +1 for the provider
    and −1 for the payer, `spends` [organisation, release row] 1 for whose cost is released.
    """

    names: tuple[str, ...]
    activity: tuple[IntArray, ...]
    efficiency: tuple[IntArray, ...]
    removals: tuple[IntArray, ...]
    receives: FloatArray
    spends: FloatArray


def themes_of(plan: Plan) -> Themes:
    """The themes of a plan, in the order of its schemes."""
    names = tuple(dict.fromkeys(scheme.theme for scheme in plan.schemes))
    activity = tuple(_of_theme(plan.activity_schemes, name) for name in names)
    efficiency = tuple(_of_theme(plan.efficiency_schemes, name) for name in names)
    flows, count = plan.flows, len(plan.bodies.ids)
    net = (flows.incoming - flows.outgoing)[:count, flows.touched]
    owner = plan.unit_organisation[plan.releases.unit]
    return Themes(
        names=names,
        activity=activity,
        efficiency=efficiency,
        removals=tuple(
            np.flatnonzero((plan.removals.coefficients[of] != 0).any(axis=0)) for of in activity
        ),
        receives=net,
        spends=(owner == np.arange(count)[:, None]).astype(np.float64),
    )


def _of_theme(schemes: Sequence[Activity | Efficiency], theme: str) -> IntArray:
    return np.array([n for n, s in enumerate(schemes) if s.theme == theme], dtype=np.int64)


def savings_by_theme(plan: Plan, themes: Themes, found: Workings) -> FloatArray:
    """The net saving of each theme to each organisation, [theme, organisation, year, draw], £m."""
    flows, factors = plan.flows, found.factors
    count = len(plan.bodies.ids)
    savings = np.zeros((len(themes.names), count, *factors.rates.shape[1:]))
    if not plan.schemes:
        return savings
    before = found.before[flows.touched]
    agreed = planned_values(flows, factors, np.arange(len(flows.touched))) - before
    paid_for = flows.removal[flows.touched]
    by_removal = ratio(found.touched - before - agreed, factors.removed[paid_for])
    freed = _freed(plan, found)
    overlap = _overlap(plan, found)
    for theme in range(len(themes.names)):
        reached = themes.removals[theme]
        if reached.size:
            removed = _removed(plan, themes, found, theme, overlap)
            parts = plan.removals.central_parts[themes.activity[theme]].sum(axis=0)
            for owner, removals, worth, planned in (
                (themes.receives, paid_for, by_removal, agreed),
                (themes.spends, plan.releases.removal, freed, None),
            ):
                rows = np.flatnonzero(np.isin(removals, reached))
                of_rows = removals[rows]
                value = removed[np.searchsorted(reached, of_rows)]
                value *= worth[rows]
                if planned is not None:
                    value += parts[of_rows][:, :, None] * planned[rows]
                savings[theme] += weighted(owner[:, rows], value)
    _add_efficiency(plan, themes, found, savings)
    return savings


def _freed(plan: Plan, found: Workings) -> FloatArray:
    """What a unit of removal frees of own costs: [release row, year, draw], £m."""
    costs, factors, releases = found.costs, found.factors, plan.releases
    freed = np.where(factors.removed[releases.removal] > 0, costs.going, costs.whole)
    freed *= (1 + factors.efficiency[plan.unit_scope[releases.unit]]) / 2
    return freed


def _overlap(plan: Plan, found: Workings) -> FloatArray:
    """`(R − Σ R_j) / Σ |R_j|` of each removal, [removal, year, draw]."""
    factors, coefficients = found.factors, plan.removals.coefficients
    stated = weighted(coefficients.T, factors.gross)
    stated *= factors.reach
    sizes = weighted(np.abs(coefficients).T, np.abs(factors.gross))
    sizes *= np.abs(factors.reach)
    return ratio(factors.removed[: len(stated)] - stated, sizes)


def _removed(
    plan: Plan, themes: Themes, found: Workings, theme: int, overlap: FloatArray
) -> FloatArray:
    """The part of each removal reached that a theme removes, its share of the overlap included."""
    reached, schemes = themes.removals[theme], themes.activity[theme]
    coefficients = plan.removals.coefficients[np.ix_(schemes, reached)]
    gross, reach = found.factors.gross[schemes], found.factors.reach[reached]
    removed = weighted(np.abs(coefficients).T, np.abs(gross))
    removed *= np.abs(reach)
    removed *= overlap[reached]
    stated = weighted(coefficients.T, gross)
    stated *= reach
    removed += stated
    return removed


def _add_efficiency(plan: Plan, themes: Themes, found: Workings, savings: FloatArray) -> None:
    """`(1 − E) · (cost − released / 2)` of each cost unit, shared by the size of its schemes."""
    costs, factors = found.costs, found.factors
    for number, scope in enumerate(plan.scopes):
        units = np.flatnonzero(plan.unit_scope == number)
        if not scope or not units.size:
            continue
        saved = costs.do_nothing[units] - costs.released[units] / 2
        saved *= 1 - factors.efficiency[number]
        sizes = np.abs(1 - factors.scheme_efficiency[list(scope)])
        shares = ratio(sizes, np.broadcast_to(sizes.sum(axis=0), sizes.shape))
        for theme, schemes in enumerate(themes.efficiency):
            acting = [place for place, scheme in enumerate(scope) if scheme in schemes]
            if acting:
                share = shares[acting].sum(axis=0)
                savings[theme] += weighted(plan.unit_membership[:, units], saved * share)
