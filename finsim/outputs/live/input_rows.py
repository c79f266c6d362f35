"""The rows of the sheet Inputs, by what they are."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from finsim.book.model import Book
from finsim.book.schemes import ActivityScheme
from finsim.book.sourced import Sourced
from finsim.outputs.live.arrangement_inputs import ArrangementInputs
from finsim.outputs.live.expressions import Expression
from finsim.outputs.live.rows import (
    CONSTANT,
    FIRST_YEAR,
    LiveSheet,
    Row,
    as_run_at,
    column_letters,
)
from finsim.simulation.indices import Indices
from finsim.simulation.plan import Activity, Efficiency, Plan

LONGEST_SOURCE = 240


class FormInputs(Struct, frozen=True):
    """A payment form in the years in which it applies; `applies` is 1 in them, or None for all."""

    form: str
    applies: Row | None
    parameters: Mapping[str, Row]


class RampInputs(Struct, frozen=True):
    """How a scheme builds up: the months of a shape, levels, or points."""

    kind: str
    months: Row | None = None
    levels: tuple[Row, ...] = ()
    at: tuple[Row, ...] = ()


class DeliveryInputs(Struct, frozen=True):
    """What a scheme costs and who pays, by the position of the organisation."""

    one_off: Row
    double_running: Row
    running: Row
    paid_by: Mapping[int, Row]


class ActivityInputs(Struct, frozen=True):
    """A scheme on activity; `shares` are those of its effects, in their order."""

    scheme: Activity
    stated: ActivityScheme
    saving: Row
    start: Row
    slip: Row
    happens: Row
    delivered: Row
    recurrent: Row
    ramp: RampInputs
    shares: tuple[Row, ...]
    delivery: DeliveryInputs | None


class EfficiencyInputs(Struct, frozen=True):
    """A scheme on own cost."""

    scheme: Efficiency
    rates: Row
    start: Row
    happens: Row
    delivered: Row
    recurrent: Row
    delivery: DeliveryInputs | None


class PeopleInputs(Struct, frozen=True):
    """Population: the table by area, the two curves, their mix, and the stated growth.

    `parts` are, by the words of an area, the part of it that is served, where not all is.
    """

    growth: Row | None
    spanned: Row | None
    mix: Row
    curves: tuple[list[Row], list[Row]]
    ones: list[Row]
    areas: Mapping[str, list[Row]]
    parts: Mapping[str, Row]
    frozen: bool


class PressureInputs(Struct, frozen=True):
    """Unattributed pressure as it is held."""

    amount: Row
    steps: Row
    shares: Mapping[int, Row]
    spread: Row | None


class Mark(Struct, frozen=True):
    """What a row of Inputs was in the run as one number, and the formula of whether it is so
    still: 0, as it is written, or 1.
    """

    as_run: float
    changed: str


class Inputs(Struct):
    """The rows of the sheet, by what they are.

    `acted_on` are the contracts or lines of each effect (scheme, place); `served` the contracts
    that a line follows.
    """

    sheet: LiveSheet
    plan: Plan
    indices: Indices
    case: Row
    pound: Row
    rounding: Row
    years_after: Row
    stated: Row
    half: Row | None = None
    people: PeopleInputs | None = None
    rates: list[Row] = field(default_factory=list)
    contracts: dict[int, Row] = field(default_factory=dict)
    contract_order: list[int] = field(default_factory=list)
    terms: dict[str, tuple[FormInputs, ...]] = field(default_factory=dict)
    lines: dict[int, Row] = field(default_factory=dict)
    line_order: list[int] = field(default_factory=list)
    releases: dict[int, Row] = field(default_factory=dict)
    shapes: dict[str, tuple[Row, Row, Row]] = field(default_factory=dict)
    activity: list[ActivityInputs] = field(default_factory=list)
    efficiency: list[EfficiencyInputs] = field(default_factory=list)
    pressure: PressureInputs | None = None
    reserves: tuple[Row, Row] | None = None
    shocks: dict[int, Row] = field(default_factory=dict)
    arrangement: ArrangementInputs | None = None
    acted_on: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    served: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def plan_case(self) -> Expression:
        """1 for the plan case, 0 for the central case."""
        value = self.case.constant or 0.0
        return Expression("plan_case", lambda _t: value)

    @property
    def schemes(self) -> list[ActivityInputs | EfficiencyInputs]:
        """Activity schemes, then efficiency schemes."""
        return [*self.activity, *self.efficiency]

    def mark(self, row: Row) -> Mark | None:
        """How a row tells that it was changed; the case may be, so it does not.

        Values by year count by their place, so that exchanging two of them shows.
        """
        if row is self.case:
            return None
        column = column_letters(as_run_at(self.sheet.years))
        kept = f"{column}{row.number}"
        if row.constant is not None:
            return Mark(row.constant, f"IF({CONSTANT}{row.number}={kept},0,1)")
        begin, end = FIRST_YEAR, column_letters(as_run_at(self.sheet.years) - 1)
        number, years = row.number, self.years_after.number
        as_run = sum([value * (1 + t) for t, value in enumerate(row.values)])
        summed = f"SUMPRODUCT({begin}{number}:{end}{number},1+{begin}${years}:{end}${years})"
        rounding = f"${CONSTANT}${self.rounding.number}"
        return Mark(as_run, f"IF(ABS({summed}-{kept})>{rounding}*(1+ABS({kept})),1,0)")


def numbers_on(sheet: LiveSheet) -> int:
    """How many numbers a sheet states."""
    return sum(
        1 if row.constant is not None else len(row.values) - len(row.blank) for row in sheet.rows
    )


def sourced(item: Sourced) -> str:
    """Where a number comes from, and on what it stands; of a long source its beginning."""
    source = item.source.strip()
    if len(source) > LONGEST_SOURCE:
        source = f"{source[:LONGEST_SOURCE]}… (see Assumptions)"
    return f"{item.standing.capitalize()}: {source}"


def body_names(book: Book) -> dict[str, str]:
    """Organisations and outside bodies by id."""
    names = {body.id: body.name for body in book.organisations}
    return names | {body.id: body.name for body in book.external}
