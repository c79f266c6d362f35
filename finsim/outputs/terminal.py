"""The summary that a finance director reads at a glance, in at most 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.analysis.results import Figure, Results
from finsim.analysis.standing import gap_standing
from finsim.outputs.findings import control_total_lines, first_lines, master_check, standings
from finsim.outputs.standing_words import replaces, standing_lines
from finsim.outputs.terminal_levels import level_tables
from finsim.outputs.terminal_tables import NARROW, WIDTH, heading, row, wrapped
from finsim.outputs.words import error, percent, signed

REPLACEMENT = WIDTH - 11


def summary(results: Results) -> str:
    """The whole summary of one option."""
    parts = [
        _head(results),
        "\n".join(first_lines(results)),
        _gap_table(results),
        _organisation_table(results),
        _closing_table(results),
        "\n".join(wrapped("", line) for line in control_total_lines(results)),
        level_tables(results),
        _standing(results),
        _replace_first(results),
        _caveats(results),
        master_check(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(results: Results) -> str:
    draws = f"{results.sampling.draws:,} draws of {results.inputs} random numbers"
    seed = results.sampling.design.seed
    title = results.plan.resolved.scenario.title
    return f"{title}\n{results.option} · {draws} · seed {seed}"


def _gap_table(results: Results) -> str:
    years = results.years[-6:]
    lines = [heading("Gap by year, £m", [f"{year} " for year in years])]
    for measure, name in (("do_nothing_gap", "Do nothing"), ("gap", "After schemes")):
        figures = [results.figure(measure, year) for year in years]
        lines.append(row(f"{name}: mean", [signed(_known(f.mean)) for f in figures]))
        lines.append(row("  P10", [signed(_known(f.p10)) for f in figures]))
        lines.append(row("  P90", [signed(_known(f.p90)) for f in figures]))
    planned = [signed(_known(results.figure("gap", year).plan)) for year in years]
    lines.append(row("After schemes: as planned", planned))
    last = results.figure("gap", years[-1])
    lines.append(
        f"Standard errors {years[-1]}: mean {error(_known(last.se))}, P10 "
        f"{error(_known(last.se_p10))}, P50 {error(_known(last.se_p50))}, "
        f"P90 {error(_known(last.se_p90))}"
    )
    return "\n".join(lines)


def _organisation_table(results: Results) -> str:
    year, bodies = results.years[-1], results.plan.bodies
    columns = ["nothing ", "schemes ", "P10 ", "P90 ", "saving ", "stranded ", "meets "]
    lines = [heading(f"Position by organisation {year}, £m", columns, NARROW)]
    for inside in (True, False):
        for body, name, is_in in zip(bodies.ids, bodies.names, bodies.in_perimeter, strict=True):
            if bool(is_in) == inside:
                label = name if inside else f"{name} (beside)"
                lines.append(row(label, _position(results, body), NARROW))
    lines.append(row("System (percentiles do not add up)", _position(results, "system"), NARROW))
    lines.append(
        "nothing: do nothing; schemes: after them, before risk share; "
        "meets: its total (a council: balance)"
    )
    return "\n".join(lines)


def _position(results: Results, body: str) -> list[str]:
    year = results.years[-1]
    nothing = results.figure("position_do_nothing", year, body)
    after = results.figure("position_before_risk_share", year, body)
    saving = results.figure("saving", year, body)
    stranded = results.figure("stranded_cost", year, body)
    values = (nothing.mean, after.mean, after.p10, after.p90, saving.mean, stranded.mean)
    chance = results.figure("control_total_met", year, body).probability
    met = "– " if chance is None else f"{percent(chance)} "
    return [*(signed(_known(value)) for value in values), met]


def _closing_table(results: Results) -> str:
    year = results.years[-1]
    themes = [f for f in results.schemes() if f.level == "theme" and f.year == year]
    if not themes:
        return ""
    columns = ["planned ", "central ", "mean ", "P10 ", "P90 "]
    lines = [heading(f"What closes it {year}, £m net", columns)]
    lines += [row(figure.body, list(_spread(figure))) for figure in themes]
    total = results.figure("saving", year)
    lines.append(row("All schemes", list(_spread(total))))
    cost = results.figure("cost_of_delivery", year)
    lines.append(row("Costs of delivery", list(_spread(cost))))
    return "\n".join(lines)


def _spread(figure: Figure) -> Iterator[str]:
    for value in (figure.plan, figure.central, figure.mean, figure.p10, figure.p90):
        yield signed(_known(value))


def _known(value: float | None) -> float:
    assert value is not None
    return value


def _standing(results: Results) -> str:
    counts = [f"{s.illustrative} of {s.total} {s.kind}" for s in standings(results)]
    words = "Illustrative (judgement, labelled in the workbook): "
    lines = [wrapped(words, ", ".join(counts))]
    lines += [wrapped("", line) for line in standing_lines(results)]
    return "\n".join(lines)


def _replace_first(results: Results) -> str:
    """The evidence that would tell most, each on a line."""
    found = gap_standing(results)
    if not found.replace_first:
        return ""
    lines = [f"Replace first: influence on the gap {found.year}, £m (one sd, and 10% off)"]
    for rank, one in enumerate(found.replace_first, 1):
        text = f"{one.replace_with} ({replaces(one)})"
        kept = text if len(text) <= REPLACEMENT else f"{text[: REPLACEMENT - 1]}…"
        lines.append(f"{rank:>2} {signed(one.influence):>7} {kept}")
    return "\n".join(lines)


def _caveats(results: Results) -> str:
    notes = results.plan.resolved.scenario.notes
    return "\n".join(wrapped("• ", note) for note in notes)
