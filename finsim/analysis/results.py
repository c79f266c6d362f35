"""The results of a run: every figure as a tidy row, the checks, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from finsim.analysis.bridge_rows import Bridge, bridge_of
from finsim.analysis.bridge_steps import Bridged
from finsim.analysis.checks import Check, checks_of
from finsim.analysis.estimates import Estimate, Estimates, estimate
from finsim.analysis.measures import BY_NAME, CHANCE, MEASURES, Level, Row
from finsim.analysis.observe import (
    MONEY_SETTLED,
    SYSTEM,
    UNSETTLED,
    observe_economics,
    observe_settled,
)
from finsim.analysis.observe_levels import observe_levels
from finsim.analysis.statistics import STATISTICS
from finsim.analysis.study import CURVED, Case, Study, study
from finsim.analysis.summaries import CURVE_LEVELS, TOTALS_AROUND
from finsim.book.quantities import financial_year_text
from finsim.economics import control_totals as totals_of
from finsim.simulation.arrangement import Arrangement, settled
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.evaluate import Outcome, Record, evaluate
from finsim.simulation.levels import level_outcomes
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.run import Engine, Sampling

TRACED: frozenset[Record] = frozenset({"positions", "schemes", "lines"})
FIELDS = (
    "option", "level", "body", "in_perimeter", "year", "measure", "unit", "plan", "central",
    "mean", "p10", "p50", "p90", "tail_mean", "probability",
    "se", "se_p10", "se_p50", "se_p90", "se_tail_mean", "se_probability",
)  # fmt: skip
REPORTED = frozenset({"system", "organisation", "network", "locality"})
NOISE = 1e-9
_VALUES = attrgetter(*FIELDS)
Labels: TypeAlias = tuple[str, Level, str, bool, str, str, str]
Found: TypeAlias = tuple[list[float], list[float]]


class Figure(Struct, frozen=True):
    """One tidy row; what does not apply is None, and a known constant has a standard error of 0."""

    option: str
    level: Level
    body: str
    in_perimeter: bool
    year: str
    measure: str
    unit: str
    plan: float | None = None
    central: float | None = None
    mean: float | None = None
    p10: float | None = None
    p50: float | None = None
    p90: float | None = None
    tail_mean: float | None = None
    probability: float | None = None
    se: float | None = None
    se_p10: float | None = None
    se_p50: float | None = None
    se_p90: float | None = None
    se_tail_mean: float | None = None
    se_probability: float | None = None

    def as_dict(self) -> dict[str, object]:
        """The row with every field, in the order of `FIELDS`."""
        return dict(zip(FIELDS, _VALUES(self), strict=True))


class Curve(Struct, frozen=True):
    """The distribution of a system gap in a year: its value at each percentile, £m."""

    measure: str
    year: str
    levels: tuple[float, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]


class ChanceOfTotal(Struct, frozen=True):
    """The chance that the system reaches a total in the last year, `around` £m from its own."""

    around: float
    total: float
    chance: float
    error: float


class Results(Struct, frozen=True):
    """One option of a scenario, run.

    `moments` [replicate, 2, input, year] are how inputs move with the last gap; `kept` is what was
    worked out from the results once.
    """

    plan: Plan
    arrangement: Arrangement
    sampling: Sampling
    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...]
    chances: tuple[ChanceOfTotal, ...]
    checks: tuple[Check, ...]
    central: Outcome
    planned: Outcome
    moments: FloatArray
    bridge: Bridge | None = None
    kept: dict[str, object] = field(default_factory=dict)
    _index: dict[tuple[str, str, str, str], Figure] = field(default_factory=dict)

    def __repr__(self) -> str:
        title = self.plan.resolved.scenario.title
        return f"<Results of {title!r}, {self.option}: {self.sampling.draws:,} draws>"

    def __post_init__(self) -> None:
        for row in self.figures:
            self._index[row.level, row.body, row.measure, row.year] = row

    @property
    def option(self) -> str:
        """The option that was run."""
        return self.plan.resolved.option

    @property
    def years(self) -> tuple[str, ...]:
        """The financial years, base year first."""
        return tuple(financial_year_text(year) for year in self.plan.years)

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def inputs(self) -> int:
        """Random numbers in a draw that move some result."""
        return len(self.plan.inputs.coordinates)

    def figure(
        self, measure: str, year: str, body: str = SYSTEM, level: str | None = None
    ) -> Figure:
        """One figure."""
        kind = level or ("system" if body == SYSTEM else "organisation")
        return self._index[kind, body, measure, year]

    def measures(self) -> Iterator[Figure]:
        """The figures of the system, the organisations, the networks and the localities."""
        return (row for row in self.figures if row.level in REPORTED)

    def schemes(self) -> Iterator[Figure]:
        """The figures of the themes and the schemes."""
        return (row for row in self.figures if row.level in {"theme", "scheme"})


def simulate(
    plan: Plan,
    sampling: Sampling,
    engine: Engine,
    progress: Callable[[int, int], None] | None = None,
    precision: float | None = None,
) -> Results:
    """One plan run with the arrangement of its scenario."""
    case = Case(plan, compile_arrangement(plan))
    return simulate_cases([case], sampling, engine, progress, precision)[0]


def simulate_cases(
    cases: Sequence[Case],
    sampling: Sampling,
    engine: Engine,
    progress: Callable[[int, int], None] | None = None,
    precision: float | None = None,
    bridged: Bridged | None = None,
) -> tuple[Results, ...]:
    """Options run on the same draws: the two cases without chance, the draws, and the checks.

    Options that share economics share its results; each after the first has its differences from
    the first. The bridges asked for are worked out on the run's own draws, each with a check.
    """
    work = study(cases, bridged)
    estimates = estimate(work, sampling, engine, progress, precision)
    found: list[Results] = []
    certain: dict[int, tuple[Outcome, Outcome]] = {}
    for number, (case, of_case) in enumerate(zip(work.cases, estimates, strict=True)):
        shared = work.shares[number]
        if shared not in certain:
            certain[shared] = (
                evaluate(case.plan, central_inputs(case.plan), TRACED),
                evaluate(case.plan, plan_inputs(case.plan), TRACED),
            )
        central, planned = certain[shared]
        first = found[0] if found else None
        found.append(_results(work, number, of_case, central, planned, first))
    return tuple(found)


def _results(
    work: Study,
    number: int,
    estimates: Estimates,
    central: Outcome,
    planned: Outcome,
    first: Results | None,
) -> Results:
    case = work.cases[number]
    figures = [
        *_figures(case, estimates, _certain(case, planned, central)),
        *_bearing_figures(case, estimates),
    ]
    if first is not None:
        figures += _compared_figures(case, estimates, figures, first)
    checks = checks_of(case.plan, case.arrangement, estimates.extremes, central, planned)
    bridge = None
    if estimates.steps:
        draws = estimates.sampling.design.draws
        bridge = bridge_of(case.plan, work.steps[number].names, estimates.steps, draws)
        checks = (*checks, bridge.check)
    return Results(
        plan=case.plan,
        arrangement=case.arrangement,
        sampling=estimates.sampling,
        figures=tuple(figures),
        curves=tuple(_curves(case, estimates)),
        chances=tuple(_chances(case, estimates)),
        checks=checks,
        central=central,
        planned=planned,
        moments=estimates.moments,
        bridge=bridge,
    )


def _certain(case: Case, planned: Outcome, central: Outcome) -> FloatArray:
    """The plan and the central case of every row: [row, 2]."""
    columns = []
    for outcome, x in ((planned, plan_inputs(case.plan)), (central, central_inputs(case.plan))):
        parts = [observe_economics(case.plan, outcome)]
        if case.arrangement.has_totals:
            result = settled(case.plan, case.arrangement, outcome, x)
            parts.append(observe_settled(case.plan, result))
        if case.arrangement.levels.budgets:
            levels = level_outcomes(case.plan, case.arrangement.levels, outcome, x)
            parts.append(observe_levels(case.arrangement.levels, levels))
        columns.append(np.concatenate(parts))
    return np.concatenate(columns, axis=1)


def _figures(case: Case, estimates: Estimates, certain: FloatArray) -> Iterator[Figure]:
    option, draws = case.plan.resolved.option, estimates.sampling.draws
    moved = {row.measure for row in estimates.rows}
    judged = _judged(case)
    cases = _rounded(certain).tolist()
    by_row = zip(estimates.rows, cases, _by_row(estimates.statistics), strict=True)
    for row, (planned, central), found in by_row:
        if BY_NAME[row.measure].unit == CHANCE and (row.body, row.year) not in judged:
            yield _constant(option, row, None)
            continue
        figure = _figure(option, row, planned, central, found, draws)
        yield figure
        for alias, name in UNSETTLED.items():
            if alias not in moved and row.measure == name:
                yield replace(figure, measure=alias)
    yield from _unmoved(case, moved | set(UNSETTLED))


def _judged(case: Case) -> set[tuple[str, int]]:
    """The bodies, and the system, that have a total to meet, each by year."""
    arrangement, bodies = case.arrangement, (SYSTEM, *case.plan.bodies.ids)
    system = totals_of.system_total(arrangement.totals, arrangement.in_system)
    has_total = np.isfinite(np.concatenate([system[None], arrangement.lines]))
    return {(bodies[b], case.plan.years[t]) for b, t in np.argwhere(has_total).tolist()}


def _rounded(values: FloatArray) -> FloatArray:
    """Figures without the noise of floating point: below £0.001 they are nought."""
    result: FloatArray = np.where(np.abs(values) < NOISE, 0.0, values)
    return result


def _by_row(found: Estimate) -> Iterator[Found]:
    """The statistics of each row, and their errors."""
    values, errors = (_rounded(part).T.tolist() for part in (found.values, found.errors))
    return zip(values, errors, strict=True)


def _figure(
    option: str,
    row: Row,
    planned: float | None,
    central: float | None,
    found: Found,
    draws: int,
) -> Figure:
    """A row's figures; a chance that every draw agrees on is known to about one draw."""
    values, errors = found
    labels = _labels(option, row)
    if BY_NAME[row.measure].unit == CHANCE:
        error = errors[0] or 1 / draws
        return Figure(
            *labels, plan=planned, central=central, probability=values[0], se_probability=error
        )
    return _of_money(labels, planned, central, found)


def _of_money(labels: Labels, planned: float | None, central: float | None, found: Found) -> Figure:
    """A row of money, its fields in their order: there are thousands of them."""
    (mean, p10, p50, p90, tail), (se, se_p10, se_p50, se_p90, se_tail) = found
    own = (planned, central, mean, p10, p50, p90, tail, None, se, se_p10, se_p50, se_p90, se_tail)
    return Figure(*labels, *own)


def _labels(option: str, row: Row) -> Labels:
    """The first fields of a figure."""
    year, unit = financial_year_text(row.year), BY_NAME[row.measure].unit
    return option, row.level, row.body, row.in_perimeter, year, row.measure, unit


def _unmoved(case: Case, moved: set[str]) -> Iterator[Figure]:
    """Measures that no draw moves: what no term of this option gives, and the control totals."""
    option, bodies, arrangement = case.plan.resolved.option, case.plan.bodies, case.arrangement
    system = totals_of.system_total(arrangement.totals, arrangement.in_system)
    rows: list[tuple[str, str, bool, FloatArray]] = [("system", SYSTEM, True, system)]
    for body, inside, line in zip(bodies.ids, bodies.in_perimeter, arrangement.lines, strict=True):
        rows.append(("organisation", body, bool(inside), line))
    for measure in MEASURES:
        if measure.name in moved or measure.name == "position_in_system_tail":
            continue
        for level, body, inside, totals in rows:
            for year, total in zip(case.plan.years, totals, strict=True):
                row = Row(level, body, year, measure.name, inside)  # type: ignore[arg-type]
                value = float(total) if measure.name == "control_total" else 0.0
                known = measure.name in MONEY_SETTLED or (
                    measure.name == "control_total" and bool(np.isfinite(total))
                )
                yield _constant(option, row, value if known else None)


def _constant(option: str, row: Row, value: float | None) -> Figure:
    if value is None:
        return Figure(*_labels(option, row))
    certain = [value] * len(STATISTICS), [0.0] * len(STATISTICS)
    return _of_money(_labels(option, row), value, value, certain)


def _bearing_figures(case: Case, estimates: Estimates) -> Iterator[Figure]:
    """Who bears the system's worst tenth."""
    bodies = case.plan.bodies
    keys = [("system", SYSTEM, True)]
    keys += [
        ("organisation", body, bool(inside))
        for body, inside in zip(bodies.ids, bodies.in_perimeter, strict=True)
    ]
    for number, (level, body, inside) in enumerate(keys):
        for t, year in enumerate(case.plan.years):
            row = Row(level, body, year, "position_in_system_tail", inside)  # type: ignore[arg-type]
            yield Figure(
                *_labels(case.plan.resolved.option, row),
                mean=float(estimates.bearing.values[number, t]),
                se=float(estimates.bearing.errors[number, t]),
            )


def _compared_figures(
    case: Case, estimates: Estimates, figures: Iterable[Figure], first: Results
) -> list[Figure]:
    """The rows against the first option; without chance, the difference of the two cases."""
    option = case.plan.resolved.option
    own = {(f.level, f.body, f.measure, f.year): f for f in figures}
    figured = []
    by_row = zip(estimates.compared_rows, _by_row(estimates.compared), strict=True)
    for row, found in by_row:
        planned = central = None
        if row.measure.startswith("difference_"):
            key = (row.level, row.body, row.measure.removeprefix("difference_"))
            here = own[*key, financial_year_text(row.year)]
            there = first.figure(key[2], here.year, row.body, row.level)
            planned = _less(here.plan, there.plan)
            central = _less(here.central, there.central)
        figured.append(_figure(option, row, planned, central, found, estimates.sampling.draws))
    return figured


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _curves(case: Case, estimates: Estimates) -> Iterator[Curve]:
    curved = [row for row in estimates.rows if row.measure in CURVED]
    for number, row in enumerate(curved):
        yield Curve(
            row.measure,
            financial_year_text(row.year),
            CURVE_LEVELS,
            tuple(map(float, estimates.curves.values[number])),
            tuple(map(float, estimates.curves.errors[number])),
        )


def _chances(case: Case, estimates: Estimates) -> Iterator[ChanceOfTotal]:
    arrangement = case.arrangement
    total = totals_of.system_total(arrangement.totals, arrangement.in_system)[-1]
    if not np.isfinite(total):
        return
    pairs = zip(estimates.chances.values, estimates.chances.errors, strict=True)
    for around, (chance, error) in zip(TOTALS_AROUND, pairs, strict=True):
        yield ChanceOfTotal(around, float(total + around), float(chance), float(error))
