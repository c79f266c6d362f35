"""What the gap rests on: how much of it is published, derived or illustrative, and what to replace.

By money, by spread, and by input. *Money*: the gap is what is spent less what comes in; each line
and each contract with the outside has a standing, and unattributed pressure is solved from the
published figure. *Spread*: to first order the gap is the sum of what each input does,

    gap − mean ≈ Σ g_i,   g_i = Σ_t b(i, t) · (x(i, t) − mean),

b the change of the gap for a change of the input about the central case; an input's part of the
variance is cov(g_i, gap) / var(gap). The parts, with what is not to first order, sum to 1, whatever
depends on what. *Influence* of an input, £m: √(spread² + level²), spread the standard deviation of
g_i and level what 10% of it would do to the gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct, field

from finsim.analysis.estimates import combined
from finsim.analysis.results import NOISE, Results
from finsim.analysis.strands import ILLUSTRATIVE, IN_SCENARIO, assumption
from finsim.book.model import Contract, Line
from finsim.book.sourced import Sourced
from finsim.economics import ledger
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import PRESSURE
from finsim.simulation.plan import FloatArray, Plan

PUBLISHED, DERIVED = "published", "derived"
INPUT_STANDINGS = (PUBLISHED, DERIVED, ILLUSTRATIVE, IN_SCENARIO)
SOLVED = "unattributed pressure"
INTERACTION = "several together"
OFF_BY = 0.1
FIRST = 10
ONE_SD = np.array([0.1587, 0.8413])
LEAST_MOVE = 0.1


class Replacement(Struct, frozen=True):
    """What would replace some illustrative inputs, and what they do to the gap, £m.

    `inputs` are the names of what it would replace, the most influential first.
    """

    replace_with: str
    inputs: tuple[str, ...]
    influence: float
    spread: float
    level: float


class GapStanding(Struct, frozen=True):
    """What a run's gap rests on, in the last year.

    `money` is £m of the central do-nothing gap's income and cost by standing; `variance` parts of
    the variance of the gap after schemes, with `errors`. `replace_first` are the ten most
    influential replacements. `influence` is that of every assumption that moves the gap, £m, by its
    id, or by the name of an input that the scenario states.
    """

    year: str
    money: dict[str, float]
    variance: dict[str, float]
    errors: dict[str, float]
    replace_first: tuple[Replacement, ...]
    influence: dict[str, float]

    def money_share(self, standing: str) -> float:
        """The part of the money that has a standing."""
        total = sum(self.money.values())
        return self.money.get(standing, 0.0) / total if total else 0.0


class _Effect(Struct, frozen=True):
    """What an assumption does to the gap, £m: by its spread, and if its level were 10% off."""

    id: str
    item: Sourced | None
    spread: float
    level: float

    @property
    def influence(self) -> float:
        """Both together."""
        return float(np.hypot(self.spread, self.level))


class _Evidence(Struct):
    """What one replacement stands for, as it is gathered."""

    inputs: dict[str, float] = field(default_factory=dict)
    spread: float = 0.0
    level: float = 0.0

    def add(self, name: str, spread: float, level: float) -> None:
        """Another input: errors of different inputs are taken as independent."""
        self.inputs[name] = float(np.hypot(self.inputs.get(name, 0.0), np.hypot(spread, level)))
        self.spread = float(np.hypot(self.spread, spread))
        self.level = float(np.hypot(self.level, level))


def gap_standing(results: Results) -> GapStanding:
    """What the gap of a run rests on; worked out once for each."""
    known = results.kept.get("standing")
    if not isinstance(known, GapStanding):
        known = results.kept["standing"] = _standing(results)
    return known


def _standing(results: Results) -> GapStanding:
    plan = results.plan
    slopes = slopes_at(plan, central_inputs(plan))
    parts = np.einsum("rit,it->ri", results.moments[:, 0], slopes)
    spread = _spread(plan, slopes, np.sqrt(results.moments[:, 1].mean(axis=0)))
    names = [item.name for item in plan.inputs.inputs]
    standings = [_standing_of_input(plan, name) for name in names]
    by_standing = combined([_by_standing(part, standings) for part in parts])
    labels = (*INPUT_STANDINGS, INTERACTION)
    effects = list(_effects(results, slopes, spread, names))
    return GapStanding(
        year=results.years[-1],
        money=_money(results),
        variance=dict(zip(labels, map(float, by_standing.values), strict=True)),
        errors=dict(zip(labels, map(float, by_standing.errors), strict=True)),
        replace_first=_replacements(effects),
        influence=_influence(effects),
    )


# money


def _money(results: Results) -> dict[str, float]:
    """£m of income and cost behind the central do-nothing gap of the last year, by standing."""
    plan, lines = results.plan, results.central.lines
    assert lines is not None
    money = dict.fromkeys((PUBLISHED, DERIVED, ILLUSTRATIVE), 0.0)
    for item, value in _counted(plan, lines.costs_do_nothing, lines.contracts_do_nothing):
        money[item.standing] += abs(value)
    pressure = plan.unattributed[plan.bodies.in_perimeter, -1].sum()
    if pressure:
        money[SOLVED] = abs(float(pressure))
    return money


def _counted(
    plan: Plan, costs: FloatArray, contracts: FloatArray
) -> Iterator[tuple[Contract | Line, float]]:
    """The lines and contracts that make the gap, with their money in the last year, £m."""
    book = plan.resolved.book
    inside = {
        body for body, kept in zip(plan.bodies.ids, plan.bodies.in_perimeter, strict=True) if kept
    }
    for line, value in zip(book.lines, costs[:, -1, 0], strict=True):
        if line.organisation in inside:
            yield line, float(value)
    for contract, value in zip(book.contracts, contracts[:, -1, 0], strict=True):
        if (contract.payer in inside) != (contract.provider in inside):
            yield contract, float(value)


# spread


def slopes_at(plan: Plan, centre: FloatArray) -> FloatArray:
    """The change of the last gap for a unit of each input in each year: [input, year].

    Differences over about a standard deviation to each side, all in one evaluation. An input that
    is one value for all years moves in all of them together, and stands in the last column.
    """
    moves = list(_moves(plan))
    slopes = np.zeros(centre.shape[:2])
    if not moves:
        return slopes
    x = np.repeat(centre, 2 * len(moves), axis=2)
    for column, (number, years, down, up) in enumerate(moves):
        x[number, years, 2 * column] -= down
        x[number, years, 2 * column + 1] += up
    position = evaluate(plan, x).position_before_risk_share
    gap = ledger.gap(position, plan.bodies.in_perimeter)[-1]
    moved = gap[1::2] - gap[::2]
    moved[np.abs(moved) < NOISE] = 0.0
    for change, (number, years, down, up) in zip(moved.tolist(), moves, strict=True):
        slopes[number, years.stop - 1] = change / (down + up)
    return slopes


def _moves(plan: Plan) -> Iterator[tuple[int, slice, float, float]]:
    """Each input that varies, the years that it moves in together, how far down and up."""
    years = len(plan.years)
    for number, item in enumerate(plan.inputs.inputs):
        if item.is_fixed:
            continue
        low, high = item.distribution.quantile(ONE_SD)
        size = float(high - low) / 2 or LEAST_MOVE
        bottom, top = item.distribution.support
        down = min(size, item.distribution.mean - bottom)
        up = min(size, top - item.distribution.mean)
        if item.over_years == "constant":
            yield number, slice(0, years), down, up
        else:
            for t in range(1, years):
                yield number, slice(t, t + 1), down, up


def _spread(plan: Plan, slopes: FloatArray, sd: FloatArray) -> FloatArray:
    """The standard deviation of what each input does to the gap, [input], £m.

    Years of an input that keeps part of last year's move together by what it keeps.
    """
    effect = slopes * sd
    apart = np.abs(np.subtract.outer(np.arange(sd.shape[1]), np.arange(sd.shape[1])))
    kept = np.array(
        [item.persistence if item.over_years == "ar1" else 0.0 for item in plan.inputs.inputs]
    )
    together = kept[:, None, None] ** apart
    variance = np.einsum("it,its,is->i", effect, together, effect)
    spread: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return spread


def _by_standing(parts: FloatArray, standings: list[str]) -> FloatArray:
    sums = [
        sum(part for part, standing in zip(parts, standings, strict=True) if standing == name)
        for name in INPUT_STANDINGS
    ]
    return np.array([*sums, 1.0 - parts.sum() if parts.any() else 0.0])


def _standing_of_input(plan: Plan, name: str) -> str:
    """A published centre with an illustrative spread is a judgement: it is the spread that acts."""
    owner = assumption(plan.resolved.book, name)
    if owner is None:
        return IN_SCENARIO
    return ILLUSTRATIVE if owner.rests_on_judgement else owner.standing


# what to replace


def _effects(
    results: Results, slopes: FloatArray, spread: FloatArray, names: list[str]
) -> Iterator[_Effect]:
    """What each assumption does to the gap after schemes."""
    plan, central = results.plan, results.central
    assert central.lines is not None
    assert central.schemes is not None
    for item, value in _counted(plan, central.lines.costs, central.lines.contracts):
        yield _Effect(item.id, item, 0.0, OFF_BY * value)
    known = {scheme.id: scheme for scheme in plan.resolved.book.schemes}
    for scheme, net in zip(plan.schemes, central.schemes.net, strict=True):
        yield _Effect(scheme.id, known[scheme.id], 0.0, OFF_BY * float(net[-1, 0]))
    pressure = float(plan.unattributed[plan.bodies.in_perimeter, -1].sum())
    yield _Effect(PRESSURE, None, 0.0, OFF_BY * pressure)
    centre = central_inputs(plan)[:, :, 0]
    levels = np.abs((slopes * centre).sum(axis=1)) * OFF_BY
    for name, by_spread, level in zip(names, spread, levels, strict=True):
        owner = assumption(plan.resolved.book, name)
        own = 0.0 if owner is not None and owner.id in known else float(level)
        yield _Effect(name if owner is None else owner.id, owner, float(by_spread), own)


def _influence(effects: Sequence[_Effect]) -> dict[str, float]:
    """√(spread² + level²) of each assumption that moves the gap; its inputs are independent."""
    found: dict[str, float] = {}
    for effect in effects:
        found[effect.id] = float(np.hypot(found.get(effect.id, 0.0), effect.influence))
    return {name: value for name, value in found.items() if value}


def _replacements(effects: Sequence[_Effect]) -> tuple[Replacement, ...]:
    """The ten replacements whose inputs have the most influence on the gap after schemes."""
    gathered: dict[str, _Evidence] = {}
    for effect in effects:
        if effect.item is not None:
            _add(gathered, effect.item, effect.spread, effect.level)
    found = [_replacement(words, evidence) for words, evidence in gathered.items()]
    return tuple(sorted(found, key=lambda one: -one.influence)[:FIRST])


def _add(gathered: dict[str, _Evidence], item: Sourced, spread: float, level: float) -> None:
    if not item.rests_on_judgement or (not spread and not level):
        return
    words = item.replace_with or item.source
    gathered.setdefault(words, _Evidence()).add(getattr(item, "name", ""), spread, level)


def _replacement(words: str, evidence: _Evidence) -> Replacement:
    names: Mapping[str, float] = evidence.inputs
    return Replacement(
        replace_with=words,
        inputs=tuple(sorted(names, key=lambda name: -names[name])),
        influence=float(np.hypot(evidence.spread, evidence.level)),
        spread=evidence.spread,
        level=evidence.level,
    )
