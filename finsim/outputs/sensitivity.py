"""What drives a figure, in the terminal (at most 100 columns), as JSON and as tidy rows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from finsim.analysis.results import Results
from finsim.analysis.sensitivity import Sensitivity, Share
from finsim.analysis.strands import ILLUSTRATIVE, standing_of
from finsim.analysis.tornado import Bar
from finsim.book.quantities import financial_year_text
from finsim.outputs.findings import first_lines, master_check
from finsim.outputs.words import error, percent, signed

WIDTH = 100
LABEL = 40
CELL = 9
SHOWN = 15
TORNADO_FIELDS = (
    "input", "name", "standing", "unit", "low", "high", "at_low", "at_high", "swing",
    "mean_low", "mean_high", "swing_over_draws", "rank_correlation",
    "se_mean_low", "se_mean_high", "se_swing_over_draws", "se_rank_correlation",
)  # fmt: skip
INDEX_FIELDS = ("by", "group", "inputs", "first", "total", "se_first", "se_total")


def sensitivity_text(results: Results, found: Sensitivity) -> str:
    """The whole answer for the terminal."""
    parts = [
        _head(results, found),
        _tornado(found),
        *(_indices(found, by) for by in found.groupings),
        _reading(found),
        master_check(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(results: Results, found: Sensitivity) -> str:
    draws = f"{results.sampling.draws:,} draws of {results.inputs} random numbers"
    title = results.plan.resolved.scenario.title
    seed = results.sampling.design.seed
    lines = [title, f"{results.option} · {draws} · seed {seed}", *first_lines(results)]
    sd = f"{100 * found.sd:.0f} points" if found.of.is_chance else f"£{found.sd:,.1f}m"
    lines.append(f"What drives: {found.of.title(found.case)} (standard deviation {sd})")
    return "\n".join(lines)


def _tornado(found: Sensitivity) -> str:
    over = found.of.is_chance
    unit = "chance" if over else "£m"
    columns = ["low ", "high ", "at low ", "at high ", "swing ", "rank corr."]
    lines = [_line(f"One input at a time, {unit}", columns), "─" * (LABEL + len(columns) * CELL)]
    shown = [bar for bar in found.bars if _ends(bar, over) != (0.0, 0.0)][:SHOWN]
    for bar in shown:
        low, high = (bar.mean_low, bar.mean_high) if over else (bar.at_low, bar.at_high)
        cells = [
            *(f"{in_unit(bar, value)} " for value in (bar.low, bar.high)),
            *(_figure(value, over) for value in (low, high, high - low)),
            f"{bar.rank_correlation:+.2f} ".replace("-", "−"),
        ]
        lines.append(_line(_marked(found, bar), cells))
    how = (
        "low, high: the tenth of the draws in which the input is lowest, highest; others vary too"
        if over
        else "low, high: the input at its P10 and P90, every other one as in the central case"
    )
    errors = max((bar.se_rank_correlation for bar in shown), default=0.0)
    lines.append(how)
    lines.append(
        f"* illustrative. Rank correlations are over the draws (at most {error(errors)}); "
        f"{len(found.bars)} inputs in all"
    )
    return "\n".join(lines)


def _ends(bar: Bar, over: bool) -> tuple[float, float]:
    return (bar.swing_over_draws, 0.0) if over else (bar.swing, 0.0)


def _marked(found: Sensitivity, bar: Bar) -> str:
    mark = "*" if ILLUSTRATIVE in standing_of(found.case.plan, bar.name) else ""
    return f"{bar.title[: LABEL - 2]}{mark}"


def in_unit(bar: Bar, value: float) -> str:
    """A value of an input as a person writes it."""
    if bar.is_factor:
        return f"{value:+.1f} sd".replace("-", "−")
    part = bar.name.rpartition(".")[2] if bar.name.startswith("schemes.") else ""
    if part == "happens":
        return "yes" if value > 0.5 else "no"
    if part == "slip":
        return f"{value:.1f} mth"
    return percent(value, 1).replace("-", "−")


def unit_of(bar: Bar) -> str:
    """The unit of an input's values in tidy rows."""
    if bar.is_factor:
        return "standard deviations"
    part = bar.name.rpartition(".")[2] if bar.name.startswith("schemes.") else ""
    return {"happens": "happens", "slip": "months"}.get(part, "fraction")


def _figure(value: float, is_chance: bool) -> str:
    if is_chance:
        return f"{100 * value:.0f}% ".replace("-", "−")
    return signed(value)


def _indices(found: Sensitivity, by: str) -> str:
    shares = [share for share in found.shares if share.by == by]
    columns = ["inputs ", "alone ", "± ", "in all ", "± "]
    lines = [_line(f"Share of the variance by {by}", columns), "─" * (LABEL + len(columns) * CELL)]
    known = sorted(shares, key=lambda share: -(share.total or 0.0))
    lines += [_line(share.group, _cells(share)) for share in known[:SHOWN]]
    if len(known) > SHOWN:
        rest = max((share.total or 0.0) for share in known[SHOWN:])
        lines.append(f"and {len(known) - SHOWN} more, each {percent(rest, 1)} or less in all")
    if all(share.total is None for share in shares):
        lines.append("The figure is the same in every draw; there is no variance to share out")
    return "\n".join(lines)


def _cells(share: Share) -> list[str]:
    values = (share.first, share.se_first, share.total, share.se_total)
    written = [
        "– " if value is None else f"{100 * value:.1f}% ".replace("-", "−") for value in values
    ]
    return [f"{len(share.inputs)} ", *written]


def _reading(found: Sensitivity) -> str:
    lines = [
        "alone: the part of the variance that would go if these inputs were known (first-order "
        "Sobol index). in all: the part that would be left if all others were known (total index); "
        "more than alone means that they act together with others.",
        "Inputs that move together are taken apart into what is independent: a shared factor is a "
        "line of its own, its members are left with their own part, and inputs of a correlation "
        "matrix stand together.",
        f"Indices on {found.evaluations:,} evaluations; differences within two standard errors (±) "
        "mean nothing.",
    ]
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)


def _line(label: str, cells: Sequence[str], width: int = CELL) -> str:
    kept = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
    return f"{kept:<{LABEL}}" + "".join(f"{cell:>{width}}" for cell in cells)


# tidy


def tornado_rows(found: Sensitivity) -> list[dict[str, Any]]:
    """The bars as tidy rows with the fields of `TORNADO_FIELDS`, the widest first."""
    plan = found.case.plan
    return [
        {
            "input": bar.name,
            "name": bar.title,
            "standing": standing_of(plan, bar.name),
            "unit": unit_of(bar),
            **{name: getattr(bar, name) for name in TORNADO_FIELDS[4:]},
        }
        for bar in found.bars
    ]


def index_rows(found: Sensitivity) -> list[dict[str, Any]]:
    """The indices as tidy rows with the fields of `INDEX_FIELDS`."""
    return [
        {name: getattr(share, name) for name in INDEX_FIELDS} | {"inputs": list(share.inputs)}
        for share in found.shares
    ]


def sensitivity_json(found: Sensitivity) -> dict[str, Any]:
    """What `--json` adds to the envelope under `sensitivity`."""
    return {
        "of": found.of.measure,
        "body": found.of.body,
        "year": financial_year_text(found.case.plan.years[found.of.t]),
        "unit": found.of.unit,
        "centre": found.centre,
        "sd": found.sd,
        "evaluations": found.evaluations,
        "tornado": tornado_rows(found),
        "indices": index_rows(found),
    }
