"""Workbooks as LibreOffice recalculates them, with no stored value to lean on."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

PACKAGE = "libreoffice-calc"
AS_TEXT = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
SHEET = re.compile(r"xl/worksheets/sheet\d+\.xml")
FORMULA = re.compile(r'<c r="([A-Z]+\d+)"[^>]*><f>([^<]*)</f><v>([^<]*)</v></c>')
TOLERANCE = 1e-9
Value = str | float
Sheets = dict[str, list[list[str]]]


class Cell(NamedTuple):
    """A formula cell: its text, and the value stored with it."""

    formula: str
    value: Value


def needs_libreoffice() -> str:
    """Where LibreOffice is; skips the test, naming the Debian package, where it is not."""
    found = shutil.which("soffice")
    if found is None:
        pytest.skip(f"soffice is not installed: apt-get install {PACKAGE}")
    return found


def rewritten(source: Path, target: Path, change: Callable[[str], str]) -> Path:
    """A copy of a workbook with the text of its worksheets changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if SHEET.fullmatch(name):
                content = change(content.decode()).encode()
            new.writestr(name, content)
    return target


def without_caches(xml: str) -> str:
    """A worksheet in which no formula has a stored value."""
    return re.sub(r"(<f>[^<]*</f>)<v>[^<]*</v>", r"\1", xml)


def recalculated(
    workbooks: Mapping[str, Path], folder: Path
) -> dict[str, dict[str, list[list[str]]]]:
    """The cells of each sheet of workbooks after LibreOffice has worked out every formula.

    It is started once for all of them. Names must not hold a hyphen.
    """
    soffice = needs_libreoffice()
    bare, done = folder / "bare", folder / "done"
    bare.mkdir(parents=True)
    stripped = [
        rewritten(path, bare / f"{name}.xlsx", without_caches) for name, path in workbooks.items()
    ]
    subprocess.run(
        [soffice, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--convert-to", AS_TEXT, "--outdir", str(done), *map(str, stripped)],
        check=True, capture_output=True, timeout=900,
    )  # fmt: skip
    found: dict[str, Sheets] = {name: {} for name in workbooks}
    for path in done.iterdir():
        name, sheet = path.stem.split("-", 1)
        with path.open(encoding="utf-8", newline="") as lines:
            found[name][sheet] = list(csv.reader(lines))
    return found


def formulas(workbook: Path) -> dict[tuple[str, str], Cell]:
    """Every formula cell by sheet and place."""
    names = openpyxl.load_workbook(workbook, read_only=True).sheetnames
    found = {}
    with zipfile.ZipFile(workbook) as parts:
        for number, name in enumerate(names, 1):
            xml = parts.read(f"xl/worksheets/sheet{number}.xml").decode()
            for place, formula, value in FORMULA.findall(xml):
                found[name, place] = Cell(unescape(formula), number_or_text(unescape(value)))
    return found


def number_or_text(text: str) -> Value:
    """A number where a text is one; a percentage is a hundredth of what it says."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return text


def value_at(cells: list[list[str]], place: str) -> Value:
    """The value of a cell by its place, such as E12."""
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", place).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return number_or_text(cells[int(digits) - 1][column - 1])


def alike(one: Value, other: Value) -> bool:
    """Whether two values are the same, but for the last digits of a number."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return abs(one - other) <= TOLERANCE * (1 + abs(one))
