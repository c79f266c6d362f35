"""A model held against published figures, in the two cases without chance."""

from __future__ import annotations

from msgspec import Struct

from finsim.book.comparisons import Comparison
from finsim.book.quantities import financial_year_text
from finsim.economics.arrays import FloatArray
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.plan import Plan


class Compared(Struct, frozen=True):
    """A published figure and the model's, £m; the model's is None in a year not modelled."""

    stated: Comparison
    found: float | None

    @property
    def within(self) -> bool:
        """Whether the model comes as near as it should; so does one without the year."""
        if self.found is None:
            return True
        return abs(self.found - self.stated.value) <= self.stated.tolerance

    @property
    def words(self) -> str:
        """The two figures, and whether they are near."""
        stated = self.stated
        year = financial_year_text(stated.year)
        if self.found is None:
            return f"{year} is not modelled here"
        near = "within" if self.within else "OUTSIDE"
        return (
            f"{pounds(self.found)} in the {stated.case} case, {year}, against "
            f"{pounds(stated.value)} {stated.standing}: {near} the tolerance of "
            f"{pounds(stated.tolerance)}"
        )


def pounds(value: float) -> str:
    """Money in words, £m to one decimal."""
    return f"{'−' if value < 0 else ''}£{abs(value):,.1f}m"


def compared_with(plan: Plan, central: Outcome, planned: Outcome) -> list[Compared]:
    """Every comparison of the book, from the outcomes of the central and the plan case."""
    cases = {"central": central, "plan": planned}
    return [
        Compared(item, _figure(plan, item, cases[item.case]))
        for item in plan.resolved.book.comparisons
    ]


def compared(plan: Plan, item: Comparison) -> Compared:
    """One comparison; its case is evaluated."""
    inputs = plan_inputs(plan) if item.case == "plan" else central_inputs(plan)
    return Compared(item, _figure(plan, item, evaluate(plan, inputs)))


def _figure(plan: Plan, item: Comparison, case: Outcome) -> float | None:
    if item.year not in plan.years:
        return None
    values: FloatArray = getattr(case, item.measure)
    return float(values[plan.bodies.ids.index(item.organisation), plan.years.index(item.year), 0])
