"""Control totals, sustainability funding, reserves and risk shares as a book states them.

Bodies are named by id, or by the words `NHS bodies`, `commissioners`, `providers`, `councils` and
`all`. Amounts are money (`£5m`) or a part of income (`1% of income`).
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from finsim.book.fields import (
    Amount,
    Flag,
    Model,
    Money,
    MoneyNotNegative,
    Number,
    Rate,
    Share,
    Text,
    Words,
    Year,
    problem,
)
from finsim.book.sourced import Sourced

ROUNDING = 1e-9


def whole(shares: dict[str, float], what: str) -> None:
    """Raises a problem unless shares sum to 100%."""
    total = sum(shares.values())
    if abs(total - 1) > ROUNDING:
        raise problem(f"the {what} sum to {total:.4%}; they must sum to 100%")


# control totals


class StatedTotals(Model):
    """Totals as agreed, year by year."""

    by_year: dict[Year, Money]


class FromCentral(Model):
    """The central position after schemes, improved by a stretch; solved once and held."""

    start: Annotated[Literal["central"], Field(alias="from")]
    improve_by: Amount


class StraightLine(Model):
    """A straight line from the base-year position to a position in a stated year."""

    start: Annotated[Literal["base year"], Field(alias="from")]
    to: Money
    in_year: Annotated[Year, Field(alias="in")]


class Distributed(Model):
    """The sum of another set's totals over the bodies named, shared among them on another basis.

    The system total is the same; who must reach which part of it is not.
    """

    distribute: Text
    by: Literal["fixed", "income", "weighted population", "equal"]
    shares: dict[Text, Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sum(self) -> Self:
        if self.by == "fixed":
            whole(self.shares, "shares")
        elif self.shares:
            raise problem(f"shares by {self.by} cannot be given as numbers too")
        return self


def _totals_form(value: Any) -> str:
    if isinstance(value, dict) and "distribute" in value:
        return "distributed"
    if isinstance(value, dict):
        return "stated" if "by_year" in value else "line" if "to" in value else "central"
    if isinstance(value, StatedTotals):
        return "stated"
    if isinstance(value, Distributed):
        return "distributed"
    return "line" if isinstance(value, StraightLine) else "central"


if TYPE_CHECKING:
    TotalRule: TypeAlias = StatedTotals | FromCentral | StraightLine | Distributed
else:
    TotalRule = Annotated[
        Annotated[StatedTotals, Tag("stated")]
        | Annotated[FromCentral, Tag("central")]
        | Annotated[StraightLine, Tag("line")]
        | Annotated[Distributed, Tag("distributed")],
        Discriminator(_totals_form),
    ]


class TotalsSet(Sourced):
    """Control totals of organisations, before sustainability funding."""

    id: Text
    name: Text
    totals: dict[Text, TotalRule]


class ControlTotals(Sourced):
    """Which totals count, how far the fund hangs on the system's, and agreed offsets.

    `link_share` is the part of each fund that hangs on the system total. Councils have a
    balanced-budget line and stay outside the system total unless `members` names them.
    """

    id: Text
    name: Text
    totals: Text
    members: Words = ("NHS bodies",)
    link_share: Share = 0.0
    offsets: dict[Year, dict[Text, Money]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _net(self) -> Self:
        for offsets in self.offsets.values():
            total = sum(offsets.values())
            if abs(total) > ROUNDING:
                raise problem(f"the offsets sum to {total:,.3f} (£m); they must net to zero")
        return self


# sustainability funding


class Taper(Model):
    """How far below a total the gate is still partly open, £m; nil is a cliff."""

    own: MoneyNotNegative = 0.0
    system: MoneyNotNegative = 0.0


class FundingYear(Model):
    """The rules of the fund in one year."""

    parts: dict[Text, Share]
    quarters: tuple[Share, ...] = (0.15, 0.20, 0.30, 0.35)
    finance_recovers: Flag = True
    performance_needs_finance: Flag = True
    taper: Taper = Taper()
    bonus_rate: Number = 0.0
    shares_residual: Flag = False

    @model_validator(mode="after")
    def _weights(self) -> Self:
        whole(self.parts, "weights of parts")
        if "finance" not in self.parts:
            raise problem("the parts name no `finance`; it is needed")
        whole(dict(enumerate(self.quarters)), "weights of quarters")  # type: ignore[arg-type]
        return self


class FundingRules(Sourced):
    """Rules of a sustainability fund from each stated year on."""

    id: Text
    name: Text
    by_year: dict[Year, FundingYear]


class Fund(Sourced):
    """What organisations are offered, by which rules, and how they do against targets.

    `offered` is a part of base-year income or an amount for every year from `first_year` on;
    `attainment` names the driver of each performance part; bonus and residual come from the pot.
    """

    id: Text
    name: Text
    rules: Text
    offered: dict[Text, Amount]
    attainment: dict[Text, Text] = Field(default_factory=dict)
    national_pot: MoneyNotNegative = 0.0
    first_year: Year | None = None


class ReserveYear(Model):
    """What is held back of an allocation in a year."""

    uncommitted: Share = 0.0
    contingency: Share = 0.0


class Reserves(Sourced):
    """What commissioners must hold back of the contracts of a service that they receive."""

    id: Text
    name: Text
    members: Words
    service: Text
    by_year: dict[Year, ReserveYear]


# risk share


class PoolTerm(Model):
    """Puts members' variances in a pool: adverse, favourable or both, of all or some lines."""

    members: Words
    direction: Literal["adverse", "favourable", "both"] = "both"
    lines: Words = ()
    years: tuple[Year, ...] = ()


class FixedLineTerm(Model):
    """A line whose host bears all variance on it; it stays out of the pool."""

    line: Text
    host: Text | None = None
    years: tuple[Year, ...] = ()


class BandTerm(Model):
    """One band of a corridor and the part of it that is pooled."""

    low: Annotated[Amount, Field(alias="from")]
    high: Annotated[Amount | None, Field(alias="to")] = None
    pooled: Share


class CorridorTerm(Model):
    """Bands of own and pooled share, marginal like tax bands."""

    bands: tuple[BandTerm, ...]
    favourable: tuple[BandTerm, ...] | None = None
    on: Literal["member", "pool"] = "member"
    members: Words = ()


class SharesTerm(Model):
    """How a pool is shared."""

    by: Literal["fixed", "income", "weighted population", "equal"] = "fixed"
    shares: dict[Text, Share] = Field(default_factory=dict)
    members: Words = ()

    @model_validator(mode="after")
    def _sum(self) -> Self:
        if self.by == "fixed":
            whole(self.shares, "shares")
        return self


class CapTerm(Model):
    """The most that a member loses or gains by the arrangement before it."""

    loss: Amount | dict[Text, Amount] | None = None
    gain: Amount | dict[Text, Amount] | None = None


class ReserveTerm(Model):
    """Money set aside that an overspend may draw on."""

    name: Text
    amount: MoneyNotNegative
    held_by: dict[Text, Share]

    @model_validator(mode="after")
    def _sum(self) -> Self:
        whole(self.held_by, "shares in held_by")
        return self


class WaterfallTerm(Model):
    """Overspends are met by underspends, then reserves in order, then outside the pool."""

    reserves: tuple[ReserveTerm, ...] = ()
    outside: SharesTerm


class LayeredTerm(Model):
    """Protected partners join only when the others have borne a reduction."""

    protected: Words
    reduction: Amount
    shares: SharesTerm


class SharedSavingsTerm(Model):
    """Savings against a benchmark, shared from the first pound once the least rate is met."""

    benchmark: MoneyNotNegative | dict[Year, MoneyNotNegative]
    payers: dict[Text, Share]
    providers: dict[Text, Share]
    share: Share
    quality: Share = 1.0
    minimum_rate: Rate = 0.0
    savings_cap: Rate | None = None
    two_sided: Flag = False
    loss_share: Share | None = None
    loss_limit: Rate | None = None


class GuarantorTerm(Model):
    """A named body outside the perimeter that takes shortfall past a threshold, to a limit."""

    name: Text
    limit: Amount
    members: Words = ()
    threshold: Amount | None = None
    share: Share = 1.0
    years: tuple[Year, ...] = ()


class Term(Model):
    """One rule of a risk share; exactly one is named."""

    pool: PoolTerm | None = None
    fixed_line: FixedLineTerm | None = None
    corridor: CorridorTerm | None = None
    shares: SharesTerm | None = None
    cap: CapTerm | None = None
    waterfall: WaterfallTerm | None = None
    layered_protection: LayeredTerm | None = None
    shared_savings: SharedSavingsTerm | None = None
    guarantor: GuarantorTerm | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1 or all(value is None for _, value in self):
            raise problem("exactly one rule is needed, such as pool: or shares:")
        return self


class RiskShare(Sourced):
    """An ordered list of small rules by which variance is shared."""

    id: Text
    name: Text
    terms: tuple[Term, ...]
