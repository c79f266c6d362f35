"""`finsim new`: a system to start from."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from finsim.book.places import InputProblems, Place, Problem, did_you_mean, one_line, shown
from finsim.book.shipped import shipped
from finsim.commands.schema import KINDS, schema_name, schema_text
from finsim.exits import DONE, NOT_WRITTEN

NATIONAL = "national"
SCHEMAS = "schemas"


def systems() -> list[str]:
    """The systems that come with finsim."""
    folder = shipped("scenarios", "example.yaml")
    assert folder is not None
    names = [path.stem for path in folder.parent.glob("*.yaml")]
    return sorted(name for name in names if shipped("assumptions", name) is not None)


def new(folder: Path, name: str) -> int:
    """Write a copy of a shipped system into a new folder: its scenarios and its books."""
    _check_shipped(name)
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
        kind = "exists and is not empty" if folder.is_dir() else "is there and is not a folder"
        print(f"finsim: {one_line(str(folder))} {kind}; name a new folder", file=sys.stderr)
        return NOT_WRITTEN
    _write(folder.resolve(), name)
    first = shlex.quote(str(folder / "scenarios" / f"{name}.yaml"))
    print(f"wrote {folder}; next:\n  finsim run {first}")
    return DONE


def new_workbook(path: Path, name: str) -> int:
    """Write a shipped system as an input workbook; a file that is there is never replaced."""
    from finsim.outputs.atomic import check_writable, write_atomically
    from finsim.outputs.input_workbook import input_workbook

    _check_shipped(name)
    if path.suffix.lower() != ".xlsx":
        text = "an input workbook is an .xlsx file; write --excel inputs.xlsx"
        raise InputProblems([Problem(Place(f"--excel {path}"), "", text)])
    if os.path.lexists(path):
        print(f"finsim: {one_line(str(path))} is there; name a new file", file=sys.stderr)
        return NOT_WRITTEN
    check_writable(path)
    scenario, book, known = _trees(name)
    write_atomically(path, input_workbook(scenario, book, known))
    print(f"wrote {path}; fill it in, save it, then:\n  finsim run {shlex.quote(str(path))}")
    return DONE


def _trees(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]:
    """A shipped scenario and its own book as plain trees, and the ids of what the book includes.

    Books that it includes are named, not copied.
    """
    from finsim.book.load import read_book, read_parts
    from finsim.book.nodes import plain
    from finsim.book.yaml_reader import read_yaml

    path, folder = shipped("scenarios", f"{name}.yaml"), shipped("assumptions", name)
    assert path is not None
    assert folder is not None
    scenario, book, whole = (
        plain(tree)
        for tree in (
            read_yaml(path), read_parts(folder, with_included=False).tree, read_book(folder).tree,
        )
    )  # fmt: skip
    assert isinstance(scenario, dict)
    assert isinstance(book, dict)
    assert isinstance(whole, dict)
    if "includes" in book:
        stated = book["includes"] if isinstance(book["includes"], list) else [book["includes"]]
        book["includes"] = [Path(item).name for item in stated]
    known = {
        section.replace("_", " "): [item["id"] for item in whole.get(section) or ()]
        for section in ("funding_rules", "reserves", "funds", "payments")
    }
    known["drivers"] = [item["id"] for item in whole.get("national_drivers") or ()]
    return scenario, book, known


def _check_shipped(name: str) -> None:
    if name not in systems():
        listed = ", ".join(systems())
        text = f"there is no shipped system {shown(name)}; there are {listed}"
        problem = Problem(Place(f"--from {name}"), "", text + did_you_mean(name, systems()))
        raise InputProblems([problem])


def _write(folder: Path, name: str) -> None:
    """The whole folder or nothing: built beside its place, then moved there.

    A folder that is there, and empty, is kept: a person may stand in it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".finsim-new-", dir=folder.parent) as beside:
        made = Path(beside) / "system"
        (made / "scenarios").mkdir(parents=True)
        first = shipped("scenarios", f"{name}.yaml")
        assert first is not None
        for path in sorted(first.parent.glob(f"{name}*.yaml")):
            if path.stem == name or path.stem.startswith(f"{name}-"):
                shutil.copyfile(path, made / "scenarios" / path.name)
        for book in (name, NATIONAL):
            source = shipped("assumptions", book)
            if source is not None and (book == name or _includes_national(name)):
                shutil.copytree(source, made / "assumptions" / book)
        _write_schemas(made)
        if not folder.exists():
            made.rename(folder)
            return
        for part in sorted(made.iterdir()):
            part.rename(folder / part.name)


def _write_schemas(made: Path) -> None:
    """The schemas beside the files, and a first line in each file that leads an editor to its own.

    Editors that run the YAML language server complete keys and mark mistakes by it.
    """
    (made / SCHEMAS).mkdir()
    for kind in KINDS:
        text = schema_text(kind)
        (made / SCHEMAS / schema_name(kind)).write_text(text, encoding="utf-8")
    for path in sorted(made.rglob("*.yaml")):
        depth = len(path.relative_to(made).parents) - 1
        kind = "scenario" if path.parent.name == "scenarios" else "book"
        at = "/".join([*[".."] * depth, SCHEMAS, schema_name(kind)])
        text = path.read_text(encoding="utf-8")
        path.write_text(f"# yaml-language-server: $schema={at}\n{text}", encoding="utf-8")


def _includes_national(name: str) -> bool:
    book = shipped("assumptions", name)
    return book is not None and "../national" in (book / "book.yaml").read_text(encoding="utf-8")
