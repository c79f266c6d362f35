"""Number formats and fonts of the live sheets, by unit and by what a number is."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from finsim.outputs import palette
from finsim.outputs.workbook_cells import style_of
from finsim.outputs.workbook_style import NIL, WHOLE_BOOK, Formats

Kind: TypeAlias = Literal["input", "definition", "engine", "formula"]
RULED = {"valign": "top", "bottom": 1, "bottom_color": palette.RULE}


def _signed(digits: str, suffix: str = "") -> str:
    return f"{digits}{suffix}_);({digits}{suffix});{NIL}_)"


LOOKS: dict[str, str] = {
    "£m": '[>=0.000001]#,##0.00_);[<=-0.000001](#,##0.00);"–"_)',
    "exact £m": '[>=0.000001]#,##0.000000_);[<=-0.000001](#,##0.000000);"–"_)',
    "power of ten": "0E+00_)",
    "%": _signed("0.00", "%"),
    "a year": _signed("0.00", "%"),
    "share": _signed("0.00", "%"),
    "index": _signed("0.0000"),
    "people": _signed("#,##0"),
    "weighted people": _signed("#,##0"),
    "months": _signed("0.00"),
    "years": "0_)",
    "switch": "0_)",
    "relative cost": _signed("0.00"),
    "£m per £m": _signed("0.000000"),
    "number": _signed("0.0###"),
    "count": "0_)",
}
WORDS = {**RULED, "align": "left", "indent": 1, "text_wrap": True, "font_color": palette.TEXT}
WIDTHS = {"who": 26.5, "item": 48.0, "basis": 44.0, "unit": 18.0, "constant": 12.0, "year": 11.5}


class LiveFormats:
    """The formats of the live sheets of one workbook, each made when it is first asked for."""

    def __init__(self, formats: Formats) -> None:
        self.formats = formats
        self.made: dict[tuple[str, str], str] = {}

    def number(self, look: str, kind: Kind) -> str:
        """The style of a number: blue where it may be changed."""
        if (known := self.made.get((look, kind))) is not None:
            return known
        colour = palette.INPUT if kind == "input" else palette.TEXT
        properties = {**RULED, "num_format": LOOKS[look], "font_color": colour}
        if kind == "engine":
            properties["italic"] = True
        if kind == "input":
            properties["locked"] = False
        return self._made((look, kind), properties)

    def text(self) -> str:
        """The style of words in a row."""
        return self._made(("text", ""), WORDS)

    def heading(self) -> str:
        """The style of a heading between rows."""
        return style_of(self.formats["heading"])

    def line(self) -> str:
        """The style of a line of words."""
        return style_of(self.formats["line"])

    def header(self, right: bool) -> str:
        """The style of the header row."""
        return style_of(self.formats["header_right" if right else "header"])

    def _made(self, key: tuple[str, str], properties: dict[str, Any]) -> str:
        if key not in self.made:
            added = self.formats.workbook.add_format({**WHOLE_BOOK, **properties})
            self.made[key] = style_of(added)
        return self.made[key]
