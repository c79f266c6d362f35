"""`finsim schema`: the JSON Schema of what users write."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from finsim.book.model import Book
from finsim.scenario.model import Scenario

VERSION = 1
KINDS = ("scenario", "book")
"""The kinds of file that a new system has."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_name(kind: str) -> str:
    """The file name of a schema: its kind, and the version of the files that it is for."""
    return f"finsim-{kind}-{VERSION}.schema.json"


def schema_text(kind: str) -> str:
    """The JSON Schema of one kind of file, as text: scenario, book, stress, sweep or submission.

    A book is spread over files, so none of its keys is required of any one of them.
    """
    whole: dict[str, Any] = _model(kind).model_json_schema(by_alias=True)
    if kind == "scenario":
        extras = {
            "extends": {"type": "string", "description": "A scenario file that this one extends."},
            "changes": {"type": "object", "description": "Items of the book by id, with fields."},
            "add": {"type": "object", "description": "Items put at the end of the book's lists."},
        }
        whole["properties"] |= extras
        whole["$defs"]["Population"].pop("required", None)
    elif kind == "book":
        several = {"type": "array", "items": {"type": "string"}}
        whole["properties"]["includes"] = {
            "anyOf": [several, {"type": "string"}],
            "description": "Folders of books that this one stands on, such as ../national.",
        }
    whole.pop("required", None)
    head = {"$schema": DIALECT, "$id": f"urn:finsim:{kind}:{VERSION}", "version": VERSION}
    return json.dumps({**head, **whole}, ensure_ascii=False, indent=2) + "\n"


def _model(kind: str) -> type[BaseModel]:
    from finsim.outputs.submission_map import SubmissionMap
    from finsim.scenario.stress_cases import StressCases
    from finsim.scenario.sweep import SweepFile

    models: dict[str, type[BaseModel]] = {
        "scenario": Scenario,
        "book": Book,
        "stress": StressCases,
        "sweep": SweepFile,
        "submission": SubmissionMap,
    }
    return models[kind]
