"""`finsim explain`: any number of a scenario back to its inputs and sources."""

from __future__ import annotations

from pathlib import Path

from finsim.book.places import InputProblems, Place, Problem
from finsim.book.quantities import QuantityError, financial_year, financial_year_text
from finsim.commands.capacity import check_draws
from finsim.exits import DONE
from finsim.outputs.trace import trace
from finsim.outputs.trace_case import Case, central_case, drawn_case
from finsim.outputs.trace_names import UnknownName, find
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import sampling


def explain(
    scenario: Path | str,
    name: str,
    year: str | None,
    draw: int | None,
    option: str | None,
    sets: tuple[str, ...],
) -> int:
    """Print what a number is made of, in the central case or in one draw.

    Raises InputProblems for what cannot be found, and as `resolve` does.
    """
    resolution = resolve(scenario, option, sets)
    problems: list[Problem] = []
    t = _year(resolution, year, problems)
    try:
        found = find(resolution.resolved, name)
    except UnknownName as error:
        problems.append(Problem(Place(str(scenario)), "explain", str(error)))
    if problems:
        raise InputProblems(problems)
    case = _case(resolution, t, draw)
    print("\n\n".join("\n".join(trace(case, subject)) for subject in found))
    return DONE


def _year(resolution: Resolution, year: str | None, problems: list[Problem]) -> int:
    """The position of the year that was asked for; the last if none was."""
    years = resolution.plan.years
    if year is None:
        return len(years) - 1
    try:
        asked = financial_year(year)
    except QuantityError as error:
        problems.append(Problem(Place(f"--year {year}"), "", str(error)))
        return 0
    if asked not in years:
        span = f"{financial_year_text(years[0])} to {financial_year_text(years[-1])}"
        text = f"is not a year of this scenario; it models {span}"
        problems.append(Problem(Place(f"--year {year}"), "", text))
        return 0
    return years.index(asked)


def _case(resolution: Resolution, t: int, draw: int | None) -> Case:
    if draw is None:
        return central_case(resolution, t)
    check_draws(resolution, sampling(resolution.resolved.scenario.run).design)
    return drawn_case(resolution, t, draw)
