"""The map of a submission: which figures the rows of a template ask for, and where those rows are.

A map names a sheet, the heading of the column of row labels, and for each label the figure that
belongs there; the columns are the financial years. No cell is named by its address.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from finsim.analysis.observe import SYSTEM
from finsim.book.fields import Flag, Model, Text, Version, Year, problem
from finsim.book.schemes import Selector

Statistic: TypeAlias = Literal["central", "plan", "mean", "p10", "p50", "p90", "probability"]
Unit: TypeAlias = Literal["£m", "£000", "£", "%"]
PER_MILLION: dict[str, float] = {"£m": 1.0, "£000": 1_000.0, "£": 1_000_000.0, "%": 1.0}


class Figure(Model):
    """What a row of the template asks for: a measure of a body, or spend by tags.

    Spend is the value of the contracts and own lines that a selector picks, in the central or the
    plan case. `reversed` turns the sign, where a template wants expenditure as a negative.
    """

    measure: Text | None = None
    body: Text = SYSTEM
    contracts: Selector | None = None
    lines: Selector | None = None
    do_nothing: Flag = False
    value: Statistic | None = None
    unit: Unit | None = None
    reversed: Flag = False

    @model_validator(mode="after")
    def _one(self) -> Figure:
        selected = self.contracts is not None or self.lines is not None
        if (self.measure is not None) == selected:
            raise problem("names a `measure`, or `contracts` or `lines` by their tags, not both")
        if self.do_nothing and not selected:
            raise problem("`do_nothing` is for contracts and lines; name do_nothing_gap and others")
        return self


class Block(Model):
    """Rows of one table of a sheet: below the heading of its labels, across its years."""

    sheet: Text
    labels: Text
    under: Text | None = None
    value: Statistic = "central"
    unit: Unit = "£m"
    columns: dict[Text, Year] = Field(default_factory=dict)
    rows: dict[Text, Figure]


class SubmissionMap(Model):
    """A map from the rows and columns of a template to the figures of a scenario."""

    finsim: Version = 1
    fill: tuple[Block, ...]
