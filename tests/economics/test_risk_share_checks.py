from math import inf, nan

import numpy as np
import pytest

from finsim.economics.risk_share import settle
from finsim.economics.risk_share_checks import (
    AmountOutOfRange,
    BandsDoNotJoin,
    BasisMissing,
    NotInTheSystem,
    RiskShareError,
    SharedTwice,
    SharesDoNotSumToOne,
    TermOutOfOrder,
    find_faults,
)
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

NOTHING = np.zeros((2, 1, 1))
BASIS = Basis(("A", "B"), ("2018/19",), lines={"drugs": NOTHING, "beds": NOTHING})
POOL, EQUAL = Pool(("A", "B")), Shares(by="equal")
ONE, OTHER = {"A": 1.0}, {"B": 1.0}
ALL_IN = (Band(0, inf, 1.0),)


def lines(*names, direction="both"):
    return Pool(("A", "B"), direction, lines=names)


def test_bands_that_leave_a_hole_say_where():
    faults = find_faults([POOL, Corridor((Band(0, 5, 0), Band(6, inf, 1))), EQUAL], BASIS)
    assert {str(fault) for fault in faults} == {
        "term 2 (corridor): adverse bands leave a hole from 5 to 6",
        "term 2 (corridor): favourable bands leave a hole from 5 to 6",
    }
    assert {fault.term for fault in faults} == {1}


@pytest.mark.parametrize(
    ("kind", "terms", "words"),
    [
        (SharesDoNotSumToOne, [POOL, Shares({"A": 0.5, "B": 0.4})], "shares sum to 0.9"),
        (
            SharesDoNotSumToOne,
            [POOL, Shares({"A": 1.5, "B": -0.5})],
            "“B” is -0.5; it must be nil or more",
        ),
        (SharesDoNotSumToOne, [POOL, Shares()], "sum to 0"),
        (SharesDoNotSumToOne, [POOL, Shares({"A": nan})], "is nan"),
        (SharesDoNotSumToOne, [POOL, Shares(ONE, by="equal")], "cannot be given as numbers"),
        (
            SharesDoNotSumToOne,
            [POOL, Waterfall(EQUAL, (Reserve("risk pool", 1.0, {"A": 0.5}),))],
            "holders of “risk pool” sum to 0.5",
        ),
        (
            SharesDoNotSumToOne,
            [POOL, LayeredProtection(("A",), Amount(1), Shares(ONE))],
            "every sharer is protected",
        ),
        (SharesDoNotSumToOne, [POOL, SharedSavings(1.0, ONE, {}, 0.5)], "providers sum to 0"),
        (NotInTheSystem, [Pool(("A", "Z")), EQUAL], "“Z” is not in the system; it has: A, B"),
        (NotInTheSystem, [POOL, Shares({"Z": 1.0})], "“Z”"),
        (NotInTheSystem, [POOL, Shares(by="equal", members=("Z",))], "“Z”"),
        (NotInTheSystem, [POOL, EQUAL, Cap(loss={"Z": Amount(1)})], "“Z”"),
        (NotInTheSystem, [POOL, LayeredProtection(("Z",), Amount(1), EQUAL)], "“Z”"),
        (NotInTheSystem, [Guarantor("region", Amount(1), members=("Z",))], "“Z”"),
        (NotInTheSystem, [FixedLine("drugs", host="Z")], "“Z”"),
        (NotInTheSystem, [FixedLine("food")], "line “food” is not in the system"),
        (NotInTheSystem, [lines("food"), EQUAL], "line “food”"),
        (NotInTheSystem, [Pool(("A",), base="plan"), EQUAL], "base “plan”"),
        (NotInTheSystem, [Pool(("A",), years=("2030/31",)), EQUAL], "year “2030/31”"),
        (NotInTheSystem, [POOL, SharedSavings("norm", ONE, OTHER, 0.5)], "measure “norm”"),
        (
            BandsDoNotJoin,
            [POOL, Corridor((Band(0, 5, 0), Band(4, inf, 1))), EQUAL],
            "overlap from 4",
        ),
        (BandsDoNotJoin, [POOL, Corridor((Band(1, inf, 1),)), EQUAL], "starts at 1, not at nil"),
        (BandsDoNotJoin, [POOL, Corridor((Band(0, 9, 1),)), EQUAL], "ends at 9, not at infinity"),
        (BandsDoNotJoin, [POOL, Corridor(()), EQUAL], "bands are missing"),
        (
            BandsDoNotJoin,
            [POOL, Corridor((Band(0, 0, 1), Band(0, inf, 1))), EQUAL],
            "runs from 0 to 0",
        ),
        (AmountOutOfRange, [POOL, Corridor((Band(0, inf, 1.1),)), EQUAL], "pooled share is 1.1"),
        (AmountOutOfRange, [POOL, EQUAL, Cap(loss=Amount(-1))], "loss must be nil or more"),
        (AmountOutOfRange, [POOL, EQUAL, Cap(gain=Amount((1.0, 2.0)))], "2 values for 1 years"),
        (AmountOutOfRange, [Guarantor("region", Amount(nan))], "limit must be nil or more"),
        (AmountOutOfRange, [Guarantor("region", Amount(1), share=2)], "share is 2"),
        (AmountOutOfRange, [POOL, SharedSavings(1.0, ONE, OTHER, 1.5)], "share is 1.5"),
        (
            AmountOutOfRange,
            [POOL, SharedSavings(1.0, ONE, OTHER, 0.5, minimum_rate=-0.1)],
            "minimum savings rate is -0.1",
        ),
        (BasisMissing, [POOL, Shares(by="income")], "shares by income need income"),
        (BasisMissing, [POOL, Shares(by="weighted population")], "need weighted population"),
        (BasisMissing, [POOL, Corridor(ALL_IN, unit="income"), EQUAL], "need income"),
        (BasisMissing, [POOL, EQUAL, Cap(loss=Amount(0.1, "income"))], "needs income"),
        (TermOutOfOrder, [POOL], "nothing after it says who shares the pool"),
        (TermOutOfOrder, [POOL, POOL, EQUAL], "the pool before it must be shared first"),
        (TermOutOfOrder, [POOL, Guarantor("region", Amount(1)), EQUAL], "must be shared first"),
        (TermOutOfOrder, [POOL, FixedLine("drugs"), EQUAL], "must be shared first"),
        (TermOutOfOrder, [EQUAL], "needs a pool before it"),
        (TermOutOfOrder, [POOL, EQUAL, EQUAL], "needs a pool before it"),
        (TermOutOfOrder, [Corridor(ALL_IN)], "needs a pool before it"),
        (TermOutOfOrder, [Cap(loss=Amount(1))], "a cap must follow shares"),
        (
            TermOutOfOrder,
            [POOL, SharedSavings(1.0, ONE, OTHER, 0.5), Cap(loss=Amount(1))],
            "have their own cap",
        ),
        (
            TermOutOfOrder,
            [Pool(("A",)), Corridor(ALL_IN, members=("B",)), EQUAL],
            "“B” is not a member of the pool",
        ),
        (TermOutOfOrder, [Pool(()), EQUAL], "a pool needs members"),
        (SharedTwice, [lines("drugs"), EQUAL, lines("drugs"), EQUAL], "the same variance"),
        (SharedTwice, [POOL, EQUAL, lines("drugs"), EQUAL], "the same variance"),
        (
            SharedTwice,
            [
                lines("drugs", "beds", direction="adverse"),
                EQUAL,
                lines("drugs", direction="favourable"),
                EQUAL,
            ],
            "the same lines",
        ),
        (SharedTwice, [FixedLine("drugs"), FixedLine("drugs")], "fixed already"),
        (SharedTwice, [POOL, EQUAL, FixedLine("drugs")], "fix the line first"),
    ],
)
def test_a_fault_has_its_kind_and_says_what_is_wrong(kind, terms, words):
    with pytest.raises(kind, match="term ") as raised:
        settle(NOTHING, terms, BASIS)
    assert words in str(raised.value)
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(
    "terms",
    [
        [],
        [lines("drugs"), EQUAL, lines("beds"), EQUAL, POOL, EQUAL],
        [lines("drugs", direction="adverse"), EQUAL, lines("drugs", direction="favourable"), EQUAL],
        [
            FixedLine("drugs", host="A"),
            POOL,
            Corridor(ALL_IN),
            EQUAL,
            Cap(Amount(1)),
            Cap(Amount(2)),
        ],
        [Guarantor("region", Amount(1)), POOL, EQUAL, Guarantor("nation", Amount(1))],
        [POOL, Shares({"A": 0.1, "B": 0.9 + 1e-12})],
    ],
)
def test_terms_that_are_in_order(terms):
    assert find_faults(terms, BASIS) == []
    assert not settle(NOTHING, terms, BASIS).transfer.any()


def test_all_faults_are_found_at_once():
    terms = [Pool(("A", "Z")), Corridor((Band(1, 2, 3),)), Shares({"Z": 0.5})]
    kinds = [type(fault) for fault in find_faults(terms, BASIS)]
    assert kinds.count(NotInTheSystem) == 2
    assert kinds.count(SharesDoNotSumToOne) == 1
    assert kinds.count(BandsDoNotJoin) == 4
    assert kinds.count(AmountOutOfRange) == 2


@pytest.mark.parametrize("income", [[1.0, -1.0], [0.0, 0.0]])
def test_income_that_nobody_can_share_by(income):
    basis = Basis(("A", "B"), ("2018/19",), income=np.array(income)[:, None, None])
    with pytest.raises(BasisMissing, match="negative for a sharer, or nil for all"):
        settle(NOTHING, [POOL, Shares(by="income")], basis)


@pytest.mark.parametrize(
    ("variance", "words"),
    [
        (np.zeros((3, 1, 1)), "2 organisations and 1 years"),
        (np.zeros((2, 1)), "must be"),
        (np.full((2, 1, 1), nan), "not a number"),
    ],
)
def test_a_variance_that_does_not_fit(variance, words):
    with pytest.raises(RiskShareError, match=words):
        settle(variance, [POOL, EQUAL], BASIS)


def test_a_line_that_does_not_fit():
    basis = Basis(("A", "B"), ("2018/19",), lines={"drugs": np.zeros((2, 1))})
    with pytest.raises(RiskShareError, match="line “drugs” must be"):
        settle(NOTHING, [POOL, EQUAL], basis)


def test_a_line_with_a_gap_in_it():
    basis = Basis(("A", "B"), ("2018/19",), lines={"drugs": np.full((2, 1, 1), nan)})
    with pytest.raises(RiskShareError, match="some of line “drugs” is not a number"):
        settle(NOTHING, [POOL, EQUAL], basis)


def test_a_council_without_weighted_population_may_stand_beside_those_who_share_by_it():
    need = np.array([[1.0], [3.0], [nan]])
    basis = Basis(("A", "B", "council"), ("2018/19",), weighted_population=need)
    variance = np.array([-8.0, 0.0, 0.0])[:, None, None]
    settled = settle(variance, [POOL, Shares(by="weighted population")], basis)
    assert settled.transfer[:, 0, 0].tolist() == [6, -6, 0]
