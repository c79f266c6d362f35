"""Control totals as amounts: solved where they are stated, then held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from finsim.book import arrangements as written
from finsim.book.places import did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.economics import risk_share_terms as terms_of
from finsim.economics.risk_share_basis import pool_shares
from finsim.economics.risk_share_checks import RiskShareError
from finsim.simulation.arrangement import year_names
from finsim.simulation.evaluate import Outcome
from finsim.simulation.inputs import InputError
from finsim.simulation.named import Where, bodies_named, check_year
from finsim.simulation.plan import FloatArray, Plan


def solved_totals(plan: Plan, central: Outcome) -> dict[str, dict[str, dict[int, float]]]:
    """Every set of totals of the book as amounts, from the central case.

    `from: central` is the central position after schemes plus the stretch; a straight line starts
    at the base-year position; what is distributed is the sum of another set, stated above it.
    """
    book = plan.resolved.book
    position, income = central.position_before_risk_share[:, :, 0], central.income[:, :, 0]
    solved: dict[str, dict[str, dict[int, float]]] = {}
    for number, chosen in enumerate(book.totals):
        by_body: dict[str, dict[int, float]] = {}
        for word, rule in chosen.totals.items():
            where: Where = ("totals", number, "totals", word)
            bodies = bodies_named(book, [word], where)
            if isinstance(rule, written.Distributed):
                by_body |= _distributed(plan, rule, bodies, solved, income, where)
                continue
            for body in bodies:
                row = plan.bodies.ids.index(body)
                by_body[body] = _solved(plan, rule, position[row], income[row], where)
        solved[chosen.id] = by_body
    return solved


def _distributed(
    plan: Plan,
    rule: written.Distributed,
    bodies: Sequence[str],
    solved: Mapping[str, Mapping[str, Mapping[int, float]]],
    income: FloatArray,
    where: Where,
) -> dict[str, dict[int, float]]:
    """`total_i = share_i · Σ totals` of the bodies in another set, for each year."""
    if rule.distribute not in solved:
        known = ", ".join(solved) or "none"
        text = f"there is no set of totals {shown(rule.distribute)} above this one; known: {known}"
        raise InputError((*where, "distribute"), text + did_you_mean(rule.distribute, solved))
    before = [solved[rule.distribute].get(body, {}) for body in bodies]
    years = sorted({year for totals in before for year in totals})
    if not years:
        text = f"the set {shown(rule.distribute)} has no total for {', '.join(bodies)}"
        raise InputError((*where, "distribute"), text)
    sums = np.array([sum(totals.get(year, 0.0) for totals in before) for year in years])
    columns = [plan.years.index(year) for year in years]
    shares = terms_of.Shares(rule.shares, rule.by, tuple(bodies))
    basis = terms_of.Basis(
        organisations=plan.bodies.ids,
        years=year_names(plan),
        income=income[:, :, None],
        weighted_population=plan.bodies.weighted_population,
    )
    wrong = [name for name in rule.shares if name not in bodies]
    if wrong:
        text = f"{shown(wrong[0])} is not one of {', '.join(bodies)}"
        raise InputError((*where, "shares", wrong[0]), text + did_you_mean(wrong[0], bodies))
    try:
        parts = pool_shares(shares, bodies, basis)[:, :, 0]
    except RiskShareError as error:
        raise InputError((*where, "by"), str(error)) from None
    parts = np.broadcast_to(parts, income.shape)
    rows = [plan.bodies.ids.index(body) for body in bodies]
    return {
        body: dict(zip(years, (parts[row, columns] * sums).tolist(), strict=True))
        for body, row in zip(bodies, rows, strict=True)
    }


def _solved(
    plan: Plan,
    rule: written.StatedTotals | written.FromCentral | written.StraightLine,
    position: FloatArray,
    income: FloatArray,
    where: Where,
) -> dict[int, float]:
    if isinstance(rule, written.StatedTotals):
        for year in rule.by_year:
            check_year(plan.years, year, (*where, "by_year", financial_year_text(year)))
        return dict(rule.by_year)
    if isinstance(rule, written.StraightLine):
        if rule.in_year <= plan.years[0]:
            text = f"{financial_year_text(rule.in_year)} is not after the base year"
            raise InputError((*where, "in"), text)
        span = rule.in_year - plan.years[0]
        start = float(position[0])
        return {  # a line to a year past the horizon is followed as far as the horizon
            year: start + (rule.to - start) * min(1.0, (year - plan.years[0]) / span)
            for year in plan.years[1:]
        }
    value, unit = rule.improve_by
    stretch = value * income if unit == "income" else np.full_like(income, value)
    return {year: float(position[t] + stretch[t]) for t, year in enumerate(plan.years) if t > 0}
