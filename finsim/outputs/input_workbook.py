"""The input workbook: a scenario and its book on sheets that a person fills in.

Yellow cells are inputs; drop-downs offer what a cell may hold. What is written reads back to the
same scenario and book, to the bit.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from finsim import __version__
from finsim.book.excel_layout import (
    BAND,
    BOOK,
    DETAILS,
    FORMS,
    INSTRUCTIONS,
    LISTS,
    OPTIONS,
    SCENARIO,
    TABLES,
    Column,
    Parts,
    Table,
)
from finsim.book.field_paths import path_text
from finsim.book.quantities import (
    QuantityError,
    financial_year,
    financial_year_text,
    flag,
    money,
    money_text,
    months,
    months_text,
    number,
    number_text,
    rate,
    rate_text,
    year_span,
)
from finsim.outputs import palette
from finsim.outputs.input_rows import Rows, book_rows, setting_rows
from finsim.outputs.input_words import BOOK_SETTINGS, INTRODUCTION, SETTINGS
from finsim.outputs.workbook_stamp import CREATED
from finsim.outputs.workbook_style import A4, WHOLE_BOOK

SPARE_ROWS = 40
SHOWN = {
    "£m": '"£"#,##0.0##"m";-"£"#,##0.0##"m"',
    "%": "0.0##%",
    "months": 'General" months"',
    "number": "General",
    "flag": "General",
}
_READ = {"£m": money, "%": rate, "months": months, "number": number}
_WRITE = {"£m": money_text, "%": rate_text, "months": months_text, "number": number_text}
CHOSEN = {
    "control_totals": "control totals",
    "sustainability_funding": "funds",
    "reserves": "reserves",
}


def input_workbook(
    scenario: Mapping[str, Any], book: Mapping[str, Any] | None, known: Mapping[str, Sequence[str]]
) -> bytes:
    """An input workbook of a scenario and, where it is its own, its book, both as plain trees.

    `known` adds words to the drop-downs: names that other books hold. The same trees give the same
    bytes.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    from finsim.outputs.workbook import OPTIONS as SETTINGS_OF_WRITER

    content = io.BytesIO()
    workbook = Workbook(content, {**SETTINGS_OF_WRITER})
    workbook.set_properties(
        {"title": str(scenario.get("title", ""))[:255], "author": "finsim", "created": CREATED}
    )
    _Writer(workbook, scenario, book, known).write()
    workbook.close()
    return content.getvalue()


class _Writer:
    """One input workbook while it is written."""

    def __init__(
        self,
        workbook: Any,
        scenario: Mapping[str, Any],
        book: Mapping[str, Any] | None,
        known: Mapping[str, Sequence[str]],
    ) -> None:
        self.workbook = workbook
        self.scenario = scenario
        self.book = book
        self.lists = _lists(book or {}, known)
        self.ranges = {
            name: f"={LISTS}!${_letters(number)}$2:${_letters(number)}${len(words) + 1}"
            for number, (name, words) in enumerate(self.lists.items())
        }
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def format(self, **properties: Any) -> Any:
        """A format of these properties, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            whole = {**WHOLE_BOOK, "valign": "top", **properties}
            self.formats[key] = self.workbook.add_format(whole)
        return self.formats[key]

    def input(self, kind: str, **more: Any) -> Any:
        """How an input cell of a kind looks."""
        shown = SHOWN.get(kind, "@")
        edge = {"border": 1, "border_color": palette.RULE, **more}
        return self.format(bg_color=palette.YELLOW, num_format=shown, **edge)

    def sheet(self, name: str) -> Any:
        """A worksheet whose numbers keep every digit."""
        from finsim.outputs.workbook_cells import FullPrecisionWorksheet

        return self.workbook.add_worksheet(name, FullPrecisionWorksheet)

    def write(self) -> None:
        self._instructions()
        stated = {key: value for key, value in self.scenario.items() if key != "options"}
        self._settings(SCENARIO, setting_rows(stated), SETTINGS)
        self._options()
        if self.book is not None:
            self._book(self.book)
        self._lists_sheet()

    def _holds(self, table: Table | Parts) -> bool:
        """Whether a table has a sheet; national drivers only where the book states its own."""
        return table.section != "national_drivers" or bool((self.book or {}).get(table.section))

    def _instructions(self) -> None:
        sheet = self.sheet(INSTRUCTIONS)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 110)
        sheet.write_string(0, 0, "finsim input workbook", self.format(bold=True, font_size=16))
        row = 1
        for text in INTRODUCTION.splitlines():
            is_heading = text.startswith("# ")
            sheet.write_string(row, 0, text.removeprefix("# "), self.format(bold=is_heading))
            row += 1
        about = [
            (SCENARIO, "What is run: years, growth, schemes, control totals"),
            (OPTIONS, "Named variants, compared with the scenario as stated"),
        ]
        if self.book is not None:
            about.append((BOOK, "The system's name, what it includes, and how demand is made"))
            about += [(table.sheet, table.about) for table in TABLES if self._holds(table)]
            about.append((DETAILS, "Fields without a column of their own"))
        about.append((LISTS, "What the drop-downs offer; not read"))
        for name, text in about:
            sheet.write_url(row, 0, f"internal:'{name}'!A1", string=name)
            sheet.write_string(row, 1, text, self.format())
            row += 1
        sheet.write_string(row, 0, f"Written by finsim {__version__}", self.format())

    def _head(self, sheet: Any, names: Sequence[str], widths: Sequence[int]) -> None:
        style = self.format(
            bold=True, bg_color=palette.BLUE, font_color=palette.PAPER, text_wrap=True
        )
        for column, (name, width) in enumerate(zip(names, widths, strict=True)):
            sheet.write_string(0, column, name, style)
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _settings(
        self, name: str, rows: list[tuple[str, str | None]], usual: Sequence[tuple[str, str]]
    ) -> None:
        """A sheet of settings: the usual ones first, blank where nothing is said."""
        sheet = self.sheet(name)
        self._head(sheet, ("setting", "value", "what it is"), (30, 60, 90))
        stated = {path for path, _ in rows}
        order = {path: number for number, (path, _) in enumerate(usual)}
        about = dict(usual)
        lines = [*rows, *((path, None) for path in order if path not in stated)]
        lines = [line for line in lines if line[1] is not None or line[0] in order]
        place = [_near(path, order) for path, _ in lines]
        ordered = [lines[n] for n in sorted(range(len(lines)), key=lambda n: (place[n], n))]
        for row, (path, text) in enumerate(ordered, start=1):
            _put_text(sheet, row, 0, path, self.format())
            self._any(sheet, row, 1, text)
            sheet.write_string(row, 2, about.get(path, ""), self.format(text_wrap=True))
            if path in CHOSEN and self.lists.get(CHOSEN[path]):
                self._choose(sheet, row, row, 1, CHOSEN[path])
        for row in range(len(ordered) + 1, len(ordered) + 11):
            sheet.write_blank(row, 0, None, self.input("text"))
            sheet.write_blank(row, 1, None, self.input("text"))

    def _options(self) -> None:
        sheet = self.sheet(OPTIONS)
        self._head(sheet, ("option", "field", "value"), (36, 50, 60))
        row = 1
        for option, fields in dict(self.scenario.get("options") or {}).items():
            lines = setting_rows(fields) if fields else [("", None)]
            for path, text in lines:
                _put_text(sheet, row, 0, option, self.input("text"))
                if path:
                    _put_text(sheet, row, 1, path, self.input("text"))
                    self._any(sheet, row, 2, text)
                row += 1
        self._spare(sheet, row, [Column(("option",)), Column(("field",)), Column(("value",))])

    def _book(self, book: Mapping[str, Any]) -> None:
        sections = {table.section for table in TABLES}
        rest = {key: value for key, value in book.items() if key not in sections}
        self._settings(BOOK, setting_rows(rest), BOOK_SETTINGS)
        written = book_rows(book, _years(self.scenario, book))
        for table in TABLES:
            rows = written.tables[table.sheet]
            if self._holds(table):
                self._table(table.sheet, rows)
        sheet = self.sheet(DETAILS)
        self._head(sheet, ("table", "id", "field", "value"), (24, 30, 50, 60))
        for row, (name, item, path, text) in enumerate(written.details, start=1):
            for column, word in enumerate((name, item, path)):
                _put_text(sheet, row, column, word, self.input("text"))
            self._any(sheet, row, 3, text)
        heads = [Column((name,)) for name in ("table", "id", "field", "value")]
        self._spare(sheet, len(written.details) + 1, heads)

    def _table(self, name: str, rows: Rows) -> None:
        sheet = self.sheet(name)
        columns = [column for column in rows.columns if column.path != (BAND,)]
        self._head(sheet, [_heading(c) for c in columns], [c.width for c in columns])
        for row, cells in enumerate(rows.rows, start=1):
            for place, column in enumerate(columns):
                text = cells.get(column.path)
                if text is None:
                    sheet.write_blank(row, place, None, self.input(column.kind))
                else:
                    self._of_kind(sheet, row, place, text, column.kind)
        self._spare(sheet, len(rows.rows) + 1, columns)
        last = len(rows.rows) + SPARE_ROWS
        for place, column in enumerate(columns):
            self._offer(sheet, last, place, column)

    def _spare(self, sheet: Any, first: int, columns: Sequence[Column]) -> None:
        for row in range(first, first + SPARE_ROWS):
            for place, column in enumerate(columns):
                sheet.write_blank(row, place, None, self.input(column.kind))

    def _offer(self, sheet: Any, last: int, place: int, column: Column) -> None:
        """The drop-down of a column, where it has one."""
        if isinstance(column.choices, str):
            self._choose(sheet, 1, last, place, column.choices)
        elif column.choices:
            options = {"validate": "list", "source": list(column.choices)}
            sheet.data_validation(1, place, last, place, options)

    def _choose(self, sheet: Any, first: int, last: int, place: int, name: str) -> None:
        """A drop-down of the sheet of lists; another word is allowed when it is confirmed."""
        if not self.lists.get(name):
            return
        options = {
            "validate": "list",
            "source": self.ranges[name],
            "error_type": "warning",
            "error_title": "Not on the list",
            "error_message": f"This is not one of the {name} of this workbook yet.",
        }
        sheet.data_validation(first, place, last, place, options)

    def _of_kind(self, sheet: Any, row: int, place: int, text: str, kind: str) -> None:
        """A cell of a column: a number where the text is one of its kind, else the text."""
        value = _number(text, kind)
        if value is not None:
            sheet.write_number(row, place, value, self.input(kind))
        elif kind == "flag" and _is_flag(text):
            sheet.write_boolean(row, place, flag(text), self.input(kind))
        else:
            _put_text(sheet, row, place, text, self.input("text"))

    def _any(self, sheet: Any, row: int, place: int, text: str | None) -> None:
        """A cell whose kind only its text tells: a number where that gives the same text back."""
        if text is None:
            sheet.write_blank(row, place, None, self.input("text"))
            return
        for kind, write in _WRITE.items():
            value = _number(text, kind)
            if value is not None and write(value) == text:
                sheet.write_number(row, place, value, self.input(kind, align="left"))
                return
        if text in {"true", "false"}:
            sheet.write_boolean(row, place, text == "true", self.input("flag"))
        else:
            _put_text(sheet, row, place, text, self.input("text"))

    def _lists_sheet(self) -> None:
        sheet = self.sheet(LISTS)
        self._head(sheet, list(self.lists), [24] * len(self.lists))
        for column, words in enumerate(self.lists.values()):
            for row, word in enumerate(words, start=1):
                _put_text(sheet, row, column, word, self.format())


def _put_text(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    """Text that stays text; the writer takes what is wholly within <r> and </r> for mark-up."""
    is_marked = text.startswith("<r>") and text.endswith("</r>")
    sheet.write_string(row, column, f"{text} " if is_marked else text, style)


def _near(path: str, order: Mapping[str, int]) -> float:
    """Where a setting stands: with the usual one that it belongs to, else after them."""
    if path in order:
        return order[path]
    first = path.partition(" / ")[0]
    alike = [number for usual, number in order.items() if usual.partition(" / ")[0] == first]
    return max(alike) + 0.5 if alike else len(order)


def _number(text: str, kind: str) -> float | None:
    """The number of a quantity that a cell can hold and give back to the bit."""
    read = _READ.get(kind)
    if read is None:
        return None
    try:
        value = read(text)
    except QuantityError:
        return None
    is_kept = not (value == 0 and str(value).startswith("-"))
    return value if is_kept and (kind != "£m" or abs(value) < 100_000) else None


def _is_flag(text: str) -> bool:
    return text in {"true", "false"}


def _heading(column: Column) -> str:
    words = path_text([step.replace("_", " ") for step in column.path])
    return f"{words} ({column.kind})" if column.kind in {"£m", "months"} else words


def _letters(column: int) -> str:
    from finsim.book.places import column_letters

    return column_letters(column + 1)


def _years(scenario: Mapping[str, Any], book: Mapping[str, Any]) -> list[str]:
    """The years after the base year, and those that some path or rate of the book names."""
    try:
        first, last = year_span(str(scenario.get("years", "")))
    except QuantityError:
        first, last = 0, -1
    found = set(range(first + 1, last + 1))
    for section in ("drivers", "national_drivers", "schemes"):
        for item in book.get(section) or ():
            for held in (item.get("value"), item.get("delivered"), item):
                for field in ("path", "rate"):
                    years = held.get(field) if isinstance(held, dict) else None
                    found |= {financial_year(year) for year in years or () if _is_year(year)}
    return [financial_year_text(year) for year in sorted(found)]


def _is_year(text: object) -> bool:
    try:
        return bool(financial_year(str(text)))
    except QuantityError:
        return False


def _lists(book: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The words that each drop-down offers."""

    def ids(section: str) -> list[str]:
        items = book.get(section) or []
        return [str(item["id"]) for item in items if isinstance(item, dict) and "id" in item]

    def tags(tag: str) -> list[str]:
        flows = [*(book.get("lines") or []), *(book.get("contracts") or [])]
        return sorted({str(flow[tag]) for flow in flows if tag in flow})

    sections = (
        "organisations", "payments", "totals", "control_totals", "funding_rules", "funds",
        "reserves", "risk_shares", "schemes",
    )  # fmt: skip
    lists = {section.replace("_", " "): ids(section) for section in sections}
    lists["drivers"] = [*ids("drivers"), *ids("national_drivers")]
    lists["payers and providers"] = [*ids("organisations"), *ids("external")]
    lists["payments"] = [*FORMS[:5], *lists["payments"]]
    lists |= {"services": tags("service"), "pathways": tags("pathway")}
    lists["cost types"] = tags("cost_type")
    for name, words in known.items():
        lists[name] = list(dict.fromkeys([*lists.get(name, []), *words]))
    return lists
