"""Uncertain values as they are written: one number, a distribution, or a path over the years.

The keys tell the shape: `{low, high}` is uniform, `{low, mode, high}` PERT, `{mean, sd}` normal,
`{mean, sd, degrees_of_freedom}` Student t, `{p10, p50, p90}` quantiles, `{chance}` an event,
`{values}` discrete, `{path}` a value for each year. `shape:` names one of the others.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Self, TypeAlias, TypeVar, Union

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from finsim.book.fields import Model, MonthsNotNegative, Number, Rate, Share, Year, problem

Quantity = TypeVar("Quantity")
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


class Uniform(_Shape, Generic[Quantity]):
    """Every value between two bounds is as likely."""

    shape: Literal["uniform"] = "uniform"
    low: Quantity
    high: Quantity


class Triangular(_Shape, Generic[Quantity]):
    """A triangle over low, most likely and high."""

    shape: Literal["triangular"]
    low: Quantity
    mode: Quantity
    high: Quantity


class Pert(_Shape, Generic[Quantity]):
    """A smooth bell between low and high around the most likely value."""

    shape: Literal["pert"] = "pert"
    low: Quantity
    mode: Quantity
    high: Quantity


class _Bounded(_Shape, Generic[Quantity]):
    mean: Quantity
    sd: Quantity
    at_least: Quantity | None = None
    at_most: Quantity | None = None


class Normal(_Bounded[Quantity], Generic[Quantity]):
    """A normal with the mean and sd that it has before bounds truncate it."""

    shape: Literal["normal"] = "normal"


class Lognormal(_Bounded[Quantity], Generic[Quantity]):
    """A lognormal with the arithmetic mean and sd that it has before bounds truncate it."""

    shape: Literal["lognormal"]


class StudentT(_Bounded[Quantity], Generic[Quantity]):
    """A Student t scaled to a standard deviation: fat tails."""

    shape: Literal["student t"] = "student t"
    degrees_of_freedom: Number


class Beta(_Shape, Generic[Quantity]):
    """A beta between low and high with a mean and an sd."""

    shape: Literal["beta"]
    mean: Quantity
    sd: Quantity
    low: Quantity
    high: Quantity


class Event(_Shape):
    """Happens or not."""

    shape: Literal["event"] = "event"
    chance: Share


class Weighted(Model, Generic[Quantity]):
    """One value of a discrete distribution and its weight."""

    value: Quantity
    weight: Share


class Discrete(_Shape, Generic[Quantity]):
    """One of a few values, with weights that sum to 100%."""

    shape: Literal["discrete"] = "discrete"
    values: tuple[Weighted[Quantity], ...]

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


class Quantiles(_Shape, Generic[Quantity]):
    """Two (normal) or three (shifted lognormal) of p5 … p95."""

    model_config = ConfigDict(json_schema_extra=_quantiles_by_name)

    shape: Literal["quantiles"] = "quantiles"
    points: dict[str, Quantity]
    at_least: Quantity | None = None
    at_most: Quantity | None = None

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


def _over(shape: type[Model], quantity: Any, name: str, **stated: Any) -> type[Model]:
    """A shape over one kind of quantity: a class of this module, such as `UniformRate`.

    `Uniform[Rate]` of pydantic would be the same at several times the cost of starting, since it
    builds a validator of the open shape too.
    """
    body: dict[str, Any] = {"__module__": __name__, "__doc__": shape.__doc__, "__annotations__": {}}
    for field, info in shape.model_fields.items():
        kind: Any = stated.get(field, info.annotation)
        if kind is Quantity:
            body["__annotations__"][field] = quantity
        elif getattr(kind, "__parameters__", ()):
            body["__annotations__"][field] = kind[quantity]
        elif field in stated:
            body["__annotations__"][field] = kind
        else:
            continue
        if not info.is_required():
            body[field] = info.default
    full = shape.__name__ + name
    kind_of: Any = type(shape)
    made: type[Model] = kind_of(full, (shape,), body)
    globals()[full] = made
    return made


def _shapes_over(quantity: Any, name: str) -> list[Any]:
    """Every shape over one kind of quantity, under its tag."""
    weighted = _over(Weighted, quantity, name)
    shapes: dict[str, Any] = {
        "uniform": _over(Uniform, quantity, name),
        "triangular": _over(Triangular, quantity, name),
        "pert": _over(Pert, quantity, name),
        "normal": _over(Normal, quantity, name),
        "lognormal": _over(Lognormal, quantity, name),
        "student t": _over(StudentT, quantity, name),
        "beta": _over(Beta, quantity, name),
        "event": Event,
        "discrete": _over(Discrete, quantity, name, values=tuple[weighted, ...]),  # type: ignore[valid-type]
        "quantiles": _over(Quantiles, quantity, name),
    }
    return [Annotated[kind, Tag(tag)] for tag, kind in shapes.items()]


def _one_of(*tagged: Any) -> Any:
    """The union of shapes, told apart by `shape_of`."""
    return Annotated[Union[(*tagged,)], Discriminator(shape_of)]


if TYPE_CHECKING:
    RateDistribution: TypeAlias = (
        Uniform[float]
        | Triangular[float]
        | Pert[float]
        | Normal[float]
        | Lognormal[float]
        | StudentT[float]
        | Beta[float]
        | Event
        | Discrete[float]
        | Quantiles[float]
    )
else:
    _RATES = _shapes_over(Rate, "Rate")
    RateDistribution = _one_of(*_RATES)


class Path(Model):
    """A rate for each financial year, and the distribution of the deviation from it, if any."""

    shape: Literal["path"] = "path"
    path: dict[Year, Rate]
    around: RateDistribution | None = None


if TYPE_CHECKING:
    UncertainRate: TypeAlias = float | RateDistribution | Path
    UncertainMonths: TypeAlias = float | RateDistribution
else:
    UncertainRate = _one_of(*_RATES, Annotated[Rate, Tag("fixed")], Annotated[Path, Tag("path")])
    UncertainMonths = _one_of(
        *_shapes_over(MonthsNotNegative, "Months"), Annotated[MonthsNotNegative, Tag("fixed")]
    )
