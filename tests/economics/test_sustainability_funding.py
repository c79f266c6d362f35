from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from finsim.economics.sustainability_funding import (
    cliff,
    quarterly_attainment,
    sustainability_funding,
    taper,
)
from finsim.economics.sustainability_funding_terms import (
    FundedWithoutTotal,
    FundingTerms,
    FundingTermsError,
    QuarterProfile,
    WeightsDoNotSumToOne,
)

# 2016/17: finance 70%, RTT 12.5%, A&E 12.5%, cancer 5%.
PARTS = {"finance": 0.7, "RTT": 0.125, "A&E": 0.125, "cancer": 0.05}
FINANCE_ONLY = {"finance": 1.0}
FULL = {"RTT": np.ones((1, 1, 1)), "A&E": np.ones((1, 1, 1)), "cancer": np.ones((1, 1, 1))}


def fund_of(positions, totals, fund, terms, attainment=FULL, *, in_scope=None, **others):
    """One year and one draw, an organisation a row."""

    def column(by_body):
        return np.array(by_body, dtype=float)[:, None]

    scope = np.ones(len(positions), dtype=bool) if in_scope is None else np.array(in_scope)
    position = column(positions)[:, :, None]
    return sustainability_funding(
        position, column(totals), scope, column(fund), [terms], attainment, **others
    )


def rows(money):
    return money[:, 0, 0].tolist()


class TestGate:
    @pytest.mark.parametrize(("over", "opened"), [(-0.01, 0), (0, 1), (-1e-12, 1), (5, 1)])
    def test_cliff(self, over, opened):
        assert cliff(np.array([[over]])).item() == opened

    @pytest.mark.parametrize(
        ("over", "opened"), [(3, 1), (0, 1), (-1, 0.75), (-3.9, 0.025), (-4, 0), (-9, 0)]
    )
    def test_taper_of_four_million(self, over, opened):
        assert taper(np.array([[float(over)]]), 4.0).item() == pytest.approx(opened)
        terms = FundingTerms(FINANCE_ONLY, own_taper=4.0)
        assert rows(fund_of([over - 10], [-10], [8], terms).paid) == pytest.approx([8 * opened])

    @pytest.mark.parametrize(
        ("positions", "link_share", "opened"),
        [
            # Own totals −10 and 0; the system's −10.
            ([-10, 0], 0.0, [1, 1]),
            ([-12, 3], 0.0, [0, 1]),
            ([-12, 3], 0.5, [0.5, 1]),
            ([-12, 3], 1.0, [1, 1]),
            ([-12, 1], 0.0, [0, 1]),
            ([-12, 1], 0.15, [0, 0.85]),
            ([-12, 1], 0.5, [0, 0.5]),
            ([-12, 1], 1.0, [0, 0]),
        ],
    )
    def test_half_linked_and_wholly_linked(self, positions, link_share, opened):
        terms = FundingTerms(FINANCE_ONLY)
        got = fund_of(positions, [-10, 0], [10, 20], terms, link_share=link_share)
        assert rows(got.paid) == pytest.approx([10 * opened[0], 20 * opened[1]])

    def test_own_and_system_taper_have_their_own_widths(self):
        terms = FundingTerms(FINANCE_ONLY, own_taper=4.0, system_taper=10.0)
        got = fund_of([-12, 0], [-10, 0], [10, 20], terms, link_share=0.5)
        assert rows(got.paid) == pytest.approx([10 * (0.25 + 0.4), 20 * (0.5 + 0.4)])

    def test_a_council_outside_the_system_total_does_not_close_the_gate(self):
        terms = FundingTerms(FINANCE_ONLY)
        inside = np.array([True, False])
        got = fund_of([0, -5], [0, 0], [10, 0], terms, link_share=1.0, in_system=inside)
        assert rows(got.paid) == [10, 0]
        got = fund_of([0, -5], [0, 0], [10, 0], terms, link_share=1.0)
        assert rows(got.paid) == [0, 0]


class TestParts:
    HALF = {"RTT": np.array([[[0.0]]]), "A&E": np.array([[[0.4]]]), "cancer": np.array([[[1.0]]])}  # noqa: RUF012

    def test_performance_pays_what_it_attains(self):
        got = fund_of([0], [0], [20], FundingTerms(PARTS), self.HALF)
        assert rows(got.paid) == pytest.approx([20 * (0.7 + 0.05 + 0.05)])

    @pytest.mark.parametrize(("needs_finance", "paid"), [(True, 0), (False, 20 * 0.1)])
    def test_performance_when_finance_is_missed(self, needs_finance, paid):
        terms = FundingTerms(PARTS, performance_needs_finance=needs_finance)
        assert rows(fund_of([-1], [0], [20], terms, self.HALF).paid) == pytest.approx([paid])

    def test_weights_change_from_year_to_year(self):
        terms = [FundingTerms(PARTS), FundingTerms({"finance": 0.7, "A&E": 0.3})]
        got = sustainability_funding(
            np.zeros((1, 2, 1)),
            np.zeros((1, 2)),
            np.array([True]),
            np.array([[20.0, 10.0]]),
            terms,
            self.HALF,
        )
        assert got.paid[0, :, 0] == pytest.approx([20 * 0.8, 10 * (0.7 + 0.12)])

    def test_out_of_scope_and_all_in_full(self):
        got = fund_of([0, 0], [0, 0], [20, 30], FundingTerms(PARTS), in_scope=[True, False])
        assert rows(got.total) == [20, 0]


class TestQuarters:
    PROFILE = QuarterProfile(position=(0.5, 0.7, 0.9, 1.0), total=(0.4, 0.65, 0.9, 1.0))

    @pytest.mark.parametrize(
        ("position", "paid"),
        # A total of −£10m, phased −4, −6.5, −9, −10; weights 15, 20, 30 and 35%.
        [(-10, 0.30 + 0.35), (-9.2, 0.20 + 0.30 + 0.35), (-8, 1.0), (-10.1, 0.0), (2, 1.0)],
    )
    def test_judged_quarter_by_quarter(self, position, paid):
        terms = FundingTerms(FINANCE_ONLY, finance_recovers=False, profile=self.PROFILE)
        assert rows(fund_of([position], [-10], [10], terms).paid) == pytest.approx([10 * paid])

    @pytest.mark.parametrize(("position", "paid"), [(-10, 1), (-10.1, 0)])
    def test_judged_at_the_year_end_when_a_later_quarter_recovers(self, position, paid):
        terms = FundingTerms(FINANCE_ONLY, finance_recovers=True, profile=self.PROFILE)
        assert rows(fund_of([position], [-10], [10], terms).paid) == [10 * paid]

    def test_years_of_both_kinds(self):
        terms = [
            FundingTerms(FINANCE_ONLY),
            FundingTerms(FINANCE_ONLY, finance_recovers=False, profile=self.PROFILE),
        ]
        got = sustainability_funding(
            np.full((1, 2, 3), -10.0),
            np.full((1, 2), -10.0),
            np.array([True]),
            np.full((1, 2), 10.0),
            terms,
            {},
        )
        assert got.paid[0, :, 0] == pytest.approx([10, 6.5])

    def test_attainment_over_quarters(self):
        by_quarter = np.array([1.0, 0.0, 0.5, 1.0])[:, None, None, None]
        year = quarterly_attainment(by_quarter, (0.15, 0.20, 0.30, 0.35))
        assert year.shape == (1, 1, 1)
        assert year.item() == pytest.approx(0.15 + 0.15 + 0.35)


class TestBonusAndResidual:
    TERMS = FundingTerms(FINANCE_ONLY, bonus_rate=1.0, shares_residual=True)

    @pytest.mark.parametrize(
        ("positions", "pot", "bonus", "residual"),
        [
            # Funds of £10m, £20m and £30m; totals of nil.
            ([0, 0, 0], 50, [0, 0, 0], [0, 0, 0]),
            ([3, 0, 0], 50, [3, 0, 0], [0, 0, 0]),
            ([3, 1, -1], 50, [3, 1, 0], [10, 20, 0]),
            ([3, 1, -1], 19, [3, 1, 0], [5, 10, 0]),
            ([3, 1, -1], 4, [3, 1, 0], [0, 0, 0]),
            ([3, 1, -1], 2, [1.5, 0.5, 0], [0, 0, 0]),
            ([3, 1, -1], 0, [0, 0, 0], [0, 0, 0]),
            ([-1, -1, -1], 50, [0, 0, 0], [0, 0, 0]),
        ],
    )
    def test_never_more_than_the_pot(self, positions, pot, bonus, residual):
        got = fund_of(positions, [0, 0, 0], [10, 20, 30], self.TERMS, national_pot=pot)
        assert rows(got.bonus) == pytest.approx(bonus)
        assert rows(got.residual) == pytest.approx(residual)
        assert (got.bonus + got.residual).sum() <= pot + 1e-9
        assert rows(got.total) == pytest.approx(
            [a + b + c for a, b, c in zip(rows(got.paid), bonus, residual, strict=True)]
        )

    def test_only_for_those_offered_the_fund(self):
        got = fund_of(
            [3, 9], [0, 0], [10, 0], self.TERMS, national_pot=50.0, in_scope=[True, False]
        )
        assert rows(got.bonus) == [3, 0]

    def test_none_unless_the_terms_say_so(self):
        got = fund_of([3, -1], [0, 0], [10, 10], FundingTerms(FINANCE_ONLY), national_pot=50.0)
        assert not got.bonus.any()
        assert not got.residual.any()


BODIES, DRAWS = 4, 6
MONEY = nps.arrays(float, (BODIES, 2, DRAWS), elements=st.floats(-60, 60))
TERMS = st.builds(
    FundingTerms,
    st.sampled_from((PARTS, FINANCE_ONLY, {"finance": 0.7, "A&E": 0.3})),
    finance_recovers=st.booleans(),
    profile=st.none() | st.just(TestQuarters.PROFILE),
    performance_needs_finance=st.booleans(),
    own_taper=st.just(0.0) | st.floats(0.1, 20),
    system_taper=st.just(0.0) | st.floats(0.1, 20),
    bonus_rate=st.sampled_from((0.0, 1.0)),
    shares_residual=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(
    MONEY,
    nps.arrays(float, (2, BODIES, 2), elements=st.floats(0, 40)),
    st.tuples(TERMS, TERMS),
    nps.arrays(float, (3, BODIES, 2, DRAWS), elements=st.floats(0, 1)),
    st.tuples(st.floats(0, 1), st.floats(0, 30)),
)
def test_paid_is_never_more_than_the_fund(position, stated, terms, attained, link_and_pot):
    totals, fund = stated[0] - 20.0, stated[1]
    link, pot = link_and_pot
    attainment = dict(zip(("RTT", "A&E", "cancer"), attained, strict=True))
    scope = np.array([True, True, True, False])
    got = sustainability_funding(
        position, totals, scope, fund, terms, attainment, link, national_pot=pot
    )
    assert (got.paid >= 0).all()
    assert (got.paid <= fund[:, :, None]).all()
    assert ((got.bonus + got.residual).sum(axis=0) <= pot + 1e-9).all()
    assert (got.bonus >= 0).all()
    assert (got.residual >= 0).all()
    assert not got.total[3].any()


@pytest.mark.parametrize(
    ("kind", "stated", "words"),
    [
        (WeightsDoNotSumToOne, {"parts": {"finance": 0.7, "A&E": 0.2}}, "parts sum to 0.9"),
        (WeightsDoNotSumToOne, {"parts": {"finance": 1.2, "A&E": -0.2}}, "nil or more"),
        (WeightsDoNotSumToOne, {"quarters": (0.5, 0.4)}, "quarters sum to 0.9"),
        (FundingTermsError, {"parts": {"A&E": 1.0}}, "need one named “finance”"),
        (FundingTermsError, {"own_taper": -1.0}, "taper"),
        (FundingTermsError, {"profile": QuarterProfile((1.0,), (1.0,))}, "4 quarters"),
        (
            FundingTermsError,
            {"profile": QuarterProfile((0.1, 0.2, 0.3, 0.9), (0.1, 0.2, 0.3, 1.0))},
            "the last of them 1",
        ),
    ],
)
def test_terms_that_cannot_be(kind, stated, words):
    with pytest.raises(kind, match=words):
        FundingTerms(**{"parts": FINANCE_ONLY, **stated})


@pytest.mark.parametrize(
    ("kind", "others", "words"),
    [
        (FundedWithoutTotal, {"totals": [nan]}, "no total to judge it by"),
        (FundedWithoutTotal, {"totals": [nan], "link_share": 1.0}, "no total to judge it by"),
        (FundingTermsError, {"attainment": {}}, "attainment of “RTT” is missing"),
        (FundingTermsError, {"attainment": {**FULL, "RTT": FULL["RTT"] * 1.1}}, "from 0 to 1"),
        (FundingTermsError, {"attainment": {**FULL, "RTT": FULL["RTT"] * nan}}, "from 0 to 1"),
        (FundingTermsError, {"link_share": 1.5}, "link share"),
        (FundingTermsError, {"fund": [-1]}, "nil or more"),
        (FundingTermsError, {"national_pot": -1.0}, "nil or more"),
    ],
)
def test_what_is_given_with_terms_must_fit(kind, others, words):
    given_with = {"positions": [0], "totals": [0], "fund": [10], "terms": FundingTerms(PARTS)}
    with pytest.raises(kind, match=words):
        fund_of(**{**given_with, **others})


def test_terms_for_every_year():
    with pytest.raises(FundingTermsError, match="terms for 1 of 2 years"):
        sustainability_funding(
            np.zeros((1, 2, 1)),
            np.zeros((1, 2)),
            np.array([True]),
            np.zeros((1, 2)),
            [FundingTerms(FINANCE_ONLY)],
            {},
        )
