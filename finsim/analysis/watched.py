"""The one figure that an analysis follows from draw to draw: a measure of a body in a year."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from finsim.analysis.measures import BY_NAME, CHANCE
from finsim.analysis.observe import SYSTEM
from finsim.analysis.study import Case
from finsim.book.places import did_you_mean, shown
from finsim.book.quantities import QuantityError, financial_year, financial_year_text
from finsim.economics import control_totals as totals_of
from finsim.economics import ledger
from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.plan import FloatArray

OF_SYSTEM = ("gap", "do_nothing_gap", "gap_after_support")
OF_BODIES = ("position", "position_before_risk_share", "position_do_nothing", "control_total_met")
SHORT = {"met": "control_total_met"}
SETTLED = ("gap_after_support", "position", "control_total_met")


class UnknownFigure(ValueError):
    """A measure, body or year that a scenario does not have."""


class Watched(Struct, frozen=True):
    """A measure of a body in a year; `t` is the year's position among the scenario's."""

    measure: str
    body: str
    t: int

    @property
    def is_chance(self) -> bool:
        """Whether a draw gives one or nought, so that the mean is a chance."""
        return BY_NAME[self.measure].unit == CHANCE

    @property
    def unit(self) -> str:
        """The unit of its mean."""
        return BY_NAME[self.measure].unit

    def title(self, case: Case) -> str:
        """In words: `Position of BHRUT, 2020/21`, `the system meets its control total, 2020/21`."""
        bodies = case.plan.bodies
        names = dict(zip(bodies.ids, bodies.names, strict=True))
        name, year = (
            names.get(self.body, "the system"),
            financial_year_text(case.plan.years[self.t]),
        )
        if self.is_chance:
            return f"{name} meets its control total, {year}"
        title = BY_NAME[self.measure].title
        return f"{title}{'' if self.measure in OF_SYSTEM else f' of {name}'}, {year}"

    def values(self, case: Case, x: FloatArray, extra: FloatArray | None = None) -> FloatArray:
        """The figure in each draw of x [input, year, draw]: [draw], £m, or ones and noughts.

        `extra` [organisation, year] is a saving beside those of the schemes, £m.
        """
        outcome = evaluate(case.plan, x)
        if extra is not None:
            outcome = with_extra_saving(outcome, extra)
        if self.measure in SETTLED and case.arrangement.has_totals:
            return self._settled(case, outcome, x)
        nothing = self.measure in {"do_nothing_gap", "position_do_nothing"}
        positions = outcome.position_do_nothing if nothing else outcome.position_before_risk_share
        if self.measure in OF_SYSTEM:
            return self._gap(case, positions)
        return self._of_body(case, positions)

    def _gap(self, case: Case, positions: FloatArray) -> FloatArray:
        gap: FloatArray = ledger.gap(positions, case.plan.bodies.in_perimeter)[self.t]
        return gap

    def margin(self, case: Case, x: FloatArray) -> FloatArray:
        """By how much what is judged passes the control total in each draw, [draw], £m."""
        result = settled(case.plan, case.arrangement, evaluate(case.plan, x), x)
        totals, in_system = case.arrangement.totals, case.arrangement.in_system
        if self.body == SYSTEM:
            together: FloatArray = totals_of.system_position(result.judged, totals, in_system)
        else:
            together = result.judged[self._row(case)]
        margin: FloatArray = together[self.t] - total_of(case, self)
        return margin

    def _settled(self, case: Case, outcome: Outcome, x: FloatArray) -> FloatArray:
        result = settled(case.plan, case.arrangement, outcome, x)
        if self.measure == "control_total_met":
            met = result.system_met if self.body == SYSTEM else result.met[self._row(case)]
            chance: FloatArray = met[self.t].astype(np.float64)
            return chance
        if self.measure == "gap_after_support":
            return self._gap(case, result.position)
        return self._of_body(case, result.position)

    def _of_body(self, case: Case, positions: FloatArray) -> FloatArray:
        if self.body == SYSTEM:
            return -self._gap(case, positions)
        position: FloatArray = positions[self._row(case), self.t]
        return position

    def _row(self, case: Case) -> int:
        return case.plan.bodies.ids.index(self.body)


def with_extra_saving(outcome: Outcome, extra: FloatArray) -> Outcome:
    """The outcome with a saving [organisation, year] beside those of the schemes, £m."""
    more = extra[:, :, None]
    return replace(
        outcome,
        expenditure=outcome.expenditure - more,
        position_before_risk_share=outcome.position_before_risk_share + more,
        saving=outcome.saving + more,
    )


def watched(case: Case, text: str, year: str | None = None) -> Watched:
    """What words ask for: `gap`, `position:bhrut`, `met`; in the last year unless one is named.

    Raises UnknownFigure, saying what there is.
    """
    name, _, body = text.partition(":")
    measure = SHORT.get(name, name)
    if measure not in (*OF_SYSTEM, *OF_BODIES):
        known = [*OF_SYSTEM, *OF_BODIES, *SHORT]
        near = did_you_mean(name, known)
        raise UnknownFigure(f"there is no {shown(name)} to follow; known: {', '.join(known)}{near}")
    ids = case.plan.bodies.ids
    if measure in OF_SYSTEM and body:
        text = f"{measure} is the system's alone; a body has position:{body}"
        raise UnknownFigure(text)
    if body and body != SYSTEM and body not in ids:
        near = did_you_mean(body, ids)
        raise UnknownFigure(f"there is no body {shown(body)}; known: {', '.join(ids)}{near}")
    found = Watched(measure, body or SYSTEM, _year(case, year))
    if found.is_chance and not np.isfinite(total_of(case, found)):
        text = f"{found.title(case)}: there is no control total to meet"
        raise UnknownFigure(text)
    return found


def total_of(case: Case, of: Watched) -> float:
    """The control total of what is watched, £m; NaN where there is none."""
    arrangement = case.arrangement
    if of.body == SYSTEM:
        return float(totals_of.system_total(arrangement.totals, arrangement.in_system)[of.t])
    return float(arrangement.lines[case.plan.bodies.ids.index(of.body), of.t])


def _year(case: Case, year: str | None) -> int:
    years = case.plan.years
    if year is None:
        return len(years) - 1
    try:
        asked = financial_year(year)
    except QuantityError as error:
        raise UnknownFigure(f"the year {error}") from None
    if asked not in years[1:]:
        span = f"{financial_year_text(years[1])} to {financial_year_text(years[-1])}"
        raise UnknownFigure(f"the year {year} is not projected; this scenario has {span}")
    return years.index(asked)
