"""The rows of a bridge: its steps, and the totals on the way, from what replicates say of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from finsim.analysis.bridge_steps import OF_WORKBOOK, StepsSummary
from finsim.analysis.checks import ROUNDING, TOLERANCE, Check
from finsim.analysis.estimates import Estimate, combined
from finsim.analysis.observe import SYSTEM
from finsim.book.quantities import financial_year_text
from finsim.simulation.plan import FloatArray, Plan

TIES = "The bridge ties"
TOTALS = ("do_nothing", "before_risk_share", "position")


class BridgeRow(Struct, frozen=True):
    """One step of a bridge, or a total on the way, £m, favourable positive.

    The first step is the base-year position; all steps of a body and year together are its
    position. The standard errors are over replicates.
    """

    option: str
    body: str
    year: str
    step: str
    mean: float
    p10: float
    p90: float
    se: float
    se_p10: float
    se_p90: float

    def as_dict(self) -> dict[str, str | float]:
        """The row by the names of its fields."""
        return {name: getattr(self, name) for name in BRIDGE_FIELDS}


BRIDGE_FIELDS = BridgeRow.__struct_fields__


class Bridge(Struct, frozen=True):
    """The bridges of one option, of the system and every organisation, in every projected year.

    `rows` are the steps; `totals` how far they have got, each with a range of its own: do nothing,
    the position before risk share, the position. `check` says whether they tie. `of_workbook`
    is the same on the few replicates that a workbook shows, where this is on more.
    """

    rows: tuple[BridgeRow, ...]
    totals: tuple[BridgeRow, ...]
    check: Check
    draws: int
    of_workbook: Bridge | None = None

    def of(self, body: str, year: str) -> tuple[BridgeRow, ...]:
        """The steps of one body in one year."""
        return tuple(row for row in self.rows if (row.body, row.year) == (body, year))

    def totals_of(self, body: str, year: str) -> dict[str, BridgeRow]:
        """The totals of one body in one year, by their names."""
        return {row.step: row for row in self.totals if (row.body, row.year) == (body, year)}


def bridge_of(
    plan: Plan, steps: Sequence[str], by_replicate: Sequence[StepsSummary], draws: int
) -> Bridge:
    """The bridge of an option, from what each replicate of so many draws says of its steps."""
    found = combined([summary.steps for summary in by_replicate])
    totals = combined([summary.totals for summary in by_replicate])
    every, few = draws * len(by_replicate), by_replicate[: OF_WORKBOOK.replicates]
    return Bridge(
        rows=tuple(_rows(plan, steps, found)),
        totals=tuple(_rows(plan, TOTALS, totals)),
        check=_tie(by_replicate, every),
        draws=every,
        of_workbook=bridge_of(plan, steps, few, draws) if len(few) < len(by_replicate) else None,
    )


def _tie(found: Sequence[StepsSummary], draws: int) -> Check:
    largest = max(summary.largest for summary in found)
    scale = max(summary.scale for summary in found)
    detail = f"largest difference £{largest * 1e6:,.4f} in {draws:,} draws"
    return Check(TIES, bool(largest <= max(TOLERANCE, ROUNDING * scale)), detail)


def _rows(plan: Plan, steps: Sequence[str], found: Estimate) -> list[BridgeRow]:
    """The rows of an option by body, year and step; money below a thousandth of a £ is nil."""
    values, errors = (_without_noise(part) for part in (found.values, found.errors))
    bodies = (SYSTEM, *plan.bodies.ids)
    return [
        BridgeRow(
            plan.resolved.option,
            body,
            financial_year_text(year),
            step,
            *map(float, values[:, s, b, t]),
            *map(float, errors[:, s, b, t]),
        )
        for b, body in enumerate(bodies)
        for t, year in enumerate(plan.years[1:])
        for s, step in enumerate(steps)
    ]


def _without_noise(values: FloatArray) -> FloatArray:
    result: FloatArray = np.where(np.abs(values) < TOLERANCE, 0.0, values)
    return result
