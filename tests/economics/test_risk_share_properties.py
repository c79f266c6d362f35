"""What holds for any system and any list of terms."""

from itertools import pairwise
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from finsim.economics.risk_share import check_settlement, settle
from finsim.economics.risk_share_terms import (
    Amount,
    Band,
    Basis,
    Cap,
    Corridor,
    FixedLine,
    Guarantor,
    LayeredProtection,
    Pool,
    Reserve,
    SharedSavings,
    Shares,
    Waterfall,
)

YEARS = ("2017/18", "2018/19")
DRAWS = 8
MONEY = st.floats(0.0, 50.0)
RATE = st.floats(0.0, 1.0)
DIRECTIONS = st.sampled_from(("adverse", "favourable", "both"))
SOME_YEARS = st.sampled_from(((), YEARS[:1], YEARS[1:]))


def some_of(names):
    return st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)


def fixed_shares(names):
    def to_one(weights):
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items()}

    weights = st.dictionaries(st.sampled_from(names), st.integers(0, 9), min_size=1)
    return weights.filter(lambda given: sum(given.values()) > 0).map(to_one)


def pool_shares(names):
    fixed = st.builds(Shares, fixed_shares(names))
    size = st.sampled_from(("income", "weighted population", "equal"))
    return fixed | st.builds(Shares, by=size, members=some_of(names))


AMOUNT = st.builds(Amount, MONEY) | st.builds(Amount, RATE, st.just("income"))
MONEY_AMOUNT = st.builds(Amount, MONEY | st.tuples(MONEY, MONEY))


@st.composite
def bands(draw):
    edges = sorted(draw(st.lists(st.floats(0.01, 60.0), unique=True, max_size=3)))
    edges = [0.0, *edges, inf]
    return tuple(Band(*pair, draw(RATE)) for pair in pairwise(edges))


@st.composite
def arrangements(draw, names):
    pool = draw(st.builds(Pool, some_of(names), DIRECTIONS, years=SOME_YEARS))
    corridor = st.builds(
        Corridor,
        bands(),
        st.none() | bands(),
        st.sampled_from(("£m", "income")),
        st.sampled_from(("member", "pool")),
    )
    by_member = AMOUNT | st.dictionaries(st.sampled_from(names), AMOUNT)
    cap = st.builds(Cap, st.none() | by_member, st.none() | by_member)
    reserves = st.lists(st.builds(Reserve, st.just("reserve"), MONEY, fixed_shares(names)))
    protected = draw(st.sampled_from(names))
    others = [name for name in names if name != protected]
    capped_rule = st.one_of(
        pool_shares(names),
        st.builds(Waterfall, pool_shares(names), reserves.map(lambda some: tuple(some[:2]))),
        st.builds(
            LayeredProtection,
            st.just((protected,)),
            by_member,
            st.builds(Shares, fixed_shares(others))
            | st.builds(Shares, by=st.just("income"), members=some_of(names)),
        ),
    )
    savings = st.builds(
        SharedSavings,
        st.floats(1.0, 500.0),
        fixed_shares(names),
        fixed_shares(names),
        RATE,
        quality=RATE,
        minimum_rate=st.floats(0.0, 0.1),
        savings_cap=RATE,
        two_sided=st.booleans(),
        loss_limit=RATE,
    )
    shared = draw(st.tuples(capped_rule, st.lists(cap, max_size=2)) | st.tuples(savings))
    caps = shared[1] if len(shared) > 1 else []
    return [pool, *draw(st.lists(corridor, max_size=2)), shared[0], *caps]


@st.composite
def systems(draw):
    """A variance, an ordered list of terms, and a basis."""
    names = tuple("ABCDEF"[: draw(st.integers(2, 6))])
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (len(names), len(YEARS), DRAWS)
    variance = np.round(generator.normal(0.0, 30.0, shape), draw(st.integers(0, 6)))
    basis = Basis(
        names,
        YEARS,
        income=generator.uniform(10.0, 900.0, shape),
        weighted_population=generator.uniform(0.1, 5.0, shape[:2]),
        lines={"line": generator.normal(0.0, 10.0, shape)},
    )
    line = st.builds(
        FixedLine, st.just("line"), st.none() | st.sampled_from(names), SOME_YEARS
    ).map(lambda term: [term])
    members = st.just(()) | some_of(names)
    guarantor = st.builds(
        Guarantor, st.just("region"), MONEY_AMOUNT, members, MONEY_AMOUNT, RATE, years=SOME_YEARS
    )
    several = st.lists(arrangements(names) | guarantor.map(lambda term: [term]), max_size=3)
    terms = sum(draw(several), draw(st.just([]) | line))
    return variance, terms, basis


@settings(max_examples=120, deadline=None)
@given(systems())
def test_transfers_sum_to_zero_in_every_draw_for_every_term(system):
    variance, terms, basis = system
    settled = settle(variance, terms, basis)
    assert np.isfinite(settled.transfer).all()
    assert check_settlement(settled) <= 1e-9
    by_hand = np.abs(settled.transfer.sum(axis=0)).max()
    assert by_hand <= 1e-9


@settings(max_examples=60, deadline=None)
@given(systems())
def test_guarantors_money_is_external_support_and_nothing_else(system):
    variance, terms, basis = system
    settled = settle(variance, terms, basis)
    external = [movement for movement in settled.by_term if movement.external]
    assert len(external) == sum(isinstance(term, Guarantor) for term in terms)
    support = np.sum([settled.external_support * 0, *(each.amount for each in external)], axis=0)
    assert np.array_equal(support, settled.external_support)
    assert settled.external_support.min() >= 0.0
    for each in external:
        limit = np.broadcast_to(each.term.limit.value, len(YEARS))[:, None]
        assert (each.amount.sum(axis=0) <= limit + 1e-9).all()
    # Without the guarantors that come last, the transfers are the same.
    while terms and isinstance(terms[-1], Guarantor):
        terms = terms[:-1]
    assert np.array_equal(settle(variance, terms, basis).transfer, settled.transfer)


def scaled_amount(amount, k):
    if amount.unit == "income":
        return amount
    value = amount.value
    return Amount(tuple(k * each for each in value) if isinstance(value, tuple) else k * value)


def scaled(value, k):
    """A term with all its money, and its bands in £m, times k."""
    match value:
        case Amount():
            return scaled_amount(value, k)
        case Corridor(unit="£m"):
            wider = [
                each and tuple(Band(k * band.low, k * band.high, band.pooled) for band in each)
                for each in (value.adverse, value.favourable)
            ]
            return replace(value, adverse=wider[0], favourable=wider[1])
        case Cap():
            return Cap(scaled(value.loss, k), scaled(value.gain, k))
        case Waterfall():
            reserves = [replace(each, amount=k * each.amount) for each in value.reserves]
            return replace(value, reserves=tuple(reserves))
        case LayeredProtection():
            return replace(value, reduction=scaled(value.reduction, k))
        case SharedSavings():
            return replace(value, benchmark=k * value.benchmark)
        case Guarantor():
            limit, threshold = scaled(value.limit, k), scaled(value.threshold, k)
            return replace(value, limit=limit, threshold=threshold)
        case dict():
            return {name: scaled(each, k) for name, each in value.items()}
    return value


@settings(max_examples=60, deadline=None)
@given(systems(), st.sampled_from((0.25, 2.0, 1024.0)))
def test_scaling_all_money_scales_the_settlement(system, k):
    variance, terms, basis = system
    larger = replace(basis, income=basis.income * k, lines={"line": basis.lines["line"] * k})
    once = settle(variance, terms, basis)
    again = settle(variance * k, [scaled(term, k) for term in terms], larger)
    assert again.transfer == pytest.approx(k * once.transfer, rel=1e-9, abs=1e-9 * k)
    assert again.external_support == pytest.approx(k * once.external_support, abs=1e-9 * k)


@settings(max_examples=60, deadline=None)
@given(systems())
def test_no_variance_no_money(system):
    variance, terms, basis = system
    nothing = np.zeros_like(variance)
    settled = settle(nothing, terms, replace(basis, lines={"line": nothing}))
    assert not settled.transfer.any()
    assert not settled.external_support.any()
    assert not settled.flagged.any()


@settings(max_examples=60, deadline=None)
@given(systems(), st.data())
def test_caps_hold_and_the_excess_is_spread_in_proportion(system, data):
    variance, _, basis = system
    names = basis.organisations
    shares = data.draw(fixed_shares(names))
    limit = data.draw(MONEY)
    terms = [Pool(names), Shares(shares)]
    free = settle(variance, terms, basis)
    held = settle(variance, [*terms, Cap(loss=Amount(limit))], basis)
    assert held.transfer.min() >= -limit - 1e-9
    assert held.unplaced.min() >= 0.0
    # Those neither at the limit nor short of what they were due moved by one amount per share.
    weight = np.array([shares.get(name, 0.0) for name in names])[:, None, None]
    moved = free.transfer - held.transfer
    inside = (held.transfer > -limit + 1e-9) & (weight > 0.0) & ~held.flagged
    per_share = np.where(inside, moved / np.where(weight > 0.0, weight, 1.0), np.nan)
    least = np.where(inside, per_share, inf).min(axis=0)
    most = np.where(inside, per_share, -inf).max(axis=0)
    assert (most - least <= 1e-7).all()
