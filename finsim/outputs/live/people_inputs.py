"""Population and yearly rates on the sheet Inputs."""

from __future__ import annotations

from finsim.book.areas import area_and_part
from finsim.outputs.live.input_rows import (
    Inputs,
    PeopleInputs,
    sourced,
)
from finsim.simulation.plan import NONE, FloatArray


def people_inputs(inputs: Inputs, central: FloatArray) -> None:
    """The population table, its growth, and the age-cost curves."""
    plan, sheet = inputs.plan, inputs.sheet
    book, stated = plan.resolved.book, plan.resolved.scenario.population
    if plan.people is None or book.demand is None or stated is None:
        return
    if not inputs.indices.demands:
        return
    sheet.heading("Population")
    growth = spanned = None
    if plan.people.growth != NONE:
        years = f"from {stated.from_year} to {stated.by}"
        growth = sheet.constant(
            "System", f"Growth of the population {years}", "The mean of its range", "%",
            central[plan.people.growth, 0],
        )  # fmt: skip
        spanned = sheet.constant(
            "System", "Years that the growth spans", years, "years", plan.people.years_spanned
        )
    drivers = {driver.id: driver for driver in book.all_drivers()}
    mix = sheet.constant(
        "System", f"Weight on the age-cost curve {book.demand.curves[1]}",
        sourced(drivers[book.demand.mix]), "share", central[plan.people.mix, 0],
    )  # fmt: skip
    curves = {curve.id: curve for curve in book.curves}
    bands = book.population.bands
    rows = []
    for name in book.demand.curves:
        curve = curves[name]
        rows.append([
            sheet.constant("System", f"{curve.name}: {band}", sourced(curve), "relative cost", cost)
            for band, cost in zip(bands, curve.cost, strict=True)
        ])  # fmt: skip
    ones = [
        sheet.constant(
            "System", f"Headcount: {band}", "Definition: everybody counts alike", "relative cost",
            1.0, "definition",
        )
        for band in bands
    ]  # fmt: skip
    table = inputs.indices.people_table(stated.model_copy(update={"ageing": "table"}))
    areas = {
        area: [
            sheet.by_year(
                area, f"People aged {band}", " or ".join(stated.variant), "people", table[a, g]
            )
            for g, band in enumerate(bands)
        ]
        for a, area in enumerate(book.population.areas)
    }
    served = dict.fromkeys(words for _, key in inputs.indices.demands for words in key)
    inputs.people = PeopleInputs(
        growth=growth,
        spanned=spanned,
        mix=mix,
        curves=(rows[0], rows[1]),
        ones=ones,
        areas=areas,
        parts={
            words: sheet.constant(
                area, f"Part of {area} that is served: {words}", "As the footprint states", "share",
                part,
            )
            for words in served
            for area, part in (area_and_part(words),)
            if part != 1
        },
        frozen=stated.ageing == "none",
    )  # fmt: skip


def rate_inputs(inputs: Inputs, central: FloatArray) -> None:
    """Every yearly rate that a price or an activity follows."""
    plan, sheet = inputs.plan, inputs.sheet
    if not len(plan.rates):
        return
    drivers = {driver.id: driver for driver in plan.resolved.book.all_drivers()}
    sheet.heading("Growth and price rates, the change on the year before")
    for position in plan.rates:
        driver = drivers[plan.inputs.inputs[position].name]
        inputs.rates.append(
            sheet.by_year(
                "System", driver.name, sourced(driver), "a year", central[position], blank=(0,)
            )
        )
