"""Whether a book fits together: names that lead nowhere, tables that are not whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_files import Example, copied, problems_of


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return copied(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (
            "contracts.csv",
            "emergency,Emergency care,ccg",
            "emergency,Emergency care,cgc",
            "contracts / emergency / payer: there is no organisation or external body 'cgc'; "
            "known: ccg, council, hospital, neighbours, nhs_england, taxpayers, did you ",
        ),
        ("contracts.csv", "£90m", "£0m", "contracts / emergency / baseline: £0m is not above £0m"),
        ("contracts.csv", "£90m", "-£90m", "contracts / emergency / baseline: -£90m is not above"),
        ("contracts.csv", "£90m", "£nan", "'£nan' is not an amount of money"),
        ("contracts.csv", ",blended_later,", ",blended_latr,", "did you mean 'blended_later'?"),
        (
            "contracts.csv",
            "ccg,council,social care",
            "ccg,ccg,social care",
            "'ccg' would pay itself",
        ),
        ("contracts.csv", "neighbours_growth,,tariff", ",,tariff", "names no `growth` driver"),
        ("lines.csv", "£80m", "-£80m", "lines / social_care / baseline: -£80m is negative; £0m or"),
        ("lines.csv", "£80m", "80", "'80' has no unit; write an amount of money such as £80m"),
        ("lines.csv", "drugs,northtown;southtown", "drugs,northtwn", "did you mean 'northtown'?"),
        ("lines.csv", "drugs,100%", "drug,100%", "lines / prescribing / price: there is no driver"),
        ("lines.csv", "drugs,100%", "drugs,101%", "101% is outside 0% to 100%"),
        ("lines.csv", "social_care,Adult", "other,Adult", "the id 'other' stands twice"),
        ("organisations.csv", "council,Example", "system,Example", "is the name of the whole"),
        ("organisations.csv", "shock_hospital", "shock_hospitl", "did you mean 'shock_hospital'?"),
        ("book.yaml", "mix: age_cost_mix", "mix: age_mix", "did you mean 'age_cost_mix'?"),
        ("drivers.yaml", "members: [schemes.*.delivered]", "members: [x]", "there is no input 'x'"),
        (
            "drivers.yaml",
            "factor: delivery_factor",
            "factor: factor",
            "there is no driver 'factor'",
        ),
        (
            "schemes.yaml",
            "paid_by: {ccg: 100%}",
            "paid_by: {ccg: 90%}",
            "the shares sum to 90.0000%; they must",
        ),
        ("schemes.yaml", "paid_by: {ccg: 100%}", "paid_by: {cg: 100%}", "did you mean 'ccg'?"),
        ("schemes.yaml", "service: prescribing}", "service: none}", "matches no own cost line"),
        ("schemes.yaml", "lines: {organisation: hospital}", "lines: {}", "no tag was given"),
    ],
)
def test_a_mistake_in_a_book(example: Example, file: str, old: str, new: str, says: str) -> None:
    path = example.book(file)
    line, _ = example.replace(path, old, new)

    found = problems_of(example.scenario)

    here = [problem for problem in found if f"{file}:{line}:" in problem]
    assert any(says in problem for problem in here), found


def test_names_are_judged_beside_other_mistakes(example: Example) -> None:
    contracts = example.book("contracts.csv")
    example.replace(contracts, "£70m", "70")
    example.replace(contracts, "emergency,Emergency care,ccg", "emergency,Emergency care,cgc")
    example.replace(example.book("lines.csv"), "drugs,100%", "drug,100%")

    found = problems_of(example.scenario)

    assert [problem.split(": ", 1)[1][:40] for problem in found] == [
        "contracts / emergency / payer: there is ",
        "contracts / elective / baseline: '70' ha",
        "lines / prescribing / price: there is no",
    ]


def test_what_could_not_be_read_is_not_missed(example: Example) -> None:
    """A body whose own row is wrong is still known to its contracts."""
    example.replace(example.book("organisations.csv"), "Trust,provider", "Trust,provder")
    example.replace(example.book("schemes.yaml"), "saving: £4m", "saving: 4")

    found = problems_of(example.scenario)

    assert len(found) == 2
