"""Several risk shares in one option: parties and partners apart, each of them nets to zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from systems import SOURCE, contract, driver, external, line, organisation, plan_of, system

from finsim.book.arrangements import ControlTotals, RiskShare, TotalsSet
from finsim.economics.risk_share_terms import Pool
from finsim.scenario.resolved import Resolved
from finsim.simulation.arrangement import Settled, settled
from finsim.simulation.cases import central_inputs
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.compile_totals import solved_totals
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import InputError
from finsim.simulation.plan import Plan
from finsim.simulation.run import units
from finsim.uncertainty.point_sets import Design

FloatArray = NDArray[np.float64]
BODIES = {"ccg": "commissioner", "trust": "provider", "council": "council", "town": "council"}
EXACT = 1e-9


def share(name: str, *terms: dict[str, Any]) -> RiskShare:
    return RiskShare.model_validate({"id": name, "name": name, "terms": list(terms), **SOURCE})


EQUALLY = {"shares": {"by": "equal"}}
AMONG_PARTIES = share("among_parties", {"pool": {"members": "parties"}}, EQUALLY)
AMONG_PARTNERS = share(
    "among_partners",
    {"pool": {"members": ["council", "town"], "lines": "home_care"}},
    EQUALLY,
)
ACROSS = share(
    "across",
    {"pool": {"members": ["ccg", "council"], "lines": ["home_care", "continuing_care"]}},
    {"shares": {"by": "fixed", "shares": {"ccg": "50%", "council": "50%"}}},
)


def beside(*chosen: str, totals: Any = None, **scenario: Any) -> Resolved:
    """A CCG and a trust as parties; two councils as partners beside the perimeter.

    What each spends varies by itself: £100m on care, and £20m on home or continuing care.
    """
    stated = {"trust": {"by_year": {"2016/17": "£0m"}}, "ccg": {"by_year": {"2016/17": "£0m"}}}
    sets = {"id": "agreed", "name": "Agreed", "totals": totals or stated, **SOURCE}
    counted = {"id": "ours", "name": "Ours", "totals": "agreed", **SOURCE}
    services = {
        "ccg": "continuing_care",
        "trust": "care",
        "council": "home_care",
        "town": "home_care",
    }
    return system(
        years=(2015, 2016),
        organisations=[
            organisation(
                name,
                kind,
                in_perimeter=kind != "council",
                role="partner" if kind == "council" else "party",
            )
            for name, kind in BODIES.items()
        ],
        external=[external("outside")],
        contracts=[
            contract(f"{name}_income", "outside", name, 120.0, payment="block", service="all")
            for name in BODIES
        ],
        lines=[
            *(line(f"{name}_care", name, 100.0, price=f"pace_{name}") for name in BODIES),
            *(
                line(f"{name}_other", name, 20.0, service=services[name], price=f"pace_{name}")
                for name in BODIES
            ),
        ],
        drivers=[driver(f"pace_{name}", {"low": -0.05, "high": 0.05}) for name in BODIES],
        totals=[TotalsSet.model_validate(sets)],
        control_totals=[ControlTotals.model_validate(counted)],
        risk_shares=[AMONG_PARTIES, AMONG_PARTNERS, ACROSS],
        held={"control_totals": {"agreed": {"ccg": {2016: 0.0}, "trust": {2016: 0.0}}}},
        scenario={"control_totals": "ours", "risk_share": list(chosen), **scenario},
    )


def settle(resolved: Resolved) -> tuple[Plan, Settled]:
    plan = plan_of(resolved)
    x = next(units(plan, Design("latin hypercube", 64, 5), 0))
    outcome = evaluate(plan, x, frozenset({"lines"}))
    return plan, settled(plan, compile_arrangement(plan), outcome, x)


def net(values: FloatArray, *rows: int) -> float:
    return float(np.abs(values[list(rows)].sum(axis=0)).max())


def test_parties_and_partners_each_net_to_zero_by_themselves() -> None:
    _, found = settle(beside("among_parties", "among_partners"))

    assert net(found.transfer_among_parties, 0, 1) < EXACT
    assert net(found.transfer_with_partners, 2, 3) < EXACT
    assert not found.transfer_among_parties[2:].any()
    assert not found.transfer_with_partners[:2].any()
    assert np.abs(found.transfer_among_parties).max() > 1
    assert np.abs(found.transfer_with_partners).max() > 0.1
    np.testing.assert_allclose(
        found.transfer, found.transfer_among_parties + found.transfer_with_partners, atol=EXACT
    )
    assert max(found.imbalance) < EXACT


def test_an_agreement_alone_moves_what_it_moves_beside_another() -> None:
    _, both = settle(beside("among_parties", "among_partners"))
    _, parties = settle(beside("among_parties"))
    _, partners = settle(beside("among_partners"))

    np.testing.assert_allclose(both.transfer_among_parties, parties.transfer, atol=EXACT)
    np.testing.assert_allclose(both.transfer_with_partners, partners.transfer, atol=EXACT)


def test_an_agreement_across_the_perimeter_nets_to_zero_over_its_members() -> None:
    plan, found = settle(beside("across", "among_parties"))
    inside = plan.bodies.in_perimeter

    assert net(found.transfer, 0, 1, 2, 3) < EXACT
    assert net(found.transfer_with_partners, 0, 2) < EXACT
    assert net(found.transfer_among_parties, 0, 1) < EXACT
    crossing = found.transfer[inside].sum(axis=0)
    assert np.abs(crossing).max() > 0.1
    np.testing.assert_allclose(crossing, -found.transfer[~inside].sum(axis=0), atol=EXACT)


def test_a_later_agreement_shares_what_an_earlier_one_left() -> None:
    """After `across` the parties share their positions with what it moved."""
    plan, found = settle(beside("across", "among_parties"))
    x = next(units(plan, Design("latin hypercube", 64, 5), 0))
    before = evaluate(plan, x).position_before_risk_share
    left = before + found.transfer_with_partners

    np.testing.assert_allclose(
        found.judged[:2, 1], np.broadcast_to(left[:2, 1].mean(axis=0), (2, 64)), atol=EXACT
    )


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (("among_parties", "across"), "an earlier pool shares the same variance"),
        (("among_parties", "among_parties"), "names 'among_parties' twice"),
        (("among_parties", "amongpartners"), "did you mean 'among_partners'?"),
    ],
)
def test_agreements_that_do_not_go_together(chosen: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        compile_arrangement(plan_of(beside(*chosen)))


def having(resolved: Resolved, share_of: RiskShare) -> Plan:
    book = resolved.book.model_copy(update={"risk_shares": (share_of,)})
    return plan_of(resolved.model_copy(update={"book": book}))


def test_a_body_without_a_total_or_line_has_no_variance_to_pool() -> None:
    resolved = beside("whole")
    providers = tuple(
        body.model_copy(update={"kind": "provider"}) if body.id == "town" else body
        for body in resolved.book.organisations
    )
    book = resolved.book.model_copy(update={"organisations": providers})
    pool = share("whole", {"pool": {"members": ["ccg", "town"]}}, EQUALLY)

    # a council has its balanced-budget line wherever it stands
    assert compile_arrangement(having(resolved, pool)).terms
    with pytest.raises(InputError, match="town has no control total"):
        compile_arrangement(having(resolved.model_copy(update={"book": book}), pool))


@pytest.mark.parametrize(
    ("word", "members"),
    [
        ("all", ("ccg", "trust")),
        ("NHS bodies", ("ccg", "trust")),
        ("parties", ("ccg", "trust")),
        ("partners", ("council", "town")),
        ("town", ("town",)),
    ],
)
def test_groups_mean_the_perimeter_and_roles_mean_everybody(
    word: str, members: tuple[str, ...]
) -> None:
    pool = share("whole", {"pool": {"members": word, "lines": "home_care"}}, EQUALLY)

    (term, _) = compile_arrangement(having(beside("whole"), pool)).terms

    assert isinstance(term, Pool)
    assert term.members == members


def test_control_totals_stay_in_the_perimeter() -> None:
    resolved = beside()
    counted = resolved.book.control_totals[0].model_copy(update={"members": ("ccg", "town")})
    book = resolved.book.model_copy(update={"control_totals": (counted,)})

    with pytest.raises(InputError, match="there is no organisation 'town' in the system"):
        compile_arrangement(plan_of(resolved.model_copy(update={"book": book})))


# totals distributed on another basis


def distributed(by: str, **rest: Any) -> dict[str, dict[int, float]]:
    stated = {"ccg": {"by_year": {"2016/17": "-£10m"}}, "trust": {"by_year": {"2016/17": "£4m"}}}
    resolved = beside(totals=stated)
    rule = {"distribute": "agreed", "by": by, **rest}
    second = {"id": "shared_out", "name": "Shared out", "totals": {"NHS bodies": rule}, **SOURCE}
    totals = (*resolved.book.totals, TotalsSet.model_validate(second))
    book = resolved.book.model_copy(update={"totals": totals})
    plan = plan_of(resolved.model_copy(update={"book": book}))
    return solved_totals(plan, evaluate(plan, central_inputs(plan)))["shared_out"]


def test_what_is_distributed_is_the_same_sum() -> None:
    assert distributed("equal") == {"ccg": {2016: -3.0}, "trust": {2016: -3.0}}
    by_income = distributed("income")
    assert by_income["ccg"][2016] == pytest.approx(-3.0)
    fixed = distributed("fixed", shares={"ccg": "75%", "trust": "25%"})
    assert fixed == {"ccg": {2016: -4.5}, "trust": {2016: -1.5}}


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ({"distribute": "agred", "by": "equal"}, "did you mean 'agreed'"),
        ({"by": "fixed", "shares": {"ccg": "75%", "town": "25%"}}, "'town' is not one of"),
        ({"by": "weighted population"}, "weighted population"),
    ],
)
def test_a_distribution_that_cannot_be(rest: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        distributed(**{"by": "equal", **rest})
