"""The engine against the design's formulas worked line by line, on any small system."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray
from simulation.by_hand import by_hand
from systems import draws_of, plan_of, systems

from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import evaluate

EXACT = 1e-9
EVERYTHING = frozenset({"positions", "lines", "schemes"})


def stacked(by_name: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.stack(list(by_name.values()))


def close(found: NDArray[np.float64], expected: NDArray[np.float64], scale: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=EXACT, atol=EXACT * scale)


@settings(max_examples=60)
@given(systems())
def test_every_line_contract_and_position_is_what_the_formulas_give(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    for x in (central_inputs(plan), plan_inputs(plan), draws_of(plan, 12)):
        outcome, hand = evaluate(plan, x, EVERYTHING), by_hand(resolved, plan, x)
        lines = outcome.lines
        assert lines is not None
        scale = 1.0 + float(np.abs(lines.contracts).max() + np.abs(lines.costs).max())
        close(lines.contracts_do_nothing, stacked(hand.contracts_do_nothing), scale)
        close(lines.contracts, stacked(hand.contracts), scale)
        close(lines.costs_do_nothing, stacked(hand.costs_do_nothing), scale)
        close(lines.costs, stacked(hand.costs), scale)
        close(outcome.income, stacked(hand.income), scale)
        close(outcome.cost_of_delivery, stacked(hand.delivery), scale)
        close(outcome.position_do_nothing, stacked(hand.position_do_nothing), scale)
        close(outcome.position_before_risk_share, stacked(hand.position), scale)
        own = [line.organisation for line in resolved.book.lines]
        for number, name in enumerate(plan.bodies.ids):
            held = [
                stranded
                for stranded, of in zip(hand.stranded.values(), own, strict=True)
                if of == name
            ]
            close(outcome.stranded_cost[number], sum(held, np.zeros(x.shape[1:])), scale)
