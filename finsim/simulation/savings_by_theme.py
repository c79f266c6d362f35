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
from finsim.simulation.attribution import following_plans, ratio
from finsim.simulation.evaluate import Workings, planned_values
from finsim.simulation.plan import (
    Activity,
    Efficiency,
    FloatArray,
    IntArray,
    Plan,
)


class ActivityTheme(Struct, frozen=True):
    """A theme's schemes on activity, what they remove, and the rows that this touches.

    `coefficients` [removal, scheme] are those of its `schemes` on its `removals`; `removal` [row]
    stands among those.
    """

    schemes: IntArray
    removals: IntArray
    coefficients: FloatArray
    rows: IntArray
    removal: IntArray


class Themes(Struct, frozen=True):
    """The themes of a plan's schemes, and what their schemes act on.

    Rows are the touched flows, then the release rows. `removal` [row] is what touches each;
    `receives` [organisation, row] +1 for the provider of a flow, −1 for its payer, and 1 for whose
    cost is released. `efficiency` are each theme's schemes by their positions among those.
    `following` are the touched flows that follow an agreed plan; `as_planned` [year, theme and
    organisation, flow] is who receives what part of their plan's.
    """

    names: tuple[str, ...]
    activity: tuple[ActivityTheme, ...]
    efficiency: tuple[IntArray, ...]
    removal: IntArray
    receives: FloatArray
    following: IntArray
    as_planned: FloatArray


def themes_of(plan: Plan) -> Themes:
    """The themes of a plan, in the order of its schemes."""
    names = tuple(dict.fromkeys(scheme.theme for scheme in plan.schemes))
    flows, count = plan.flows, len(plan.bodies.ids)
    net = (flows.incoming - flows.outgoing)[:count, flows.touched]
    owner = plan.unit_organisation[plan.releases.unit]
    receives = np.hstack([net, owner == np.arange(count)[:, None]])
    removal = np.concatenate([flows.removal[flows.touched], plan.releases.removal])
    schemes = [_of_theme(plan.activity_schemes, name) for name in names]
    following = following_plans(flows)
    parts = [plan.removals.central_parts[of][:, removal[following]].sum(axis=0) for of in schemes]
    as_planned = [receives[:, following] * part.T[:, None] for part in parts]
    return Themes(
        names=names,
        activity=tuple(_activity_theme(plan, of, removal) for of in schemes),
        efficiency=tuple(_of_theme(plan.efficiency_schemes, name) for name in names),
        removal=removal,
        receives=receives,
        following=following,
        as_planned=np.hstack(as_planned) if names else np.zeros((len(plan.years), 0, 0)),
    )


def _of_theme(schemes: Sequence[Activity | Efficiency], theme: str) -> IntArray:
    return np.array([n for n, s in enumerate(schemes) if s.theme == theme], dtype=np.int64)


def _activity_theme(plan: Plan, schemes: IntArray, removal: IntArray) -> ActivityTheme:
    coefficients = plan.removals.coefficients[schemes].T
    removals = np.flatnonzero(coefficients.any(axis=1))
    rows = np.flatnonzero(np.isin(removal, removals))
    places = np.searchsorted(removals, removal[rows])
    return ActivityTheme(schemes, removals, coefficients[removals], rows, places)


def savings_by_theme(plan: Plan, themes: Themes, found: Workings) -> FloatArray:
    """What each theme saves each organisation, [theme, organisation, projected year, draw], £m."""
    shape = (len(themes.names), len(plan.bodies.ids), *found.before[0, 1:].shape)
    if not plan.schemes:
        return np.zeros(shape)
    planned = planned_values(plan.flows, found.factors, themes.following)
    planned -= found.before[plan.flows.touched[themes.following]]
    planned = planned[:, 1:]
    savings = weighted(themes.as_planned[1:], planned).reshape(shape)
    gross = found.factors.gross[:, 1:]
    overlap, worth = _overlap(plan, found), _worth(plan, themes, found, planned)
    for number, theme in enumerate(themes.activity):
        if theme.rows.size:
            own = gross[theme.schemes]
            removed = weighted(np.abs(theme.coefficients), np.abs(own))
            removed *= overlap[theme.removals]
            removed += weighted(theme.coefficients, own)
            value = removed[theme.removal]
            value *= worth[theme.rows]
            savings[number] += weighted(themes.receives[:, theme.rows], value)
    _add_efficiency(plan, themes, found, savings)
    return savings


def _overlap(plan: Plan, found: Workings) -> FloatArray:
    """`(R − Σ R_j) / Σ |R_j|` of each removal, as savings at tariff: [removal, year, draw]."""
    factors, coefficients = found.factors, plan.removals.coefficients.T
    gross = factors.gross[:, 1:]
    over = factors.removed[: len(coefficients), 1:] / factors.reach[:, 1:]
    over -= weighted(coefficients, gross)
    return ratio(over, weighted(np.abs(coefficients), np.abs(gross)))


def _worth(plan: Plan, themes: Themes, found: Workings, planned: FloatArray) -> FloatArray:
    """What removing £1m at tariff does to flows, and frees of own costs: [row, year, draw], £m."""
    factors, costs, releases = found.factors, found.costs, plan.releases
    removed, count = factors.removed[:, 1:], len(plan.flows.touched)
    reach = factors.reach[:, 1:]
    per_unit = ratio(reach, removed[: len(reach)])
    worth = np.empty((len(themes.removal), *planned.shape[1:]))
    of_flows, freed = worth[:count], worth[count:]
    np.subtract(found.touched[:, 1:], found.before[plan.flows.touched, 1:], out=of_flows)
    of_flows[themes.following] -= planned
    of_flows *= per_unit[themes.removal[:count]]
    removes = removed[releases.removal] > 0
    freed[:] = np.where(removes, costs.going[:, 1:], costs.whole[:, 1:])
    freed *= (1 + factors.efficiency[plan.unit_scope[releases.unit], 1:]) / 2
    freed *= reach[releases.removal]
    return worth


def _add_efficiency(plan: Plan, themes: Themes, found: Workings, savings: FloatArray) -> None:
    """`(1 − E) · (cost − released / 2)` of each cost unit, shared by the size of its schemes."""
    costs, factors = found.costs, found.factors
    for number, scope in enumerate(plan.scopes):
        units = np.flatnonzero(plan.unit_scope == number)
        if not scope or not units.size:
            continue
        saved = costs.do_nothing[units, 1:] - costs.released[units, 1:] / 2
        saved *= 1 - factors.efficiency[number, 1:]
        sizes = np.abs(1 - factors.scheme_efficiency[list(scope), 1:])
        shares = ratio(sizes, np.broadcast_to(sizes.sum(axis=0), sizes.shape))
        for theme, schemes in enumerate(themes.efficiency):
            acting = [place for place, scheme in enumerate(scope) if scheme in schemes]
            if acting:
                share = shares[acting].sum(axis=0)
                savings[theme] += weighted(plan.unit_membership[:, units], saved * share)
