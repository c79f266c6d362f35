"""Options side by side in at most 100 columns, for the meeting that chooses between them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from finsim.analysis.results import Figure, Results
from finsim.outputs.findings import first_lines, master_check
from finsim.outputs.words import error, percent, signed

WIDTH = 100
LABEL = 28
WIDE = 9
NARROW = 8
SHOWN_TOTALS = (-100.0, -50.0, -20.0, 0.0, 20.0, 50.0, 100.0)
MOST_COLUMNS = (WIDTH - LABEL) // NARROW


def comparison(results: Sequence[Results]) -> str:
    """The whole comparison; the first option is what the others are measured against."""
    parts = [
        _head(results),
        _overview(results),
        _by_body(results, "Expected position, £m", _mean("position")),
        _by_body(results, "Gain or loss against [1], £m", _difference),
        _by_body(results, "Chance of better than [1]", _better),
        _by_body(results, "Chance of own total", _chance("control_total_met")),
        _by_body(results, "Chance of own and system's", _chance("control_total_met_both")),
        _by_body(results, "In the worst tenth, mean £m", _bearing),
        _chances(results),
        _standing(results),
        _errors(results),
        _checks(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(results: Sequence[Results]) -> str:
    first = results[0]
    draws = f"{first.sampling.draws:,} shared draws"
    lines = [first.plan.resolved.scenario.title, f"{draws} · seed {first.sampling.design.seed}", ""]
    lines += first_lines(first)
    return "\n".join(lines)


def _numbered(results: Sequence[Results]) -> list[str]:
    return [f"[{number}] {result.option}" for number, result in enumerate(results, start=1)]


def _overview(results: Sequence[Results]) -> str:
    year = results[0].years[-1]
    titles = ["mean ", "P10 ", "P90 ", "worst 10%", "system", "all met", "funding ", "at risk "]
    lines = [_line(f"System position {year}, £m", titles), "─" * WIDTH]
    for label, result in zip(_numbered(results), results, strict=True):
        position = result.figure("position", year)
        funding = result.figure("sustainability_funding", year)
        cells = [_money(position.mean), _money(position.p10), _money(position.p90)]
        cells.append(_money(position.tail_mean))
        cells.append(_percent(result.figure("control_total_met", year)))
        cells.append(_percent(result.figure("control_total_met_both", year)))
        cells += [_money(funding.mean), _money(_at_risk(result, funding))]
        lines.append(_line(label, cells))
    lines.append("system: chance of the system total; all met: of it and every total that it sums")
    return "\n".join(lines)


def _at_risk(result: Results, funding: Figure) -> float | None:
    """What is offered and not expected to be earned, £m."""
    offer = result.arrangement.funding
    if offer is None or funding.mean is None:
        return None
    return float(offer.offered[:, -1].sum()) - funding.mean


def _by_body(
    results: Sequence[Results], title: str, cell: Callable[[Results, str, str], str]
) -> str:
    """A table of bodies by options; a wide one continues below."""
    year, bodies = results[0].years[-1], results[0].plan.bodies
    blocks = []
    for start in range(0, len(results), MOST_COLUMNS):
        part = list(enumerate(results, start=1))[start : start + MOST_COLUMNS]
        lines = [_line(title, [f"[{number}] " for number, _ in part], NARROW)]
        lines.append("─" * len(lines[0]))
        names = [*zip(bodies.ids, bodies.names, strict=True), ("system", "System")]
        for body, name in names:
            cells = [cell(result, body, year) for _, result in part]
            if any(text.strip() != "–" for text in cells):
                lines.append(_line(name, cells, NARROW))
        blocks.append("\n".join(lines) if len(lines) > 2 else "")
    return "\n".join(block for block in blocks if block)


def _mean(measure: str) -> Callable[[Results, str, str], str]:
    return lambda result, body, year: _money(result.figure(measure, year, body).mean)


def _chance(measure: str) -> Callable[[Results, str, str], str]:
    return lambda result, body, year: _percent(result.figure(measure, year, body))


def _difference(result: Results, body: str, year: str) -> str:
    return _money(_compared(result, "difference_position", body, year, "mean"))


def _better(result: Results, body: str, year: str) -> str:
    chance = _compared(result, "better_than_first", body, year, "probability")
    if chance is None:
        return "– "
    if chance == 0 and _compared(result, "difference_position", body, year, "tail_mean") == 0:
        return "same "
    return f"{percent(chance)} "


def _bearing(result: Results, body: str, year: str) -> str:
    return _money(result.figure("position_in_system_tail", year, body).mean)


def _compared(result: Results, measure: str, body: str, year: str, name: str) -> float | None:
    try:
        value: float | None = getattr(result.figure(measure, year, body), name)
    except KeyError:
        return None
    return value


def _chances(results: Sequence[Results]) -> str:
    """The chance of the system against a range of totals, as one total decides any chance."""
    if not any(result.chances for result in results):
        return ""
    blocks = []
    for start in range(0, len(results), MOST_COLUMNS):
        part = list(enumerate(results, start=1))[start : start + MOST_COLUMNS]
        headings = [f"[{number}] " for number, _ in part]
        lines = [_line("System total moved by, £m", headings, NARROW)]
        lines.append("─" * len(lines[0]))
        for around in SHOWN_TOTALS:
            cells = []
            for _, result in part:
                found = [c for c in result.chances if c.around == around]
                cells.append(f"{percent(found[0].chance)} " if found else "– ")
            lines.append(_line(f"{around:+.0f}".replace("-", "−"), cells, NARROW))
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def _standing(results: Sequence[Results]) -> str:
    """What of the options is a judgement, and the notes of the scenario."""
    book, notes = results[0].plan.resolved.book, results[0].plan.resolved.scenario.notes
    kinds = (
        ("control totals", (*book.totals, *book.control_totals)),
        ("funds and their rules", (*book.funds, *book.funding_rules)),
        ("risk shares", book.risk_shares),
    )
    counts = [
        f"{sum(item.standing == 'illustrative' for item in items)} of {len(items)} {kind}"
        for kind, items in kinds
        if items
    ]
    lines = (
        [f"Illustrative (judgement, not agreed by anybody): {', '.join(counts)}"] if counts else []
    )
    lines += [f"• {note}" for note in notes]
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)


def _errors(results: Sequence[Results]) -> str:
    year = results[0].years[-1]
    differences = [
        figure.se
        for result in results[1:]
        for figure in result.measures()
        if figure.measure == "difference_position" and figure.year == year and figure.se is not None
    ]
    if not differences:
        return ""
    own = results[0].figure("position", year).se
    text = (
        f"Standard errors: expected positions {error(own or 0.0)}, differences at most "
        f"{error(max(differences))} (£m), each taken draw by draw on the same draws. "
        "Percentiles do not add up across bodies."
    )
    return textwrap.fill(text, WIDTH)


def _checks(results: Sequence[Results]) -> str:
    failed = [f"{r.option}: {master_check(r)}" for r in results if not r.passed]
    return "\n".join(failed) if failed else "All checks passed for every option"


def _line(label: str, cells: Sequence[str], width: int = WIDE) -> str:
    kept = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
    return f"{kept:<{LABEL}}" + "".join(f"{cell:>{width}}" for cell in cells)


def _money(value: float | None) -> str:
    return "– " if value is None else signed(value)


def _percent(figure: Figure) -> str:
    return "– " if figure.probability is None else f"{percent(figure.probability)} "
