"""A cost line: its factors, the contracts that it serves, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from finsim.economics import costs
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_factors import (
    Factor,
    driver_factor,
    efficiency_origin,
    factor_rows,
    in_numbers,
    movement,
    origins,
    release_words,
    removal_origin,
    removed,
)
from finsim.outputs.trace_sources import book_place, provenance, standing_text
from finsim.outputs.trace_text import (
    ROUNDED,
    RULE,
    Row,
    factor,
    heading,
    money,
    rate_cell,
    share_cell,
    table,
    tagged,
    year_row,
)
from finsim.simulation.compile_schemes import served_contracts
from finsim.simulation.plan import FloatArray


class Served(Struct, frozen=True):
    """A contract that a line serves: its share of the line, and what moves that share, [year]."""

    contract: int
    share: float
    activity: FloatArray
    removed: FloatArray
    do_nothing: FloatArray
    cost: FloatArray


class LineTrace(Struct, frozen=True):
    """A line's factors, whose product is its cost; do nothing and after schemes as evaluated."""

    factors: tuple[Factor, ...]
    served: tuple[Served, ...]
    do_nothing: FloatArray
    cost: FloatArray
    formula: str


def line_trace(case: Case, number: int) -> LineTrace:
    """The factors of a line."""
    line, rows = case.book.lines[number], case.plan.lines
    row = int(np.flatnonzero(rows.line == number)[0])
    scope = int(rows.scope[row])
    base = np.full(len(case.plan.years), line.baseline)
    stated = f"{standing_text(line)}; {book_place(case, 'lines', number, 'baseline')}"
    price = driver_factor(case, "Q", "prices", line.price)
    efficiency = Factor(
        "E", "efficiency", case.of(case.factors.efficiency)[scope], efficiency_origin(case, scope)
    )
    before = (Factor("B", "base-year cost, £m", base, stated),)
    served = _served(case, number, price.values, efficiency.values)
    if served:
        moved, released = _of_contracts(served, line.cash_release)
        formula = "cost = B × A × Q × E × (1 − released)"
    else:
        moved = movement(case, line, int(rows.activity[row]))
        target = int(rows.target[row])
        gone = costs.released_share(line.cash_release, removed(case, target))
        origin = f"{removal_origin(case, target)}; {release_words(line.cash_release)}"
        released = Factor("1−r", "not released", 1 - gone, origin)
        formula = f"cost = B × {moved[0].letter} × N × Q × E × (1 − released)"
    return LineTrace(
        factors=(*before, *moved, price, efficiency, released),
        served=served,
        do_nothing=case.of(case.lines.costs_do_nothing)[number],
        cost=case.of(case.lines.costs)[number],
        formula=formula,
    )


def _served(
    case: Case, number: int, price: FloatArray, efficiency: FloatArray
) -> tuple[Served, ...]:
    line, contracts = case.book.lines[number], case.plan.contracts
    activities = case.of(case.factors.activities)
    return tuple(
        Served(
            contract=contract,
            share=part,
            activity=(activity := activities[contracts.activity[contract]]),
            removed=(gone := removed(case, int(contracts.target[contract]))),
            do_nothing=line.baseline * part * activity * price,
            cost=costs.cost_line(
                line.baseline * part,
                activity,
                1.0,
                price,
                efficiency,
                costs.released_share(line.cash_release, gone),
            ),
        )
        for contract, part in served_contracts(case.book, line)
    )


def _of_contracts(
    served: tuple[Served, ...], cash_release: float
) -> tuple[tuple[Factor, ...], Factor]:
    """A line's activity is that of the contracts it serves, by share; so is what is released."""
    activity = np.sum([each.share * each.activity for each in served], axis=0)
    left = np.sum(
        [
            each.share * each.activity * (1 - costs.released_share(cash_release, each.removed))
            for each in served
        ],
        axis=0,
    )
    origin = "D × N (or G) of the contracts that it serves, by their share; see below"
    gone = f"R of those contracts; {release_words(cash_release)}"
    return (
        (Factor("A", "activity of contracts", activity, origin),),
        Factor("1−r", "not released", left / activity, gone),
    )


def line(case: Case, number: int) -> list[str]:
    """A line in words and figures."""
    stated = case.book.lines[number]
    found = line_trace(case, number)
    tags = f"{stated.cost_type}, {stated.service.replace('_', ' ')}, {stated.pathway}"
    return [
        *heading(case, f"{stated.name} ({stated.id}) – own cost of {stated.organisation}: {tags}"),
        "",
        *tagged("Formula", found.formula),
        *tagged(case.year, in_numbers(found.factors, case.t, float(found.cost[case.t]))),
        "",
        *table("By year", case.shown_years, _rows(case, found)),
        "",
        "Where each comes from",
        *origins(found.factors),
        *_served_table(case, found),
        "",
        ROUNDED,
        "",
        *provenance(case, stated, "lines", number),
    ]


def _rows(case: Case, found: LineTrace) -> Iterator[Row]:
    yield from factor_rows(case, found.factors)
    yield RULE
    yield year_row(case, "Do nothing, £m", found.do_nothing)
    yield year_row(case, "After schemes, £m", found.cost)


def _served_table(case: Case, found: LineTrace) -> list[str]:
    if not found.served:
        return []
    t = case.t
    rows = [
        Row(
            case.book.contracts[each.contract].id,
            (
                share_cell(each.share),
                factor(float(each.activity[t])),
                rate_cell(float(each.removed[t])),
                money(float(each.do_nothing[t])),
                money(float(each.cost[t])),
            ),
        )
        for each in sorted(found.served, key=lambda each: -each.share)
    ]
    total = Row("All", ("100.0% ", "", "", money(found.do_nothing[t]), money(found.cost[t])))
    columns = ["share", "activity", "R", "do nothing", "after"]
    return ["", *table(f"Contracts served, {case.year}", columns, [*rows, RULE, total])]
