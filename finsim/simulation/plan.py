"""The plan: a scenario as arrays, with nothing left to look up while draws are evaluated.

Lines that share an activity index, an efficiency and a removal target stand as one *cost group*:
a weight on each price index, so that their costs are one small matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from finsim.book.model import PaymentForm
from finsim.economics.ramps import Ramp
from finsim.scenario.resolved import Resolved
from finsim.simulation.inputs import Inputs

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
NONE = -1


@dataclass(frozen=True, slots=True)
class People:
    """How population moves demand: the sampled growth and the mix of the two age-cost curves."""

    growth: int
    mix: int
    years_from_base: FloatArray
    years_spanned: float
    outturn_growth: FloatArray
    weighted_a: FloatArray
    weighted_b: FloatArray


@dataclass(frozen=True, slots=True)
class Activities:
    """Distinct activity indices: a demand index times a rate index; NONE stands for 1."""

    demand: IntArray
    growth: IntArray
    non_demographic: IntArray


@dataclass(frozen=True, slots=True)
class Payment:
    """Contracts paid by one form in some years."""

    form: PaymentForm
    contracts: IntArray
    years: slice


@dataclass(frozen=True, slots=True)
class Contracts:
    """Every contract: who pays whom, what moves it, how it is paid."""

    baseline: FloatArray
    payer: IntArray
    provider: IntArray
    activity: IntArray
    price: IntArray
    target: IntArray
    capitation: IntArray
    payments: tuple[Payment, ...]
    internal: NDArray[np.bool_]
    incidence: FloatArray
    central_activity: FloatArray


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost rows: weights on the price indices, in full and times their cash release.

    `line` names the own line that a row is a part of; NONE in a group of several.
    """

    line: IntArray
    organisation: IntArray
    activity: IntArray
    target: IntArray
    scope: IntArray
    weights: FloatArray
    releasing: FloatArray


@dataclass(frozen=True, slots=True)
class Target:
    """What a scheme acts on: a contract or an own line, at its do-nothing value."""

    baseline: float
    activity: int
    price: int
    contract: int
    line: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """The cost of delivering a scheme, £m by year, and the share each organisation pays."""

    one_off: FloatArray
    double_running: FloatArray
    running: float
    paid_by: FloatArray


@dataclass(frozen=True, slots=True)
class Activity:
    """A scheme on activity, with the share of its saving on each target."""

    id: str
    name: str
    theme: str
    full_saving: float
    ramp: Ramp
    start: float
    recurrent: float
    happens: int
    slip: int
    delivered: int
    targets: IntArray
    shares: FloatArray
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Efficiency:
    """A scheme on own cost, at a yearly rate."""

    id: str
    name: str
    theme: str
    rates: FloatArray
    start: float
    recurrent: float
    happens: int
    delivered: int
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Bodies:
    """The organisations."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    in_perimeter: NDArray[np.bool_]
    local_share: FloatArray
    shock: IntArray
    turnover: FloatArray


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that evaluating draws needs."""

    resolved: Resolved
    years: tuple[int, ...]
    inputs: Inputs
    bodies: Bodies
    people: People | None
    rates: IntArray
    activities: Activities
    contracts: Contracts
    costs: Costs
    targets: tuple[Target, ...]
    activity_schemes: tuple[Activity, ...]
    efficiency_schemes: tuple[Efficiency, ...]
    scopes: tuple[tuple[int, ...], ...]
    unattributed: FloatArray
    unattributed_spread: int
    lines: Costs

    @property
    def schemes(self) -> tuple[Activity | Efficiency, ...]:
        """Activity schemes, then efficiency schemes."""
        return (*self.activity_schemes, *self.efficiency_schemes)

    @property
    def base_year(self) -> int:
        """The first year of the model."""
        return self.years[0]
