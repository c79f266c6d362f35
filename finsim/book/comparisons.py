"""Published figures that a model is held against: they solve nothing and move nothing."""

from typing import Literal

from finsim.book.fields import Id, Money, MoneyNotNegative, Name, Text, Year
from finsim.book.sourced import Sourced


class Comparison(Sourced):
    """A published figure of an organisation, and how near the model should come to it.

    `case` is the model's case that the figure is like: a plan is like the plan case, a forecast or
    an outturn like the central case. It tells nothing of a value that was set to meet it.
    """

    id: Id
    name: Name
    organisation: Text
    year: Year
    measure: Literal[
        "position_before_risk_share", "position_do_nothing", "income", "expenditure"
    ] = "position_before_risk_share"
    case: Literal["plan", "central"]
    value: Money
    tolerance: MoneyNotNegative
