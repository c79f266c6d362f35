"""A book's folder: each file by name, shared books, tables wider than their fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_files import Example, copied, problems_of

from finsim.book.load import read_book
from finsim.book.places import InputProblems


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return copied(tmp_path)


def of_book(example: Example) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        read_book(example.book(""))
    folder = f"{example.book('')}/"
    return [str(problem).replace(folder, "") for problem in caught.value.problems]


def test_a_book_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="there is no such assumption book"):
        read_book(tmp_path / "nothing")


def test_syntax_errors_stop_their_own_file_only(example: Example) -> None:
    example.book("drivers.yaml").write_text("drivers: [\n")
    example.book("external.csv").write_text("id,id\n")
    example.replace(example.book("contracts.csv"), "£90m", "90")

    found = problems_of(example.scenario)

    files = [problem.split(":")[0].split("/")[-1] for problem in found]
    assert files == ["contracts.csv", "drivers.yaml", "external.csv"]


def test_a_file_with_a_misspelt_name(example: Example) -> None:
    example.book("contracts.csv").rename(example.book("contract.csv"))
    example.book("drivers.yaml").rename(example.book("drivers.yml"))
    example.book("notes.csv").write_text("mine\n")

    contract, drivers = of_book(example)

    assert contract.startswith("contract.csv: is not a file of a book; those are book.yaml, ")
    assert contract.endswith("did you mean 'contracts.csv'?")
    assert drivers.endswith("did you mean 'drivers.yaml'?")


def test_a_key_in_the_wrong_file(example: Example) -> None:
    example.book("payments.yaml").write_text("payment: []\n")

    (problem,) = of_book(example)

    assert problem == (
        "payments.yaml:1:1: the key 'payment' is not known; "
        "allowed: payments, did you mean 'payments'?"
    )


@pytest.mark.parametrize(
    ("includes", "says"),
    [
        ("[../example]", "book.yaml:3:12: includes: the book includes itself"),
        ("[.]", "includes: the book includes itself"),
        ("../nothing", "includes: there is no such assumption book '../nothing'"),
        ("[[x]]", "includes: a folder, or a list of folders, is needed"),
        ('["a\\0b"]', "there is no such assumption book"),
    ],
)
def test_what_a_book_cannot_include(example: Example, includes: str, says: str) -> None:
    example.book("book.yaml").write_text(f"finsim: 1\ntitle: x\nincludes: {includes}\n")

    (problem,) = of_book(example)

    assert says in problem


def test_books_that_include_each_other(example: Example) -> None:
    other = example.folder / "assumptions" / "other"
    other.mkdir()
    (other / "book.yaml").write_text("title: x\nincludes: ../example\n")
    example.book("book.yaml").write_text("title: x\nincludes: ../other\n")

    (problem,) = of_book(example)

    assert "the book includes itself" in problem


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("103000", "103001", "population.csv:2:11: population: the total '103001' is not the sum"),
        (",7000,13000,", ",,13000,", "population.csv:2:1: population: there are no people of 0-4"),
        (
            "area,year",
            "aria,year",
            "population.csv:1:1: population: the column 'aria' is not known",
        ),
    ],
)
def test_a_mistake_in_the_population(example: Example, old: str, new: str, says: str) -> None:
    example.replace(example.book("population.csv"), old, new)

    (problem,) = of_book(example)

    assert problem.startswith(says)


def test_age_bands_in_another_order(example: Example) -> None:
    example.replace(example.book("curves.csv"), "0-4,5-14", "5-14,0-4")

    found = problems_of(example.scenario)

    assert len(found) == 2
    assert "has the age bands 5-14, 0-4, 15-44" in found[0]


def test_a_column_is_told_once_not_for_each_row(example: Example) -> None:
    example.replace(example.book("contracts.csv"), ",payer,", ",payr,")

    (problem,) = problems_of(example.scenario)

    assert "contracts.csv:1:3: contracts: the column 'payr' is not known; allowed: " in problem
    assert problem.endswith("did you mean 'payer'?")


def test_a_missing_column_is_told_once(example: Example) -> None:
    text = example.book("external.csv").read_text()
    rows = [line.split(",") for line in text.splitlines()]
    example.book("external.csv").write_text("\n".join(",".join([r[0], *r[2:]]) for r in rows))

    (problem,) = problems_of(example.scenario)

    assert problem.endswith(
        "external.csv:1:1: external: the column 'name' is missing; it is needed here"
    )
