"""Uncertain values as they are written: one number, a distribution, or a path over the years.

The keys tell the shape: `{low, high}` is uniform, `{low, mode, high}` PERT, `{mean, sd}` normal,
`{mean, sd, degrees_of_freedom}` Student t, `{p10, p50, p90}` quantiles, `{chance}` an event,
`{values}` discrete, `{path}` a value for each year. `shape:` names one of the others.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from finsim.book.fields import Model, MonthsNotNegative, Number, Rate, Share, Year, problem

ROUNDING = 1e-9
_QUANTILE = re.compile(r"p(\d{1,2})")


class AutoRegressive(Model):
    """An AR(1) path: this share of a year's deviation is carried into the next."""

    ar1: Annotated[Number, Field(ge=0, lt=1)]


OverYears: TypeAlias = Literal["constant", "yearly"] | AutoRegressive


class _Shape(Model):
    over_years: OverYears = "constant"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        stated = [(name, getattr(self, name, None)) for name in ("low", "mode", "high")]
        given = [(name, value) for name, value in stated if value is not None]
        for (name, value), (after, next_value) in pairwise(given):
            if value > next_value:
                raise problem(f"`{name}` is above `{after}`; write them in rising order")
        if getattr(self, "sd", 0.0) < 0:
            raise problem("`sd` is negative; zero or more is allowed")
        least, most = getattr(self, "at_least", None), getattr(self, "at_most", None)
        if least is not None and most is not None and least > most:
            raise problem("`at_least` is above `at_most`; nothing is left between them")
        return self


class Uniform(_Shape):
    """Every value between two bounds is as likely."""

    shape: Literal["uniform"] = "uniform"
    low: Rate
    high: Rate


class Triangular(_Shape):
    """A triangle over low, most likely and high."""

    shape: Literal["triangular"]
    low: Rate
    mode: Rate
    high: Rate


class Pert(_Shape):
    """A smooth bell between low and high around the most likely value."""

    shape: Literal["pert"] = "pert"
    low: Rate
    mode: Rate
    high: Rate


class _Bounded(_Shape):
    mean: Rate
    sd: Rate
    at_least: Rate | None = None
    at_most: Rate | None = None


class Normal(_Bounded):
    """A normal with the mean and sd that it has before bounds truncate it."""

    shape: Literal["normal"] = "normal"


class Lognormal(_Bounded):
    """A lognormal with the arithmetic mean and sd that it has before bounds truncate it."""

    shape: Literal["lognormal"]


class StudentT(_Bounded):
    """A Student t scaled to a standard deviation: fat tails."""

    shape: Literal["student t"] = "student t"
    degrees_of_freedom: Number


class Beta(_Shape):
    """A beta between low and high with a mean and an sd."""

    shape: Literal["beta"]
    mean: Rate
    sd: Rate
    low: Rate
    high: Rate


class Event(_Shape):
    """Happens or not."""

    shape: Literal["event"] = "event"
    chance: Share


class Weighted(Model):
    """One value of a discrete distribution and its weight."""

    value: Rate
    weight: Share


class Discrete(_Shape):
    """One of a few values, with weights that sum to 100%."""

    shape: Literal["discrete"] = "discrete"
    values: tuple[Weighted, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(part.weight for part in self.values)
        if abs(total - 1) > ROUNDING:
            raise problem(f"the weights sum to {total:.4%}; they must sum to 100%")
        return self


def _quantiles_by_name(schema: dict[str, Any]) -> None:
    """Files name the quantiles directly: `{p10: 1%, p90: 3%}`."""
    points = schema["properties"]["points"]
    schema["patternProperties"] = {r"^p\d{1,2}$": points["additionalProperties"]}
    schema.pop("required", None)


class Quantiles(_Shape):
    """Two (normal) or three (shifted lognormal) of p5 … p95."""

    model_config = ConfigDict(json_schema_extra=_quantiles_by_name)

    shape: Literal["quantiles"] = "quantiles"
    points: dict[str, Rate]
    at_least: Rate | None = None
    at_most: Rate | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "points" in value:
            return value
        points = {key: item for key, item in value.items() if _QUANTILE.fullmatch(str(key))}
        rest = {key: item for key, item in value.items() if key not in points}
        return {**rest, "points": points}

    @model_validator(mode="after")
    def _levels(self) -> Self:
        for key in self.points:
            match = _QUANTILE.fullmatch(key)
            if match is None or not 5 <= int(match[1]) <= 95:
                raise problem(f"'{key}' is not one of p5 to p95")
        if len(self.points) not in {2, 3}:
            raise problem(f"{len(self.points)} quantiles were found; two or three are needed")
        return self


def lowest(value: Any) -> float:
    """The lowest number that a value or distribution names; its draws may be lower still."""
    if isinstance(value, float):
        return value
    named = [getattr(value, name, None) for name in ("low", "mean")]
    named += getattr(value, "points", {}).values()
    named += [part.value for part in getattr(value, "values", ())]
    return min((number for number in named if number is not None), default=0.0)


SHAPES = (
    "uniform", "triangular", "pert", "normal", "lognormal", "student t", "beta", "event",
    "discrete", "quantiles", "path",
)  # fmt: skip
_BY_KEYS = (
    ("path", "path"),
    ("chance", "event"),
    ("values", "discrete"),
    ("points", "quantiles"),
    ("degrees_of_freedom", "student t"),
    ("mode", "pert"),
    ("low", "uniform"),
    ("high", "uniform"),
    ("mean", "normal"),
    ("sd", "normal"),
)


def shape_of(value: Any) -> str | None:
    """The shape that a value is written in, from its `shape:` or its keys; None if none."""
    if isinstance(value, Model):
        return str(getattr(value, "shape", "fixed"))
    if not isinstance(value, Mapping):
        return "fixed"
    named = value.get("shape")
    if named is not None:
        return str(named)
    for key, shape in _BY_KEYS:
        if key in value:
            return shape
    return "quantiles" if any(_QUANTILE.fullmatch(str(key)) for key in value) else None


class UniformMonths(Uniform):
    """Months: every number between two bounds is as likely."""

    low: MonthsNotNegative
    high: MonthsNotNegative


class TriangularMonths(Triangular):
    """Months: a triangle over low, most likely and high."""

    low: MonthsNotNegative
    mode: MonthsNotNegative
    high: MonthsNotNegative


class PertMonths(Pert):
    """Months: a smooth bell between low and high around the most likely value."""

    low: MonthsNotNegative
    mode: MonthsNotNegative
    high: MonthsNotNegative


class NormalMonths(Normal):
    """Months: a normal with the mean and sd that it has before bounds truncate it."""

    mean: MonthsNotNegative
    sd: MonthsNotNegative
    at_least: MonthsNotNegative | None = None
    at_most: MonthsNotNegative | None = None


class LognormalMonths(Lognormal):
    """Months: a lognormal with the arithmetic mean and sd that it has before bounds truncate it."""

    mean: MonthsNotNegative
    sd: MonthsNotNegative
    at_least: MonthsNotNegative | None = None
    at_most: MonthsNotNegative | None = None


class StudentTMonths(StudentT):
    """Months: a Student t scaled to a standard deviation."""

    mean: MonthsNotNegative
    sd: MonthsNotNegative
    at_least: MonthsNotNegative | None = None
    at_most: MonthsNotNegative | None = None


class BetaMonths(Beta):
    """Months: a beta between low and high with a mean and an sd."""

    mean: MonthsNotNegative
    sd: MonthsNotNegative
    low: MonthsNotNegative
    high: MonthsNotNegative


class WeightedMonths(Weighted):
    """One number of months of a discrete distribution and its weight."""

    value: MonthsNotNegative


class DiscreteMonths(Discrete):
    """Months: one of a few numbers, with weights that sum to 100%."""

    values: tuple[WeightedMonths, ...]


class QuantilesMonths(Quantiles):
    """Months: two (normal) or three (shifted lognormal) of p5 … p95."""

    points: dict[str, MonthsNotNegative]
    at_least: MonthsNotNegative | None = None
    at_most: MonthsNotNegative | None = None


_Rates: TypeAlias = (
    Annotated[Uniform, Tag("uniform")]
    | Annotated[Triangular, Tag("triangular")]
    | Annotated[Pert, Tag("pert")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[Lognormal, Tag("lognormal")]
    | Annotated[StudentT, Tag("student t")]
    | Annotated[Beta, Tag("beta")]
    | Annotated[Event, Tag("event")]
    | Annotated[Discrete, Tag("discrete")]
    | Annotated[Quantiles, Tag("quantiles")]
)
_Months: TypeAlias = (
    Annotated[UniformMonths, Tag("uniform")]
    | Annotated[TriangularMonths, Tag("triangular")]
    | Annotated[PertMonths, Tag("pert")]
    | Annotated[NormalMonths, Tag("normal")]
    | Annotated[LognormalMonths, Tag("lognormal")]
    | Annotated[StudentTMonths, Tag("student t")]
    | Annotated[BetaMonths, Tag("beta")]
    | Annotated[Event, Tag("event")]
    | Annotated[DiscreteMonths, Tag("discrete")]
    | Annotated[QuantilesMonths, Tag("quantiles")]
)
RateDistribution: TypeAlias = Annotated[_Rates, Discriminator(shape_of)]


class Path(Model):
    """A rate for each financial year, and the distribution of the deviation from it, if any."""

    shape: Literal["path"] = "path"
    path: dict[Year, Rate]
    around: RateDistribution | None = None


UncertainRate: TypeAlias = Annotated[
    _Rates | Annotated[Rate, Tag("fixed")] | Annotated[Path, Tag("path")], Discriminator(shape_of)
]
UncertainMonths: TypeAlias = Annotated[
    _Months | Annotated[MonthsNotNegative, Tag("fixed")], Discriminator(shape_of)
]
