"""The few facts that a reader needs first, the same in the terminal and on the Summary."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from finsim.analysis.results import Results
from finsim.book.quantities import financial_year_text
from finsim.book.sourced import Sourced
from finsim.outputs.words import percent, pounds

LARGE = 0.25


class Pressure(Struct, frozen=True):
    """Unattributed pressure beside what public drivers alone give, £m in the year of solving."""

    year: str
    published: float
    amount: float
    public_drivers: float
    solved_in: str

    @property
    def share(self) -> float:
        """The part of the do-nothing gap that public drivers do not explain."""
        total = self.amount + self.public_drivers
        return self.amount / total if total else 0.0

    @property
    def is_large(self) -> bool:
        """Whether it must stand in the first lines."""
        return self.share > LARGE


def pressure_of(results: Results) -> Pressure | None:
    """The unattributed pressure of a run, or None when there is none."""
    held = results.plan.resolved.held.unattributed
    if held is None or held.in_year not in results.plan.years:
        return None
    year = financial_year_text(held.in_year)
    gap = results.figure("do_nothing_gap", year).central
    assert gap is not None
    return Pressure(year, held.published_gap, held.amount, gap - held.amount, held.solved_in)


def first_lines(results: Results) -> list[str]:
    """The headline: the gap, what explains it, and what schemes leave of it."""
    year = results.years[-1]
    nothing, gap = results.figure("do_nothing_gap", year), results.figure("gap", year)
    assert nothing.central is not None
    lines = [f"Do-nothing gap {year}: {pounds(nothing.central)} in the central case"]
    pressure = pressure_of(results)
    if pressure is not None:
        explained = f"public drivers alone give {pounds(pressure.public_drivers)}"
        lines.append(f"Of it {explained}; {pounds(pressure.amount)} is unattributed pressure")
        if pressure.is_large:
            lines.append(
                f"The unattributed {percent(pressure.share)} was solved in {pressure.solved_in}: "
                "ranges are conditional on the published figure"
            )
    assert gap.mean is not None
    assert gap.p10 is not None
    assert gap.p90 is not None
    assert gap.plan is not None
    lines.append(
        f"After schemes: {pounds(gap.mean)} expected (P10 {pounds(gap.p10)}, "
        f"P90 {pounds(gap.p90)}); {pounds(gap.plan)} if every scheme delivers in full"
    )
    return lines


def control_total_lines(results: Results) -> list[str]:
    """What the control totals say of the last year, and how much hangs on the total itself."""
    year = results.years[-1]
    met = results.figure("control_total_met", year).probability
    if met is None:
        return []
    total = results.figure("control_total", year).mean
    assert total is not None
    lines = [
        f"System control total {year} ({results.arrangement.name}): {pounds(total)}, "
        f"met with a chance of {percent(met)}"
    ]
    around = {chance.around: percent(chance.chance) for chance in results.chances}
    lines.append(
        f"The total decides the chance: {around[-50.0]} if it were £50m lower, "
        f"{around[50.0]} if £50m higher"
    )
    offer = results.arrangement.funding
    funding = results.figure("sustainability_funding", year).mean
    after = results.figure("gap_after_support", year).mean
    if offer is not None and funding is not None and after is not None:
        offered = float(offer.offered[:, -1].sum())
        lines.append(
            f"Sustainability funding: {pounds(funding)} expected of {pounds(offered)} offered; "
            f"gap after transfers, support and funding {pounds(after)}"
        )
    return lines


class Standing(Struct, frozen=True):
    """How many values of a kind are illustrative."""

    kind: str
    illustrative: int
    total: int


def standings(results: Results) -> list[Standing]:
    """What rests on judgement, by kind of input."""
    book = results.plan.resolved.book
    kinds: list[tuple[str, Iterable[Sourced]]] = [
        ("organisations", book.organisations),
        ("own cost lines", book.lines),
        ("contracts", book.contracts),
        ("drivers", book.all_drivers()),
        ("schemes", book.schemes),
    ]
    return [
        Standing(kind, sum(item.rests_on_judgement for item in items), len(list(items)))
        for kind, items in ((kind, list(items)) for kind, items in kinds)
        if items
    ]


def master_check(results: Results) -> str:
    """Whether the run can be relied on, in words."""
    failed = [check.name for check in results.checks if not check.passed]
    if not failed:
        return f"All {len(results.checks)} checks passed"
    return f"{len(failed)} of {len(results.checks)} checks FAILED: {'; '.join(failed)}"
