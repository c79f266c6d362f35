"""What a scenario file states."""

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from finsim.book.fields import (
    CalendarYear,
    Model,
    Money,
    Name,
    Share,
    Text,
    Version,
    Whole,
    Words,
    Year,
    YearSpan,
    problem,
)
from finsim.book.schemes import ROUNDING
from finsim.book.uncertain import Path, UncertainRate, lowest

DEFAULT_DRAWS = 16_384
MOST_DRAWS = 100_000_000
MOST_YEARS = 31
RESERVED_OPTIONS = frozenset({"as stated", "all"})
AS_STATED = "as stated"


if TYPE_CHECKING:
    Growth: TypeAlias = UncertainRate | Literal["outturn"]
else:
    Growth = Annotated[
        Annotated[Literal["outturn"], Tag("outturn")] | Annotated[UncertainRate, Tag("sampled")],
        Discriminator(lambda value: "outturn" if value == "outturn" else "sampled"),
    ]


class Population(Model):
    """How the population grows: at a sampled rate between two years, or as in the table."""

    growth: Growth
    from_year: Annotated[CalendarYear | None, Field(alias="from")] = None
    by: CalendarYear | None = None
    ageing: Literal["table", "none"] = "table"
    variant: Words = ("ONS mid-year estimate", "ONS 2018-based principal")

    @model_validator(mode="after")
    def _years(self) -> Self:
        if self.growth == "outturn":
            return self
        if isinstance(self.growth, Path):
            raise problem("the growth is one value over the whole time; write a rate or a range")
        if not isinstance(self.growth, (str, float)) and self.growth.over_years != "constant":
            raise problem("the growth is one value over the whole time; remove `over_years`")
        if lowest(self.growth) <= -1:
            raise problem("the growth can be -100% or less, which would leave no people")
        missing = [
            name for name, year in (("from", self.from_year), ("by", self.by)) if year is None
        ]
        if missing:
            years = " and ".join(f"`{name}`" for name in missing)
            raise problem(
                f"the growth has no {years}; growth over an unstated time has no meaning: "
                "write from: 2016 and by: 2031"
            )
        assert self.from_year is not None
        assert self.by is not None
        if self.by <= self.from_year:
            raise problem(f"by {self.by} is not after from {self.from_year}")
        return self


if TYPE_CHECKING:
    PublishedGap: TypeAlias = float | dict[str, float]
else:
    PublishedGap = Annotated[
        Annotated[Money, Tag("whole")] | Annotated[dict[Text, Money], Tag("by body")],
        Discriminator(lambda value: "by body" if isinstance(value, dict) else "whole"),
    ]


class Calibrate(Model):
    """The published figure that the central do-nothing gap must equal, and what fills the rest.

    Where it was published by organisation, the gap of each organisation, or group of them.
    """

    do_nothing_gap: PublishedGap
    in_year: Annotated[Year, Field(alias="in")]
    by: Literal["unattributed pressure"]
    shared: Literal["by expenditure"] | dict[Text, Share] = "by expenditure"
    spread: UncertainRate | None = None

    @field_validator("shared")
    @classmethod
    def _shares(cls, shared: str | dict[str, float]) -> str | dict[str, float]:
        if isinstance(shared, dict):
            total = sum(shared.values())
            if abs(total - 1) > ROUNDING:
                raise problem(f"the shares sum to {total:.4%}; they must sum to 100%")
        return shared

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if isinstance(self.do_nothing_gap, dict) and isinstance(self.shared, dict):
            raise problem("gaps by organisation say whose the pressure is; remove `shared`")
        return self

    @property
    def gaps_by_body(self) -> dict[str, float]:
        """Published gaps by organisation or group; none where only the whole was published."""
        return self.do_nothing_gap if isinstance(self.do_nothing_gap, dict) else {}

    @property
    def whole_gap(self) -> float:
        """The published gap of the whole perimeter, £m."""
        gap = self.do_nothing_gap
        return math.fsum(gap.values()) if isinstance(gap, dict) else gap


class Run(Model):
    """How the scenario is run."""

    seed: Whole = 0
    draws: Whole = DEFAULT_DRAWS
    draws_per_replicate: Whole = 1024
    points: Literal["lattice", "sobol", "latin hypercube", "monte carlo"] = "lattice"

    @field_validator("draws")
    @classmethod
    def _some(cls, draws: int) -> int:
        if not 1 <= draws <= MOST_DRAWS:
            raise problem(f"{draws:,} draws; 1 to {MOST_DRAWS:,} are allowed")
        return draws


if TYPE_CHECKING:
    Calibration: TypeAlias = Calibrate | Literal["none"] | None
else:
    Calibration = (
        Annotated[
            Annotated[Literal["none"], Tag("none")] | Annotated[Calibrate, Tag("calibrate")],
            Discriminator(lambda value: "none" if isinstance(value, str) else "calibrate"),
        ]
        | None
    )


Chosen: TypeAlias = Annotated[
    Text | None, BeforeValidator(lambda value: None if value == "none" else value)
]


Several: TypeAlias = Annotated[Words, BeforeValidator(lambda v: [] if v == "none" else v)]


class Scenario(Model):
    """A book, and what differs from it."""

    finsim: Version = 1
    title: Name
    book: Text
    years: YearSpan
    population: Population | None = None
    calibrate: Calibration = None
    schemes: Words = ()
    control_totals: Chosen = None
    sustainability_funding: Chosen = None
    reserves: Chosen = None
    risk_share: Several = ()
    budgets: Words = ()
    options: dict[Text, Any] = Field(default_factory=dict)
    notes: tuple[Text, ...] = ()
    run: Run = Field(default_factory=Run)

    @field_validator("years")
    @classmethod
    def _projected(cls, years: tuple[int, int]) -> tuple[int, int]:
        count = years[1] - years[0] + 1
        if not 2 <= count <= MOST_YEARS:
            text = f"{count} {'year' if count == 1 else 'years'}; a base year and 1 to"
            raise problem(f"{text} {MOST_YEARS - 1} years after it are needed")
        return years

    @field_validator("options")
    @classmethod
    def _not_reserved(cls, options: dict[str, Any]) -> dict[str, Any]:
        for name in RESERVED_OPTIONS & options.keys():
            raise problem(f"an option cannot be named '{name}', a word of the command line")
        return options

    @property
    def year_numbers(self) -> tuple[int, ...]:
        """The years of the model, base year first, by the calendar year in which each starts."""
        return tuple(range(self.years[0], self.years[1] + 1))
