"""What the files of a scenario hold together: its layers, its trees after each, its mistakes.

Reading goes on after a mistake as far as it can: a file that cannot be read hides only what it
holds, and only what does not depend on that is judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from finsim.book.model import Book
from finsim.book.nodes import Listing, Mapping, Scalar
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.book.typed import TypedProblems, typed
from finsim.book.validate import check_names, cross_check
from finsim.book.yaml_reader import parse_yaml, read_text
from finsim.scenario.layers import (
    Layer,
    Merged,
    laid_over,
    option_layer,
    read_base,
    read_layers,
    set_layer,
    years_set,
)
from finsim.scenario.model import AS_STATED, Scenario
from finsim.scenario.resolved import Resolved

HEAD = 256
_CANONICAL = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"option"\s*:')


class Files(Struct, frozen=True, eq=False):
    """A scenario's files as read: `states` are the trees after each layer, the deepest first.

    `problems` are the mistakes that kept something from being read or laid over; where the layers
    or the book are not whole, what is missing from them is nobody's mistake. A canonical text has
    no layers: what it says was `settled`, its option and its held values included.
    """

    path: str
    layers: tuple[Layer, ...]
    states: tuple[Merged, ...]
    problems: tuple[Problem, ...]
    has_all_layers: bool
    has_whole_book: bool
    settled: Resolved | None = None

    @property
    def merged(self) -> Merged:
        """The trees after every file."""
        return self.states[-1]

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What of the files is not read as it stands, though nothing in it is wrong."""
        return tuple(warning for layer in self.layers for warning in layer.warnings)

    @property
    def options(self) -> list[str]:
        """The options that the files name; a canonical text is one of them and names none."""
        if self.settled is not None:
            return []
        options = self.merged.scenario.get("options")
        return list(options.entries) if isinstance(options, Mapping) else []


class Judged(Struct, frozen=True):
    """The trees after an option and overrides, what they hold, and every mistake so far."""

    steps: tuple[tuple[Layer, Merged], ...]
    merged: Merged
    scenario: Scenario | None
    book: Book | None
    problems: tuple[Problem, ...]


def read_files(path: Path | str) -> Files:
    """The files of a scenario, or a canonical text.

    Raises InputProblems only when the scenario file itself cannot be read.
    """
    if _is_canonical(path):
        return canonical_files(read_text(Path(path), str(path)), str(path))
    layers, problems = read_layers(path)
    if not layers:
        raise InputProblems(problems)
    has_all_layers = not problems
    merged, wrong = read_base(layers)
    if not has_all_layers and not any("book" in layer.tree for layer in layers):
        wrong = []
    has_whole_book = "title" in merged.book and not wrong
    problems += wrong
    states: list[Merged] = []
    for layer in layers:
        merged = laid_over(merged, layer, problems, has_all_layers and has_whole_book)
        states.append(merged)
    files = Files(str(path), tuple(layers), tuple(states), (), has_all_layers, has_whole_book)
    for name in files.options:
        _gather(problems, option_layer, merged, name, Place(files.path))
    return Files(
        files.path, files.layers, files.states, tuple(problems), has_all_layers, has_whole_book
    )


def _is_canonical(path: Path | str) -> bool:
    """Whether a file begins as a canonical text does; one that cannot be read does not.

    What is no ordinary file, such as a pipe, is not opened: that might wait for ever.
    """
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            return _CANONICAL.match(file.read(HEAD)) is not None
    except (OSError, ValueError):
        return False


def canonical_files(text: str, name: str) -> Files:
    """A canonical text as files that were read; raises InputProblems when it is not one."""
    tree = parse_yaml(text, name)
    settled = typed(Resolved, tree)
    scenario, book = tree.get("scenario"), tree.get("book")
    assert isinstance(scenario, Mapping)
    assert isinstance(book, Mapping)
    return Files(name, (), (Merged(scenario, book),), (), True, True, settled)


def judged(files: Files, option: str | None = None, sets: Sequence[str | Layer] = ()) -> Judged:
    """The scenario with an option and overrides laid over it; mistakes are gathered, not raised."""
    problems = list(files.problems)
    layers: list[Layer] = []
    if option is not None and option != AS_STATED:
        layers += _gather(problems, option_layer, files.merged, option, Place(files.path))
    overrides = [
        layer
        for given in sets
        for layer in ([given] if isinstance(given, Layer) else _gather(problems, set_layer, given))
    ]
    is_whole = files.has_all_layers and files.has_whole_book
    merged = files.merged
    steps: list[tuple[Layer, Merged]] = []
    for layer in [*layers, *overrides]:
        merged = laid_over(merged, layer, problems, is_whole)
        steps.append((layer, merged))
    scenario = _scenario(files, merged, problems)
    book = _book(files, merged, problems)
    if scenario is not None:
        problems += _outside_years(scenario, overrides)
    problems += _unknown_schemes(files, merged)
    return Judged(tuple(steps), merged, scenario, book, tuple(problems))


def _gather(problems: list[Problem], read: object, *arguments: object) -> list[Layer]:
    try:
        return [read(*arguments)]  # type: ignore[operator]
    except InputProblems as error:
        problems.extend(error.problems)
        return []


def _scenario(files: Files, merged: Merged, problems: list[Problem]) -> Scenario | None:
    try:
        return typed(Scenario, merged.scenario)
    except TypedProblems as error:
        problems += _kept(error, merged.scenario, files.has_all_layers)
    return None


def _book(files: Files, merged: Merged, problems: list[Problem]) -> Book | None:
    if not merged.book.entries:
        return None
    try:
        book = typed(Book, merged.book)
    except TypedProblems as error:
        problems += _kept(error, merged.book, files.has_whole_book)
        if files.has_whole_book:
            problems += check_names(merged.book, error.paths)
        return None
    if files.has_whole_book:
        problems += cross_check(book, merged.book)
    return book


def _kept(error: TypedProblems, tree: Mapping, is_whole: bool) -> list[Problem]:
    """The mistakes; keys that are missing at the top are not told of what was read in part."""
    top = (tree.place, "")
    return [p for p in error.problems if is_whole or (p.place, p.where) != top]


def _outside_years(scenario: Scenario, overrides: Sequence[Layer]) -> list[Problem]:
    """Overrides of a year that the scenario does not project, which would change nothing."""
    projected = scenario.year_numbers[1:]
    span = f"{financial_year_text(projected[0])} to {financial_year_text(projected[-1])}"
    return [
        Problem(
            place, "", f"{financial_year_text(year)} is not projected; this scenario has {span}"
        )
        for layer in overrides
        for year, place in years_set(layer)
        if year not in projected
    ]


def _unknown_schemes(files: Files, merged: Merged) -> list[Problem]:
    """Words under `schemes` that are no id, name or theme of a scheme."""
    node, listed = merged.scenario.get("schemes"), merged.book.get("schemes")
    if not files.has_whole_book or node is None:
        return []
    words = node.items if isinstance(node, Listing) else (node,)
    items = listed.items if isinstance(listed, Listing) else ()
    schemes = [item for item in items if isinstance(item, Mapping)]
    ids, names, themes = (
        [value.text for item in schemes if isinstance(value := item.get(key), Scalar)]
        for key in ("id", "name", "theme")
    )
    known = {word.casefold() for word in (*ids, *names, *themes)}
    distinct = list(dict.fromkeys(themes))
    return [
        Problem(
            word.place,
            "schemes",
            f"there is no scheme or theme {shown(word.text)}; themes: {', '.join(distinct)}"
            f"{did_you_mean(word.text, [*distinct, *ids, *names])}",
        )
        for word in words
        if isinstance(word, Scalar) and not word.is_null and word.text.casefold() not in known
    ]
