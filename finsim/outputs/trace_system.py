"""The system: how organisations' positions make the gap, and what a measure is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from finsim.analysis.measures import BEARING, COMPARED, MEASURES, Measure
from finsim.analysis.observe import (
    BY_ROLE,
    CHANCES,
    ECONOMICS,
    MONEY_SETTLED,
    UNSETTLED,
    themes,
)
from finsim.book.quantities import financial_year_text
from finsim.outputs.trace_arrangement import judged_table, settled_table
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_names import PRESSURE_NAME
from finsim.outputs.trace_sources import scenario_place
from finsim.outputs.trace_text import (
    ROUNDED,
    RULE,
    Row,
    heading,
    money,
    share,
    table,
    tagged,
    wrapped,
    year_row,
)
from finsim.outputs.words import pounds
from finsim.simulation.plan import FloatArray

GAPS = {
    "do_nothing_gap": "position_do_nothing",
    "gap": "position_before_risk_share",
    "gap_local_share": "position_before_risk_share",
}


def gap_by_year(case: Case, measure: str) -> FloatArray:
    """A gap of the system, `−Σ position` over the perimeter, [year], £m."""
    positions = case.of(getattr(case.outcome, GAPS[measure]))
    weights = case.plan.bodies.in_perimeter.astype(np.float64)
    if measure == "gap_local_share":
        weights = weights * case.plan.bodies.local_share
    gap: FloatArray = -(weights @ positions)
    return gap


def system(case: Case) -> list[str]:
    """The gap, organisation by organisation, and what closes it."""
    return [
        *heading(case, "The system – gap = −Σ position of the organisations in the perimeter"),
        "",
        *_positions_table(case),
        "",
        *_closing_table(case),
        "",
        *settled_table(case),
        *_pressure_note(case),
        ROUNDED,
        *wrapped("Go on with the id of an organisation or theme, or with do_nothing_gap or gap."),
    ]


def _positions_table(case: Case) -> list[str]:
    outcome, t, bodies = case.outcome, case.t, case.plan.bodies
    columns = [
        case.of(outcome.position_do_nothing)[:, t],
        case.of(outcome.saving)[:, t],
        -case.of(outcome.cost_of_delivery)[:, t],
        case.of(outcome.position_before_risk_share)[:, t],
    ]
    every = np.array(columns)
    rows = [
        Row(f"{name} ({body})", tuple(money(v) for v in every[:, number]))
        for number, (body, name) in enumerate(zip(bodies.ids, bodies.names, strict=True))
        if bodies.in_perimeter[number]
    ]
    totals = every[:, bodies.in_perimeter].sum(axis=1)
    rows += [
        RULE,
        Row("Sum of positions", tuple(money(v) for v in totals)),
        Row("Gap", (money(-totals[0]), "", "", money(-totals[3]))),
    ]
    rows += [
        Row(f"Beside: {name} ({body})", tuple(money(v) for v in every[:, number]))
        for number, (body, name) in enumerate(zip(bodies.ids, bodies.names, strict=True))
        if not bodies.in_perimeter[number]
    ]
    title = f"Positions, £m, {case.year}"
    return table(title, ["do nothing", "saving", "delivery", "position"], rows)


def _closing_table(case: Case) -> list[str]:
    t, plan, results = case.t, case.plan, case.schemes
    net, cost = case.of(results.net)[:, t], case.of(results.cost_of_delivery)[:, t]
    rows = []
    for theme in themes(plan):
        chosen = [n for n, scheme in enumerate(plan.schemes) if scheme.theme == theme]
        rows.append(Row(theme, (money(net[chosen].sum()), money(-cost[chosen].sum()))))
    other = float(case.of(results.other)[t])
    if abs(other) >= 0.05:
        rows.append(Row("terms with the outside that follow a plan", (money(other), "")))
    total = Row("All", (money(net.sum() + other), money(-cost.sum())))
    title = f"What closes it, £m, {case.year}"
    return table(title, ["saving", "delivery"], [*rows, RULE, total])


def _pressure_note(case: Case) -> list[str]:
    held = case.resolution.resolved.held.unattributed
    if held is None:
        return []
    inside = case.plan.bodies.in_perimeter
    pressure = float(case.pressure()[inside, case.t].sum())
    gap = float(gap_by_year(case, "do_nothing_gap")[case.t])
    alone = f"public drivers alone give {pounds(gap - pressure)}"
    text = (
        f"Of the do-nothing gap of {pounds(gap)}, {pounds(pressure)} is {PRESSURE_NAME}; {alone}."
    )
    return wrapped(text)


# measures


def measure(case: Case, number: int) -> list[str]:
    """A measure by organisation and year, and how they make the system's."""
    stated = MEASURES[number]
    name = stated.name if case.settled is not None else UNSETTLED.get(stated.name, stated.name)
    head = [
        *heading(case, f"{stated.title} ({stated.name}) – {stated.unit}"),
        "",
        *tagged("Meaning", stated.meaning),
    ]
    if name in GAPS:
        return [*head, "", *_gap_table(case, stated, name), "", *_pressure_note(case), ROUNDED]
    found = case.settled
    if name in ECONOMICS:
        return [*head, "", *_measure_table(case, stated, name), "", ROUNDED]
    if found is not None and name in {*MONEY_SETTLED, *BY_ROLE}:
        values = case.of(getattr(found, name))
        return [*head, "", *_summed_table(case, stated, values), "", ROUNDED]
    if found is not None and name in {*CHANCES, "control_total", "gap_after_support"}:
        return [*head, "", *judged_table(case, found, name), "", ROUNDED]
    return [*head, *tagged("Value", _no_value(name))]


def _no_value(name: str) -> str:
    if name in {measure.name for measure in (BEARING, *COMPARED)}:
        return "a figure over all draws; no single case has one"
    return "no term of this scenario moves it: nil, or not stated, in every year"


def _gap_table(case: Case, stated: Measure, name: str) -> list[str]:
    positions = case.of(getattr(case.outcome, GAPS[name]))
    bodies = case.plan.bodies
    local = name == "gap_local_share"
    weights = bodies.local_share if local else np.ones(len(bodies.ids))
    rows = list(_body_rows(case, positions * weights[:, None], weights if local else None))
    gap = gap_by_year(case, name)
    rows += [RULE, year_row(case, "Sum of positions", -gap), year_row(case, stated.title, gap)]
    return table("Position by organisation, £m", case.shown_years, rows)


def _body_rows(case: Case, values: FloatArray, weights: FloatArray | None = None) -> Iterator[Row]:
    bodies = case.plan.bodies
    for number, (body, name) in enumerate(zip(bodies.ids, bodies.names, strict=True)):
        if bodies.in_perimeter[number]:
            part = "" if weights is None else f"{share(float(weights[number]))} × "
            yield year_row(case, f"{part}{name} ({body})", values[number])


def _summed_table(case: Case, stated: Measure, values: FloatArray) -> list[str]:
    total = values[case.plan.bodies.in_perimeter].sum(axis=0)
    rows = [*_body_rows(case, values), RULE, year_row(case, "System", total)]
    bodies = case.plan.bodies
    rows += [
        year_row(case, f"beside: {name} ({body})", own)
        for body, name, inside, own in zip(
            bodies.ids, bodies.names, bodies.in_perimeter, values, strict=True
        )
        if not inside and own.any()
    ]
    return table(f"{stated.title}, £m", case.shown_years, rows)


def _measure_table(case: Case, stated: Measure, name: str) -> list[str]:
    values = case.of(getattr(case.outcome, name))
    rows = list(_body_rows(case, values))
    total = values[case.plan.bodies.in_perimeter].sum(axis=0)
    rows += [RULE]
    if name in {"income", "expenditure"}:
        internal = case.of(case.outcome.internal_contracts)
        rows.append(year_row(case, "less contracts inside the perimeter", -internal))
        total = total - internal
    rows.append(year_row(case, "System", total))
    return table(f"{stated.title}, £m", case.shown_years, rows)


# unattributed pressure


def pressure(case: Case) -> list[str]:
    """Unattributed pressure: how it was solved, and whose it is."""
    head = heading(case, f"{PRESSURE_NAME.capitalize()} – what public drivers do not explain")
    held = case.resolution.resolved.held.unattributed
    if held is None:
        return [*head, "", *wrapped("This scenario calibrates to no published gap: there is none.")]
    solved = financial_year_text(held.in_year)
    rest = held.published_gap - held.amount
    why = (
        f"{pounds(held.amount)} in {solved}: the published do-nothing gap of "
        f"{pounds(held.published_gap)} less {pounds(rest)} that public drivers alone gave in the "
        f"central case of {held.solved_in}, as written; held from then on"
    )
    stated = case.resolution.merged.scenario.get("calibrate")
    written = scenario_place(case, "calibrate") if stated is not None else held.solved_in
    return [
        *head,
        "",
        *tagged("Solved", why),
        *tagged("Path", f"nil in the base year, equal steps to {solved}, flat after"),
        *tagged("Schemes", "do not act on it"),
        *tagged("Standing", "illustrative: it has no driver; the published gap has a source"),
        *tagged("Written", written),
        "",
        *table("By organisation, £m", case.shown_years, _pressure_rows(case, held.shares)),
        "",
        ROUNDED,
    ]


def _pressure_rows(case: Case, shares: dict[str, float]) -> Sequence[Row]:
    values = case.pressure()
    rows = [
        year_row(case, f"{body} {share(shares[body])}", values[number])
        for number, body in enumerate(case.plan.bodies.ids)
        if shares.get(body)
    ]
    return [*rows, RULE, year_row(case, "All", values.sum(axis=0))]
