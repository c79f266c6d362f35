"""From a tree to a typed model: every mistake at once, each with its place and in plain words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from collections.abc import Mapping as AbcMapping
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from finsim.book.nodes import Listing, Mapping, Node, place_of, plain, words_of
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, nearest, shown
from finsim.book.uncertain import SHAPES
from finsim.book.yaml_reader import MAX_PROBLEMS

M = TypeVar("M", bound=BaseModel)
Path: TypeAlias = tuple[int | str, ...]
_SHAPES_IN_WORDS = "{low, high}, {low, mode, high}, {mean, sd}, {p10, p50, p90}, {chance} or {path}"
_NOT_A_GROUP = frozenset({"model_type", "dict_type", "mapping_type", "model_attributes_type"})
_latest: dict[type[BaseModel], deque[tuple[Node, Any]]] = {}
_LIMITS = {
    "greater_than": ("gt", "must be above"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be below"),
    "less_than_equal": ("le", "must be at most"),
}


class TypedProblems(InputProblems):
    """The mistakes in a tree; `paths` lead to the values that hold them."""

    def __init__(self, problems: Iterable[Problem], paths: Iterable[Path]) -> None:
        super().__init__(problems)
        self.paths = frozenset(paths)


def typed(model: type[M], node: Node) -> M:
    """The model that a tree holds; raises TypedProblems with every mistake in it."""
    latest = _latest.setdefault(model, deque(maxlen=8))
    for tree, read in latest:
        if tree is node:
            return read  # type: ignore[no-any-return]
    values = plain(node)
    try:
        read = model.model_validate(values)
        latest.append((node, read))
        return read
    except ValidationError as error:
        found = error.errors(include_url=False)[:MAX_PROBLEMS]
    meant = _meant(found, model, values)
    paths = [tuple(_path_in(values, details["loc"])) for details in found]
    unlike = _unlike(found, paths)
    kept = [
        details
        for number, details in enumerate(found)
        if number not in unlike and not _is_told(details, meant)
    ]
    raise TypedProblems((_problem(details, model, node, values) for details in kept), paths)


def _meant(found: Iterable[Any], model: type[BaseModel], values: object) -> set[Path]:
    """The keys that misspelt ones were probably meant to be."""
    meant: set[Path] = set()
    for details in found:
        if details["type"] == "extra_forbidden":
            loc = details["loc"]
            near = nearest(str(loc[-1]), tuple(_fields_at(model, loc[:-1])))
            if near is not None:
                meant.add((*loc[:-1], near))
    return meant


def _unlike(found: list[Any], paths: list[Path]) -> set[int]:
    """Complaints of the form of a union that a value was not meant to be: a word, or a group."""
    words = {path for path, details in zip(paths, found, strict=True) if _is_word(details)}
    inside = {path[:depth] for path in paths for depth in range(len(path))}
    groups = {
        path
        for path, details in zip(paths, found, strict=True)
        if details["type"] == "extra_forbidden"
        or (details["type"] == "missing" and not isinstance(details["input"], str))
    }
    return {
        number
        for number, (path, details) in enumerate(zip(paths, found, strict=True))
        if (details["type"] in _NOT_A_GROUP and path in words)
        or (
            details["type"] == "literal_error"
            and not isinstance(details["input"], str)
            and path in (inside | groups)
        )
    }


def _is_word(details: Any) -> bool:
    return details["type"] == "literal_error" and isinstance(details["input"], str)


def _is_told(details: Any, meant: set[Path]) -> bool:
    """Whether a key is missing only because it was misspelt, which is told there."""
    return details["type"] == "missing" and tuple(details["loc"]) in meant


def _problem(details: Any, model: type[BaseModel], node: Node, values: object) -> Problem:
    path = _path_in(values, details["loc"])
    last = details["loc"][-1] if details["loc"] else ""
    if details["type"] == "extra_forbidden":
        path = [*path, str(last)] if path[-1:] != [last] else path
        allowed = _fields_at(model, details["loc"][:-1])
        kind = "column" if _is_column(node, path) else "key"
        message = f"the {kind} {shown(last)} is not known{_allowed(str(last), allowed)}"
        if kind == "column":
            return Problem(_heading(node, path), str(path[0]), message)
        return Problem(_key_place(node, path), words_of(node, path[:-1]), message)
    if details["type"] == "missing":
        if isinstance(last, int):
            message = f"holds {last} values; {last + 1} are needed"
        elif (table := _table_without(node, path, str(last))) is not None:
            message = f"the column {shown(last)} is missing; it is needed here"
            return Problem(table.place, str(path[0]), message)
        else:
            message = f"the key {shown(last)} is missing; it is needed here"
        return Problem(place_of(node, path), words_of(node, path), message)
    place = _key_place(node, path) if last == "[key]" else place_of(node, path)
    return Problem(place, words_of(node, path), _message(details))


def _key_place(node: Node, path: list[int | str]) -> Place:
    """Where the last key of a path was written."""
    holder = node_at(node, path[:-1])
    if isinstance(holder, Mapping) and isinstance(path[-1], str):
        return holder.key_places.get(path[-1], place_of(node, path))
    return place_of(node, path)


def node_at(node: Node, path: Iterable[int | str]) -> Node | None:
    """The part of a tree that a path leads to."""
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            node = node.entries[step]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def _is_column(node: Node, path: list[int | str]) -> bool:
    """Whether a path leads to a cell of a table: its row begins where its file's lines do."""
    row = node_at(node, path[:-1])
    return len(path) == 3 and row is not None and _is_in_table(row.place)


def _is_in_table(place: Place) -> bool:
    return place.in_sheet or place.file.endswith(".csv")


def _heading(node: Node, path: list[int | str]) -> Place:
    rows, cell = node_at(node, path[:1]), place_of(node, path)
    line = rows.place.line if rows is not None and rows.place.file == cell.file else 1
    return Place(cell.file, line, cell.column, cell.in_sheet)


def _table_without(node: Node, path: list[int | str], column: str) -> Listing | None:
    """The table whose every row lacks a column, rather than one row its cell."""
    rows = node_at(node, path[:1])
    if len(path) != 2 or not isinstance(rows, Listing) or not _is_in_table(rows.place):
        return None
    if any(isinstance(row, Mapping) and column in row for row in rows):
        return None
    return rows


def _allowed(found: str, allowed: list[str]) -> str:
    near = did_you_mean(found, allowed)
    listed = f"; allowed: {', '.join(allowed)}" if allowed else ""
    return f"{listed}{near}"


def _path_in(values: object, loc: Path) -> list[int | str]:
    """The parts of a validation path that the input itself holds (union tags are left out)."""
    path: list[int | str] = []
    for step in loc:
        if isinstance(values, dict) and step in values:
            values = values[step]
            path.append(step)
        elif isinstance(values, list) and isinstance(step, int) and step < len(values):
            values = values[step]
            path.append(step)
    return path


def _message(details: Any) -> str:
    kind, found = details["type"], details["input"]
    context = details.get("ctx", {})
    if kind == "input":
        return str(context["words"])
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        return _no_such_form(found, context)
    if kind == "literal_error":
        expected = str(context["expected"])
        near = did_you_mean(str(found), [word.strip("'") for word in expected.split(", ")])
        return f"{_found(found)} is not one of: {expected}{near}"
    if kind in _NOT_A_GROUP:
        return f"{_found(found)} was found; a group of `key: value` is needed"
    if kind in {"list_type", "tuple_type"}:
        return f"{_found(found)} was found; a list is needed"
    if kind in {"too_long", "too_short"}:
        count = context.get("max_length", context.get("min_length"))
        return f"holds {context.get('actual_length')} values; {count} are needed"
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{_found(found)} {words} {context[name]:g}"
    if kind == "value_error":
        return str(context.get("error", details["msg"]))
    return f"{_found(found)}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _no_such_form(found: object, context: Any) -> str:
    if isinstance(found, AbcMapping) and "shape" in found:
        near = did_you_mean(str(found["shape"]), SHAPES)
        return f"the shape {shown(found['shape'])} is not one of: {', '.join(SHAPES)}{near}"
    name = str(context.get("discriminator", "")).strip("'")
    if name and name.isidentifier() and isinstance(found, AbcMapping):
        if name not in found:
            return f"the key {shown(name)} is missing; it is needed here"
        expected = str(context.get("expected_tags", ""))
        near = did_you_mean(str(found[name]), [word.strip("'") for word in expected.split(", ")])
        return f"{name} {_found(found[name])} is not one of: {expected}{near}"
    if isinstance(found, AbcMapping):
        keys = ", ".join(map(str, found)) or "none"
        return f"the keys {shown(keys)} make no known form; write {_SHAPES_IN_WORDS}"
    return f"{_found(found)} is no known form; write a value or {_SHAPES_IN_WORDS}"


def _found(value: object) -> str:
    """What was found, in words when it is not one value."""
    if value is None:
        return "nothing"
    if isinstance(value, AbcMapping):
        return "a group of keys"
    return "a list" if isinstance(value, (list, tuple)) else shown(value)


def _fields_at(model: type[BaseModel], loc: Path) -> list[str]:
    """The names that the model allows where an unknown key was found."""
    from finsim.book.allowed import allowed_names

    return allowed_names(model, loc)
