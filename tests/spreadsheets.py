"""Workbooks as LibreOffice recalculates them, with no stored value to lean on."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

PACKAGE = "libreoffice-calc"
SHEET = re.compile(r"xl/worksheets/sheet\d+\.xml")
CACHED = re.compile(rb"(<f>[^<]*</f>)<v>[^<]*</v>")


def needs_libreoffice() -> str:
    """Where LibreOffice is; skips the test, naming the Debian package, where it is not."""
    found = shutil.which("soffice")
    if found is None:
        pytest.skip(f"soffice is not installed: apt-get install {PACKAGE}")
    return found


def without_caches(source: Path, target: Path) -> Path:
    """A copy of a workbook in which no formula has a stored value."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, CACHED.sub(rb"\1", content) if SHEET.fullmatch(name) else content)
    return target


def recalculated(workbooks: Mapping[str, Path], folder: Path) -> dict[str, Any]:
    """The values of workbooks after LibreOffice has worked out every formula, all in one call."""
    soffice = needs_libreoffice()
    bare, done = folder / "bare", folder / "done"
    bare.mkdir(parents=True)
    stripped = [without_caches(path, bare / f"{name}.xlsx") for name, path in workbooks.items()]
    subprocess.run(
        [soffice, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(done), *map(str, stripped)],
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    return {
        name: openpyxl.load_workbook(done / f"{name}.xlsx", data_only=True) for name in workbooks
    }
