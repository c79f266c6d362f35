"""The bridge on the terminal, as JSON and as CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from msgspec import Struct

from finsim.analysis.bridge_rows import BRIDGE_FIELDS, Bridge, BridgeRow
from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Results
from finsim.book.quantities import financial_year_text
from finsim.outputs import tidy
from finsim.outputs.findings import master_check, pressure_of
from finsim.outputs.words import error, percent, signed
from finsim.simulation.steps import BASE, DO_NOTHING, SETTLED, THEME

WIDTH = 100
LABEL = 36
CELL = 9
BAR = WIDTH - LABEL - 4 * CELL - 2
BODY_LABEL = 30
BODY = 14
MOST_BODIES = (WIDTH - BODY_LABEL) // BODY
NEGLIGIBLE = 1e-9
TITLES = {
    "demography": "Demography",
    "non_demographic_growth": "Non-demographic growth",
    "stated_growth": "Growth stated for a service",
    "prices": "Pay and prices",
    "contract_prices": "Tariff between organisations",
    "income": "Income: allocations, tariff, grants",
    "unattributed_pressure": "Unattributed pressure",
    "reserves": "Reserves held back",
    "shocks": "Shocks",
    "no_scheme": "Savings of no one scheme",
    "cost_of_delivery": "Costs of delivery",
    "transfer": "Transfers",
    "external_support": "External support",
    "sustainability_funding": "Sustainability funding",
    "do_nothing": "Do nothing",
    "before_risk_share": "Position before risk share",
    "position": "Position",
}
TOTAL_AFTER = {DO_NOTHING[-1]: "do_nothing", "cost_of_delivery": "before_risk_share"}


def title_of(step: str, base_year: str) -> str:
    """A step or total in words."""
    if step == BASE:
        return f"Position {base_year}"
    if step.startswith(THEME):
        name = step.removeprefix(THEME)
        return f"{name[:1].upper()}{name[1:]}"
    return TITLES[step]


class Bar(Struct, frozen=True):
    """A bar of a waterfall, £m: a step from `start` to `end`, or a total from nought."""

    step: str
    title: str
    row: BridgeRow
    start: float
    end: float
    is_total: bool


def bars(bridge: Bridge, body: str, year: str, base_year: str) -> list[Bar]:
    """The bars of a body's bridge: every step that is not nil in all draws, and the totals."""
    totals = bridge.totals_of(body, year)
    found: list[Bar] = []
    level = 0.0
    settled = False
    for row in bridge.of(body, year):
        is_base = row.step == BASE
        if is_base or not is_nil(row):
            settled = settled or row.step in SETTLED
            title = title_of(row.step, base_year)
            found.append(Bar(row.step, title, row, level, level + row.mean, is_base))
        level += row.mean
        total = TOTAL_AFTER.get(row.step)
        if total is not None:
            found.append(_total(totals[total], base_year))
    if settled:
        found.append(_total(totals["position"], base_year))
    return found


def _total(row: BridgeRow, base_year: str) -> Bar:
    return Bar(row.step, title_of(row.step, base_year), row, 0.0, row.mean, True)


def is_nil(row: BridgeRow) -> bool:
    """Whether a step is nothing in any draw, as far as its figures tell."""
    return max(map(abs, (row.mean, row.p10, row.p90))) < NEGLIGIBLE


# the terminal


def waterfalls(results: Sequence[Results], bodies: Sequence[str], year: str) -> str:
    """The bridges of options: a waterfall for each body asked for, and all bodies side by side."""
    parts = [_head(results[0])]
    for result in results:
        parts += [_waterfall(result, body, year) for body in bodies]
        parts += _side_by_side(result, year)
    parts += [_caveat(results[0]), *map(_check, results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(first: Results) -> str:
    bridge = _bridge(first)
    title = first.plan.resolved.scenario.title
    lines = [title, f"{bridge.draws:,} draws · seed {first.sampling.design.seed}"]
    return "\n".join(textwrap.shorten(line, WIDTH, placeholder="…") for line in lines)


def _bridge(result: Results) -> Bridge:
    assert result.bridge is not None
    return result.bridge


def name_of(result: Results, body: str) -> str:
    """A body in words."""
    bodies = result.plan.bodies
    return dict(zip(bodies.ids, bodies.names, strict=True)).get(body, "System")


def _waterfall(result: Results, body: str, year: str) -> str:
    shown = bars(_bridge(result), body, year, result.years[0])
    ends = [0.0, *(bar.start for bar in shown), *(bar.end for bar in shown)]
    lowest, highest = min(ends), max(ends)
    heading = f"{name_of(result, body)}, {year} · {result.option}"
    columns = ["mean ", "P10 ", "P90 ", "error "]
    title = textwrap.shorten(heading, WIDTH, placeholder="…")
    lines = [title, _line("£m, favourable positive", columns, LABEL), "─" * WIDTH]
    for bar in shown:
        row = bar.row
        constant = bar.step == BASE
        cells = [signed(row.mean)]
        cells += (
            ["", "", ""] if constant else [signed(row.p10), signed(row.p90), _largest_error(row)]
        )
        lead = "= " if bar.is_total and not constant else ""
        line = _line(f"{lead}{bar.title}", cells, LABEL)
        lines.append(f"{line}  {_drawn(bar, lowest, highest)}".rstrip())
    return "\n".join(lines)


def _largest_error(row: BridgeRow) -> str:
    return error(max(row.se, row.se_p10, row.se_p90))


def _drawn(bar: Bar, lowest: float, highest: float) -> str:
    """A bar as text: a total of blocks from nought, a gain of plus, a loss of minus signs."""
    if highest == lowest:
        return ""
    first, last = sorted(
        round((value - lowest) / (highest - lowest) * BAR) for value in (bar.start, bar.end)
    )
    mark = "█" if bar.is_total else "+" if bar.end > bar.start else "-"
    if first == last:
        mark = "█" if bar.is_total else "|"
        return " " * min(first, BAR - 1) + mark
    return " " * first + mark * (last - first)


def _line(label: str, cells: Sequence[str], width: int, cell: int = CELL) -> str:
    kept = label if len(label) <= width else label[: width - 1] + "…"
    return f"{kept:<{width}}" + "".join(f"{text:>{cell}}" for text in cells)


def _side_by_side(result: Results, year: str) -> Iterator[str]:
    """Mean steps, bodies across; a wide table continues below."""
    bridge, bodies = _bridge(result), (SYSTEM, *result.plan.bodies.ids)
    columns = [
        {row.step: row for row in bridge.of(body, year)} | bridge.totals_of(body, year)
        for body in bodies
    ]
    blocks = -(-len(bodies) // MOST_BODIES)
    size = -(-len(bodies) // blocks)
    for start in range(0, len(bodies), size):
        part = range(start, min(start + size, len(bodies)))
        heads = [_short(bodies[n]) for n in part]
        lines = [_line(f"Mean by body {year}, £m", heads, BODY_LABEL, BODY), "─" * WIDTH]
        for step in steps_in_order(bridge, year):
            rows = [columns[n][step] for n in part]
            if not all(map(is_nil, (column[step] for column in columns))):
                cells = ["– " if is_nil(row) else signed(row.mean) for row in rows]
                lines.append(_line(title_of(step, result.years[0]), cells, BODY_LABEL, BODY))
        yield "\n".join(lines)


def steps_in_order(bridge: Bridge, year: str) -> Iterator[str]:
    """Every step, with the totals after those that they follow."""
    for row in bridge.of(SYSTEM, year):
        yield row.step
        if row.step in TOTAL_AFTER:
            yield TOTAL_AFTER[row.step]
    yield "position"


def _short(body: str) -> str:
    words = body.replace("_", " ")
    return f"{words if len(words) < BODY - 1 else words[: BODY - 3] + '…'} "


def _caveat(first: Results) -> str:
    lines = [
        "Steps of a mean add up; percentiles do not. Causes of growth have no order among them: "
        "each is its mean over every order. error: the largest standard error of the three.",
    ]
    pressure = pressure_of(first)
    if pressure is not None and pressure.is_large:
        lines.append(
            f"Unattributed pressure is {percent(pressure.share)} of the do-nothing gap of "
            f"{pressure.year}: solved in {pressure.solved_in} so that this is the published figure."
        )
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)


def _check(result: Results) -> str:
    return f"{result.option}: {_bridge(result).check.detail}; {master_check(result)}"


# files


def chosen_rows(
    results: Sequence[Results], bodies: Sequence[str], year: str | None
) -> list[BridgeRow]:
    """The steps of every option, of the bodies asked for, in one year or all."""
    return [
        row
        for result in results
        for row in _bridge(result).rows
        if row.body in bodies and year in {None, row.year}
    ]


def json_text(results: Sequence[Results], rows: Sequence[BridgeRow]) -> str:
    """One JSON object: what a run gives, and the rows."""
    return tidy.json_text(results, {"bridge": [row.as_dict() for row in rows]})


def csv_text(rows: Sequence[BridgeRow]) -> str:
    """The rows as CSV."""
    return tidy.csv_table(BRIDGE_FIELDS, (list(row.as_dict().values()) for row in rows))


def projected_years(result: Results) -> tuple[str, ...]:
    """The years that have a bridge."""
    return tuple(financial_year_text(year) for year in result.plan.years[1:])
