"""The bytes of an input file, bounded, or in words why they could not be read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from finsim.book.places import InputProblems, Place, Problem, did_you_mean


def read_bytes(path: Path, place: Place, most: int) -> bytes:
    """What a file holds; raises InputProblems where it is missing, no file, or above `most`."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputProblems([Problem(place, "", "is a folder; a file is needed")])
        if not stat.S_ISREG(mode):
            raise InputProblems([Problem(place, "", "is not an ordinary file")])
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        near = did_you_mean(path.name, names_beside(path))
        raise InputProblems([Problem(place, "", f"there is no such file{near}")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputProblems([Problem(place, "", f"could not be read: {reason}")]) from None
    if len(content) > most:
        limit = f"{most // 1_000_000} MB"
        raise InputProblems([Problem(place, "", f"is larger than {limit}, the most allowed")])
    return content


def names_beside(path: Path) -> list[str]:
    """What stands in the folder of a path."""
    try:
        return sorted(os.listdir(path.parent))
    except (OSError, ValueError):
        return []
