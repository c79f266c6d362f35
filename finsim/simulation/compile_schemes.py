"""Schemes, their targets and their costs as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.book.model import Book, Contract, Line
from finsim.book.places import did_you_mean, shown
from finsim.book.schemes import ActivityScheme, CostOfDelivery, EfficiencyScheme
from finsim.book.validate import matching
from finsim.economics.ramps import Ramp
from finsim.economics.schemes import gross_at_tariff
from finsim.scenario.model import Scenario
from finsim.scenario.resolved import Held
from finsim.simulation.indices import Indices, evenly, integers
from finsim.simulation.inputs import InputError, Inputs
from finsim.simulation.plan import (
    NONE,
    Activity,
    Delivery,
    Efficiency,
    FloatArray,
    IntArray,
    RampedAlike,
    Removals,
    Targets,
)
from finsim.simulation.ramps import in_place, ramp_from, start_month

TargetKey = tuple[str, int]
DIGITS = 12  # coefficients that agree so far are one: a share over a baseline is rounded


def chosen_schemes(book: Book, scenario: Scenario) -> list[int]:
    """The positions of the schemes that a scenario names by id, name or theme.

    Raises InputError for a word that names none.
    """
    chosen: set[int] = set()
    for position, word in enumerate(scenario.schemes):
        key = word.casefold()
        found = {
            number
            for number, scheme in enumerate(book.schemes)
            if key in {scheme.id.casefold(), scheme.name.casefold(), scheme.theme.casefold()}
        }
        if not found:
            themes = list(dict.fromkeys(scheme.theme for scheme in book.schemes))
            near = did_you_mean(word, [*themes, *(scheme.id for scheme in book.schemes)])
            text = f"there is no scheme or theme {shown(word)}; themes: {', '.join(themes)}{near}"
            raise InputError(("scenario", "schemes", position), text)
        chosen |= found
    return sorted(chosen)


def served_contracts(book: Book, line: Line) -> list[tuple[int, float]]:
    """The contracts that a provider's line serves and the share of it that each takes, by value."""
    if line.demand != "contracts":
        return []
    served = [
        (number, contract.baseline)
        for number, contract in enumerate(book.contracts)
        if contract.provider == line.organisation and line.service in {"all", contract.service}
    ]
    total = sum(value for _, value in served)
    return [(number, value / total) for number, value in served]


class SchemeCompiler:
    """The chosen schemes as arrays; `targets` gathers what they act on."""

    def __init__(self, book: Book, held: Held, inputs: Inputs, years: tuple[int, ...]) -> None:
        self.book = book
        self.held = held
        self.inputs = inputs
        self.years = years
        self.targets: dict[TargetKey, int] = {}

    def compiled(
        self, chosen: Sequence[int]
    ) -> tuple[tuple[Activity, ...], tuple[Efficiency, ...]]:
        """The schemes at these positions of the book.

        Raises InputError for one that starts before the first projected year, acts on nothing, or
        states a net saving that cannot be had.
        """
        activity: list[Activity] = []
        efficiency: list[Efficiency] = []
        for number in chosen:
            scheme = self.book.schemes[number]
            start = start_month(scheme.start, self.years[0])
            if start < 12:
                text = "is in or before the base year, which no scheme may change"
                raise InputError(("schemes", number, "start"), text)
            if isinstance(scheme, ActivityScheme):
                activity.append(self._activity(number, scheme, start))
            else:
                efficiency.append(self._efficiency(scheme, start))
        return tuple(activity), tuple(efficiency)

    def scopes(self, chosen: Sequence[int]) -> list[tuple[int, ...]]:
        """For each line, the efficiency schemes that act on it, by their order among those."""
        schemes = [self.book.schemes[number] for number in chosen]
        found = [scheme for scheme in schemes if isinstance(scheme, EfficiencyScheme)]
        acting = [set(matching(self.book.lines, scheme.lines)) for scheme in found]
        return [
            tuple(position for position, lines in enumerate(acting) if number in lines)
            for number in range(len(self.book.lines))
        ]

    def target_arrays(
        self, indices: Indices, activity: Sequence[Activity]
    ) -> tuple[Targets, Removals]:
        """Each target with the indices that its do-nothing value follows, and what is removed."""
        keys = list(self.targets)
        activity_of = integers(
            (indices.contract_activity if kind == "contract" else indices.line_activity)[n]
            for kind, n in keys
        )
        price_of = integers(
            (indices.contract_price if kind == "contract" else indices.line_price)[n]
            for kind, n in keys
        )
        coefficients = np.zeros((len(activity), len(keys)))
        for number, scheme in enumerate(activity):
            coefficients[number, scheme.targets] = scheme.coefficients
        first, removal = _alike(activity_of, price_of, coefficients)
        targets = Targets(
            baseline=np.array([self._baseline(*key) for key in keys]),
            activity=activity_of,
            price=price_of,
            contract=integers(n if kind == "contract" else NONE for kind, n in keys),
            line=integers(n if kind == "line" else NONE for kind, n in keys),
            removal=removal,
        )
        nothing = np.zeros((len(activity), len(first), len(self.years)))
        return targets, Removals(
            activity_of[first], price_of[first], coefficients[:, first], nothing
        )

    def _baseline(self, kind: str, number: int) -> float:
        flows: Sequence[Line | Contract] = (
            self.book.contracts if kind == "contract" else self.book.lines
        )
        return flows[number].baseline

    def _activity(self, number: int, scheme: ActivityScheme, start: float) -> Activity:
        spread = self._spread(number, scheme)
        full = self.held.full_savings.get(scheme.id)
        if full is None:
            assert isinstance(scheme.saving, float)
            full = scheme.saving
        if scheme.stated_as == "net to the system":
            full = float(gross_at_tariff(full, self._cash_release(number, spread)))
        prefix = f"schemes.{scheme.id}"
        keys = list(self.targets)
        shares = np.array(list(spread.values()))
        return Activity(
            id=scheme.id,
            name=scheme.name,
            theme=scheme.theme,
            full_saving=full,
            ramp=ramp_from(scheme.ramp),
            start=start,
            recurrent=scheme.recurrent,
            happens=self.inputs.position(f"{prefix}.happens"),
            slip=self.inputs.position(f"{prefix}.slip"),
            delivered=self.inputs.position(f"{prefix}.delivered"),
            targets=integers(spread),
            shares=shares,
            coefficients=shares / np.array([self._baseline(*keys[target]) for target in spread]),
            delivery=self._delivery(scheme.costs),
        )

    def _efficiency(self, scheme: EfficiencyScheme, start: float) -> Efficiency:
        prefix = f"schemes.{scheme.id}"
        return Efficiency(
            id=scheme.id,
            name=scheme.name,
            theme=scheme.theme,
            rates=np.array([scheme.rate.get(year, 0.0) for year in self.years])
            * in_place(start, len(self.years)),
            start=start,
            recurrent=scheme.recurrent,
            happens=self.inputs.position(f"{prefix}.happens"),
            delivered=self.inputs.position(f"{prefix}.delivered"),
            delivery=self._delivery(scheme.costs),
        )

    def _spread(self, number: int, scheme: ActivityScheme) -> dict[int, float]:
        """The share of a scheme's saving on each target, in proportion to base-year value."""
        spread: dict[int, float] = {}
        for position, effect in enumerate(scheme.effects):
            kind = "contract" if effect.contracts is not None else "line"
            flows: Sequence[Line | Contract] = (
                self.book.contracts if effect.contracts is not None else self.book.lines
            )
            selector = effect.contracts or effect.lines
            assert selector is not None
            found = [n for n in matching(flows, selector) if flows[n].baseline > 0]
            total = sum(flows[n].baseline for n in found)
            if total <= 0:
                where = ("schemes", number, "effects", position)
                raise InputError(where, "acts on lines that cost nothing in the base year")
            self._refuse_followers(found if kind == "line" else [], number, position)
            for n in found:
                target = self.targets.setdefault((kind, n), len(self.targets))
                spread[target] = spread.get(target, 0.0) + effect.share * flows[n].baseline / total
        return spread

    def _refuse_followers(self, lines: Sequence[int], number: int, position: int) -> None:
        following = [n for n in lines if self.book.lines[n].demand == "contracts"]
        if following:
            name = self.book.lines[following[0]].id
            text = f"the line {shown(name)} follows contracts; name the contracts instead"
            raise InputError(("schemes", number, "effects", position, "lines"), text)

    def _cash_release(self, number: int, spread: dict[int, float]) -> float:
        """The part of a scheme's saving at tariff that the system keeps.

        Removed activity releases part of its cost; added activity (a negative share) costs in full.
        """
        keys = list(self.targets)
        release = sum(
            share * (self._released(*keys[target]) if share > 0 else 1.0)
            for target, share in spread.items()
        )
        if release <= 0:
            text = f"a net saving cannot be had: {release:.0%} of the activity's cost is released"
            raise InputError(("schemes", number, "stated_as"), text)
        return release

    def _released(self, kind: str, number: int) -> float:
        if kind == "line":
            return self.book.lines[number].cash_release
        provider = self.book.contracts[number].provider
        if provider not in {body.id for body in self.book.organisations}:
            return 1.0
        served = [
            (line.baseline * share, line.cash_release)
            for line in self.book.lines
            if line.organisation == provider
            for contract, share in served_contracts(self.book, line)
            if contract == number
        ]
        total = sum(value for value, _ in served)
        return sum(value * release for value, release in served) / total if total else 0.0

    def _delivery(self, stated: CostOfDelivery | None) -> Delivery | None:
        if stated is None:
            return None
        bodies = [body.id for body in self.book.organisations]
        return Delivery(
            one_off=np.array([stated.one_off.get(year, 0.0) for year in self.years]),
            double_running=np.array([stated.double_running.get(year, 0.0) for year in self.years]),
            running=stated.running,
            paid_by=np.array([stated.paid_by.get(body, 0.0) for body in bodies]),
        )


def _alike(
    activity: IntArray, price: IntArray, coefficients: FloatArray
) -> tuple[IntArray, IntArray]:
    """The first target of each removal, and the removal of each target."""
    places: dict[tuple[object, ...], int] = {}
    first: list[int] = []
    removal: list[int] = []
    for target, column in enumerate(coefficients.T.tolist()):
        acting = (f"{value:.{DIGITS}g}" for value in column)
        key = (int(activity[target]), int(price[target]), *acting)
        if key not in places:
            places[key] = len(first)
            first.append(target)
        removal.append(places[key])
    return integers(first), integers(removal)


def ramped_alike(schemes: Sequence[Activity], inputs: Inputs) -> tuple[RampedAlike, ...]:
    """Activity schemes gathered by their ramps, so that each ramp is evaluated once."""
    ramps = dict.fromkeys(scheme.ramp for scheme in schemes)
    return tuple(
        _together(
            ramp, [n for n, scheme in enumerate(schemes) if scheme.ramp == ramp], schemes, inputs
        )
        for ramp in ramps
    )


def _together(
    ramp: Ramp, numbers: Sequence[int], schemes: Sequence[Activity], inputs: Inputs
) -> RampedAlike:
    chosen = [schemes[number] for number in numbers]
    costs = [scheme.delivery or _without_cost(inputs.years) for scheme in chosen]
    steady = all(inputs.inputs[scheme.delivered].is_steady for scheme in chosen)
    return RampedAlike(
        ramp=ramp,
        schemes=evenly(numbers),
        start=np.array([[scheme.start] for scheme in chosen]),
        full_saving=np.array([[[scheme.full_saving]] for scheme in chosen]),
        recurrent=np.array([[[scheme.recurrent]] for scheme in chosen]),
        happens=evenly([scheme.happens for scheme in chosen]),
        slip=evenly([scheme.slip for scheme in chosen]),
        delivered=evenly([scheme.delivered for scheme in chosen]),
        delivered_in=slice(0, 1) if steady else slice(None),
        one_off=np.stack([cost.one_off for cost in costs]),
        double_running=np.stack([cost.double_running for cost in costs]),
        running=np.array([[[cost.running]] for cost in costs]),
    )


def _without_cost(years: int) -> Delivery:
    return Delivery(np.zeros(years), np.zeros(years), 0.0, np.zeros(0))
