"""From people and rates to the activity and price indices of the sheet Calculations."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from finsim.book.areas import area_and_part
from finsim.outputs.live.expressions import Expression, added, choose, equals, product
from finsim.outputs.live.input_rows import Inputs, PeopleInputs
from finsim.outputs.live.rows import (
    LiveSheet,
    Row,
    crossed,
    crossed_with_base,
    total,
)
from finsim.simulation.indices import DemandKey
from finsim.simulation.plan import NONE


class IndexRows(Struct, frozen=True):
    """Price and activity indices by their positions in the plan; None stands for 1."""

    rates: list[Row]
    activities: list[Row | None]

    def price(self, position: int) -> Expression | None:
        """A price index in the year of the formula."""
        return None if position == NONE else self.rates[position].here

    def activity(self, position: int) -> Expression | None:
        """An activity index in the year of the formula."""
        row = None if position == NONE else self.activities[position]
        return None if row is None else row.here


def index_rows(inputs: Inputs, sheet: LiveSheet) -> IndexRows:
    """The rows of population, demand, prices and activity before schemes."""
    demands = _demands(inputs, sheet)
    rates = _rates(inputs, sheet)
    return IndexRows(rates, _activities(inputs, sheet, demands, rates))


def in_base_year(inputs: Inputs) -> Expression:
    """Whether the year is the base year, for `choose`."""
    return equals(inputs.years_after.here, 0)


# people


def _demands(inputs: Inputs, sheet: LiveSheet) -> list[Row]:
    people = inputs.people
    if people is None:
        return []
    sheet.heading("Population and demand")
    every = [row for rows in people.areas.values() for row in rows]
    table = sheet.works_out(
        "System", "Population of the table", "Sum over areas and ages", "people", total(every)
    )
    outturn = sheet.works_out(
        "System", "Growth of the table's population", "Population ÷ that of the base year",
        "index", table.here / table.base,
    )  # fmt: skip
    if people.growth is None or people.spanned is None:
        growth = outturn
    else:
        growth = sheet.works_out(
            "System", "Growth of the population as stated",
            "(1 + growth) ^ (years after the base year ÷ years that the growth spans)", "index",
            (people.growth.fixed + 1) ** (inputs.years_after.here / people.spanned.fixed),
        )  # fmt: skip
    keys = inputs.indices.demands
    weighted = _weighted(people, sheet, keys, table)
    rows = []
    for (kind, areas), (first, second) in zip(keys, weighted, strict=True):
        name = " and ".join(areas)
        mixed = sheet.works_out(
            name, "People weighted by the cost of their age" if kind == "population"
            else "Headcount", "Mix of the two curves by the weight", "weighted people",
            (1 - people.mix.fixed) * first.here + people.mix.fixed * second.here,
        )  # fmt: skip
        rows.append(
            sheet.works_out(
                name, f"Demand index by {kind}",
                "Stated growth ÷ the table's × weighted people ÷ those of the base year", "index",
                growth.here / outturn.here * mixed.here / mixed.base,
            )
        )  # fmt: skip
    return rows


def _weighted(
    people: PeopleInputs, sheet: LiveSheet, keys: Sequence[DemandKey], table: Row
) -> list[tuple[Row, Row]]:
    """The table weighted by each curve, over the areas of each demand index."""
    named = (("age-cost curve A", people.curves[0]), ("age-cost curve B", people.curves[1]))
    by_area: dict[tuple[str, str], Row] = {}

    def of_area(area: str, label: str, curve: list[Row]) -> Row:
        if (area, label) not in by_area:
            rows = people.areas[area]
            formula = crossed(curve, rows)
            if people.frozen:
                formula = crossed_with_base(curve, rows) * table.here / table.base
            by_area[area, label] = sheet.works_out(
                area, f"People by {label}", "Sum of people × their relative cost",
                "weighted people", formula,
            )  # fmt: skip
        return by_area[area, label]

    def over(areas: tuple[str, ...], label: str, curve: list[Row]) -> Row:
        known = [(words, area_and_part(words)[0]) for words in areas]
        parts = [
            (words, of_area(area, label, curve)) for words, area in known if area in people.areas
        ]
        if len(parts) == 1 and parts[0][0] not in people.parts:
            return parts[0][1]
        return sheet.works_out(
            " and ".join(areas), f"People by {label}", "Sum over areas of the part served × people",
            "weighted people",
            added([
                row.here if words not in people.parts else people.parts[words].fixed * row.here
                for words, row in parts
            ]),
        )  # fmt: skip

    found = []
    for kind, areas in keys:
        if kind == "population":
            first, second = (over(areas, label, curve) for label, curve in named)
        else:
            first = second = over(areas, "headcount", people.ones)
        found.append((first, second))
    return found


# rates and activity


def _rates(inputs: Inputs, sheet: LiveSheet) -> list[Row]:
    if not inputs.rates:
        return []
    sheet.heading("Growth and price indices")
    base = in_base_year(inputs)
    return [
        sheet.works_out(
            "System", f"Index: {rate.item}", "Index of the year before × (1 + rate)", "index",
            lambda row, rate=rate: choose(base, 1, row.before * (1 + rate.here)),  # type: ignore[misc]
        )
        for rate in inputs.rates
    ]  # fmt: skip


def _activities(
    inputs: Inputs, sheet: LiveSheet, demands: list[Row], rates: list[Row]
) -> list[Row | None]:
    index = inputs.plan.activities
    rows: list[Row | None] = []
    started = False
    keys = inputs.indices.demands
    for demand, growth, other in zip(
        index.demand, index.growth, index.non_demographic, strict=True
    ):
        factors = [
            rows_of[position]
            for rows_of, position in ((demands, demand), (rates, growth), (rates, other))
            if position != NONE
        ]
        if len(factors) < 2:
            rows.append(factors[0] if factors else None)
            continue
        if not started:
            sheet.heading("Activity before schemes")
            started = True
        who = " and ".join(keys[demand][1]) if demand != NONE else "System"
        rows.append(
            sheet.works_out(
                who,
                "Activity index: " + ", ".join(_short(row) for row in factors),
                "Product of the indices", "index",
                product(*(row.here for row in factors)),
            )
        )  # fmt: skip
    return rows


def _short(row: Row) -> str:
    return row.item.removeprefix("Index: ").removeprefix("Demand index by ")
