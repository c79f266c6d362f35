"""Which keys a model allows at a path: read from its JSON Schema, when a mistake needs it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import BaseModel


def allowed_names(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed at a validation path of a model."""
    schema = _schema(model)
    reached = [schema]
    for step in loc:
        reached = [
            found for place in reached for found in _step(_expanded(place, schema), step, schema)
        ] or reached
    names: dict[str, None] = {}
    for place in reached:
        for option in _expanded(place, schema):
            names.update(dict.fromkeys(option.get("properties", {})))
    return list(names)


@lru_cache(maxsize=4)
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _expanded(place: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A schema with its references and alternatives followed."""
    if "$ref" in place:
        return _expanded(schema["$defs"][place["$ref"].rsplit("/", 1)[-1]], schema)
    choices = [*place.get("anyOf", []), *place.get("oneOf", [])]
    return [place] if not choices else [e for choice in choices for e in _expanded(choice, schema)]


def _step(
    options: list[dict[str, Any]], step: int | str, schema: dict[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for option in options:
        if isinstance(step, int):
            found += [option["items"]] if "items" in option else []
        elif step in option.get("properties", {}):
            found.append(option["properties"][step])
        elif isinstance(option.get("additionalProperties"), dict):
            found.append(option["additionalProperties"])
        elif option.get("properties", {}).get("shape", {}).get("const") == step:
            found.append(option)
    return found
