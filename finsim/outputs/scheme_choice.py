"""The choice of schemes in the terminal (at most 100 columns), as JSON and as tidy rows."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from finsim.analysis.choosing import Judged, Limits
from finsim.analysis.results import Results
from finsim.analysis.scheme_choice import Aim, Choice, Worth
from finsim.analysis.study import Case
from finsim.book.quantities import financial_year_text
from finsim.outputs.findings import first_lines, master_check
from finsim.outputs.words import error, percent, pounds, signed

WIDTH = 100
LABEL = 35
CELL = 9
WIDE = 1.96
WORTH_FIELDS = (
    "scheme", "name", "chosen", "investment", "capacity", "added", "benefit",
    "knowing_delivered", "knowing_all", "se_added", "se_benefit", "se_knowing_delivered",
    "se_knowing_all",
)  # fmt: skip


def choice_text(results: Results, case: Case, found: Choice) -> str:
    """The whole answer for the terminal."""
    draws = f"{results.sampling.draws:,} draws of {results.inputs} random numbers"
    head = [
        results.plan.resolved.scenario.title,
        f"{results.option} · {draws} · seed {results.sampling.design.seed}",
        *first_lines(results),
        *textwrap.wrap(
            f"Which schemes make it most likely that {aim_in_words(case, found.aim)}?", WIDTH
        ),
        f"Within: {limits_in_words(found.limits)}",
    ]
    parts = ["\n".join(head), _sets(found), _schemes(found), _notes(found), master_check(results)]
    return "\n\n".join(parts) + "\n"


def aim_in_words(case: Case, aim: Aim) -> str:
    """What the set is chosen for."""
    title = aim.of.title(case)
    return title if aim.at_most is None else f"the gap is at most {pounds(aim.at_most)}: {title}"


def limits_in_words(limits: Limits) -> str:
    """`an investment of £10.0m and a capacity of 5`."""
    stated = []
    if math.isfinite(limits.investment):
        stated.append(f"an investment of {pounds(limits.investment)}")
    if math.isfinite(limits.capacity):
        stated.append(f"a capacity of {limits.capacity:g}")
    return " and ".join(stated) or "no limit"


def _sets(found: Choice) -> str:
    columns = ["schemes ", "invested ", "capacity ", "chance ", "± ", "margin "]
    lines = [_line("Set", columns), "─" * (LABEL + CELL * len(columns))]
    for label, one in (("Chosen", found.chosen), ("None", found.none), ("All", found.every)):
        chosen = [w.candidate for w in found.worths if w.candidate.id in one.chosen]
        cells = [
            f"{len(chosen)} ",
            signed(sum(c.investment for c in chosen)),
            f"{sum(c.capacity for c in chosen):g} ",
            f"{percent(one.chance, 1)} ",
            f"{100 * one.se_chance:.1f} ",
            signed(one.margin),
        ]
        lines.append(_line(label, cells))
    low, high = interval(found.chosen)
    lines.append(
        f"chosen: {percent(low, 1)} to {percent(high, 1)} with 95% confidence, on draws that did "
        "not choose it"
    )
    lines.append(
        "margin: the mean by which it is reached, £m; invested: planned costs of delivery, £m"
    )
    return "\n".join(lines)


def interval(one: Judged) -> tuple[float, float]:
    """The 95% interval of a chance."""
    off = WIDE * one.se_chance
    return max(0.0, one.chance - off), min(1.0, one.chance + off)


def _schemes(found: Choice) -> str:
    columns = ["invested ", "capacity ", "adds ", "benefit ", "± ", "evidence", "all "]
    lines = [_line("Scheme, £m", columns), "─" * (LABEL + CELL * len(columns))]
    ordered = sorted(found.worths, key=lambda worth: (not worth.chosen, -worth.added))
    for worth in ordered:
        cells = [
            signed(worth.candidate.investment),
            f"{worth.candidate.capacity:g} ",
            signed(worth.added, 2),
            signed(worth.benefit, 2),
            f"{error(worth.se_benefit).removeprefix('±')} ",
            f"{worth.knowing_delivered:.2f} ",
            f"{worth.knowing_all:.2f} ",
        ]
        lines.append(_line(("✓ " if worth.chosen else "  ") + worth.name, cells))
    return "\n".join(lines)


def _notes(found: Choice) -> str:
    notes = [
        "✓ chosen. adds: to the margin in the year, beside the schemes chosen. benefit: to the "
        "system's positions of all years up to then, after its costs.",
        "evidence: what it would be worth to know how much of the scheme is delivered before "
        "deciding on it; all: to know everything. Nil where no evidence would change the decision.",
        f"{found.sets} sets were evaluated in full. What schemes save, cost and deliver is as "
        "illustrative as the book says.",
    ]
    return "\n".join(textwrap.fill(note, WIDTH, subsequent_indent="  ") for note in notes)


def _line(label: str, cells: Sequence[str]) -> str:
    kept = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
    return (f"{kept:<{LABEL}}" + "".join(f"{cell:>{CELL}}" for cell in cells)).rstrip()


def worth_rows(found: Choice) -> list[dict[str, Any]]:
    """The schemes as tidy rows with the fields of `WORTH_FIELDS`."""
    return [_row(worth) for worth in found.worths]


def _row(worth: Worth) -> dict[str, Any]:
    taken = {"investment": worth.candidate.investment, "capacity": worth.candidate.capacity}
    known = {"scheme": worth.id, **taken}
    return {name: known.get(name, getattr(worth, name, None)) for name in WORTH_FIELDS}


def choice_json(case: Case, found: Choice) -> dict[str, Any]:
    """What `--json` adds to the envelope under `choose`."""
    limits = found.limits
    return {
        "of": found.aim.of.measure,
        "body": found.aim.of.body,
        "year": financial_year_text(case.plan.years[found.aim.of.t]),
        "at_most": found.aim.at_most,
        "investment": limits.investment if math.isfinite(limits.investment) else None,
        "capacity": limits.capacity if math.isfinite(limits.capacity) else None,
        "sets_evaluated": found.sets,
        "chosen": _set(found.chosen),
        "none": _set(found.none),
        "all": _set(found.every),
        "schemes": worth_rows(found),
    }


def _set(one: Judged) -> dict[str, Any]:
    return {
        "schemes": sorted(one.chosen),
        "chance": one.chance,
        "se_chance": one.se_chance,
        "margin": one.margin,
        "se_margin": one.se_margin,
    }
