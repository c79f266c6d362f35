"""Networks and localities: a table by hand, and what must hold on any system in every draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from systems import (
    SOURCE,
    Dice,
    contract,
    dice,
    draws_of,
    external,
    line,
    organisation,
    people,
    plan_of,
    system,
    systems,
    with_section,
)

from finsim.analysis.observe_levels import off_nought, off_the_system
from finsim.book.levels import Budgets, Locality, Network
from finsim.economics import ledger
from finsim.scenario.resolved import Resolved
from finsim.simulation.arrangement import settled
from finsim.simulation.cases import central_inputs
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.compile_levels import compile_levels
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.inputs import InputError
from finsim.simulation.levels import LevelOutcome, level_outcomes
from finsim.simulation.plan import Plan

EXACT = 1e-9
TOTALS = {"agreed": {name: {2016: 0.0} for name in ("ccg", "hospital", "clinic")}}


def network(name: str, **rest: Any) -> Network:
    return Network.model_validate({"id": name, "name": name.title(), **SOURCE, **rest})


def locality(name: str, people: dict[str, float], **rest: Any) -> Locality:
    return Locality.model_validate(
        {"id": name, "name": name.title(), "people": people, **SOURCE, **rest}
    )


def budgets(name: str, level: str, **rest: Any) -> Budgets:
    return Budgets.model_validate({"id": name, "name": name, "level": level, **SOURCE, **rest})


def levelled(resolved: Resolved, *chosen: str, **scenario: Any) -> Resolved:
    stated = resolved.scenario.model_copy(update={"budgets": chosen, **scenario})
    return resolved.model_copy(update={"scenario": stated})


# By hand


def town(**sections: Any) -> Resolved:
    """£200m comes to the CCG; £120m of acute care and £60m of community care, and £8m untagged.

    A visitor pays the clinic £10m for community care. North has 30 people of the town and south
    10; the village has 20 of its own. In 2016 nothing has moved but the people of the village.
    """
    stated: dict[str, Any] = {
        "years": (2015, 2016),
        "organisations": [
            organisation("ccg", "commissioner", areas=["town", "village"]),
            organisation("hospital", areas=["town", "village"]),
            organisation("clinic", areas=["town"]),
        ],
        "external": [external("england"), external("visitor"), external("elsewhere")],
        "contracts": [
            contract("allocation", "england", "ccg", "£200m", payment="block"),
            contract("visits", "visitor", "clinic", "£10m", network="community"),
            contract("acute", "ccg", "hospital", "£110m", network="acute"),
            contract("far", "ccg", "elsewhere", "£20m", network="acute", areas=["village"]),
            contract("near", "ccg", "clinic", "£50m", network="Community"),
        ],
        "lines": [
            line("wards", "hospital", "£120m", network="acute"),
            line("nurses", "clinic", "£40m", network="community", locality="town side"),
            line("homes", "ccg", "£20m", network="community", locality="south"),
            line("office", "ccg", "£8m"),
        ],
        "population": people({
            "town": {2015: [20, 20, 0], 2016: [20, 20, 0]},
            "village": {2015: [10, 10, 0], 2016: [30, 30, 0]},
        }),
        "grown": {"growth": "outturn", "variant": ["made up"]},
        "networks": [network("acute"), network("community")],
        "localities": [
            locality("north", {"town": 30}, group="town side"),
            locality("south", {"town": 10}, group="town side"),
            locality("village", {"village": 1}),
        ],
        "budgets": [budgets("by_network", "networks"), budgets("by_place", "localities")],
    }  # fmt: skip
    return system(**{**stated, **sections})


def seen(resolved: Resolved) -> tuple[Plan, Outcome, tuple[LevelOutcome, ...]]:
    plan = plan_of(resolved)
    x = central_inputs(plan)
    outcome = evaluate(plan, x)
    return plan, outcome, level_outcomes(plan, compile_levels(plan), outcome, x)


def of(values: Any, year: int = 1) -> list[float]:
    return [float(value) for value in values[:, year, 0]]


def test_networks_by_hand() -> None:
    """Net of what is earned £198m is spent: 140 acute, 50 community, 8 unassigned.

    Own costs and what leaves the perimeter count; what the CCG pays the hospital and the clinic
    nets out. The £200m is allotted 140 : 50 : 8.
    """
    _, _, (found,) = seen(levelled(town(), "by_network"))
    assert of(found.expenditure) == pytest.approx([140, 60, 8])
    general = [200 * part / 198 for part in (140, 50, 8)]
    income = [general[0], general[1] + 10, general[2]]
    assert of(found.income) == pytest.approx(income)
    assert of(found.budget) == pytest.approx(income)
    assert of(found.variance_to_budget) == pytest.approx(
        [income[0] - 140, income[1] - 60, income[2] - 8]
    )


@pytest.mark.parametrize(
    ("year", "village"), [(0, 1 / 3), (1, 0.6)], ids=["20 of 60 people", "60 of 100"]
)
def test_localities_by_hand(year: int, village: float) -> None:
    """Without a tag money goes by its areas, else its organisation's; a group's by people."""
    _, _, (found,) = seen(levelled(town(), "by_place"))
    north, south = 0.75 * (1 - village), 0.25 * (1 - village)
    spent = [
        128 * north + 40 * 0.75,
        128 * south + 40 * 0.25 + 20,
        128 * village + 20,
    ]
    assert of(found.expenditure, year) == pytest.approx([*spent, 0])
    # The visitor pays the clinic, which is the town's.
    received = [200 * north + 7.5, 200 * south + 2.5, 200 * village]
    assert of(found.income, year) == pytest.approx([*received, 0])


def test_capitation_by_hand() -> None:
    """Budgets for community care: 40 of north and south 3 : 1, 20 of south; £70m is given.

    Net of £10m that is earned 50 of 198 is covered, so budgets have 10 + 50/198 of £200m. By
    people they end as 30, 10 and 60 of 100.
    """
    stated = budgets(
        "delegated", "localities", covers={"network": "community"},
        capitation={"from": 2015, "by": 2016},
    )  # fmt: skip
    resolved = town(budgets=[stated])
    _, _, (found,) = seen(levelled(resolved, "delegated"))
    pool = 10 + 200 * 50 / 198
    assert of(found.budget, 0) == pytest.approx([pool * 30 / 60, pool * 30 / 60, 0, 0])
    assert of(found.budget) == pytest.approx([pool * 0.3, pool * 0.1, pool * 0.6, 0])
    assert of(found.variance_to_budget) == pytest.approx(
        [pool * 0.3 - 30, pool * 0.1 - 30, pool * 0.6, 0]
    )
    assert not found.transfer.any()


LIVE = {
    "networks": [
        network("acute", held_by={"hospital": 0.75, "ccg": 0.25}),
        network("community", held_by={"clinic": 1.0}),
    ],
    "control_totals": [
        {
            "id": "ours", "name": "Ours", "totals": "agreed", "members": ["all"], **SOURCE,
        },
    ],
    "totals": [
        {"id": "agreed", "name": "Agreed", "totals": {"all": {"by_year": {2016: "£0m"}}}, **SOURCE},
    ],
    "held": {"control_totals": TOTALS},
}  # fmt: skip


def live(**budget: Any) -> Resolved:
    moves = [{"from": "acute", "to": "community", "by_year": {2016: "£4m"}}]
    stated = budgets("by_network", "networks", **{"moves": moves, "live_from": 2016, **budget})
    return levelled(town(budgets=[stated], **LIVE), "by_network", control_totals="ours")


def test_a_live_move_reaches_the_holders() -> None:
    """£4m leaves the acute budget: £3m from the hospital, £1m from the CCG, to the clinic."""
    plan, outcome, (found,) = seen(live())
    assert of(found.transfer) == pytest.approx([-4, 4, 0])
    assert of(found.to_organisations) == pytest.approx([-1, -3, 4])
    assert not found.transfer[:, 0].any()
    result = settled(plan, compile_arrangement(plan), outcome, central_inputs(plan))
    assert of(result.transfer) == pytest.approx([-1, -3, 4])
    judged = of(outcome.position_before_risk_share + found.to_organisations)
    assert of(result.judged) == pytest.approx(judged)


def test_in_shadow_no_money_moves() -> None:
    plan, outcome, (found,) = seen(live(live_from=None))
    assert of(found.budget)[0] == pytest.approx(200 * 140 / 198 - 4)
    assert not found.transfer.any()
    assert (found.position == found.position_before_risk_share).all()
    result = settled(plan, compile_arrangement(plan), outcome, central_inputs(plan))
    assert not result.transfer.any()


def test_terms_share_what_is_over() -> None:
    """Budgets without moves: 141.41 and 60.51. Variances +1.41 and +0.51 are halved."""
    terms = [{"pool": {"members": ["all"]}}, {"shares": {"by": "equal", "members": ["all"]}}]
    _, _, (found,) = seen(live(moves=[], terms=terms))
    over, under = 200 * 140 / 198 - 140, 200 * 50 / 198 - 50
    half = (over + under) / 2
    assert of(found.transfer) == pytest.approx([half - over, half - under, 0])
    assert of(found.variance_to_budget)[:2] == pytest.approx([over, under])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"budgets": ["by_network", "by_network_2"]}, "two budgets of networks"),
        ({"budgets": ["nothing"]}, "there is no set of budgets 'nothing'"),
    ],
)
def test_a_mistake_in_the_choice(change: dict[str, Any], says: str) -> None:
    both = [budgets("by_network", "networks"), budgets("by_network_2", "networks")]
    with pytest.raises(InputError, match=says):
        compile_levels(plan_of(levelled(town(budgets=both), **change)))


def test_live_budgets_need_holders_and_totals() -> None:
    stated = budgets("by_network", "networks", live_from=2016)
    resolved = levelled(town(budgets=[stated]), "by_network")
    with pytest.raises(InputError) as error:
        compile_levels(plan_of(resolved))
    told = [str(error.value), *map(str, error.value.others)]
    assert [text.partition(" ")[0] for text in told] == ["'Acute'", "'Community'", "has"]


# On any system


def with_levels(dice: Dice, resolved: Resolved) -> Resolved:
    """Random tags, places and budgets; some of each are left out."""
    book = resolved.book
    networks = [network(f"network_{n}") for n in range(dice.randint(1, 3))]
    areas = book.population.areas
    years = resolved.scenario.year_numbers
    places = [
        locality(
            f"place_{n}",
            {area: dice.amount(0.1, 5) for area in dice.some(areas)},
            group=dice.choice((None, "side")),
            first_year=dice.choice((None, None, *years)),
        )
        for n in range(dice.randint(1, 4))
    ]
    groups = ["side"] if any(place.group for place in places) else []
    words = [*(place.id for place in places), *groups, *areas]

    def tagged(items: tuple[Any, ...]) -> list[Any]:
        return [
            item.model_copy(
                update={
                    "network": dice.choice((None, *(n.id for n in networks))),
                    "locality": dice.choice((None, *words)),
                }
            )
            for item in items
        ]

    covers = dice.choice((None, {"network": [n.id for n in dice.some(networks)]}))
    start = dice.choice(years)
    stated = [
        budgets("by_network", "networks", moves=_moves(dice, networks, years)),
        budgets(
            "by_place", "localities", covers=covers, moves=_moves(dice, places, years),
            capitation=dice.choice((None, {"from": start, "by": start + 2})),
        ),
    ]  # fmt: skip
    tags = {"lines": tagged(book.lines), "contracts": tagged(book.contracts)}
    new = with_section(resolved, networks=networks, localities=places, budgets=stated, **tags)
    return levelled(new, *dice.some(("by_place", "by_network")))


def _moves(dice: Dice, bodies: list[Any], years: tuple[int, ...]) -> list[Any]:
    if len(bodies) < 2 or dice.likely(0.5):
        return []
    giver, receiver = dice.sample(bodies, 2)
    amount = dice.choice((f"£{dice.amount(0, 20)}m", "10% of income"))
    return [{"from": giver.id, "to": receiver.id, "by_year": {dice.choice(years[1:]): amount}}]


@settings(max_examples=60)
@given(systems(), dice())
def test_levels_sum_to_the_system_in_every_draw(resolved: Resolved, rolled: Dice) -> None:
    plan = plan_of(with_levels(rolled, resolved))
    try:
        levels = compile_levels(plan)
    except InputError as error:
        # A system that spends nothing of its own, or less than it earns, has no budget to divide.
        assume("nothing that" not in str(error) and "no more than" not in str(error))
        raise
    for x in (central_inputs(plan), draws_of(plan)):
        outcome = evaluate(plan, x)
        found = level_outcomes(plan, levels, outcome, x)
        inside = plan.bodies.in_perimeter
        scale = 1 + float(np.abs(outcome.income).sum() + np.abs(outcome.expenditure).sum())
        assert off_the_system(plan, outcome, found) <= EXACT * scale
        assert off_nought(found) <= EXACT * scale
        for level, budget in zip(found, levels.budgets, strict=True):
            np.testing.assert_allclose(budget.view.spread.sum(axis=0), 1)
            if budget.covers_all:
                whole = ledger.system_income(outcome.income, inside, outcome.internal_contracts)
                close = EXACT * scale
                np.testing.assert_allclose(level.budget.sum(axis=0), whole, rtol=0, atol=close)
            np.testing.assert_allclose(
                level.income - level.expenditure, level.position_before_risk_share, atol=EXACT
            )


@settings(max_examples=30)
@given(systems(), dice())
def test_levels_change_nothing_of_the_system(resolved: Resolved, rolled: Dice) -> None:
    """Tags, places and budgets in shadow are views: the same bits with and without them."""
    plan, seen_too = plan_of(resolved), plan_of(with_levels(rolled, resolved))
    one, other = (evaluate(p, draws_of(p)) for p in (plan, seen_too))
    for name in ("income", "expenditure", "position_before_risk_share", "position_do_nothing"):
        assert (getattr(one, name) == getattr(other, name)).all()


@settings(max_examples=30)
@given(st.integers(2, 5), st.data())
def test_live_budgets_make_and_lose_nothing(count: int, data: st.DataObject) -> None:
    """Whatever the terms and the holders, what moves sums to zero over bodies and holders."""
    rolled = data.draw(dice())
    organisations = ["ccg", "hospital", "clinic"]
    bodies = []
    for number in range(count):
        held = rolled.some(organisations)
        bodies.append(network(f"n{number}", held_by=dict.fromkeys(held, 1 / len(held))))
    base = town(**{**LIVE, "networks": bodies})
    book = base.book
    tags = {
        "lines": [i.model_copy(update={"network": rolled.choice(bodies).id}) for i in book.lines],
        "contracts": [i.model_copy(update={"network": None}) for i in book.contracts],
    }
    cap = rolled.choice(({"loss": "2% of income"}, {"gain": "£1m", "loss": "£1m"}))
    stated = budgets(
        "by_network", "networks", live_from=2016, moves=_moves(rolled, bodies, (2015, 2016)),
        terms=[{"pool": {"members": ["all"]}}, {"shares": {"by": "equal"}}, {"cap": cap}],
    )  # fmt: skip
    resolved = with_section(base, budgets=[stated], **tags)
    plan = plan_of(levelled(resolved, "by_network", control_totals="ours"))
    x = central_inputs(plan)
    outcome = evaluate(plan, x)
    result = settled(plan, compile_arrangement(plan), outcome, x)
    assert np.abs(result.transfer.sum(axis=0)).max() <= EXACT
    (found,) = level_outcomes(plan, compile_levels(plan), outcome, x)
    assert np.abs(found.transfer.sum(axis=0)).max() <= EXACT
    assert (found.transfer[-1] == 0).all()
    np.testing.assert_allclose(found.to_organisations, result.transfer, atol=EXACT)
