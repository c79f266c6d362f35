"""The terms of a risk share: what an agreement says, one frozen record for each small rule.

An arrangement is a pool, corridors that keep part of it with its owners, one rule that shares what
is left (shares, waterfall, layered protection or shared savings), and caps on what a member gains
or loses by it. Fixed lines come before the pool, guarantors before or after an arrangement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct, field

from finsim.economics.arrays import FloatArray

ByYear: TypeAlias = float | tuple[float, ...]
"""One number for every year, or one number for each year."""

Direction: TypeAlias = Literal["adverse", "favourable", "both"]
Unit: TypeAlias = Literal["£m", "income"]
SharedBy: TypeAlias = Literal["fixed", "income", "weighted population", "equal"]


class Amount(Struct, frozen=True):
    """An amount in £m, or a fraction of an organisation's income.

    `Amount(5.0)` is £5m; `Amount(0.01, "income")` is 1% of income.
    """

    value: ByYear
    unit: Unit = "£m"


Amounts: TypeAlias = Amount | Mapping[str, Amount]
"""One amount for every member, or an amount for each member named."""


class Basis(Struct, frozen=True):
    """What terms may refer to, beside the variance.

    Attributes:
        organisations: their names, in the order of the first axis.
        years: their names, in the order of the second axis.
        income: [organisation, year, draw or 1], £m; for shares by income and for % of income.
        weighted_population: [organisation, year]; for shares by weighted population.
        lines: for each line tag the variance on that line, [organisation, year, draw or 1], £m,
            favourable positive.
        bases: for each named base the variance against it, [organisation, year, draw or 1], £m.
        measures: benchmarks (£m) and quality scores (0 to 1) by name, [year, draw or 1].
    """

    organisations: tuple[str, ...]
    years: tuple[str, ...]
    income: FloatArray | None = None
    weighted_population: FloatArray | None = None
    lines: Mapping[str, FloatArray] = field(default_factory=dict)
    bases: Mapping[str, FloatArray] = field(default_factory=dict)
    measures: Mapping[str, FloatArray] = field(default_factory=dict)


class Pool(Struct, frozen=True):
    """Puts the members' variances in a pool, for the terms that follow to share.

    Attributes:
        members: whose variances are pooled. Who shares the pool is for the sharing rule to say.
        direction: only adverse variances, only favourable ones, or both, so that they net.
        lines: pool the variance on these lines alone; empty for the whole variance.
        base: a base in `Basis.bases` to measure variance against; none for the control total.
        years: the years in which there is a pool; empty for every year.
    """

    members: tuple[str, ...]
    direction: Direction = "both"
    lines: tuple[str, ...] = ()
    base: str | None = None
    years: tuple[str, ...] = ()


class FixedLine(Struct, frozen=True):
    """A line whose share is fixed: the host bears all variance on it and it stays out of the pool.

    Attributes:
        line: the line's tag in `Basis.lines`.
        host: who bears it; variance on the line in other books is moved to the host. Without a host
            each organisation bears its own.
        years: the years in which it is fixed; empty for every year.
    """

    line: str
    host: str | None = None
    years: tuple[str, ...] = ()


class Band(Struct, frozen=True):
    """One band of a corridor: `pooled` of the variance from `low` to `high` goes to the pool.

    The rest is borne, or kept, by whose variance it is. The last band ends at infinity.
    """

    low: float
    high: float
    pooled: float

    @property
    def own(self) -> float:
        """The share that stays where it arose."""
        return 1.0 - self.pooled


class Corridor(Struct, frozen=True):
    """Bands of own and pooled share, marginal like tax bands: each applies to its own slice.

    Attributes:
        adverse: bands of the size of an adverse variance, from nil to infinity.
        favourable: bands of a favourable one; none to mirror the adverse bands.
        unit: bands in £m, or in fractions of income.
        on: bands of each member's variance, or of the net pool (income: the members' in total).
        members: for whom, when `on` is member; empty for every member of the pool.
    """

    adverse: tuple[Band, ...]
    favourable: tuple[Band, ...] | None = None
    unit: Unit = "£m"
    on: Literal["member", "pool"] = "member"
    members: tuple[str, ...] = ()


class Shares(Struct, frozen=True):
    """Shares the pool: every member puts in what it pooled and takes its share of the whole.

    Attributes:
        shares: fixed shares that sum to one, when `by` is fixed.
        by: fixed, in proportion to income or to weighted population, or equal.
        members: who shares, when not fixed; empty for the members of the pool.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    by: SharedBy = "fixed"
    members: tuple[str, ...] = ()


class Cap(Struct, frozen=True):
    """A limit on what a member gains or loses by the arrangement that it follows.

    The excess is spread over the others in proportion to their shares until it is placed; what no
    member can take stays where it arose and is flagged. A member not named has no limit.

    Attributes:
        loss: the most that a member pays; none for no limit.
        gain: the most that a member receives; none for no limit.
    """

    loss: Amounts | None = None
    gain: Amounts | None = None


class Reserve(Struct, frozen=True):
    """Money set aside that an overspend may draw on: a risk pool, or uncommitted schemes.

    It is a transfer from its holders, in whose positions it must stand as not yet spent.

    Attributes:
        name: as the agreement calls it.
        amount: £m a year; what is not drawn stays with its holders.
        held_by: shares of the holders, summing to one.
    """

    name: str
    amount: ByYear
    held_by: Mapping[str, float]


class Waterfall(Struct, frozen=True):
    """Meets the pool's overspends in order: underspends in it, reserves, then outside the pool.

    Attributes:
        outside: who meets what is left, and in what shares.
        reserves: drawn on in this order, after underspends.
    """

    outside: Shares
    reserves: tuple[Reserve, ...] = ()


class LayeredProtection(Struct, frozen=True):
    """Shares the pool, but protected partners join only when the others have borne a reduction.

    Attributes:
        protected: partners whose contribution is fixed until then; a favourable pool is not theirs.
        reduction: what each other sharer bears first, such as 10% of its income; nil for who is
            not named.
        shares: of everyone; the others' in proportion for the first layer, all beyond it.
    """

    protected: tuple[str, ...]
    reduction: Amounts
    shares: Shares


class SharedSavings(Struct, frozen=True):
    """Shares savings against a benchmark; the pool is benchmark less spend, of the payers.

    Attributes:
        benchmark: £m by year, or the name of a measure.
        payers: who pays out savings and receives losses, in shares that sum to one.
        providers: who earns savings and repays losses, in shares that sum to one.
        share: the maximum share of savings.
        quality: 0 to 1, by year or the name of a measure; it multiplies the share.
        minimum_rate: the least saving that is shared, as a fraction of benchmark.
        savings_cap: the most that is paid, as a fraction of benchmark.
        two_sided: whether losses are shared too.
        minimum_loss_rate: the least loss that is shared; none for `minimum_rate`.
        loss_share: the share of losses; none for one less share × quality.
        loss_share_range: least and most that one less share × quality may be.
        loss_limit: the most that is repaid, as a fraction of benchmark.
    """

    benchmark: ByYear | str
    payers: Mapping[str, float]
    providers: Mapping[str, float]
    share: float
    quality: ByYear | str = 1.0
    minimum_rate: float = 0.0
    savings_cap: float = math.inf
    two_sided: bool = False
    minimum_loss_rate: float | None = None
    loss_share: float | None = None
    loss_share_range: tuple[float, float] = (0.0, 1.0)
    loss_limit: float = math.inf


class Guarantor(Struct, frozen=True):
    """A named body outside the system that takes adverse variance past a threshold, to a limit.

    Its money is external support and never a transfer.

    Attributes:
        name: who guarantees.
        limit: the most it pays in a year.
        members: whose joint variance, after the terms so far, it guarantees; empty for all.
        threshold: the joint shortfall that the members bear first.
        share: the share of the shortfall beyond the threshold that it takes.
        base: a base in `Basis.bases`; none for the control total.
        years: the years of the guarantee; empty for every year.
    """

    name: str
    limit: Amount
    members: tuple[str, ...] = ()
    threshold: Amount = Amount(0.0)
    share: float = 1.0
    base: str | None = None
    years: tuple[str, ...] = ()


SharingRule: TypeAlias = Shares | Waterfall | LayeredProtection | SharedSavings
Term: TypeAlias = Pool | FixedLine | Corridor | SharingRule | Cap | Guarantor


def bodies_in(term: Term) -> frozenset[str]:
    """The organisations that a term names; none where it means every one."""
    match term:
        case Pool() | Corridor() | Guarantor():
            return frozenset(term.members)
        case FixedLine():
            return frozenset(() if term.host is None else (term.host,))
        case Shares():
            return frozenset((*term.members, *term.shares))
        case Cap():
            limits = (term.loss, term.gain)
            return frozenset(n for limit in limits if isinstance(limit, Mapping) for n in limit)
        case Waterfall():
            holders = frozenset(n for reserve in term.reserves for n in reserve.held_by)
            return holders | bodies_in(term.outside)
        case LayeredProtection():
            return frozenset(term.protected) | bodies_in(term.shares)
        case SharedSavings():
            return frozenset((*term.payers, *term.providers))


TERM_NAMES: Mapping[type, str] = {
    Pool: "pool",
    FixedLine: "fixed line",
    Corridor: "corridor",
    Shares: "shares",
    Cap: "cap",
    Waterfall: "waterfall",
    LayeredProtection: "layered protection",
    SharedSavings: "shared savings",
    Guarantor: "guarantor",
}
"""What each kind of term is called in messages and files."""
