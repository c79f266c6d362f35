"""The distinct indices of a plan: people, rates, and the activity that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from finsim.book.areas import parts_of_areas
from finsim.book.model import Book, Contract, Line
from finsim.economics import demand, population
from finsim.scenario.model import Population, Scenario
from finsim.simulation.inputs import GROWTH, InputError, Inputs
from finsim.simulation.plan import NONE, Activities, FloatArray, IntArray, People, Positions

Areas = tuple[str, ...]
DemandKey = tuple[str, Areas]
ActivityKey = tuple[int, int, int]


def integers(values: Iterable[int]) -> IntArray:
    """An index array."""
    return np.array(list(values), dtype=np.int64)


def evenly(positions: Sequence[int]) -> Positions:
    """Positions as a slice where they rise in equal steps, so that a view is taken and no copy."""
    steps = set(np.diff(positions).tolist()) or {1}
    if len(steps) > 1 or min(steps) < 1:
        return integers(positions)
    return slice(positions[0], positions[-1] + 1, steps.pop())


class Indices:
    """What moves each line and contract, with like things stored once.

    `line_activity`, `line_price`, `contract_activity`, `contract_price` and `capitation` hold
    positions among the activities and rates; NONE stands for an index of 1.
    """

    def __init__(self, book: Book, scenario: Scenario, inputs: Inputs) -> None:
        self.book = book
        self.scenario = scenario
        self.inputs = inputs
        self._rates: dict[str, int] = {}
        self._demands: dict[DemandKey, int] = {}
        self._activities: dict[ActivityKey, int] = {}
        self.line_activity = integers(self._activity(line) for line in book.lines)
        self.line_price = integers(self._rate(line.price) for line in book.lines)
        self.contract_activity = integers(self._activity(c) for c in book.contracts)
        self.contract_price = integers(self._rate(c.price) for c in book.contracts)
        self.capitation = integers(self._capitation(c) for c in book.contracts)

    @property
    def price_columns(self) -> int:
        """One column for each rate, and a last one for what no price moves."""
        return len(self._rates) + 1

    @property
    def demands(self) -> tuple[DemandKey, ...]:
        """The distinct demand indices: what counts people, and in which areas."""
        return tuple(self._demands)

    def rates(self) -> IntArray:
        """The inputs that are rates, by their positions."""
        return integers(self.inputs.position(name) for name in self._rates)

    def activities(self) -> Activities:
        """The distinct activity indices."""
        keys = np.array(list(self._activities), dtype=np.int64).reshape(-1, 3)
        return Activities(keys[:, 0], keys[:, 1], keys[:, 2])

    def _rate(self, name: str | None) -> int:
        return NONE if name is None else self._rates.setdefault(name, len(self._rates))

    def _demand(self, key: DemandKey) -> int:
        return self._demands.setdefault(key, len(self._demands))

    def _activity(self, flow: Line | Contract) -> int:
        kind = flow.demand
        by_people = kind in {"population", "headcount"}
        people = self._demand((kind, tuple(sorted(flow.areas)))) if by_people else NONE
        key = (people, self._rate(flow.growth), self._rate(flow.non_demographic))
        return self._activities.setdefault(key, len(self._activities))

    def _capitation(self, contract: Contract) -> int:
        """The payer's weighted population, for a capitated contract; NONE for any other."""
        if not self._is_capitated(contract):
            return NONE
        areas = {body.id: body.areas for body in self.book.organisations}
        served = areas.get(contract.payer) or contract.areas
        if not served or self.book.demand is None:
            number = self.book.contracts.index(contract)
            text = "is capitated, but neither the payer nor the contract has `areas`"
            raise InputError(("contracts", number, "payment"), text)
        key = (self._demand(("population", tuple(sorted(served)))), NONE, NONE)
        return self._activities.setdefault(key, len(self._activities))

    def _is_capitated(self, contract: Contract) -> bool:
        forms = [
            form
            for terms in self.book.payments
            if terms.id == contract.payment
            for form in terms.by_year.values()
        ]
        return contract.payment == "capitated" or any(f.form == "capitated" for f in forms)

    def people(self) -> People | None:
        """The population arrays, or None for a system without people.

        Raises InputError when the table lacks an area in some year.
        """
        stated = self.scenario.population
        if self.book.demand is None:
            return None
        if stated is None:
            raise InputError(
                ("scenario", "population"), "is missing; the book's demand needs its growth"
            )
        table = self.people_table(stated)
        total = table.sum(axis=(0, 1))
        curves = {curve.id: np.array(curve.cost) for curve in self.book.curves}
        a, b = (curves[name] for name in self.book.demand.curves)
        flat = np.ones_like(a)
        weighted = [self._weighted(table, key, (a, b, flat)) for key in self._demands]
        pairs = np.array(weighted).reshape(-1, 2, len(total))
        for (_, areas), (first, second) in zip(self._demands, pairs, strict=True):
            if first[0] <= 0 or second[0] <= 0:
                text = f"has nobody in {' and '.join(areas)} in the base year"
                raise InputError(("population",), text)
        outturn = stated.growth == "outturn"
        spanned = (
            1.0 if stated.by is None or stated.from_year is None else stated.by - stated.from_year
        )
        return People(
            growth=NONE if outturn else self.inputs.position(GROWTH),
            mix=self.inputs.position(self.book.demand.mix),
            years_from_base=np.arange(len(total), dtype=np.float64),
            years_spanned=float(spanned),
            outturn_growth=total / total[0],
            weighted_a=pairs[:, 0],
            weighted_b=pairs[:, 1],
        )

    def weighted_population(self) -> FloatArray | None:
        """The people each organisation serves, weighted by age cost: [organisation, year]."""
        cost = self._central_cost()
        if cost is None or self.scenario.population is None:
            return None
        table = self.people_table(self.scenario.population)
        return np.stack(
            [
                demand.weighted_population(table, self._footprint(body.areas), cost)
                for body in self.book.organisations
            ]
        )

    def people_by_area(self) -> tuple[FloatArray, FloatArray]:
        """The people of each area, and the same weighted by age cost: [area, year].

        Without age-cost curves a person counts once. Raises InputError when there is no table.
        """
        if self.scenario.population is None or not self.book.population.rows:
            text = "is missing; localities need the people of their areas"
            raise InputError(("scenario", "population"), text)
        table = self.people_table(self.scenario.population)
        people, cost = table.sum(axis=1), self._central_cost()
        weighted = people if cost is None else np.einsum("agt,g->at", table, cost)
        return people, weighted

    def _central_cost(self) -> FloatArray | None:
        """The cost of a person by age band at the central mix of the two curves."""
        if self.book.demand is None:
            return None
        curves = {curve.id: np.array(curve.cost) for curve in self.book.curves}
        a, b = (curves[name] for name in self.book.demand.curves)
        mix = self.inputs.inputs[self.inputs.position(self.book.demand.mix)].central()[0]
        cost: FloatArray = (1 - mix) * a + mix * b
        return cost

    def _footprint(self, areas: Areas) -> FloatArray:
        parts = parts_of_areas(areas)
        return np.array([parts.get(area, 0.0) for area in self.book.population.areas])

    def _weighted(
        self, table: FloatArray, key: DemandKey, curves: Sequence[FloatArray]
    ) -> list[FloatArray]:
        kind, areas = key
        served = self._footprint(areas)
        a, b, flat = curves
        chosen = (flat, flat) if kind == "headcount" else (a, b)
        return [demand.weighted_population(table, served, curve) for curve in chosen]

    def people_table(self, stated: Population) -> FloatArray:
        """People by [area, band, year]: for each year the first variant that has it."""
        known, years = self.book.population, self.scenario.year_numbers
        rows = {(row.area, row.year, row.variant): row.people for row in known.rows}
        table = np.zeros((len(known.areas), len(known.bands), len(years)))
        for a, area in enumerate(known.areas):
            for t, year in enumerate(years):
                found = [rows[area, year, v] for v in stated.variant if (area, year, v) in rows]
                if not found:
                    variants = " or ".join(map(repr, stated.variant))
                    text = f"the book's table has no people of {area} in {year} ({variants})"
                    raise InputError(("scenario", "population"), text)
                table[a, :, t] = found[0]
        return population.frozen_mix(table) if stated.ageing == "none" else table
