"""Control totals as amounts, solved where they are stated and held; funds, offsets, reserves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from example_files import Example
from numpy.typing import NDArray
from systems import draws_of

from finsim.commands.new import new
from finsim.economics.control_totals import system_total
from finsim.economics.risk_share_terms import Corridor, Guarantor, Pool
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.resolve import Resolution, resolve

FloatArray = NDArray[np.float64]
Shipped = Callable[..., Resolution]
Extend = Callable[..., Resolution]
SOURCED = 'source: s, standing: published, as_at: "2016"'
NHS = [0, 1]
GROWTH = "drivers.non_demographic=4%"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("new") / "example"
    assert new(folder, "example") == 0
    return Example(folder)


@pytest.fixture
def extending(example: Example) -> Iterator[Extend]:
    """The example system with more in its scenario."""
    made: list[Path] = []

    def resolved(text: str, option: str | None = None, *sets: str) -> Resolution:
        made.append(example.extending(text, f"extending_{len(made)}.yaml"))
        return resolve(made[-1], option, sets)

    yield resolved
    for path in made:
        path.unlink()


def central(resolution: Resolution) -> Outcome:
    return evaluate(resolution.plan, central_inputs(resolution.plan))


def stretched(resolution: Resolution, rate: float = 0.005) -> FloatArray:
    """The central position and a stretch, of the NHS bodies in the projected years."""
    outcome = central(resolution)
    whole = outcome.position_before_risk_share + rate * outcome.income
    projected: FloatArray = whole[NHS, 1:, 0]
    return projected


def nhs_totals(resolution: Resolution) -> FloatArray:
    projected: FloatArray = resolution.arrangement.totals[NHS, 1:]
    return projected


# from central


def test_a_total_from_central_is_the_central_position_and_the_stretch(example: Example) -> None:
    resolution = resolve(example.scenario)
    assert nhs_totals(resolution) == pytest.approx(stretched(resolution), rel=1e-12)
    assert np.isnan(resolution.arrangement.totals[:, 0]).all()
    assert np.isnan(resolution.arrangement.totals[2]).all(), "the council has none"


def test_a_stretch_may_be_an_amount(extending: Extend) -> None:
    rule = "{NHS bodies: {from: central, improve_by: £2m}}"
    resolution = extending(f"changes: {{totals: {{stretch: {{totals: {rule}}}}}}}")
    expected = central(resolution).position_before_risk_share[NHS, 1:, 0] + 2
    assert nhs_totals(resolution) == pytest.approx(expected)


@pytest.mark.parametrize(
    "sets",
    [(GROWTH,), ("drivers.tariff.2018/19=3%", "population.growth=20%"), ("schemes=[QIPP]",)],
)
def test_overrides_move_the_position_and_not_the_total(
    example: Example, sets: tuple[str, ...]
) -> None:
    stated, moved = resolve(example.scenario), resolve(example.scenario, None, sets)
    assert (nhs_totals(moved) == nhs_totals(stated)).all()
    assert np.abs(stretched(moved) - nhs_totals(moved)).max() > 0.1


@pytest.mark.parametrize("option", ["without prevention", "system total shared"])
def test_an_option_moves_no_total_that_it_does_not_state(example: Example, option: str) -> None:
    stated, moved = resolve(example.scenario), resolve(example.scenario, option)
    assert (nhs_totals(moved) == nhs_totals(stated)).all()
    if option == "without prevention":
        assert np.abs(stretched(moved) - nhs_totals(moved)).max() > 0.1


def test_a_file_that_extends_inherits_the_totals(example: Example, extending: Extend) -> None:
    moved = extending("changes: {drivers: {non_demographic: 4%}}")
    assert (nhs_totals(moved) == nhs_totals(resolve(example.scenario))).all()


def test_a_file_that_states_totals_again_solves_them_as_it_stands(extending: Extend) -> None:
    rule = "{NHS bodies: {from: central, improve_by: 1% of income}}"
    changes = f"{{drivers: {{non_demographic: 4%}}, totals: {{stretch: {{totals: {rule}}}}}}}"
    again = extending(f"changes: {changes}")
    assert nhs_totals(again) == pytest.approx(stretched(again, 0.01))
    held = extending(f"changes: {changes}", None, "drivers.non_demographic=0%")
    assert (nhs_totals(held) == nhs_totals(again)).all()


def test_a_file_that_calibrates_again_solves_its_totals_again(extending: Extend) -> None:
    gap = "{do_nothing_gap: £90m, in: 2020/21, by: unattributed pressure}"
    again = extending(f"calibrate: {gap}")
    assert nhs_totals(again) == pytest.approx(stretched(again))


def test_an_override_that_states_a_total_solves_it_again(example: Example) -> None:
    text = "totals.stretch.totals.NHS bodies.improve_by=1% of income"
    again = resolve(example.scenario, None, [text])
    assert nhs_totals(again) == pytest.approx(stretched(again, 0.01))


# straight lines, amounts as agreed


def test_a_straight_line_goes_from_the_base_year_to_the_target_and_stays(
    extending: Extend,
) -> None:
    rule = "{NHS bodies: {from: base year, to: £3m, in: 2018/19}}"
    resolution = extending(f"changes: {{totals: {{stretch: {{totals: {rule}}}}}}}")
    start = central(resolution).position_before_risk_share[NHS, 0, :]
    steps = np.array([1 / 3, 2 / 3, 1, 1, 1])
    assert nhs_totals(resolution) == pytest.approx(start + (3 - start) * steps)


def test_bhr_closes_its_gap_in_equal_steps(shipped: Shipped) -> None:
    resolution = shipped("bhr", "closing the gap")
    start = central(resolution).position_before_risk_share[:, :1, 0]
    line = start * (1 - np.arange(1, 6) / 5)
    found = resolution.arrangement.totals[:, 1:]
    nhs = resolution.arrangement.in_system
    assert found[nhs] == pytest.approx(line[nhs], abs=1e-9)


def test_amounts_as_agreed_stand_in_their_years_alone(extending: Extend) -> None:
    rule = "{ccg: {by_year: {2017/18: £1.25m}}, hospital: {by_year: {2017/18: -£2m, 2019/20: £0m}}}"
    found = extending(f"changes: {{totals: {{stretch: {{totals: {rule}}}}}}}").arrangement
    expected = np.full((3, 6), np.nan)
    expected[0, 2], expected[1, 2], expected[1, 4] = 1.25, -2, 0
    np.testing.assert_array_equal(found.totals, expected)
    assert system_total(found.totals, found.in_system)[2] == -0.75


# who counts, and offsets


@pytest.mark.parametrize(
    ("members", "inside"),
    [
        ("NHS bodies", [True, True, False]),
        ("commissioners", [True, False, False]),
        ("providers", [False, True, False]),
        ("[hospital, councils]", [False, True, True]),
        ("all", [True, True, True]),
    ],
)
def test_words_name_groups_of_bodies(extending: Extend, members: str, inside: list[bool]) -> None:
    change = f"changes: {{control_totals: {{organisational: {{members: {members}}}}}}}"
    assert extending(change).arrangement.in_system.tolist() == inside


def test_a_body_outside_the_perimeter_is_no_member(extending: Extend) -> None:
    outside = "changes: {organisations: {hospital: {in_perimeter: false}}}"
    found = extending(f"{outside}\ncontrol_totals: organisational").arrangement
    assert found.in_system.tolist() == [True, False, False]
    assert np.isnan(found.lines[1]).all()


def test_councils_have_a_balanced_budget_line_and_no_total(example: Example) -> None:
    found = resolve(example.scenario).arrangement
    assert np.isnan(found.totals[2]).all()
    assert found.lines[2, 1:].tolist() == [0] * 5
    assert np.isnan(found.lines[:, 0]).all()


def test_offsets_move_bodies_and_not_the_system(example: Example, extending: Extend) -> None:
    offsets = "{2018/19: {ccg: -£1.5m, hospital: £1.5m}}"
    change = f"changes: {{control_totals: {{organisational: {{offsets: {offsets}}}}}}}"
    moved, stated = extending(change).arrangement, resolve(example.scenario).arrangement
    difference = np.nan_to_num(moved.totals - stated.totals)
    expected = np.zeros((3, 6))
    expected[:, 3] = [-1.5, 1.5, 0]
    assert difference == pytest.approx(expected)
    systems = [system_total(a.totals, a.in_system)[1:] for a in (moved, stated)]
    assert systems[0] == pytest.approx(systems[1], abs=1e-9)


def test_nel_offsets_net_to_zero_and_allow_bhr_ccgs_ten_point_two(shipped: Shipped) -> None:
    after = shipped("nel-offset-2017").arrangement
    before = shipped("nel-offset-2017", "before offsets").arrangement
    ids = shipped("nel-offset-2017").plan.bodies.ids
    bhr = [ids.index(f"{name}_ccg") for name in ("bd", "havering", "redbridge")]
    moved = after.totals[:, -1] - before.totals[:, -1]
    assert moved.sum() == pytest.approx(0, abs=1e-9)
    assert after.totals[bhr, -1].sum() == pytest.approx(-10.2, abs=1e-9)
    for arrangement in (after, before):
        total = system_total(arrangement.totals, arrangement.in_system)
        assert total[-1] == pytest.approx(0, abs=1e-9)


# the fund


def funded(*, rules: str, fund: str) -> str:
    attained = f"{{id: attained, name: A, unit: share, group: g, value: 80%, {SOURCED}}}"
    return (
        "sustainability_funding: f\n"
        "add:\n"
        f"  drivers: [{attained}]\n"
        f"  funding_rules: [{{id: r, name: R, by_year: {rules}, {SOURCED}}}]\n"
        f"  funds: [{{id: f, name: F, rules: r, {fund}, {SOURCED}}}]"
    )


FINANCE = "{parts: {finance: 100%}}"


def test_offers_are_amounts_or_part_of_base_year_income(extending: Extend) -> None:
    offered = "offered: {ccg: £3m, providers: 2% of income}"
    found = extending(funded(rules=f"{{2016/17: {FINANCE}}}", fund=offered)).arrangement.funding
    assert found is not None
    hospital = 0.02 * (90 + 70 + 30)
    assert found.offered == pytest.approx(np.array([[0, *[3] * 5], [0, *[hospital] * 5], [0] * 6]))
    assert found.in_scope.tolist() == [True, True, False]


def test_nothing_is_offered_before_the_first_year(extending: Extend) -> None:
    fund = "offered: {ccg: £3m}, first_year: 2018/19"
    found = extending(funded(rules=f"{{2016/17: {FINANCE}}}", fund=fund)).arrangement.funding
    assert found is not None
    assert found.offered[0].tolist() == [0, 0, 0, 3, 3, 3]


def test_rules_hold_until_the_next_year_that_states_some(extending: Extend) -> None:
    later = "{parts: {finance: 60%, A&E: 40%}, taper: {own: £5m}}"
    rules = f"{{2016/17: {FINANCE}, 2019/20: {later}}}"
    fund = "offered: {hospital: £3m}, attainment: {A&E: attained}"
    found = extending(funded(rules=rules, fund=fund)).arrangement.funding
    assert found is not None
    assert [term.own_taper for term in found.terms] == [0, 0, 0, 0, 5, 5]
    assert [term.parts["finance"] for term in found.terms] == [1, 1, 1, 1, 0.6, 0.6]


def test_attainment_is_the_driver_in_each_draw(extending: Extend) -> None:
    rules = "{2016/17: {parts: {finance: 60%, A&E: 40%}}}"
    fund = "offered: {hospital: £3m}, attainment: {A&E: attained}"
    resolution = extending(funded(rules=rules, fund=fund))
    found = resolution.arrangement.funding
    assert found is not None
    row = found.attainment["A&E"]
    assert row == resolution.plan.inputs.position("attained")
    assert central_inputs(resolution.plan)[row] == pytest.approx(0.8)


# risk shares


def test_terms_are_read_in_their_words(shipped: Shipped) -> None:
    pool, corridor = shipped("bhr", "BHRUT and CCGs 50/50").arrangement.terms[:2]
    assert isinstance(pool, Pool)
    assert pool.members == ("bd_ccg", "havering_ccg", "redbridge_ccg", "bhrut")
    assert pool.years == ("2018", "2019", "2020")
    assert isinstance(corridor, Corridor)
    assert corridor.on == "pool"
    below, above = corridor.adverse
    assert (below.low, below.pooled, above.high, above.pooled) == (0, 1, np.inf, 0)
    assert below.high == above.low > 0
    guarantor = shipped("bhr", "guarantor").arrangement.terms[-1]
    assert isinstance(guarantor, Guarantor)
    assert (guarantor.threshold.value, guarantor.share, guarantor.limit.value) == (10, 0.5, 30)


def test_bands_in_percent_of_income_may_start_at_nil_pounds(extending: Extend) -> None:
    bands = "[{from: £0m, to: 1% of income, pooled: 0%}, {from: 1% of income, pooled: 50%}]"
    terms = f"[{{pool: {{members: hospital}}}}, {{corridor: {{bands: {bands}}}}}, "
    terms += "{shares: {by: income, members: NHS bodies}}]"
    added = f"add: {{risk_shares: [{{id: s, name: S, terms: {terms}, {SOURCED}}}]}}"
    corridor = extending(f"{added}\nrisk_share: s").arrangement.terms[1]
    assert isinstance(corridor, Corridor)
    assert corridor.unit == "income"


# reserves


def test_reserves_lower_positions_by_their_rate_of_the_allocation(shipped: Shipped) -> None:
    """1% and 0.5% in 2016/17, 0.5% and 0.5% in 2017/18, of the CCGs' allocations and no other."""
    stated = shipped("bhr")
    held = resolve(stated.path, None, ["reserves=ccg_reserves"])
    lines = frozenset({"positions", "lines"})
    x = draws_of(stated.plan, 64)
    assert (draws_of(held.plan, 64) == x).all()
    before, after = (evaluate(r.plan, x, lines) for r in (stated, held))
    assert before.lines is not None
    book = stated.resolved.book
    rates = np.array([0, 0.015, 0.01, 0, 0, 0])[:, None]
    for number, organisation in enumerate(book.organisations):
        allocations = [
            n
            for n, contract in enumerate(book.contracts)
            if contract.provider == organisation.id and contract.service == "allocation"
        ]
        is_ccg = organisation.kind == "commissioner"
        assert bool(allocations) == is_ccg
        expected = -rates * before.lines.contracts[allocations].sum(axis=0)
        for figure in ("position_before_risk_share", "position_do_nothing"):
            moved = getattr(after, figure)[number] - getattr(before, figure)[number]
            np.testing.assert_allclose(moved, expected, rtol=0, atol=1e-9)
        assert (expected.min() < -2) == is_ccg
