"""What happened, as published: an earlier forecast's ranges are held against it."""

from typing import Literal

from finsim.book.fields import Id, Money, Name, Words, Year
from finsim.book.sourced import Sourced


class Outturn(Sourced):
    """The position that one or several bodies together reached in a year.

    `expected` is what they had planned for it. `kind` is `forecast` where only a later forecast of
    the year, and no final account, was found. It solves nothing and moves nothing.
    """

    id: Id
    name: Name
    bodies: Words
    year: Year
    measure: Literal["position_before_risk_share", "position", "income", "expenditure"] = (
        "position_before_risk_share"
    )
    kind: Literal["outturn", "forecast"] = "outturn"
    value: Money
    expected: Money | None = None
