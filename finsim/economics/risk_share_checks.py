"""What can be wrong with the terms of a risk share, said in words, before any money moves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from finsim.economics.risk_share_terms import (
    TERM_NAMES,
    Amount,
    Amounts,
    Band,
    Basis,
    ByYear,
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

SHARES_TOLERANCE = 1e-9


class RiskShareError(ValueError):
    """A risk share that cannot be settled.

    Attributes:
        term: the place of the term in the list, from 0; none when no one term is at fault.
    """

    def __init__(self, message: str, term: int | None = None) -> None:
        super().__init__(message)
        self.term = term


class SharesDoNotSumToOne(RiskShareError):
    """Shares of a whole are negative, empty or do not sum to one."""


class NotInTheSystem(RiskShareError):
    """A term names an organisation, line, base, measure or year that the system does not have."""


class BandsDoNotJoin(RiskShareError):
    """The bands of a corridor overlap, leave a hole, or do not run from nil to infinity."""


class AmountOutOfRange(RiskShareError):
    """An amount, a rate or a share is negative, not a number, or not one number for each year."""


class TermOutOfOrder(RiskShareError):
    """A term stands where it has nothing to act on, or acts where another must first."""


class BasisMissing(RiskShareError):
    """A term needs income or weighted population, and it is missing, nil or negative."""


class SharedTwice(RiskShareError):
    """Two pools would share the same variance on a line."""


Fault = tuple[type[RiskShareError], str]


def find_faults(terms: Sequence[Term], basis: Basis) -> list[RiskShareError]:
    """Everything that is wrong with a list of terms, in its order.

    Only the names in the basis count, not its values, so that a scenario can be checked before
    anything is computed.

    Args:
        terms: in the order of the agreement.
        basis: what the terms may refer to.

    Returns:
        The errors, none raised. Each message starts with the term's place and kind.
    """
    faults = [
        kind(f"term {place + 1} ({TERM_NAMES[type(term)]}): {message}", place)
        for place, term in enumerate(terms)
        for kind, message in (*_order(terms, place), *_term(term, basis), *_twice(terms, place))
    ]
    if terms and _pool_before(terms, len(terms)) is not None:
        last = max(place for place, term in enumerate(terms) if isinstance(term, Pool))
        message = f"term {last + 1} (pool): nothing after it says who shares the pool"
        faults.append(TermOutOfOrder(message, last))
    return faults


def check_terms(terms: Sequence[Term], basis: Basis) -> None:
    """Raises the first of `find_faults`.

    Raises:
        RiskShareError: one of its kinds, for the first fault.
    """
    for fault in find_faults(terms, basis):
        raise fault


def _pool_before(terms: Sequence[Term], place: int) -> Pool | None:
    """The pool that is still to be shared at a place in the list."""
    for term in reversed(terms[:place]):
        if isinstance(term, Pool):
            return term
        if isinstance(term, SharingRule):
            return None
    return None


def _order(terms: Sequence[Term], place: int) -> Iterator[Fault]:
    pool = _pool_before(terms, place)
    match terms[place]:
        case Pool() | FixedLine() | Guarantor() if pool:
            yield TermOutOfOrder, "the pool before it must be shared first"
        case Corridor(members=members):
            if pool is None:
                yield TermOutOfOrder, "it needs a pool before it that is not yet shared"
            else:
                for name in members:
                    if name not in pool.members:
                        yield TermOutOfOrder, f"“{name}” is not a member of the pool before it"
        case Shares() | Waterfall() | LayeredProtection() | SharedSavings() if pool is None:
            yield TermOutOfOrder, "it needs a pool before it that is not yet shared"
        case Cap():
            before = terms[place - 1] if place else None
            if not isinstance(before, Shares | Waterfall | LayeredProtection | Cap):
                yield (
                    TermOutOfOrder,
                    "a cap must follow shares, a waterfall or layered protection; "
                    "shared savings have their own cap and limit",
                )


def _term(term: Term, basis: Basis) -> Iterator[Fault]:
    match term:
        case Pool():
            yield from _pool(term, basis)
        case FixedLine():
            yield from _known("line", [term.line], basis.lines)
            yield from _known("organisation", [term.host] if term.host else [], basis.organisations)
            yield from _known("year", term.years, basis.years)
        case Corridor():
            yield from _bands("adverse", term.adverse)
            yield from _bands("favourable", term.favourable or term.adverse)
            if term.unit == "income" and basis.income is None:
                yield BasisMissing, "bands in % of income need income"
        case Shares():
            yield from _shares(term, basis)
        case Cap():
            yield from _amounts("loss", term.loss, basis)
            yield from _amounts("gain", term.gain, basis)
        case Waterfall():
            yield from _shares(term.outside, basis)
            for reserve in term.reserves:
                yield from _whole(f"holders of “{reserve.name}”", reserve.held_by, basis)
                yield from _by_year(reserve.name, reserve.amount, basis)
        case LayeredProtection():
            yield from _layered_protection(term, basis)
        case SharedSavings():
            yield from _shared_savings(term, basis)
        case Guarantor():
            yield from _guarantor(term, basis)


def _pool(term: Pool, basis: Basis) -> Iterator[Fault]:
    if not term.members:
        yield TermOutOfOrder, "a pool needs members"
    yield from _known("organisation", term.members, basis.organisations)
    yield from _known("line", term.lines, basis.lines)
    yield from _known("base", [term.base] if term.base else [], basis.bases)
    yield from _known("year", term.years, basis.years)
    if term.lines and term.base:
        yield TermOutOfOrder, "a pool has lines or a base, not both: a line has its own base"


def _layered_protection(term: LayeredProtection, basis: Basis) -> Iterator[Fault]:
    yield from _shares(term.shares, basis)
    yield from _known("organisation", term.protected, basis.organisations)
    yield from _amounts("reduction", term.reduction, basis)
    sharers = [name for name, share in term.shares.shares.items() if share > 0.0]
    if term.shares.by == "fixed" and sharers and set(sharers) <= set(term.protected):
        yield SharesDoNotSumToOne, "every sharer is protected: nobody bears the first layer"


def _shared_savings(term: SharedSavings, basis: Basis) -> Iterator[Fault]:
    yield from _whole("payers", term.payers, basis)
    yield from _whole("providers", term.providers, basis)
    for what, value in (("benchmark", term.benchmark), ("quality", term.quality)):
        if isinstance(value, str):
            yield from _known("measure", [value], basis.measures)
        else:
            yield from _by_year(what, value, basis)
    for what, rate in (
        ("share", term.share),
        ("share of losses", term.loss_share),
        ("least share of losses", term.loss_share_range[0]),
        ("most share of losses", term.loss_share_range[1]),
    ):
        if rate is not None and not 0.0 <= rate <= 1.0:
            yield AmountOutOfRange, f"{what} is {rate:g}; it must be from 0 to 1"
    for what, rate in (
        ("minimum savings rate", term.minimum_rate),
        ("minimum loss rate", term.minimum_loss_rate),
        ("savings cap", term.savings_cap),
        ("loss limit", term.loss_limit),
    ):
        if rate is not None and not rate >= 0.0:
            yield AmountOutOfRange, f"{what} is {rate:g}; it must be nil or more"


def _guarantor(term: Guarantor, basis: Basis) -> Iterator[Fault]:
    yield from _known("organisation", term.members, basis.organisations)
    yield from _known("base", [term.base] if term.base else [], basis.bases)
    yield from _known("year", term.years, basis.years)
    yield from _amounts("threshold", term.threshold, basis)
    yield from _amounts("limit", term.limit, basis)
    if not 0.0 <= term.share <= 1.0:
        yield AmountOutOfRange, f"share is {term.share:g}; it must be from 0 to 1"


def _known(what: str, named: Iterable[str], there: Iterable[str]) -> Iterator[Fault]:
    names = list(there)
    for name in named:
        if name not in names:
            listed = ", ".join(names) or "none"
            yield NotInTheSystem, f"{what} “{name}” is not in the system; it has: {listed}"


def _shares(term: Shares, basis: Basis) -> Iterator[Fault]:
    yield from _known("organisation", term.members, basis.organisations)
    if term.by == "fixed":
        yield from _whole("shares", term.shares, basis)
    elif term.shares:
        yield SharesDoNotSumToOne, f"shares by {term.by} cannot be given as numbers too"
    if term.by == "income" and basis.income is None:
        yield BasisMissing, "shares by income need income"
    if term.by == "weighted population" and basis.weighted_population is None:
        yield BasisMissing, "shares by weighted population need weighted population"


def _whole(what: str, shares: Mapping[str, float], basis: Basis) -> Iterator[Fault]:
    yield from _known("organisation", shares, basis.organisations)
    for name, share in shares.items():
        if not share >= 0.0:
            yield (
                SharesDoNotSumToOne,
                f"the share of “{name}” is {share:g}; it must be nil or more",
            )
    total = math.fsum(shares.values())
    if not abs(total - 1.0) <= SHARES_TOLERANCE:
        yield SharesDoNotSumToOne, f"{what} sum to {total:.10g}; they must sum to 1"


def _bands(what: str, bands: Sequence[Band]) -> Iterator[Fault]:
    if not bands:
        yield BandsDoNotJoin, f"{what} bands are missing"
        return
    if bands[0].low != 0.0:
        yield BandsDoNotJoin, f"the first {what} band starts at {bands[0].low:g}, not at nil"
    for below, above in pairwise(bands):
        if above.low < below.high:
            where = f"{above.low:g} to {below.high:g}"
            yield BandsDoNotJoin, f"{what} bands overlap from {where}"
        elif above.low > below.high:
            where = f"{below.high:g} to {above.low:g}"
            yield BandsDoNotJoin, f"{what} bands leave a hole from {where}"
    if bands[-1].high != math.inf:
        yield BandsDoNotJoin, f"the last {what} band ends at {bands[-1].high:g}, not at infinity"
    for band in bands:
        if not band.low < band.high:
            yield BandsDoNotJoin, f"a {what} band runs from {band.low:g} to {band.high:g}"
        if not 0.0 <= band.pooled <= 1.0:
            yield AmountOutOfRange, f"a pooled share is {band.pooled:g}; it must be from 0 to 1"


def _amounts(what: str, amounts: Amounts | None, basis: Basis) -> Iterator[Fault]:
    if amounts is None:
        return
    by_member = {"": amounts} if isinstance(amounts, Amount) else amounts
    yield from _known("organisation", filter(None, by_member), basis.organisations)
    for amount in by_member.values():
        yield from _by_year(what, amount.value, basis)
        if amount.unit == "income" and basis.income is None:
            yield BasisMissing, f"a {what} in % of income needs income"


def _by_year(what: str, value: ByYear, basis: Basis) -> Iterator[Fault]:
    values = value if isinstance(value, tuple) else (value,) * len(basis.years)
    if len(values) != len(basis.years):
        yield AmountOutOfRange, f"{what} has {len(values)} values for {len(basis.years)} years"
    if not all(number >= 0.0 for number in values):
        yield AmountOutOfRange, f"{what} must be nil or more in every year"


def _twice(terms: Sequence[Term], place: int) -> Iterator[Fault]:
    """Variance on a line that would be shared, or moved to a host, a second time."""
    here = terms[place]
    earlier = terms[:place]
    if isinstance(here, FixedLine):
        for before in earlier:
            if isinstance(before, FixedLine) and before.line == here.line and _meet(before, here):
                yield SharedTwice, f"“{here.line}” is fixed already in these years"
            if isinstance(before, Pool) and _pools_line(before, here.line) and _meet(before, here):
                yield SharedTwice, f"a pool before it has shared “{here.line}”; fix the line first"
    elif isinstance(here, Pool) and any(
        isinstance(before, Pool) and _shares_again(before, here) for before in earlier
    ):
        yield (
            SharedTwice,
            "an earlier pool shares the same variance: pools that meet on a line must have "
            "the same lines and one be adverse, the other favourable",
        )


def _meet(one: Pool | FixedLine, other: Pool | FixedLine) -> bool:
    """Whether they have a year in common."""
    return not (one.years and other.years) or bool(set(one.years) & set(other.years))


def _pools_line(pool: Pool, line: str) -> bool:
    return not pool.lines or line in pool.lines


def _shares_again(before: Pool, here: Pool) -> bool:
    if not (_meet(before, here) and set(before.members) & set(here.members)):
        return False
    if not any(_pools_line(before, line) for line in here.lines):
        return False
    one_way = {before.direction, here.direction} == {"adverse", "favourable"}
    return not (one_way and set(before.lines) == set(here.lines))
