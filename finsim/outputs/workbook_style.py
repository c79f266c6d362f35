"""Fonts, number formats, borders and page set-up of every sheet: the one place for them."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from finsim.outputs import palette

FONT = "Arial"
SIZE = 12
TITLE_SIZE = 16
HEADING_SIZE = 14
LINE_HEIGHT = 15.5
DIGIT_WIDTH_PIXELS = 80
A4 = 9
MARGIN_INCHES = 0.4
NIL = '"–"'

Style: TypeAlias = Literal[
    "title", "heading", "line", "strong", "link",
    "header", "header_right",
    "text", "wrapped", "text_link", "marker", "flag", "raw",
    "money", "error", "chance", "chance_error", "percent", "number", "whole",
    "step",
]  # fmt: skip


def _signed(digits: str, suffix: str = "") -> str:
    """Negatives in brackets, aligned with the others; exactly nil as a dash."""
    return f"{digits}{suffix}_);({digits}{suffix});{NIL}_)"


NUMBER_FORMATS: dict[str, str] = {
    "money": _signed("#,##0.0"),
    "error": _signed("#,##0.000"),
    "chance": "0.0%_)",
    "chance_error": "0.00%_)",
    "percent": _signed("0.0##", "%"),
    "number": _signed("#,##0.0##"),
    "whole": "#,##0_)",
    "step": "+#,##0_);(#,##0);0_)",
}
_CELL = {"valign": "top", "bottom": 1, "bottom_color": palette.RULE}
_LEFT = {"align": "left", "indent": 1}
_HEADER = {
    "bold": True,
    "bg_color": palette.BLUE,
    "font_color": palette.PAPER,
    "valign": "top",
    "text_wrap": True,
}
_TEXT_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": TITLE_SIZE, "font_color": palette.BLUE},
    "heading": {"bold": True, "font_size": HEADING_SIZE, "font_color": palette.BLUE},
    "line": {},
    "strong": {"bold": True},
    "link": {"font_color": palette.BLUE, "underline": 1},
    "header": {**_HEADER, **_LEFT},
    "header_right": {**_HEADER, "align": "right", "indent": 1},
    "text": {**_CELL, **_LEFT},
    "wrapped": {**_CELL, **_LEFT, "text_wrap": True},
    "text_link": {**_CELL, **_LEFT, "font_color": palette.BLUE, "underline": 1},
    "marker": {**_CELL, "align": "right", "indent": 1},
    "flag": {**_CELL, **_LEFT, "num_format": '"TRUE";"TRUE";"FALSE"'},
    "raw": {"valign": "top", "text_wrap": True},
}
WHOLE_BOOK = {"font_name": FONT, "font_size": SIZE, "font_scheme": False}


def properties_of(style: Style) -> dict[str, Any]:
    """What a style looks like."""
    known = _TEXT_STYLES.get(style)
    own = known if known is not None else {**_CELL, "num_format": NUMBER_FORMATS[style]}
    return {**WHOLE_BOOK, "font_color": palette.TEXT, **own}


class Formats:
    """The formats of one workbook, each made when it is first asked for."""

    def __init__(self, workbook: Any) -> None:
        self.workbook = workbook
        self.made: dict[str, Any] = {}

    def __getitem__(self, style: Style) -> Any:
        if style not in self.made:
            self.made[style] = self.workbook.add_format(properties_of(style))
        return self.made[style]
