"""What is legal but implausible, in words for the person who reads the results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from finsim.book.areas import parts_of_areas
from finsim.book.quantities import financial_year_text
from finsim.simulation.cases import plan_inputs
from finsim.simulation.comparisons import compared
from finsim.simulation.divisions import too_small
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import GROWTH
from finsim.simulation.plan import NONE, Plan

EFFICIENCY = 0.03
GROWTH_A_YEAR = 0.0175
ROUNDING = 1e-9


def warnings_of(plan: Plan) -> list[str]:
    """Every warning of a plan.

    Thresholds: more than 3% a year of efficiency was called unlikely (Nuffield Trust, King's Fund:
    above 2–3%); 28% over the fifteen years 2016–2031 is 1.66% a year, the top of the planning
    range.
    """
    return [
        *_efficiency(plan),
        *_growth(plan),
        *_disputes(plan),
        *_pressure(plan),
        *_implausible(plan),
        *_localities(plan),
        *_served_twice(plan),
    ]


def _efficiency(plan: Plan) -> Iterator[str]:
    planned = evaluate(plan, plan_inputs(plan))
    saving = np.diff(planned.saving[:, :, 0], axis=1)
    spent = planned.expenditure[:, 1:, 0] + planned.saving[:, 1:, 0]
    yearly = np.divide(saving, spent, out=np.zeros_like(saving), where=spent > 0)
    for body, rates in zip(plan.bodies.names, yearly, strict=True):
        worst = int(rates.argmax())
        if rates[worst] > EFFICIENCY:
            year = financial_year_text(plan.years[worst + 1])
            yield (
                f"{body} plans savings of {rates[worst]:.1%} of its expenditure in {year}; "
                "above 3% a year was called unlikely"
            )


def _growth(plan: Plan) -> Iterator[str]:
    people = plan.people
    if people is None or people.growth == NONE:
        return
    growth = plan.inputs.inputs[plan.inputs.position(GROWTH)].central()[0]
    yearly = (1 + growth) ** (1 / people.years_spanned) - 1
    if yearly > GROWTH_A_YEAR:
        yield (
            f"population grows by {growth:.1%} in {people.years_spanned:.0f} years, "
            f"{yearly:.1%} a year; the planning range of 19–28% by 2031 is at most 1.66% a year"
        )


def _disputes(plan: Plan) -> Iterator[str]:
    for contract in plan.resolved.book.contracts:
        if abs(contract.mismatch) > ROUNDING:
            yield (
                f"{contract.name}: the provider books £{contract.mismatch:+,.1f}m more than the "
                f"payer; settled at £{contract.baseline:,.1f}m"
            )


def _implausible(plan: Plan) -> Iterator[str]:
    for item in plan.resolved.book.comparisons:
        found = compared(plan, item)
        if not found.within:
            yield f"{item.name}: {found.words}"


def _pressure(plan: Plan) -> Iterator[str]:
    held = plan.resolved.held.unattributed
    if held is not None and held.amount < 0:
        yield (
            f"public drivers alone give more than the published gap: unattributed pressure is "
            f"−£{-held.amount:,.1f}m"
        )


def _localities(plan: Plan) -> Iterator[str]:
    for name, year, people, least in too_small(plan):
        yield (
            f"{name} has {people:,.0f} people in {financial_year_text(year)}; "
            f"its budget asks for at least {least:,.0f}"
        )


def _served_twice(plan: Plan) -> Iterator[str]:
    served: defaultdict[str, float] = defaultdict(float)
    for body in plan.resolved.book.organisations:
        if body.kind == "commissioner":
            for area, part in parts_of_areas(body.areas).items():
                served[area] += part
    for area, part in served.items():
        if part > 1 + ROUNDING:
            yield (
                f"commissioners together serve {part:.0%} of the people of {area}: "
                "some are counted twice wherever money follows weighted population"
            )
