"""The assumption books and scenarios that come with finsim."""

from __future__ import annotations

import os
from pathlib import Path

_INSTALLED = Path(__file__).resolve().parents[1] / "shipped"
_CLONE = Path(__file__).resolve().parents[2]


def shipped_names(kind: str) -> list[str]:
    """The names of what is shipped of a kind."""
    for root in (_INSTALLED, _CLONE):
        if (root / kind).is_dir():
            return sorted(path.name for path in (root / kind).iterdir())
    return []


def shipped(kind: str, name: str) -> Path | None:
    """A shipped `assumptions` folder or `scenarios` file by its bare name, or None."""
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or ".." in name:
        return None
    for root in (_INSTALLED, _CLONE):
        path = root / kind / name
        if os.path.exists(path):
            return path
    return None
