"""The plan: a scenario as arrays, with nothing left to look up while draws are evaluated.

What moves alike stands once. `flows` are the contracts with those that no scheme touches merged
where the same bodies pay by the same indices. A *cost unit* is an organisation's lines under one
set of efficiency schemes; its lines that share an activity index are one row, a weight on each
price index, so that their costs are one small matrix product. A *removal* is what the same schemes
take alike from all targets that move alike. `contracts` and `lines` keep every
contract and line by itself, for the record. Memberships are matrices of ones and noughts.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from finsim.book.model import PaymentForm
from finsim.economics.ramps import Ramp
from finsim.scenario.resolved import Resolved
from finsim.simulation.inputs import Inputs

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
Positions: TypeAlias = IntArray | slice
NONE = -1


class People(Struct, frozen=True):
    """How population moves demand: the sampled growth and the mix of the two age-cost curves."""

    growth: int
    mix: int
    years_from_base: FloatArray
    years_spanned: float
    outturn_growth: FloatArray
    weighted_a: FloatArray
    weighted_b: FloatArray


class Activities(Struct, frozen=True):
    """Distinct activity indices: a demand index times a rate index; NONE stands for 1."""

    demand: IntArray
    growth: IntArray
    non_demographic: IntArray


class Payment(Struct, frozen=True):
    """Contracts paid by one form in some years; `rows` is where their values stand."""

    form: PaymentForm
    contracts: IntArray
    rows: IntArray
    years: slice


class Contracts(Struct, frozen=True):
    """Contracts: who pays whom, what moves them, how they are paid.

    `removal` is what takes activity from each, NONE where no scheme acts; `touched` are those that
    schemes act on; `incoming` and `outgoing` [node, contract] hold 1 for the provider and for the
    payer.
    """

    baseline: FloatArray
    payer: IntArray
    provider: IntArray
    activity: IntArray
    price: IntArray
    target: IntArray
    removal: IntArray
    capitation: IntArray
    payments: tuple[Payment, ...]
    touched: IntArray
    touched_payments: tuple[Payment, ...]
    internal: NDArray[np.bool_]
    incoming: FloatArray
    outgoing: FloatArray
    central_activity: FloatArray


class CostRows(Struct, frozen=True):
    """Own lines, each split over the contracts that it serves: weights on the price indices.

    `releasing` are the weights times the cash release.
    """

    line: IntArray
    organisation: IntArray
    activity: IntArray
    target: IntArray
    removal: IntArray
    scope: IntArray
    weights: FloatArray
    releasing: FloatArray

    def only(self, kept: IntArray) -> CostRows:
        """Some of the rows, by their positions."""
        return CostRows(*(getattr(self, name)[kept] for name in self.__struct_fields__))


class CostGroups(Struct, frozen=True):
    """Own costs before schemes, one row for each cost unit and activity."""

    activity: IntArray
    weights: FloatArray


class ReleaseGroups(Struct, frozen=True):
    """Own costs that removals touch, one row for each cost unit and removal."""

    unit: IntArray
    removal: IntArray
    activity: IntArray
    weights: FloatArray
    releasing: FloatArray


class Targets(Struct, frozen=True):
    """What schemes act on: contracts or own lines, by their positions in the book.

    `removal` is what each loses activity by.
    """

    baseline: FloatArray
    activity: IntArray
    price: IntArray
    contract: IntArray
    line: IntArray
    removal: IntArray


class Removals(Struct, frozen=True):
    """Parts of activity that schemes remove: each that of all targets with its indices and schemes.

    `coefficients` [scheme, removal] are the shares of each scheme's saving over the baselines;
    `central_parts` [scheme, removal, year] each scheme's part of the central removal.
    """

    activity: IntArray
    price: IntArray
    coefficients: FloatArray
    central_parts: FloatArray


class Delivery(Struct, frozen=True):
    """The cost of delivering a scheme, £m by year, and the share each organisation pays."""

    one_off: FloatArray
    double_running: FloatArray
    running: float
    paid_by: FloatArray


class Activity(Struct, frozen=True):
    """A scheme on activity: the share of its saving on each target, and that over its baseline."""

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
    coefficients: FloatArray
    delivery: Delivery | None


class RampedAlike(Struct, frozen=True):
    """Activity schemes that build up by one ramp, by their positions, and what differs: [scheme].

    Positions are slices where they can be.

    `start` is [scheme, 1], `full_saving`, `recurrent` and `running` are [scheme, 1, 1], and
    `one_off` and `double_running` [scheme, year]: nil without a cost of delivery. What is delivered
    is taken in the years `delivered_in`: the first alone where it is the same in all.
    """

    ramp: Ramp
    schemes: Positions
    start: FloatArray
    full_saving: FloatArray
    recurrent: FloatArray
    happens: Positions
    slip: Positions
    delivered: Positions
    delivered_in: slice
    one_off: FloatArray
    double_running: FloatArray
    running: FloatArray


class Efficiency(Struct, frozen=True):
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


class Reserved(Struct, frozen=True):
    """The part of a contract that its provider must hold back, by year."""

    contract: int
    organisation: int
    uncommitted: FloatArray
    contingency: FloatArray


class Bodies(Struct, frozen=True):
    """The organisations; `weighted_population` [organisation, year] at the central age-cost mix."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    in_perimeter: NDArray[np.bool_]
    local_share: FloatArray
    shock: IntArray
    turnover: FloatArray
    weighted_population: FloatArray | None


class Plan(Struct, frozen=True):
    """Everything that evaluating draws needs; `flow_of` is the flow of each contract."""

    resolved: Resolved
    years: tuple[int, ...]
    inputs: Inputs
    bodies: Bodies
    people: People | None
    rates: IntArray
    activities: Activities
    contracts: Contracts
    flows: Contracts
    flow_of: IntArray
    crossing: FloatArray
    lines: CostRows
    unit_organisation: IntArray
    unit_scope: IntArray
    unit_membership: FloatArray
    costs: CostGroups
    cost_membership: FloatArray
    releases: ReleaseGroups
    release_membership: FloatArray
    targets: Targets
    removals: Removals
    activity_schemes: tuple[Activity, ...]
    ramped_alike: tuple[RampedAlike, ...]
    efficiency_schemes: tuple[Efficiency, ...]
    delivery_shares: FloatArray
    scopes: tuple[tuple[int, ...], ...]
    unattributed: FloatArray
    unattributed_spread: int
    reserved: tuple[Reserved, ...]

    @property
    def schemes(self) -> tuple[Activity | Efficiency, ...]:
        """Activity schemes, then efficiency schemes."""
        return (*self.activity_schemes, *self.efficiency_schemes)

    def has_economics_of(self, other: Plan) -> bool:
        """Whether both are one compiled plan, so that the same inputs have the same outcome."""
        return self.contracts is other.contracts and self.unattributed is other.unattributed

    @property
    def base_year(self) -> int:
        """The first year of the model."""
        return self.years[0]
