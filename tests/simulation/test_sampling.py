"""Where random numbers go: coordinates, dependence, events, replay, engines."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from example_files import ROOT
from hypothesis import given, settings
from numpy.typing import NDArray
from systems import (
    Dice,
    activity_scheme,
    any_rate,
    dice,
    driver,
    line,
    one_hospital,
    plan_of,
    row,
    systems,
    together,
    with_schemes,
    with_section,
)

from finsim.analysis.results import Results, simulate
from finsim.economics.arrays import UNIT
from finsim.scenario.resolved import Resolved
from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.levels import level_outcomes
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import Sampling, Serial, draws_together, replay, sampling, units
from finsim.simulation.sharing import Forked, Threads
from finsim.simulation.workers import LocalWorkers
from finsim.uncertainty.dependence import achieved_rank_correlation
from finsim.uncertainty.point_sets import Design, Kind

FloatArray = NDArray[np.float64]
Shipped = Callable[..., Resolution]
TOY = ROOT / "benchmarks" / "toy" / "toy.yaml"
KINDS: tuple[Kind, ...] = get_args(Kind)
CARE = [{"contracts": {"id": "care"}}]


def first_unit(plan: Plan, kind: Kind = "lattice", seed: int = 3) -> FloatArray:
    return next(units(plan, Design(kind, 1024, seed), 1))


def same_rows(plan: Plan, other: Plan, kind: Kind = "lattice") -> None:
    """Every input that both plans sample has the same bits in both."""
    x, y = first_unit(plan, kind), first_unit(other, kind)
    shared = {item.name for item in plan.inputs.inputs} & {i.name for i in other.inputs.inputs}
    assert shared
    for name in shared:
        assert np.array_equal(row(plan, x, name), row(other, y, name)), name


# Coordinates


@settings(max_examples=40)
@given(systems(), dice())
def test_adding_at_the_end_of_a_list_moves_no_other_input(resolved: Resolved, dice: Dice) -> None:
    book = resolved.book
    years = range(resolved.scenario.years[0], resolved.scenario.years[1] + 1)
    body, contract = book.organisations[0].id, book.contracts[0].id
    national, own = driver("one_more", any_rate(dice, years)), driver("two", any_rate(dice, years))
    new = [line(name, body, 1.0, price=name) for name in ("one_more", "two")]
    scheme = activity_scheme(
        "last", 0.0, [{"contracts": {"id": contract}}], chance=0.5, delivered={"low": 0, "high": 1}
    )
    added = with_section(
        resolved,
        national_drivers=[*book.national_drivers, national],
        drivers=[*book.drivers, own],
        lines=[*book.lines, *new],
        schemes=[*book.schemes, scheme],
    )
    same_rows(plan_of(resolved), plan_of(with_schemes(added, *resolved.scenario.schemes, "last")))


@settings(max_examples=40)
@given(systems(), dice())
def test_leaving_schemes_out_moves_no_other_input(resolved: Resolved, dice: Dice) -> None:
    kept = [name for name in resolved.scenario.schemes if dice.likely(0.5)]
    same_rows(plan_of(resolved), plan_of(with_schemes(resolved, *kept)))


RATES = [driver(name, {"mean": 0.02, "sd": 0.01}) for name in ("a", "b", "c")]
MATRIX = [[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]]


def priced(*names: str, drivers: list[Any] | None = None, **how: Any) -> Plan:
    return plan_of(
        one_hospital(
            drivers=[*(drivers or RATES), driver("f", {"mean": 0.0, "sd": 1.0})],
            lines=[line(name, "ccg", 10.0, price=name) for name in names],
            dependence=[together("group", ["a", "b", "c"], **how)],
        )
    )


@pytest.mark.parametrize(
    "how",
    [
        {"matrix": MATRIX},
        {"factor": "f", "rank_correlation": 0.4},
        {"factor": "f", "loadings": [0.9, 0.5, -0.7]},
    ],
)
def test_leaving_out_or_fixing_a_member_moves_no_other_member(how: dict[str, Any]) -> None:
    """What an option leaves out of the middle of a group stays drawn behind the others."""
    every = priced("a", "b", "c", **how)
    same_rows(every, priced("a", "c", **how))
    same_rows(every, priced("b", "c", **how))
    fixed = [RATES[0], driver("b", 0.02), RATES[2]]
    x, y = first_unit(every), first_unit(priced("a", "b", "c", drivers=fixed, **how))
    for name in ("a", "c"):
        assert np.array_equal(row(every, x, name), row(every, y, name)), name


def test_an_option_and_an_extending_file_share_the_draws(shipped: Shipped) -> None:
    same_rows(shipped("example").plan, shipped("example", "without prevention").plan)
    for other in ("bhr-public-drivers", "bhr-same-saving", "bhr-growth-by-2021", "bhr-no-ageing"):
        plan, changed = shipped("bhr").plan, shipped(other).plan
        x, y = first_unit(plan), first_unit(changed)
        for item in changed.inputs.inputs:
            assert np.array_equal(row(plan, x, item.name), row(changed, y, item.name)), item.name


def test_a_fixed_input_takes_no_coordinate_and_keeps_its_place() -> None:
    drivers = [driver("a", 0.02), driver("b", {"mean": 0.02, "sd": 0.01})]
    varied = [driver("a", {"mean": 0.02, "sd": 0.01}), drivers[1]]
    lines = [line(name, "ccg", 10.0, price=name) for name in ("a", "b")]
    fixed = plan_of(one_hospital(drivers=drivers, lines=lines))
    both = plan_of(one_hospital(drivers=varied, lines=lines))
    assert len(fixed.inputs.coordinates) == 1
    assert len(both.inputs.coordinates) == 2
    assert set(fixed.inputs.coordinates) < set(both.inputs.coordinates)
    x, y = first_unit(fixed), first_unit(both)
    assert np.array_equal(row(fixed, x, "b"), row(both, y, "b"))
    assert np.all(row(fixed, x, "a") == 0.02)


def test_yearly_inputs_take_a_coordinate_for_each_projected_year() -> None:
    for over, count in (("constant", 1), ("yearly", 5), ({"ar1": 0.5}, 5)):
        value = {"mean": 0.02, "sd": 0.01, "over_years": over}
        own = [line("a", "ccg", 10.0, price="a")]
        plan = plan_of(one_hospital(drivers=[driver("a", value)], lines=own))
        assert len(plan.inputs.coordinates) == count
        x = row(plan, first_unit(plan), "a")
        assert (np.ptp(x[1:], axis=0) > 0).any() == (count > 1)
        if count > 1:
            assert np.all(x[0] == 0.02)


@settings(max_examples=40)
@given(systems())
def test_no_two_inputs_share_a_coordinate(resolved: Resolved) -> None:
    taken = [c for item in plan_of(resolved).inputs.inputs for c in item.coordinates]
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_and_replicates_differ(shipped: Shipped, kind: Kind) -> None:
    plan = shipped("example").plan
    first = next(units(plan, Design(kind, 512, 1), 0))
    assert np.array_equal(first, next(units(plan, Design(kind, 512, 1), 0)))
    assert not np.array_equal(first, next(units(plan, Design(kind, 512, 2), 0)))
    assert not np.array_equal(first, next(units(plan, Design(kind, 512, 1), 1)))


# Dependence


def draws_by_name(plan: Plan, replicates: int = 8) -> dict[str, FloatArray]:
    design = Design("lattice", 1024, 5)
    parts = [x for number in range(replicates) for x in units(plan, design, number)]
    x = np.concatenate(parts, axis=2)
    return {item.name: x[number] for number, item in enumerate(plan.inputs.inputs)}


def test_shocks_of_the_commissioners_share_their_factor(shipped: Shipped) -> None:
    """0.8 between any two of them in a year, and nothing with the acute trust or another year."""
    x = draws_by_name(shipped("bhr").plan)
    ccgs = [x[f"shock_{name}_ccg"] for name in ("bd", "havering", "redbridge")]
    for year in range(1, 6):
        found = achieved_rank_correlation(
            np.stack([*(ccg[year] for ccg in ccgs), x["shock_bhrut"][year]])
        )
        assert found[:3, :3][np.triu_indices(3, 1)] == pytest.approx([0.8] * 3, abs=0.03)
        assert found[3, :3] == pytest.approx([0] * 3, abs=0.05)
    apart = achieved_rank_correlation(np.stack([ccgs[0][1], ccgs[1][2]]))
    assert apart[0, 1] == pytest.approx(0, abs=0.05)


def test_delivery_of_schemes_shares_its_factor(shipped: Shipped) -> None:
    plan = shipped("bhr").plan
    x = draws_by_name(plan)
    rows = [x[f"schemes.{s.id}.delivered"][-1] for s in plan.activity_schemes]
    found = achieved_rank_correlation(np.stack(rows))
    assert found[np.triu_indices(len(rows), 1)] == pytest.approx(0.3, abs=0.06)


def test_rank_correlations_of_a_matrix_are_achieved_whatever_the_distributions() -> None:
    values = [
        {"shape": "lognormal", "mean": 0.02, "sd": 0.03},
        {"low": 0.0, "mode": 0.01, "high": 0.05},
        {"p10": 0.0, "p50": 0.01, "p90": 0.05},
    ]
    drivers = [driver(name, value) for name, value in zip("abc", values, strict=True)]
    x = draws_by_name(priced("a", "b", "c", drivers=drivers, matrix=MATRIX))
    found = achieved_rank_correlation(np.stack([x[name][0] for name in "abc"]))
    assert found == pytest.approx(np.array(MATRIX), abs=0.02)


def test_loadings_make_correlations_of_both_signs() -> None:
    """Scores correlate by the product of loadings; ranks by 6/π asin(r/2)."""
    x = draws_by_name(priced("a", "b", "c", factor="f", loadings=[0.9, 0.5, -0.7]))
    found = achieved_rank_correlation(np.stack([x[name][0] for name in "abc"]))
    for (i, j), r in {(0, 1): 0.45, (0, 2): -0.63, (1, 2): -0.35}.items():
        assert found[i, j] == pytest.approx(6 / np.pi * np.arcsin(r / 2), abs=0.02)


def test_an_ar1_path_keeps_part_of_each_year() -> None:
    value = {"mean": 0.02, "sd": 0.01, "over_years": {"ar1": 0.6}}
    plan = plan_of(
        one_hospital(drivers=[driver("a", value)], lines=[line("a", "ccg", 10.0, price="a")])
    )
    x = draws_by_name(plan)["a"][1:]
    found = np.corrcoef(x)
    for lag in range(1, 5):
        assert np.diagonal(found, lag) == pytest.approx(0.6**lag, abs=0.03)
    assert x.std(axis=1) == pytest.approx([0.01] * 5, rel=0.02)


@pytest.mark.parametrize("chance", [0.05, 0.3, 0.9])
def test_events_happen_as_often_as_they_should(chance: float) -> None:
    """Stratified draws: within one in a thousand of 8,192."""
    plan = plan_of(one_hospital(schemes=[activity_scheme("s", 5.0, CARE, chance=chance)]))
    happened = draws_by_name(plan)["schemes.s.happens"][0]
    assert set(happened.tolist()) == {0.0, 1.0}
    assert happened.mean() == pytest.approx(chance, abs=1e-3)


# Replay and engines

EVERYTHING = frozenset({"positions", "lines", "schemes"})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("draw", [0, 511, 512, 1023, 1024, 1700, 2047])
def test_a_draw_replayed_alone_has_the_bits_of_the_run(
    shipped: Shipped, kind: Kind, draw: int
) -> None:
    plan = shipped("example").plan
    design = Design(kind, 1024, 9)
    replicate, within = divmod(draw, design.draws)
    unit = list(units(plan, design, replicate, UNIT))[within // UNIT]
    ran = evaluate(plan, unit, EVERYTHING)
    outcome, x, place = replay(plan, design, draw, EVERYTHING)
    assert np.array_equal(x[:, :, place], unit[:, :, within % UNIT])
    for name in ("income", "expenditure", "position_before_risk_share", "saving"):
        found, expected = getattr(outcome, name), getattr(ran, name)
        assert np.array_equal(found[..., place], expected[..., within % UNIT])
    assert outcome.lines is not None
    assert ran.lines is not None
    assert np.array_equal(outcome.lines.costs[..., place], ran.lines.costs[..., within % UNIT])


@pytest.mark.parametrize("block", [1024, 2048, 8192])
@pytest.mark.parametrize("kind", ["lattice", "monte carlo"])
def test_inputs_drawn_by_blocks_have_the_same_bits(
    shipped: Shipped, kind: Kind, block: int
) -> None:
    plan = shipped("bhr").plan
    design = Design(kind, 4096 if kind == "lattice" else 8192, 5)
    alone = list(units(plan, design, 3, UNIT))
    assert {x.shape[2] for x in alone} == {UNIT}
    together = list(units(plan, design, 3, block))
    assert together[0].shape[2] == min(block, design.draws)
    assert np.array_equal(np.concatenate(together, axis=2), np.concatenate(alone, axis=2))


def everything_of(found: Resolution, x: FloatArray) -> dict[str, FloatArray]:
    """Whatever an outcome, its levels and its settlement say of each draw."""
    outcome = evaluate(found.plan, x, EVERYTHING)
    result = settled(found.plan, found.arrangement, outcome, x)
    levels = level_outcomes(found.plan, found.arrangement.levels, outcome, x)
    parts = (outcome, outcome.lines, outcome.schemes, result, *levels)
    named = {
        f"{number} {name}": getattr(part, name)
        for number, part in enumerate(parts)
        for name in dir(part)
        if not name.startswith("_")
    }
    return {name: v for name, v in named.items() if isinstance(v, np.ndarray)}


@pytest.mark.parametrize("name", ["bhr", "llr", "example", "toy"])
def test_evaluation_in_blocks_has_the_same_bits(shipped: Shipped, name: str) -> None:
    """Of 7 units and a half: a matrix product is of one unit, or of what is left of it."""
    found = resolve(TOY) if name == "toy" else shipped(name)
    design = Design("latin hypercube", 7 * UNIT + UNIT // 2, 5)
    by_unit = [everything_of(found, x) for x in units(found.plan, design, 1, UNIT)]
    assert len(by_unit) == 8
    assert len(by_unit[0]) > 25
    for block in (2 * UNIT, 4 * UNIT, 16 * UNIT):
        by_block = [everything_of(found, x) for x in units(found.plan, design, 1, block)]
        for key, first in by_unit[0].items():
            alone, together = ([of[key] for of in parts] for parts in (by_unit, by_block))
            if first.shape[-1] == UNIT:
                alone, together = ([np.concatenate(p, axis=-1)] for p in (alone, together))
            assert np.array_equal(alone[0], together[0], equal_nan=True), (block, key)


@pytest.mark.parametrize(("name", "draws"), [("toy", 4096), ("bhr", 1024), ("llr", 1024)])
def test_small_plans_are_evaluated_in_larger_blocks(
    shipped: Shipped, name: str, draws: int
) -> None:
    plan = (resolve(TOY) if name == "toy" else shipped(name)).plan
    assert draws_together(plan) == draws
    assert next(units(plan, Design("monte carlo", 8192, 1), 0)).shape[2] == draws


def test_evaluation_does_not_see_how_its_inputs_lie_in_memory(shipped: Shipped) -> None:
    plan = shipped("bhr").plan
    of_block = next(units(plan, Design("lattice", 4096, 5), 0, 4096))[:, :, UNIT : 2 * UNIT]
    found, expected = evaluate(plan, of_block), evaluate(plan, of_block.copy())
    assert not of_block.flags.c_contiguous
    assert np.array_equal(found.position_before_risk_share, expected.position_before_risk_share)


def rows_of(results: Results) -> list[dict[str, object]]:
    return [figure.as_dict() for figure in results.figures]


def test_engines_give_the_same_bits(shipped: Shipped) -> None:
    plan = shipped("example").plan
    # What cannot be sent to another process would leave the pool waiting for it.
    sent = pickle.loads(pickle.dumps(plan))
    assert sent.resolved == plan.resolved
    chosen = Sampling(Design("lattice", 512, 4), 8)
    alone = simulate(plan, chosen, Serial())
    with LocalWorkers(2) as workers:
        sent_out = simulate(plan, chosen, workers)
    for other in (sent_out, *(simulate(plan, chosen, kind(2)) for kind in (Forked, Threads))):
        assert rows_of(alone) == rows_of(other)
        assert alone.curves == other.curves
        assert alone.checks == other.checks


def test_a_run_repeated_gives_the_same_bits_and_another_seed_does_not(shipped: Shipped) -> None:
    plan = shipped("example").plan
    first, again, other = (
        simulate(plan, Sampling(Design("lattice", 512, seed), 8), Serial()) for seed in (4, 4, 5)
    )
    assert rows_of(first) == rows_of(again)
    assert rows_of(first) != rows_of(other)


def test_draws_are_whole_replicates_and_at_least_eight(shipped: Shipped) -> None:
    run = shipped("example").resolved.scenario.run
    each = run.draws_per_replicate
    assert sampling(run, draws=1).draws == 8 * each
    assert sampling(run, draws=8 * each + 1).draws == 9 * each
    assert sampling(run).draws >= run.draws
    assert sampling(run, seed=77).design.seed == 77
