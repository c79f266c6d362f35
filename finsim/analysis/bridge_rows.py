"""The rows of a bridge: its steps, and the totals on the way."""

from __future__ import annotations

from msgspec import Struct

from finsim.analysis.checks import Check

TOTALS = ("do_nothing", "before_risk_share", "position")


class BridgeRow(Struct, frozen=True):
    """One step of a bridge, or a total on the way, £m, favourable positive.

    The first step is the base-year position; all steps of a body and year together are its
    position. The standard errors are over replicates.
    """

    option: str
    body: str
    year: str
    step: str
    mean: float
    p10: float
    p90: float
    se: float
    se_p10: float
    se_p90: float

    def as_dict(self) -> dict[str, str | float]:
        """The row by the names of its fields."""
        return {name: getattr(self, name) for name in BRIDGE_FIELDS}


BRIDGE_FIELDS = BridgeRow.__struct_fields__


class Bridge(Struct, frozen=True):
    """The bridges of one option, of the system and every organisation, in every projected year.

    `rows` are the steps; `totals` how far they have got, each with a range of its own: do nothing,
    the position before risk share, the position. `check` says whether they tie.
    """

    rows: tuple[BridgeRow, ...]
    totals: tuple[BridgeRow, ...]
    check: Check
    draws: int

    def of(self, body: str, year: str) -> tuple[BridgeRow, ...]:
        """The steps of one body in one year."""
        return tuple(row for row in self.rows if (row.body, row.year) == (body, year))

    def totals_of(self, body: str, year: str) -> dict[str, BridgeRow]:
        """The totals of one body in one year, by their names."""
        return {row.step: row for row in self.totals if (row.body, row.year) == (body, year)}
