"""The one list of measures: their names head JSON keys, columns and sheets."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Level: TypeAlias = Literal["system", "organisation", "network", "locality", "theme", "scheme"]
Worse: TypeAlias = Literal["low", "high"]
MONEY = "£m"
CHANCE = "chance"


class Measure(Struct, frozen=True):
    """A figure that is reported for a body and year."""

    name: str
    title: str
    meaning: str
    worse: Worse
    unit: str = MONEY
    system_only: bool = False


STATED = (
    Measure(
        "do_nothing_gap",
        "Do-nothing gap",
        "Expenditure less income of the system before any efficiency or scheme",
        "high",
        system_only=True,
    ),
    Measure(
        "gap",
        "Gap after schemes",
        "Minus the sum of positions before risk share, support and funding",
        "high",
        system_only=True,
    ),
    Measure(
        "gap_after_support",
        "Gap after support",
        "Minus the sum of positions, after transfers, external support and funding",
        "high",
        system_only=True,
    ),
    Measure(
        "gap_local_share",
        "Gap, local share",
        "The gap with each body's position counted by its local share",
        "high",
        system_only=True,
    ),
    Measure("income", "Income", "Contracts received and external income", "low"),
    Measure(
        "expenditure",
        "Expenditure",
        "Contracts paid, own costs, unattributed pressure and costs of delivery, less shocks",
        "high",
    ),
    Measure(
        "position_do_nothing",
        "Position, do nothing",
        "Income less expenditure before any efficiency or scheme",
        "low",
    ),
    Measure(
        "position_before_risk_share",
        "Position before risk share",
        "Income less expenditure after schemes",
        "low",
    ),
    Measure("transfer", "Transfer", "Money moved between organisations by a risk share", "low"),
    Measure(
        "transfer_among_parties",
        "Transfer among parties",
        "The transfer under agreements that name no partner; it sums to zero over the parties",
        "low",
    ),
    Measure(
        "transfer_with_partners",
        "Transfer with partners",
        "The transfer under agreements that name a partner; it sums to zero over all their members",
        "low",
    ),
    Measure(
        "external_support",
        "External support",
        "Money from outside the perimeter under a term",
        "low",
    ),
    Measure(
        "sustainability_funding",
        "Sustainability funding",
        "Earned from the fund after the control total is judged",
        "low",
    ),
    Measure(
        "position", "Position", "Position after transfers, external support and funding", "low"
    ),
    Measure(
        "control_total",
        "Control total",
        "The position that must be reached before sustainability funding",
        "low",
    ),
    Measure(
        "control_total_met",
        "Control total met",
        "Chance of reaching the control total after transfers, before funding",
        "low",
        CHANCE,
    ),
    Measure(
        "control_total_met_before_transfer",
        "Control total met before transfer",
        "Chance of reaching the control total before any transfer",
        "low",
        CHANCE,
    ),
    Measure(
        "control_total_met_both",
        "Own and system total met",
        "Chance of reaching both the own and the system control total (system: all that it sums)",
        "low",
        CHANCE,
    ),
    Measure(
        "saving",
        "Saving",
        "Change in position from schemes, net, before costs of delivery",
        "low",
    ),
    Measure(
        "stranded_cost",
        "Stranded cost",
        "Cost of removed activity that does not go in the time",
        "high",
    ),
    Measure(
        "cost_of_delivery",
        "Cost of delivery",
        "What schemes cost, whatever they deliver",
        "high",
    ),
)
DIFFERENCES = tuple(
    Measure(
        f"difference_{name}",
        f"{title}, difference",
        f"{title} less that of the first option, on the same draws",
        "low",
    )
    for name, title in (
        ("position", "Position"),
        ("transfer", "Transfer"),
        ("external_support", "External support"),
        ("sustainability_funding", "Sustainability funding"),
    )
)
BETTER = Measure(
    "better_than_first",
    "Better than the first option",
    "Chance that the position is above that of the first option, on the same draws",
    "low",
    CHANCE,
)
BEARING = Measure(
    "position_in_system_tail",
    "Position in the system's worst tenth",
    "Mean position in the draws in which the system's position is in its worst tenth",
    "low",
)
BUDGETED = (
    Measure(
        "budget",
        "Budget",
        "What a network or locality is given for what its budget covers, in shadow too",
        "low",
    ),
    Measure(
        "variance_to_budget",
        "Variance to budget",
        "The budget less what was spent on what it covers; an overspend is negative",
        "low",
    ),
)
MEASURES = (*STATED, BEARING)
COMPARED = (*DIFFERENCES, BETTER)
BY_NAME = {measure.name: measure for measure in (*MEASURES, *BUDGETED, *COMPARED)}


class Row(Struct, frozen=True):
    """One figure: a measure of a body in a year."""

    level: Level
    body: str
    year: int
    measure: str
    in_perimeter: bool = True
