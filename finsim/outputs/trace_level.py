"""A network or a locality: what falls to it line by line, its income and its budget."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from finsim.book.levels import Held
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_names import Subject
from finsim.outputs.trace_sources import provenance
from finsim.outputs.trace_text import (
    ROUNDED,
    RULE,
    Row,
    heading,
    money,
    share,
    table,
    wrapped,
    year_row,
)
from finsim.simulation.levels import Budget, LevelOutcome, level_outcomes
from finsim.simulation.plan import NONE, FloatArray

MOST = 25
BY_YEAR = (
    ("Income", "income"),
    ("Expenditure", "expenditure"),
    ("Position, do nothing", "position_do_nothing"),
    ("Position before risk share", "position_before_risk_share"),
    ("Budget", "budget"),
    ("Variance to budget", "variance_to_budget"),
    ("Transfer", "transfer"),
)


class Fallen(Struct, frozen=True):
    """What falls to a body of one line, contract or other item in the traced year, £m."""

    words: str
    part: float
    value: float


class LevelTrace(Struct, frozen=True):
    """A body of a level: what it spends and receives by item, and the engine's own figures."""

    spent: tuple[Fallen, ...]
    received: tuple[Fallen, ...]
    expenditure: float
    outcome: LevelOutcome


def level(case: Case, subject: Subject) -> list[str]:
    """The trace of a network or locality."""
    bodies: tuple[Held, ...] = getattr(case.book, subject.section)
    item = bodies[subject.number]
    kind = subject.kind.capitalize()
    budget = next(
        (b for b in case.resolution.arrangement.levels.budgets if b.view.kind == subject.kind), None
    )
    title = f"{kind} {item.name} ({item.id})"
    source = provenance(case, item, subject.section, subject.number)
    if budget is None:
        text = f"No budget of {subject.section} is chosen: it is not reported in this scenario."
        return [*heading(case, title), "", *wrapped(text), "", *source]
    traced = level_trace(case, budget, subject.number)
    held = ", ".join(f"{body} {share(part)}" for body, part in item.held_by.items())
    live = [year for year, is_live in zip(case.plan.years, budget.live, strict=True) if is_live]
    return [
        *heading(case, title),
        "",
        *_years(case, traced.outcome, subject.number),
        "",
        *_table(case, "Spends", traced.spent, traced.expenditure),
        "",
        *_table(case, "What the outside pays", traced.received, None),
        "",
        *_general(budget, subject.number),
        *wrapped(
            f"{budget.name}: {'live' if case.plan.years[case.t] in live else 'in shadow'}. "
            f"Held by {held or 'nobody'}."
        ),
        *wrapped(ROUNDED),
        *source,
    ]


def level_trace(case: Case, budget: Budget, number: int) -> LevelTrace:
    """What makes up a body's expenditure and what the outside pays that falls to it."""
    levels = case.resolution.arrangement.levels
    outcomes = level_outcomes(case.plan, levels, case.outcome, case.x)
    outcome = next(o for o in outcomes if o.kind == budget.view.kind)
    spent = [*_lines(case, budget, number), *_contracts(case, budget, number, received=False)]
    spent += _others(case, budget, number)
    return LevelTrace(
        spent=tuple(spent),
        received=tuple(_contracts(case, budget, number, received=True)),
        expenditure=float(case.of(outcome.expenditure)[number, case.t]),
        outcome=outcome,
    )


def _lines(case: Case, budget: Budget, number: int) -> Iterator[Fallen]:
    costs, view = case.of(case.lines.costs)[:, case.t], budget.view
    for line, value, footprint in zip(case.book.lines, costs, view.line_footprints, strict=True):
        part = 0.0 if footprint == NONE else view.spread[number, footprint, case.t]
        if part:
            yield Fallen(f"{line.name} ({line.id})", float(part), float(part * value))


def _contracts(case: Case, budget: Budget, number: int, *, received: bool) -> Iterator[Fallen]:
    paid, view = case.of(case.lines.contracts)[:, case.t], budget.view
    inside = set(np.array(case.plan.bodies.ids)[case.plan.bodies.in_perimeter].tolist())
    rows = zip(case.book.contracts, paid, view.contract_footprints, strict=True)
    for contract, value, footprint in rows:
        if footprint == NONE or (contract.provider in inside) != received:
            continue
        part = view.spread[number, footprint, case.t]
        if part:
            yield Fallen(f"{contract.name} ({contract.id})", float(part), float(part * value))


def _others(case: Case, budget: Budget, number: int) -> Iterator[Fallen]:
    """Pressure, reserves, costs of delivery and shocks, organisation by organisation."""
    delivery = case.of(case.outcome.cost_of_delivery)
    whole = case.pressure() + case.of(case.outcome.reserves) + delivery - case.shocks()
    rows = zip(case.plan.bodies.names, whole[:, case.t], strict=True)
    for body, (name, value) in enumerate(rows):
        part = budget.view.of_organisation[number, body, case.t]
        if part and value:
            words = f"{name}: unattributed pressure, reserves, delivery, shocks"
            yield Fallen(words, float(part), float(part * value))


def _general(budget: Budget, number: int) -> list[str]:
    """A network's part of the income that carries no tag."""
    if budget.view.kind != "network":
        return []
    part = float(budget.general_share[number])
    return wrapped(f"Its part of income that carries no tag, by base-year need: {share(part)}.")


def _years(case: Case, outcome: LevelOutcome, number: int) -> list[str]:
    rows = []
    for label, name in BY_YEAR:
        values: FloatArray = case.of(getattr(outcome, name))[number]
        if name != "transfer" or values.any():
            rows.append(year_row(case, label, values))
    return table("£m", case.shown_years, rows)


def _table(case: Case, title: str, items: tuple[Fallen, ...], whole: float | None) -> list[str]:
    """The largest items, the rest together, and their sum."""
    if not items:
        return wrapped(f"{title}: nothing that falls to it.")
    largest = sorted(items, key=lambda item: -abs(item.value))
    rows = [Row(item.words, (f"{share(item.part)} ", money(item.value))) for item in largest[:MOST]]
    if len(largest) > MOST:
        rest = sum(item.value for item in largest[MOST:])
        rows.append(Row(f"and {len(largest) - MOST} more", ("", money(rest))))
    total = sum(item.value for item in items) if whole is None else whole
    rows += [RULE, Row("All", ("", money(total)))]
    return table(f"{title}, £m, {case.year}", ["part", "its own"], rows)
