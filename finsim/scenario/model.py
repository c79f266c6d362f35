"""What a scenario file states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from finsim.book.fields import (
    CalendarYear,
    Model,
    Money,
    Share,
    Text,
    Whole,
    Words,
    Year,
    YearSpan,
    problem,
)
from finsim.book.schemes import ROUNDING
from finsim.book.uncertain import UncertainRate

DEFAULT_DRAWS = 8_192
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
    def _years(self) -> Population:
        if self.growth == "outturn":
            return self
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


class Calibrate(Model):
    """The published figure that the central do-nothing gap must equal, and what fills the rest."""

    do_nothing_gap: Money
    in_year: Annotated[Year, Field(alias="in")]
    by: Literal["unattributed pressure"]
    shared: Literal["by expenditure"] | dict[Text, Share] = "by expenditure"
    spread: UncertainRate | None = None

    @model_validator(mode="after")
    def _shares(self) -> Calibrate:
        if isinstance(self.shared, dict):
            total = sum(self.shared.values())
            if abs(total - 1) > ROUNDING:
                raise problem(f"the shares in shared sum to {total:.4%}; they must sum to 100%")
        return self


class Run(Model):
    """How the scenario is run."""

    seed: Whole = 0
    draws: Whole = DEFAULT_DRAWS
    draws_per_replicate: Whole = 1024
    points: Literal["lattice", "sobol", "latin hypercube", "monte carlo"] = "lattice"


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


class Scenario(Model):
    """A book, and what differs from it."""

    finsim: Whole = 1
    title: Text
    book: Text
    years: YearSpan
    population: Population | None = None
    calibrate: Calibration = None
    schemes: Words = ()
    options: dict[Text, Any] = Field(default_factory=dict)
    notes: tuple[Text, ...] = ()
    run: Run = Run()

    @property
    def year_numbers(self) -> tuple[int, ...]:
        """The years of the model, base year first, by the calendar year in which each starts."""
        return tuple(range(self.years[0], self.years[1] + 1))
