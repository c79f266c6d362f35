"""A stress test on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from finsim.analysis.features import MONEY, MONTHS, Feature
from finsim.analysis.reserves import MEANS
from finsim.analysis.results import Results
from finsim.analysis.reverse_stress import FIGURES
from finsim.analysis.stress import STRESSED, StressTest
from finsim.book.quantities import financial_year_text
from finsim.outputs.findings import master_check, pressure_of
from finsim.outputs.words import error, percent, pounds, signed

WIDTH = 100
LABEL = 46
NARROW = 37
CELL = 9
WIDE = 10


def report(results: Sequence[Results], tests: Sequence[StressTest], bodies: Sequence[str]) -> str:
    """What a stress test found, in at most 100 columns."""
    parts = [_head(results[0], tests[0])]
    for test in tests:
        parts += [_common(test, bodies), _cases(test, bodies), _reserves(test), _pooled(test)]
    parts += [_notes(results[0], tests[0]), "\n".join(map(_check, results))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(first: Results, test: StressTest) -> str:
    title = first.plan.resolved.scenario.title
    draws = f"{test.sampling.draws:,} draws · seed {test.sampling.design.seed}"
    return f"{_cut(title, WIDTH)}\n{draws} · {financial_year_text(test.year)}"


def _name(test: StressTest, body: str) -> str:
    bodies = test.case.plan.bodies
    return dict(zip(bodies.ids, bodies.names, strict=True)).get(body, "System")


def _option(test: StressTest) -> str:
    return test.case.plan.resolved.option


def _common(test: StressTest, bodies: Sequence[str]) -> str:
    """The three that separate best for every body asked for."""
    columns = ["shift ", "apart ", "worst ", "all ", "edge ", "beyond ", "rest "]
    lines = [_line(f"Worst tenth · {_option(test)}", columns, NARROW), "─" * WIDTH]
    worst = 0.0
    for b, body in enumerate(test.targets.bodies):
        if body not in bodies:
            continue
        lines.append(_name(test, body))
        for n in test.separating(b):
            found = dict(zip(FIGURES, map(float, test.common.values[:, b, n]), strict=True))
            feature = test.features[n]
            cells = [
                f"{found['shift']:+.2f} ".replace("-", "−"),
                f"{found['separation']:.2f} ",
                in_unit(found["mean_in_tail"], feature),
                in_unit(found["mean"], feature),
                in_unit(found["threshold"], feature),
                f"{percent(found['tail_beyond'])} ",
                f"{percent(found['rest_beyond'])} ",
            ]
            lines.append(_line(f"  {feature.title}", cells, NARROW))
            worst = max(worst, *map(float, test.common.errors[:2, b, n]))
    lines += _wrapped(
        "The three inputs or themes that each alone separate a body's worst tenth of draws best. "
        "shift: of the mean, in standard deviations. apart: 0 not at all, 1 wholly (twice the area "
        "under the curve, less one). worst, all: its mean there. edge: the threshold that parts "
        "the worst tenth from the rest best; beyond, rest: the part of each past it. Savings are "
        f"£m. Standard errors of shift and apart: at most {error(worst)}. What is shifted may move "
        "with what does the harm."
    )
    return "\n".join(lines)


def in_unit(value: float, feature: Feature) -> str:
    """A feature's value in its unit."""
    if feature.unit == MONEY:
        return signed(value)
    if feature.unit == MONTHS:
        return f"{value:.1f} "
    return f"{round(100 * value, 1) + 0.0:.1f}% ".replace("-", "−")


def _cases(test: StressTest, bodies: Sequence[str]) -> str:
    if not test.laid:
        return ""
    columns = ["mean ", "P10 ", "P90 ", "chance ", "error ", "error "]
    lines: list[str] = []
    for b, body in enumerate(test.targets.bodies):
        if body not in bodies:
            continue
        judged = bool(test.targets.stated[b])
        title = f"{_name(test, body)}, position, £m · {_option(test)}"
        lines += [_cut(title, WIDTH), _line("Change under each case", columns, LABEL), "─" * WIDTH]
        base = dict(zip(STRESSED, map(float, test.base.values[:, b]), strict=True))
        cells = [signed(base[name]) for name in STRESSED[:3]]
        cells.append(f"{percent(base['chance'])} " if judged else "– ")
        lines.append(_line("As it is (not a change)", cells, LABEL))
        for number, laid in enumerate(test.laid):
            change = test.differences.values[number, :, b]
            errors = test.differences.errors[number, :, b]
            if not laid.stress.acts_on:
                lines.append(_line(laid.name, ["acts on nothing here"], LABEL))
                continue
            cells = [signed(float(value)) for value in change[:3]]
            cells.append(_points(float(change[3])) if judged else "– ")
            cells.append(error(float(errors[:3].max())))
            cells.append(f"{error(100 * float(errors[3]))}p" if judged else "– ")
            lines.append(_line(laid.name, cells, LABEL))
        lines.append("")
    lines += _wrapped(
        "Changes on the same draws, their errors taken replicate by replicate: the largest of the "
        "three in £m, and of the chance in points (p). Solved values, agreed plans and control "
        "totals are held."
    )
    return "\n".join(lines)


def _points(change: float) -> str:
    return f"{100 * change:+.0f}p ".replace("-", "−")


def _reserves(test: StressTest) -> str:
    levels = [f"{percent(c)} sure" for c in test.confidences]
    columns = ["target ", "chance ", "worst 10%", *levels, "share "]
    label = WIDTH - WIDE * len(columns)
    lines = [
        _cut(f"Reserve to hold, £m · {_option(test)}", WIDTH),
        _line("Position before funding", columns, label, WIDE),
        "─" * WIDTH,
    ]
    for b, body in enumerate(test.targets.bodies):
        figures = dict(zip(MEANS, map(float, test.tail.values[:, b]), strict=True))
        mark = "" if test.targets.stated[b] else "*"
        inside = b == 0 or bool(test.case.plan.bodies.in_perimeter[b - 1])
        share = "– " if b == 0 or not inside else f"{percent(float(test.shares.values[b]))} "
        cells = [
            f"{signed(float(test.targets.values[b]))}{mark}",
            f"{percent(figures['chance'])} ",
            signed(figures["tail_mean"]),
            *(signed(float(value)) for value in test.needed.values[b]),
            share,
        ]
        lines.append(_line(_name(test, body), cells, label, WIDE))
    worst = error(float(test.needed.errors.max()))
    marked = (
        " *: no total is set; the target is to balance." if not test.targets.stated.all() else ""
    )
    lines += _wrapped(
        "A reserve lifts the position to its target with that confidence; in brackets, room to "
        f"spare. Standard errors at most {worst}. share: of what the organisations lack where the "
        f"system is in its worst tenth.{marked} Percentiles do not add up: the system's reserve is "
        "not the sum of the reserves."
    )
    return "\n".join(lines)


def _pooled(test: StressTest) -> str:
    """What the members of the system total would hold by themselves, and together."""
    members = test.case.arrangement.in_system
    if not test.targets.stated[0] or members.sum() < 2:
        return ""
    lines = []
    for c, confidence in enumerate(test.confidences):
        alone = float(sum(max(value, 0.0) for value in test.needed.values[1:][members, c]))
        system = max(float(test.needed.values[0, c]), 0.0)
        lines.append(
            f"{percent(confidence)} sure: {pounds(alone)} if each member of the system total holds "
            f"its own, {pounds(system)} shared"
        )
    return "\n".join(lines)


def _notes(first: Results, test: StressTest) -> str:
    lines: list[str] = []
    for laid in test.laid:
        if laid.source is not None:
            replaced = laid.source.replace_with
            instead = f" Replace with: {replaced}." if replaced else ""
            lines += _wrapped(
                f"• {laid.name}: {laid.source.standing}. {laid.source.source}.{instead}", "  "
            )
            if laid.stress.missed:
                absent = ", ".join(laid.stress.missed)
                lines += _wrapped(
                    f"• {laid.name} names what this system does not have: {absent}.", "  "
                )
    pressure = pressure_of(first)
    if pressure is not None and pressure.is_large:
        lines += _wrapped(
            f"• Ranges are conditional on the published gap: {percent(pressure.share)} of it is "
            f"unattributed pressure, solved in {pressure.solved_in} and held.",
            "  ",
        )
    return "\n".join(lines)


def _check(result: Results) -> str:
    return f"{result.option}: {master_check(result)}"


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, subsequent_indent=indent)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _line(label: str, cells: Sequence[str], width: int, cell: int = CELL) -> str:
    text = "".join(f"{text:>{cell}}" for text in cells)
    return f"{_cut(label, width - 1):<{width}}{text}".rstrip()
