"""The design's formulas, one line and one contract at a time, straight from the book.

Slow, plain and apart from the plan: no line is grouped with another and nothing is looked up by
position. What the engine gives for a system must be what this gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from finsim.book.model import Contract, Line, PaymentForm
from finsim.book.schemes import ActivityScheme, CostOfDelivery, EfficiencyScheme, Selector
from finsim.economics import contracts as pay
from finsim.economics.costs import cost_line, released_share, stranded_cost
from finsim.economics.schemes import efficiency_index, in_year_saving, mean_ramp
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs
from finsim.simulation.plan import Plan
from finsim.simulation.ramps import ramp_from, start_month

FloatArray = NDArray[np.float64]
FORMS = ("tariff", "block", "blended", "marginal", "capitated")


@dataclass
class ByHand:
    """£m [year, draw], by the name of the contract, line, organisation or scheme."""

    contracts_do_nothing: dict[str, FloatArray] = field(default_factory=dict)
    contracts: dict[str, FloatArray] = field(default_factory=dict)
    costs_do_nothing: dict[str, FloatArray] = field(default_factory=dict)
    costs: dict[str, FloatArray] = field(default_factory=dict)
    stranded: dict[str, FloatArray] = field(default_factory=dict)
    delivery: dict[str, FloatArray] = field(default_factory=dict)
    position_do_nothing: dict[str, FloatArray] = field(default_factory=dict)
    position: dict[str, FloatArray] = field(default_factory=dict)
    income: dict[str, FloatArray] = field(default_factory=dict)


class World:
    """One set of inputs, by name."""

    def __init__(self, resolved: Resolved, plan: Plan, x: FloatArray) -> None:
        self.resolved, self.book = resolved, resolved.book
        self.years = resolved.scenario.year_numbers
        self.draws = x.shape[2]
        self.x = {item.name: x[n] for n, item in enumerate(plan.inputs.inputs)}
        chosen = set(resolved.scenario.schemes)
        kinds = (ActivityScheme, EfficiencyScheme)
        self.activity_schemes, self.efficiency_schemes = (
            [s for s in self.book.schemes if isinstance(s, kind) and _named(s, chosen)]
            for kind in kinds
        )

    def one(self) -> FloatArray:
        return np.ones((len(self.years), self.draws))

    # what moves a line

    def index(self, rate: str | None) -> FloatArray:
        level = self.one()
        if rate is not None:
            for t in range(1, len(self.years)):
                level[t] = level[t - 1] * (1 + self.x[rate][t])
        return level

    def demand(self, kind: str, areas: tuple[str, ...]) -> FloatArray:
        """`D(t) = Σ ω w P(t) / Σ ω w P(t0)`, from the table of people in every draw."""
        if kind not in {"population", "headcount"}:
            return self.one()
        stated, book = self.resolved.scenario.population, self.book
        assert stated is not None
        assert book.demand is not None
        table = {
            (found.area, found.year): np.array(found.people)
            for variant in reversed(stated.variant)
            for found in book.population.rows
            if found.variant == variant
        }
        totals = {t: sum(table[a, y] for a in book.population.areas).sum() for t, y in self._each()}
        curves = {item.id: np.array(item.cost) for item in book.curves}
        first, second = (curves[name] for name in book.demand.curves)
        mix = self.x[book.demand.mix][0]
        weighted = np.zeros_like(self.one())
        for t, year in self._each():
            if stated.growth == "outturn":
                people_now = np.full(self.draws, float(totals[t]))
            else:
                assert stated.by is not None
                assert stated.from_year is not None
                growth = 1 + self.x["population.growth"][0]
                people_now = totals[0] * growth ** (t / (stated.by - stated.from_year))
            for area in areas:
                frozen = stated.ageing == "none"
                ages = table[area, self.years[0] if frozen else year]
                share = ages / (totals[0] if frozen else totals[t])
                for band, part in enumerate(share):
                    cost = (1 - mix) * first[band] + mix * second[band]
                    weighted[t] += (1.0 if kind == "headcount" else cost) * part * people_now
        return weighted / weighted[0]

    def _each(self) -> list[tuple[int, int]]:
        return list(enumerate(self.years))

    def activity(self, flow: Line | Contract) -> FloatArray:
        grown = self.index(flow.growth) * self.index(flow.non_demographic)
        return self.demand(flow.demand, flow.areas) * grown

    def value_at_tariff(self, flow: Line | Contract) -> FloatArray:
        return flow.baseline * self.activity(flow) * self.index(flow.price)

    # schemes

    def ramp(self, scheme: ActivityScheme) -> FloatArray:
        start = start_month(scheme.start, self.years[0])
        slip = self.x[f"schemes.{scheme.id}.slip"][0]
        return mean_ramp(ramp_from(scheme.ramp), start, slip, len(self.years))

    def saving(self, scheme: ActivityScheme) -> FloatArray:
        held = self.resolved.held.full_savings.get(scheme.id)
        full = scheme.saving if held is None else held
        assert isinstance(full, float)
        assert scheme.stated_as == "gross at tariff"
        happens = self.x[f"schemes.{scheme.id}.happens"][0]
        delivered = self.x[f"schemes.{scheme.id}.delivered"]
        return in_year_saving(full, self.ramp(scheme), happens, delivered, scheme.recurrent)

    def removed(self, flow: Line | Contract) -> FloatArray:
        """`R = 1 − Π (1 − R_j)`, R_j the scheme's £ on this flow over its do-nothing value."""
        left = self.one()
        kind = "contracts" if isinstance(flow, Contract) else "lines"
        for scheme in self.activity_schemes:
            on_this = 0.0
            for effect in scheme.effects:
                selector = getattr(effect, kind)
                matched = [] if selector is None else self.matching(kind, selector)
                if flow in matched:
                    total = sum(item.baseline for item in matched)
                    on_this += effect.share * flow.baseline / total
            if on_this:
                left *= 1 - on_this * self.saving(scheme) / self.value_at_tariff(flow)
        return 1 - left

    def matching(self, kind: str, selector: Selector) -> list[Line | Contract]:
        found = []
        for flow in getattr(self.book, kind):
            tags = {**flow.model_dump(), "area": flow.areas}
            agrees = [
                bool(set(words) & set(tags[name] if name == "area" else (tags.get(name),)))
                for name, words in selector.stated().items()
            ]
            if agrees and all(agrees):
                found.append(flow)
        return found

    def efficiency(self, own: Line) -> FloatArray:
        level = self.one()
        for scheme in self.efficiency_schemes:
            if own in self.matching("lines", scheme.lines):
                happens = self.x[f"schemes.{scheme.id}.happens"][0]
                delivered = self.x[f"schemes.{scheme.id}.delivered"]
                yearly = np.array([scheme.rate.get(year, 0.0) for year in self.years])
                level = level * efficiency_index(yearly, delivered, happens, scheme.recurrent)
        return level

    def delivery_cost(self, stated: CostOfDelivery, ramp: FloatArray) -> FloatArray:
        fixed = [stated.one_off.get(y, 0.0) + stated.double_running.get(y, 0.0) for y in self.years]
        return np.array(fixed)[:, None] + stated.running * ramp * self.one()

    # money

    def form(self, paid: Contract, year: int) -> PaymentForm:
        terms = {item.id: item.by_year for item in self.book.payments}
        if paid.payment not in terms:
            return PaymentForm.model_validate({"form": paid.payment})
        by_year = terms[paid.payment]
        begun = [start for start in sorted(by_year) if start <= year]
        return by_year[begun[-1] if begun else min(by_year)]

    def capitation(self, paid: Contract) -> FloatArray:
        own = {body.id: body.areas for body in self.book.organisations}.get(paid.payer, ())
        areas = own or paid.areas
        return self.demand("population", areas) if areas else self.one()

    def paid(self, stated: Contract, activity: FloatArray, planned: FloatArray) -> FloatArray:
        value = self.one()
        price, people = self.index(stated.price), self.capitation(stated)
        base = stated.baseline
        for t, year in self._each():
            form = self.form(stated, year)
            a, plan, tau = activity[t], planned[t], price[t]
            match form.form:
                case "tariff":
                    value[t] = base * a * tau
                case "block":
                    value[t] = base * tau
                case "capitated":
                    value[t] = base * people[t] * tau
                case "marginal":
                    above = np.maximum(a - form.threshold, 0.0)
                    value[t] = base * tau * (a - above + form.marginal_rate * above)
                case "blended":
                    glass = np.inf if form.break_glass is None else form.break_glass
                    value[t] = pay.blended(base, a, plan, tau, form.marginal_rate, glass)
                case _:
                    assert form.collar is not None
                    assert form.cap is not None
                    value[t] = pay.cap_and_collar(
                        base, a, plan, tau, form.collar, form.cap,
                        form.payer_share_below, form.payer_share_above,
                    )  # fmt: skip
        return value


def _named(scheme: ActivityScheme | EfficiencyScheme, chosen: set[str]) -> bool:
    return bool(chosen & {scheme.id, scheme.name, scheme.theme})


def by_hand(resolved: Resolved, plan: Plan, x: FloatArray) -> ByHand:
    """Every figure of a system at the inputs x [input, year, draw]."""
    world, central = World(resolved, plan, x), World(resolved, plan, central_inputs(plan))
    hand = ByHand()
    for item in world.book.contracts:
        planned = central.activity(item)
        left = planned * (1 - central.removed(item))
        demanded, removed = world.activity(item), world.removed(item)
        hand.contracts_do_nothing[item.id] = world.paid(item, demanded, planned)
        # A contract that no scheme acts on is the same before and after.
        hand.contracts[item.id] = world.paid(item, demanded * (1 - removed), left)
    for own in world.book.lines:
        _cost(world, own, hand)
    _delivery(world, hand)
    _positions(world, hand)
    return hand


def _cost(world: World, own: Line, hand: ByHand) -> None:
    price, efficiency = world.index(own.price), world.efficiency(own)
    parts = [(own.baseline, world.activity(own), world.removed(own))]
    if own.demand == "contracts":
        services = {own.service}
        served = [
            item
            for item in world.book.contracts
            if item.provider == own.organisation
            and (own.service == "all" or item.service in services)
        ]
        total = sum(item.baseline for item in served)
        parts = [
            (own.baseline * item.baseline / total, world.activity(item), world.removed(item))
            for item in served
        ]
    nothing = 0.0 * world.one()
    before, after, stranded = nothing.copy(), nothing.copy(), nothing.copy()
    for base, activity, removed in parts:
        released = released_share(own.cash_release, removed)
        before += cost_line(base, activity, 1.0, price, 1.0, 0.0)
        after += cost_line(base, activity, 1.0, price, efficiency, released)
        unreleased = cost_line(base, activity, 1.0, price, efficiency, 0.0)
        stranded += stranded_cost(unreleased, own.cash_release, removed)
    hand.costs_do_nothing[own.id], hand.costs[own.id] = before, after
    hand.stranded[own.id] = stranded


def _delivery(world: World, hand: ByHand) -> None:
    for body in world.book.organisations:
        hand.delivery[body.id] = 0.0 * world.one()
    for scheme in (*world.activity_schemes, *world.efficiency_schemes):
        if scheme.costs is None:
            continue
        running = np.array([[float(12 * y + 3 >= scheme.start)] for y in world.years])
        ramp = world.ramp(scheme) if isinstance(scheme, ActivityScheme) else running
        cost = world.delivery_cost(scheme.costs, ramp)
        for body, share in scheme.costs.paid_by.items():
            if body in hand.delivery:
                hand.delivery[body] += share * cost


def _positions(world: World, hand: ByHand) -> None:
    book, held = world.book, world.resolved.held.unattributed
    for body in book.organisations:
        name = body.id
        pressure = 0.0 * world.one()
        if held is not None:
            target = held.in_year - world.years[0]
            steps = np.minimum(np.arange(len(world.years)) / target, 1.0)
            varied = 1 + world.x["calibrate.spread"] if held.spread is not None else world.one()
            pressure = held.amount * held.shares.get(name, 0.0) * steps[:, None] * varied
        turnover = sum(item.baseline for item in book.contracts if item.provider == name)
        shock = 0.0 * world.one()
        if body.shock is not None:
            shock[1:] = turnover * world.x[body.shock][1:]
        own = [item.id for item in book.lines if item.organisation == name]
        ends = ((1, "provider"), (-1, "payer"))
        net_before, net_after = (
            sum(
                sign * values[item.id]
                for sign, end in ends
                for item in book.contracts
                if getattr(item, end) == name
            )
            for values in (hand.contracts_do_nothing, hand.contracts)
        )
        fixed = shock - pressure - _reserves(world, hand, name)
        hand.position_do_nothing[name] = (
            fixed + net_before - sum(hand.costs_do_nothing[line] for line in own)
        )
        spent = sum(hand.costs[line] for line in own) + hand.delivery[name]
        hand.position[name] = fixed + net_after - spent
        received = (hand.contracts[c.id] for c in book.contracts if c.provider == name)
        hand.income[name] = sum(received, 0.0 * world.one())


def _reserves(world: World, hand: ByHand, body: str) -> FloatArray:
    """What a body holds back of the do-nothing value of contracts that it receives."""
    held = 0.0 * world.one()
    stated = [r for r in world.book.reserves if r.id == world.resolved.scenario.reserves]
    for reserve in stated:
        if body not in reserve.members:
            continue
        for t, year in enumerate(world.years):
            rate = reserve.by_year.get(year)
            for item in world.book.contracts:
                if rate and item.provider == body and item.service == reserve.service:
                    value = hand.contracts_do_nothing[item.id][t]
                    held[t] += (rate.uncommitted + rate.contingency) * value
    return held
