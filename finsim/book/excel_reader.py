"""An input workbook into the same trees as YAML and CSV: what it states of a scenario and a book.

Sheets are found by name and columns by heading, wherever they stand; blank rows are passed over.
A heading is the path of a field (`ramp / shape`); a unit in brackets holds for its plain numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as AbcMapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from finsim.book.csv_reader import Table as CsvTable
from finsim.book.excel_cells import Cell, heading_unit, read_cells
from finsim.book.excel_file import open_excel
from finsim.book.excel_layout import (
    BOOK,
    DETAILS,
    INSTRUCTIONS,
    LISTS,
    OPTIONS,
    REPEATED,
    SCENARIO,
    SHEETS,
    TABLES,
    Parts,
    Table,
    is_listed,
)
from finsim.book.excel_values import MARK, value
from finsim.book.field_paths import (
    Group,
    Part,
    PathError,
    Series,
    Step,
    frozen,
    path_steps,
    path_text,
    put,
)
from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, nearest, shown
from finsim.book.quantities import QuantityError

SLIP = 0.8
_Kinds: TypeAlias = AbcMapping[tuple[Step, ...], str]
SECTIONS = tuple(dict.fromkeys(table.section for table in TABLES))


class InputWorkbook(Struct, frozen=True):
    """What a workbook states: its scenario, and its book where it holds one.

    `problems` are mistakes of cells and sheets; what they stand in is left out of the trees.
    """

    scenario: Mapping
    book: Mapping | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


class _Row(Struct):
    """A row of a table: its fields by heading, in the order of the columns."""

    place: Place
    fields: dict[tuple[Step, ...], Node] = field(default_factory=dict)


class _Headed(Struct):
    """A sheet's headings and the rows below them."""

    place: Place
    headings: dict[tuple[Step, ...], Place]
    rows: list[_Row]


class _Reading(Struct):
    """One workbook while it is read."""

    name: str
    cells: dict[str, list[list[Cell]]]
    sheets: dict[str, str]
    problems: list[Problem]

    def rows(self, sheet: str) -> list[list[Cell]]:
        return self.cells.get(self.sheets.get(sheet, ""), [])

    def place(self, sheet: str) -> Place:
        return Place(f"{self.name}:{self.sheets.get(sheet, sheet)}")

    def fail(self, place: Place, where: str, message: object) -> None:
        self.problems.append(Problem(place, where, str(message)))


def read_workbook(path: Path, shown_as: str | None = None) -> InputWorkbook:
    """The trees of an input workbook.

    Raises InputProblems when the file is no workbook that can be read, or holds no sheet of one.
    """
    excel = open_excel(path, shown_as)
    problems: list[Problem] = []
    told = list(excel.warnings)
    sheets = _known_sheets(excel.shown_as, list(excel.sheets), problems)
    cells = read_cells(excel, sheets.values(), problems, told)
    reading = _Reading(excel.shown_as, cells, sheets, problems)
    scenario = _settings(reading, SCENARIO)
    options = _options(reading)
    if options is not None:
        scenario.parts["options"] = options
        scenario.places["options"] = options.place
    tree = frozen(scenario)
    assert isinstance(tree, Mapping)
    return InputWorkbook(tree, _book(reading), tuple(problems), tuple(told))


def _known_sheets(name: str, found: list[str], problems: list[Problem]) -> dict[str, str]:
    """The sheets of an input workbook under the names that they have in it."""
    folded = {sheet.strip().casefold(): sheet for sheet in found}
    known = {sheet: folded[sheet.casefold()] for sheet in SHEETS if sheet.casefold() in folded}
    if not known:
        text = f"has no sheet of an input workbook ({', '.join(SHEETS[:6])} …)"
        raise InputProblems(
            [Problem(Place(name), "", f"{text}; see `finsim new --excel inputs.xlsx`")]
        )
    missing = tuple(sheet for sheet in SHEETS if sheet not in known)
    for sheet in found:
        is_ours = sheet in known.values() or sheet in {INSTRUCTIONS, LISTS}
        if not is_ours and nearest(sheet, missing, SLIP) is not None:
            text = f"the sheet {shown(sheet)} is not known{did_you_mean(sheet, missing)}"
            problems.append(Problem(Place(name), "", text))
    return known


# headings


def _heading_path(text: str) -> tuple[Step, ...]:
    """`In perimeter` → ("in_perimeter",)."""
    return tuple(
        re.sub(r"\s+", "_", step.lower()) if isinstance(step, str) else step
        for step in path_steps(text)
    )


def _headed(reading: _Reading, sheet: str, anchors: Iterable[str], kinds: _Kinds) -> _Headed | None:
    """The rows below the first row that holds every anchor among its headings."""
    rows = reading.rows(sheet)
    wanted = {anchor.replace("_", " ") for anchor in anchors}
    for number, cells in enumerate(rows):
        if len(cells) < len(wanted):
            continue
        names = {heading_unit(str(c.value))[0].lower().replace("_", " ") for c in cells}
        if wanted <= names:
            return _below(reading, cells, rows[number + 1 :], kinds)
    if rows:
        words = " and ".join(shown(word) for word in sorted(wanted))
        reading.fail(reading.place(sheet), "", f"has no row of headings that holds {words}")
    return None


def _below(reading: _Reading, heads: list[Cell], rows: list[list[Cell]], kinds: _Kinds) -> _Headed:
    columns: dict[int, tuple[tuple[Step, ...], str, str | None]] = {}
    headings: dict[tuple[Step, ...], Place] = {}
    for cell in heads:
        words, unit = heading_unit(str(cell.value).strip())
        try:
            path = _heading_path(words)
        except PathError as error:
            reading.fail(cell.place, "", f"the heading {shown(words)} {error}")
            continue
        if path in headings:
            text = f"the column {shown(words)} stands twice (first in {headings[path]})"
            reading.fail(cell.place, "", text)
            continue
        headings[path] = cell.place
        kind = kinds.get(path) or ("list" if is_listed(path) else "text")
        columns[cell.place.column] = (path, kind, unit)
    read: list[_Row] = []
    for cells in rows:
        row = _Row(cells[0].place)
        for cell in cells:
            column = columns.get(cell.place.column)
            if column is None:
                if cell.place.column not in {head.place.column for head in heads}:
                    reading.fail(cell.place, "", "stands in a column without a heading")
                continue
            path, kind, unit = column
            node = _value(reading, cell, kind, unit, path_text(path))
            if node is not None:
                row.fields[path] = node
        if row.fields:
            read.append(row)
    return _Headed(heads[0].place, headings, read)


def _value(reading: _Reading, cell: Cell, kind: str, unit: str | None, where: str) -> Node | None:
    try:
        return value(cell.text(unit), kind, cell.place)
    except (QuantityError, PathError) as error:
        reading.fail(cell.place, where, error)
        return None


def _scalar_text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) else None


# sheets of settings, a row each


def _settings(reading: _Reading, sheet: str) -> Group:
    """Rows of setting and value; one without a value is left out."""
    group = Group(Place(reading.place(sheet).file, 1, 1, in_sheet=True))
    headed = _headed(reading, sheet, ("setting", "value"), {("setting",): "text"})
    if headed is None:
        return group
    group.place = headed.place
    repeated: dict[tuple[Step, ...], Series] = {}
    for row in headed.rows:
        name, node = row.fields.get(("setting",)), row.fields.get(("value",))
        if isinstance(name, Scalar) and node is not None:
            _set(reading, group, name, node, repeated)
        elif node is not None:
            reading.fail(node.place, "", "has a value but no setting")
    return group


def _set(
    reading: _Reading,
    group: Group,
    name: Scalar,
    node: Node,
    repeated: dict[tuple[Step, ...], Series],
    *before: Step,
) -> None:
    try:
        first, *rest = path_steps(name.text)
        steps = (*before, first.lower().replace(" ", "_") if isinstance(first, str) else first)
        steps = (*steps, *rest)
        if is_listed(steps) and isinstance(node, Scalar) and MARK in node.text:
            node = value(node.text, "list", node.place)
        if steps[-1] in REPEATED and isinstance(node, Scalar):
            if steps not in repeated:
                repeated[steps] = Series(node.place)
                put(group, steps, repeated[steps])
            repeated[steps].parts.append(node)
            return
        put(group, steps, node)
    except PathError as error:
        reading.fail(name.place, path_text(before), error)


def _options(reading: _Reading) -> Group | None:
    """Rows of option, field and value; a field without a value is set to nothing."""
    headed = _headed(reading, OPTIONS, ("option", "field", "value"), {})
    if headed is None or not headed.rows:
        return None
    options = Group(headed.place)
    repeated: dict[tuple[Step, ...], Series] = {}
    for row in headed.rows:
        option = row.fields.get(("option",))
        name, node = row.fields.get(("field",)), row.fields.get(("value",))
        if not isinstance(option, Scalar):
            reading.fail(row.place, "options", "names no option in its first column")
            continue
        if option.text not in options.parts:
            options.parts[option.text] = Group(option.place)
            options.places[option.text] = option.place
        if isinstance(name, Scalar):
            given = node if node is not None else Scalar("", name.place)
            _set(reading, options, name, given, repeated, option.text)
        elif node is not None:
            reading.fail(node.place, "options", "has a value but no field")
    return options


# the book


def _book(reading: _Reading) -> Mapping | None:
    """The book, where any sheet of it says something."""
    sections: dict[str, dict[str, Group]] = {}
    book = _settings(reading, BOOK)
    for table in TABLES:
        if isinstance(table, Table) and table.section in {"population", "curves"}:
            _wide(reading, table, book)
        elif isinstance(table, Table):
            _items(reading, table, book, sections)
    for table in TABLES:
        if isinstance(table, Parts):
            _parts(reading, table, sections)
    _details(reading, sections)
    if not book.parts:
        return None
    tree = frozen(book)
    assert isinstance(tree, Mapping)
    return tree


def _kinds(table: Table | Parts) -> dict[tuple[Step, ...], str]:
    return {column.path: column.kind for column in table.columns}


def _items(
    reading: _Reading, table: Table, book: Group, sections: dict[str, dict[str, Group]]
) -> None:
    headed = _headed(reading, table.sheet, ("id",), _kinds(table))
    if headed is None or not headed.rows:
        return
    listing = Series(headed.place)
    known = sections.setdefault(table.section, {})
    for row in headed.rows:
        item = Group(row.place)
        _fill(reading, item, row.fields, table.section)
        name = _scalar_text(row.fields.get(("id",)))
        if name is not None:
            known.setdefault(name, item)
        listing.parts.append(item)
    book.parts[table.section] = listing
    book.places[table.section] = headed.place


def _fill(
    reading: _Reading, group: Group, fields: AbcMapping[tuple[Step, ...], Node], where: str
) -> None:
    for path, node in fields.items():
        try:
            put(group, path, node)
        except PathError as error:
            reading.fail(node.place, where, error)


def _wide(reading: _Reading, table: Table, book: Group) -> None:
    """The tables of people and of costs, which have a column for each age band."""
    from finsim.book.load import curves_of, is_age_band, population_of

    headed = _headed(
        reading, table.sheet, ("area",) if table.section == "population" else ("id",), _kinds(table)
    )
    if headed is None or not headed.rows:
        return
    columns = {path_text(path): place for path, place in headed.headings.items()}
    rows: list[Node] = []
    for row in headed.rows:
        entries = {path_text(path): node for path, node in row.fields.items()}
        places = {key: node.place for key, node in entries.items()}
        rows.append(Mapping(entries, row.place, places))
    read = CsvTable(tuple(columns), Listing(tuple(rows), headed.place), tuple(columns.values()))
    node: Node = read.rows
    if table.section == "population":
        node = population_of(read, reading.problems)
    elif any(is_age_band(column) for column in columns):
        node = curves_of(read)
    book.parts[table.section] = node
    book.places[table.section] = headed.place


def _parts(reading: _Reading, table: Parts, sections: dict[str, dict[str, Group]]) -> None:
    kinds = [table.kind.path[0]] if table.kind is not None else []
    anchors = [table.owner, *([table.key] if table.key else []), *kinds]
    words: dict[tuple[Step, ...], str] = {(anchor.replace(" ", "_"),): "text" for anchor in anchors}
    headed = _headed(reading, table.sheet, anchors, _kinds(table) | words)
    if headed is None:
        return
    owners = sections.get(table.section, {})
    for row in headed.rows:
        owner = row.fields.pop((table.owner.replace(" ", "_"),), None)
        item = owners.get(_scalar_text(owner) or "")
        if item is None:
            place = owner.place if owner is not None else row.place
            found = _scalar_text(owner)
            text = "names nothing" if found is None else f"there is no {shown(found)}"
            near = did_you_mean(found or "", owners)
            reading.fail(place, table.section, f"{text} on the sheet of {table.section}{near}")
            continue
        part = _part(reading, table, row)
        if part is not None:
            _join(reading, table, item, part, row)


def _part(reading: _Reading, table: Parts, row: _Row) -> Group | None:
    """The part that a row states, its fields under the name of its kind where it has one."""
    part = Group(row.place)
    kind = row.fields.pop(table.kind.path, None) if table.kind is not None else None
    key = (table.key.replace(" ", "_"),) if table.key else None
    fields = {path: node for path, node in row.fields.items() if path != key}
    if table.kind is None:
        _fill(reading, part, fields, table.section)
        return part
    name = (_scalar_text(kind) or "").replace(" ", "_")
    if not name:
        words = ", ".join(table.kind.choices)
        text = f"does not say what it is under {table.kind.path[0]!r}; allowed: {words}"
        reading.fail(row.place, table.section, text)
        return None
    inner = Group(row.place)
    within = {path: node for path, node in fields.items() if path[0] not in table.beside}
    beside = {path: node for path, node in fields.items() if path[0] in table.beside}
    _fill(reading, part, beside, table.section)
    _fill(reading, inner, within, table.section)
    part.parts[name] = inner
    part.places[name] = kind.place if kind is not None else row.place
    return part


def _join(reading: _Reading, table: Parts, item: Group, part: Group, row: _Row) -> None:
    """Put a part into the list or group of its item."""
    held: Part | None = item.parts.get(table.field)
    if held is None:
        held = Group(row.place) if table.key else Series(row.place)
        item.parts[table.field] = held
        item.places[table.field] = row.place
    if isinstance(held, Series):
        held.parts.append(part)
        return
    assert table.key is not None
    key = row.fields.get((table.key.replace(" ", "_"),))
    name = _scalar_text(key)
    if name is None or not isinstance(held, Group):
        reading.fail(row.place, table.section, f"has no {shown(table.key)}")
    elif name in held.parts:
        reading.fail(part.place, table.section, f"{shown(name)} stands twice")
    else:
        held.parts[name] = part
        held.places[name] = key.place if key is not None else row.place


def _details(reading: _Reading, sections: dict[str, dict[str, Group]]) -> None:
    """Rows of table, id, field and value: what has no column of its own."""
    headed = _headed(reading, DETAILS, ("table", "id", "field", "value"), {})
    if headed is None:
        return
    sheets = {table.sheet.casefold(): table.section for table in TABLES if isinstance(table, Table)}
    repeated: dict[str, dict[tuple[Step, ...], Series]] = {}
    for row in headed.rows:
        words = {key: _scalar_text(row.fields.get((key,))) for key in ("table", "id")}
        section = sheets.get((words["table"] or "").casefold())
        if section is None:
            near = did_you_mean(words["table"] or "", [table.sheet for table in TABLES])
            reading.fail(row.place, DETAILS, f"there is no table {shown(words['table'])}{near}")
            continue
        items = sections.get(section, {})
        item = items.get(words["id"] or "")
        if item is None:
            near = did_you_mean(words["id"] or "", items)
            reading.fail(row.place, DETAILS, f"{section} has no {shown(words['id'])}{near}")
            continue
        name, node = row.fields.get(("field",)), row.fields.get(("value",))
        if isinstance(name, Scalar):
            given = node if node is not None else Scalar("", name.place)
            key = f"{section} {words['id']}"
            _set(reading, item, name, given, repeated.setdefault(key, {}))
        else:
            reading.fail(row.place, DETAILS, "names no field")
