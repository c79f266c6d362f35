"""Builds the made-up submission template beside it: run it with Python, without arguments.

It holds what real templates hold and libraries lose: a chart, formulas, drop-downs, conditional
formats with 2010 data bars, sparklines, a text box with alternative text, an open and a locked
area, and a definition of names.
"""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]

YEARS = ("2015-16", "2016-17", "2017-18", "2018-19", "2019-20", "2020-21")
SPEND = (
    "Acute: BHRUT",
    "Acute: Barts and other providers",
    "Community and mental health: NELFT",
    "Better Care Fund",
    "Prescribing",
    "Continuing care",
    "Primary care",
    "Running costs",
)
BODIES = (
    "Barking & Dagenham CCG",
    "Havering CCG",
    "Redbridge CCG",
    "BHRUT",
    "NELFT",
)
POSITION = (
    "Do-nothing gap",
    "Savings, net",
    "Gap after schemes",
    "Sustainability funding",
    "Chance of meeting the system control total",
)
BLUE, INPUT, RULE = "#12436D", "#FFF2CC", "#B1B4B6"


def template() -> bytes:
    """The template; the same bytes each time."""
    content = io.BytesIO()
    workbook = Workbook(content, {"in_memory": True})
    workbook.set_properties({"author": "finsim", "created": datetime(2000, 1, 1)})
    workbook.set_calc_mode("auto")
    looks = {
        "title": workbook.add_format({"bold": True, "font_size": 14, "font_color": BLUE}),
        "head": workbook.add_format({"bold": True, "bg_color": BLUE, "font_color": "#FFFFFF"}),
        "text": workbook.add_format({"border": 1, "border_color": RULE}),
        "input": workbook.add_format(
            {"bg_color": INPUT, "num_format": "#,##0;(#,##0)", "locked": False, "border": 1}
        ),
        "money": workbook.add_format(
            {"bg_color": INPUT, "num_format": "#,##0.0;(#,##0.0)", "locked": False, "border": 1}
        ),
        "share": workbook.add_format({"bg_color": INPUT, "num_format": "0%", "locked": False}),
        "total": workbook.add_format({"bold": True, "num_format": "#,##0;(#,##0)", "top": 1}),
    }
    _guidance(workbook, looks)
    _spend(workbook, looks)
    _position(workbook, looks)
    workbook.close()
    return content.getvalue()


def _guidance(workbook: Any, looks: dict[str, Any]) -> None:
    sheet = workbook.add_worksheet("Guidance")
    sheet.set_column(0, 0, 40)
    sheet.write_string(0, 0, "Made-up finance return, for an example", looks["title"])
    sheet.write_string(1, 0, "Basis of the return", looks["text"])
    sheet.write_string(1, 1, "Plan", looks["input"])
    sheet.data_validation(1, 1, 1, 1, {"validate": "list", "source": ["Plan", "Forecast"]})
    sheet.insert_textbox(
        "A5",
        "Fill the yellow cells. Spend is in £000, positions in £m.",
        {"description": "How to fill in the return", "width": 420, "height": 60},
    )


def _spend(workbook: Any, looks: dict[str, Any]) -> None:
    sheet = workbook.add_worksheet("Commissioner spend")
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, len(YEARS), 12)
    sheet.write_string(0, 0, "Commissioner spend by category, £000", looks["title"])
    sheet.write_row(2, 0, ("Category", *YEARS, "Trend"), looks["head"])
    first, last = 3, 3 + len(SPEND) - 1
    for row, name in enumerate(SPEND, start=first):
        sheet.write_string(row, 0, name, looks["text"])
        for column in range(1, len(YEARS) + 1):
            sheet.write_blank(row, column, None, looks["input"])
        sheet.add_sparkline(row, len(YEARS) + 1, {"range": f"B{row + 1}:G{row + 1}"})
    sheet.write_string(last + 1, 0, "Total", looks["total"])
    sheet.write_string(last + 2, 0, "Growth on the year before", looks["text"])
    for column in range(1, len(YEARS) + 1):
        letter = "ABCDEFG"[column]
        sheet.write_formula(
            last + 1, column, f"=SUM({letter}{first + 1}:{letter}{last + 1})", looks["total"], 0
        )
        if column > 1:
            before = "ABCDEFG"[column - 1]
            growth = f"=IF({before}{last + 2}=0,0,{letter}{last + 2}/{before}{last + 2}-1)"
            sheet.write_formula(last + 2, column, growth, looks["share"], 0)
    sheet.conditional_format(
        first, 1, last, len(YEARS), {"type": "data_bar", "data_bar_2010": True}
    )
    sheet.data_validation(
        first, 1, last, len(YEARS), {"validate": "decimal", "criteria": ">=", "value": 0}
    )
    workbook.define_name("Spend_total", f"='Commissioner spend'!$B${last + 2}:$G${last + 2}")
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    for row in range(first, last + 1):
        chart.add_series(
            {
                "name": ["Commissioner spend", row, 0],
                "categories": ["Commissioner spend", 2, 1, 2, len(YEARS)],
                "values": ["Commissioner spend", row, 1, row, len(YEARS)],
            }
        )
    chart.set_title({"name": "Commissioner spend by category"})
    options = {"description": "Commissioner spend by category and year, stacked columns"}
    sheet.insert_chart(last + 5, 0, chart, options)


def _position(workbook: Any, looks: dict[str, Any]) -> None:
    sheet = workbook.add_worksheet("Position")
    sheet.set_column(0, 0, 48)
    sheet.set_column(1, len(YEARS), 11)
    sheet.write_string(0, 0, "Position of the system and its NHS bodies, £m", looks["title"])
    sheet.write_string(2, 0, "System", looks["title"])
    sheet.write_row(3, 0, ("Measure", *YEARS), looks["head"])
    for row, name in enumerate(POSITION, start=4):
        sheet.write_string(row, 0, name, looks["text"])
        look = "share" if name.startswith("Chance") else "money"
        for column in range(1, len(YEARS) + 1):
            sheet.write_blank(row, column, None, looks[look])
    start = 4 + len(POSITION) + 1
    for part, name in enumerate(("Expected position", "Downside position (one in ten)")):
        top = start + part * (len(BODIES) + 4)
        sheet.write_string(top, 0, name, looks["title"])
        sheet.write_row(top + 1, 0, ("Body", *YEARS), looks["head"])
        for row, body in enumerate(BODIES, start=top + 2):
            sheet.write_string(row, 0, body, looks["text"])
            for column in range(1, len(YEARS) + 1):
                sheet.write_blank(row, column, None, looks["money"])
        if part == 0:
            total = top + 2 + len(BODIES)
            sheet.write_string(total, 0, "NHS bodies", looks["total"])
            for column in range(1, len(YEARS) + 1):
                letter = "ABCDEFG"[column]
                formula = f"=SUM({letter}{top + 3}:{letter}{total})"
                sheet.write_formula(total, column, formula, looks["total"], 0)
    sheet.protect()


if __name__ == "__main__":
    target = Path(__file__).with_name("template.xlsx")
    target.write_bytes(template())
    print(f"wrote {target}", file=sys.stderr)
