"""Tables of at most 100 columns for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 100
LABEL = 36
CELL = 10
NARROW = 9


def row(label: str, cells: Sequence[str], width: int = CELL) -> str:
    """A label and cells that are flush right."""
    kept = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
    return f"{kept:<{LABEL}}" + "".join(f"{cell:>{width}}" for cell in cells)


def heading(label: str, cells: Sequence[str], width: int = CELL) -> str:
    """The first row of a table, underlined."""
    line = row(label, cells, width)
    return f"{line}\n{'─' * len(line)}"


def wrapped(lead: str, text: str) -> str:
    """Words in lines of the same width, the later ones set in."""
    return textwrap.fill(lead + text, WIDTH, subsequent_indent="  ")
