"""A scheme: what it is to save and when, what it removes, and what the system keeps of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from finsim.book.quantities import financial_year_text, money_text, year_span_text
from finsim.book.schemes import ActivityScheme, CumulativeSaving
from finsim.economics import costs
from finsim.economics.schemes import mean_ramp
from finsim.outputs.trace_case import Case, central_case, plan_case
from finsim.outputs.trace_sources import book_place, provenance
from finsim.outputs.trace_text import (
    ROUNDED,
    RULE,
    Row,
    heading,
    money,
    rate_cell,
    share,
    share_cell,
    table,
    tagged,
    wrapped,
    year_row,
)
from finsim.outputs.words import pounds
from finsim.outputs.workbook_words import scheme_in_words
from finsim.simulation.plan import NONE, Activity, Efficiency, FloatArray

MOST_LINES = 15


class SchemeTrace(Struct, frozen=True):
    """One scheme in one case, [year]: £m, or shares of what was planned.

    `gross` is the in-year saving at tariff; None for an efficiency scheme, which has an index.
    """

    case: Case
    happens: float
    slip: float
    delivered: FloatArray
    ramp: FloatArray | None
    gross: FloatArray | None
    index: FloatArray | None
    net: FloatArray
    stranded: FloatArray
    cost: FloatArray


def scheme_trace(case: Case, position: int) -> SchemeTrace:
    """The scheme at a position among the plan's schemes."""
    scheme = case.plan.schemes[position]
    is_activity = isinstance(scheme, Activity)
    efficiency = position - len(case.plan.activity_schemes)
    return SchemeTrace(
        case=case,
        happens=float(case.input(scheme.happens)[0]),
        slip=float(case.input(scheme.slip)[0]) if isinstance(scheme, Activity) else 0.0,
        delivered=case.input(scheme.delivered),
        ramp=_ramp(case, scheme) if isinstance(scheme, Activity) else None,
        gross=case.of(case.schemes.gross)[position] if is_activity else None,
        index=None if is_activity else case.of(case.factors.scheme_efficiency)[efficiency],
        net=case.of(case.schemes.net)[position],
        stranded=_stranded(case, position) if is_activity else np.zeros(len(case.plan.years)),
        cost=case.of(case.schemes.cost_of_delivery)[position],
    )


def _ramp(case: Case, scheme: Activity) -> FloatArray:
    slip = case.input(scheme.slip)[:1]
    ramp: FloatArray = mean_ramp(scheme.ramp, scheme.start, slip, len(case.plan.years))[:, 0]
    return ramp


def _stranded(case: Case, position: int) -> FloatArray:
    """A scheme's part of the stranded cost of what it acts on: overlaps by size of effect."""
    total = np.zeros(len(case.plan.years))
    for own, target in zip(
        case.removal(position), case.plan.activity_schemes[position].targets.tolist(), strict=True
    ):
        removed = case.removed(target)
        every = _shares_on(case, target)
        size = np.abs(every).sum(axis=0)
        overlap = removed - every.sum(axis=0)
        part = own + overlap * np.abs(own) / np.where(size == 0, 1.0, size)
        worth = stranded_by_target(case, target) / np.where(removed == 0, 1.0, removed)
        total += part * worth
    return total


def _shares_on(case: Case, target: int) -> FloatArray:
    """What each scheme that acts on a target removes of it, [scheme, year]."""
    return np.array(
        [
            case.removal(number)[scheme.targets.tolist().index(target)]
            for number, scheme in enumerate(case.plan.activity_schemes)
            if target in scheme.targets
        ]
    )


def stranded_by_target(case: Case, target: int) -> FloatArray:
    """Cost of the activity removed from a target that does not go in the time, [year], £m."""
    rows, factors = case.plan.lines, case.factors
    total = np.zeros(len(case.plan.years))
    for row in np.flatnonzero(rows.target == target).tolist():
        line = case.book.lines[int(rows.line[row])]
        price = rows.weights[row] @ case.of(factors.rates)
        before = (
            price
            * case.of(factors.activities)[rows.activity[row]]
            * case.of(factors.efficiency)[rows.scope[row]]
        )
        removed = case.removed(target)
        total += costs.stranded_cost(before, line.cash_release, removed)
    return total


def scheme(case: Case, number: int) -> list[str]:
    """A scheme in words and figures."""
    stated = case.book.schemes[number]
    ids = [each.id for each in case.plan.schemes]
    head = [
        *heading(case, f"{stated.name} ({stated.id}) – scheme on {_what(stated.kind)}"),
        "",
        *tagged("Stated", scheme_in_words(stated)),
    ]
    if stated.id not in ids:
        missing = "this scenario does not take it up: name it, or its theme, under `schemes`"
        return [*head, *tagged("Not used", missing), "", *_written(case, number)]
    position = ids.index(stated.id)
    found = [scheme_trace(each, position) for each in _cases(case)]
    planned = case.plan.schemes[position]
    parts = (
        _activity_lines(case, number, position, found)
        if isinstance(planned, Activity)
        else _efficiency_lines(case, planned, found)
    )
    return [*head, *parts, "", *_kept(found), "", ROUNDED, "", *_written(case, number)]


def _what(kind: str) -> str:
    return "activity" if kind == "activity" else "own cost, a yearly efficiency"


def _cases(case: Case) -> list[Case]:
    """As planned and central, then the draw that is traced."""
    planned = plan_case(case.resolution, case.t)
    if not case.is_draw:
        return [planned, case]
    return [planned, central_case(case.resolution, case.t), case]


def _written(case: Case, number: int) -> list[str]:
    return provenance(case, case.book.schemes[number], "schemes", number)


def _activity_lines(case: Case, number: int, position: int, found: list[SchemeTrace]) -> list[str]:
    stated, planned = case.book.schemes[number], case.plan.activity_schemes[position]
    assert isinstance(stated, ActivityScheme)
    formula = "happens × [Σ delivered × ρ × ΔS + delivered × (1 − ρ) × max(ΔS, 0)], ΔS = S × Δramp"
    return [
        *tagged("S", _full_saving(case, number, stated, planned)),
        *tagged("In a year", formula),
        *_luck(found),
        "",
        *table("By year", case.shown_years, _activity_rows(found)),
        "",
        *_targets(case, position),
    ]


def _full_saving(case: Case, number: int, stated: ActivityScheme, planned: Activity) -> str:
    place = book_place(case, "schemes", number, "saving")
    saving = stated.saving
    if isinstance(saving, CumulativeSaving):
        solved = case.resolution.resolved.held.full_savings[stated.id]
        over = year_span_text(*saving.over)
        before = f"solved from {pounds(saving.cumulative)} over {over} as planned, then held"
    else:
        solved, before = float(saving), "as stated"
    amount = money_text(solved) if before == "as stated" else pounds(solved)
    text = f"{amount} a year at the top of the ramp, {before} ({place})"
    if stated.stated_as == "net to the system":
        release = solved / planned.full_saving if planned.full_saving else 0.0
        gross = pounds(planned.full_saving)
        text += f"; net to the system: ÷ {share(release)} cash release = {gross} at tariff"
    return text


def _luck(found: list[SchemeTrace]) -> list[str]:
    """Whether and when, in each case."""
    lines = []
    for each in found:
        chance = _happens(each)
        late = f"slip {each.slip:.1f} months" if each.ramp is not None else "no slip"
        mean = share(float(each.delivered[each.case.t]))
        text = f"{chance}, {late}, delivers {mean} in {each.case.year}"
        lines += tagged("", f"{each.case.words}: {text}")
    return lines


def _happens(found: SchemeTrace) -> str:
    if found.happens == 1:
        return "happens"
    if found.happens == 0:
        return "does not happen"
    return f"counts at its chance of {share(found.happens)}"


def _activity_rows(found: list[SchemeTrace]) -> Iterator[Row]:
    for each in found:
        assert each.ramp is not None
        yield year_row(each.case, f"Ramp, {each.case.words}", each.ramp, "share")
    for each in found:
        yield year_row(each.case, f"Delivered, {each.case.words}", each.delivered, "share")
    for each in found:
        assert each.gross is not None
        yield year_row(each.case, f"In-year saving at tariff, {each.case.words}", each.gross)


def _targets(case: Case, position: int) -> list[str]:
    planned, t, factors = case.plan.activity_schemes[position], case.t, case.factors
    saving = float(case.of(case.schemes.gross)[position, t])
    targets, removed = case.plan.targets, case.removal(position)
    rows = []
    for target, part, gone in zip(
        planned.targets.tolist(), planned.shares, removed[:, t], strict=True
    ):
        activity = case.of(factors.activities)[targets.activity[target], t]
        tariff = case.of(factors.rates)[targets.price[target], t]
        value = float(targets.baseline[target] * activity * tariff)
        cells = (share_cell(part), money(value), rate_cell(float(gone)), money(part * saving))
        rows.append(Row(_target_id(case, target), cells))
    whole = float(planned.shares.sum())
    total = Row("All", (share_cell(whole), "", "", money(whole * saving)))
    note = "R = share × in-year saving ÷ do-nothing value; several schemes: 1 − Π(1 − R)"
    columns = ["share", "do nothing", "R", "saving"]
    title = f"What it acts on, {case.year}, {case.words}, £m"
    return [*table(title, columns, [*rows, RULE, total]), *wrapped(note)]


def _target_id(case: Case, target: int) -> str:
    contract = int(case.plan.targets.contract[target])
    if contract != NONE:
        return case.book.contracts[contract].id
    return case.book.lines[int(case.plan.targets.line[target])].id


def _efficiency_lines(case: Case, planned: Efficiency, found: list[SchemeTrace]) -> list[str]:
    t = case.t
    order = case.plan.efficiency_schemes.index(planned)
    rows, nothing, after = (
        case.plan.lines,
        case.of(case.lines.costs_do_nothing)[:, t],
        case.of(case.lines.costs)[:, t],
    )
    scoped = {
        int(line)
        for line, scope in zip(rows.line, rows.scope, strict=True)
        if order in case.plan.scopes[int(scope)]
    }
    lines = sorted(scoped, key=lambda n: -nothing[n])
    shown = [
        Row(case.book.lines[n].id, (money(nothing[n]), money(after[n]))) for n in lines[:MOST_LINES]
    ]
    rest = lines[MOST_LINES:]
    if rest:
        cells = (money(nothing[rest].sum()), money(after[rest].sum()))
        shown.append(Row(f"{len(rest)} more", cells))
    total = Row("All", (money(nothing[lines].sum()), money(after[lines].sum())))
    formula = "E(t) = Π (1 − rate × ρ × delivered, each year before) × (1 − rate × delivered)"
    title = f"What it acts on, {case.year}, {case.words}, £m"
    return [
        *tagged("Index", formula),
        *_luck(found),
        "",
        *table("By year", case.shown_years, _efficiency_rows(planned, found)),
        "",
        *table(title, ["do nothing", "after"], [*shown, RULE, total]),
        *wrapped("After schemes counts every scheme that acts on the line, not this one alone."),
    ]


def _efficiency_rows(planned: Efficiency, found: list[SchemeTrace]) -> Iterator[Row]:
    yield year_row(found[0].case, "Rate, as stated", planned.rates, "rate")
    for each in found:
        yield year_row(each.case, f"Delivered, {each.case.words}", each.delivered, "share")
    for each in found:
        assert each.index is not None
        yield year_row(each.case, f"E, {each.case.words}", each.index, "index")


def _kept(found: list[SchemeTrace]) -> list[str]:
    """What the system keeps, what stays behind, and what it costs."""
    rows = []
    for words, name in (
        ("Net effect on the system", "net"),
        ("Stranded cost left behind", "stranded"),
        ("Cost of delivery", "cost"),
    ):
        values: list[FloatArray] = [getattr(each, name) for each in found]
        if name == "net" or np.any(values):
            rows += [
                year_row(each.case, f"{words}, {each.case.words}", value)
                for each, value in zip(found, values, strict=True)
            ]
    return table("£m", found[0].case.shown_years, rows)


def theme(case: Case, name: str) -> list[str]:
    """The schemes of a theme in the traced year."""
    cases = _cases(case)
    rows = []
    sums = np.zeros((len(cases), len(case.plan.years)))
    for position, each in enumerate(case.plan.schemes):
        if each.theme == name:
            nets = np.array([c.of(c.schemes.net)[position] for c in cases])
            sums += nets
            rows.append(Row(each.id, tuple(money(v) for v in nets[:, case.t])))
    total = Row("All", tuple(money(v) for v in sums[:, case.t]))
    words = {"as planned": "planned", "central case": "central"}
    columns = [words.get(each.words, "draw") for each in cases]
    unused = [
        scheme.id
        for scheme in case.book.schemes
        if scheme.theme == name and scheme.id not in {each.id for each in case.plan.schemes}
    ]
    left = tagged("Not used", ", ".join(unused)) if unused else []
    title = f"Net effect on the system {financial_year_text(case.plan.years[case.t])}, £m"
    return [
        *heading(case, f"{name} – theme of schemes"),
        "",
        *table(title, columns, [*rows, RULE, total]),
        *left,
        ROUNDED,
    ]
