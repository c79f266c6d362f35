"""From a resolved scenario to a plan."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from finsim.book.arrangements import ReserveYear
from finsim.book.model import Book
from finsim.book.quantities import financial_year_text
from finsim.book.uncertain import UncertainRate
from finsim.economics import costs
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs
from finsim.simulation.compile_arrangement import attainment_drivers
from finsim.simulation.compile_flows import (
    CostUnits,
    contract_arrays,
    line_rows,
    merged_contracts,
)
from finsim.simulation.compile_schemes import SchemeCompiler, chosen_schemes, ramped_alike
from finsim.simulation.evaluate import central_activities, central_parts, planned_removal
from finsim.simulation.factors import factors_at
from finsim.simulation.indices import Indices, integers
from finsim.simulation.inputs import GROWTH, PRESSURE, InputError, Inputs, Register
from finsim.simulation.misfits import impossible_inputs
from finsim.simulation.named import bodies_named, found
from finsim.simulation.plan import (
    NONE,
    Activity,
    Bodies,
    Contracts,
    Efficiency,
    FloatArray,
    Plan,
    Reserved,
)

ROUNDING = 1e-9


def compile_plan(resolved: Resolved) -> Plan:
    """The plan of a scenario.

    Raises InputError, with the path of the value in the book or scenario, for what can only be
    judged together: a path without a year, an impossible correlation, people that are missing, a
    scheme that removes more activity than there is.
    """
    book, scenario, held = resolved.book, resolved.scenario, resolved.held
    years = scenario.year_numbers
    chosen = chosen_schemes(book, scenario)
    spread = held.unattributed.spread if held.unattributed is not None else None
    register = Register(book, years, growth_of(resolved), spread, held.listed)
    names = [*_names(book, chosen, spread), *attainment_drivers(resolved)]
    inputs = register.select(names)
    indices = Indices(book, scenario, inputs)
    schemes = SchemeCompiler(book, held, inputs, years)
    activity, efficiency = schemes.compiled(chosen)
    targets, removals = schemes.target_arrays(indices, activity)
    scopes = schemes.scopes(chosen)
    distinct = tuple(dict.fromkeys(scopes))
    scope_of = [distinct.index(scope) for scope in scopes]
    lines = line_rows(book, indices, schemes.targets, targets, scope_of)
    units = CostUnits(lines, len(book.organisations))
    contracts = contract_arrays(book, years, indices, schemes.targets, targets)
    held_back = _held_back(resolved)
    flows, place = merged_contracts(contracts, set(held_back))
    bodies = _bodies(book, contracts, inputs, indices)
    plan = Plan(
        resolved=resolved,
        years=years,
        inputs=inputs,
        bodies=bodies,
        people=indices.people(),
        rates=indices.rates(),
        activities=indices.activities(),
        contracts=contracts,
        flows=flows,
        flow_of=place,
        crossing=_crossing(flows, bodies),
        lines=lines,
        unit_organisation=units.organisation,
        unit_scope=units.scope,
        unit_membership=units.membership,
        costs=units.costs,
        cost_membership=units.cost_membership,
        releases=units.releases,
        release_membership=units.release_membership,
        targets=targets,
        removals=removals,
        activity_schemes=activity,
        ramped_alike=ramped_alike(activity, inputs),
        efficiency_schemes=efficiency,
        delivery_shares=_delivery_shares((*activity, *efficiency), len(bodies.ids)),
        scopes=distinct,
        unattributed=unattributed(resolved),
        unattributed_spread=NONE if spread is None else inputs.position(PRESSURE),
        reserved=tuple(
            Reserved(int(place[number]), int(contracts.provider[number]), *rates)
            for number, rates in held_back.items()
        ),
    )
    _refuse(impossible_inputs(plan))
    _refuse_over_removal(plan, chosen)
    central = factors_at(plan, central_inputs(plan))
    return replace(
        plan,
        removals=replace(removals, central_parts=central_parts(plan, central)),
        contracts=replace(contracts, central_activity=central_activities(central, contracts)),
        flows=replace(flows, central_activity=central_activities(central, flows)),
    )


def _refuse(impossible: list[InputError]) -> None:
    if impossible:
        first, *others = impossible
        first.others = tuple(others)
        raise first


def listed_inputs(resolved: Resolved) -> dict[str, int]:
    """Every input of a scenario and the random numbers that its place in the list takes."""
    book, years = resolved.book, resolved.scenario.year_numbers
    held = resolved.held.unattributed
    spread = held.spread if held is not None else None
    known = Register(book, years, growth_of(resolved), spread).known
    return {name: len(item.reserved) for name, item in known.items()}


def growth_of(resolved: Resolved) -> UncertainRate | None:
    """The sampled growth of the population; None where it is the outturn or there are no people."""
    people = resolved.scenario.population
    return None if people is None or people.growth == "outturn" else people.growth


def _names(book: Book, chosen: list[int], spread: UncertainRate | None) -> list[str]:
    """The inputs that move some result of this scenario."""
    names: list[str | None] = [body.shock for body in book.organisations]
    for flow in (*book.lines, *book.contracts):
        names += [flow.growth, flow.non_demographic, flow.price]
    for number in chosen:
        prefix = f"schemes.{book.schemes[number].id}"
        names += [f"{prefix}.{part}" for part in ("happens", "slip", "delivered")]
    if book.demand is not None:
        names += [GROWTH, book.demand.mix]
    if spread is not None:
        names.append(PRESSURE)
    return [name for name in names if name is not None]


def _crossing(flows: Contracts, bodies: Bodies) -> FloatArray:
    """+1 for a contract by which the outside pays the perimeter, −1 for the reverse, else 0."""
    net = (flows.incoming - flows.outgoing)[: len(bodies.ids)]
    signs: FloatArray = net[bodies.in_perimeter].sum(axis=0)
    return signs


def _delivery_shares(schemes: tuple[Activity | Efficiency, ...], bodies: int) -> FloatArray:
    """[organisation, scheme]: the part of each scheme's cost that each organisation pays."""
    shares = np.zeros((bodies, len(schemes)))
    for number, scheme in enumerate(schemes):
        if scheme.delivery is not None:
            shares[:, number] = scheme.delivery.paid_by
    return shares


def _held_back(resolved: Resolved) -> dict[int, tuple[FloatArray, FloatArray]]:
    """The contracts of which their providers hold reserves back, and the two rates by year."""
    book, scenario = resolved.book, resolved.scenario
    if scenario.reserves is None:
        return {}
    where = ("scenario", "reserves")
    number, stated = found(book.reserves, scenario.reserves, "reserves", where)
    members = bodies_named(book, stated.members, ("reserves", number, "members"))
    none = ReserveYear()
    rates = [stated.by_year.get(year, none) for year in scenario.year_numbers]
    held = (
        np.array([rate.uncommitted for rate in rates]),
        np.array([rate.contingency for rate in rates]),
    )
    return {
        position: held
        for position, contract in enumerate(book.contracts)
        if contract.service == stated.service and contract.provider in members
    }


def _bodies(book: Book, contracts: Contracts, inputs: Inputs, indices: Indices) -> Bodies:
    count = len(book.organisations)
    return Bodies(
        ids=tuple(body.id for body in book.organisations),
        names=tuple(body.name for body in book.organisations),
        in_perimeter=np.array([body.in_perimeter for body in book.organisations], dtype=bool),
        local_share=np.array([body.local_share for body in book.organisations]),
        shock=integers(
            NONE if body.shock is None else inputs.position(body.shock)
            for body in book.organisations
        ),
        turnover=(contracts.incoming @ contracts.baseline)[:count],
        weighted_population=indices.weighted_population(),
    )


def unattributed(resolved: Resolved) -> FloatArray:
    """[organisation, year], £m: nil in the base year, equal steps to the year it was solved in."""
    held, years = resolved.held.unattributed, resolved.scenario.year_numbers
    bodies = [body.id for body in resolved.book.organisations]
    if held is None:
        return np.zeros((len(bodies), len(years)))
    target = held.in_year - years[0]
    shares = [held.shares.get(body, 0.0) for body in bodies]
    return np.stack(
        [costs.unattributed_pressure(held.amount, s, 0, target, len(years)) for s in shares]
    )


def _refuse_over_removal(plan: Plan, chosen: list[int]) -> None:
    """A full effect above the activity that it acts on is a mistake in the scheme."""
    if not plan.activity_schemes:
        return
    share = planned_removal(plan)
    worst = np.unravel_index(np.argmax(share), share.shape)
    if share[worst] <= 1 + ROUNDING:
        return
    scheme = plan.activity_schemes[int(worst[0])]
    book = plan.resolved.book
    number = next(n for n in chosen if book.schemes[n].id == scheme.id)
    year = financial_year_text(plan.years[int(worst[2])])
    text = f"at its full effect removes {share[worst]:.0%} of what it acts on in {year}"
    raise InputError(("schemes", number, "saving"), f"{text}; at most 100% can be removed")
