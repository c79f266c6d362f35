from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from finsim.economics import contracts as pay
from finsim.economics.arrays import UNIT
from finsim.outputs.trace import trace
from finsim.outputs.trace_case import Case, central_case, drawn_case, plan_case
from finsim.outputs.trace_contract import ContractTrace, contract_trace
from finsim.outputs.trace_factors import product
from finsim.outputs.trace_input import input_trace
from finsim.outputs.trace_ledger import ledger
from finsim.outputs.trace_level import level_trace
from finsim.outputs.trace_line import line_trace
from finsim.outputs.trace_names import Subject, UnknownName, find, subjects
from finsim.outputs.trace_scheme import scheme_trace
from finsim.outputs.trace_system import GAPS, gap_by_year
from finsim.outputs.trace_text import WIDTH
from finsim.outputs.words import signed
from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import sampling, units

ROOT = Path(__file__).parents[2]
SYSTEMS = ("bhr", "bhr-net-savings", "bhr-ons-outturn", "example", "nuffield")
DRAWS = (0, UNIT - 1, UNIT, 2500)
CLOSE = 1e-9


@cache
def resolution(name: str) -> Resolution:
    return resolve(ROOT / "scenarios" / f"{name}.yaml")


@cache
def case(name: str, draw: int | None, back: int = 0) -> Case:
    """The central case or a draw, in the last year or so many before it."""
    resolved = resolution(name)
    t = len(resolved.plan.years) - 1 - back
    return central_case(resolved, t) if draw is None else drawn_case(resolved, t, draw)


def text(of: Case, word: str) -> str:
    found = find(of.resolution.resolved, word)
    return "\n".join(line for subject in found for line in trace(of, subject))


every_case = pytest.mark.parametrize(
    "made", [(name, draw) for name in SYSTEMS for draw in (None, 777)], ids=str
)


# the ledger


@every_case
def test_ledger_entries_sum_to_the_position_of_the_engine(made: tuple[str, int | None]) -> None:
    for back in (0, 3, 5):
        found = case(*made, back)
        outcome = found.outcome
        for number in range(len(found.book.organisations)):
            nothing, after = ledger(found, number).sums
            at = (number, found.t, 0)
            assert nothing == pytest.approx(outcome.position_do_nothing[at], abs=CLOSE)
            assert after == pytest.approx(outcome.position_before_risk_share[at], abs=CLOSE)


@pytest.mark.parametrize("draw", [None, 1234])
def test_printed_ledger_ties_to_the_last_shown_decimal(draw: int | None) -> None:
    found = case("bhr", draw)
    number = [body.id for body in found.book.organisations].index("bhrut")
    shown = text(found, "bhrut")
    position = next(line for line in shown.splitlines() if line.startswith("Position before"))
    at = (number, found.t, 0)
    for engine in (found.outcome.position_do_nothing, found.outcome.position_before_risk_share):
        assert signed(float(engine[at])).strip() in position
    entries = [line for line in shown.splitlines() if re.search(r"  (illus|deriv|publ)\w+$", line)]
    parts = ledger(found, number)
    assert len(entries) == len(parts.income) + len(parts.own_costs) + len(parts.others)
    values = [float(line.split()[-2].replace(",", "").strip("()")) for line in entries]
    income = sum(values[: len(parts.income)])
    assert income == pytest.approx(found.outcome.income[at], abs=0.05 * len(parts.income))


def test_ledger_names_payer_service_id_and_standing() -> None:
    shown = text(case("bhr", None), "bhrut")
    assert re.search(r"^  Havering CCG +[\d.]+ +[\d.]+$", shown, re.M)
    assert re.search(r"^    emergency +havering_ccg_bhrut_emergency .* illustrative$", shown, re.M)
    assert "unattributed pressure" in shown
    assert "Rests on illustrative inputs" in shown


def test_costs_of_delivery_and_shocks_stand_in_the_ledger() -> None:
    found = case("bhr", 5)
    number = [body.id for body in found.book.organisations].index("havering_ccg")
    others = ledger(found, number).others
    delivery = sum(entry.value for entry in others if entry.group == "costs of delivery")
    engine = found.outcome.cost_of_delivery[number, found.t, 0]
    assert delivery == pytest.approx(engine, abs=CLOSE)
    assert engine > 0
    shock = next(entry for entry in others if entry.group == "shock")
    assert shock.value != 0


# lines and contracts


@every_case
def test_factors_of_every_line_multiply_to_its_cost(made: tuple[str, int | None]) -> None:
    found = case(*made)
    for number in range(len(found.book.lines)):
        traced = line_trace(found, number)
        np.testing.assert_allclose(product(traced.factors), traced.cost, rtol=CLOSE)
        if traced.served:
            assert sum(part.share for part in traced.served) == pytest.approx(1, abs=CLOSE)
            parts = np.sum([part.cost for part in traced.served], axis=0)
            np.testing.assert_allclose(parts, traced.cost, rtol=CLOSE)
            before = np.sum([part.do_nothing for part in traced.served], axis=0)
            np.testing.assert_allclose(before, traced.do_nothing, rtol=CLOSE)


@every_case
def test_factors_of_every_contract_give_its_value(made: tuple[str, int | None]) -> None:
    found = case(*made)
    for number in range(len(found.book.contracts)):
        traced = contract_trace(found, number)
        for t in range(len(traced.forms)):
            assert traced.value[t] == pytest.approx(paid(traced, t), rel=CLOSE)


def paid(traced: ContractTrace, t: int) -> float:
    """The value by the formula of the year's form, from the factors that are shown."""
    base, *_, price = (float(each.values[t]) for each in traced.factors)
    activity = np.array(traced.at_tariff[t] / (base * price))
    form = traced.forms[t]
    if form.form == "blended":
        edge = np.inf if form.break_glass is None else form.break_glass
        plan = traced.plan_activity[1, t]
        return float(pay.blended(base, activity, plan, price, form.marginal_rate, edge))
    assert form.form in {"tariff", "block"}
    return base * price if form.form == "block" else float(traced.at_tariff[t])


def test_a_line_shows_its_formula_drivers_places_and_contracts() -> None:
    shown = text(case("bhr", None), "bhrut_emergency_pay")
    assert "cost = B × A × Q × E × (1 − released)" in shown
    assert re.search(r"£101\.43m × 1\.\d{4} × .* = £\d+\.\dm", shown)
    assert re.search(r"Provider pay inflation \(provider_pay\): published", shown)
    assert re.search(r"^havering_ccg_bhrut_emergency +33\.7% ", shown, re.M)
    own = text(case("bhr", None), "bd_ccg_prescribing")
    assert "cost = B × D × N × Q × E × (1 − released)" in own
    assert "qipp_prescribing" in own


def test_a_contract_shows_payment_by_year_and_both_ends() -> None:
    shown = text(case("bhr", 1234), "bd_ccg_bhrut_emergency")
    assert "from 2015/16 tariff; from 2019/20 blended" in shown
    assert re.search(r"^Paid by .* tariff +blended +blended$", shown, re.M)
    assert "Plan activity, after schemes" in shown
    assert "no mismatch" in shown
    assert "bhrut_emergency_pay" in shown


def test_a_dispute_shows_both_stated_values() -> None:
    disputed = resolve(
        ROOT / "scenarios" / "example.yaml",
        None,
        ["contracts.emergency.payer_value=£100m", "contracts.emergency.provider_value=£104m"],
    )
    shown = text(central_case(disputed, 2), "contracts.emergency")
    assert "payer £100.0m, provider £104.0m" in shown
    assert "mismatch £4.0m" in shown


# draws


@pytest.mark.parametrize("draw", DRAWS)
def test_a_draw_is_the_draw_of_the_run(draw: int) -> None:
    found = case("bhr", draw)
    plan, design = found.plan, sampling(found.resolution.resolved.scenario.run).design
    replicate, within = divmod(draw, design.draws)
    x = list(units(plan, design, replicate, UNIT))[within // UNIT]
    outcome = evaluate(plan, x)
    at = within % UNIT
    run = outcome.position_before_risk_share[:, :, at]
    assert np.array_equal(found.of(found.outcome.position_before_risk_share), run)
    assert np.array_equal(found.x[:, :, 0], x[:, :, at])


def test_an_input_shows_its_value_in_the_draw() -> None:
    found = case("bhr", 1234)
    traced = input_trace(found, "tariff")
    assert traced.values is not None
    assert np.array_equal(traced.values, found.x[found.plan.inputs.position("tariff"), :, 0])
    last = 100 * traced.values[-1]
    assert f"{last:.2f}%".replace("-", "−") in text(found, "tariff")
    index = np.cumprod(1 + np.concatenate([[0.0], traced.values[1:]]))
    np.testing.assert_allclose(found.index("tariff"), index, rtol=CLOSE)


# schemes


@every_case
def test_schemes_sum_to_the_saving_and_stranded_cost(made: tuple[str, int | None]) -> None:
    found = case(*made)
    traced = [scheme_trace(found, n) for n in range(len(found.plan.schemes))]
    inside = found.plan.bodies.in_perimeter
    saving = found.of(found.outcome.saving)[inside].sum(axis=0)
    net = np.sum([each.net for each in traced], axis=0) + found.of(found.schemes.other)
    np.testing.assert_allclose(net, saving, atol=1e-8)
    stranded = np.sum([each.stranded for each in traced], axis=0)
    engine = found.of(found.outcome.stranded_cost).sum(axis=0)
    np.testing.assert_allclose(stranded, engine, atol=1e-8)


def test_a_solved_saving_says_from_what_and_where() -> None:
    shown = text(case("bhr", None), "locality_model")
    flat = " ".join(shown.split())
    assert (
        "£26.9m a year at the top of the ramp, solved from £45.0m over 2016/17 to 2020/21" in flat
    )
    assert "schemes.yaml:" in flat
    planned = scheme_trace(plan_case(resolution("bhr"), 5), position("locality_model"))
    assert planned.gross is not None
    assert planned.gross.sum() == pytest.approx(45.0, abs=CLOSE)


def position(scheme: str) -> int:
    return [each.id for each in resolution("bhr").plan.schemes].index(scheme)


def test_a_scheme_shows_planned_central_and_drawn() -> None:
    shown = text(case("bhr", 12), "housing")
    for words in ("as planned", "central case", "draw 12"):
        assert f"In-year saving at tariff, {words}" in shown
    assert "In-year saving at tariff, draw" not in text(case("bhr", None), "housing")
    unused = text(case("bhr", None), "bd_council_savings")
    assert "does not take it up" in unused


def test_a_net_saving_shows_its_cash_release() -> None:
    shown = " ".join(text(case("bhr-net-savings", None), "housing").split())
    assert re.search(r"net to the system: ÷ [\d.]+% cash release = £[\d.]+m at tariff", shown)


# the system


@every_case
def test_a_gap_is_minus_the_sum_of_positions(made: tuple[str, int | None]) -> None:
    found = case(*made)
    inside = found.plan.bodies.in_perimeter
    for measure, positions in GAPS.items():
        values = getattr(found.outcome, positions)[:, :, 0]
        if measure == "gap_local_share":
            values = values * found.plan.bodies.local_share[:, None]
        np.testing.assert_allclose(
            gap_by_year(found, measure), -values[inside].sum(axis=0), atol=CLOSE
        )


def test_the_system_prints_the_calibrated_gap() -> None:
    shown = text(case("bhr", None), "system")
    assert re.search(r"^Gap +614\.0 ", shown, re.M)
    assert "is unattributed pressure" in shown
    assert re.search(r"^Do-nothing gap .* 614\.0$", text(case("bhr", None), "do_nothing_gap"), re.M)
    solved = " ".join(text(case("bhr", None), "Unattributed Pressure").split())
    assert "the published do-nothing gap of £614.0m less" in solved
    assert "there is none" in text(case("bhr-public-drivers", None), "unattributed")


# what an option settles


PROPORTIONAL = ("control_totals=system", "risk_share=proportional")
GUARANTEED = ("control_totals=system", "risk_share=guarantor")


@cache
def arranged(sets: tuple[str, ...], draw: int | None, back: int = 0) -> Case:
    chosen = resolve(ROOT / "scenarios" / "bhr.yaml", None, sets)
    t = len(chosen.plan.years) - 1 - back
    return central_case(chosen, t) if draw is None else drawn_case(chosen, t, draw)


@pytest.mark.parametrize("draw", [None, 777])
@pytest.mark.parametrize("sets", [(), PROPORTIONAL, GUARANTEED])
def test_the_position_is_what_settling_and_funding_leave(
    sets: tuple[str, ...], draw: int | None
) -> None:
    found = arranged(sets, draw)
    transfers = []
    for number in range(len(found.book.organisations)):
        traced = ledger(found, number)
        after = traced.after
        assert after is not None
        parts = after.transfer + after.external_support + after.sustainability_funding
        assert after.position == pytest.approx(traced.position + parts, abs=CLOSE)
        transfers.append(after.transfer)
    assert sum(transfers) == pytest.approx(0, abs=1e-8)
    assert any(transfers) is bool(sets)


def test_a_settled_draw_is_the_draw_of_the_run() -> None:
    found = arranged(GUARANTEED, 777)
    plan, design = found.plan, sampling(found.resolution.resolved.scenario.run).design
    x = list(units(plan, design, 0, UNIT))[777 // UNIT]
    after = settled(plan, found.resolution.arrangement, evaluate(plan, x), x)
    assert found.settled is not None
    assert np.array_equal(found.settled.position[:, :, 0], after.position[:, :, 777 % UNIT])


def test_the_ledger_goes_on_to_the_position() -> None:
    found = arranged(PROPORTIONAL, 777)
    shown = text(found, "bhrut")
    after = ledger(found, 6).after
    assert after is not None
    assert re.search(r"^Transfer, risk share proportional +\(?[\d.]+", shown, re.M)
    assert f"judged against the control total, system: {'met' if after.met else 'not met'}" in shown
    last = next(line for line in shown.splitlines() if line.startswith("Position  "))
    assert last.split()[-1] == signed(after.position).strip()
    both = text(found, "system")
    assert re.search(r"^System .* (yes|no)$", both, re.M)


def test_reserves_stand_in_the_ledger() -> None:
    found = arranged(("reserves=ccg_reserves",), None, back=4)
    traced = ledger(found, 0)
    assert any(entry.group == "reserves" and entry.value > 0 for entry in traced.others)
    assert traced.sums == pytest.approx((traced.position_do_nothing, traced.position), abs=CLOSE)


# sources


def lines_named(shown: str) -> list[tuple[str, int]]:
    found = re.findall(r"(?:^|[\s(…])((?:\S*/)?[\w.-]+\.(?:csv|yaml)):(\d+)", shown)
    return [(path, int(line)) for path, line in found]


@pytest.mark.parametrize(
    ("word", "file", "holds"),
    [
        ("bhrut_emergency_pay", "lines.csv", "bhrut_emergency_pay,"),
        ("bd_ccg_bhrut_emergency", "contracts.csv", "bd_ccg_bhrut_emergency,"),
        ("population.growth", "bhr.yaml", "growth: {low: 19%, high: 28%}"),
        ("housing", "schemes.yaml", "id: housing"),
        ("shock_bd_ccg", "drivers.yaml", "sd: 3%"),
    ],
)
def test_places_lead_to_what_was_written(word: str, file: str, holds: str) -> None:
    named = [found for found in lines_named(text(case("bhr", None), word)) if file in found[0]]
    assert named
    folders = {"bhr.yaml": "scenarios"}
    path = ROOT / folders.get(file, "assumptions/bhr") / file
    written = path.read_text(encoding="utf-8").splitlines()
    assert any(holds in written[line - 1] for _, line in named)


def test_a_set_value_shows_its_own_place_beside_the_books() -> None:
    changed = resolve(ROOT / "scenarios" / "bhr.yaml", None, ["drivers.tariff.2018/19=0.3%"])
    shown = " ".join(text(central_case(changed, 5), "tariff").split())
    assert re.search(r"drivers\.yaml:\d+; 2018/19 at --set drivers\.tariff\.2018/19=0\.3%$", shown)


# names


def test_names_are_found_whatever_their_case() -> None:
    resolved = resolution("bhr").resolved
    assert find(resolved, "BHRUT") == [
        Subject("organisation", "bhrut", "BHRUT", 6, "organisations")
    ]
    assert find(resolved, "b&d ccg shock")[0].id == "shock_bd_ccg"
    assert find(resolved, "drivers.tariff") == find(resolved, "tariff")
    assert find(resolved, "QIPP")[0].kind == "theme"


def test_an_id_that_two_share_gives_both() -> None:
    found = find(resolution("example").resolved, "prescribing")
    assert [subject.kind for subject in found] == ["line"]
    shared = {subject.kind for subject in find(resolution("example").resolved, "emergency")}
    assert shared == {"contract"}
    two = find(resolution("bhr").resolved, "Locality model")
    assert [subject.kind for subject in two] == ["theme"]


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'bhrut'"):
        find(resolution("bhr").resolved, "bhrutt")


def test_every_id_is_found() -> None:
    resolved = resolution("bhr").resolved
    known = subjects(resolved)
    for subject in known:
        word = f"{subject.section}.{subject.id}" if subject.section else subject.id
        assert subject in find(resolved, word)


def test_the_system_is_the_system_and_not_a_control_total_of_that_id() -> None:
    resolved = resolution("bhr").resolved
    assert [subject.kind for subject in find(resolved, "system")] == ["system"]
    assert [subject.section for subject in find(resolved, "control_totals.system")] == [
        "control_totals"
    ]


# networks and localities


@pytest.mark.parametrize("made", [("bhr", None), ("bhr", 777), ("llr", None)], ids=str)
def test_what_falls_to_a_body_sums_to_what_the_engine_says(made: tuple[str, int | None]) -> None:
    found = case(*made)
    for budget in found.resolution.arrangement.levels.budgets:
        for number in range(len(budget.view.bodies)):
            traced = level_trace(found, budget, number)
            spent = sum(item.value for item in traced.spent)
            assert spent == pytest.approx(traced.expenditure, abs=CLOSE * 1e3)


def test_a_network_shows_its_lines_and_who_holds_its_budget() -> None:
    shown = text(case("bhr-localities", None), "integrated_teams")
    assert "NELFT: adult community care, pay (nelft_community_adults_pay)" in shown
    assert "in shadow. Held by nelft 60.0%" in shown
    alone = resolve(ROOT / "scenarios" / "bhr-localities.yaml", sets=["budgets=[delegated]"])
    unseen = text(central_case(alone, 5), "integrated_teams")
    assert "No budget of networks is chosen" in unseen


# text


@pytest.mark.parametrize(
    "made",
    [("bhr", 777), ("bhr-public-drivers", None), ("example", 3), ("nuffield", None)],
    ids=str,
)
def test_every_trace_fits_the_page(made: tuple[str, int | None]) -> None:
    found = case(*made)
    for subject in subjects(found.resolution.resolved):
        lines = trace(found, subject)
        assert lines
        for line in lines:
            assert len(line) <= WIDTH, (subject, line)
            assert line == line.rstrip()
            assert not re.search(r"\bnan\b|\bNone\b|\binf\b", line), (subject, line)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("age_cost_mix", "between 0% and 100%"),
        ("shock_bd_ccg", "Student t with 4 degrees of freedom"),
        ("shock_bd_ccg", "rank correlation 0.8 through commissioner_shock_factor"),
        ("tariff", "50% of the last carried into it"),
        ("schemes.housing.happens", "chance of 90%"),
        ("population.growth", "in the list of random numbers"),
        ("prices", "Rank correlations"),
        ("emergency_blended", "18 contracts"),
        ("nhs_england", "Paid by it"),
        ("better_care_fund", "not by this option"),
        ("ae_attainment", "in the fund stf"),
        ("position_in_system_tail", "no single case has one"),
    ],
)
def test_traces_say_what_a_reader_looks_for(word: str, says: str) -> None:
    assert says in " ".join(text(case("bhr", None), word).split())


def test_the_shipped_fixture_gives_the_same(shipped: Callable[..., Resolution]) -> None:
    same = shipped("example")
    t = len(same.plan.years) - 1
    assert text(central_case(same, t), "system") == text(case("example", None), "system")
