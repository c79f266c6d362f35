"""The steps of the bridge tie in every draw, belong to whom they should, and have no order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from numpy.typing import NDArray
from systems import (
    body,
    contract,
    curve,
    draws_of,
    driver,
    external,
    line,
    organisation,
    payment_terms,
    people,
    plan_of,
    system,
    systems,
)

from finsim.book.model import Contract, Demand, Driver
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import Record, evaluate, workings
from finsim.simulation.factors import factors_at
from finsim.simulation.inputs import InputError
from finsim.simulation.movements import (
    CAUSES,
    PRICE_KINDS,
    SETS,
    moved_by,
    movements,
    quantities_and_rows,
    quantities_at,
)
from finsim.simulation.plan import Plan
from finsim.simulation.savings_by_theme import savings_by_theme, themes_of
from finsim.simulation.steps import DO_NOTHING, economic_steps, steps_of

FloatArray = NDArray[np.float64]
SCHEMES: frozenset[Record] = frozenset({"positions", "schemes"})


def plan_or_skip(resolved: Resolved) -> Plan:
    try:
        return plan_of(resolved)
    except InputError:
        assume(False)
        raise


def scale(resolved: Resolved) -> float:
    return 1e-9 * (1 + 10 * sum(c.baseline for c in resolved.book.contracts))


@settings(max_examples=60)
@given(systems())
def test_steps_sum_to_the_position_in_every_draw(resolved: Resolved) -> None:
    plan = plan_or_skip(resolved)
    stated = steps_of(plan)
    for x in (central_inputs(plan), draws_of(plan)):
        result = evaluate(plan, x)
        steps = np.stack(np.broadcast_arrays(*economic_steps(plan, stated, x, result)))
        nothing = steps[: len(DO_NOTHING)].sum(axis=0)
        before = result.position_do_nothing[:, 1:]
        np.testing.assert_allclose(nothing, before, atol=scale(resolved))
        after = result.position_before_risk_share[:, 1:]
        np.testing.assert_allclose(steps.sum(axis=0), after, atol=scale(resolved))


@settings(max_examples=40)
@given(systems())
def test_themes_sum_to_each_saving_and_to_the_system_of_the_run(resolved: Resolved) -> None:
    plan = plan_or_skip(resolved)
    assume(plan.schemes)
    themes = themes_of(plan)
    x = draws_of(plan)
    result = evaluate(plan, x, SCHEMES)
    savings = savings_by_theme(plan, themes, result.workings)
    assert result.schemes is not None
    for number, name in enumerate(themes.names):
        of_theme = [n for n, scheme in enumerate(plan.schemes) if scheme.theme == name]
        system = savings[number][plan.bodies.in_perimeter].sum(axis=0)
        expected = result.schemes.net[of_theme, 1:].sum(axis=0)
        np.testing.assert_allclose(system, expected, atol=scale(resolved))


@settings(max_examples=25)
@given(systems(most_schemes=0))
def test_growth_is_the_mean_over_every_order(resolved: Resolved) -> None:
    """Quantities and prices, cause after cause in each of the 24 orders, by organisation."""
    plan = plan_or_skip(resolved)
    central = factors_at(plan, central_inputs(plan))
    quantities, rows = quantities_and_rows(plan, central)
    factors = workings(plan, draws_of(plan, 6)).factors
    every = quantities_at(quantities, factors)[rows.under]
    sets = dict(zip(SETS, every.swapaxes(0, 1), strict=True))
    price = np.einsum("rp,ptd->rtd", rows.weights, factors.rates)
    base = np.broadcast_to(rows.weights.sum(axis=1)[:, None, None], price.shape)
    causes = len(CAUSES)
    total = np.zeros((causes + 1, *price.shape))
    orders = list(permutations(range(causes + 1)))
    for order in orders:
        acting: set[int] = set()
        value = sets[SETS[0]] * base
        for cause in order:
            acting.add(cause)
            chosen = tuple(n in acting for n in range(causes))
            after = sets[chosen] * (price if causes in acting else base)
            total[cause] += after - value
            value = after
    moved = moved_by(plan, movements(plan), factors)
    own = rows.organisation == np.arange(len(plan.bodies.ids))[:, None]
    for number in range(causes):
        by_body = np.einsum("or,rtd->otd", own, total[number, :, 1:] / len(orders))
        np.testing.assert_allclose(moved[number], by_body, atol=scale(resolved))
    # What the form of payment does by itself is a matter of price.
    forms = (sets[SETS[0]] - sets[SETS[0]][:, :1]) * base
    for number in range(len(PRICE_KINDS)):
        of_kind = own & (rows.kind == number)
        by_body = np.einsum("or,rtd->otd", of_kind, (total[-1] / len(orders) + forms)[:, 1:])
        np.testing.assert_allclose(moved[causes + number], by_body, atol=scale(resolved))


# By hand


def hospital(
    payment: str | None = None,
    more_drivers: Sequence[Driver] = (),
    more_contracts: Sequence[Contract] = (),
    **rest: Any,
) -> Resolved:
    """A CCG pays a hospital £100m; people grow by 5% in a year, the tariff by 2%, pay by 4%."""
    return system(
        years=(2015, 2016),
        grown={"growth": "outturn", "variant": "made up"},
        demand=Demand(curves=("flat", "flat"), mix="mix"),
        curves=[curve("flat", [1.0, 1.0, 1.0])],
        population=people({"town": {2015: [50, 30, 20], 2016: [52.5, 31.5, 21]}}),
        organisations=[
            organisation("ccg", "commissioner", areas=["town"]),
            organisation("hospital"),
        ],
        external=[external("government")],
        drivers=[
            driver("mix", 0.5), driver("tariff", 0.02), driver("pay", 0.04),
            driver("allocation", 0.03), *more_drivers,
        ],
        contracts=[
            *more_contracts,
            contract("allocation", "government", "ccg", 100.0, price="allocation"),
            contract(
                "care", "ccg", "hospital", 100.0, demand="population", areas=["town"],
                price="tariff", payment=payment or "tariff",
            ),
        ],
        lines=[line("wards", "hospital", 100.0, demand="contracts", price="pay", service="all")],
        **rest,
    )  # fmt: skip


def steps_by_hand(resolved: Resolved) -> dict[str, FloatArray]:
    """The steps of the last year, [organisation]."""
    plan = plan_of(resolved)
    x = central_inputs(plan)
    stated = steps_of(plan)
    steps = np.stack(np.broadcast_arrays(*economic_steps(plan, stated, x, evaluate(plan, x))))
    order = [body(plan, name) for name in ("ccg", "hospital")]
    return dict(zip(stated.names, steps[:, order, -1, 0], strict=False))


def test_a_tariff_contract_and_a_ward_by_hand() -> None:
    """100 × 1.05 × 1.02 = 107.1 paid; 100 × 1.05 × 1.04 = 109.2 spent; 103 received."""
    steps = steps_by_hand(hospital())
    paid_for_people = 100 * 0.05 * (1 + 1.02) / 2
    paid_for_tariff = 100 * 0.02 * (1 + 1.05) / 2
    spent_on_people = 100 * 0.05 * (1 + 1.04) / 2
    spent_on_pay = 100 * 0.04 * (1 + 1.05) / 2
    assert steps["demography"] == pytest.approx(
        [-paid_for_people, paid_for_people - spent_on_people]
    )
    assert steps["contract_prices"] == pytest.approx([-paid_for_tariff, paid_for_tariff])
    assert steps["prices"] == pytest.approx([0, -spent_on_pay])
    assert steps["income"] == pytest.approx([3, 0])
    assert steps["non_demographic_growth"] == pytest.approx([0, 0])
    assert sum(steps.values()) == pytest.approx([103 - 107.1, 107.1 - 109.2])


@pytest.mark.parametrize(
    ("payment", "people", "tariff"),
    [
        ("block", 0.0, 2.0),  # whatever the activity
        ("capitated", 100 * 0.05 * 2.02 / 2, 100 * 0.02 * 2.05 / 2),  # its people are demography
        ("blended", 100 * 0.05 * 2.02 / 2, 100 * 0.02 * 2.05 / 2),  # the plan moves with them
        ("later", 100 * 0.025 * 2.02 / 2, 100 * (0.02 * 2 / 2 + 0.02 * 0.025 / 2)),
    ],
)
def test_payment_forms_by_hand(payment: str, people: float, tariff: float) -> None:
    marginal = {"form": "marginal", "marginal_rate": 0.5}
    terms = payment_terms("later", {2015: {"form": "tariff"}, 2016: marginal})
    steps = steps_by_hand(hospital(payment, payments=[terms]))
    assert -steps["demography"][0] == pytest.approx(people)
    assert steps["contract_prices"] == pytest.approx([-tariff, tariff])


def test_a_change_of_form_itself_is_a_contract_price() -> None:
    """Above 90% of activity half is paid from 2016/17: £5m at the activity of the base year."""
    marginal = {"form": "marginal", "marginal_rate": 0.5, "threshold": 0.9}
    terms = payment_terms("later", {2015: {"form": "tariff"}, 2016: marginal})
    steps = steps_by_hand(hospital("later", payments=[terms]))
    tariff = 0.02 * (95 + 97.5) / 2
    assert steps["contract_prices"][0] == pytest.approx(5 - tariff)
    assert steps["demography"][0] == pytest.approx(-0.025 * 100 * 2.02 / 2)


def test_the_blended_contract_of_the_method_page_by_hand() -> None:
    """People grow by 5% in the draw and 4% centrally; a fifth of the difference is paid."""
    resolved = hospital("blended")
    scenario = resolved.scenario.model_copy(
        update={
            "population": resolved.scenario.population.model_copy(  # type: ignore[union-attr]
                update={"growth": 0.04, "from_year": 2015, "by": 2016}
            )
        }
    )
    plan = plan_of(resolved.model_copy(update={"scenario": scenario}))
    x = central_inputs(plan)
    x[plan.inputs.position("population.growth")] = 0.05
    stated = steps_of(plan)
    steps = np.stack(np.broadcast_arrays(*economic_steps(plan, stated, x, evaluate(plan, x))))
    named = dict(zip(stated.names, steps[:, body(plan, "ccg"), -1, 0], strict=False))
    assert named["demography"] == pytest.approx(-4.242)
    assert named["contract_prices"] == pytest.approx(-2.042)


def test_a_service_that_ends_leaves_the_people_of_others_known() -> None:
    """Two services follow the same people; one ends, the other is paid 107.1 as before."""
    clinic = contract(
        "clinic", "ccg", "hospital", 10.0, demand="population", areas=["town"], price="tariff",
        growth="ends",
    )  # fmt: skip
    steps = steps_by_hand(
        hospital(more_drivers=[driver("ends", -1.0)], more_contracts=[clinic]),
    )
    assert sum(steps.values())[0] == pytest.approx(103 - 107.1)
    # The clinic's 10 last by turns with or without 5% more people and 2% more tariff.
    ended = 10 * (1 / 3 + 1.05 / 6 + 1.02 / 6 + 1.05 * 1.02 / 3)
    assert steps["stated_growth"][0] == pytest.approx(ended)
