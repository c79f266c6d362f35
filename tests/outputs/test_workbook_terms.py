"""Control totals, funds and risk shares in words: nothing that is stated is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finsim.book.arrangements import RiskShare
from finsim.book.sourced import Sourced
from finsim.outputs.workbook_terms import terms_in_words
from finsim.simulation.resolve import resolve

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SOURCED = {"id", "name", *Sourced.model_fields}
BOOKS = ("bhr.yaml", "nel-offset-2017.yaml", "example.yaml")
STATED = {
    "source": "made up", "standing": "illustrative", "as_at": "2016", "replace_with": "yours"
}  # fmt: skip


def arrangements(scenario: str) -> Iterator[Sourced]:
    book = resolve(SCENARIOS / scenario).resolved.book
    yield from book.totals
    yield from book.control_totals
    yield from book.funding_rules
    yield from book.funds
    yield from book.reserves
    yield from book.risk_shares


def quantities(value: Any) -> Iterator[str]:
    """Every amount, rate and year that is stated, as it would be written."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from quantities(key)
            yield from quantities(item)
    elif isinstance(value, list):
        for item in value:
            yield from quantities(item)
    elif isinstance(value, str) and re.search(r"[£%]|\d{4}/\d\d", value):
        yield value


@pytest.mark.parametrize("scenario", BOOKS)
def test_every_quantity_is_said_and_nothing_empty(scenario: str) -> None:
    for item in arrangements(scenario):
        words = terms_in_words(item)
        dumped = item.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude_defaults=True, exclude=SOURCED
        )
        for quantity in quantities(dumped):
            assert quantity in words, (item, quantity)
        assert not re.search(r"None|\[|\{|[;,:] *[;,:]|[;,:] *$|  ", words), words


def risk_share(*terms: dict[str, Any]) -> RiskShare:
    return RiskShare.model_validate({"id": "x", "name": "X", "terms": terms, **STATED})


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (
            {"pool": {"members": ["a", "b"], "direction": "adverse", "years": ["2018/19"]}},
            "pool the adverse variance of Alpha, b, in 2018/19",
        ),
        (
            {"corridor": {"bands": [
                {"from": "£0m", "to": "£5m", "pooled": "0%"}, {"from": "£5m", "pooled": "80%"},
            ]}},
            "corridor on each member's variance: £0m to £5m 0% pooled, beyond £5m 80% pooled; "
            "the same when favourable",
        ),
        (
            {"shares": {"by": "fixed", "shares": {"a": "60%", "b": "40%"}}},
            "the pool is shared in fixed parts: Alpha 60%, b 40%",
        ),
        ({"shares": {"by": "equal"}}, "the pool is shared equally among its members"),
        (
            {"cap": {"loss": {"a": "£2m"}}},
            "cap: a member pays at most Alpha £2m; the excess falls on the others",
        ),
        (
            {"fixed_line": {"line": "drugs", "host": "a"}},
            "variance on drugs stays out of the pool; Alpha bears it",
        ),
        (
            {"guarantor": {"name": "G", "limit": "£30m", "threshold": "£10m", "share": "50%"}},
            "G takes 50% of the joint shortfall of all past £10m, to at most £30m a year, as "
            "external support",
        ),
    ],
)  # fmt: skip
def test_a_rule_in_words(term: dict[str, Any], words: str) -> None:
    assert terms_in_words(risk_share(term), {"a": "Alpha"}) == words


def test_several_rules_are_numbered() -> None:
    share = risk_share({"pool": {"members": ["all"]}}, {"shares": {"by": "income"}})
    assert terms_in_words(share) == (
        "(1) pool the variance of all; (2) the pool is shared by income among its members"
    )
