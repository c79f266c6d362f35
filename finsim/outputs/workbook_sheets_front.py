"""The sheets that lead in and explain: Cover, Contents, Notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finsim import __version__
from finsim.analysis.measures import BY_NAME
from finsim.analysis.results import FIELDS, Results
from finsim.outputs.findings import standings
from finsim.outputs.standing_words import standing_lines
from finsim.outputs.workbook_sheet import Cell, Column, Link, Sheet

ITEM = Column("Item", "wrapped", 28)
VALUE = Column("Value", "wrapped", 100)
PURPOSE = (
    "How the income of a local health and care system meets its expenditure if nothing is done and "
    "after schemes, by organisation and year, with the ranges that uncertainty gives."
)
LIMITS = (
    "It supports judgement and discussion; it is not an audited forecast and sets no budget.",
    "It is only as good as its inputs: what is ILLUSTRATIVE on the sheet Assumptions is a "
    "judgement and says what would replace it.",
    "Ranges cover what the inputs say is uncertain, and no more: not a change of policy, and not "
    "a different reading of the published figures.",
    "Percentiles do not add up: the P90 of the system is not the sum of the organisations' P90.",
)
NEGATIVES = (
    "In brackets: (30.0) is minus £30.0m. A deficit is a negative position; a shortfall of the "
    "system is a positive gap. A dash is exactly nil; 0.0 and (0.0) are nearly nil."
)
NOTES = (
    "Signs. A surplus is positive and a deficit in brackets. The gap is minus the sum of "
    "positions, so a shortfall is positive. £m, cash, by financial year.",
    "Percentiles. P10 is exceeded in nine draws of ten, P90 in one of ten. Each estimate has the "
    "standard error that comes from the spread over independent replicates; it says how far more "
    "draws could move the figure, not how far the world could.",
    "Plan, central, mean. Plan: every scheme in full and on time, as a published plan states it. "
    "Central: every numeric input at its mean, events at their probability, slip at its mean. "
    "Mean: over all draws; it differs from the central case where effects are not proportional.",
    "Adding up. Plan, central and mean add up over organisations and schemes; percentiles do not, "
    "because not all go badly in the same draw.",
    "Net saving. The change in the system's position from schemes, before their costs of "
    "delivery: a payer saves at tariff, a provider sheds only the cost that can be released.",
    "Unattributed pressure. The part of a published do-nothing gap that public drivers do not "
    "explain, solved so that the central case equals the published figure. Ranges are conditional "
    "on that figure.",
)
NOTATION = (
    ("[z]", "Does not apply, or is not stated"),
    ("[w]", "Given in words beside"),
    ("[note 1]", "See that note on this sheet"),
    ("(1.0)", "Negative: minus one"),
    ("–", "Exactly nil"),
    ("(empty)", "In the tidy sheets: does not apply (null in the JSON)"),
    ("same", "Nothing differs from the first option"),
    ("SE", "Standard error of the figure of that name"),
    ("(beside)", "An organisation beside the perimeter, not part of the system"),
)
COLUMN_MEANINGS = {
    "option": "A named variant of the scenario; 'as stated' is the file itself",
    "level": "system, organisation, network, locality, theme or scheme",
    "body": "'system', 'unassigned' (by network or locality), or the id of the body or scheme",
    "in_perimeter": "Whether the body counts in the system",
    "year": "Financial year, as text",
    "measure": "The name of the figure",
    "unit": "£m, or a chance from 0 to 1",
    "plan": "Every scheme in full and on time",
    "central": "Inputs at their means",
    "mean": "Mean over draws",
    "p10": "10th percentile",
    "p50": "50th percentile",
    "p90": "90th percentile",
    "tail_mean": "Mean of the worst tenth of draws",
    "probability": "Chance over draws",
    "se": "Standard error of the mean",
    "se_p10": "Standard error of p10",
    "se_p50": "Standard error of p50",
    "se_p90": "Standard error of p90",
    "se_tail_mean": "Standard error of tail_mean",
    "se_probability": "Standard error of probability",
}
_YEAR = re.compile(r"(?:19|20)\d\d")


def cover(sheet: Sheet, results: Sequence[Results], master_check: str) -> None:
    """What this is, what it covers, how it was run, and what it may be used for."""
    first = results[0]
    sheet.title(first.plan.resolved.scenario.title)
    sheet.table("Cover", "About this workbook", [ITEM, VALUE], _cover_rows(results, master_check))


def _cover_rows(results: Sequence[Results], master_check: str) -> Iterator[list[Cell]]:
    first = results[0]
    resolved, bodies, sampling = first.plan.resolved, first.plan.bodies, first.sampling
    named = list(zip(bodies.names, bodies.in_perimeter, strict=True))
    beside = [name for name, inside in named if not inside]
    yield ["Purpose", PURPOSE]
    yield ["Organisations", "; ".join(name for name, inside in named if inside)]
    if beside:
        yield ["Beside the perimeter", "; ".join(beside)]
    yield ["Years", f"{first.years[0]} (base) to {first.years[-1]}; £m, cash"]
    yield ["Assumption book", resolved.book.title]
    yield ["As at", _as_at(first)]
    yield ["Options", "; ".join(result.option for result in results)]
    yield ["Checks", master_check]
    counts = [f"{s.illustrative} of {s.total} {s.kind}" for s in standings(first)]
    yield ["Illustrative", ", ".join(counts)]
    yield ["What the gap rests on", ". ".join(standing_lines(first))]
    yield ["Seed", str(sampling.design.seed)]
    yield [
        "Draws",
        f"{sampling.draws:,} in {sampling.replicates} replicates ({sampling.design.kind})",
    ]
    yield ["Random numbers in a draw", str(max(result.inputs for result in results))]
    for result in results:
        label = "sha256" if len(results) == 1 else f"sha256: {result.option}"
        yield [label, result.plan.resolved.sha256]
    yield ["finsim version", __version__]
    yield ["How to read negatives", NEGATIVES]
    for number, limit in enumerate(LIMITS, 1):
        yield [f"Limit of use {number}", limit]


def _as_at(result: Results) -> str:
    """The years that the sources are of."""
    book = result.plan.resolved.book
    every = (
        *book.organisations, *book.lines, *book.contracts, *book.all_drivers(), *book.schemes,
        *book.curves,
    )  # fmt: skip
    years = sorted({year for item in every for year in _YEAR.findall(item.as_at)})
    if not years:
        return "See the sheet Assumptions"
    span = years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    return f"Sources of {span}; each is dated on the sheet Assumptions"


HOLDS = {
    "Cover": "What this workbook is, how it was run, limits of use",
    "Summary": "The gap by year, what closes it, who carries it, the main caveats",
    "Options": "Each option's control totals, risk share and funding, for the system",
    "Options by body": "What each option means for each organisation, and who bears the tail",
    "Chances": "The chance of the system's control total, had that been lower or higher",
    "Arrangements": "Each option's terms in words, with what they rest on",
    "Bridge": "What takes the base-year position to the last one, step by step",
    "By organisation": "Income, expenditure and position of each organisation by year",
    "Levels": "The same money by network and by locality, with their budgets",
    "Schemes": "What schemes were planned to save, and what they really close",
    "Uncertainty": "How likely each size of the gap is, and what is uncertain",
    "Sensitivity": "What drives a figure: one input at a time, and shares of its variance",
    "Solve": "What value of something gives a stated figure",
    "Choose": "The schemes that make a target most likely, and what evidence on each is worth",
    "Backtest": "The ranges against what happened",
    "Assumptions": "Every input with its source, standing and what would replace it",
    "Replace first": "How much of the gap is illustrative, and the evidence that would tell most",
    "Inputs": "Every number of the central case; change the blue ones",
    "Calculations": "The central case in formulas, from population to position by organisation",
    "Checks": "What must always hold, and whether it did",
    "Run log": "All that is needed to run it again",
    "Measures": "Tidy data: every figure of the system and the organisations",
    "Scheme measures": "Tidy data: every figure of themes and schemes",
    "Percentiles": "Tidy data: the system's gaps at each percentile and year",
    "Notes": "Notes, notation, and the meaning of measures and columns",
}


def contents(sheet: Sheet, names: Sequence[str]) -> None:
    """A link to every sheet."""
    sheet.title("Contents")
    rows: list[list[Cell]] = [
        [Link(name, "A1", name), HOLDS[name]] for name in names if name in HOLDS
    ]
    columns = [Column("Sheet", "text_link", 28), Column("What it holds", "wrapped", 100)]
    sheet.table("Contents", "Contents", columns, rows)


def notes(sheet: Sheet, results: Sequence[Results]) -> None:
    """Notes, notation, and the data dictionary."""
    sheet.title("Notes")
    parts: tuple[tuple[str, str, tuple[str, str], list[list[Cell]]], ...] = (
        (
            "Notes", "Notes", ("Note", "What it says"),
            [[f"[note {number}]", text] for number, text in enumerate(NOTES, 1)],
        ),
        ("Notation", "Notation", ("Mark", "What it means"), [[*pair] for pair in NOTATION]),
        (
            "Data_columns", "Columns of the tidy sheets, JSON and CSV", ("Column", "Meaning"),
            [[field, COLUMN_MEANINGS[field]] for field in FIELDS],
        ),
    )  # fmt: skip
    for name, heading, headers, rows in parts:
        sheet.heading(heading)
        columns = [Column(headers[0], "wrapped", 34), Column(headers[1], "wrapped", 84)]
        sheet.table(name, heading, columns, rows)
    sheet.heading("Measures")
    dictionary = [
        Column("Measure", "text", 34),
        Column("Definition", "wrapped", 84),
        Column("Title", "wrapped", 34),
        Column("Unit", "text", 10),
        Column("Reported for", "wrapped", 20),
        Column("Worse when", "text", 14),
    ]
    measures: list[list[Cell]] = [
        [m.name, m.meaning, m.title, m.unit, "system" if m.system_only else "all levels", m.worse]
        for m in BY_NAME.values()
    ]
    sheet.table("Data_dictionary", "Measures", dictionary, measures)
    sheet.heading("Bodies")
    sheet.table(
        "Bodies",
        "Bodies",
        [Column("Body", "text", 34), Column("Name", "wrapped", 84)],
        _body_rows(results),
    )


def _body_rows(results: Sequence[Results]) -> Iterator[list[Cell]]:
    yield ["system", "The organisations in the perimeter"]
    book = results[0].plan.resolved.book
    for item in (*book.organisations, *book.networks, *book.localities, *book.schemes):
        yield [item.id, item.name]
