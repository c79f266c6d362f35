"""Output files: never half written, and never over a file that finsim did not write."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from finsim.analysis.bridge_rows import BRIDGE_FIELDS
from finsim.analysis.results import FIELDS
from finsim.analysis.stress_rows import CASE_FIELDS
from finsim.outputs import workbook_stamp

HEAD = 4096
MOST_FOOTER = 1 << 24
CSV_HEADERS = (FIELDS, BRIDGE_FIELDS, CASE_FIELDS)
_JSON = re.compile(rb'\s*\{\s*"finsim"\s*:')
_PARQUET_KEY = b"\x06finsim"


class OutputExists(Exception):
    """A file of this name is there, and finsim did not write it."""


class OutputNotWritable(OSError):
    """Nothing can be written under this name."""


def check_writable(path: Path, force: bool = False) -> None:
    """Refuses a name that cannot be written, before anything is computed for it.

    Raises OutputExists for a file that finsim did not write, unless forced, and OutputNotWritable
    for a folder that is missing or closed and for what is not a file.
    """
    target = _target(path)
    folder = target.parent
    if not folder.is_dir():
        raise OutputNotWritable(f"{path}: the folder {path.parent} does not exist; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputNotWritable(f"{path}: the folder {path.parent} cannot be written to")
    if not target.exists():
        return
    if not target.is_file():
        kind = "a folder" if target.is_dir() else "not a file"
        raise OutputNotWritable(f"{path}: is {kind}; name a file to write")
    if not os.access(target, os.W_OK):
        raise OutputNotWritable(f"{path}: is read-only; change that, or choose another name")
    if not force and not is_ours(target):
        text = f"{path}: is there already, and finsim did not write it as it stands"
        raise OutputExists(f"{text}; choose another name with -o, or replace it with --force")


def write_atomically(path: Path, content: bytes) -> None:
    """Puts a whole file in place of the old one, or leaves the old one as it was.

    Raises OSError when it cannot, as on a full disk; nothing else is left in the folder then.
    """
    target = _target(path)
    fresh = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        _write_all(fresh, "xb", content)
        if target.exists():
            fresh.chmod(stat.S_IMODE(target.stat().st_mode))
        fresh.replace(target)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


def _write_all(path: Path, mode: Literal["xb", "wb"], content: bytes) -> None:
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _target(path: Path) -> Path:
    """What a link points to, so that the link itself stays."""
    return path.resolve()


# recognising what finsim wrote


def is_ours(path: Path) -> bool:
    """Whether finsim wrote this file, judged from a small part of it by its suffix."""
    known = OURS.get(path.suffix.lower())
    try:
        return known is not None and known(path)
    except OSError:
        return False


def _csv_is_ours(path: Path) -> bool:
    head = _head(path)
    return any(head.startswith((",".join(fields) + "\n").encode()) for fields in CSV_HEADERS)


def _json_is_ours(path: Path) -> bool:
    return _JSON.match(_head(path)) is not None


def _parquet_is_ours(path: Path) -> bool:
    """The footer names its own length; a key of the file's metadata is its length and its text."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < 12:
            return False
        file.seek(-8, 2)
        footer = int.from_bytes(file.read(4), "little")
        if file.read(4) != b"PAR1" or footer > min(size - 8, MOST_FOOTER):
            return False
        file.seek(-8 - footer, 2)
        return _PARQUET_KEY in file.read(footer)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


OURS: dict[str, Callable[[Path], bool]] = {
    ".xlsx": workbook_stamp.is_ours,
    ".csv": _csv_is_ours,
    ".json": _json_is_ours,
    ".parquet": _parquet_is_ours,
}
