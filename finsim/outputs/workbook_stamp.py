"""How a workbook that finsim wrote is known again: its custom property and its fixed date.

A person who opens and saves it moves the date of its last change, so that their copy is theirs and
is not replaced without being asked.
"""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zipfile

PROPERTY = "finsim"
CREATED = datetime(2000, 1, 1)
MOST_DIRECTORY = 1 << 20
MOST_PART = 1 << 16
_END = struct.Struct("<4s4H2LH")
_UNTOUCHED = b'<dcterms:modified xsi:type="dcterms:W3CDTF">2000-01-01T00:00:00Z<'


def is_ours(path: Path) -> bool:
    """Whether finsim wrote this workbook and nothing has saved it since.

    Reads two small parts and no more, whatever the file claims to hold.
    """
    import zipfile
    import zlib

    unreadable = (
        OSError, EOFError, ValueError, KeyError, RuntimeError, zlib.error, zipfile.BadZipFile,
    )  # fmt: skip
    try:
        if not _directory_is_small(path):
            return False
        with zipfile.ZipFile(path) as parts:
            custom = _part(parts, "docProps/custom.xml")
            core = _part(parts, "docProps/core.xml")
    except unreadable:
        return False
    return f'name="{PROPERTY}"'.encode() in custom and _UNTOUCHED in core


def _directory_is_small(path: Path) -> bool:
    """Whether the archive ends as ours do, with a list of parts that is quick to read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < _END.size:
            return False
        file.seek(-_END.size, 2)
        signature, *_, directory, _, comment = _END.unpack(file.read(_END.size))
    return signature == b"PK\5\6" and comment == 0 and int(directory) <= MOST_DIRECTORY


def _part(parts: zipfile.ZipFile, name: str) -> bytes:
    with parts.open(name) as part:
        return part.read(MOST_PART)
