"""Unattributed pressure: what a published do-nothing gap holds beyond what drivers explain.

It is solved for the central case of the file that states the gap, once, for the whole perimeter or
for each organisation that the published figure names, and held from then on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from finsim.book.nodes import place_of
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.scenario.layers import Merged
from finsim.scenario.model import Calibrate
from finsim.scenario.resolved import HeldPressure, Resolved
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import InputError
from finsim.simulation.named import bodies_named
from finsim.simulation.plan import FloatArray, Plan

LEAST = 1e-9
"""£m: pressures that sum to less than this cannot be stated as shares of their sum."""


def solved_pressure(
    plan: Plan, calibrate: Calibrate, merged: Merged, place: Place, solved_in: str
) -> HeldPressure:
    """The pressure that makes the central do-nothing gap the published one.

    Raises InputProblems for a year that is not modelled and for names that lead nowhere.
    """
    years = plan.resolved.scenario.year_numbers
    if calibrate.in_year not in years[1:]:
        found = financial_year_text(calibrate.in_year)
        text = f"in {found} is not a projected year of this scenario"
        raise InputProblems([Problem(place, "calibrate", text)])
    at = years.index(calibrate.in_year)
    if isinstance(calibrate.do_nothing_gap, dict):
        amount, shares = _by_body(plan, calibrate, merged, at)
    else:
        shares = pressure_shares(plan.resolved, calibrate, merged)
        amount = calibrate.do_nothing_gap - float(central_do_nothing_gap(plan)[at])
    return HeldPressure.model_construct(
        amount=amount,
        in_year=calibrate.in_year,
        published_gap=calibrate.whole_gap,
        by_body=dict(calibrate.gaps_by_body),
        shares=shares,
        spread=calibrate.spread,
        solved_in=Path(solved_in).name,
    )


def central_do_nothing_gap(plan: Plan) -> FloatArray:
    """The system's do-nothing gap in the central case, [year], £m."""
    gap: FloatArray = -_central_positions(plan)[plan.bodies.in_perimeter].sum(axis=0)
    return gap


def _central_positions(plan: Plan) -> FloatArray:
    """[organisation, year], £m, before any efficiency or scheme."""
    positions: FloatArray = evaluate(plan, central_inputs(plan)).position_do_nothing[:, :, 0]
    return positions


def _by_body(
    plan: Plan, calibrate: Calibrate, merged: Merged, at: int
) -> tuple[float, dict[str, float]]:
    """The pressure of each organisation, £m, as a sum and shares of it.

    A group's pressure is shared among its members by base-year expenditure.
    """
    book, place = plan.resolved.book, place_of(merged.scenario, ("calibrate", "do_nothing_gap"))
    where = "calibrate / do_nothing_gap"
    gaps = dict(zip(plan.bodies.ids, (-_central_positions(plan)[:, at]).tolist(), strict=True))
    pressure: dict[str, float] = {}
    for word, published in calibrate.gaps_by_body.items():
        try:
            bodies = bodies_named(book, [word], ())
        except InputError as error:
            raise InputProblems([Problem(place, where, str(error))]) from None
        twice = [body for body in bodies if body in pressure]
        if twice:
            text = f"counts {', '.join(twice)} twice; each organisation has one published gap"
            raise InputProblems([Problem(place, where, text)])
        needed = published - sum(gaps[body] for body in bodies)
        for body, share in _by_expenditure(plan.resolved, bodies).items():
            pressure[body] = needed * share
    inside = bodies_named(book, ["all"], ())
    missing = [body for body in inside if body not in pressure]
    if missing:
        text = f"names no gap for {', '.join(missing)}, which the perimeter holds"
        raise InputProblems([Problem(place, where, text)])
    total = math.fsum(pressure.values())
    if abs(total) <= LEAST:
        text = "leaves nothing unattributed in all, so that there is nothing to share"
        raise InputProblems([Problem(place, where, text)])
    return total, {body: value / total for body, value in pressure.items()}


def pressure_shares(resolved: Resolved, calibrate: Calibrate, merged: Merged) -> dict[str, float]:
    """Whose the pressure is: as stated, or by base-year expenditure inside the perimeter."""
    inside = [body.id for body in resolved.book.organisations if body.in_perimeter]
    if not isinstance(calibrate.shared, dict):
        return _by_expenditure(resolved, inside)
    path = ("calibrate", "shared")
    wrong = [
        Problem(
            place_of(merged.scenario, (*path, name)),
            " / ".join(path),
            f"{shown(name)} is not an organisation in the perimeter; those are "
            f"{', '.join(inside)}{did_you_mean(name, inside)}",
        )
        for name in calibrate.shared
        if name not in inside
    ]
    if wrong:
        raise InputProblems(wrong)
    return dict(calibrate.shared)


def _by_expenditure(resolved: Resolved, bodies: Sequence[str]) -> dict[str, float]:
    """Shares in proportion to base-year expenditure, equal where nobody spends."""
    book = resolved.book
    spent = {
        body: sum(line.baseline for line in book.lines if line.organisation == body)
        + sum(contract.baseline for contract in book.contracts if contract.payer == body)
        for body in bodies
    }
    total = sum(spent.values())
    if total <= 0:
        return dict.fromkeys(bodies, 1 / max(len(bodies), 1))
    return _whole({body: value / total for body, value in spent.items()})


def _whole(shares: dict[str, float]) -> dict[str, float]:
    """Shares whose sum is one to the last bit, so that the calibration is exact."""
    largest = max(shares, key=shares.__getitem__)
    rest = sum(value for name, value in shares.items() if name != largest)
    return {**shares, largest: 1 - rest}


def gap_of(plan: Plan, word: str, position: FloatArray) -> FloatArray:
    """The gap of the organisations that a word means, [year], £m; position [organisation, year]."""
    named = bodies_named(plan.resolved.book, [word], (), beside=True)
    rows = np.array([body in named for body in plan.bodies.ids], dtype=bool)
    gap: FloatArray = -position[rows].sum(axis=0)
    return gap
