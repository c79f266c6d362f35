"""What an option settles, judges and funds, and the terms by which it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np

from finsim.book.sourced import Sourced
from finsim.economics import control_totals
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_names import Subject
from finsim.outputs.trace_sources import provenance
from finsim.outputs.trace_text import RULE, Row, heading, money, table, tagged, year_row
from finsim.outputs.workbook_words import terms_in_words
from finsim.simulation.arrangement import Settled
from finsim.simulation.comparisons import compared
from finsim.simulation.plan import FloatArray

KINDS = {
    "totals": "a set of control totals",
    "control_totals": "which control totals count",
    "funding_rules": "rules of a sustainability fund",
    "funds": "a sustainability fund",
    "reserves": "reserves held back",
    "risk_shares": "a risk share",
    "comparisons": "a published figure that the model is held against",
}
PICKED_BY = {
    "control_totals": "control_totals",
    "funds": "sustainability_funding",
    "reserves": "reserves",
    "risk_shares": "risk_share",
}


class _Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


Item = TypeVar("Item", bound=_Named)


def chosen(items: Sequence[Item], word: str | None) -> Item:
    """The item that a scenario picks by its id or name."""
    key = "" if word is None else word.casefold()
    return next(item for item in items if key in {item.id.casefold(), item.name.casefold()})


def arrangement(case: Case, subject: Subject) -> list[str]:
    """Terms as they are stated, whether the option picks them, and the totals that they give."""
    item: Sourced = getattr(case.book, subject.section)[subject.number]
    title = f"{subject.name} ({subject.section}.{subject.id}) – {KINDS[subject.section]}"
    return [
        *heading(case, title),
        "",
        *tagged("Stated", terms_in_words(item)),
        *_picked(case, subject),
        *_held(case, subject),
        *_compared(case, subject),
        "",
        *provenance(case, item, subject.section, subject.number),
    ]


def _picked(case: Case, subject: Subject) -> list[str]:
    key = PICKED_BY.get(subject.section)
    if key is None:
        return []
    picked = getattr(case.resolution.resolved.scenario, key)
    words = (picked,) if isinstance(picked, str) else picked or ()
    names = {subject.id.casefold(), subject.name.casefold()}
    if names & {word.casefold() for word in words}:
        return tagged("Picked", f"by this option, under `{key}`")
    return tagged("Picked", f"not by this option, which has `{key}: {', '.join(words) or 'none'}`")


def _held(case: Case, subject: Subject) -> list[str]:
    """The totals of a set as they were solved, once, and held."""
    if subject.section != "totals":
        return []
    held = case.resolution.resolved.held.control_totals.get(subject.id, {})
    years = case.plan.years
    rows = [
        Row(
            body,
            tuple(money(by_year[years[t]]) if years[t] in by_year else "– " for t in case.shown),
        )
        for body, by_year in held.items()
    ]
    return ["", *table("Solved once and held, £m", case.shown_years, rows)] if rows else []


def _compared(case: Case, subject: Subject) -> list[str]:
    """What the model gives for a published figure, in the case that it is like."""
    if subject.section != "comparisons":
        return []
    found = compared(case.plan, case.book.comparisons[subject.number])
    return tagged("Model", found.words)


def settled_table(case: Case) -> list[str]:
    """From the position before risk share to the position, by organisation in the traced year."""
    found, t, bodies = case.settled, case.t, case.plan.bodies
    if found is None:
        return []
    every = np.array(
        [
            case.of(case.outcome.position_before_risk_share)[:, t],
            case.of(found.transfer)[:, t],
            case.of(found.external_support)[:, t],
            case.of(found.sustainability_funding)[:, t],
            case.of(found.position)[:, t],
        ]
    )
    lines = case.resolution.arrangement.lines[:, t]
    rows = []
    for n, body in enumerate(bodies.ids):
        money_cells = tuple(money(v) for v in every[:, n])
        judged = (_total(lines[n]), _met(lines[n], found.met[n, t, 0]))
        rows.append(Row(body, (*money_cells, *judged)))
    sums = every[:, bodies.in_perimeter].sum(axis=1)
    system = _system_totals(case)[t]
    met = _met(system, found.system_met[t, 0])
    rows += [RULE, Row("System", (*(money(v) for v in sums), _total(system), met))]
    columns = ["before", "transfer", "support", "funding", "position", "total", "met"]
    return [*table(f"Settled, £m, {case.year}", columns, rows), ""]


def _total(value: float) -> str:
    return money(value) if np.isfinite(value) else "– "


def _met(total: float, met: bool) -> str:
    if not np.isfinite(total):
        return "– "
    return "yes " if met else "no "


def _system_totals(case: Case) -> FloatArray:
    stated = case.resolution.arrangement
    return control_totals.system_total(stated.totals, stated.in_system)


def judged_table(case: Case, found: Settled, name: str) -> list[str]:
    """Control totals, whether each is met in this case, or the gap after support, by year."""
    if name == "gap_after_support":
        positions = case.of(found.position)[case.plan.bodies.in_perimeter]
        rows = list(_rows(case, case.of(found.position)))
        total = positions.sum(axis=0)
        rows += [RULE, year_row(case, "Sum of positions", total)]
        rows += [year_row(case, "Gap after support", -total)]
        return table("Position by organisation, £m", case.shown_years, rows)
    lines, system = case.resolution.arrangement.lines, _system_totals(case)
    if name == "control_total":
        rows = [
            Row(body, tuple(_total(line[t]) for t in case.shown))
            for body, line in zip(case.plan.bodies.ids, lines, strict=True)
        ]
        rows += [RULE, Row("System", tuple(_total(system[t]) for t in case.shown))]
        return table("Control total, £m", case.shown_years, rows)
    bodies, together = {
        "control_total_met": (found.met, found.system_met),
        "control_total_met_before_transfer": (
            found.met_before_transfer,
            found.system_met_before_transfer,
        ),
        "control_total_met_both": (found.met_both, found.all_met),
    }[name]
    rows = [
        Row(body, tuple(_met(line[t], own[t, 0]) for t in case.shown))
        for body, line, own in zip(case.plan.bodies.ids, lines, bodies, strict=True)
    ]
    rows += [RULE, Row("System", tuple(_met(system[t], together[t, 0]) for t in case.shown))]
    return table(f"Met, {case.words}", case.shown_years, rows)


def _rows(case: Case, values: FloatArray) -> Iterator[Row]:
    bodies = case.plan.bodies
    for body, inside, own in zip(bodies.ids, bodies.in_perimeter, values, strict=True):
        if inside:
            yield year_row(case, body, own)
