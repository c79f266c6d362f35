"""The forms of risk share in use, each composed of the small terms and worked by hand."""

from math import inf

import numpy as np
import pytest

from finsim.economics.contracts import blended, marginal
from finsim.economics.risk_share import check_settlement, settle
from finsim.economics.risk_share_terms import (
    Amount,
    Band,
    Basis,
    Cap,
    Corridor,
    FixedLine,
    Pool,
    Reserve,
    Shares,
    Waterfall,
)

TRUST, CCG, COUNCIL = "BHRUT", "CCG", "council"
BODIES = (TRUST, CCG, COUNCIL)


def transfers(terms, variance=(0, 0, 0), **lines):
    def column(by_body):
        return np.array(by_body, dtype=float)[:, None, None]

    by_line = {name: column(by_body) for name, by_body in lines.items()}
    settled = settle(column(variance), terms, Basis(BODIES, ("2018/19",), lines=by_line))
    assert check_settlement(settled) <= 1e-9
    return settled.transfer[:, 0, 0].tolist()


@pytest.mark.parametrize(
    ("trust_saves", "ccg_saves", "to_trust"),
    [(40, 20, -10), (0, 50, 25), (60, 0, -30), (80, 0, -30), (-5, 20, 10)],
)
def test_sixty_million_of_savings_shared_equally(trust_saves, ccg_saves, to_trust):
    terms = [
        Pool((TRUST, CCG), "favourable", lines=("savings",)),
        Corridor((Band(0, 60, 1.0), Band(60, inf, 0.0)), on="pool"),
        Shares({TRUST: 0.5, CCG: 0.5}),
    ]
    got = transfers(terms, savings=[trust_saves, ccg_saves, 0])
    assert got == pytest.approx([to_trust, -to_trust, 0])


def test_section_75_overspend():
    terms = [
        FixedLine("equipment", host=COUNCIL),
        Pool((CCG, COUNCIL), lines=("equipment", "reablement", "home care")),
        Waterfall(
            Shares({CCG: 0.6, COUNCIL: 0.4}),
            (
                Reserve("risk pool", 2.0, {CCG: 0.5, COUNCIL: 0.5}),
                Reserve("uncommitted schemes", 1.0, {CCG: 1.0}),
            ),
        ),
    ]
    got = transfers(terms, equipment=[0, -3, 0], reablement=[0, 4, 0], **{"home care": [0, 0, -17]})
    # Equipment: £3m to the council. Home care £17m over: £4m underspent, £2m and £1m set aside,
    # £10m outside the pool.
    assert got == pytest.approx([0, 3 - 4 - 1 - 1 - 6, -3 + 17 - 1 - 4])


@pytest.mark.parametrize("activity", [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5])
def test_blended_payment_is_the_contract_form(activity):
    planned, tariff_value = 100.0, 100.0 * activity
    terms = [
        Pool((TRUST,), lines=("emergency",)),
        Corridor((Band(0, 20, 0.8), Band(20, inf, 0.0))),
        Shares({CCG: 1.0}),
    ]
    got = transfers(terms, emergency=[tariff_value - planned, planned - tariff_value, 0])
    by_contract = blended(planned, np.array([[activity]]), 1.0, 1.0, 0.2, break_glass=0.2)
    assert tariff_value + got[0] == pytest.approx(by_contract.item())


@pytest.mark.parametrize("activity", [0.8, 1.0, 1.3])
def test_marginal_rate_is_the_contract_form(activity):
    terms = [
        Pool((TRUST,), "favourable", lines=("emergency",)),
        Corridor((Band(0, inf, 0.7),)),
        Shares({CCG: 1.0}),
    ]
    got = transfers(terms, emergency=[100 * activity - 100, 100 - 100 * activity, 0])
    by_contract = marginal(100.0, np.array([[activity]]), 1.0, 0.3)
    assert 100 * activity + got[0] == pytest.approx(by_contract.item())


def test_aligned_incentive_contract():
    # £8m of contract income lost and £3m of cost saved: income is guaranteed, the saving is kept.
    terms = [FixedLine("contract income", host=CCG)]
    got = transfers(terms, variance=[-5, 8, 0], **{"contract income": [-8, 8, 0]})
    assert got == pytest.approx([8, -8, 0])
    assert -5 + got[0] == pytest.approx(3)


@pytest.mark.parametrize(("spend_below_plan", "to_trust"), [(10, 4), (0, 0), (-10, -4)])
def test_multilateral_gain_and_loss_share(spend_below_plan, to_trust):
    terms = [
        Pool((CCG,), lines=("commissioner spend",)),
        Shares({TRUST: 0.4, CCG: 0.4, COUNCIL: 0.2}),
    ]
    got = transfers(terms, **{"commissioner spend": [0, spend_below_plan, 0]})
    assert got == pytest.approx([to_trust, -1.5 * to_trust, to_trust / 2])


def test_acute_corridor_with_a_cap():
    terms = [
        Pool((TRUST,)),
        Corridor((Band(0, 5, 0.0), Band(5, inf, 0.5))),
        Shares({CCG: 0.75, COUNCIL: 0.25}),
        Cap(loss={COUNCIL: Amount(2)}),
    ]
    assert transfers(terms, variance=[-25, 0, 0]) == pytest.approx([10, -8, -2])
