"""The example system as files in a folder of its own, to be spoiled, and what finsim says of it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from finsim.book.places import InputProblems
from finsim.cli import exit_code
from finsim.simulation.resolve import Resolution, resolve

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Example:
    """A copy of `scenarios/example.yaml` and its book."""

    folder: Path

    @property
    def scenario(self) -> Path:
        return self.folder / "scenarios" / "example.yaml"

    def book(self, name: str) -> Path:
        return self.folder / "assumptions" / "example" / name

    def replace(self, path: Path, old: str, new: str) -> tuple[int, int]:
        """Write `new` for the one `old` in a file; the line and column where it stands."""
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        before = text[: text.index(old)]
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def extending(self, text: str, name: str = "extending.yaml") -> Path:
        """A scenario beside the example that extends it."""
        path = self.scenario.with_name(name)
        path.write_text(f"extends: example.yaml\n{text}\n", encoding="utf-8")
        return path


def copied(folder: Path) -> Example:
    folder.mkdir(exist_ok=True)
    shutil.copytree(ROOT / "assumptions" / "example", folder / "assumptions" / "example")
    (folder / "scenarios").mkdir()
    shutil.copyfile(ROOT / "scenarios" / "example.yaml", folder / "scenarios" / "example.yaml")
    return Example(folder)


def problems_of(path: Path | str, option: str | None = None, *sets: str) -> list[str]:
    """What is wrong with a scenario, as it is printed."""
    with pytest.raises(InputProblems) as caught:
        resolve(path, option, sets)
    return [str(problem) for problem in caught.value.problems]


def resolved(path: Path | str, option: str | None = None, *sets: str) -> Resolution:
    return resolve(path, option, sets)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    """The exit code of a command, what it printed, and the lines of its messages."""
    code = exit_code(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err.splitlines()


@contextmanager
def interruptible() -> Iterator[None]:
    """What is started within is reached by an interruption, even where the tests' own ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
