"""What a sweep file states: scenarios × options × cases, each a set of overrides.

A case is named, or comes from a grid of values for some paths, or is both: every named case at
every point of the grid.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydantic import Field

from finsim.book.bounded_file import names_beside
from finsim.book.fields import Model, Name, Text, Version, Whole, Words
from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.book.typed import typed
from finsim.book.yaml_reader import read_yaml
from finsim.scenario.layers import Layer, assignment_layer
from finsim.scenario.model import AS_STATED

MOST_CELLS = 10_000
AS_WRITTEN = "as written"
EVERY_OPTION = "all"
PATTERN = frozenset("*?[")


class SweepFile(Model):
    """The keys of a sweep file; `cases` and `grid` are read with the places of their values."""

    finsim: Version = 1
    title: Name
    scenarios: Words
    options: Words = (AS_STATED,)
    cases: dict[Text, Any] = Field(default_factory=dict)
    grid: dict[Text, Any] = Field(default_factory=dict)
    measures: Words = ()
    seed: Whole | None = None
    draws: Whole | None = None


class Case(Struct, frozen=True):
    """A named set of overrides: their text by path, and the same as layers."""

    name: str
    overrides: tuple[tuple[str, str], ...]
    layers: tuple[Layer, ...]


class Sweep(Struct, frozen=True):
    """A sweep as read; `scenarios` are (path as written, path to open, where it is named)."""

    title: str
    scenarios: tuple[tuple[str, str, Place], ...]
    options: tuple[str, ...]
    cases: tuple[Case, ...]
    measures: tuple[str, ...]
    every_case: tuple[Layer, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that some case overrides, in the order of the file."""
        return tuple(dict.fromkeys(path for case in self.cases for path, _ in case.overrides))


def read_sweep(path: Path | str, known_measures: Sequence[str]) -> Sweep:
    """The sweep of a file; raises InputProblems with every mistake in it."""
    tree = read_yaml(Path(path), os.fspath(path))
    stated = typed(SweepFile, tree)
    problems: list[Problem] = []
    scenarios = tuple(_scenarios(tree, Path(path).parent, problems))
    cases = tuple(_cases(tree, len(scenarios), problems))
    _check_measures(tree, known_measures, problems)
    run = [
        layer
        for key in ("seed", "draws")
        if (node := tree.get(key)) is not None
        for layer in _layer(f"run.{key}", node, node.place, problems)
    ]
    if problems:
        raise InputProblems(problems)
    options = stated.options or (AS_STATED,)
    return Sweep(stated.title, scenarios, options, cases, stated.measures, tuple(run))


def text_of(node: Node) -> str:
    """A value on one line, as it would be written after `--set path=`."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        return f"[{', '.join(map(text_of, node.items))}]"
    return "{" + ", ".join(f"{key}: {text_of(value)}" for key, value in node.entries.items()) + "}"


# scenarios


def _scenarios(
    tree: Mapping, folder: Path, problems: list[Problem]
) -> Iterator[tuple[str, str, Place]]:
    """The files named, patterns such as `systems/*/scenario.yaml` spread out, each once."""
    seen: set[str] = set()
    for node in _words(tree.get("scenarios")):
        found = _matching(folder, node.text)
        if not found:
            problems.append(_no_file(folder, node))
        for name in found:
            if name in seen:
                problems.append(Problem(node.place, "scenarios", f"{shown(name)} is named twice"))
            seen.add(name)
            yield name, os.path.normpath(folder / name), node.place
    if not seen and not problems:
        problems.append(Problem(tree.place, "scenarios", "names no scenario; one is needed"))


def _matching(folder: Path, written: str) -> list[str]:
    if PATTERN & set(written):
        return sorted(glob.glob(written, root_dir=folder))
    return [written] if os.path.exists(folder / written) else []


def _no_file(folder: Path, node: Scalar) -> Problem:
    kind = "no file matches" if PATTERN & set(node.text) else "there is no file"
    near = did_you_mean(Path(node.text).name, names_beside(folder / node.text))
    return Problem(node.place, "scenarios", f"{kind} {shown(node.text)}{near}")


def _words(node: Node | None) -> tuple[Scalar, ...]:
    items = node.items if isinstance(node, Listing) else (node,)
    return tuple(item for item in items if isinstance(item, Scalar) and not item.is_null)


# cases


def _cases(tree: Mapping, scenarios: int, problems: list[Problem]) -> Iterator[Case]:
    """Every named case at every point of the grid; one case as written if there is neither."""
    named = list(_named(tree.get("cases"), problems)) or [Case("", (), ())]
    grid = tree.get("grid")
    axes = list(_axes(grid, problems))
    set_by_cases = {path for case in named for path, _ in case.overrides}
    problems += [
        Problem(node.place, f"grid / {path}", "is set by a case too; set it in one of the two")
        for path, node in _entries(grid)
        if path in set_by_cases
    ]
    count = len(named) * prod(len(values) for _, values in axes)
    if count * max(scenarios, 1) > MOST_CELLS:
        text = f"makes {count * scenarios:,} runs; {MOST_CELLS:,} are allowed: divide the sweep"
        problems.append(Problem(tree.key_places.get("grid", tree.place), "grid", text))
        return
    for case in named:
        for point in product(*(values for _, values in axes)):
            overrides = tuple(
                (path, text_of(node)) for (path, _), node in zip(axes, point, strict=True)
            )
            layers = tuple(
                layer
                for (path, _), node in zip(axes, point, strict=True)
                for layer in _layer(path, node, node.place, problems)
            )
            of_grid = ", ".join(f"{path}={value}" for path, value in overrides)
            name = " · ".join(part for part in (case.name, of_grid) if part) or AS_WRITTEN
            yield Case(name, (*case.overrides, *overrides), (*case.layers, *layers))


def _named(node: Node | None, problems: list[Problem]) -> Iterator[Case]:
    for name, stated in _entries(node):
        if isinstance(stated, Scalar) and stated.is_null:
            yield Case(name, (), ())
        elif isinstance(stated, Mapping):
            overrides = tuple((path, text_of(value)) for path, value in _entries(stated))
            layers = tuple(
                layer
                for path, value in _entries(stated)
                for layer in _layer(path, value, stated.key_places.get(path, value.place), problems)
            )
            yield Case(name, overrides, layers)
        else:
            text = "a group of overrides is needed, such as {population.growth: 19%}"
            problems.append(Problem(stated.place, f"cases / {name}", text))


def _axes(node: Node | None, problems: list[Problem]) -> Iterator[tuple[str, tuple[Node, ...]]]:
    for path, values in _entries(node):
        if isinstance(values, Listing) and values.items:
            problems += [
                Problem(again.place, f"grid / {path}", f"{shown(text_of(again))} is stated twice")
                for place, again in enumerate(values.items)
                if text_of(again) in map(text_of, values.items[:place])
            ]
            yield path, values.items
        else:
            text = "a list of values is needed, such as [19%, 28%]"
            problems.append(Problem(values.place, f"grid / {path}", text))


def _layer(path: str, node: Node, place: Place, problems: list[Problem]) -> list[Layer]:
    try:
        return [assignment_layer(path, node, place)]
    except InputProblems as error:
        problems.extend(problem for problem in error.problems if problem not in problems)
        return []


def _entries(node: Node | None) -> list[tuple[str, Node]]:
    return list(node.entries.items()) if isinstance(node, Mapping) else []


def _check_measures(tree: Mapping, known: Sequence[str], problems: list[Problem]) -> None:
    problems += [
        Problem(
            node.place,
            "measures",
            f"there is no measure {shown(node.text)}{did_you_mean(node.text, known)}",
        )
        for node in _words(tree.get("measures"))
        if node.text not in known
    ]
