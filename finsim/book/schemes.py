"""Savings schemes as the book states them."""

from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from finsim.book.fields import (
    Id,
    Model,
    Money,
    MoneyNotNegative,
    Month,
    MonthsNotNegative,
    Name,
    NumberNotNegative,
    Rate,
    Share,
    Text,
    Words,
    Year,
    YearSpan,
    problem,
)
from finsim.book.sourced import Sourced
from finsim.book.uncertain import UncertainMonths, UncertainRate

ROUNDING = 1e-9


class Selector(Model):
    """Tags that all must match; each a word or a list of words."""

    id: Words | None = None
    organisation: Words | None = None
    payer: Words | None = None
    provider: Words | None = None
    service: Words | None = None
    pathway: Words | None = None
    area: Words | None = None
    cost_type: Words | None = None
    network: Words | None = None
    locality: Words | None = None

    def stated(self) -> dict[str, tuple[str, ...]]:
        """The tags that were given."""
        return {name: value for name, value in self if value is not None}


class Effect(Model):
    """A part of a scheme's saving and the contracts or own lines that it acts on.

    A negative share adds activity, such as community care in the place of a hospital stay.
    """

    contracts: Selector | None = None
    lines: Selector | None = None
    share: Rate = 1.0

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.contracts is None) == (self.lines is None):
            raise problem("exactly one of `contracts` or `lines` is needed")
        return self


class CumulativeSaving(Model):
    """A saving stated as a sum over years; its full-year value is solved once, as planned.

    `over` may pass the model's last year: the ramp is then read to its end.
    """

    cumulative: MoneyNotNegative
    over: YearSpan


if TYPE_CHECKING:
    Saving: TypeAlias = float | CumulativeSaving
else:
    Saving = Annotated[
        Annotated[MoneyNotNegative, Tag("full year")]
        | Annotated[CumulativeSaving, Tag("cumulative")],
        Discriminator(
            lambda value: (
                "cumulative" if isinstance(value, (dict, CumulativeSaving)) else "full year"
            )
        ),
    ]


class RampPoint(Model):
    """The level reached some months after the start."""

    after: MonthsNotNegative
    level: Rate


class Ramp(Model):
    """How a saving builds up from its start."""

    shape: Literal["step", "linear", "s-curve", "front-loaded", "back-loaded", "by year", "points"]
    over: MonthsNotNegative | None = None
    levels: tuple[Rate, ...] | None = None
    points: tuple[RampPoint, ...] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = {"step": None, "by year": "levels", "points": "points"}.get(self.shape, "over")
        given = {name for name in ("over", "levels", "points") if getattr(self, name) is not None}
        if given != ({needs} if needs else set()):
            wanted = f"`{needs}` and nothing else" if needs else "nothing else"
            raise problem(f"a {self.shape} ramp takes {wanted}")
        if self.over == 0:
            raise problem("a ramp over 0 months is a step; write shape: step")
        return self


class CostOfDelivery(Model):
    """What a scheme costs, whatever it delivers, and who pays."""

    one_off: dict[Year, Money] = Field(default_factory=dict)
    double_running: dict[Year, Money] = Field(default_factory=dict)
    running: Money = 0.0
    paid_by: dict[Text, Share]

    @field_validator("paid_by")
    @classmethod
    def _shares(cls, paid_by: dict[str, float]) -> dict[str, float]:
        total = sum(paid_by.values())
        if abs(total - 1) > ROUNDING:
            raise problem(f"the shares sum to {total:.4%}; they must sum to 100%")
        return paid_by


class _Scheme(Sourced):
    """What schemes have in common; `capacity` is what managing one takes, 1 if not stated."""

    id: Id
    name: Name
    theme: Text
    owner: Text
    start: Month
    chance: Share = 1.0
    delivered: UncertainRate = 1.0
    recurrent: Share = 1.0
    costs: CostOfDelivery | None = None
    capacity: NumberNotNegative | None = None


class ActivityScheme(_Scheme):
    """A scheme that removes (or adds) activity on contracts or own lines."""

    kind: Literal["activity"]
    saving: Saving
    stated_as: Literal["gross at tariff", "net to the system"] = "gross at tariff"
    ramp: Ramp
    slip: UncertainMonths = 0.0
    effects: tuple[Effect, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        removed = sum(effect.share for effect in self.effects if effect.share > 0)
        if abs(removed - 1) > ROUNDING:
            raise problem(f"the positive shares of effects sum to {removed:.4%}; 100% is needed")
        return self


class EfficiencyScheme(_Scheme):
    """A scheme that cuts an organisation's own cost at a yearly rate; it compounds."""

    kind: Literal["efficiency"]
    rate: dict[Year, Rate]
    lines: Selector


if TYPE_CHECKING:
    Scheme: TypeAlias = ActivityScheme | EfficiencyScheme
else:
    Scheme = Annotated[ActivityScheme | EfficiencyScheme, Field(discriminator="kind")]
