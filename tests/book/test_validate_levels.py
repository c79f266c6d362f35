"""Networks, localities and budgets that do not fit the book: one message for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_files import Example, copied, problems_of

from finsim.simulation.resolve import resolve
from finsim.simulation.warnings import warnings_of

SOURCED = "{source: made up, standing: derived, as_at: '2016'"
LEVELS = f"""networks:
  - {SOURCED}, id: emergency, name: Emergency care, held_by: {{hospital: 100%}}}}
  - {SOURCED}, id: other, name: Other care}}
localities:
  - {SOURCED}, id: north, name: North, group: both, people: {{northtown: 1}}}}
  - {SOURCED}, id: south, name: South, group: both, people: {{southtown: 1}}}}
budgets:
  - {SOURCED}, id: place_based, name: Place-based, level: networks,
     moves: [{{from: emergency, to: other, by_year: {{2017/18: £1m}}}}]}}
  - {SOURCED}, id: delegated, name: Delegated, level: localities, covers: {{network: other}},
     capitation: {{from: 2016/17, by: 2018/19}}, minimum_people: 10}}
"""


SCENARIO = """title: Seen by network and place
budgets: [place_based, delegated]
changes:
  lines:
    prescribing: {network: other, locality: both}
    emergency_pay: {network: Emergency care}
"""


@pytest.fixture
def example(tmp_path: Path) -> Example:
    found = copied(tmp_path)
    found.book("levels.yaml").write_text(LEVELS, encoding="utf-8")
    found.extending(SCENARIO, "levels.yaml")
    return found


def scenario(example: Example) -> Path:
    return example.scenario.with_name("levels.yaml")


def test_the_levels_fit(example: Example) -> None:
    levels = resolve(scenario(example)).arrangement.levels
    assert [budget.view.bodies for budget in levels.budgets] == [
        ("emergency", "other", "unassigned"),
        ("north", "south", "unassigned"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("hospital: 100%", "hospitl: 100%", "did you mean 'hospital'?"),
        ("hospital: 100%", "hospital: 90%", "the shares in held_by sum to 90.0000%"),
        ("id: emergency, name: Emergency", "id: urgent, name: Urgent", "there is no network 'E"),
        ("id: other", "id: unassigned", "is the name of what carries no tag"),
        ("{northtown: 1}", "{northtwn: 1}", "did you mean 'northtown'?"),
        ("{northtown: 1}", "{northtown: 0}", "has no part of the people of any area"),
        ("{northtown: 1}", "{northtown: -1}", "-1 is negative"),
        ("group: both, people: {north", "group: south, people: {north", "needs a name of its own"),
        ("from: emergency, to", "from: emergncy, to", "did you mean 'emergency'?"),
        ("to: other", "to: emergency", "moves money from 'emergency' to itself"),
        ("£1m", "-£1m", "exchange `from` and `to`"),
        ("2017/18: £1m", "2025/26: £1m", "2025/26 is not a projected year"),
        ("covers: {network: other}", "covers: {network: othr}", "did you mean 'other'?"),
        ("covers: {network: other}", "covers: {service: x}", "covers nothing that money was"),
        ("by: 2018/19", "by: 2016/17", "`by` is not after `from`"),
        ("level: networks", "level: networks, covers: {service: x}", "remove `covers`"),
        ("moves:", "capitation: {from: 2016/17, by: 2018/19}, moves:", "is for localities"),
        ("moves:", "live_from: 2018/19, moves:", "'Other care' is live from 2018/19, but nobody"),
        ("minimum_people: 10", "terms: [{pool: {members: eest}}]", "there is no 'eest' at this"),
        ("id: south, name", "id: north, name", "the id 'north' stands twice"),
    ],
)
def test_a_mistake_in_levels(example: Example, old: str, new: str, says: str) -> None:
    example.replace(example.book("levels.yaml"), old, new)
    told = problems_of(scenario(example))
    assert any(says in line for line in told), told
    assert all(".yaml:" in line or ".csv:" in line for line in told)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("network: other", "network: othr", "there is no network 'othr'; known: emergency, other"),
        ("locality: both", "locality: bth", "there is no locality, group or area 'bth'"),
        ("[place_based, delegated]", "[place_bsed]", "did you mean 'place_based'?"),
    ],
)
def test_a_mistake_in_tags_and_choices(example: Example, old: str, new: str, says: str) -> None:
    example.replace(scenario(example), old, new)
    assert any(says in line for line in problems_of(scenario(example)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("hospital: 100%", "hospital: 90%", "the shares in held_by sum to 90.0000%"),
        ("group: both, people: {northtown: 1}", "group: top, people: {northtown: 0}", "no part of"),
    ],
)
def test_a_body_with_a_mistake_is_known_by_its_name_and_group(
    example: Example, old: str, new: str, says: str
) -> None:
    if "northtown" in new:
        example.replace(scenario(example), "locality: both", "locality: top")
    example.replace(example.book("levels.yaml"), old, new)
    (told,) = problems_of(scenario(example))
    assert says in told


def test_tags_are_free_words_in_a_book_without_levels(example: Example) -> None:
    example.book("levels.yaml").unlink()
    example.replace(scenario(example), "budgets: [place_based, delegated]\n", "")
    assert not resolve(scenario(example)).arrangement.levels.budgets


def test_too_few_people_are_warned_of(example: Example) -> None:
    assert not any("people in" in line for line in warnings_of(resolve(scenario(example)).plan))
    example.replace(example.book("levels.yaml"), "minimum_people: 10", "minimum_people: 104000")
    told = [line for line in warnings_of(resolve(scenario(example)).plan) if "people in" in line]
    assert told[0].startswith("North has 103,000 people in 2015/16; its budget asks for at least 1")


def test_people_of_two_commissioners_are_warned_of(example: Example) -> None:
    second = "north,North CCG,commissioner,northtown 40%,true,100%,,Made up,illustrative,2016,other"
    with example.book("organisations.csv").open("a", encoding="utf-8") as table:
        table.write(f"{second}\n")
    (told,) = [line for line in warnings_of(resolve(scenario(example)).plan) if "twice" in line]
    assert told.startswith("commissioners together serve 140% of the people of northtown")
