"""Options on shared draws: one economics, sure differences, and no draw that another moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from example_files import Example
from msgspec.structs import replace
from numpy.typing import NDArray

from finsim.analysis.results import Figure, Results, simulate_cases
from finsim.analysis.statistics import tail_mean
from finsim.analysis.study import Case, study
from finsim.commands.new import new
from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import Sampling, Serial, units
from finsim.uncertainty.point_sets import Design

FloatArray = NDArray[np.float64]
Shipped = Callable[..., Resolution]
FEW = Sampling(Design("latin hypercube", 128, 614), 8)
SCENARIO = Path(__file__).parents[2] / "scenarios" / "bhr.yaml"
LAST = "2020/21"
OPTIONS = (
    "as stated", "system control total", "half linked", "proportional share",
    "BHRUT and CCGs 50/50", "acute corridor", "councils inside", "guarantor", "closing the gap",
)  # fmt: skip
SOURCED = 'source: s, standing: published, as_at: "2016"'


def run(resolutions: Sequence[Resolution], sampling: Sampling = FEW) -> tuple[Results, ...]:
    return simulate_cases([Case(r.plan, r.arrangement) for r in resolutions], sampling, Serial())


@pytest.fixture(scope="module")
def bhr(shipped: Shipped) -> list[Resolution]:
    return [shipped("bhr", name) for name in OPTIONS]


@pytest.fixture(scope="module")
def compared(bhr: list[Resolution]) -> tuple[Results, ...]:
    return run(bhr)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("new") / "example"
    assert new(folder, "example") == 0
    return Example(folder)


def rows(result: Results, *measures: str) -> dict[tuple[str, str, str, str], Figure]:
    """Figures by what they are of, whatever the option is called."""
    return {
        (figure.level, figure.body, figure.measure, figure.year): replace(figure, option="")
        for figure in result.figures
        if not measures or figure.measure in measures
    }


# one economics


def test_the_options_of_bhr_share_their_economics(shipped: Shipped, bhr: list[Resolution]) -> None:
    assert tuple(shipped("bhr").resolved.scenario.options) == OPTIONS[1:]
    options = [Case(r.plan, r.arrangement) for r in bhr[1:]]
    assert study(options).shares == (0,) * len(options)


def test_what_is_settled_later_moves_no_bit_of_the_position_before(
    compared: tuple[Results, ...],
) -> None:
    before = ("position_before_risk_share", "position_do_nothing", "gap", "do_nothing_gap")
    first = rows(compared[0], *before)
    for result in compared[1:]:
        assert rows(result, *before) == first


def test_options_evaluated_apart_have_the_same_position_before(
    bhr: list[Resolution],
) -> None:
    """Each option with its own plan and its own draws of the shared list of inputs."""
    first: FloatArray | None = None
    for resolution in bhr:
        x = next(units(resolution.plan, FEW.design, 0))
        before = evaluate(resolution.plan, x).position_before_risk_share
        first = before if first is None else first
        np.testing.assert_allclose(before, first, rtol=0, atol=1e-9)


def test_options_that_differ_before_settling_are_evaluated_by_themselves(
    example: Example,
) -> None:
    names = ("system total shared", "without prevention", "hospital corridor")
    resolutions = [resolve(example.scenario, name) for name in names]
    assert study([Case(r.plan, r.arrangement) for r in resolutions]).shares == (0, 1, 0)
    reserved = resolve(SCENARIO, None, ["reserves=ccg_reserves"])
    apart = [Case(r.plan, r.arrangement) for r in (resolve(SCENARIO), reserved)]
    assert study(apart).shares == (0, 1)


def test_an_option_in_a_comparison_is_the_option_run_alone(
    bhr: list[Resolution], compared: tuple[Results, ...]
) -> None:
    """Every figure to the bit; a comparison adds rows and changes none."""
    for number in (0, 5, 7):
        alone = run([bhr[number]])[0]
        found = rows(compared[number])
        for key, figure in rows(alone).items():
            assert found[key] == figure, key
        more = {measure for _, _, measure, _ in found.keys() - rows(alone).keys()}
        assert all(m.startswith("difference_") or m == "better_than_first" for m in more)
        assert bool(more) == (number > 0)


FUND = (
    "add:\n"
    f"  drivers: [{{id: attained, name: A, unit: share, group: g, value: {{low: 0%, high: 100%}}, "
    f"{SOURCED}}}]\n"
    "  funding_rules: [{id: r, name: R, by_year: {2016/17: {parts: {finance: 30%, A&E: 70%}, "
    f"performance_needs_finance: false}}}}, {SOURCED}}}]\n"
    "  funds: [{id: f, name: F, rules: r, offered: {hospital: £10m}, attainment: {A&E: attained}, "
    f"{SOURCED}}}]\n"
    "options: {funded: {sustainability_funding: f}}"
)


def test_a_fund_that_only_a_later_option_has_draws_its_own_attainment(example: Example) -> None:
    """A&E is attained by half in the mean and pays by itself: £3.5m of £10m, and some finance."""
    path = example.extending(FUND, "funded.yaml")
    stated, funded = resolve(path), resolve(path, "funded")
    alone, beside = run([funded])[0], run([stated, funded])[1]
    found = rows(beside)
    for key, figure in rows(alone).items():
        assert found[key] == figure, key
    met = alone.figure("control_total_met", LAST, "hospital").probability
    paid = alone.figure("sustainability_funding", LAST, "hospital").mean
    assert met is not None
    assert paid == pytest.approx(3 * met + 3.5, abs=0.05)


def test_the_order_of_options_changes_only_what_they_are_compared_with(
    bhr: list[Resolution], compared: tuple[Results, ...]
) -> None:
    turned = run([bhr[5], bhr[0]])
    own = {"difference_position", "difference_transfer", "difference_external_support"}
    own |= {"difference_sustainability_funding", "better_than_first"}
    for result, other in ((turned[0], compared[5]), (turned[1], compared[0])):
        mine, theirs = rows(result), rows(other)
        for key in mine.keys() & theirs.keys():
            assert key[2] in own or mine[key] == theirs[key]
    forth = compared[5].figure("difference_position", LAST, "bhrut")
    back = turned[1].figure("difference_position", LAST, "bhrut")
    assert (forth.mean, forth.se) == (pytest.approx(-back.mean), pytest.approx(back.se))


# what is compared, against a count of the draws


def test_differences_are_those_of_the_draws(
    bhr: list[Resolution], compared: tuple[Results, ...]
) -> None:
    first, other = bhr[0], bhr[5]
    by_draw: list[FloatArray] = []
    positions: list[FloatArray] = []
    for replicate in range(FEW.replicates):
        for x in units(first.plan, FEW.design, replicate):
            outcome = evaluate(first.plan, x)
            sides = [settled(r.plan, r.arrangement, outcome, x).position for r in (first, other)]
            inside = first.plan.bodies.in_perimeter
            whole = [np.concatenate([side[inside].sum(axis=0)[None], side]) for side in sides]
            by_draw.append(whole[1] - whole[0])
            positions.append(whole[1])
    bodies = ("system", *first.plan.bodies.ids)
    for number, name in enumerate(bodies):
        of_body = np.array([part[number, -1] for part in by_draw])
        figure = compared[5].figure("difference_position", LAST, name)
        better = compared[5].figure("better_than_first", LAST, name)
        assert figure.mean == pytest.approx(of_body.mean(), abs=1e-9)
        by_replicate = of_body.mean(axis=1)
        error = by_replicate.std(ddof=1) / math.sqrt(len(by_replicate))
        assert figure.se == pytest.approx(error, abs=1e-9)
        assert better.probability == pytest.approx((of_body > 1e-9).mean())
        tails = [
            tail_mean(part[number : number + 1, -1][:, np.argsort(part[0, -1], kind="stable")])
            for part in positions
        ]
        tail = compared[5].figure("position_in_system_tail", LAST, name)
        assert tail.mean == pytest.approx(np.mean(tails))


def test_a_difference_of_means_is_the_mean_of_the_differences(
    compared: tuple[Results, ...],
) -> None:
    money = ("position", "transfer", "external_support", "sustainability_funding")
    first = rows(compared[0], *money)
    for result in compared[1:]:
        for (level, body, measure, year), figure in rows(result, *money).items():
            difference = result.figure(f"difference_{measure}", year, body)
            there = first[level, body, measure, year]
            for case in ("mean", "plan", "central"):
                expected = getattr(figure, case) - getattr(there, case)
                assert getattr(difference, case) == pytest.approx(expected, abs=1e-9)


def test_who_bears_the_tail_adds_up_to_it(compared: tuple[Results, ...]) -> None:
    for result in compared:
        for year in result.years:
            inside = [
                result.figure("position_in_system_tail", year, body).mean
                for body in result.plan.bodies.ids
            ]
            system = result.figure("position_in_system_tail", year).mean
            assert sum(inside) == pytest.approx(system)
            assert system == pytest.approx(result.figure("position", year).tail_mean)


def test_only_the_guarantor_brings_external_support(compared: tuple[Results, ...]) -> None:
    for result in compared:
        support = result.figure("external_support", LAST)
        transfer = result.figure("transfer", LAST)
        assert (support.mean > 1) == (result.option == "guarantor")
        assert transfer.mean == pytest.approx(0, abs=1e-9)
        gap, after = result.figure("gap", LAST), result.figure("gap_after_support", LAST)
        paid = result.figure("sustainability_funding", LAST).mean
        assert gap.mean - after.mean == pytest.approx(support.mean + paid)


# sure differences

REPLICATES = 40


def means(resolutions: Sequence[Resolution], design: Design) -> dict[tuple[str, str], FloatArray]:
    """Mean positions of the last year by option and body, one for each replicate."""
    plan = resolutions[0].plan
    inside = plan.bodies.in_perimeter
    found: dict[tuple[str, str], list[float]] = {}
    for replicate in range(REPLICATES):
        x = next(units(plan, design, replicate))
        outcome = evaluate(plan, x)
        for r in resolutions:
            position = settled(r.plan, r.arrangement, outcome, x).position[:, -1].mean(axis=1)
            of_body = dict(zip(plan.bodies.ids, position, strict=True))
            for name, mean in {**of_body, "system": position[inside].sum()}.items():
                found.setdefault((r.resolved.option, name), []).append(float(mean))
    return {key: np.array(values) for key, values in found.items()}


def error(by_replicate: FloatArray) -> float:
    return float(by_replicate.std(ddof=1)) / math.sqrt(len(by_replicate))


@pytest.fixture(scope="module")
def of_two_seeds(bhr: list[Resolution]) -> list[dict[tuple[str, str], FloatArray]]:
    """Plain Monte Carlo, in which sharing the draws is all that makes a difference sure."""
    return [means(bhr, Design("monte carlo", 128, seed)) for seed in (614, 2016)]


def times_surer(
    of_two_seeds: list[dict[tuple[str, str], FloatArray]], option: str, body: str
) -> float:
    """The error of a difference of two seeds over that of the same difference on shared draws."""
    here, there = of_two_seeds
    first = here["as stated", body]
    apart = math.hypot(error(first), error(there[option, body]))
    return apart / error(here[option, body] - first)


@pytest.mark.parametrize(
    ("option", "body"),
    [
        ("half linked", "system"),
        ("half linked", "bhrut"),
        ("acute corridor", "system"),
        ("closing the gap", "system"),
    ],
)
def test_shared_draws_make_a_difference_ten_times_surer_than_another_seed(
    of_two_seeds: list[dict[tuple[str, str], FloatArray]], option: str, body: str
) -> None:
    assert times_surer(of_two_seeds, option, body) > 10


def test_no_difference_is_less_sure_on_shared_draws(
    of_two_seeds: list[dict[tuple[str, str], FloatArray]],
) -> None:
    """Not even where a risk share turns the position of a body over."""
    for option in OPTIONS[1:]:
        for body in ("system", "bhrut"):
            assert times_surer(of_two_seeds, option, body) > 1.1, (option, body)


def test_the_default_points_make_a_difference_surer_still(
    bhr: list[Resolution], of_two_seeds: list[dict[tuple[str, str], FloatArray]]
) -> None:
    """Ten times, for every option, against as many plain draws of another seed."""
    lattice = Sampling(Design("lattice", 1024, 614), 8)
    chosen = [r for r in bhr if r.resolved.option in ("as stated", "half linked", "acute corridor")]
    used = lattice.draws / (128 * REPLICATES)
    for result in run(chosen, lattice)[1:]:
        found = result.figure("difference_position", LAST).se
        assert found is not None
        here, there = (seed[name, "system"] for seed, name in zip(
            of_two_seeds, ("as stated", result.option), strict=True
        ))  # fmt: skip
        plain = math.hypot(error(here), error(there)) / math.sqrt(used)
        assert plain > 10 * found


# no draw that another moves

SCHEME = (
    "{{kind: activity, id: {name}, name: N, theme: unused, owner: ccg, saving: £1m, start: "
    "2017-04, slip: {{low: 0 months, high: 24 months}}, ramp: {{shape: step}}, "
    "delivered: {{low: 50%, high: 100%}}, effects: [{{contracts: {{id: emergency}}}}], "
    + SOURCED
    + "}}"
)
DRIVER = (
    "{id: unused, name: U, unit: a year, group: g, value: {low: 0%, high: 1%, over_years: yearly}, "
    + SOURCED
    + "}"
)


def same_draws(one: Resolution, other: Resolution) -> None:
    """Every input that both know has the same bits in every draw."""
    sides = [next(units(r.plan, FEW.design, 1)) for r in (one, other)]
    named = [{item.name: n for n, item in enumerate(r.plan.inputs.inputs)} for r in (one, other)]
    shared = named[0].keys() & named[1].keys()
    assert len(shared) > 10
    for name in shared:
        assert (sides[0][named[0][name]] == sides[1][named[1][name]]).all(), name


def test_a_scheme_that_an_option_adds_and_leaves_unused_moves_nothing(example: Example) -> None:
    add = f"{{schemes: [{SCHEME.format(name='unused')}]}}"
    path = example.extending(f"options: {{more: {{add: {add}}}}}", "option.yaml")
    stated, more = resolve(path), resolve(path, "more")
    same_draws(stated, more)
    assert rows(run([more])[0]) == rows(run([stated])[0])
    together = run([stated, more])
    assert together[1].figure("difference_position", LAST).mean == 0


def test_what_stands_at_the_end_of_a_book_and_is_unused_moves_nothing(example: Example) -> None:
    schemes = ", ".join(SCHEME.format(name=name) for name in ("one", "two"))
    text = f"add: {{schemes: [{schemes}], drivers: [{DRIVER}]}}"
    stated = resolve(example.scenario)
    more = resolve(example.extending(text, "added.yaml"))
    same_draws(stated, more)
    assert rows(run([more])[0]) == rows(run([stated])[0])


def test_a_scheme_that_an_option_adds_and_uses_moves_no_other_draw(example: Example) -> None:
    add = f"{{schemes: [{SCHEME.format(name='used')}]}}"
    used = "[prevention, QIPP, provider efficiency, unused]"
    path = example.extending(f"options: {{more: {{add: {add}, schemes: {used}}}}}", "used.yaml")
    stated, more = resolve(path), resolve(path, "more")
    same_draws(stated, more)
    results = run([stated, more])
    for name in ("do_nothing_gap",):
        assert rows(results[1], name) == rows(results[0], name)
    assert results[1].figure("difference_position", LAST).mean > 0.1


def test_options_with_fewer_schemes_keep_the_draws_of_the_others(example: Example) -> None:
    stated, fewer = resolve(example.scenario), resolve(example.scenario, "without prevention")
    same_draws(stated, fewer)
    results = run([stated, fewer])
    assert rows(results[1], "do_nothing_gap") == rows(results[0], "do_nothing_gap")


def test_a_comparison_of_one_has_nothing_to_be_compared_with(bhr: list[Resolution]) -> None:
    result = run(bhr[:1])[0]
    assert not any(f.measure.startswith("difference_") for f in result.figures)
    assert not any(f.measure == "better_than_first" for f in result.figures)
