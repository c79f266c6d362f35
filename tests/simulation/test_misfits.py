"""What only shows when book and scenario are put together: told at the value, and all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_files import Example, copied, problems_of

SOURCE = "source: x, standing: published, as_at: '1'"


def dependence(members: str, strength: str) -> str:
    return f"add: {{dependence: [{{id: m, members: [{members}], {strength}, {SOURCE}}}]}}"


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return copied(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            dependence(
                "non_demographic, neighbours_growth, council_growth",
                "matrix: [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]",
            ),
            "dependence / m / matrix: these rank correlations cannot all hold together; nearest "
            "possible: non_demographic with neighbours_growth 0.48 (stated 0.90)",
        ),
        (dependence("pay, tariff", "matrix: [[1, 2], [2, 1]]"), "values from -1 to 1"),
        (dependence("non_demographic, pay", "matrix: [[1, 0.9], [0.8, 1]]"), "cannot mix"),
        (
            dependence("non_demographic, neighbours_growth", "matrix: [[1, 0.9], [0.8, 1]]"),
            "must be symmetric",
        ),
        (
            dependence("non_demographic, neighbours_growth", "matrix: [[1, 0.9], [0.9]]"),
            "is not square",
        ),
        (
            dependence("non_demographic", "matrix: [[1, 0.9], [0.9, 1]]"),
            "has 2 rows for 1 members",
        ),
        (
            dependence("schemes.falls_prevention.delivered", "matrix: [[1]]"),
            "is already in 'delivery'; one group is allowed",
        ),
        ("population: {growth: {mean: 5%, sd: 60%}}", "the growth can fall to -"),
        ("population: {variant: nonsense}", "has no people of northtown in 2015 ('nonsense')"),
        ("changes: {drivers: {age_cost_mix: {mean: 50%, sd: 20%}}}", "must stay within 0% to 100%"),
        (
            "changes: {drivers: {age_cost_mix: {low: 0%, high: 1%, over_years: yearly}}}",
            "is one value for all years",
        ),
        (
            "changes: {schemes: {falls_prevention: {slip: {mean: 3 months, sd: 2 months}}}}",
            "the slip can be negative; write at_least: 0 months",
        ),
        (
            "changes: {schemes: {falls_prevention: "
            "{slip: {low: 0 months, high: 2 months, over_years: yearly}}}}",
            "the slip is one value for all years",
        ),
        ("changes: {schemes: {falls_prevention: {start: 2015-09}}}", "in or before the base year"),
        ("changes: {schemes: {falls_prevention: {saving: £400m}}}", "at most 100% can be removed"),
        (
            "changes: {schemes: {prescribing_programme: "
            "{saving: {cumulative: £9m, over: 2016/17 to 2017/18}, start: 2030-04}}}",
            "schemes / prescribing_programme / saving: a cumulative saving of £9m cannot be",
        ),
    ],
)
def test_a_misfit(example: Example, text: str, says: str) -> None:
    (problem,) = problems_of(example.extending(text))

    assert "extending.yaml:2:" in problem
    assert says in problem


def test_every_misfit_is_told(example: Example) -> None:
    path = example.extending(
        "years: 2015/16 to 2021/22\n"
        "changes: {schemes: {falls_prevention: {start: 2015/16}}, "
        "drivers: {pay: {p10: 2%, p90: 1%}}}"
    )

    found = problems_of(path)

    for says in (
        "drivers / tariff / value / path: has no value for 2021/22",
        "drivers / drugs / value / path: has no value for 2021/22",
        "schemes / falls_prevention / start: is in or before the base year",
        "drivers / pay / value:",
        "population: the book's table has no people of northtown in 2021",
    ):
        assert any(says in problem for problem in found), found


@pytest.mark.parametrize(
    ("run", "says"),
    [
        ("draws_per_replicate: 1000", "a lattice of 1,000 draws: use "),
        ("draws_per_replicate: 0", "a lattice of 0 draws: use "),
        ("{points: sobol, draws_per_replicate: 1000}", "use a power of two"),
        ("{points: monte carlo, draws_per_replicate: 99999999}", "use 1 to "),
    ],
)
def test_draws_that_a_replicate_cannot_have(example: Example, run: str, says: str) -> None:
    text = run if run.startswith("{") else f"{{{run}}}"

    (problem,) = problems_of(example.extending(f"run: {text}"))

    assert "run / draws_per_replicate: " in problem
    assert says in problem
