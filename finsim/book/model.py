"""What an assumption book holds: organisations, lines, contracts, people, drivers, payments."""

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from finsim.book.areas import Areas
from finsim.book.arrangements import (
    ControlTotals,
    Fund,
    FundingRules,
    Reserves,
    RiskShare,
    TotalsSet,
)
from finsim.book.comparisons import Comparison
from finsim.book.fields import (
    CalendarYear,
    Flag,
    Id,
    Model,
    Money,
    MoneyAboveZero,
    MoneyNotNegative,
    Name,
    Number,
    NumberNotNegative,
    Rate,
    Share,
    Text,
    Version,
    Words,
    Year,
    problem,
)
from finsim.book.levels import Budgets, Locality, Network
from finsim.book.outturns import Outturn
from finsim.book.schemes import Scheme
from finsim.book.sourced import Sourced, Standing
from finsim.book.uncertain import UncertainRate

LineDemand: TypeAlias = Literal["contracts", "population", "headcount", "growth", "none"]
ContractDemand: TypeAlias = Literal["population", "headcount", "growth", "none"]
PaymentName: TypeAlias = Literal[
    "tariff", "block", "blended", "marginal", "capitated", "cap and collar"
]


class Organisation(Sourced):
    """A body whose position is projected."""

    id: Id
    name: Name
    kind: Literal["commissioner", "provider", "council"]
    areas: Areas
    in_perimeter: Flag = True
    local_share: Share = 1.0
    role: Literal["party", "partner"] = "party"
    shock: Text | None = None


class External(Sourced):
    """A payer or supplier outside the perimeter."""

    id: Id
    name: Name


class Flow(Sourced):
    """What lines and contracts have in common: tags, and what moves them."""

    id: Id
    name: Name
    service: Text
    pathway: Text
    areas: Areas = ()
    growth: Text | None = None
    non_demographic: Text | None = None
    price: Text | None = None
    network: Text | None = None
    locality: Text | None = None


class Line(Flow):
    """A cost of an organisation's own, at its base-year value."""

    organisation: Text
    cost_type: Text
    baseline: MoneyNotNegative
    demand: LineDemand
    cash_release: Share


class Contract(Flow):
    """What a payer pays a provider for a service, at its base-year value."""

    payer: Text
    provider: Text
    baseline: MoneyAboveZero
    payer_value: Money | None = None
    provider_value: Money | None = None
    demand: ContractDemand
    payment: Text

    @property
    def mismatch(self) -> float:
        """What the provider books less what the payer books, £m."""
        booked = [v if v is not None else self.baseline for v in self._booked()]
        return booked[1] - booked[0]

    def _booked(self) -> tuple[float | None, float | None]:
        return self.payer_value, self.provider_value


class PaymentForm(Model):
    """How a contract is paid, with the parameters that its form takes."""

    form: PaymentName
    marginal_rate: Share = 0.2
    break_glass: Rate | None = None
    threshold: Rate = 1.0
    collar: Rate | None = None
    cap: Rate | None = None
    payer_share_below: Share = 0.5
    payer_share_above: Share = 0.5

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.form == "cap and collar" and (self.collar is None or self.cap is None):
            raise problem("a cap and collar needs both `cap` and `collar`, such as 5%")
        return self


class PaymentTerms(Sourced):
    """Named payment terms: the form that applies from each stated year on."""

    id: Id
    name: Name
    by_year: dict[Year, PaymentForm]


class PopulationRow(Model):
    """People in an area in the middle of a year, by age band."""

    area: Text
    year: CalendarYear
    variant: Text
    people: tuple[NumberNotNegative, ...]


class Population(Model):
    """The population table."""

    bands: tuple[Text, ...] = ()
    rows: tuple[PopulationRow, ...] = ()

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas in the order of the table."""
        return tuple(dict.fromkeys(row.area for row in self.rows))


class AgeCostCurve(Sourced):
    """The cost of a person in each age band, relative to ages 15–44."""

    id: Id
    name: Name
    bands: tuple[Text, ...] = ()
    cost: tuple[NumberNotNegative, ...]


class Demand(Model):
    """The two age-cost curves and the driver that mixes them (its value: the second's weight)."""

    curves: tuple[Text, Text]
    mix: Text


class Driver(Sourced):
    """An uncertain input; the spread about a published centre may have a standing of its own."""

    id: Id
    name: Name
    unit: Text
    group: Text
    value: UncertainRate
    spread_standing: Standing | None = None

    @property
    def rests_on_judgement(self) -> bool:
        """Whether its centre or its spread is illustrative."""
        return "illustrative" in {self.standing, self.spread_standing}


class Dependence(Sourced):
    """Inputs that move together: by a shared factor, or by a rank-correlation matrix."""

    id: Id
    members: Words
    factor: Text | None = None
    rank_correlation: Number | None = None
    loadings: tuple[Number, ...] | None = None
    matrix: tuple[tuple[Number, ...], ...] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        stated = [self.rank_correlation, self.loadings, self.matrix]
        if sum(form is not None for form in stated) != 1:
            raise problem("exactly one of rank_correlation, loadings or matrix is needed")
        if self.matrix is None and self.factor is None:
            raise problem("a shared factor needs `factor`, the driver that it is")
        if self.rank_correlation is not None and not 0 <= self.rank_correlation < 1:
            raise problem(f"rank_correlation {self.rank_correlation:g} is outside 0 to below 1")
        if self.loadings is not None and any(not -1 <= value <= 1 for value in self.loadings):
            raise problem("a loading is outside -1 to 1")
        return self


class Book(Model):
    """Everything that is known or assumed about one system, sourced."""

    finsim: Version = 1
    title: Name
    demand: Demand | None = None
    organisations: tuple[Organisation, ...]
    external: tuple[External, ...] = ()
    lines: tuple[Line, ...] = ()
    contracts: tuple[Contract, ...] = ()
    population: Population = Field(default_factory=Population)
    curves: tuple[AgeCostCurve, ...] = ()
    national_drivers: tuple[Driver, ...] = ()
    drivers: tuple[Driver, ...] = ()
    dependence: tuple[Dependence, ...] = ()
    payments: tuple[PaymentTerms, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    totals: tuple[TotalsSet, ...] = ()
    control_totals: tuple[ControlTotals, ...] = ()
    funding_rules: tuple[FundingRules, ...] = ()
    funds: tuple[Fund, ...] = ()
    reserves: tuple[Reserves, ...] = ()
    risk_shares: tuple[RiskShare, ...] = ()
    networks: tuple[Network, ...] = ()
    localities: tuple[Locality, ...] = ()
    budgets: tuple[Budgets, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    outturns: tuple[Outturn, ...] = ()

    def all_drivers(self) -> tuple[Driver, ...]:
        """National drivers, then the system's own."""
        return (*self.national_drivers, *self.drivers)
