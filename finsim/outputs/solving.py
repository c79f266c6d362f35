"""What gives a stated figure, in the terminal (at most 100 columns) and as JSON."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from finsim.analysis.answers import Answer, Target
from finsim.analysis.levers import Lever
from finsim.analysis.results import Results
from finsim.analysis.solving import Evaluation
from finsim.analysis.strands import ILLUSTRATIVE, standing_of
from finsim.analysis.study import Case
from finsim.book.quantities import financial_year_text, month_text
from finsim.outputs.findings import first_lines, master_check
from finsim.outputs.words import error, percent, pounds, signed

WIDTH = 100
LABEL = 42
CELL = 11
NAMES = {
    "mean": "mean",
    "p10": "P10",
    "p50": "P50",
    "p90": "P90",
    "tail": "mean of the worst tenth",
    "central": "central case",
}


def solving_text(
    results: Results, case: Case, target: Target, stands: Evaluation, answers: Sequence[Answer]
) -> str:
    """The whole answer for the terminal."""
    head = [results.plan.resolved.scenario.title]
    draws = f"{results.sampling.draws:,} draws of {results.inputs} random numbers"
    head.append(f"{results.option} · {draws} · seed {results.sampling.design.seed}")
    head += first_lines(results)
    question = f"What gives {target_in_words(case, target)}? As the scenario stands: "
    head += textwrap.wrap(question + figure_in_words(target, stands), WIDTH)
    columns = ["now ", "answer ", "± ", "change "]
    lines = [_line("Each varied by itself", columns), "─" * WIDTH]
    for found in answers:
        lines += _answer(case, target, found)
    notes = [
        "±: standard error of the answer. What is varied keeps its spread about the answer, unless "
        "it is given a value; what the files solved is held.",
        "* illustrative: an answer in terms of a judgement is one too.",
    ]
    wrapped = "\n".join(textwrap.fill(note, WIDTH, subsequent_indent="  ") for note in notes)
    return "\n\n".join(["\n".join(head), "\n".join(lines), wrapped, master_check(results)]) + "\n"


def target_in_words(case: Case, target: Target) -> str:
    """`a chance of 80% that the control total is met …`, `a gap … of £450.0m`."""
    title = target.of.title(case)
    if target.of.is_chance:
        return f"a chance of {percent(target.value, 1)} that {title}"
    return f"{pounds(target.value)} as the {NAMES[target.statistic]} of: {title}"


def figure_in_words(target: Target, found: Evaluation) -> str:
    """A figure of the target's kind with its error."""
    if target.of.is_chance:
        return f"{percent(found.figure, 1)} (±{100 * found.error:.1f} points)"
    spread = f" ({error(found.error)})" if found.error else ""
    return pounds(found.figure) + spread


def _answer(case: Case, target: Target, found: Answer) -> list[str]:
    lever, solution = found.lever, found.solution
    now = "" if lever.start is None else f"{in_unit(lever, lever.start)} "
    label = lever.title + _mark(case, lever)
    if solution.status == "none":
        reached = figure_in_words(target, solution.reached)
        span = f"{in_unit(lever, lever.low)} to {_bound(lever)}"
        return [
            _line(label, [now, "none "]),
            *_wrapped(
                f"no value from {span} does; the nearest is {reached}, "
                f"at {in_unit(lever, solution.value)}"
            ),
        ]
    value = f"{in_unit(lever, solution.value)} "
    if lever.whole:
        lines = [_line(label, [now, value])]
        if found.beyond is None:
            return [*lines, *_wrapped("every value between the bounds does")]
        return [
            *lines,
            *_wrapped(
                f"the last that does: {figure_in_words(target, solution.reached)}; at "
                f"{in_unit(lever, found.beyond.value)} {figure_in_words(target, found.beyond)}"
            ),
        ]
    change = "" if lever.start is None else f"{in_unit(lever, solution.value - lever.start, True)} "
    return [_line(label, [now, value, f"{_error(lever, solution.error)} ", change])]


def _mark(case: Case, lever: Lever) -> str:
    names = {item.name for item in case.plan.inputs.inputs}
    is_input = lever.name in names
    return "*" if is_input and ILLUSTRATIVE in standing_of(case.plan, lever.name) else ""


def _bound(lever: Lever) -> str:
    return "any amount" if math.isinf(lever.high) else in_unit(lever, lever.high)


def in_unit(lever: Lever, value: float, is_change: bool = False) -> str:
    """A value of a lever as a person writes it; a change with its sign."""
    if lever.unit == "month":
        return month_text(round(value))
    written = {
        "£m": lambda: f"£{signed(abs(value)).strip()}m",
        "fraction": lambda: percent(abs(value), 2),
        "months": lambda: f"{abs(value):.1f} mth",
    }.get(lever.unit, lambda: f"{abs(value):.3f}")()
    sign = "−" if value < 0 else "+" if is_change else ""
    if lever.unit == "fraction" and is_change:
        written = f"{100 * abs(value):.2f} pts"
    return sign + written


def _error(lever: Lever, value: float) -> str:
    if math.isinf(value):
        return "unknown"
    return (
        error(100 * value).removeprefix("±") + " pts" if lever.unit == "fraction" else error(value)
    )


def _line(label: str, cells: Sequence[str]) -> str:
    kept = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
    return (f"{kept:<{LABEL}}" + "".join(f"{cell:>{CELL + 2}}" for cell in cells)).rstrip()


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 4, initial_indent="    ", subsequent_indent="    ")


def solving_json(
    case: Case, target: Target, stands: Evaluation, answers: Sequence[Answer]
) -> dict[str, Any]:
    """What `--json` adds to the envelope under `solve`."""
    return {
        "of": target.of.measure,
        "body": target.of.body,
        "year": financial_year_text(case.plan.years[target.of.t]),
        "statistic": target.statistic,
        "unit": target.of.unit,
        "target": target.value,
        "now": stands.figure,
        "se_now": stands.error,
        "answers": [_answer_row(found) for found in answers],
    }


def _answer_row(found: Answer) -> dict[str, Any]:
    lever, solution = found.lever, found.solution
    does = solution.status == "found"
    return {
        "vary": lever.name,
        "name": lever.title,
        "as": lever.how,
        "unit": lever.unit,
        "from": lever.low,
        "to": None if math.isinf(lever.high) else lever.high,
        "start": lever.start,
        "found": does,
        "value": solution.value if does else None,
        "se": solution.error if math.isfinite(solution.error) else None,
        "tried_nearest": solution.value,
        "reached": solution.reached.figure,
        "se_reached": solution.reached.error,
        "next": None if found.beyond is None else found.beyond.value,
        "reached_next": None if found.beyond is None else found.beyond.figure,
        "evaluations": [
            {"value": one.value, "figure": one.figure, "se": one.error}
            for one in solution.evaluations
        ],
    }
