"""The formulas of the live sheets, evaluated in Python, against the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import systems
from hypothesis import given, settings
from msgspec.structs import replace

from finsim.economics.risk_share_terms import (
    Amount,
    Band,
    Corridor,
    Guarantor,
    Pool,
    Shares,
)
from finsim.outputs.live.model import live_model
from finsim.outputs.live.rows import Note, Unit
from finsim.outputs.live.style import WIDTHS
from finsim.outputs.workbook_sheet import height_of
from finsim.outputs.workbook_style import LINE_HEIGHT
from finsim.scenario.resolved import Resolved
from finsim.simulation.arrangement import Arrangement, settled
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.evaluate import evaluate
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution

POUND = 1e-6
SCENARIOS = Path(__file__).parents[3] / "scenarios"
MEASURES = (
    "position_do_nothing", "position_before_risk_share", "income", "expenditure", "saving",
    "stranded_cost", "cost_of_delivery",
)  # fmt: skip
SETTLED = ("transfer", "external_support", "sustainability_funding", "position")
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def furthest(plan: Plan, as_planned: bool, arrangement: Arrangement | None = None) -> float:
    """The largest difference between the formulas and the engine, £m."""
    x = plan_inputs(plan) if as_planned else central_inputs(plan)
    outcome = evaluate(plan, x, frozenset({"lines"}))
    model = live_model(plan, arrangement, as_planned)
    pairs = [
        (getattr(outcome, name), [body[name].values for body in model.positions.bodies])
        for name in MEASURES
    ]
    if arrangement is not None and model.settled.bodies:
        after = settled(plan, arrangement, outcome, x)
        pairs += [
            (getattr(after, name), [body[name].values for body in model.settled.bodies])
            for name in SETTLED
        ]
    return max(float(np.abs(ours[:, :, 0] - np.array(live)).max()) for ours, live in pairs)


@pytest.mark.parametrize("as_planned", [False, True])
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenarios_agree_with_the_engine(
    name: str, as_planned: bool, shipped: Callable[..., Resolution]
) -> None:
    found = shipped(name)
    assert furthest(found.plan, as_planned, found.arrangement) < POUND


IN_FORMULAS = (
    ("bhr", None), ("bhr", "system control total"), ("bhr", "half linked"),
    ("bhr", "proportional share"), ("bhr", "councils inside"), ("bhr", "guarantor"),
    ("bhr", "closing the gap"), ("example", "system total shared"),
    ("nel-offset-2017", "before offsets"),
)  # fmt: skip


@pytest.mark.parametrize("as_planned", [False, True])
@pytest.mark.parametrize(("name", "option"), IN_FORMULAS)
def test_options_in_formulas_agree_with_the_engine(
    name: str, option: str | None, as_planned: bool, shipped: Callable[..., Resolution]
) -> None:
    found = shipped(name, option)
    assert live_model(found.plan, found.arrangement).settled.bodies
    assert furthest(found.plan, as_planned, found.arrangement) < POUND


TERMS: dict[str, tuple[Any, ...]] = {
    "corridor on members, by income": (
        Pool(("ccg", "hospital"), "adverse"),
        Corridor(
            (Band(0, 0.001, 0), Band(0.001, 0.01, 0.4), Band(0.01, np.inf, 0.9)), unit="income"
        ),
        Shares(by="equal"),
    ),
    "corridor on the pool, in one year": (
        Pool(("ccg", "hospital"), years=("2018", "2019")),
        Corridor((Band(0, 1, 1), Band(1, np.inf, 0.5)), (Band(0, np.inf, 0.2),), on="pool"),
        Shares({"ccg": 0.3, "hospital": 0.7}),
    ),
    "two pools, then a guarantor": (
        Pool(("hospital",), "favourable"),
        Shares(by="income", members=("ccg", "hospital")),
        Pool(("ccg",), "adverse"),
        Shares({"hospital": 1.0}),
        Guarantor("region", Amount(0.02, "income"), threshold=Amount(0.5), share=0.6),
    ),
}


@pytest.mark.parametrize("as_planned", [False, True])
@pytest.mark.parametrize("words", TERMS)
@pytest.mark.parametrize("lift", [-6.0, -0.5, 0.0, 4.0])
def test_terms_agree_with_the_engine(words: str, lift: float, as_planned: bool) -> None:
    """A hospital that loses and a commissioner that gains, against totals set at several levels."""
    plan = systems.plan_of(
        systems.one_hospital(
            drivers=[systems.driver("pay", "4%"), systems.driver("tariff", "1%")],
            schemes=[systems.activity_scheme("less", "£6m", [{"contracts": {"id": "care"}}],
                                             delivered="40%")],
            lines=[systems.line("wards", "hospital", "£100m", demand="contracts", price="pay",
                                cash_release="50%")],
        )
    )  # fmt: skip
    nobody = compile_arrangement(plan)
    totals = np.full((2, len(plan.years)), np.nan)
    totals[:, 1:] = [[20.0 + lift], [-3.0 + lift]]
    arrangement = replace(
        nobody, totals=totals, lines=totals, in_system=np.array([True, True]), terms=TERMS[words]
    )
    model = live_model(plan, arrangement, as_planned)
    assert model.settled.bodies
    assert furthest(plan, as_planned, arrangement) < POUND


def test_terms_without_a_closed_form_are_said_in_words(
    shipped: Callable[..., Resolution],
) -> None:
    found = shipped("bhr", "acute corridor")
    model = live_model(found.plan, found.arrangement)
    notes = [entry.text for entry in model.sheet.entries if isinstance(entry, Note)]
    assert model.settled.bodies == []
    assert len(notes) == 1
    assert "a cap whose excess is spread until it is placed" in notes[0]


def test_a_marginal_rate_below_the_baseline_counts_where_activity_is_steady() -> None:
    """£100m with the full tariff to 94% of it and 87% of the tariff above: £99.22m."""
    form = {"form": "marginal", "marginal_rate": "87%", "threshold": "94%"}
    resolved = systems.system(
        years=(2015, 2017),
        organisations=[systems.organisation("trust")],
        external=[systems.external("outside")],
        contracts=[systems.contract("care", "outside", "trust", "£100m", payment="terms")],
        payments=[systems.payment_terms("terms", {"2015/16": form})],
    )
    plan = systems.plan_of(resolved)
    income = live_model(plan, None, False).positions.bodies[0]["income"].values
    assert income == pytest.approx([99.22] * 3)
    assert furthest(plan, False) < POUND


@settings(max_examples=150)
@given(systems.systems())
def test_any_system_agrees_with_the_engine(resolved: Resolved) -> None:
    plan = systems.plan_of(resolved)
    for as_planned in (False, True):
        assert furthest(plan, as_planned) < POUND


def test_every_unit_stands_on_one_line_of_its_column() -> None:
    assert {height_of([(unit, WIDTHS["unit"])]) for unit in get_args(Unit)} == {LINE_HEIGHT}
