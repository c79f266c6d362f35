"""Areas that are served in part: read with their names, weighed by their parts."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from systems import contract, curve, driver, external, line, organisation, people, plan_of, system

from finsim.book.areas import area_names, parts_of_areas
from finsim.book.model import Demand, Organisation
from finsim.scenario.resolved import Resolved

TOWN, COUNTY = [30, 50, 20], [60, 80, 60]


def served(areas: list[str]) -> Resolved:
    """A commissioner of some areas whose one cost follows their people."""
    after = {"town": [30, 50, 40], "county": [60, 80, 60]}
    table = {"town": {2015: TOWN, 2016: after["town"]}, "county": {2015: COUNTY, 2016: COUNTY}}
    return system(
        years=(2015, 2016),
        grown={"growth": "outturn", "variant": "made up"},
        organisations=[organisation("ccg", "commissioner", areas=areas)],
        external=[external("outside")],
        contracts=[contract("money", "outside", "ccg", 10.0, payment="block")],
        lines=[line("care", "ccg", 10.0, demand="headcount", areas=areas)],
        population=people(table),
        curves=[curve("one", (1.0, 1.0, 1.0)), curve("other", (1.0, 1.0, 4.0))],
        demand=Demand(curves=("one", "other"), mix="mix"),
        drivers=[driver("mix", 1.0)],
    )


def test_a_part_follows_the_name() -> None:
    areas = ("county 43%", "town", "Barking and Dagenham 12.5%")

    assert parts_of_areas(areas) == {"county": 0.43, "town": 1.0, "Barking and Dagenham": 0.125}
    assert area_names(areas) == ("county", "town", "Barking and Dagenham")


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        (["county 0%"], "above 0%, and at most 100%"),
        (["county 143%"], "above 0%, and at most 100%"),
        (["county 43%", "county"], "stands twice"),
        (["county x%"], "x%"),
    ],
)
def test_a_part_that_cannot_be(areas: list[str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        organisation("ccg", areas=areas)


def test_parts_are_written_as_they_were_read() -> None:
    body = organisation("ccg", areas=["county 43%", "town"])

    assert Organisation.model_validate(body.model_dump(mode="json", exclude_none=True)) == body


def test_weighted_population_counts_the_part() -> None:
    whole, part, rest = (
        plan_of(served(areas)).bodies.weighted_population
        for areas in (["county"], ["county 43%"], ["county 57%"])
    )
    assert whole is not None
    assert part is not None
    assert rest is not None

    # 60 + 80 + 4 × 60 weighted people
    assert whole[0, 0] == pytest.approx(380)
    assert part[0, 0] == pytest.approx(0.43 * 380)
    np.testing.assert_allclose(part + rest, whole)


def test_a_part_weighs_in_the_demand_of_several_areas() -> None:
    """Town grows from 100 to 120 people, county stays at 200, of which a quarter is 50."""
    plan = plan_of(served(["town", "county 25%"]))
    people_of = plan.people
    assert people_of is not None

    grown = people_of.weighted_a[0, 1] / people_of.weighted_a[0, 0]
    assert grown == pytest.approx((120 + 50) / (100 + 50))
