"""Where an input stands, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

LONGEST_WORD = 60


class Place(Struct, frozen=True, order=True):
    """A position in an input file; line and column count from 1, 0 means the whole file.

    `in_sheet` when it is a cell: the file is then `workbook:sheet`, and line and column its row
    and column there.
    """

    file: str
    line: int = 0
    column: int = 0
    in_sheet: bool = False

    def __str__(self) -> str:
        if self.in_sheet and self.line:
            return f"{self.file}!{column_letters(self.column)}{self.line}"
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


def column_letters(column: int) -> str:
    """1 → A, 27 → AA."""
    letters = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


class Problem(Struct, frozen=True, order=True):
    """One mistake in an input: where it stands, in words too, what was found, what is allowed."""

    place: Place
    where: str
    message: str

    def __str__(self) -> str:
        middle = f"{self.where}: " if self.where else ""
        return one_line(f"{self.place}: {middle}{self.message}")


class InputProblems(Exception):
    """Every mistake found in the inputs, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def one_line(text: str) -> str:
    """Text on one line: line breaks folded into spaces, control characters made visible."""
    folded = " ".join(text.split())
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in folded)


def shown(text: object, limit: int = 60) -> str:
    """A found value in quotes, shortened when it is long."""
    words = str(text)
    return f"'{words if len(words) <= limit else words[: limit - 1] + '…'}'"


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """`, did you mean 'x'?` for the nearest allowed word, or nothing when none is near."""
    near = nearest(found, tuple(allowed))
    return "" if near is None else f", did you mean '{near}'?"


@lru_cache(maxsize=4096)
def nearest(found: str, allowed: tuple[str, ...], likeness: float = 0.6) -> str | None:
    """The allowed word that is most like a found one, or None when none is."""
    from difflib import get_close_matches

    if len(found) > LONGEST_WORD:
        return None
    choices = {choice.lower(): choice for choice in allowed}
    near = get_close_matches(found.lower(), choices, n=1, cutoff=likeness)
    return choices[near[0]] if near else None
