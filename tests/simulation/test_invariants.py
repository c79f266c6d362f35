"""What must always hold, on any small system and in every draw."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from simulation.by_hand import World
from systems import (
    NAMED_FORMS,
    Dice,
    activity_scheme,
    any_delivered,
    any_ramp,
    any_slip,
    any_terms,
    dice,
    draws_of,
    plan_of,
    row,
    scaled,
    systems,
    with_schemes,
    with_section,
    written,
)

from finsim.book.model import Contract
from finsim.scenario.resolved import Resolved, read_canonical
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.inputs import InputError
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import resolve

FloatArray = NDArray[np.float64]
EXACT = 1e-9
EVERYTHING = frozenset({"positions", "lines", "schemes"})
FIGURES = (
    "income",
    "expenditure",
    "position_do_nothing",
    "position_before_risk_share",
    "saving",
    "stranded_cost",
    "cost_of_delivery",
    "internal_contracts",
)
PARTS = {
    "lines": ("contracts_do_nothing", "contracts", "costs_do_nothing", "costs"),
    "schemes": ("gross", "net", "cost_of_delivery", "other"),
}


def everything(plan: Plan, x: FloatArray) -> Outcome:
    return evaluate(plan, x, EVERYTHING)


def figures(outcome: Outcome) -> dict[str, FloatArray]:
    found = {name: getattr(outcome, name) for name in FIGURES}
    for record, names in PARTS.items():
        part = getattr(outcome, record)
        found |= {f"{record}.{name}": getattr(part, name) for name in names}
    return found


def money_moved(outcome: Outcome) -> float:
    """The size that rounding is judged against, £m."""
    assert outcome.lines is not None
    moved = (outcome.lines.contracts, outcome.lines.costs, outcome.lines.contracts_do_nothing)
    return 1.0 + float(sum(np.abs(part).sum(axis=0).max(initial=0.0) for part in moved))


def gap(plan: Plan, outcome: Outcome) -> FloatArray:
    return -outcome.position_before_risk_share[plan.bodies.in_perimeter].sum(axis=0)


def close(found: FloatArray, expected: FloatArray | float, outcome: Outcome) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=EXACT * money_moved(outcome))


def inside(resolved: Resolved) -> set[str]:
    return {body.id for body in resolved.book.organisations if body.in_perimeter}


def crossing(resolved: Resolved) -> list[bool]:
    """Which contracts have one end in the perimeter."""
    known = inside(resolved)
    return [(c.payer in known) != (c.provider in known) for c in resolved.book.contracts]


@settings(max_examples=40)
@given(systems())
def test_money_is_neither_made_nor_lost(resolved: Resolved) -> None:
    plan, known = plan_of(resolved), inside(resolved)
    stated = resolved.book.contracts
    into = np.array([c.provider in known and c.payer not in known for c in stated])
    both = np.array([c.provider in known and c.payer in known for c in stated])
    for x in (central_inputs(plan), plan_inputs(plan), draws_of(plan)):
        outcome = everything(plan, x)
        lines = outcome.lines
        assert lines is not None
        assert outcome.contract_imbalance <= EXACT * money_moved(outcome)
        for number, name in enumerate(plan.bodies.ids):
            received = lines.contracts[[c.provider == name for c in stated]].sum(axis=0)
            close(outcome.income[number], received, outcome)
        position = outcome.position_before_risk_share
        close(outcome.income - outcome.expenditure, position, outcome)
        change = position + outcome.cost_of_delivery - outcome.position_do_nothing
        close(outcome.saving, change, outcome)
        close(outcome.internal_contracts, lines.contracts[both].sum(axis=0), outcome)
        total = outcome.income[plan.bodies.in_perimeter].sum(axis=0) - outcome.internal_contracts
        close(total, lines.contracts[into].sum(axis=0), outcome)


@settings(max_examples=40)
@given(systems())
def test_grouped_costs_are_the_sum_of_the_lines(resolved: Resolved) -> None:
    """What is left of a position without contracts and lines is pressure and shocks alone."""
    plan = plan_of(resolved)
    outcome = everything(plan, draws_of(plan))
    lines, book = outcome.lines, resolved.book
    assert lines is not None
    of_line = np.array([line.organisation for line in book.lines])
    payer = np.array([c.payer for c in book.contracts])
    provider = np.array([c.provider for c in book.contracts])
    for number, name in enumerate(plan.bodies.ids):
        pressure_and_shocks = []
        for contracts, costs, position in (
            (
                lines.contracts,
                lines.costs,
                outcome.position_before_risk_share + outcome.cost_of_delivery,
            ),
            (lines.contracts_do_nothing, lines.costs_do_nothing, outcome.position_do_nothing),
        ):
            net = contracts[provider == name].sum(axis=0) - contracts[payer == name].sum(axis=0)
            left = net - costs[of_line == name].sum(axis=0) - position[number]
            pressure_and_shocks.append(left)
        close(*pressure_and_shocks, outcome)


@settings(max_examples=40)
@given(systems())
def test_schemes_account_for_the_whole_saving_in_every_draw(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    for x in (plan_inputs(plan), draws_of(plan)):
        outcome = everything(plan, x)
        schemes = outcome.schemes
        assert schemes is not None
        total = outcome.saving[plan.bodies.in_perimeter].sum(axis=0)
        close(schemes.net.sum(axis=0) + schemes.other, total, outcome)


def follows_activity(resolved: Resolved) -> bool:
    """Whether no contract across the perimeter is paid by what was planned for."""
    terms = {item.id: item.by_year.values() for item in resolved.book.payments}
    planned = {"blended", "cap and collar"}
    return not any(
        across and ({c.payment} | {f.form for f in terms.get(c.payment, ())}) & planned
        for c, across in zip(resolved.book.contracts, crossing(resolved), strict=True)
    )


@settings(max_examples=40)
@given(systems())
def test_nothing_is_left_unattributed_unless_terms_follow_a_plan(resolved: Resolved) -> None:
    assume(resolved.scenario.schemes and follows_activity(resolved))
    plan = plan_of(resolved)
    outcome = everything(plan, draws_of(plan))
    assert outcome.schemes is not None
    close(outcome.schemes.other, 0.0, outcome)


@settings(max_examples=40)
@given(systems())
def test_every_figure_is_a_number(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    for x in (central_inputs(plan), plan_inputs(plan), draws_of(plan)):
        for name, values in figures(everything(plan, x)).items():
            assert np.isfinite(values).all(), name


@settings(max_examples=40)
@given(systems(most_schemes=0), dice())
def test_a_plan_refuses_to_remove_more_than_there_is(resolved: Resolved, dice: Dice) -> None:
    on = dice.choice(resolved.book.contracts)
    effect = [{"contracts": {"id": on.id}}]
    saving = on.baseline * dice.amount(0, 4)
    ramp, start = any_ramp(dice), dice.choice(("2016-04", "2016-11"))
    small = activity_scheme("s", saving / 1024, effect, ramp=ramp, start=start)
    modest = with_schemes(with_section(resolved, schemes=[small]), "s")
    world = World(modest, plan_of(modest), plan_inputs(plan_of(modest)))
    removed = world.removed(on).max() * 1024
    assume(abs(removed - 1) > 1e-6)
    full = with_section(modest, schemes=[small.model_copy(update={"saving": saving})])
    if removed <= 1:
        plan = plan_of(full)
        assert evaluate(plan, plan_inputs(plan)).removed <= 1 + EXACT
    else:
        with pytest.raises(InputError, match="100%"):
            plan_of(full)


@settings(max_examples=40)
@given(systems(), dice())
def test_how_an_inside_contract_is_paid_does_not_move_the_system(
    resolved: Resolved, dice: Dice
) -> None:
    """Reserves apart: what is held back is a part of a contract's value."""
    resolved = resolved.model_copy(
        update={"scenario": resolved.scenario.model_copy(update={"reserves": None})}
    )
    known = inside(resolved)
    internal = [c for c in resolved.book.contracts if {c.payer, c.provider} <= known]
    assume(internal)
    years = range(resolved.scenario.years[0], resolved.scenario.years[1] + 1)
    terms = any_terms(dice, "new_terms", years)
    changed, payment = dice.choice(internal), dice.choice((*NAMED_FORMS, *[terms.id] * 3))
    contracts = [
        c.model_copy(update={"payment": payment}) if c is changed else c
        for c in resolved.book.contracts
    ]
    old = with_section(resolved, payments=[*resolved.book.payments, terms])
    plan, other = plan_of(old), plan_of(with_section(old, contracts=contracts))
    x = draws_of(plan)
    before, after = everything(plan, x), everything(other, x)
    close(gap(other, after), gap(plan, before), before)
    was, now = (
        o.position_do_nothing[plan.bodies.in_perimeter].sum(axis=0) for o in (before, after)
    )
    close(now, was, before)


@settings(max_examples=40)
@given(systems(), dice())
def test_a_scheme_that_never_happens_changes_nothing_but_its_costs(
    resolved: Resolved, dice: Dice
) -> None:
    assume(resolved.scenario.schemes)
    name = dice.choice(resolved.scenario.schemes)
    never = [
        s.model_copy(update={"chance": 0.0}) if s.id == name else s for s in resolved.book.schemes
    ]
    with_it = with_section(resolved, schemes=never)
    without = with_schemes(with_it, *(s for s in resolved.scenario.schemes if s != name))
    plan, other = plan_of(with_it), plan_of(without)
    x = draws_of(plan)
    y = np.stack([row(plan, x, item.name) for item in other.inputs.inputs])
    here, there = everything(plan, x), everything(other, y)
    for figure in ("income", "position_do_nothing", "saving", "stranded_cost"):
        close(getattr(here, figure), getattr(there, figure), here)
    cost = here.cost_of_delivery - there.cost_of_delivery
    close(here.position_before_risk_share + cost, there.position_before_risk_share, here)
    assert here.schemes is not None
    number = [scheme.id for scheme in plan.schemes].index(name)
    assert not here.schemes.net[number].any()


@settings(max_examples=40)
@given(systems(), dice())
def test_more_delivery_inside_the_perimeter_never_widens_the_gap(
    resolved: Resolved, dice: Dice
) -> None:
    """A payer inside saves what a provider inside loses; what is left is the cost released.

    True where every part of the scheme removes activity (no negative share), no level of its ramp
    is negative, and no other scheme removes more than there is; the growth and price indices are
    positive.
    """
    known = inside(resolved)
    internal = [c for c in resolved.book.contracts if {c.payer, c.provider} <= known]
    internal += [
        item
        for item in resolved.book.lines
        if item.organisation in known and item.demand != "contracts"
    ]
    assume(internal)
    on = dice.some(internal)
    effects = [
        {"contracts" if isinstance(item, Contract) else "lines": {"id": item.id}, "share": share}
        for item, share in zip(on, [1 / len(on)] * len(on), strict=True)
    ]
    years = range(resolved.scenario.years[0], resolved.scenario.years[1] + 1)
    scheme = activity_scheme(
        "more",
        min(item.baseline for item in on) / 5,
        effects,
        ramp=any_ramp(dice),
        slip=any_slip(dice),
        delivered=any_delivered(dice, years),
        recurrent=dice.amount(0, 1),
    )
    stated = with_section(resolved, schemes=[*resolved.book.schemes, scheme])
    plan = plan_of(with_schemes(stated, *resolved.scenario.schemes, "more"))
    x = draws_of(plan)
    less = everything(plan, x)
    assume(less.removed <= 1)
    x[plan.inputs.position("schemes.more.delivered")] += dice.amount(0.01, 1)
    more = everything(plan, x)
    assert np.all(gap(plan, more) <= gap(plan, less) + EXACT * money_moved(less))


@settings(max_examples=40)
@given(systems())
def test_the_same_inputs_give_the_same_bits(resolved: Resolved) -> None:
    plan, again = plan_of(resolved), plan_of(resolved)
    x = draws_of(plan)
    assert np.array_equal(x, draws_of(again))
    first, second = figures(everything(plan, x)), figures(everything(again, x.copy()))
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name


@settings(max_examples=40)
@given(systems())
def test_recording_more_moves_no_bit_of_the_positions(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    x = draws_of(plan)
    little, much = evaluate(plan, x), everything(plan, x)
    assert little.lines is None
    for name in FIGURES:
        assert np.array_equal(getattr(little, name), getattr(much, name)), name


@settings(max_examples=40)
@given(systems())
def test_evaluating_moves_no_input(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    x = draws_of(plan)
    kept = x.copy()
    everything(plan, x)
    assert np.array_equal(x, kept)


@settings(max_examples=40)
@given(systems())
def test_a_draw_does_not_depend_on_the_draws_beside_it(resolved: Resolved) -> None:
    """To rounding: in a block of another size the order of additions may differ."""
    plan = plan_of(resolved)
    x = draws_of(plan)
    all_of_them = everything(plan, x)
    alone = everything(plan, x[:, :, 17:18])
    for name, values in figures(alone).items():
        np.testing.assert_allclose(
            values, figures(all_of_them)[name][..., 17:18], rtol=EXACT,
            atol=EXACT * money_moved(all_of_them), err_msg=name,
        )  # fmt: skip


@settings(max_examples=40)
@given(systems(sure=True))
def test_without_variance_every_draw_is_the_central_case(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    assert plan.inputs.coordinates.size == 0
    central = everything(plan, central_inputs(plan))
    for name, values in figures(everything(plan, draws_of(plan))).items():
        expected = np.broadcast_to(figures(central)[name], values.shape)
        np.testing.assert_allclose(
            values, expected, rtol=EXACT, atol=EXACT * money_moved(central), err_msg=name
        )


@settings(max_examples=40)
@given(systems(), st.sampled_from((0.25, 2.0, 1024.0)))
def test_a_power_of_two_times_the_money_is_exactly_that_times_the_results(
    resolved: Resolved, k: float
) -> None:
    small, large = plan_of(resolved), plan_of(scaled(resolved, k))
    x = draws_of(small)
    here, there = everything(small, x), everything(large, x)
    for name in FIGURES:
        assert np.array_equal(k * getattr(here, name), getattr(there, name)), name


@settings(max_examples=40)
@given(systems(), st.floats(0.1, 1e4))
def test_k_times_the_money_is_k_times_the_results(resolved: Resolved, k: float) -> None:
    small, large = plan_of(resolved), plan_of(scaled(resolved, k))
    x = draws_of(small)
    here, there = everything(small, x), everything(large, x)
    for name in FIGURES:
        np.testing.assert_allclose(
            getattr(there, name) / k, getattr(here, name), rtol=EXACT,
            atol=EXACT * money_moved(here), err_msg=name,
        )  # fmt: skip


@settings(max_examples=40)
@given(systems(), st.integers(-500, 5_000), st.booleans())
def test_the_calibrated_central_gap_is_the_published_one(
    resolved: Resolved, published: int, last: bool
) -> None:
    years = resolved.scenario.year_numbers
    year = years[-1] if last else years[1]
    stated = {
        "do_nothing_gap": f"£{published}m",
        "in": f"{year}/{(year + 1) % 100:02d}",
        "by": "unattributed pressure",
    }
    with tempfile.TemporaryDirectory() as folder:
        plan = resolve(written(resolved, Path(folder), stated)).plan
    central = everything(plan, central_inputs(plan))
    found = -central.position_do_nothing[plan.bodies.in_perimeter].sum(axis=0)
    assert found[years.index(year), 0] == pytest.approx(
        published, rel=EXACT, abs=EXACT * money_moved(central)
    )


@settings(max_examples=40)
@given(systems())
def test_files_and_typed_models_give_the_same_bits(resolved: Resolved) -> None:
    alone = resolved.model_copy(update={"held": type(resolved.held)()})
    with tempfile.TemporaryDirectory() as folder:
        read = resolve(written(alone, Path(folder)))
    assert read.resolved.book == alone.book
    plan = plan_of(alone)
    x = draws_of(plan)
    assert np.array_equal(x, draws_of(read.plan))
    first, second = figures(everything(plan, x)), figures(everything(read.plan, x))
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name


@settings(max_examples=40)
@given(systems())
def test_the_canonical_text_reads_back_to_the_same_bits(resolved: Resolved) -> None:
    again = read_canonical(resolved.canonical_text)
    assert again == resolved
    assert again.sha256 == resolved.sha256
    plan, other = plan_of(resolved), plan_of(again)
    x = draws_of(plan)
    assert np.array_equal(x, draws_of(other))
    first, second = figures(everything(plan, x)), figures(everything(other, x))
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name
