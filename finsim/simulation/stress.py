"""A stress case laid over the inputs and the outcome of any draws.

The plan stays as it is: solved values, agreed plans and control totals are held, for nobody planned
for the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from finsim.book.schemes import ActivityScheme
from finsim.book.validate import has_tags
from finsim.scenario.stress_cases import DeliveredAs, StressCase, TurnoverShock
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import Activity, FloatArray, Plan
from finsim.uncertainty.distributions import Distribution

TOP = 0.95
ROUNDING = 1e-9


class Stress(Struct, frozen=True):
    """What a case does to a plan's inputs and positions.

    `fixed` sets an input to a path [year], `added` moves one by it; `lost` [organisation, year] is
    £m that positions fall by. `acts_on` names what is touched, in words; nothing when the system
    has none of it. `missed` is what the case names and the system does not have.
    """

    fixed: tuple[tuple[int, FloatArray], ...]
    added: tuple[tuple[int, FloatArray], ...]
    lost: FloatArray
    acts_on: tuple[str, ...]
    missed: tuple[str, ...] = ()

    def inputs(self, x: FloatArray) -> FloatArray:
        """The inputs [input, year, draw] under the case; those given stay as they are."""
        if not self.fixed and not self.added:
            return x
        stressed = x.copy()
        for number, path in self.fixed:
            stressed[number] = path[:, None]
        for number, path in self.added:
            stressed[number] += path[:, None]
        return stressed

    def outcome(self, outcome: Outcome) -> Outcome:
        """The outcome with what is lost taken from the positions."""
        if not self.lost.any():
            return outcome
        lost = self.lost[:, :, None]
        return replace(
            outcome,
            expenditure=outcome.expenditure + lost,
            position_do_nothing=outcome.position_do_nothing - lost,
            position_before_risk_share=outcome.position_before_risk_share - lost,
        )


def stress_of(plan: Plan, case: StressCase, t: int) -> Stress:
    """What a case does to a plan, looked at in the year at position t."""
    fixed: dict[int, FloatArray] = {}
    added: dict[int, FloatArray] = {}
    lost = np.zeros((len(plan.bodies.ids), len(plan.years)))
    acts_on: list[str] = []
    missed: list[str] = []
    for item in case.delivered:
        schemes = list(_schemes_on(plan, item))
        fixed |= {s.delivered: np.full(len(plan.years), item.delivered) for s in schemes}
        acts_on += [scheme.name for scheme in schemes]
        missed += [] if schemes else [f"schemes on {_tags(item)}"]
    known = {item.name: number for number, item in enumerate(plan.inputs.inputs)}
    names = {driver.id: driver.name for driver in plan.resolved.book.all_drivers()}
    for moved in case.rates:
        first, last = moved.over
        path = np.array([moved.add if first <= year <= last else 0.0 for year in plan.years])
        for name in moved.drivers:
            if name not in known or name not in names:
                missed.append(name)
            elif path.any():
                added[known[name]] = added.get(known[name], np.zeros_like(path)) + path
                acts_on.append(names[name])
    for name in case.highest:
        if name not in known:
            missed.append(name)
            continue
        uncertain = plan.inputs.inputs[known[name]]
        if not uncertain.is_fixed:
            fixed[known[name]] = uncertain.path + _top(uncertain.distribution)
            acts_on.append(names.get(name, name.replace(".", " ")))
    for shock in case.shocks:
        shocked = _shocked(plan, shock)
        lost[shocked, t] -= shock.turnover * plan.bodies.turnover[shocked]
        acts_on += [plan.bodies.names[number] for number in shocked]
        whose = shock.kind or f"providers of {', '.join(shock.providers_of or ())}"
        missed += [] if shocked else [whose]
    return Stress(
        tuple(fixed.items()),
        tuple(added.items()),
        lost,
        tuple(dict.fromkeys(acts_on)),
        tuple(dict.fromkeys(missed)),
    )


def together(stresses: Sequence[Stress]) -> Stress:
    """Several cases at once; where two set one input, the first does."""
    fixed: dict[int, FloatArray] = {}
    for stress in stresses:
        fixed |= {number: path for number, path in stress.fixed if number not in fixed}
    return Stress(
        tuple(fixed.items()),
        tuple(item for stress in stresses for item in stress.added),
        np.sum([stress.lost for stress in stresses], axis=0),
        tuple(dict.fromkeys(name for stress in stresses for name in stress.acts_on)),
    )


def _top(distribution: Distribution) -> float:
    """The upper end of a range that has one, otherwise its P95."""
    top = float(distribution.support[1])
    return top if np.isfinite(top) else float(distribution.quantile(np.array([TOP]))[0])


def _schemes_on(plan: Plan, item: DeliveredAs) -> Iterable[Activity]:
    """The activity schemes with so much of their saving on what the tags name."""
    stated = item.on.stated()
    book = plan.resolved.book
    schemes = {scheme.id: scheme for scheme in book.schemes if isinstance(scheme, ActivityScheme)}
    for scheme in plan.activity_schemes:
        if scheme.id not in schemes:
            continue
        on = 0.0
        for target, share in zip(scheme.targets, scheme.shares, strict=True):
            contract, line = plan.targets.contract[target], plan.targets.line[target]
            flow = book.contracts[contract] if contract >= 0 else book.lines[line]
            if share > 0 and has_tags(flow, stated):
                on += share
        if on >= item.at_least - ROUNDING and on > 0:
            yield scheme


def _tags(item: DeliveredAs) -> str:
    return ", ".join(word for words in item.on.stated().values() for word in words)


def _shocked(plan: Plan, shock: TurnoverShock) -> list[int]:
    """The organisations of a kind, or that are paid for a service, by their positions."""
    book = plan.resolved.book
    if shock.kind is not None:
        return [n for n, body in enumerate(book.organisations) if body.kind == shock.kind]
    services = shock.providers_of or ()
    paid = {contract.provider for contract in book.contracts if contract.service in services}
    return [number for number, body in enumerate(plan.bodies.ids) if body in paid]
