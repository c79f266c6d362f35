"""`finsim new`: a system to start from."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from finsim.book.places import InputProblems, Place, Problem, did_you_mean, one_line, shown
from finsim.book.shipped import shipped
from finsim.exits import DONE, NOT_WRITTEN

NATIONAL = "national"


def systems() -> list[str]:
    """The systems that come with finsim."""
    folder = shipped("scenarios", "example.yaml")
    assert folder is not None
    names = [path.stem for path in folder.parent.glob("*.yaml")]
    return sorted(name for name in names if shipped("assumptions", name) is not None)


def new(folder: Path, name: str) -> int:
    """Write a copy of a shipped system into a new folder: its scenarios and its books."""
    if name not in systems():
        listed = ", ".join(systems())
        text = f"there is no shipped system {shown(name)}; there are {listed}"
        problem = Problem(Place(f"--from {name}"), "", text + did_you_mean(name, systems()))
        raise InputProblems([problem])
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
        kind = "exists and is not empty" if folder.is_dir() else "is there and is not a folder"
        print(f"finsim: {one_line(str(folder))} {kind}; name a new folder", file=sys.stderr)
        return NOT_WRITTEN
    _write(folder.resolve(), name)
    first = shlex.quote(str(folder / "scenarios" / f"{name}.yaml"))
    print(f"wrote {folder}; next:\n  finsim run {first}")
    return DONE


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
        if not folder.exists():
            made.rename(folder)
            return
        for part in sorted(made.iterdir()):
            part.rename(folder / part.name)


def _includes_national(name: str) -> bool:
    book = shipped("assumptions", name)
    return book is not None and "../national" in (book / "book.yaml").read_text(encoding="utf-8")
