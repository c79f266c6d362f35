"""The results of a run: every figure as a tidy row, the checks, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

import numpy as np

from finsim.analysis.checks import Check, checks_of
from finsim.analysis.estimates import (
    CURVE_LEVELS,
    CURVED,
    RECORD,
    STATISTICS,
    Estimates,
    estimate,
)
from finsim.analysis.measures import BY_NAME, MEASURES, Level, Row
from finsim.analysis.observe import (
    ABSENT,
    ALIASES,
    SYSTEM,
    observe,
    observed_rows,
)
from finsim.book.quantities import financial_year_text
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import Outcome, Record, evaluate
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.run import Engine, Sampling

TRACED: frozenset[Record] = frozenset({*RECORD, "lines"})
FIELDS = (
    "option", "level", "body", "in_perimeter", "year", "measure", "unit", "plan", "central",
    "mean", "p10", "p50", "p90", "tail_mean", "probability",
    "se", "se_p10", "se_p50", "se_p90", "se_tail_mean", "se_probability",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
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
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Curve:
    """The distribution of a system gap in a year: its value at each percentile, £m."""

    measure: str
    year: str
    levels: tuple[float, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """One option of a scenario, run."""

    plan: Plan
    sampling: Sampling
    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...]
    checks: tuple[Check, ...]
    central: Outcome
    planned: Outcome
    _index: dict[tuple[str, str, str, str], Figure] = field(default_factory=dict, repr=False)

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
        """The figures of the system and the organisations."""
        return (row for row in self.figures if row.level in {"system", "organisation"})

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
    """A plan run: the two cases without chance, the draws, and the checks."""
    central = evaluate(plan, central_inputs(plan), TRACED)
    planned = evaluate(plan, plan_inputs(plan), TRACED)
    estimates = estimate(plan, sampling, engine, progress, precision)
    cases = np.concatenate([observe(plan, planned), observe(plan, central)], axis=1)
    return Results(
        plan=plan,
        sampling=estimates.sampling,
        figures=tuple(_figures(plan, estimates, cases)),
        curves=tuple(_curves(plan, estimates)),
        checks=checks_of(plan, estimates.extremes, central, planned),
        central=central,
        planned=planned,
    )


def _figures(plan: Plan, estimates: Estimates, cases: FloatArray) -> Iterator[Figure]:
    option = plan.resolved.option
    for number, row in enumerate(estimates.rows):
        figure = _figure(option, row, cases[number], estimates, number)
        yield figure
        for alias, name in ALIASES.items():
            if row.measure == name and row.level in {"system", "organisation"}:
                values = {**figure.as_dict(), "measure": alias}
                yield Figure(**values)  # type: ignore[arg-type]
    for row in _unmoved_rows(plan):
        yield _constant(option, row, 0.0 if row.measure in ABSENT else None)


def _figure(option: str, row: Row, cases: FloatArray, estimates: Estimates, number: int) -> Figure:
    values = dict(zip(STATISTICS, map(float, estimates.values[:, number]), strict=True))
    names = ("se", *(f"se_{name}" for name in STATISTICS[1:]))
    errors = dict(zip(names, map(float, estimates.errors[:, number]), strict=True))
    planned, central = map(float, cases)
    return Figure(**_labels(option, row), plan=planned, central=central, **values, **errors)  # type: ignore[arg-type]


def _labels(option: str, row: Row) -> dict[str, object]:
    return {
        "option": option,
        "level": row.level,
        "body": row.body,
        "in_perimeter": row.in_perimeter,
        "year": financial_year_text(row.year),
        "measure": row.measure,
        "unit": BY_NAME[row.measure].unit,
    }


def _unmoved_rows(plan: Plan) -> Iterator[Row]:
    """Measures that no term of this scenario moves."""
    observed = {row.measure for row in observed_rows(plan)} | set(ALIASES)
    bodies = plan.bodies
    for measure in MEASURES:
        if measure.name in observed:
            continue
        for year in plan.years:
            yield Row("system", SYSTEM, year, measure.name)
            for body, inside in zip(bodies.ids, bodies.in_perimeter, strict=True):
                yield Row("organisation", body, year, measure.name, bool(inside))


def _constant(option: str, row: Row, value: float | None) -> Figure:
    if value is None:
        return Figure(**_labels(option, row))  # type: ignore[arg-type]
    figures = dict.fromkeys(("plan", "central", *STATISTICS), value)
    errors = dict.fromkeys(("se", *(f"se_{name}" for name in STATISTICS[1:])), 0.0)
    return Figure(**_labels(option, row), **figures, **errors)  # type: ignore[arg-type]


def _curves(plan: Plan, estimates: Estimates) -> Iterator[Curve]:
    curved = [row for row in estimates.rows if row.measure in CURVED]
    for number, row in enumerate(curved):
        yield Curve(
            row.measure,
            financial_year_text(row.year),
            CURVE_LEVELS,
            tuple(map(float, estimates.curves[number])),
            tuple(map(float, estimates.curve_errors[number])),
        )
