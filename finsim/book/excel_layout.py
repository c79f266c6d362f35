"""The sheets of an input workbook: what each holds, its columns, and what a cell may choose from.

One list for the reader and the writer. A heading is the path of a field, with spaces for
underscores: `ramp / shape`, `baseline (£m)`, `value / path / 2016/17`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["text", "list", "map", "bands", "£m", "%", "months", "number", "flag"]
YEAR = "<year>"
BAND = "<band>"


class Column(Struct, frozen=True):
    """A column: the path of its field, what its cells hold, and the words they choose from.

    `choices` are the words themselves, or the name of a list on the sheet of lists. A `rare` one
    is written only where it is used.
    """

    path: tuple[str, ...]
    kind: Kind = "text"
    choices: tuple[str, ...] | str = ()
    width: int = 14
    rare: bool = False


class Table(Struct, frozen=True):
    """A sheet with a row for each item of a section of the book."""

    sheet: str
    section: str
    columns: tuple[Column, ...]
    about: str


class Parts(Struct, frozen=True):
    """A sheet with a row for each part of an item: of a list, or of a group by its key.

    `owner` heads the column of the item's id. `key` heads the column of the part's name in a group;
    without it the parts are a list. `kind` heads the column that says what a part is, where its
    fields stand under a name of that kind; `beside` are those that do not.
    """

    sheet: str
    section: str
    field: str
    owner: str
    columns: tuple[Column, ...]
    about: str
    key: str | None = None
    kind: Column | None = None
    beside: tuple[str, ...] = ()


def _column(
    heading: str, kind: Kind = "text", choices: tuple[str, ...] | str = (), *, rare: bool = False
) -> Column:
    path = tuple(step.replace(" ", "_") for step in heading.split(" / "))
    width = {"text": 16, "list": 24, "map": 30, "bands": 34}.get(kind, 12)
    is_long = path[-1] in {"name", "source", "note", "replace_with"}
    return Column(path, kind, choices, 36 if is_long else width, rare)


def _columns(*stated: Column | str) -> tuple[Column, ...]:
    return tuple(item if isinstance(item, Column) else _column(item) for item in stated)


GRADES = ("high", "medium", "low")
SHAPES = (
    "uniform", "triangular", "pert", "normal", "lognormal", "student t", "beta", "event",
    "quantiles",
)  # fmt: skip
FORMS = ("tariff", "block", "blended", "marginal", "capitated", "cap and collar")
SOURCED = _columns(
    "source",
    _column("standing", "text", ("published", "derived", "illustrative")),
    "as at",
    _column("quality", "text", GRADES),
    _column("impact", "text", GRADES),
    "replace with",
    "note",
)
_FLOW = _columns(
    _column("areas", "list"),
    _column("growth", "text", "drivers"),
    _column("non demographic", "text", "drivers"),
    _column("price", "text", "drivers"),
    "network",
    "locality",
)


def _uncertain(field: str, kind: Kind, *, path: bool = False) -> tuple[Column, ...]:
    """The columns of a value that may be one number, a distribution or a path over the years."""
    points = {"p5": True, "p10": False, "p25": True, "p50": False, "p75": True, "p90": False}
    bounds = {"p95": True, "at least": True, "at most": True}
    over = (f"{field} / over years", f"{field} / over years / ar1")
    columns = [_column(field, kind)]
    columns += [
        _column(f"{field} / {name}", kind) for name in ("low", "mode", "high", "mean", "sd")
    ]
    columns += [
        _column(f"{field} / {name}", kind, rare=rare) for name, rare in (points | bounds).items()
    ]
    columns += [
        _column(f"{field} / degrees of freedom", "number", rare=True),
        _column(f"{field} / shape", "text", SHAPES, rare=True),
        _column(over[0], "text", ("constant", "yearly"), rare=True),
        _column(over[1], "number", rare=True),
    ]
    if path:
        around = f"{field} / around"
        columns.append(_column(f"{field} / path / {YEAR}", kind, rare=field != "value"))
        columns += [
            _column(f"{around} / {name}", kind, rare=True)
            for name in ("low", "mode", "high", "mean", "sd", "at least", "at most")
        ]
        columns += [
            _column(f"{around} / degrees of freedom", "number", rare=True),
            _column(f"{around} / over years", "text", ("constant", "yearly"), rare=True),
            _column(f"{around} / over years / ar1", "number", rare=True),
        ]
    return tuple(columns)


SELECTOR = tuple(
    _column(name, "list")
    for name in (
        "id", "organisation", "payer", "provider", "service", "pathway", "area", "cost type",
        "network", "locality",
    )
)  # fmt: skip


def _lines_selector() -> tuple[Column, ...]:
    """The own lines that an efficiency scheme acts on."""
    usual = {"organisation", "service", "cost_type"}
    return tuple(
        _column(f"lines / {column.path[0]}", "list", rare=column.path[0] not in usual)
        for column in SELECTOR
        if column.path[0] not in {"payer", "provider"}
    )


RULES = (
    "pool", "fixed_line", "corridor", "shares", "cap", "waterfall", "layered_protection",
    "shared_savings", "guarantor",
)  # fmt: skip

BASES = ("fixed", "income", "weighted population", "equal")


def _terms(sheet: str, section: str, owner: str) -> Parts:
    """The ordered rules by which a risk share, or the holders of budgets, share variances."""
    columns = _columns(
        _column("members", "list"),
        _column("direction", "text", ("adverse", "favourable", "both")),
        _column("lines", "list"),
        _column("years", "list"),
        "line",
        "host",
        _column("on", "text", ("member", "pool")),
        _column("bands", "bands"),
        _column("favourable", "bands"),
        _column("by", "text", BASES),
        _column("shares", "map"),
        "loss",
        "gain",
        "name",
        "threshold",
        "share",
        "limit",
        _column("protected", "list"),
        "reduction",
    )
    about = "The rules, in the order in which they apply"
    return Parts(
        sheet, section, "terms", owner, columns, about, kind=_column("rule", "text", RULES)
    )


TABLES: tuple[Table | Parts, ...] = (
    Table(
        "Organisations",
        "organisations",
        (
            *_columns(
                "id",
                "name",
                _column("kind", "text", ("commissioner", "provider", "council")),
                _column("areas", "list"),
                _column("in perimeter", "flag", ("TRUE", "FALSE")),
                _column("local share", "%"),
                _column("role", "text", ("party", "partner")),
                _column("shock", "text", "drivers"),
            ),
            *SOURCED,
        ),
        "The bodies whose position is projected",
    ),
    Table(
        "External",
        "external",
        (*_columns("id", "name"), *SOURCED),
        "Payers and suppliers outside the system",
    ),
    Table(
        "Outturn",
        "outturns",
        (
            *_columns(
                "id",
                "name",
                _column("bodies", "list"),
                "year",
                _column(
                    "measure",
                    "text",
                    ("position_before_risk_share", "position", "income", "expenditure"),
                ),
                _column("kind", "text", ("outturn", "forecast")),
                _column("value", "£m"),
                _column("expected", "£m"),
            ),
            *SOURCED,
        ),
        "What happened, for a backtest: published positions and what was planned",
    ),
    Table(
        "Lines",
        "lines",
        (
            *_columns(
                "id",
                "name",
                _column("organisation", "text", "organisations"),
                _column("cost type", "text", "cost types"),
                _column("service", "text", "services"),
                _column("pathway", "text", "pathways"),
                _column("baseline", "£m"),
                _column(
                    "demand", "text", ("contracts", "population", "headcount", "growth", "none")
                ),
                _column("cash release", "%"),
            ),
            *_FLOW,
            *SOURCED,
        ),
        "Each organisation's own costs, at their base-year value",
    ),
    Table(
        "Contracts",
        "contracts",
        (
            *_columns(
                "id",
                "name",
                _column("payer", "text", "payers and providers"),
                _column("provider", "text", "payers and providers"),
                _column("service", "text", "services"),
                _column("pathway", "text", "pathways"),
                _column("baseline", "£m"),
                _column("payer value", "£m"),
                _column("provider value", "£m"),
                _column("demand", "text", ("population", "headcount", "growth", "none")),
                _column("payment", "text", "payments"),
            ),
            *_FLOW,
            *SOURCED,
        ),
        "What a payer pays a provider for a service, at its base-year value",
    ),
    Table(
        "Population",
        "population",
        _columns(
            "area",
            "variant",
            _column("year", "number"),
            _column(BAND, "number"),
        ),
        "People by area, year and age",
    ),
    Table(
        "Curves",
        "curves",
        (
            *_columns(
                "id",
                "name",
                _column(BAND, "number"),
                _column("bands", "list"),
                _column("cost", "list"),
            ),
            *SOURCED,
        ),
        "What a person of each age costs, relative to ages 15–44",
    ),
    *(
        Table(
            sheet,
            section,
            (
                *_columns("id", "name", "unit", "group"),
                *_uncertain("value", "%", path=True),
                _column("value / chance", "%"),
                *SOURCED,
                _column("spread standing", "text", ("published", "derived", "illustrative")),
            ),
            about,
        )
        for sheet, section, about in (
            ("Drivers", "drivers", "What is uncertain, and the rates that move costs and income"),
            ("National drivers", "national_drivers", "Drivers that hold for any system"),
        )
    ),
    Table(
        "Dependence",
        "dependence",
        (
            *_columns(
                "id",
                _column("members", "list"),
                _column("factor", "text", "drivers"),
                _column("rank correlation", "number"),
                _column("loadings", "list"),
            ),
            *SOURCED,
        ),
        "Drivers and schemes that move together",
    ),
    Table(
        "Payments",
        "payments",
        (*_columns("id", "name"), *SOURCED),
        "Named terms by which contracts are paid",
    ),
    Parts(
        "Payment years",
        "payments",
        "by_year",
        "payment",
        _columns(
            _column("form", "text", FORMS),
            *(
                _column(name, "%")
                for name in (
                    "marginal rate",
                    "break glass",
                    "threshold",
                    "collar",
                    "cap",
                    "payer share below",
                    "payer share above",
                )
            ),
        ),
        "The form of payment from each stated year on",
        key="from year",
    ),
    Table(
        "Schemes",
        "schemes",
        (
            *_columns(
                "id",
                _column("kind", "text", ("activity", "efficiency")),
                "name",
                "theme",
                "owner",
                _column("saving", "£m"),
                _column("saving / cumulative", "£m"),
                "saving / over",
                _column("stated as", "text", ("gross at tariff", "net to the system")),
                "start",
                _column(
                    "ramp / shape",
                    "text",
                    ("step", "linear", "s-curve", "front-loaded", "back-loaded", "by year"),
                ),
                _column("ramp / over", "months"),
                _column("ramp / levels", "list"),
                *(
                    _column(name, "months")
                    for name in ("slip", "slip / low", "slip / mode", "slip / high")
                ),
                _column("chance", "%"),
            ),
            *_uncertain("delivered", "%", path=True),
            *_columns(
                _column("recurrent", "%"),
                _column("costs / one off", "map"),
                _column("costs / double running", "map"),
                _column("costs / running", "£m"),
                _column("costs / paid by", "map"),
                _column("capacity", "number"),
                _column(f"rate / {YEAR}", "%"),
            ),
            *_lines_selector(),
            *SOURCED,
        ),
        "What is planned, when, how sure it is, and what it costs",
    ),
    Parts(
        "Scheme effects",
        "schemes",
        "effects",
        "scheme",
        (_column("share", "%"), *SELECTOR),
        "The contracts or own lines that an activity scheme acts on",
        kind=_column("on", "text", ("contracts", "lines")),
        beside=("share",),
    ),
    Table(
        "Totals",
        "totals",
        (*_columns("id", "name"), *SOURCED),
        "Sets of control totals",
    ),
    Parts(
        "Totals by body",
        "totals",
        "totals",
        "totals",
        _columns(
            _column("from", "text", ("central", "base year")),
            "improve by",
            _column("to", "£m"),
            "in",
            _column("by year", "map"),
            _column("distribute", "text", "totals"),
            _column("by", "text", BASES),
            _column("shares", "map"),
        ),
        "The rule that sets the total of a body, or of a group of bodies",
        key="body",
    ),
    Table(
        "Control totals",
        "control_totals",
        (
            *_columns(
                "id",
                "name",
                _column("totals", "text", "totals"),
                _column("members", "list"),
                _column("link share", "%"),
            ),
            *SOURCED,
        ),
        "Which totals count, and how much of the fund hangs on the system's",
    ),
    Table(
        "Funding rules",
        "funding_rules",
        (*_columns("id", "name"), *SOURCED),
        "Rules of a sustainability fund",
    ),
    Parts(
        "Funding rule years",
        "funding_rules",
        "by_year",
        "funding rules",
        _columns(
            _column("parts", "map"),
            _column("quarters", "list"),
            _column("finance recovers", "flag", ("TRUE", "FALSE")),
            _column("performance needs finance", "flag", ("TRUE", "FALSE")),
            _column("taper / own", "£m"),
            _column("taper / system", "£m"),
            _column("bonus rate", "number"),
            _column("shares residual", "flag", ("TRUE", "FALSE")),
        ),
        "The rules from each stated year on",
        key="from year",
    ),
    Table(
        "Funds",
        "funds",
        (
            *_columns(
                "id",
                "name",
                _column("rules", "text", "funding rules"),
                _column("offered", "map"),
                _column("attainment", "map"),
                _column("national pot", "£m"),
                "first year",
            ),
            *SOURCED,
        ),
        "What organisations are offered, and by which rules",
    ),
    Table(
        "Reserves",
        "reserves",
        (*_columns("id", "name", _column("members", "list"), "service"), *SOURCED),
        "What commissioners must hold back",
    ),
    Parts(
        "Reserve years",
        "reserves",
        "by_year",
        "reserves",
        _columns(_column("uncommitted", "%"), _column("contingency", "%")),
        "What is held back in each year",
        key="year",
    ),
    Table(
        "Risk shares",
        "risk_shares",
        (*_columns("id", "name"), *SOURCED),
        "Arrangements by which variance is shared",
    ),
    _terms("Risk share terms", "risk_shares", "risk share"),
    Table(
        "Networks",
        "networks",
        (*_columns("id", "name", _column("held by", "map")), *SOURCED),
        "Pathways across commissioners and providers, and who holds their budgets",
    ),
    Table(
        "Localities",
        "localities",
        (
            *_columns(
                "id",
                "name",
                "group",
                _column("people", "map"),
                "first year",
                _column("held by", "map"),
            ),
            *SOURCED,
        ),
        "Places within the system, and who holds their budgets",
    ),
    Table(
        "Budgets",
        "budgets",
        (
            *_columns(
                "id",
                "name",
                _column("level", "text", ("networks", "localities")),
                "live from",
                "capitation / from",
                "capitation / by",
                _column("minimum people", "number"),
            ),
            *(_column(f"covers / {column.path[0]}", "list", rare=True) for column in SELECTOR),
            *SOURCED,
        ),
        "How networks or localities are given budgets",
    ),
    Parts(
        "Budget moves",
        "budgets",
        "moves",
        "budgets",
        _columns("from", "to", _column("by year", "map")),
        "Money that moves from one budget to another",
    ),
    _terms("Budget terms", "budgets", "budgets"),
    Table(
        "Comparisons",
        "comparisons",
        (
            *_columns(
                "id",
                "name",
                _column("organisation", "text", "organisations"),
                "year",
                "measure",
                _column("case", "text", ("plan", "central")),
                _column("value", "£m"),
                _column("tolerance", "£m"),
            ),
            *SOURCED,
        ),
        "Published figures that the model is held against",
    ),
    Table(
        "Outturns",
        "outturns",
        (
            *_columns(
                "id",
                "name",
                _column("bodies", "list"),
                "year",
                "measure",
                _column("kind", "text", ("outturn", "forecast")),
                _column("value", "£m"),
                _column("expected", "£m"),
            ),
            *SOURCED,
        ),
        "Positions that were reached, to hold past ranges against",
    ),
)

SCENARIO, OPTIONS, BOOK, DETAILS = "Scenario", "Options", "Book", "Details"
INSTRUCTIONS, LISTS = "Instructions", "Lists"
SHEETS = (SCENARIO, OPTIONS, BOOK, *(table.sheet for table in TABLES), DETAILS)

LISTED = frozenset(
    {
        "areas", "members", "variant", "schemes", "levels", "quarters", "curves", "includes",
        "loadings", "protected", "risk_share", "budgets",
    }
)  # fmt: skip
"""Fields that are lists of words wherever they stand."""

REPEATED = frozenset({"notes"})
"""Fields whose every item has a row of its own."""

SELECTORS = frozenset({"contracts", "lines", "covers"})
"""Groups whose every field is a list of words."""


def is_listed(path: tuple[str | int, ...]) -> bool:
    """Whether a field holds a list of words, so that a cell is split at semicolons."""
    names = [step for step in path if isinstance(step, str)]
    if not names or isinstance(path[-1], int):
        return False
    above = names[-2] if len(names) > 1 else ""
    within_rule = names[-1] in {"lines", "years"} and above in RULES
    of_selector = above in SELECTORS and ("effects" in names or len(names) <= 2)
    return names[-1] in LISTED or within_rule or of_selector
