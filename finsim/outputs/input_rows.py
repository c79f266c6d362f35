"""A scenario and a book as the rows of an input workbook: what each cell says, as text.

What a table has no column for, or what its columns would not give back, becomes a row of details.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any, TypeAlias

from msgspec import Struct, field

from finsim.book.excel_layout import (
    BAND,
    REPEATED,
    TABLES,
    YEAR,
    Column,
    Parts,
    Table,
    is_listed,
)
from finsim.book.excel_values import list_text, text_of
from finsim.book.field_paths import Step, path_text
from finsim.book.load import is_age_band
from finsim.book.quantities import QuantityError, financial_year

Cells: TypeAlias = dict[tuple[str, ...], str]
"""A row: the text of each cell by the path of its column."""

_MISSING = object()
_TOLD = object()


class Rows(Struct):
    """The columns of a sheet, and its rows."""

    columns: list[Column]
    rows: list[Cells] = field(default_factory=list)


class Written(Struct):
    """Every table of a book, and what is told as details: sheet, id, field and value."""

    tables: dict[str, Rows] = field(default_factory=dict)
    details: list[tuple[str, str, str, str | None]] = field(default_factory=list)


def setting_rows(tree: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """A tree as rows of path and value; None is nothing, which is not the same as no row."""
    return [(path_text(path), text) for path, text in _settings(dict(tree), ())]


def _settings(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str | None]]:
    if value is _TOLD:
        return
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _settings(inner, (*path, key))
    elif isinstance(value, list) and value:
        joined = list_text(value) if is_listed(path) and len(value) > 1 else None
        if joined is not None:
            yield path, joined
        elif path[-1] in REPEATED and all(isinstance(item, str) for item in value):
            yield from ((path, item) for item in value)
        else:
            for number, inner in enumerate(value):
                yield from _settings(inner, (*path, number))
    elif path:
        yield path, None if value is None else str(value)


def book_rows(book: Mapping[str, Any], years: Sequence[str]) -> Written:
    """A book's tables as rows; `years` head the columns of what differs by year."""
    written = Written()
    left: dict[str, list[dict[str, Any]]] = {}
    for table in TABLES:
        found = book.get(table.section)
        if table.section == "population":
            written.tables[table.sheet] = _people(table, found or {})
            continue
        if table.section not in left:
            left[table.section] = [deepcopy(item) for item in found or ()]
        items = left[table.section]
        if isinstance(table, Parts):
            written.tables[table.sheet] = _part_rows(table, items, years)
        else:
            written.tables[table.sheet] = Rows([])
    for table in TABLES:
        if isinstance(table, Table) and table.section != "population":
            _item_rows(table, left[table.section], years, written)
    return written


def _people(table: Parts | Table, people: Mapping[str, Any]) -> Rows:
    bands = people.get("bands", ())
    rows = Rows(_with_bands(table.columns, bands))
    for row in people.get("rows", ()):
        cells: Cells = {(key,): row[key] for key in ("area", "variant", "year")}
        cells |= {(band,): count for band, count in zip(bands, row["people"], strict=True)}
        rows.rows.append(cells)
    return rows


def _with_bands(columns: Sequence[Column], bands: Sequence[str]) -> list[Column]:
    return [
        made
        for column in columns
        for made in (
            [Column((band,), column.kind, (), 10) for band in bands]
            if column.path == (BAND,)
            else [column]
        )
    ]


def _expanded(columns: Sequence[Column], years: Sequence[str]) -> list[Column]:
    """The columns with one for each year where a field differs by year."""
    return [
        made
        for column in columns
        for made in (
            [
                Column((*column.path[:-1], year), column.kind, column.choices, 11, column.rare)
                for year in years
            ]
            if column.path[-1] == YEAR
            else [column]
        )
    ]


def _item_rows(
    table: Table, items: list[dict[str, Any]], years: Sequence[str], written: Written
) -> None:
    columns = _expanded(table.columns, years)
    if table.section == "curves":
        columns = _by_age(table.columns, items)
    rows = Rows(columns)
    for item in items:
        name = str(item.get("id", ""))
        rows.rows.append(_taken(item, columns))
        written.details += [(table.sheet, name, path, text) for path, text in setting_rows(item)]
    rows.columns = _kept(columns, rows.rows)
    written.tables[table.sheet] = rows


def _by_age(columns: Sequence[Column], items: list[dict[str, Any]]) -> list[Column]:
    """A column for each age band, where every curve has the same ones."""
    bands = items[0].get("bands") or [] if items else []
    is_even = all(
        item.get("bands") == bands and len(item.get("cost", ())) == len(bands) for item in items
    )
    if not bands or not is_even or not all(is_age_band(band) for band in bands):
        return [column for column in columns if column.path != (BAND,)]
    for item in items:
        item |= dict(zip(item.pop("bands"), item.pop("cost"), strict=True))
    kept = [column for column in columns if column.path not in {("bands",), ("cost",)}]
    return _with_bands(kept, bands)


def _part_rows(table: Parts, items: list[dict[str, Any]], years: Sequence[str]) -> Rows:
    columns = _expanded(table.columns, years)
    within = [column for column in columns if column.path[0] not in table.beside]
    beside = [column for column in columns if column.path[0] in table.beside]
    key: tuple[str, ...] | None = (table.key.replace(" ", "_"),) if table.key else None
    owner: tuple[str, ...] = (table.owner.replace(" ", "_"),)
    rows = Rows([])
    for item in items:
        for part in _apart(table, item.get(table.field)):
            cells: Cells = {owner: str(item["id"])}
            if key is not None:
                cells[key] = part.name
            if table.kind is not None:
                cells[table.kind.path] = part.kind
            cells |= _taken(part.outer, beside) | _taken(part.fields, within)
            part.mark_if_empty()
            rows.rows.append(cells)
    heads = [Column(owner, "text", _owners(table), 24)]
    heads += [Column(key, "text", (), 16)] if key is not None else []
    heads += [table.kind] if table.kind is not None else []
    rows.columns = [*heads, *_kept(columns, rows.rows)]
    return rows


def _owners(table: Parts) -> str:
    return table.section.replace("_", " ")


class _Apart(Struct):
    """One part of an item, with what holds it, so that it can be marked as told."""

    holder: Any
    place: str | int
    name: str
    kind: str
    outer: dict[str, Any]
    fields: dict[str, Any]

    def mark_if_empty(self) -> None:
        if self.fields:
            return
        if self.kind:
            self.outer[self.kind] = _TOLD
        else:
            self.holder[self.place] = _TOLD


def _apart(table: Parts, held: Any) -> list[_Apart]:
    """The parts of a field, or none when some are not of the form of the table."""
    if not held or isinstance(held, dict) != (table.key is not None):
        return []
    made: list[_Apart] = []
    for place, part in held.items() if isinstance(held, dict) else enumerate(held):
        if not isinstance(part, dict):
            return []
        kind, fields = "", part
        if table.kind is not None:
            kinds = [key for key in part if key not in table.beside]
            if len(kinds) != 1 or kinds[0] not in table.kind.choices:
                return []
            kind, fields = kinds[0], part[kinds[0]]
        if not isinstance(fields, dict):
            return []
        made.append(_Apart(held, place, str(place), kind, part, fields))
    return made


def _taken(item: dict[str, Any], columns: Sequence[Column]) -> Cells:
    """What the columns hold of an item, taken out of it."""
    cells: Cells = {}
    uneven = _uneven(item, columns)
    for column in columns:
        if column.path[:-1] in uneven and _is_ordered(column.path[-1]):
            continue
        held = _at(item, column.path)
        text = None if held is _MISSING else text_of(held, column.kind)
        if text is not None:
            cells[column.path] = text
            _remove(item, column.path)
    return cells


def _is_ordered(key: str) -> bool:
    """Whether the order of such keys is part of what a group says: years, and quantiles."""
    if key[:1] == "p" and key[1:].isdecimal():
        return True
    try:
        financial_year(key)
    except QuantityError:
        return False
    return True


def _uneven(item: dict[str, Any], columns: Sequence[Column]) -> set[tuple[str, ...]]:
    """Groups by year or quantile that columns would not give back: another order, other keys."""
    order: dict[tuple[str, ...], list[str]] = {}
    for column in columns:
        if _is_ordered(column.path[-1]):
            order.setdefault(column.path[:-1], []).append(column.path[-1])
    uneven: set[tuple[str, ...]] = set()
    for path, known in order.items():
        group = _at(item, path)
        keys = [key for key in group if _is_ordered(key)] if isinstance(group, dict) else []
        places = [known.index(key) for key in keys if key in known]
        if len(places) < len(keys) or any(after <= before for before, after in pairwise(places)):
            uneven.add(path)
    return uneven


def _at(item: Any, path: Sequence[str]) -> Any:
    for step in path:
        if not isinstance(item, dict) or step not in item:
            return _MISSING
        item = item[step]
    return item


def _remove(item: dict[str, Any], path: Sequence[str]) -> None:
    """Take a value out, and the groups that it leaves empty."""
    *above, last = path
    groups = [item]
    for step in above:
        groups.append(groups[-1][step])
    del groups[-1][last]
    for group, step in zip(reversed(groups[:-1]), reversed(above), strict=True):
        if not group[step]:
            del group[step]


def _kept(columns: Sequence[Column], rows: Sequence[Cells]) -> list[Column]:
    """The usual columns, and the rare ones that are used."""
    used = {path for row in rows for path in row}
    return [column for column in columns if not column.rare or column.path in used]
