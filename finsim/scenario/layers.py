"""The layers of a scenario: the files it extends, an option, and `--set`, in that order.

A layer overlays the ones before it. What it states replaces what they state, key by key; `run`,
`population` and `options` are merged one level down. `changes` names items of the book by id and
replaces single fields of them; `add` puts items at the end of the book's lists.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from finsim.book.bounded_file import names_beside
from finsim.book.load import WORKBOOKS, book_in_workbook, read_parts
from finsim.book.model import Driver
from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.book.quantities import QuantityError, financial_year
from finsim.book.shipped import shipped, shipped_names
from finsim.book.uncertain import shape_of
from finsim.book.yaml_reader import parse_yaml, read_yaml

MERGED = frozenset({"run", "population", "options"})
ARRANGEMENTS = ("totals", "control_totals", "funding_rules", "funds", "reserves", "risk_shares")
COMPARISONS = "comparisons"
SECTIONS = (
    "drivers",
    "lines",
    "contracts",
    "organisations",
    "external",
    "schemes",
    "payments",
    *ARRANGEMENTS,
    "networks",
    "localities",
    "budgets",
    COMPARISONS,
)
ADDED = (*SECTIONS, "dependence")
MAX_CHAIN = 12
ARRANGED = ("control_totals", "sustainability_funding", "reserves", "risk_share", "budgets")
OPTION_KEYS = ("schemes", "population", *ARRANGED, "changes", "add", "notes")
CONTROL = frozenset({"extends", "changes", "add"})
SETTABLE = (
    *SECTIONS,
    *(key for key in ARRANGED if key not in SECTIONS),
    "population",
    "years",
    "run",
    "title",
    "notes",
    "changes",
    "add",
)
HELD_BY_FILES = {
    "extends": "cannot be set; write a file that extends another",
    "book": "cannot be set; write a file that names another book",
    "finsim": "cannot be set",
    "options": "cannot be set; give the values of an option by themselves, with --option",
    "calibrate": "cannot be set: what it solves is held; write a file with its own calibrate",
}

_AN_ASSIGNMENT = "write it as drivers.tariff.2018/19=0.3%"


class Layer(Struct, frozen=True):
    """What one file, option or `--set` states; `is_file` ones may calibrate.

    A workbook may hold a `book` of its own beside the scenario; `warnings` tell what of it is not
    read as it stands.
    """

    name: str
    tree: Mapping
    is_file: bool
    book: Mapping | None = None
    warnings: tuple[Problem, ...] = ()


class Merged(Struct, frozen=True):
    """The scenario and book trees after some layers."""

    scenario: Mapping
    book: Mapping


def file_layers(path: Path | str) -> list[Layer]:
    """A scenario file and those that it extends, the deepest first.

    Raises InputProblems for a file that is missing, not a scenario, or extends itself.
    """
    layers, problems = read_layers(path)
    if problems:
        raise InputProblems(problems)
    return layers


def read_layers(given: Path | str) -> tuple[list[Layer], list[Problem]]:
    """The layers that could be read, the deepest first, and why the next one could not."""
    layers: list[Layer] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    path, named = Path(given), os.fspath(given)
    while True:
        seen.add(_real(path))
        try:
            layer, wrong = _read_file(path, named)
        except InputProblems as error:
            return layers, [*problems, *error.problems]
        layers.insert(0, layer)
        problems += wrong
        extended = layer.tree.get("extends")
        if extended is None:
            return layers, problems
        if not isinstance(extended, Scalar) or extended.is_null:
            return layers, [*problems, Problem(extended.place, "extends", "a file name is needed")]
        named_before = named
        path = path.parent / extended.text
        named = os.path.normpath(path)
        if _real(path) in seen or len(seen) >= MAX_CHAIN:
            message = f"the file extends itself, or more than {MAX_CHAIN} files in a chain"
            return layers, [*problems, Problem(extended.place, "extends", message)]
        if not os.path.exists(path):
            others = (name for name in names_beside(path) if name != Path(named_before).name)
            near = did_you_mean(path.name, others)
            message = f"there is no file {shown(extended.text)}{near}"
            return layers, [*problems, Problem(extended.place, "extends", message)]


def _read_file(path: Path, named: str) -> tuple[Layer, list[Problem]]:
    """A scenario file, or an input workbook with what of it could not be read."""
    if path.suffix.lower() not in WORKBOOKS:
        return Layer(named, read_yaml(path, named), is_file=True), []
    from finsim.book.excel_reader import read_workbook

    workbook = read_workbook(path, named)
    tree = workbook.scenario
    if workbook.book is not None and "book" not in tree and "extends" not in tree:
        tree = tree.having("book", Scalar(path.name, tree.place, quoted=True))
    layer = Layer(named, tree, True, workbook.book, workbook.warnings)
    return layer, list(workbook.problems)


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:
        return str(path)


def option_layer(merged: Merged, name: str, asked: Place) -> Layer:
    """The layer of a named option; raises InputProblems when the scenario has none of that name."""
    options = merged.scenario.get("options")
    entries = options.entries if isinstance(options, Mapping) else {}
    if name not in entries:
        known = ", ".join(entries) or "none"
        text = f"there is no option {shown(name)}; known: {known}{did_you_mean(name, entries)}"
        raise InputProblems([Problem(asked, "", text)])
    node = entries[name]
    if isinstance(node, Scalar) and node.is_null:
        node = Mapping({}, node.place)
    if not isinstance(node, Mapping):
        message = "a group of keys is needed, such as {schemes: [QIPP]}"
        raise InputProblems([Problem(node.place, f"options / {name}", message)])
    wrong = [key for key in node.entries if key not in OPTION_KEYS]
    if wrong:
        allowed = ", ".join(OPTION_KEYS)
        raise InputProblems(
            Problem(
                node.key_places.get(key, node.place),
                f"options / {name}",
                f"the key {shown(key)} cannot differ by option; allowed: {allowed}"
                f"{did_you_mean(key, OPTION_KEYS)}",
            )
            for key in wrong
        )
    return Layer(name, node, is_file=False)


def set_layer(text: str) -> Layer:
    """`drivers.tariff.2018/19=0.3%` as a layer; items of the book go under `changes`."""
    place = Place(f"--set {text}")
    path, sign, value = text.partition("=")
    if not sign:
        raise InputProblems([Problem(place, "", f"is not an assignment; {_AN_ASSIGNMENT}")])
    _check_settable(_steps(path, place), place)
    try:
        node = parse_yaml(f"value: {value.strip()}", place.file).entries["value"]
    except InputProblems as error:
        told = [Problem(place, "", problem.message) for problem in error.problems]
        raise InputProblems(told) from None
    if "\n" in value:
        raise InputProblems([Problem(place, "", "holds more than one line")])
    return assignment_layer(path, _placed(node, place), place)


def assignment_layer(path: str, node: Node, place: Place) -> Layer:
    """One value laid over a path such as `drivers.tariff.2018/19`, wherever it was written.

    Raises InputProblems for a path that cannot be set.
    """
    steps = _steps(path, place)
    _check_settable(steps, place)
    if steps[0] in SECTIONS and len(steps) > 1:
        steps = ["changes", *steps]
    for step in reversed(steps):
        node = Mapping({step: node}, place, {step: place})
    assert isinstance(node, Mapping)
    return Layer(place.file, node, is_file=False)


def _steps(path: str, place: Place) -> list[str]:
    steps = [step.strip() for step in path.split(".")]
    if not all(steps):
        raise InputProblems([Problem(place, "", f"is not an assignment; {_AN_ASSIGNMENT}")])
    return steps


def _check_settable(steps: Sequence[str], place: Place) -> None:
    first = steps[0]
    if first in HELD_BY_FILES:
        problem = Problem(place, "", f"{first} {HELD_BY_FILES[first]}")
    elif first in SECTIONS and first not in ARRANGED and first != "schemes" and len(steps) < 2:
        problem = Problem(place, "", f"names no item; write it as {first}.<id>.<field>=<value>")
    elif first not in SETTABLE:
        listed = f"the path begins with {shown(first)}; allowed: {', '.join(SETTABLE)}"
        problem = Problem(place, "", listed + did_you_mean(first, SETTABLE))
    else:
        return
    raise InputProblems([problem])


def _placed(node: Node, place: Place) -> Node:
    """A tree that was written at one place, such as the value of `--set`."""
    if isinstance(node, Scalar):
        return Scalar(node.text, place, node.quoted)
    if isinstance(node, Listing):
        return Listing(tuple(_placed(item, place) for item in node.items), place)
    entries = {key: _placed(value, place) for key, value in node.entries.items()}
    return Mapping(entries, place, dict.fromkeys(entries, place))


def years_set(layer: Layer) -> list[tuple[int, Place]]:
    """The years whose value a layer changes in some driver, and where it says so."""
    changes = layer.tree.get("changes")
    drivers = changes.get("drivers") if isinstance(changes, Mapping) else None
    found = drivers.entries.values() if isinstance(drivers, Mapping) else ()
    return [
        (financial_year(key), fields.key_places.get(key, fields.place))
        for fields in found
        if isinstance(fields, Mapping)
        for key in fields.entries
        if _is_year(key)
    ]


def base(layers: Sequence[Layer]) -> Merged:
    """The book that the last file to name one names, before any layer changes it.

    Raises InputProblems with every mistake that keeps its files from being read.
    """
    merged, problems = read_base(layers)
    if problems:
        raise InputProblems(problems)
    return merged


def read_base(layers: Sequence[Layer]) -> tuple[Merged, list[Problem]]:
    """What can be read of the book, before any layer changes it, and why the rest cannot."""
    place = layers[-1].tree.place
    nothing = Merged(Mapping({}, place), Mapping({}, place))
    source = next(
        (layer for layer in reversed(layers) if layer.book is not None or "book" in layer.tree),
        None,
    )
    if source is not None and source.book is not None:
        files = book_in_workbook(source.book, Path(source.name).parent)
        return Merged(nothing.scenario, files.tree), list(files.problems)
    named = source.tree.get("book") if source is not None else None
    if not isinstance(named, Scalar) or named.is_null:
        return nothing, []
    beside = Path(named.place.file).parent / named.text
    if beside.suffix.lower() in WORKBOOKS and os.path.isfile(beside):
        return _workbook_book(nothing, beside, named)
    folder = beside if os.path.isdir(beside) else shipped("assumptions", named.text)
    if folder is None:
        choices = [*names_beside(beside), *shipped_names("assumptions")]
        text = f"there is no assumption book {shown(named.text)} (a folder that holds book.yaml)"
        near = did_you_mean(beside.name, choices)
        return nothing, [Problem(named.place, "book", text + near)]
    files = read_parts(folder)
    return Merged(nothing.scenario, files.tree), list(files.problems)


def _workbook_book(nothing: Merged, path: Path, named: Scalar) -> tuple[Merged, list[Problem]]:
    """The book that an input workbook holds, for a scenario that names it."""
    from finsim.book.excel_reader import read_workbook

    try:
        workbook = read_workbook(path, os.path.normpath(path))
    except InputProblems as error:
        return nothing, list(error.problems)
    if workbook.book is None:
        text = f"the workbook {shown(named.text)} holds no table of a book"
        return nothing, [Problem(named.place, "book", text)]
    files = book_in_workbook(workbook.book, path.parent)
    wrong = [problem for problem in workbook.problems if not _is_of_scenario(problem)]
    return Merged(nothing.scenario, files.tree), [*wrong, *files.problems]


def _is_of_scenario(problem: Problem) -> bool:
    """Whether a mistake stands on a sheet that says what is run, which is not asked for."""
    return problem.place.file.endswith((":Scenario", ":Options"))


def overlay(merged: Merged, layer: Layer) -> Merged:
    """The trees with a layer laid over them; raises InputProblems for changes that do not fit."""
    problems: list[Problem] = []
    over = laid_over(merged, layer, problems)
    if problems:
        raise InputProblems(problems)
    return over


def laid_over(
    merged: Merged, layer: Layer, problems: list[Problem], is_whole: bool = True
) -> Merged:
    """The trees with a layer over them, and what of it does not fit.

    The book is changed only if it is whole, for an item may stand in what could not be read.
    """
    scenario = merged.scenario
    for key, node in layer.tree.entries.items():
        if key in CONTROL:
            continue
        place = layer.tree.key_places.get(key, node.place)
        before = scenario.get(key)
        if key in MERGED and isinstance(before, Mapping) and isinstance(node, Mapping):
            node = _deepened(before, node, 1 if layer.is_file else 9)  # noqa: PLW2901
        scenario = Mapping(
            {**scenario.entries, key: node}, scenario.place, {**scenario.key_places, key: place}
        )
    if not is_whole:
        return Merged(scenario, merged.book)
    book = _changed(merged.book, layer.tree.get("changes"), problems)
    book = _added(book, layer.tree.get("add"), problems)
    return Merged(scenario, book)


def _deepened(before: Mapping, over: Mapping, depth: int) -> Mapping:
    """Values replaced key by key, down to a depth."""
    result = before.overlaid(over)
    for key, node in over.entries.items():
        old = before.get(key)
        if not isinstance(node, Mapping) or not isinstance(old, Mapping):
            continue
        if depth > 1 and _goes_deeper(node, old):
            result = result.having(key, _deepened(old, node, depth - 1))
    return result


def _groups(node: Node | None, where: str, problems: list[Problem]) -> dict[str, Node]:
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        problems.append(Problem(node.place, where, "a group of keys is needed"))
        return {}
    allowed = SECTIONS if where == "changes" else ADDED
    for key in node.entries:
        if key not in allowed:
            text = f"the key {shown(key)} is not known; allowed: {', '.join(allowed)}"
            place = node.key_places.get(key, node.place)
            problems.append(Problem(place, where, text + did_you_mean(key, allowed)))
    return {key: value for key, value in node.entries.items() if key in allowed}


def _changed(book: Mapping, changes: Node | None, problems: list[Problem]) -> Mapping:
    for section, items in _groups(changes, "changes", problems).items():
        if not isinstance(items, Mapping):
            text = "a group of ids is needed, each with the fields that change"
            problems.append(Problem(items.place, f"changes / {section}", text))
            continue
        for name, fields in items.entries.items():
            place = items.key_places.get(name, fields.place)
            found = _found(book, section, name)
            if found is None:
                known = _ids(book, section)
                text = f"the book has no {shown(name)}{did_you_mean(name, known)}"
                problems.append(Problem(place, f"changes / {section}", text))
                continue
            book = _with_item(book, *found, _fields(section, fields), problems)
    return book


def _places_of(section: str) -> tuple[str, ...]:
    return ("drivers", "national_drivers") if section == "drivers" else (section,)


def _items(book: Mapping, section: str) -> tuple[Node, ...]:
    node = book.get(section)
    return node.items if isinstance(node, Listing) else ()


def _ids(book: Mapping, section: str) -> list[str]:
    nodes = [item for part in _places_of(section) for item in _items(book, part)]
    ids = [item.get("id") for item in nodes if isinstance(item, Mapping)]
    return [node.text for node in ids if isinstance(node, Scalar)]


def _found(book: Mapping, section: str, name: str) -> tuple[str, int] | None:
    for part in _places_of(section):
        for number, item in enumerate(_items(book, part)):
            label = item.get("id") if isinstance(item, Mapping) else None
            if isinstance(label, Scalar) and label.text == name:
                return part, number
    return None


def _fields(section: str, fields: Node) -> Node:
    """A driver may be set to a value or a distribution, or year by year, without naming `value`."""
    if section != "drivers":
        return fields
    if isinstance(fields, Scalar):
        return Mapping({"value": fields}, fields.place, {"value": fields.place})
    if isinstance(fields, Mapping):
        years = {key: node for key, node in fields.entries.items() if _is_year(key)}
        if not years and shape_of(fields.entries) is not None and not _names_fields(fields):
            return Mapping({"value": fields}, fields.place, {"value": fields.place})
        if years:
            path = Mapping(years, fields.place, fields.key_places)
            value = Mapping({"path": path}, fields.place, {"path": fields.place})
            return fields.without(*years).having("value", value)
    return fields


def _names_fields(fields: Mapping) -> bool:
    return any(key in Driver.model_fields for key in fields.entries)


def _is_year(text: str) -> bool:
    try:
        financial_year(text)
    except QuantityError:
        return False
    return True


def _with_item(
    book: Mapping, section: str, number: int, fields: Node, problems: list[Problem]
) -> Mapping:
    items = list(_items(book, section))
    item = items[number]
    if isinstance(item, Mapping) and isinstance(fields, Mapping):
        items[number] = _overlaid_item(item, fields)
    elif isinstance(fields, Scalar | Listing):
        message = "the fields that change are needed, such as {saving: £3m}"
        problems.append(Problem(fields.place, f"changes / {section}", message))
    node = book.entries[section]
    return book.having(section, Listing(tuple(items), node.place))


def _overlaid_item(item: Mapping, fields: Mapping) -> Mapping:
    """An item with some fields replaced; years of a path are replaced one by one."""
    result = item.overlaid(fields)
    for key, node in fields.entries.items():
        old = item.get(key)
        if isinstance(node, Mapping) and isinstance(old, Mapping) and _goes_deeper(node, old):
            result = result.having(key, _overlaid_item(old, node))
    return Mapping(result.entries, item.place, result.key_places)


def _goes_deeper(node: Mapping, old: Mapping) -> bool:
    """Whether a change reaches into a group of values, rather than replacing it.

    A change reaches in when it names only what is there (or years); so `{mean: 2%, sd: 1%}`
    replaces `{low: 1%, high: 3%}` as a whole.
    """
    return all(key in old or _is_year(key) for key in node.entries)


def _added(book: Mapping, added: Node | None, problems: list[Problem]) -> Mapping:
    for section, items in _groups(added, "add", problems).items():
        if not isinstance(items, Listing):
            problems.append(Problem(items.place, f"add / {section}", "a list is needed"))
            continue
        kept = _items(book, section)
        book = book.having(section, Listing((*kept, *items.items), items.place))
    return book
