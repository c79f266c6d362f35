"""Whether ranges were wide enough: an earlier forecast's draws held against what happened.

For each outturn, by the draws of its year: the mean and sd, its **place** (the share of draws
below it, uniform from 0 to 1 if ranges are right), and `z = (outturn − mean) / sd`. Three kinds:

- *level*: the position itself;
- *surprise*: outturn less what was planned, against the draws less their own mean. It judges the
  width of the range alone, whatever the level that it is about;
- *population*: the total of the table's estimates, against the growth that is sampled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct

from finsim.analysis.estimates import combined
from finsim.analysis.statistics import quantiles
from finsim.analysis.study import Case
from finsim.book.outturns import Outturn
from finsim.book.quantities import financial_year_text
from finsim.economics.population import total_growth
from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.plan import NONE, FloatArray
from finsim.simulation.run import Sampling, units

Kind: TypeAlias = Literal["level", "surprise", "population"]
INSIDE = 0.8
ESTIMATE = "estimate"


class Test(Struct, frozen=True):
    """An outturn against the draws of its year.

    `counts` in the coverage: of a population's path only the last year does, and of an outturn with
    a plan only its surprise.
    """

    __test__ = False

    id: str
    name: str
    kind: Kind
    year: str
    unit: str
    outturn: float
    expected: float | None
    mean: float
    sd: float
    p10: float
    p90: float
    place: float
    z: float
    se_mean: float
    se_place: float
    counts: bool
    is_forecast: bool
    source: str
    standing: str
    note: str

    @property
    def is_inside(self) -> bool:
        """Whether the outturn is from P10 to P90."""
        return self.p10 <= self.outturn_tested <= self.p90

    @property
    def outturn_tested(self) -> float:
        """What stands against the draws: the outturn, or its surprise."""
        if self.kind == "surprise":
            assert self.expected is not None
            return self.outturn - self.expected
        return self.outturn


class Backtest(Struct, frozen=True):
    """Every test, and how many of those that count were inside their P10 to P90.

    `as_few` is the chance that no more were inside, of ranges that hold 80% each and of tests that
    do not depend on each other. `left_out` are outturns of years that are not projected.
    """

    tests: tuple[Test, ...]
    counted: int
    inside: int
    as_few: float
    left_out: tuple[str, ...]


def backtest(case: Case, sampling: Sampling) -> Backtest:
    """Every outturn of the book, and its population, against the draws of a scenario."""
    plan = case.plan
    outturns = [o for o in plan.resolved.book.outturns if o.year in plan.years[1:]]
    left_out = [o.name for o in plan.resolved.book.outturns if o.year not in plan.years[1:]]
    people = _people(case)
    drawn = _draws(case, sampling, outturns, people)
    tests: list[Test] = []
    for number, outturn in enumerate(outturns):
        by_replicate = [values[number] for values, _ in drawn]
        tests += _of_outturn(outturn, by_replicate)
    if people is not None:
        tests += _of_people(case, people, [indices for _, indices in drawn])
    counted = [test for test in tests if test.counts]
    inside = sum(test.is_inside for test in counted)
    return Backtest(
        tuple(tests), len(counted), inside, as_few(inside, len(counted)), tuple(left_out)
    )


def as_few(inside: int, of: int) -> float:
    """The chance of no more inside than were, of ranges that hold 80%: a binomial's."""
    return sum(comb(of, k) * INSIDE**k * (1 - INSIDE) ** (of - k) for k in range(inside + 1))


# the draws


def _draws(
    case: Case, sampling: Sampling, outturns: Sequence[Outturn], people: FloatArray | None
) -> list[tuple[FloatArray, FloatArray]]:
    """By replicate: the figures [outturn, draw], and the population's index [year, draw]."""
    found = []
    growth = NONE if case.plan.people is None else case.plan.people.growth
    for replicate in range(sampling.replicates):
        values, indices = [], []
        for x in units(case.plan, sampling.design, replicate):
            values.append(_figures(case, x, outturns))
            if people is not None:
                stated = case.plan.people
                assert stated is not None
                index = total_growth(x[growth, 0], stated.years_from_base, stated.years_spanned)
                indices.append(index)
        whole = np.concatenate(indices, axis=1) if indices else np.zeros((0, 0))
        found.append((np.concatenate(values, axis=1), whole))
    return found


def _figures(case: Case, x: FloatArray, outturns: Sequence[Outturn]) -> FloatArray:
    """The figure of each outturn, its bodies' together: [outturn, draw]."""
    plan = case.plan
    outcome = evaluate(plan, x)
    rows = np.zeros((len(outturns), x.shape[2]))
    result = None
    for number, outturn in enumerate(outturns):
        bodies = [plan.bodies.ids.index(body) for body in outturn.bodies]
        t = plan.years.index(outturn.year)
        if outturn.measure == "position" and case.arrangement.has_totals:
            result = result or settled(plan, case.arrangement, outcome, x)
            figures = result.position
        elif outturn.measure in {"income", "expenditure"}:
            figures = getattr(outcome, outturn.measure)
        else:
            figures = outcome.position_before_risk_share
        rows[number] = figures[bodies, t].sum(axis=0)
    return rows


def _people(case: Case) -> FloatArray | None:
    """The estimated total of each year [year], NaN where there is none; None if not sampled."""
    plan = case.plan
    if plan.people is None or plan.people.growth == NONE:
        return None
    known = plan.resolved.book.population
    estimates = {
        (row.area, row.year): sum(row.people)
        for row in known.rows
        if ESTIMATE in row.variant.casefold()
    }
    totals = [
        sum(estimates.get((area, year), np.nan) for area in known.areas) for year in plan.years
    ]
    found = np.array(totals, dtype=np.float64)
    return found if np.isfinite(found[0]) and np.isfinite(found[1:]).any() else None


# the tests


def _of_outturn(outturn: Outturn, by_replicate: Sequence[FloatArray]) -> Iterator[Test]:
    about = {
        "id": outturn.id,
        "year": financial_year_text(outturn.year),
        "unit": "£m",
        "expected": outturn.expected,
        "is_forecast": outturn.kind == "forecast",
        "source": outturn.source,
        "standing": outturn.standing,
        "note": outturn.note or "",
    }
    planned = outturn.expected is not None
    yield _test(
        by_replicate,
        outturn.value,
        name=outturn.name,
        kind="level",
        outturn=outturn.value,
        counts=not planned,
        **about,
    )
    if outturn.expected is not None:
        mean = float(np.mean([values.mean() for values in by_replicate]))
        yield _test(
            [values - mean for values in by_replicate],
            outturn.value - outturn.expected,
            name=f"{outturn.name}, against plan",
            kind="surprise",
            outturn=outturn.value,
            counts=True,
            **about,
        )


def _of_people(
    case: Case, people: FloatArray, by_replicate: Sequence[FloatArray]
) -> Iterator[Test]:
    known = np.nonzero(np.isfinite(people))[0]
    last = int(known[-1])
    variant = next(
        row.variant
        for row in case.plan.resolved.book.population.rows
        if ESTIMATE in row.variant.casefold()
    )
    for t in known[1:].tolist():
        yield _test(
            [values[t] * people[0] for values in by_replicate],
            float(people[t]),
            id=f"population_{case.plan.years[t]}",
            name=f"Population {case.plan.years[t]}",
            kind="population",
            year=financial_year_text(case.plan.years[t]),
            unit="people",
            outturn=float(people[t]),
            expected=None,
            counts=t == last,
            is_forecast=False,
            source=f"The book's population table: {variant}",
            standing="published",
            note="The years of one path are not separate tests; the last counts",
        )


def _test(by_replicate: Sequence[FloatArray], tested: float, **about: object) -> Test:
    """The draws' mean, sd, P10, P90 and what share is below, with their errors."""
    rows = []
    for values in by_replicate:
        low, high = quantiles(np.sort(values)[None], (0.1, 0.9))[0]
        place = np.mean(values < tested) + 0.5 * np.mean(values == tested)
        rows.append(np.array([values.mean(), values.var(), low, high, place]))
    found = combined(rows)
    mean, variance, low, high, place = map(float, found.values)
    between = float(np.var([row[0] for row in rows]))
    sd = float(np.sqrt(variance + between))
    return Test(
        mean=mean,
        sd=sd,
        p10=low,
        p90=high,
        place=place,
        z=(tested - mean) / sd if sd > 0 else 0.0,
        se_mean=float(found.errors[0]),
        se_place=float(found.errors[4]),
        **about,  # type: ignore[arg-type]
    )
