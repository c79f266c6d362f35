"""The words of an input workbook: its introduction, and what each setting is."""

from __future__ import annotations

INTRODUCTION = """\
# What this workbook is
The inputs of a finsim scenario and its assumption book.
Save it and close it, then: `finsim check` says what is wrong in it, and `finsim run` runs it.
# How to fill it in
Yellow cells are inputs. Drop-downs offer what a cell may hold, or what the workbook knows already.
Sheets are found by name and columns by heading: move columns, leave rows blank, add sheets.
A table has one row for each item. An id is one word (letters, digits, _ and -); sheets refer to it.
A cell says what it shows: £27.0m, 19%, 9 months. There, type 27 for £27m and 19% with its sign.
Text works everywhere: £750k, 2.5%, 2 years. Years are written 2016/17, months 2018-07 or July 2018.
Several words in a cell are parted by semicolons: emergency; elective.
Names with values are written bd_ccg: 60%; nelft: 40%. Bands: £0m to £5m: 0%; £5m: 50% (pooled).
A value is one number, or a range: low and high; low, mode and high; mean and sd; p10, p50 and p90;
or a path, a value for each year.
An input has a source, a standing (published, derived, illustrative) and a date.
One that is illustrative says what would replace it.
A field without a column may be given one, headed with its path (delivered / at most),
or a row on the sheet Details.
Formulas count as the values stored with them. Macros and links are not followed.
# The sheets
"""

SETTINGS: tuple[tuple[str, str], ...] = (
    ("finsim", "Version of the layout"),
    ("title", "What the scenario is called"),
    (
        "book",
        "The name of the assumption book; tables in this workbook are read in its place",
    ),
    ("years", "First (base) and last year: 2015/16 to 2020/21"),
    ("population / growth", "Growth between two years (12%), or `outturn` for the table as it is"),
    ("population / growth / low", "Or a range: the lowest growth"),
    ("population / growth / high", "and the highest"),
    ("population / from", "The year that growth is counted from: 2016"),
    ("population / by", "The year that growth is reached by: 2031"),
    ("population / ageing", "`table`, or `none` to keep the age mix of the base year"),
    ("population / variant", "Variants of the table to use, parted by semicolons"),
    ("calibrate / do_nothing_gap", "The published gap that the central case must equal: £614m"),
    ("calibrate / in", "in this year: 2020/21"),
    ("calibrate / by", "by this line: unattributed pressure"),
    ("schemes", "Schemes or themes that are carried out, parted by semicolons"),
    ("control_totals", "Which control totals count (an id on the sheet Control totals)"),
    ("sustainability_funding", "Which fund is paid (an id on the sheet Funds)"),
    ("reserves", "Which reserves are held (an id on the sheet Reserves)"),
    ("risk_share", "Which risk shares apply (ids on the sheet Risk shares, by semicolons)"),
    ("budgets", "Which budgets there are (ids on the sheet Budgets, parted by semicolons)"),
    ("run / seed", "Seed of the random numbers; the same seed gives the same results"),
    ("run / draws", "How many draws; 16,384 if blank"),
    ("notes", "What a reader should know; a row for each note"),
)
BOOK_SETTINGS: tuple[tuple[str, str], ...] = (
    ("finsim", "Version of the layout"),
    ("title", "What the system is called"),
    ("includes", "Books that this one takes in: `national` for the shipped national drivers"),
    ("demand / curves", "The two age-cost curves, parted by a semicolon"),
    ("demand / mix", "The driver that mixes them: 0% is the first curve, 100% the second"),
)
