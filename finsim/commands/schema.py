"""`finsim schema`: the JSON Schema of what users write."""

from __future__ import annotations

import json
from typing import Any

from finsim.book.model import Book
from finsim.scenario.model import Scenario

VERSION = 1


def schema_text(kind: str) -> str:
    """The JSON Schema of scenario files or of a book, as text."""
    model = Scenario if kind == "scenario" else Book
    whole: dict[str, Any] = model.model_json_schema(by_alias=True)
    if kind == "scenario":
        extras = {
            "extends": {"type": "string", "description": "A scenario file that this one extends."},
            "changes": {"type": "object", "description": "Items of the book by id, with fields."},
            "add": {"type": "object", "description": "Items put at the end of the book's lists."},
        }
        whole["properties"] |= extras
        whole.pop("required", None)
        whole["$defs"]["Population"].pop("required", None)
    return json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "version": VERSION, **whole},
        ensure_ascii=False,
        indent=2,
    )
