"""The ledger: every contract entered twice, and the position of every organisation.

A node is an organisation or an external payer or supplier, inside the perimeter or outside it.
"""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray, IndexArray, MaskArray, Quantity


def contract_incidence(payer: IndexArray, provider: IndexArray, nodes: int) -> FloatArray:
    """Who pays and who is paid: −1 for the payer of a contract, +1 for its provider.

    Args:
        payer: [contract], the index of the paying node.
        provider: [contract], the index of the node that is paid.
        nodes: how many nodes there are.

    Returns:
        [node, contract]; every column sums to zero.

    Raises:
        ValueError: an index is not a node, or a node has a contract with itself.
    """
    ends = np.stack([payer, provider])
    if np.any(ends < 0) or np.any(ends >= nodes):
        raise ValueError(f"a contract names a node outside 0 to {nodes - 1}")
    if np.any(payer == provider):
        raise ValueError("the payer and the provider of a contract must differ")
    incidence = np.zeros((nodes, len(payer)))
    contracts = np.arange(len(payer))
    incidence[payer, contracts] = -1.0
    incidence[provider, contracts] = 1.0
    return incidence


def contracts_by_node(incidence: FloatArray, values: FloatArray) -> FloatArray:
    """Contracts in less contracts out, by node. Summed over all nodes it is nil.

    Args:
        incidence: [node, contract], −1 and +1.
        values: [contract, year, draw], £m.

    Returns:
        [node, year, draw], £m, what is received positive.
    """
    by_contract = values.reshape(*values.shape[:-2], values.shape[-2] * values.shape[-1])
    by_node: FloatArray = incidence @ by_contract
    return by_node.reshape(*by_node.shape[:-1], *values.shape[-2:])


def contracts_in(incidence: FloatArray, values: FloatArray) -> FloatArray:
    """What each node is paid under its contracts.

    Args:
        incidence: [node, contract], −1 and +1.
        values: [contract, year, draw], £m.

    Returns:
        [node, year, draw], £m of income.
    """
    return contracts_by_node(np.maximum(incidence, 0.0), values)


def contracts_out(incidence: FloatArray, values: FloatArray) -> FloatArray:
    """What each node pays under its contracts.

    Args:
        incidence: [node, contract], −1 and +1.
        values: [contract, year, draw], £m.

    Returns:
        [node, year, draw], £m of expenditure.
    """
    return contracts_by_node(np.maximum(-incidence, 0.0), values)


def contracts_inside(
    incidence: FloatArray, values: FloatArray, in_perimeter: MaskArray
) -> FloatArray:
    """Contracts whose payer and provider are both in the perimeter, in total.

    Args:
        incidence: [node, contract], −1 and +1.
        values: [contract, year, draw], £m.
        in_perimeter: [node].

    Returns:
        [year, draw], £m.
    """
    ends_inside = np.abs(incidence[in_perimeter]).sum(axis=0)
    total: FloatArray = values[..., ends_inside == 2, :, :].sum(axis=-3)
    return total


def position_before_risk_share(
    external_income: Quantity,
    contracts_in: Quantity,
    contracts_out: Quantity,
    own_costs: Quantity,
    unattributed: Quantity,
    reserves: Quantity,
    cost_of_delivery: Quantity,
    shocks: Quantity,
) -> FloatArray:
    """Position before risk share: income less expenditure, surplus positive.

    ``external income + contracts in − contracts out − own costs − unattributed pressure − reserves
    − costs of delivery + shocks``

    Args:
        external_income: [organisation, year, draw], allocations, grants and other income, £m.
        contracts_in: income under contracts, £m.
        contracts_out: expenditure under contracts, £m.
        own_costs: cost lines, after efficiency and released cost, £m.
        unattributed: unattributed pressure, £m.
        reserves: reserves held uncommitted, £m.
        cost_of_delivery: of schemes that the organisation pays for, £m.
        shocks: £m, favourable positive.

    Returns:
        [organisation, year, draw], £m.
    """
    # Numbers, and what is the same in all draws, are put together before what is long.
    rest = external_income - (unattributed + reserves) - cost_of_delivery + shocks
    return np.asarray(contracts_in - contracts_out - own_costs + rest)


def position(
    before_risk_share: FloatArray,
    transfer: Quantity,
    external_support: Quantity,
    sustainability_funding: Quantity,
) -> FloatArray:
    """Position: before risk share, plus what is received after it.

    Args:
        before_risk_share: [organisation, year, draw], £m.
        transfer: between organisations under a risk share, received positive, £m.
        external_support: from outside the perimeter under a term, £m.
        sustainability_funding: paid for meeting the control total, £m.

    Returns:
        [organisation, year, draw], £m.
    """
    return before_risk_share + transfer + external_support + sustainability_funding


def gap(positions_before_risk_share: FloatArray, in_perimeter: MaskArray) -> FloatArray:
    """The system's gap, `−Σ position before risk share`: a shortfall is positive.

    Given positions after support and funding, the same sum is the gap after support.

    Args:
        positions_before_risk_share: [organisation, year, draw], £m.
        in_perimeter: [organisation].

    Returns:
        [year, draw], £m.
    """
    return -system_total(positions_before_risk_share, in_perimeter)


def system_income(
    income: FloatArray, in_perimeter: MaskArray, contracts_inside: Quantity
) -> FloatArray:
    """Income of the system as one body: the organisations' less contracts among themselves.

    Args:
        income: [organisation, year, draw], external income and contracts in, £m.
        in_perimeter: [organisation].
        contracts_inside: [year, draw], contracts with both ends in the perimeter, £m.

    Returns:
        [year, draw], £m.
    """
    return system_total(income, in_perimeter) - contracts_inside


def system_expenditure(
    expenditure: FloatArray, in_perimeter: MaskArray, contracts_inside: Quantity
) -> FloatArray:
    """Expenditure of the system as one body: the organisations' less contracts among themselves.

    Args:
        expenditure: [organisation, year, draw], contracts out, own costs and the rest, £m.
        in_perimeter: [organisation].
        contracts_inside: [year, draw], contracts with both ends in the perimeter, £m.

    Returns:
        [year, draw], £m.
    """
    return system_total(expenditure, in_perimeter) - contracts_inside


def system_total(by_organisation: FloatArray, in_perimeter: MaskArray) -> FloatArray:
    """The sum over the organisations in the perimeter.

    Args:
        by_organisation: [organisation, year, draw].
        in_perimeter: [organisation].

    Returns:
        [year, draw].
    """
    if not in_perimeter.all():
        by_organisation = by_organisation[..., in_perimeter, :, :]
    total: FloatArray = by_organisation.sum(axis=-3)
    return total
