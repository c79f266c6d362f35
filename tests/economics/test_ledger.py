import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.ledger import (
    contract_incidence,
    contracts_by_node,
    contracts_in,
    contracts_inside,
    contracts_out,
    gap,
    position,
    position_before_risk_share,
    system_expenditure,
    system_income,
)

CCG, TRUST, COUNCIL, ELSEWHERE = range(4)
INSIDE = np.array([True, True, True, False])
# The CCG buys from the trust, the council and a provider elsewhere; elsewhere buys from the trust.
INCIDENCE = contract_incidence(
    np.array([CCG, CCG, CCG, ELSEWHERE]), np.array([TRUST, COUNCIL, ELSEWHERE, TRUST]), 4
)
VALUES = np.array([330.0, 45, 190, 60]).reshape(4, 1, 1)


def random_ledger(seed, nodes=6, contracts=12, years=4, draws=5):
    rng = np.random.default_rng(seed)
    payer = rng.integers(0, nodes, contracts)
    provider = (payer + rng.integers(1, nodes, contracts)) % nodes
    values = rng.uniform(0, 400, (contracts, years, draws))
    return contract_incidence(payer, provider, nodes), values, rng


def test_each_contract_has_one_payer_and_one_provider():
    expected = [[-1, -1, -1, 0], [1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, -1]]
    assert np.array_equal(INCIDENCE, expected)


@pytest.mark.parametrize(
    ("payer", "provider", "message"),
    [(0, 0, "must differ"), (0, 4, "outside 0 to 3"), (-1, 2, "outside 0 to 3")],
)
def test_contracts_between_one_node_or_none_are_refused(payer, provider, message):
    with pytest.raises(ValueError, match=message):
        contract_incidence(np.array([payer]), np.array([provider]), 4)


def test_contracts_by_node_by_hand():
    assert contracts_by_node(INCIDENCE, VALUES).ravel() == pytest.approx([-565, 390, 45, 130])
    assert contracts_in(INCIDENCE, VALUES).ravel() == pytest.approx([0, 390, 45, 190])
    assert contracts_out(INCIDENCE, VALUES).ravel() == pytest.approx([565, 0, 0, 60])
    assert contracts_inside(INCIDENCE, VALUES, INSIDE) == pytest.approx(375)


@given(st.integers(0, 2**32 - 1))
def test_contracts_net_to_zero_in_every_year_and_draw(seed):
    incidence, values, _ = random_ledger(seed)
    by_node = contracts_by_node(incidence, values)
    assert by_node.shape == (6, 4, 5)
    assert by_node.sum(axis=0) == pytest.approx(np.zeros((4, 5)), abs=1e-9)
    assert by_node == pytest.approx(
        contracts_in(incidence, values) - contracts_out(incidence, values), abs=1e-9
    )


def test_contracts_take_further_leading_axes():
    incidence, values, _ = random_ledger(1)
    both = contracts_by_node(incidence, np.stack([values, 2 * values]))
    assert both.shape == (2, 6, 4, 5)
    assert both[1] == pytest.approx(2 * contracts_by_node(incidence, values))


def test_position_before_risk_share_by_hand():
    before = position_before_risk_share(
        external_income=np.full((1, 1, 1), 961.0),
        contracts_in=5.0,
        contracts_out=735.0,
        own_costs=210.0,
        unattributed=12.0,
        reserves=9.0,
        cost_of_delivery=4.0,
        shocks=-7.0,
    )
    assert before == pytest.approx(961 + 5 - 735 - 210 - 12 - 9 - 4 - 7)
    assert position(before, 6.0, 2.0, 3.0) == pytest.approx(before + 11)


def test_gap_counts_the_perimeter_and_a_shortfall_is_positive():
    positions = np.array([-30.0, -20, 5, 99]).reshape(4, 1, 1)
    assert gap(positions, INSIDE) == pytest.approx(45)
    assert gap(np.stack([positions, -positions]), INSIDE).ravel() == pytest.approx([45, -45])


def test_system_income_leaves_out_what_the_system_pays_itself():
    """Only £60m of the contracts comes from outside; only £190m goes there."""
    inside = contracts_inside(INCIDENCE, VALUES, INSIDE)
    income = contracts_in(INCIDENCE, VALUES)
    expenditure = contracts_out(INCIDENCE, VALUES)
    assert system_income(income, INSIDE, inside) == pytest.approx(60)
    assert system_expenditure(expenditure, INSIDE, inside) == pytest.approx(190)


@given(st.integers(0, 2**32 - 1))
def test_system_income_less_expenditure_is_minus_the_gap(seed):
    incidence, values, rng = random_ledger(seed)
    in_perimeter = rng.integers(0, 2, 6).astype(bool)
    external, own, pressure, reserves, delivery, shocks = rng.uniform(0, 300, (6, 6, 4, 5))
    paid_in, paid_out = contracts_in(incidence, values), contracts_out(incidence, values)
    before = position_before_risk_share(
        external, paid_in, paid_out, own, pressure, reserves, delivery, shocks
    )
    inside = contracts_inside(incidence, values, in_perimeter)
    income = system_income(external + paid_in + shocks, in_perimeter, inside)
    costs = paid_out + own + pressure + reserves + delivery
    expenditure = system_expenditure(costs, in_perimeter, inside)
    assert income - expenditure == pytest.approx(-gap(before, in_perimeter), abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_contracts_inside_the_perimeter_do_not_move_the_gap(seed):
    """Whatever form of payment sets their value."""
    incidence, values, rng = random_ledger(seed)
    in_perimeter = rng.integers(0, 2, 6).astype(bool)
    both_inside = np.abs(incidence[in_perimeter]).sum(axis=0) == 2
    changed = values.copy()
    changed[both_inside] *= rng.uniform(0, 3)
    assert gap(contracts_by_node(incidence, changed), in_perimeter) == pytest.approx(
        gap(contracts_by_node(incidence, values), in_perimeter), abs=1e-9
    )
