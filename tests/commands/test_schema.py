"""`finsim schema`: the JSON Schema of scenario files holds for the shipped ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from example_files import ROOT, said

from finsim.book.nodes import plain
from finsim.book.yaml_reader import parse_yaml, read_yaml
from finsim.commands.schema import schema_text

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
STRESS_CASES = ROOT / "assumptions" / "national" / "stress_cases.yaml"
BOOK_FILES = sorted(set((ROOT / "assumptions").glob("*/*.yaml")) - {STRESS_CASES})
OTHERS = [("stress", STRESS_CASES)]
OTHERS += [("sweep", path) for path in sorted((ROOT / "scenarios" / "sweeps").glob("*.yaml"))]
OTHERS += [
    ("submission", path) for path in sorted((ROOT / "scenarios" / "submission").glob("*.yaml"))
]
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "object": dict,
    "array": list,
    "null": type(None),
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}


class Validator:
    """As much of JSON Schema as finsim's schemas use; anything else in one is refused."""

    judged = frozenset(
        {"$ref", "anyOf", "oneOf", "type", "enum", "const", "pattern", "required", "properties"}
        | {"additionalProperties", "patternProperties", "propertyNames", "items", "prefixItems"}
    )
    passed_over = frozenset(
        {"$schema", "$id", "$defs", "version", "title", "description", "default", "examples"}
        | {"discriminator", "minItems", "maxItems", "minimum", "maximum"}
        | {"exclusiveMinimum", "exclusiveMaximum"}
    )

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root

    def holds(self, value: Any, schema: dict[str, Any]) -> bool:
        assert schema.keys() <= self.judged | self.passed_over, schema.keys()
        if "$ref" in schema:
            return self.holds(value, self.root["$defs"][schema["$ref"].split("/")[-1]])
        for several in ("anyOf", "oneOf"):
            if several in schema and not any(self.holds(value, s) for s in schema[several]):
                return False
        types = schema.get("type", [])
        kinds = tuple(TYPES[name] for name in ([types] if isinstance(types, str) else types))
        return (
            (not kinds or any(isinstance(value, kind) for kind in kinds))
            and value in schema.get("enum", [value])
            and value == schema.get("const", value)
            and (not isinstance(value, str) or bool(re.search(schema.get("pattern", ""), value)))
            and (not isinstance(value, dict) or self._fields(value, schema))
            and (not isinstance(value, list) or self._items(value, schema))
        )

    def _fields(self, value: dict[str, Any], schema: dict[str, Any]) -> bool:
        stated, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        names, patterns = schema.get("propertyNames", {}), schema.get("patternProperties", {})
        return all(name in value for name in schema.get("required", ())) and all(
            self.holds(key, names) and self.holds(item, self._field(key, stated, patterns, rest))
            for key, item in value.items()
        )

    def _field(
        self, key: str, stated: dict[str, Any], patterns: dict[str, Any], rest: Any
    ) -> dict[str, Any]:
        if key in stated:
            return dict(stated[key])
        matching = [found for pattern, found in patterns.items() if re.search(pattern, key)]
        if matching:
            return dict(matching[0])
        return rest if isinstance(rest, dict) else {} if rest else {"enum": []}

    def _items(self, value: list[Any], schema: dict[str, Any]) -> bool:
        first = schema.get("prefixItems", [])
        rest = schema.get("items", {})
        return all(
            self.holds(item, first[number] if number < len(first) else rest)
            for number, item in enumerate(value)
        )


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(schema_text("scenario"))
    return found


@pytest.fixture(scope="module")
def of_books() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(schema_text("book"))
    return found


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_shipped_scenarios_follow_it(path: Path, schema: dict[str, Any]) -> None:
    assert Validator(schema).holds(plain(read_yaml(path)), schema)


@pytest.mark.parametrize("kind, path", OTHERS, ids=str)
def test_other_shipped_files_follow_theirs(kind: str, path: Path) -> None:
    whole = json.loads(schema_text(kind))
    assert Validator(whole).holds(plain(read_yaml(path)), whole)


@pytest.mark.parametrize("path", BOOK_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_files_of_the_shipped_books_follow_theirs(path: Path, of_books: dict[str, Any]) -> None:
    assert Validator(of_books).holds(plain(read_yaml(path)), of_books)


@pytest.mark.parametrize(
    "text",
    [
        "drivers: [{id: a}]",
        "driver: []",
        "demand: {curves: [a, b], mxi: c}",
        "comparisons: [{case: mean}]",
    ],
)
def test_a_mistake_in_a_book_does_not(text: str, of_books: dict[str, Any]) -> None:
    assert not Validator(of_books).holds(plain(parse_yaml(text, "f.yaml")), of_books)


@pytest.mark.parametrize(
    "text",
    [
        "population: {growth: {p10: 5%, p90: 9%}}",
        "population: {growth: {low: 5%, high: 9%}, variant: [a, b]}",
        "population: {growth: outturn}",
        "calibrate: none",
        "extends: bhr.yaml",
        "changes: {drivers: {tariff: {2018/19: 1%}}}",
        "schemes: QIPP",
    ],
)
def test_a_part_of_a_scenario_follows_it(text: str, schema: dict[str, Any]) -> None:
    assert Validator(schema).holds(plain(parse_yaml(text, "f.yaml")), schema)


@pytest.mark.parametrize(
    "text",
    [
        "titel: x",
        "population: {growth: 0.19}",
        "population: {grwth: 19%}",
        "years: 2015/16",
        "run: {points: latice}",
        "calibrate: {do_nothing_gap: 614, in: 2020/21, by: unattributed pressure}",
        "schemes: {a: b}",
    ],
)
def test_a_mistake_does_not(text: str, schema: dict[str, Any]) -> None:
    assert not Validator(schema).holds(plain(parse_yaml(text, "f.yaml")), schema)


@pytest.mark.parametrize("kind", ["scenario", "book"])
def test_it_is_printed_as_json(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, lines = said(capsys, "schema", kind)

    printed = json.loads(out)
    assert (code, lines) == (0, [])
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert printed["$id"] == f"urn:finsim:{kind}:{printed['version']}"
    assert printed["type"] == "object"
    assert printed["additionalProperties"] is False


def test_an_unknown_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "schema", "nonsense")[0] == 2
