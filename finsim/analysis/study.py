"""Options on the same draws: cases, and the economics that they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from finsim.analysis.bridge_steps import Bridged
from finsim.analysis.measures import BY_NAME, Row
from finsim.analysis.moments import Distinct, distinct
from finsim.analysis.observe import (
    MONEY_SETTLED,
    SYSTEM,
    economics_rows,
    is_chance,
    settled_rows,
)
from finsim.analysis.observe_levels import level_rows
from finsim.simulation.arrangement import Arrangement, economics_text
from finsim.simulation.plan import Plan
from finsim.simulation.steps import Steps, steps_of

CURVED = ("do_nothing_gap", "gap")


class Case(Struct, frozen=True):
    """One option, ready to be evaluated."""

    plan: Plan
    arrangement: Arrangement

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that draws move."""
        plan, arrangement = self.plan, self.arrangement
        return (
            *economics_rows(plan),
            *settled_rows(plan, arrangement),
            *level_rows(plan, arrangement.levels),
        )


class Layout(Struct, frozen=True):
    """Which rows are bad when high, of the economics, of what is settled and of the levels.

    What is settled is its money alone. `curved` are the system's gaps among the economics' rows,
    `last_gap` that after schemes in the last year; `inputs` are those that moments are taken of.
    """

    economics: NDArray[np.bool_]
    settled: NDArray[np.bool_]
    levels: NDArray[np.bool_]
    curved: tuple[int, ...]
    last_gap: int
    inputs: Distinct


def layout(case: Case) -> Layout:
    """The layout of a case's rows."""
    economics = economics_rows(case.plan)
    settled = [row for row in settled_rows(case.plan, case.arrangement) if not is_chance(row)]
    return Layout(
        economics=_worse_high(economics),
        settled=_worse_high(settled),
        levels=_worse_high(level_rows(case.plan, case.arrangement.levels)),
        curved=tuple(n for n, row in enumerate(economics) if row.measure in CURVED),
        last_gap=economics.index(Row("system", SYSTEM, case.plan.years[-1], "gap")),
        inputs=distinct(case.plan.inputs),
    )


def _worse_high(rows: Sequence[Row]) -> NDArray[np.bool_]:
    return np.array([BY_NAME[row.measure].worse == "high" for row in rows], dtype=bool)


class Study(Struct, frozen=True):
    """Cases on shared draws.

    `shares` gives for each the first case with the same economics, `levels` the first that has the
    same networks, localities and budgets as well. `steps` are those of the first cases, which are
    bridged in the first replicates, `bridged` of them or all.
    """

    cases: tuple[Case, ...]
    shares: tuple[int, ...]
    levels: tuple[int, ...]
    layouts: tuple[Layout, ...]
    steps: tuple[Steps, ...] = ()
    bridged: int | None = None

    @property
    def compared_rows(self) -> tuple[Row, ...]:
        """The rows of an option against the first: differences, then the chance to be better."""
        plan = self.cases[0].plan
        years, bodies = plan.years, plan.bodies
        keys = [("system", "system", True)]
        keys += [
            ("organisation", body, bool(inside))
            for body, inside in zip(bodies.ids, bodies.in_perimeter, strict=True)
        ]
        names = [*(f"difference_{name}" for name in MONEY_SETTLED), "better_than_first"]
        return tuple(
            Row(level, body, year, name, inside)  # type: ignore[arg-type]
            for name in names
            for level, body, inside in keys
            for year in years
        )


def study(cases: Sequence[Case], bridged: Bridged | None = None) -> Study:
    """Cases with the economics that they share found out, and the bridges asked for."""
    texts = [economics_text(case.plan) if len(cases) > 1 else "" for case in cases]
    shares = tuple(texts.index(text) for text in texts)
    keys = [(text, case.arrangement.levels.key) for text, case in zip(texts, cases, strict=True)]
    levels = tuple(keys.index(key) for key in keys)
    asked = shares[: bridged.options] if bridged is not None else ()
    steps = {number: steps_of(cases[number].plan) for number in dict.fromkeys(asked)}
    return Study(
        cases=tuple(cases),
        shares=shares,
        levels=levels,
        layouts=tuple(layout(case) for case in cases),
        steps=tuple(steps[number] for number in asked),
        bridged=bridged.replicates if bridged is not None else None,
    )
