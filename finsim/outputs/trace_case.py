"""One case of a scenario in full: the central case, the plan case or a single draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict, replace

from finsim.book.model import Book
from finsim.book.quantities import financial_year_text
from finsim.economics import costs
from finsim.simulation.arrangement import Settled, settled
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import (
    Lines,
    Outcome,
    Record,
    SchemeResults,
    contract_values,
    evaluate,
)
from finsim.simulation.factors import Factors, removal_shares
from finsim.simulation.plan import NONE, FloatArray, Plan
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import replay, sampling

TRACED: frozenset[Record] = frozenset({"positions", "lines", "schemes"})
COLUMNS = 6


class Case(Struct, frozen=True):
    """An evaluated case of one draw: its inputs [input, year, 1], the outcome, and what is settled.

    `settled` is None where the option judges nobody.
    `t` is the position of the year that is traced; `words` names the case.
    """

    resolution: Resolution
    outcome: Outcome
    x: FloatArray
    settled: Settled | None
    t: int
    words: str
    draw: int | None = None

    @property
    def is_draw(self) -> bool:
        """Whether it is a draw, rather than a case without chance."""
        return self.draw is not None

    @property
    def plan(self) -> Plan:
        """The plan that was evaluated."""
        return self.resolution.plan

    @property
    def book(self) -> Book:
        """The book that the plan stands on."""
        return self.resolution.resolved.book

    @property
    def factors(self) -> Factors:
        """Every index of the case."""
        return self.outcome.workings.factors

    @property
    def lines(self) -> Lines:
        """Every contract and own cost of the case."""
        assert self.outcome.lines is not None
        return self.outcome.lines

    @property
    def schemes(self) -> SchemeResults:
        """What each scheme does in the case."""
        assert self.outcome.schemes is not None
        return self.outcome.schemes

    @property
    def year(self) -> str:
        """The year that is traced."""
        return financial_year_text(self.plan.years[self.t])

    @property
    def shown(self) -> tuple[int, ...]:
        """The positions of the years that tables show: the last six, or six from the year on."""
        count = len(self.plan.years)
        first = max(0, min(self.t, count - COLUMNS))
        return tuple(range(first, min(first + COLUMNS, count)))

    @property
    def shown_years(self) -> list[str]:
        """The years that tables show."""
        return [financial_year_text(self.plan.years[t]) for t in self.shown]

    def of(self, values: FloatArray) -> FloatArray:
        """The values of this case: [..., year] of [..., year, draw]."""
        one: FloatArray = values[..., 0]
        return one

    def input(self, position: int) -> FloatArray:
        """The values of an input, [year]."""
        return self.of(self.x[position])

    def index(self, driver: str | None) -> FloatArray:
        """The index of a driver that is a yearly rate, [year]; 1 when nothing moves it."""
        if driver is None:
            return np.ones(len(self.plan.years))
        position = self.plan.rates.tolist().index(self.plan.inputs.position(driver))
        return self.of(self.factors.rates[position])

    def removed(self, target: int) -> FloatArray:
        """The share R that schemes remove of a target, [year]; nil where no scheme acts."""
        removal = NONE if target == NONE else self.plan.targets.removal[target]
        removed: FloatArray = self.of(self.factors.removed)[removal]
        return removed

    def removal(self, scheme: int) -> FloatArray:
        """The share R_j that an activity scheme removes of each of its targets, [target, year]."""
        return self.of(removal_shares(self.plan, self.factors)[scheme])

    def pressure(self) -> FloatArray:
        """Unattributed pressure, [organisation, year], £m."""
        spread = self.plan.unattributed_spread
        moved = 0.0 if spread == NONE else self.input(spread)
        pressure: FloatArray = self.plan.unattributed * (1 + moved)
        return pressure

    def reserves(self) -> FloatArray:
        """What must be held back, [organisation, year], £m."""
        held = np.zeros((len(self.plan.bodies.ids), len(self.plan.years)))
        if self.plan.reserved:
            received = self.of(contract_values(self.plan.flows, self.factors)[0])
            for part in self.plan.reserved:
                rates = part.uncommitted + part.contingency
                held[part.organisation] += rates * received[part.contract]
        return held

    def shocks(self) -> FloatArray:
        """Shocks, [organisation, year], £m, favourable positive; none in the base year."""
        bodies = self.plan.bodies
        shocks = np.zeros((len(bodies.ids), len(self.plan.years)))
        for number, shock in enumerate(bodies.shock.tolist()):
            if shock != NONE:
                shocks[number, 1:] = costs.shock(bodies.turnover[number], self.input(shock)[1:])
        return shocks


def central_case(resolution: Resolution, t: int) -> Case:
    """Every numeric driver at its mean, events at their probability."""
    return _certain_case(resolution, central_inputs(resolution.plan), t, "central case")


def plan_case(resolution: Resolution, t: int) -> Case:
    """The central case with every scheme in full and on time."""
    return _certain_case(resolution, plan_inputs(resolution.plan), t, "as planned")


def _certain_case(resolution: Resolution, x: FloatArray, t: int, words: str) -> Case:
    outcome = evaluate(resolution.plan, x, TRACED)
    return Case(resolution, outcome, x, _settled(resolution, outcome, x), t, words)


def _settled(resolution: Resolution, outcome: Outcome, x: FloatArray) -> Settled | None:
    if not resolution.arrangement.has_totals:
        return None
    return settled(resolution.plan, resolution.arrangement, outcome, x)


def drawn_case(resolution: Resolution, t: int, draw: int) -> Case:
    """A draw of the run, the same to the bit: its whole unit is evaluated and settled."""
    run = sampling(resolution.resolved.scenario.run)
    outcome, x, at = replay(resolution.plan, run.design, draw, TRACED)
    after, kept = _settled(resolution, outcome, x), slice(at, at + 1)
    one: Outcome = _only(outcome, kept)
    position: Settled | None = None if after is None else _only(after, kept)
    return Case(resolution, one, x[..., kept], position, t, f"draw {draw:,}", draw)


def _only(whole: Any, kept: slice) -> Any:
    """An outcome, or a part of one, of one draw alone: every array has draws last."""
    changes: dict[str, object] = {}
    for name, value in asdict(whole).items():
        if isinstance(value, np.ndarray):
            changes[name] = value[..., kept]
        elif isinstance(value, Struct):
            changes[name] = _only(value, kept)
    return replace(whole, **changes)


def run_words(case: Case) -> str:
    """The case with the run that a draw belongs to."""
    if case.draw is None:
        return case.words
    run = sampling(case.resolution.resolved.scenario.run)
    belongs = "of" if case.draw < run.draws else "past"
    return f"{case.words} {belongs} 0 to {run.draws - 1:,}, seed {run.design.seed}"
