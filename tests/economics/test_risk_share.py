"""Each term by hand: below, at and above every edge, adverse and favourable."""

from math import inf

import numpy as np
import pytest

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

A, B, C, D = "A", "B", "C", "D"
ALL = (A, B, C, D)


def basis(**others):
    income = np.array([400.0, 300.0, 200.0, 100.0])[:, None, None]
    need = np.array([1.0, 1.0, 1.0, 2.0])[:, None]
    given = {"years": ("2018/19",), "income": income, "weighted_population": need, **others}
    return Basis(ALL, **given)


def column(*variance):
    """One year and one draw, an organisation a row."""
    return np.array(variance, dtype=float)[:, None, None]


def settlement(variance, *terms, **others):
    settled = settle(column(*variance), terms, basis(**others))
    assert check_settlement(settled) <= 1e-9
    return settled


def transfers(variance, *terms, **others):
    return settlement(variance, *terms, **others).transfer[:, 0, 0].tolist()


EQUAL = Shares(by="equal")


class TestPool:
    @pytest.mark.parametrize(
        ("direction", "expected"),
        [
            ("adverse", [2 - 4, 10 - 4, 0 - 4, 0]),
            ("favourable", [2, 2, -6 + 2, 0]),
            ("both", [2 - 2, 10 - 2, -6 - 2, 0]),
        ],
    )
    def test_takes_only_its_direction(self, direction, expected):
        got = transfers([-2, -10, 6, 5], Pool((A, B, C), direction), EQUAL)
        assert got == pytest.approx(expected)

    def test_who_shares_need_not_be_who_pools(self):
        got = transfers([-8, 3, 3, 3], Pool((A,)), Shares({B: 0.75, C: 0.25}))
        assert got == pytest.approx([8, -6, -2, 0])

    def test_only_on_its_lines(self):
        lines = {"emergency": column(-4, 1, 0, 0), "drugs": column(-9, 0, 0, 0)}
        got = transfers([-30, 0, 0, 0], Pool((A, B), lines=("emergency",)), EQUAL, lines=lines)
        assert got == pytest.approx([4 - 1.5, -1 - 1.5, 0, 0])

    def test_against_another_base(self):
        bases = {"plan": column(-4, 0, 0, 0)}
        got = transfers([-30, 0, 0, 0], Pool((A, B), base="plan"), EQUAL, bases=bases)
        assert got == pytest.approx([2, -2, 0, 0])

    def test_only_in_its_years(self):
        variance = np.full((4, 2, 3), -6.0)
        variance[1:] = 0.0
        years = ("2017/18", "2018/19")
        terms = [Pool((A, B), years=("2018/19",)), EQUAL]
        got = settle(variance, terms, Basis(ALL, years)).transfer
        assert np.array_equal(got[:, 0], np.zeros((4, 3)))
        assert got[:2, 1, 0].tolist() == [3, -3]

    def test_sees_the_variance_after_the_terms_before(self):
        first = [Pool((A, B)), EQUAL]
        then = [Pool((B, C)), EQUAL]
        assert transfers([-8, 0, 0, 0], *first, *then) == pytest.approx([4, -2, -2, 0])


class TestShares:
    @pytest.mark.parametrize(
        ("shares", "expected"),
        [
            (Shares({A: 0.5, B: 0.5}), [5, -5, 0, 0]),
            (Shares(by="equal"), [7.5, -2.5, -2.5, -2.5]),
            (Shares(by="income"), [6, -3, -2, -1]),
            (Shares(by="income", members=(A, B, C)), [10 - 40 / 9, -10 / 3, -20 / 9, 0]),
            (Shares(by="weighted population"), [8, -2, -2, -4]),
        ],
    )
    def test_of_an_adverse_and_a_favourable_pool(self, shares, expected):
        assert transfers([-10, 0, 0, 0], Pool(ALL), shares) == pytest.approx(expected)
        mirrored = [-share for share in expected]
        assert transfers([10, 0, 0, 0], Pool(ALL), shares) == pytest.approx(mirrored)

    def test_income_by_draw_shares_by_draw(self):
        income = np.ones((4, 1, 2))
        income[1, 0, 1] = 3.0
        variance = np.zeros((4, 1, 2))
        variance[0] = -12.0
        terms = [Pool((A, B)), Shares(by="income")]
        got = settle(variance, terms, basis(income=income)).transfer
        assert got[1, 0].tolist() == [-6, -9]


# A bears the first £5m itself, half of the next £10m, and pools everything beyond £15m.
BANDS = (Band(0, 5, 0.0), Band(5, 15, 0.5), Band(15, inf, 1.0))


class TestCorridor:
    @pytest.mark.parametrize(
        ("variance", "pooled"),
        [
            (0, 0),
            (-4.99, 0),
            (-5, 0),
            (-5.5, 0.25),
            (-15, 5),
            (-16, 6),
            (-40, 30),
            (4.99, 0),
            (5, 0),
            (5.5, -0.25),
            (15, -5),
            (16, -6),
        ],
    )
    def test_each_band_on_its_own_slice(self, variance, pooled):
        got = transfers([variance, 0, 0, 0], Pool((A,)), Corridor(BANDS), Shares({B: 1.0}))
        assert got == pytest.approx([pooled, -pooled, 0, 0])

    @pytest.mark.parametrize(
        ("variance", "pooled"), [(-5, 0), (-15, 5), (0.5, -0.1), (5, -1), (50, -10)]
    )
    def test_favourable_bands_of_their_own(self, variance, pooled):
        corridor = Corridor(BANDS, favourable=(Band(0, inf, 0.2),))
        got = transfers([variance, 0, 0, 0], Pool((A,)), corridor, Shares({B: 1.0}))
        assert got == pytest.approx([pooled, -pooled, 0, 0])

    @pytest.mark.parametrize(("variance", "pooled"), [(-3.9, 0), (-4, 0), (-5, 1), (5, -1)])
    def test_bands_in_percent_of_income(self, variance, pooled):
        corridor = Corridor((Band(0, 0.01, 0.0), Band(0.01, inf, 1.0)), unit="income")
        got = transfers([variance, 0, 0, 0], Pool((A,)), corridor, Shares({B: 1.0}))
        assert got == pytest.approx([pooled, -pooled, 0, 0])

    def test_for_one_member_only(self):
        corridor = Corridor(BANDS, members=(A,))
        got = transfers([-5, -5, 0, 0], Pool((A, B)), corridor, Shares({C: 1.0}))
        assert got == pytest.approx([0, 5, -5, 0])

    @pytest.mark.parametrize(
        ("variance", "left_in"),
        [([-2, -3], 0.0), ([-4, -6], 0.25), ([-20, 5], 1 / 3), ([20, -5], 1 / 3), ([5, -5], 0.0)],
    )
    def test_on_the_net_pool(self, variance, left_in):
        corridor = Corridor(BANDS, on="pool")
        got = transfers([*variance, 0, 0], Pool((A, B)), corridor, Shares({C: 1.0}))
        a, b = (-left_in * each for each in variance)
        assert got == pytest.approx([a, b, -a - b, 0])

    def test_on_the_pool_in_percent_of_joint_income(self):
        corridor = Corridor((Band(0, 0.01, 0.0), Band(0.01, inf, 1.0)), unit="income", on="pool")
        got = transfers([-8, -6, 0, 0], Pool((A, B)), corridor, Shares({C: 1.0}))
        assert got == pytest.approx([4, 3, -7, 0])


class TestCap:
    POOL = Pool((A,))
    THIRDS = Shares({B: 0.5, C: 0.3, D: 0.2})

    @pytest.mark.parametrize(
        ("overspend", "expected"),
        [
            (7.9, [7.9, -3.95, -2.37, -1.58]),
            (8, [8, -4, -2.4, -1.6]),
            # £1m over B's £4m spills over C and D, three to two.
            (10, [10, -4, -3.6, -2.4]),
            (-10, [-10, 5, 3, 2]),
        ],
    )
    def test_spills_over_two_members(self, overspend, expected):
        cap = Cap(loss={B: Amount(4)})
        assert transfers([-overspend, 0, 0, 0], self.POOL, self.THIRDS, cap) == pytest.approx(
            expected
        )

    def test_spills_again_when_the_next_member_is_full(self):
        cap = Cap(loss={B: Amount(4), C: Amount(3.2)})
        got = transfers([-10, 0, 0, 0], self.POOL, self.THIRDS, cap)
        assert got == pytest.approx([10, -4, -3.2, -2.8])

    @pytest.mark.parametrize(("overspend", "unplaced"), [(5.9, 0), (6, 0), (6.5, 0.5), (10, 4)])
    def test_that_nobody_can_take(self, overspend, unplaced):
        got = settlement([-overspend, 0, 0, 0], self.POOL, self.THIRDS, Cap(loss=Amount(2)))
        assert got.unplaced[0, 0] == pytest.approx(unplaced)
        assert got.flagged[0, 0] == (unplaced > 0)
        assert got.transfer[0, 0, 0] == pytest.approx(overspend - unplaced)
        assert got.transfer[1:, 0, 0].min() >= -2 - 1e-12

    def test_what_nobody_takes_stays_with_each_in_proportion_to_what_it_is_due(self):
        got = settlement([-6, -3, 0, 0], Pool((A, B)), Shares({C: 1.0}), Cap(loss=Amount(6)))
        assert got.transfer[:, 0, 0] == pytest.approx([4, 2, -6, 0])
        assert got.unplaced[0, 0] == pytest.approx(3)

    def test_whose_variance_it_is_takes_part_in_the_spill_when_it_shares(self):
        shares = Shares({A: 0.4, B: 0.3, C: 0.3})
        got = transfers([-10, 0, 0, 0], self.POOL, shares, Cap(loss={B: Amount(1)}))
        assert got == pytest.approx([6 - 2 * 4 / 7, -1, -3 - 2 * 3 / 7, 0])

    @pytest.mark.parametrize(
        ("underspend", "expected"),
        [
            (8, [-8, 4, 2.4, 1.6]),
            (10, [-10, 4, 3.6, 2.4]),
            (-10, [10, -5, -3, -2]),
        ],
    )
    def test_on_a_gain(self, underspend, expected):
        cap = Cap(gain={B: Amount(4)})
        got = transfers([underspend, 0, 0, 0], self.POOL, self.THIRDS, cap)
        assert got == pytest.approx(expected)

    def test_on_a_gain_that_nobody_can_take(self):
        got = settlement([10, 0, 0, 0], self.POOL, self.THIRDS, Cap(gain=Amount(2)))
        assert got.transfer[:, 0, 0] == pytest.approx([-6, 2, 2, 2])
        assert got.unplaced[0, 0] == pytest.approx(4)

    @pytest.mark.parametrize(("overspend", "expected"), [(2, [2, -2, 0, 0]), (9, [3, -3, 0, 0])])
    def test_in_percent_of_income(self, overspend, expected):
        cap = Cap(loss=Amount(0.01, "income"))
        got = transfers([-overspend, 0, 0, 0], self.POOL, Shares({B: 1.0}), cap)
        assert got == pytest.approx(expected)

    def test_a_later_cap_keeps_an_earlier_one(self):
        caps = [Cap(loss={B: Amount(4)}), Cap(loss={C: Amount(3)})]
        got = transfers([-10, 0, 0, 0], self.POOL, self.THIRDS, *caps)
        assert got == pytest.approx([10, -4, -3, -3])

    def test_a_losing_and_a_gaining_limit_hold_together(self):
        cap = Cap(loss={B: Amount(1)}, gain={A: Amount(4)})
        shares = Shares({A: 1 / 3, B: 1 / 3, C: 1 / 3})
        got = transfers([-10, 0, 0, 0], self.POOL, shares, cap)
        # Losses: B 1, excess 7/3 halved over A and C. Gains: A 5.5 to 4, 1.5 halved over B and C.
        assert got == pytest.approx([4, -0.25, -3.75, 0])

    def test_limits_by_year(self):
        variance = np.zeros((4, 2, 1))
        variance[0] = -9.0
        terms = [self.POOL, Shares({B: 1.0}), Cap(loss=Amount((2.0, 5.0)))]
        got = settle(variance, terms, Basis(ALL, ("2017/18", "2018/19"))).transfer
        assert got[1, :, 0].tolist() == [-2, -5]


class TestWaterfall:
    """A overspends, B underspends £3m, C holds the risk pool (£2m) and D £4m uncommitted."""

    RULE = Waterfall(
        Shares({B: 0.5, C: 0.5}),
        (Reserve("risk pool", 2.0, {C: 1.0}), Reserve("uncommitted schemes", 4.0, {D: 1.0})),
    )

    @pytest.mark.parametrize(
        ("overspend", "expected"),
        [
            (0, [0, 0, 0, 0]),
            (2.9, [2.9, -2.9, 0, 0]),
            (3, [3, -3, 0, 0]),
            (4, [4, -3, -1, 0]),
            (5, [5, -3, -2, 0]),
            (6, [6, -3, -2, -1]),
            (9, [9, -3, -2, -4]),
            (11, [11, -4, -3, -4]),
        ],
    )
    def test_in_order(self, overspend, expected):
        got = transfers([-overspend, 3, 0, 0], Pool((A, B)), self.RULE)
        assert got == pytest.approx(expected)

    def test_an_underspend_stays_where_it_arose(self):
        assert transfers([4, 3, 0, 0], Pool((A, B)), self.RULE) == [0, 0, 0, 0]

    def test_the_overspender_bears_its_own_share_of_the_rest(self):
        rule = Waterfall(Shares({A: 0.5, B: 0.5}))
        assert transfers([-8, 3, 0, 0], Pool((A, B)), rule) == pytest.approx([5.5, -5.5, 0, 0])


class TestFixedLine:
    LINES = {"equipment": column(-4, 2, 0, 0), "home care": column(-6, 0, 0, 0)}  # noqa: RUF012

    def test_each_host_bears_its_own(self):
        got = transfers(
            [-10, 2, 0, 0], FixedLine("equipment"), Pool((A, B)), EQUAL, lines=self.LINES
        )
        assert got == pytest.approx([3, -3, 0, 0])

    def test_the_host_bears_all_of_it(self):
        terms = [FixedLine("equipment", host=B), Pool((A, B)), EQUAL]
        got = settlement([-10, 2, 0, 0], *terms, lines=self.LINES)
        assert got.by_term[0].amount[:, 0, 0].tolist() == [4, -4, 0, 0]
        assert got.by_term[1].amount[:, 0, 0].tolist() == [3, -3, 0, 0]

    def test_stays_out_of_a_pool_of_lines(self):
        pool = Pool((A, B), lines=("equipment", "home care"))
        got = transfers([-10, 2, 0, 0], FixedLine("equipment"), pool, EQUAL, lines=self.LINES)
        assert got == pytest.approx([3, -3, 0, 0])

    def test_is_fixed_only_in_its_years(self):
        on_line = np.zeros((4, 2, 1))
        on_line[0] = -4.0
        years = ("2017/18", "2018/19")
        terms = [FixedLine("equipment", years=("2017/18",)), Pool((A, B)), EQUAL]
        for pool in (Pool((A, B)), Pool((A, B), lines=("equipment",))):
            terms[1] = pool
            got = settle(on_line, terms, Basis(ALL, years, lines={"equipment": on_line})).transfer
            assert got[0, :, 0].tolist() == [0, 2]


class TestGuarantor:
    TERM = Guarantor("region", limit=Amount(6), members=(A, B), threshold=Amount(10))

    @pytest.mark.parametrize(
        ("variance", "support"),
        [
            ([10, 10], [0, 0]),
            ([-4, -5.9], [0, 0]),
            ([-4, -6], [0, 0]),
            ([-8, -4], [4 / 3, 2 / 3]),
            ([-20, 8], [2, 0]),
            ([-8, -8], [3, 3]),
            ([-20, -20], [3, 3]),
        ],
    )
    def test_past_its_threshold_to_its_limit(self, variance, support):
        got = settlement([*variance, -50, 0], self.TERM)
        assert got.external_support[:, 0, 0] == pytest.approx([*support, 0, 0])
        assert not got.transfer.any()
        assert got.by_term[0].external

    def test_takes_a_share(self):
        term = Guarantor("region", limit=Amount(100), share=0.25)
        got = settlement([-8, 0, 0, 0], term)
        assert got.external_support[:, 0, 0] == pytest.approx([2, 0, 0, 0])

    def test_in_percent_of_joint_income(self):
        limit, threshold = Amount(0.01, "income"), Amount(0.02, "income")
        got = settlement([-30, 0, 0, 0], Guarantor("region", limit, threshold=threshold))
        assert got.external_support[0, 0, 0] == pytest.approx(10)

    def test_sees_transfers_and_earlier_guarantors(self):
        second = Guarantor("nation", limit=Amount(100), members=(A, B), threshold=Amount(1))
        got = settlement([-20, 4, 0, 0], Pool((A, B)), EQUAL, self.TERM, second)
        assert got.transfer[:, 0, 0] == pytest.approx([12, -12, 0, 0])
        assert got.external_support[:, 0, 0] == pytest.approx([3 + 4.5, 3 + 4.5, 0, 0])

    def test_against_a_base_and_in_its_years(self):
        plan = np.full((4, 2, 1), -1.0)
        years = ("2017/18", "2018/19")
        term = Guarantor("region", Amount(10), base="plan", years=("2018/19",))
        got = settle(np.zeros((4, 2, 1)), [term], Basis(ALL, years, bases={"plan": plan}))
        assert got.external_support[:, :, 0].tolist() == [[0, 1]] * 4


class TestLayeredProtection:
    """D is protected until A, B and C have each borne 10% of income: £40m, £30m, £20m."""

    @pytest.mark.parametrize(
        ("shortfall", "borne"),
        [
            (0, [0, 0, 0, 0]),
            (45, [20, 15, 10, 0]),
            (90, [40, 30, 20, 0]),
            (100, [44, 33, 22, 1]),
            (-9, [-4, -3, -2, 0]),
        ],
    )
    def test_partner_joins_past_the_reduction(self, shortfall, borne):
        term = LayeredProtection((D,), Amount(0.1, "income"), Shares(by="income"))
        got = transfers([-shortfall, 0, 0, 0], Pool(ALL), term)
        expected = [-part for part in borne]
        expected[0] += shortfall
        assert got == pytest.approx(expected)

    def test_one_that_has_borne_its_reduction_waits_for_the_others(self):
        reduction = {A: Amount(1), B: Amount(10)}
        term = LayeredProtection((D,), reduction, Shares({A: 0.25, B: 0.25, D: 0.5}))
        assert transfers([0, 0, -6, 0], Pool((C,)), term) == pytest.approx([-1, -5, 6, 0])
        assert transfers([0, 0, -15, 0], Pool((C,)), term) == pytest.approx([-2, -11, 15, -2])


MEASURES = {"score": np.array([[0.4]])}


class TestSharedSavings:
    """A pays B: benchmark £100m, minimum 2%, share 50%, cap 4%, losses shared to 3%."""

    POOL = Pool((A,), lines=("spend",))

    def due(self, saving, **others):
        stated = {"share": 0.5, "minimum_rate": 0.02, "savings_cap": 0.04, **others}
        term = SharedSavings(100.0, {A: 1.0}, {B: 1.0}, **stated)
        lines = {"spend": column(saving, 0, 0, 0)}
        got = transfers([0, 0, 0, 0], self.POOL, term, lines=lines, measures=MEASURES)
        assert got[0] == pytest.approx(-got[1])
        return got[1]

    @pytest.mark.parametrize(
        ("saving", "paid"),
        [(0, 0), (1.99, 0), (2, 1), (2.01, 1.005), (7.9, 3.95), (8, 4), (30, 4), (-50, 0)],
    )
    def test_one_sided(self, saving, paid):
        assert self.due(saving) == pytest.approx(paid)

    @pytest.mark.parametrize(
        ("saving", "paid"),
        [(8, 4), (-1.99, 0), (-2, -1), (-5.9, -2.95), (-6, -3), (-30, -3)],
    )
    def test_two_sided(self, saving, paid):
        assert self.due(saving, two_sided=True, loss_limit=0.03) == pytest.approx(paid)

    @pytest.mark.parametrize(
        ("stated", "paid"),
        [
            ({"quality": 0.8}, -0.6 * 10),
            ({"quality": 0.8, "loss_share": 0.3}, -0.3 * 10),
            ({"quality": 0.2, "loss_share_range": (0.4, 0.6)}, -0.6 * 10),
            ({"quality": 1.0, "share": 0.75, "loss_share_range": (0.4, 0.6)}, -0.4 * 10),
            ({"minimum_loss_rate": 0.11}, 0),
        ],
    )
    def test_share_of_losses(self, stated, paid):
        assert self.due(-10, two_sided=True, **stated) == pytest.approx(paid)

    def test_quality_cuts_the_share(self):
        assert self.due(6, quality=0.5) == pytest.approx(1.5)
        assert self.due(6, quality="score") == pytest.approx(1.2)

    @pytest.mark.parametrize(
        ("benchmark", "spend", "paid"),
        [(956_864_945, 884_436_947, 54_320_998), (383_064_284, 384_982_008, 0)],
    )
    def test_published_results_of_2020(self, benchmark, spend, paid):
        term = SharedSavings(
            float(benchmark), {A: 1.0}, {B: 1.0}, share=0.75, minimum_rate=0.02, savings_cap=0.2
        )
        lines = {"spend": column(benchmark - spend, 0, 0, 0)}
        got = transfers([0, 0, 0, 0], self.POOL, term, lines=lines)
        assert got[1] == pytest.approx(paid, abs=1)


def test_by_term_adds_up_and_zero_variance_moves_nothing():
    terms = [Pool(ALL), Corridor(BANDS), EQUAL, Cap(loss=Amount(1)), Guarantor("region", Amount(5))]
    got = settlement([-30, 4, 9, 0], *terms)
    assert [movement.place for movement in got.by_term] == [2, 3, 4]
    inside = sum(movement.amount for movement in got.by_term if not movement.external)
    assert inside == pytest.approx(got.transfer)
    nothing = settlement([0, 0, 0, 0], *terms)
    assert not nothing.transfer.any()
    assert not nothing.external_support.any()


def test_the_variance_given_is_left_as_it_was():
    variance = column(-10, 0, 0, 0)
    settle(variance, [Pool(ALL), EQUAL, Cap(loss=Amount(1))], basis())
    assert variance[:, 0, 0].tolist() == [-10, 0, 0, 0]


def test_draws_do_not_touch_one_another():
    variance = np.random.default_rng(3).normal(0, 20, (4, 1, 64))
    terms = [Pool(ALL), Shares(by="income"), Cap(loss=Amount(2), gain=Amount(3))]
    whole = settle(variance, terms, basis())
    for draw in range(64):
        alone = settle(variance[:, :, draw : draw + 1], terms, basis())
        assert np.array_equal(alone.transfer[:, :, 0], whole.transfer[:, :, draw])
