"""Every index that lines, contracts and schemes follow, at given inputs.

Arrays are [index, year, draw]. Where a position may be NONE, the last row is what nothing moves:
1 for an index, 0 for a removal.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from finsim.economics import demand, population, prices, schemes
from finsim.economics.ramps import MONTHS_IN_YEAR
from finsim.simulation.plan import NONE, Efficiency, FloatArray, Plan, Positions
from finsim.simulation.ramps import in_place


class Factors(Struct, frozen=True):
    """The indices of a set of draws.

    `removed` is R of each removal, `most_removed` the largest part that any scheme, or all
    together, removed of any; `gross` is the in-year saving at tariff of each activity scheme,
    `reach` 1/(D·N·τ) of each removal, so that a scheme removes `coefficient · gross · reach`.
    """

    rates: FloatArray
    demands: FloatArray
    activities: FloatArray
    removed: FloatArray
    most_removed: float
    reach: FloatArray
    gross: FloatArray
    efficiency: FloatArray
    scheme_efficiency: FloatArray
    cost_of_delivery: FloatArray

    @property
    def in_year_saving(self) -> FloatArray:
        """The in-year saving at tariff of each activity scheme, £m."""
        return self.gross


def factors_at(plan: Plan, x: FloatArray) -> Factors:
    """Every index at inputs x [input, year, draw]."""
    shape = (len(plan.years), x.shape[2])
    rates = _with_last(prices.price_index(x[plan.rates]), 1.0, shape)
    demands, index = _with_last(_demands(plan, x, shape), 1.0, shape), plan.activities
    activities = demands[index.demand] * rates[index.growth] * rates[index.non_demographic]
    gross, delivery = _gross_and_delivery(plan, x)
    reach = 1 / (activities[plan.removals.activity] * rates[plan.removals.price])
    by_scheme = [_efficiency(scheme, x, shape) for scheme in plan.efficiency_schemes]
    scopes = [
        np.prod([by_scheme[n] for n in scope], axis=0) if scope else np.ones(shape)
        for scope in plan.scopes
    ]
    removed, most_removed = _removed(plan, gross, reach)
    return Factors(
        rates=rates,
        demands=demands,
        activities=activities,
        removed=removed,
        most_removed=most_removed,
        reach=reach,
        gross=gross,
        efficiency=_stacked(scopes, shape),
        scheme_efficiency=_stacked(by_scheme, shape),
        cost_of_delivery=delivery,
    )


def _stacked(rows: list[FloatArray], shape: tuple[int, int]) -> FloatArray:
    return np.stack(rows) if rows else np.zeros((0, *shape))


def _with_last(values: FloatArray, last: float, shape: tuple[int, int]) -> FloatArray:
    result = np.empty((len(values) + 1, *shape))
    result[:-1] = values
    result[-1] = last
    return result


def _demands(plan: Plan, x: FloatArray, shape: tuple[int, int]) -> FloatArray:
    people = plan.people
    if people is None or not len(people.weighted_a):
        return np.zeros((0, *shape))
    total = (
        np.broadcast_to(people.outturn_growth[:, None], shape)
        if people.growth == NONE
        else population.total_growth(
            x[people.growth, 0], people.years_from_base, people.years_spanned
        )
    )
    return demand.demand_index(
        total, people.outturn_growth, people.weighted_a, people.weighted_b, x[people.mix, 0]
    )


def _gross_and_delivery(plan: Plan, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The in-year saving of each activity scheme, and the cost of delivering every scheme."""
    shape, count = (len(plan.years), x.shape[2]), len(plan.activity_schemes)
    savings: list[tuple[Positions, FloatArray]] = []
    costs: list[tuple[Positions, FloatArray]] = []
    for alike in plan.ramped_alike:
        ramp = schemes.mean_ramp(alike.ramp, alike.start, x[alike.slip, 0], len(plan.years))
        delivered = x[alike.delivered, alike.delivered_in]
        saving = schemes.in_year_saving(
            alike.full_saving, ramp, x[alike.happens, 0], delivered, alike.recurrent
        )
        cost = schemes.cost_of_delivery(alike.one_off, alike.running, ramp, alike.double_running)
        savings.append((alike.schemes, saving))
        costs.append((alike.schemes, cost))
    for number, scheme in enumerate(plan.efficiency_schemes, start=count):
        if (stated := scheme.delivery) is not None:
            step = in_place(scheme.start, len(plan.years))[:, None]
            cost = schemes.cost_of_delivery(
                stated.one_off, stated.running, step, stated.double_running
            )
            costs.append((slice(number, number + 1), np.broadcast_to(cost, (1, *shape))))
    everything = count + len(plan.efficiency_schemes)
    return _placed(savings, (count, *shape)), _placed(costs, (everything, *shape))


def _placed(parts: list[tuple[Positions, FloatArray]], shape: tuple[int, int, int]) -> FloatArray:
    """Parts at their places among rows, nought elsewhere; one part that is all is given as is."""
    if len(parts) == 1 and len(parts[0][1]) == shape[0]:
        return parts[0][1]
    rows = np.zeros(shape)
    for place, part in parts:
        rows[place] = part
    return rows


def _efficiency(scheme: Efficiency, x: FloatArray, shape: tuple[int, int]) -> FloatArray:
    delivered, happens = x[scheme.delivered], x[scheme.happens, 0]
    index = schemes.efficiency_index(scheme.rates, delivered, happens, scheme.recurrent)
    return np.broadcast_to(index, shape)


def _removed(plan: Plan, gross: FloatArray, reach: FloatArray) -> tuple[FloatArray, float]:
    """`R = 1 − Π (1 − R_j)`, one scheme after the other, and the largest R_j or R of all.

    Nothing is removed before a scheme is due to start.
    """
    coefficients = plan.removals.coefficients
    due = [int(scheme.start) // MONTHS_IN_YEAR for scheme in plan.activity_schemes]
    left, most = np.ones((len(reach) + 1, *reach.shape[1:])), 0.0
    for removal, scheme in np.argwhere(coefficients.T).tolist():
        part = reach[removal, due[scheme] :] * gross[scheme, due[scheme] :]
        part *= coefficients[scheme, removal]
        most = max(most, float(part.max(initial=0.0)))
        np.subtract(1, part, out=part)
        left[removal, due[scheme] :] *= part
    removed = np.subtract(1, left, out=left)
    return removed, max(most, float(removed.max(initial=0.0)))


def removal_shares(plan: Plan, factors: Factors) -> list[FloatArray]:
    """The share R_j that each activity scheme removes of each of its targets."""
    return [
        scheme.coefficients[:, None, None]
        * saving
        * factors.reach[plan.targets.removal[scheme.targets]]
        for scheme, saving in zip(plan.activity_schemes, factors.gross, strict=True)
    ]
