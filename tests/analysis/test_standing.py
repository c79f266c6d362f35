"""What the gap rests on: by hand, and against the spread of the draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from systems import contract, driver, external, line, organisation, plan_of, system

from finsim.analysis.results import Results, simulate
from finsim.analysis.standing import (
    DERIVED,
    INTERACTION,
    PUBLISHED,
    SOLVED,
    gap_standing,
    slopes_at,
)
from finsim.analysis.strands import ILLUSTRATIVE, IN_SCENARIO
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling, Serial
from finsim.uncertainty.point_sets import Design

JUDGED = {"standing": "illustrative", "replace_with": "the ledger"}


def two_standings(**sections: Any) -> Resolved:
    """£100m comes in, derived; £60m is spent as published and £50m as judged.

    In 2016 the published cost grows by 2% with an sd of 3%, the judged by 1% with an sd of 4%.
    """
    sure = {"mean": 0.02, "sd": 0.03}
    guess = {"mean": 0.01, "sd": 0.04}
    drivers = [
        driver("sure", sure).model_copy(update={"standing": "published"}),
        driver("guess", guess).model_copy(update=JUDGED),
    ]
    stated: dict[str, Any] = {
        "years": (2015, 2016),
        "organisations": [organisation("ccg", "commissioner"), organisation("hospital")],
        "external": [external("england")],
        "contracts": [
            contract("allocation", "england", "ccg", "£100m", payment="block"),
            contract("inside", "ccg", "hospital", "£30m", **JUDGED),
        ],
        "lines": [
            line("known", "ccg", "£60m", price="sure", standing="published"),
            line("judged", "hospital", "£50m", price="guess", **JUDGED),
        ],
        "drivers": drivers,
    }
    return system(**{**stated, **sections})


def run(resolved: Resolved, draws: int = 1024) -> Results:
    return simulate(plan_of(resolved), Sampling(Design("lattice", draws, 5), 8), Serial())


def test_money_by_hand() -> None:
    """Contracts inside the perimeter make no gap, whatever they rest on."""
    found = gap_standing(run(two_standings()))
    assert found.year == "2016/17"
    assert found.money[DERIVED] == pytest.approx(100)
    assert found.money[PUBLISHED] == pytest.approx(60 * 1.02)
    assert found.money[ILLUSTRATIVE] == pytest.approx(50 * 1.01)
    assert found.money_share(ILLUSTRATIVE) == pytest.approx(50.5 / 211.7)
    assert SOLVED not in found.money


def test_spread_by_hand() -> None:
    """£60m × 3% = £1.8m published, £50m × 4% = £2m illustrative: 3.24 and 4 of 7.24."""
    found = gap_standing(run(two_standings()))
    assert found.variance[PUBLISHED] == pytest.approx(3.24 / 7.24, abs=4 * found.errors[PUBLISHED])
    assert found.variance[ILLUSTRATIVE] == pytest.approx(
        4 / 7.24, abs=4 * found.errors[ILLUSTRATIVE]
    )
    assert found.variance[INTERACTION] == pytest.approx(0, abs=1e-9)
    assert 0 < found.errors[ILLUSTRATIVE] < 0.02
    assert sum(found.variance.values()) == pytest.approx(1)


def test_what_to_replace_first_by_hand() -> None:
    """The line: 10% of £50.5m. Its price: £2m by spread, and 10% of 1% of £50m by level."""
    found = gap_standing(run(two_standings()))
    (one,) = found.replace_first
    assert one.replace_with == "the ledger"
    assert one.inputs == ("judged", "guess")
    assert one.spread == pytest.approx(2.0, rel=0.02)
    assert one.level == pytest.approx(np.hypot(5.05, 0.05), rel=1e-6)
    assert one.influence == pytest.approx(np.hypot(one.spread, one.level))


def test_pressure_is_told_apart() -> None:
    held = {
        "unattributed": {
            "amount": 25.0, "in_year": 2016, "published_gap": 40.0, "solved_in": "here",
            "shares": {"ccg": 1.0}, "spread": {"low": -0.2, "high": 0.2},
        }
    }  # fmt: skip
    found = gap_standing(run(two_standings(held=held)))
    assert found.money[SOLVED] == pytest.approx(25)
    assert found.variance[IN_SCENARIO] > 0.3


@pytest.mark.parametrize("persistence", [0.0, 0.6, 0.9])
def test_the_spread_of_a_rate_that_persists_is_that_of_the_draws(persistence: float) -> None:
    """With one input that varies, its spread is the standard deviation of the gap."""
    value = {"mean": 0.0, "sd": 0.01, "over_years": {"ar1": persistence}}
    drivers = [
        driver("sure", 0.0),
        driver("guess", value).model_copy(update=JUDGED),
    ]
    results = run(two_standings(drivers=drivers, years=(2015, 2019)))
    found = gap_standing(results)
    gap = results.figure("gap", "2019/20")
    assert gap.p90 is not None
    assert gap.p10 is not None
    spread = next(one.spread for one in found.replace_first)
    assert spread == pytest.approx((gap.p90 - gap.p10) / 2.563, rel=0.03)


def test_without_uncertainty_nothing_is_explained() -> None:
    drivers = [driver("sure", 0.02), driver("guess", 0.01)]
    found = gap_standing(run(two_standings(drivers=drivers)))
    assert not any(found.variance.values())
    assert found.money[PUBLISHED] == pytest.approx(61.2)


def test_what_moves_money_inside_the_perimeter_alone_has_no_slope(
    shipped: Callable[..., Resolution],
) -> None:
    """The Better Care Fund passes from commissioners to councils: nil, and no rounding of it."""
    plan = shipped("bhr").plan
    slopes = slopes_at(plan, central_inputs(plan))
    assert not slopes[plan.inputs.position("better_care_fund")].any()
    assert slopes[plan.inputs.position("tariff")].any()


def test_it_is_worked_out_once() -> None:
    results = run(two_standings())
    assert gap_standing(results) is gap_standing(results)
