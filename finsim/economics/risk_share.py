"""Risk share: who carries the variance, settled by an ordered list of small terms.

`settle(variance, terms, basis)` gives what each organisation receives from the others (transfers,
which sum to zero in every draw) and from outside (external support). Variance is the position
before risk share less the control total, or less the base that a term names; favourable is
positive. Each term sees the variance after the transfers and support so far.

An arrangement reads: `Pool`, then `Corridor`s, then one sharing rule (`Shares`, `Waterfall`,
`LayeredProtection`, `SharedSavings`), then `Cap`s. `FixedLine` and `Guarantor` stand between
arrangements. The forms in use are written so (A to C are organisations, bands are low, high and
pooled share):

* **50/50 gain share of a savings target of £60m**:
  `Pool((A, B), "favourable", lines=("savings",))`,
  `Corridor((Band(0, 60, 1), Band(60, inf, 0)), on="pool")`, `Shares({A: 0.5, B: 0.5})`.
* **Section 75 or Better Care Fund overspend**: `FixedLine(line, host)` for each line whose share is
  fixed, `Pool(members, lines=...)`,
  `Waterfall(outside, (Reserve("risk pool", ...), Reserve("uncommitted schemes", ...)))`.
* **Blended payment**, from a ledger at tariff: `Pool((provider,), lines=("emergency",))`,
  `Corridor((Band(0, break_glass, 0.8), Band(break_glass, inf, 0)))`, `Shares({payer: 1})`: the
  provider keeps 20% of the value of activity above or below plan.
* **Marginal-rate emergency tariff**, from a ledger at tariff:
  `Pool((provider,), "favourable", lines=("emergency",))`, `Corridor((Band(0, inf, 0.7),))`,
  `Shares({payer: 1})`: 30% of tariff above the baseline, later 70%.
* **Aligned incentive contract**, from a ledger at tariff: `FixedLine("contract income", payer)`:
  income is guaranteed, and the provider's cost variance, in no pool, stays with it.
* **Multilateral gain and loss share**: `Pool(commissioners, lines=("commissioner spend",))`, the
  variance being expected less actual spend, and `Shares({...})` over all parties.
* **Layered protection**: `Pool(members)`,
  `LayeredProtection((partner,), Amount(0.1, "income"), Shares(...))`.
* **CMS Medicare Shared Savings Program**: `Pool((payer,), lines=("benchmark",))`,
  `SharedSavings(benchmark, {payer: 1}, {provider: 1}, share=0.75, minimum_rate=0.02, ...)`.
* **Acute corridor with a cap**: `Pool((acute,))`, `Corridor((Band(0, 5, 0), Band(5, inf, 0.5)))`,
  `Shares(by="income", members=...)`, `Cap(loss=Amount(0.01, "income"))`.
* **System total with a proportional risk share**: `Pool(members)`, `Shares(by="income")`.
* **A guarantor**: `Guarantor("region", limit=Amount(20), threshold=Amount(10))`.

The payment forms belong in `contracts`; written here they adjust a ledger that books at tariff.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from finsim.economics import risk_share_rules as rules
from finsim.economics.arrays import FloatArray, MaskArray, Quantity
from finsim.economics.risk_share_basis import (
    bands_in_money,
    by_year,
    check_variance,
    each_in_money,
    fixed_shares,
    income_of,
    joint_income,
    measure,
    members_mask,
    pool_shares,
    total_in_money,
    years_mask,
)
from finsim.economics.risk_share_checks import check_terms
from finsim.economics.risk_share_rules import Bands
from finsim.economics.risk_share_terms import (
    Basis,
    Cap,
    Corridor,
    FixedLine,
    Guarantor,
    LayeredProtection,
    Pool,
    SharedSavings,
    Shares,
    SharingRule,
    Term,
    Waterfall,
)

UNPLACED_TOLERANCE = 1e-9
"""£m below which an amount that no member could take is rounding."""


class Movement(Struct, frozen=True):
    """The money that one term moved.

    Attributes:
        place: of the term in the list, from 0.
        term: the term.
        amount: [organisation, year, draw], £m, received positive.
        external: whether it is external support rather than a transfer.
    """

    place: int
    term: Term
    amount: FloatArray
    external: bool


class Settlement(Struct, frozen=True):
    """What a risk share moves.

    Attributes:
        transfer: [organisation, year, draw], £m, received positive; sums to zero in every draw.
        external_support: [organisation, year, draw], £m, from guarantors, nil or positive.
        unplaced: [year, draw], £m that a cap sent on and no member could take; it stays where it
            arose.
        by_term: what each term moved, in order; terms that move nothing themselves have no entry.
    """

    transfer: FloatArray
    external_support: FloatArray
    unplaced: FloatArray
    by_term: tuple[Movement, ...]

    @property
    def flagged(self) -> MaskArray:
        """[year, draw]: where some of an excess over a cap could not be placed."""
        return self.unplaced > UNPLACED_TOLERANCE


class _Arrangement(Struct, frozen=True):
    """A pool on its way to being shared, and what sharing it gave."""

    pool: Pool
    contributions: FloatArray
    transfer: FloatArray
    shares: FloatArray
    loss_limit: FloatArray
    gain_limit: FloatArray


class _Settling(Struct):
    """The settlement so far; the variance is as it was before the first term."""

    variance: FloatArray
    transfer: FloatArray
    external_support: FloatArray
    unplaced: FloatArray
    on_fixed_lines: FloatArray
    fixed_lines: dict[str, FloatArray] = field(default_factory=dict)
    arrangement: _Arrangement | None = None
    by_term: list[Movement] = field(default_factory=list)


def settle(variance: FloatArray, terms: Sequence[Term], basis: Basis) -> Settlement:
    """Settles a risk share: each term in its order, on the variance after those before it.

    Args:
        variance: [organisation, year, draw], £m, position before risk share less control total,
            favourable positive.
        terms: in the order of the agreement.
        basis: what the terms refer to beside the variance.

    Returns:
        Transfers, external support, and what each term moved.

    Raises:
        RiskShareError: the terms cannot be settled (see `risk_share_checks`), the variance is not
            in the shape of the basis, or some of it is not a number.
    """
    check_terms(terms, basis)
    check_variance(variance, basis)
    nothing = _nil(variance.shape)
    so_far = _Settling(
        variance=variance,
        transfer=nothing,
        external_support=nothing,
        unplaced=_nil(variance.shape[1:]),
        on_fixed_lines=nothing,
    )
    for place, term in enumerate(terms):
        _apply(so_far, place, term, basis)
    return Settlement(
        so_far.transfer, so_far.external_support, so_far.unplaced, tuple(so_far.by_term)
    )


def check_settlement(settlement: Settlement) -> float:
    """The largest sum of transfers over organisations, in any year and draw, £m.

    It is nil but for rounding, of all terms together and of each term alone.

    Args:
        settlement: from `settle`.

    Returns:
        The largest absolute imbalance, £m.
    """
    alone = [movement.amount for movement in settlement.by_term if not movement.external]
    return max(
        float(np.abs(rules.net(transfer)).max(initial=0.0))
        for transfer in (settlement.transfer, *alone)
    )


def _apply(so_far: _Settling, place: int, term: Term, basis: Basis) -> None:
    match term:
        case Pool():
            so_far.arrangement = _open_pool(so_far, term, basis)
        case Corridor():
            so_far.arrangement = _keep_in_corridor(_opened(so_far), term, basis)
        case FixedLine():
            _move(so_far, place, term, _fix_line(so_far, term, basis))
        case Guarantor():
            support = _guarantee(so_far, term, basis)
            so_far.external_support = so_far.external_support + support
            so_far.by_term.append(Movement(place, term, support, external=True))
        case Cap():
            before = _opened(so_far)
            so_far.arrangement, unplaced = _cap(before, term, basis)
            so_far.unplaced = so_far.unplaced + unplaced
            _move(so_far, place, term, so_far.arrangement.transfer - before.transfer)
        case _:
            so_far.arrangement = _share(_opened(so_far), term, basis)
            _move(so_far, place, term, so_far.arrangement.transfer)


def _move(so_far: _Settling, place: int, term: Term, transfer: FloatArray) -> None:
    so_far.transfer = so_far.transfer + transfer if so_far.by_term else transfer
    so_far.by_term.append(Movement(place, term, transfer, external=False))


def _nil(shape: tuple[int, ...]) -> FloatArray:
    """Nil in every place, not to be written to, at no cost in memory."""
    return np.broadcast_to(np.float64(0.0), shape)


def _opened(so_far: _Settling) -> _Arrangement:
    assert so_far.arrangement is not None
    return so_far.arrangement


def _measured(so_far: _Settling, base: str | None, basis: Basis) -> FloatArray:
    """The variance against a base, after the transfers and support so far."""
    before = so_far.variance if base is None else basis.bases[base]
    if not so_far.by_term:
        return before
    return before + so_far.transfer + so_far.external_support


def _open_pool(so_far: _Settling, term: Pool, basis: Basis) -> _Arrangement:
    if term.lines:
        pooled = _nil(so_far.variance.shape)
        for line in term.lines:
            pooled = pooled + basis.lines[line] * (1.0 - so_far.fixed_lines.get(line, 0.0))
    else:
        pooled = _measured(so_far, term.base, basis)
        if so_far.fixed_lines:
            pooled = pooled - so_far.on_fixed_lines
    contributions = rules.in_direction(pooled, term.direction)
    concerned = members_mask(term.members, basis) & years_mask(term.years, basis)
    if not concerned.all():
        contributions = contributions * concerned
    nobody = np.zeros((len(basis.organisations), 1, 1))
    return _Arrangement(
        pool=term,
        contributions=contributions,
        transfer=_nil(contributions.shape),
        shares=nobody,
        loss_limit=np.full_like(nobody, np.inf),
        gain_limit=np.full_like(nobody, np.inf),
    )


def _fix_line(so_far: _Settling, term: FixedLine, basis: Basis) -> FloatArray:
    """Keeps a line out of later pools; the transfer moves variance on it to its host."""
    fixed = years_mask(term.years, basis).astype(float)
    so_far.fixed_lines[term.line] = fixed + so_far.fixed_lines.get(term.line, 0.0)
    on_line = basis.lines[term.line] * fixed
    arisen: FloatArray = np.broadcast_to(on_line, so_far.variance.shape)
    borne = arisen
    if term.host is not None:
        borne = fixed_shares({term.host: 1.0}, basis) * rules.net(arisen)
    so_far.on_fixed_lines = so_far.on_fixed_lines + borne
    return borne - arisen


def _keep_in_corridor(before: _Arrangement, term: Corridor, basis: Basis) -> _Arrangement:
    """Leaves in the pool what the bands say, and the rest with its owners."""

    def in_money(income: FloatArray | None) -> tuple[Bands, Bands]:
        mirrored = term.adverse if term.favourable is None else term.favourable
        return bands_in_money(term.adverse, income), bands_in_money(mirrored, income)

    in_percent = term.unit == "income"
    members = before.pool.members
    if term.on == "pool":
        income = joint_income(members_mask(members, basis), basis) if in_percent else None
        pooled = rules.corridor_on_pool(before.contributions, *in_money(income))
        return replace(before, contributions=pooled)
    pooled = before.contributions.copy()
    for name in term.members or members:
        row = basis.organisations.index(name)
        income = income_of(basis)[row] if in_percent else None
        pooled[row] = rules.corridor(pooled[row], *in_money(income))
    return replace(before, contributions=pooled)


def _share(before: _Arrangement, term: SharingRule, basis: Basis) -> _Arrangement:
    """Shares what is in the pool."""
    pooled, members = before.contributions, before.pool.members
    match term:
        case Shares():
            shares = pool_shares(term, members, basis)
            transfer = rules.shared(pooled, shares)
        case Waterfall():
            shares = pool_shares(term.outside, members, basis)
            reserves = [
                (by_year(reserve.amount, basis), fixed_shares(reserve.held_by, basis))
                for reserve in term.reserves
            ]
            transfer = rules.waterfall(pooled, reserves, shares)
        case LayeredProtection():
            shares = pool_shares(term.shares, members, basis)
            reduction = each_in_money(term.reduction, basis, otherwise=0.0)
            protected = members_mask(term.protected, basis)
            transfer = rules.layered_protection(pooled, reduction, protected, shares)
        case SharedSavings():
            shares = fixed_shares(term.providers, basis)
            due = _savings_due(rules.net(pooled), term, basis)
            transfer = shares * due - fixed_shares(term.payers, basis) * due
    return replace(before, transfer=transfer, shares=shares)


def _savings_due(savings: FloatArray, term: SharedSavings, basis: Basis) -> FloatArray:
    """What providers earn of savings less what they repay of losses, [year, draw], £m."""
    benchmark = measure(term.benchmark, basis)
    share = term.share * measure(term.quality, basis)
    earned = rules.shared_savings(savings, benchmark, share, term.minimum_rate, term.savings_cap)
    if not term.two_sided:
        return earned
    loss_share: Quantity = rules.loss_share_for(share, *term.loss_share_range)
    if term.loss_share is not None:
        loss_share = term.loss_share
    minimum = term.minimum_rate if term.minimum_loss_rate is None else term.minimum_loss_rate
    return earned - rules.shared_savings(-savings, benchmark, loss_share, minimum, term.loss_limit)


def _cap(before: _Arrangement, term: Cap, basis: Basis) -> tuple[_Arrangement, FloatArray]:
    """Holds the arrangement to the tightest of its caps so far, losses first."""
    no_limit = float("inf")
    loss_limit = np.minimum(before.loss_limit, each_in_money(term.loss, basis, no_limit))
    gain_limit = np.minimum(before.gain_limit, each_in_money(term.gain, basis, no_limit))
    held, losses = rules.cap_losses(before.transfer, loss_limit, before.shares)
    held, gains = rules.cap_gains(held, gain_limit, before.shares)
    after = replace(before, transfer=held, loss_limit=loss_limit, gain_limit=gain_limit)
    return after, losses + gains


def _guarantee(so_far: _Settling, term: Guarantor, basis: Basis) -> FloatArray:
    """What the guarantor pays to each, [organisation, year, draw], £m."""
    members = members_mask(term.members or basis.organisations, basis)
    concerned = members & years_mask(term.years, basis)
    variance = np.where(concerned, _measured(so_far, term.base, basis), 0.0)
    threshold = total_in_money(term.threshold, members, basis)
    limit = total_in_money(term.limit, members, basis)
    return rules.guaranteed(variance, threshold, limit, term.share)
