"""From a tree to a typed model: every mistake at once, each with its place and in plain words."""

from __future__ import annotations

from collections.abc import Mapping as AbcMapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from finsim.book.nodes import Node, place_of, plain, words_of
from finsim.book.places import InputProblems, Problem, did_you_mean, shown
from finsim.book.uncertain import SHAPES

M = TypeVar("M", bound=BaseModel)
_SHAPES_IN_WORDS = "{low, high}, {low, mode, high}, {mean, sd}, {p10, p50, p90}, {chance} or {path}"


def typed(model: type[M], node: Node) -> M:
    """The model that a tree holds; raises InputProblems with every mistake in it."""
    values = plain(node)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False)
    raise InputProblems(_problem(details, model, node, values) for details in found)


def _problem(details: Any, model: type[BaseModel], node: Node, values: object) -> Problem:
    path = _path_in(values, details["loc"])
    if details["type"] == "extra_forbidden":
        path = [*path, str(details["loc"][-1])] if path[-1:] != [details["loc"][-1]] else path
        parent = words_of(node, path[:-1])
        allowed = _fields_at(model, details["loc"][:-1])
        message = f"the key {shown(path[-1])} is not known{_allowed(str(path[-1]), allowed)}"
        return Problem(place_of(node, path), parent, message)
    if details["type"] == "missing":
        message = f"the key {shown(details['loc'][-1])} is missing; it is needed here"
        return Problem(place_of(node, path), words_of(node, path), message)
    return Problem(place_of(node, path), words_of(node, path), _message(details))


def _allowed(found: str, allowed: list[str]) -> str:
    near = did_you_mean(found, allowed)
    listed = f"; allowed: {', '.join(allowed)}" if allowed else ""
    return f"{listed}{near}"


def _path_in(values: object, loc: tuple[int | str, ...]) -> list[int | str]:
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
        if isinstance(found, AbcMapping) and "shape" in found:
            allowed = ", ".join(SHAPES)
            near = did_you_mean(str(found["shape"]), SHAPES)
            return f"the shape {shown(found['shape'])} is not one of: {allowed}{near}"
        keys = ", ".join(map(str, found)) if isinstance(found, AbcMapping) else str(found)
        return f"the keys {shown(keys)} make no known form; write {_SHAPES_IN_WORDS}"
    if kind == "literal_error":
        expected = str(context["expected"])
        near = did_you_mean(str(found), [word.strip("'") for word in expected.split(", ")])
        return f"{shown(found)} is not one of: {expected}{near}"
    if kind in {"model_type", "dict_type", "mapping_type", "model_attributes_type"}:
        return f"{shown(found)} was found; a group of `key: value` is needed"
    if kind in {"list_type", "tuple_type"}:
        return f"{shown(found)} was found; a list is needed"
    if kind == "value_error":
        return str(context.get("error", details["msg"]))
    return f"{shown(found)}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The names that the model allows where an unknown key was found."""
    from finsim.book.allowed import allowed_names

    return allowed_names(model, loc)
