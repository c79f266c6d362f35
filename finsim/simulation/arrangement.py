"""Control totals, risk share and funding of one option as arrays, and their settlement.

The order is settle, judge, fund: transfers and support first, then the control totals are judged,
then the fund pays. The economics before it is the same for every option that shares a plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from finsim.economics import control_totals as totals_of
from finsim.economics.arrays import weighted
from finsim.economics.risk_share import Settlement, settle
from finsim.economics.risk_share_terms import Basis, FixedLine, Pool, Term
from finsim.economics.sustainability_funding import sustainability_funding
from finsim.economics.sustainability_funding_terms import FundingTerms
from finsim.simulation.compile_flows import CostUnits
from finsim.simulation.evaluate import Outcome, Workings, after_schemes, own_costs
from finsim.simulation.factors import Factors
from finsim.simulation.levels import LevelOutcome, Levels, level_outcomes
from finsim.simulation.plan import FloatArray, IntArray, Plan

SETTLED_BY = ("totals", "control_totals", "funds", "risk_shares", "budgets", "comparisons")
SAVINGS = "savings"
AGAINST_PLAN = "savings against plan"
AGAINST_CENTRAL = "savings against central"
SAVINGS_LINES = (SAVINGS, AGAINST_PLAN, AGAINST_CENTRAL)


class FundingArrangement(Struct, frozen=True):
    """A fund: what is offered [organisation, year], by which terms, and who attains what.

    `attainment` gives, for each performance part, an input of the plan or a fixed share.
    """

    terms: tuple[FundingTerms, ...]
    offered: FloatArray
    in_scope: NDArray[np.bool_]
    attainment: Mapping[str, int | float]
    national_pot: float


class ServiceLine(Struct, frozen=True):
    """A service whose variance a risk share names: what organisations net on it.

    `flows` are the plan's flows with contracts of the service, `parts` [organisation, flow] the
    part of each that is of the service, positive for the provider and negative for the payer.
    `costs` are its own lines, `central` [organisation, year] the central net.
    """

    name: str
    flows: IntArray
    parts: FloatArray
    costs: CostUnits
    central: FloatArray

    def variance(self, plan: Plan, found: Workings) -> FloatArray:
        """The net less the central net, [organisation, year, draw], £m, favourable positive."""
        net = -self._costs(found.factors)
        if self.flows.size:
            after = after_schemes(plan.flows, found.before, found.touched)
            net += weighted(self.parts, after[self.flows])
        net -= self.central[:, :, None]
        return net

    def _costs(self, factors: Factors) -> FloatArray:
        found = own_costs(self.costs, factors)
        kept = factors.efficiency[self.costs.scope] * (found.do_nothing - found.released)
        return weighted(self.costs.membership, kept)


class Agreement(Struct, frozen=True):
    """One of the risk shares of an option: its terms, by their places, and whether it has partners.

    Its transfers sum to zero by themselves.
    """

    id: str
    name: str
    places: range
    with_partners: bool


class Arrangement(Struct, frozen=True):
    """What one option adds to the economics.

    `totals` [organisation, year] are the control totals after offsets, NaN where none; `lines` adds
    the councils' balanced-budget line. `planned_saving` and `central_saving` are
    the savings of the two cases without chance.
    """

    option: str
    name: str
    totals: FloatArray
    lines: FloatArray
    in_system: NDArray[np.bool_]
    link_share: float
    funding: FundingArrangement | None
    terms: tuple[Term, ...]
    agreements: tuple[Agreement, ...]
    services: tuple[ServiceLine, ...]
    planned_saving: FloatArray
    central_saving: FloatArray
    weighted_population: FloatArray | None
    levels: Levels

    @property
    def has_totals(self) -> bool:
        """Whether anybody is judged."""
        return bool(np.isfinite(self.lines).any())


class Settled(Struct, frozen=True):
    """An outcome after settling, judging and funding, [organisation, year, draw], £m.

    `transfer_among_parties` and `transfer_with_partners` are `transfer` by whose agreement moved
    it; budgets of networks and localities are the parties'. `imbalance` is, for each agreement, the
    largest sum of its transfers in a draw; `overpaid` the most by which a fund, or the national
    pot, was exceeded. Both must be nil.
    """

    transfer: FloatArray
    transfer_among_parties: FloatArray
    transfer_with_partners: FloatArray
    external_support: FloatArray
    sustainability_funding: FloatArray
    position: FloatArray
    judged: FloatArray
    met: NDArray[np.bool_]
    met_before_transfer: NDArray[np.bool_]
    met_both: NDArray[np.bool_]
    system_met: NDArray[np.bool_]
    system_met_before_transfer: NDArray[np.bool_]
    all_met: NDArray[np.bool_]
    unplaced: FloatArray
    overpaid: float
    imbalance: tuple[float, ...]


def settled(
    plan: Plan,
    arrangement: Arrangement,
    outcome: Outcome,
    x: FloatArray,
    levels: tuple[LevelOutcome, ...] | None = None,
) -> Settled:
    """An outcome settled by an option's risk share, judged against its totals, and funded.

    Live budgets of networks and localities move their money first. `levels` are the arrangement's
    at this outcome, if they are known.
    """
    before = outcome.position_before_risk_share
    budgets = _budgets(plan, arrangement, outcome, x, levels)
    if budgets is None:
        settlement = _shared(plan, arrangement, outcome, before)
        transfer, support = settlement.transfer, settlement.external_support
    else:
        settlement = _shared(plan, arrangement, outcome, before + budgets[0] + budgets[1])
        transfer = settlement.transfer + budgets[0]
        support = settlement.external_support + budgets[1]
    moved = [_moved(settlement, agreement) for agreement in arrangement.agreements]
    with_partners = _with_partners(arrangement, moved, settlement)
    judged = before + transfer + support
    funding, overpaid = _funded(arrangement, judged, x)
    in_system, lines = arrangement.in_system, arrangement.lines
    system_total = totals_of.system_total(arrangement.totals, in_system)
    together = _system_judged(judged, arrangement)
    own = totals_of.met(judged, lines)
    system = totals_of.met(together, system_total)
    return Settled(
        transfer=transfer,
        transfer_among_parties=transfer - with_partners,
        transfer_with_partners=with_partners,
        external_support=support,
        sustainability_funding=funding,
        position=judged + funding,
        judged=judged,
        met=own,
        met_before_transfer=totals_of.met(before, lines),
        met_both=own & system[None],
        system_met=system,
        system_met_before_transfer=totals_of.met(_system_judged(before, arrangement), system_total),
        all_met=system & (own | ~in_system[:, None, None]).all(axis=0),
        unplaced=settlement.unplaced,
        overpaid=overpaid,
        imbalance=tuple(float(np.abs(own.sum(axis=0)).max(initial=0.0)) for own in moved),
    )


def _budgets(
    plan: Plan,
    arrangement: Arrangement,
    outcome: Outcome,
    x: FloatArray,
    levels: tuple[LevelOutcome, ...] | None,
) -> tuple[FloatArray, FloatArray] | None:
    """Transfers and support that live budgets bring to organisations; None where none is live."""
    if not arrangement.levels.is_live:
        return None
    if levels is None:
        levels = level_outcomes(plan, arrangement.levels, outcome, x)
    moved, given = np.zeros_like(outcome.income), np.zeros_like(outcome.income)
    for level in levels:
        moved += level.to_organisations
        given += level.support_to_organisations
    return moved, given


def _moved(settlement: Settlement, agreement: Agreement) -> FloatArray:
    """What one agreement transfers, [organisation, year, draw], £m."""
    parts = [
        movement.amount
        for movement in settlement.by_term
        if not movement.external and movement.place in agreement.places
    ]
    return sum(parts, start=np.zeros_like(settlement.transfer))


def _with_partners(
    arrangement: Arrangement, moved: list[FloatArray], settlement: Settlement
) -> FloatArray:
    """The transfers of the agreements that name a partner."""
    agreements = zip(arrangement.agreements, moved, strict=True)
    chosen = [own for agreement, own in agreements if agreement.with_partners]
    return sum(chosen, start=np.zeros_like(settlement.transfer))


def _system_judged(position: FloatArray, arrangement: Arrangement) -> FloatArray:
    return totals_of.system_position(position, arrangement.totals, arrangement.in_system)


def _shared(
    plan: Plan, arrangement: Arrangement, outcome: Outcome, before: FloatArray
) -> Settlement:
    nothing = np.zeros_like(before)
    if not arrangement.terms:
        return Settlement(nothing, nothing, nothing[0], ())
    lines = arrangement.lines
    stated = np.isfinite(lines)
    variance = before - lines[:, :, None]
    variance[~stated] = 0.0
    basis = Basis(
        organisations=plan.bodies.ids,
        years=year_names(plan),
        income=outcome.income,
        weighted_population=arrangement.weighted_population,
        lines={
            name: _line(plan, arrangement, outcome, name) for name in named_lines(arrangement.terms)
        },
    )
    return settle(variance, arrangement.terms, basis)


def named_lines(terms: Sequence[Term]) -> tuple[str, ...]:
    """The lines that terms name, each once."""
    named: dict[str, None] = {}
    for term in terms:
        if isinstance(term, Pool):
            named.update(dict.fromkeys(term.lines))
        elif isinstance(term, FixedLine):
            named[term.line] = None
    return tuple(named)


def _line(plan: Plan, arrangement: Arrangement, outcome: Outcome, name: str) -> FloatArray:
    """The variance on a line that a term names, [organisation, year, draw], £m."""
    if name == SAVINGS:
        return outcome.saving
    if name == AGAINST_PLAN:
        return outcome.saving - arrangement.planned_saving[:, :, None]
    if name == AGAINST_CENTRAL:
        return outcome.saving - arrangement.central_saving[:, :, None]
    service = next(service for service in arrangement.services if service.name == name)
    return service.variance(plan, outcome.workings)


def year_names(plan: Plan) -> tuple[str, ...]:
    """The years as terms name them."""
    return tuple(str(year) for year in plan.years)


def _funded(
    arrangement: Arrangement, judged: FloatArray, x: FloatArray
) -> tuple[FloatArray, float]:
    """What the fund pays, and the most by which it paid more than was offered, £m."""
    funding = arrangement.funding
    if funding is None:
        return np.zeros_like(judged), 0.0
    attainment = {part: _attained(stated, judged, x) for part, stated in funding.attainment.items()}
    received = sustainability_funding(
        judged,
        arrangement.totals,
        funding.in_scope,
        funding.offered,
        funding.terms,
        attainment,
        link_share=arrangement.link_share,
        in_system=arrangement.in_system,
        national_pot=funding.national_pot,
    )
    over_fund = (received.paid - funding.offered[:, :, None]).max()
    if not funding.national_pot:
        return received.paid, max(0.0, float(over_fund))
    over_pot = (received.bonus + received.residual).sum(axis=0).max() - funding.national_pot
    return received.total, max(0.0, float(over_fund), float(over_pot))


def _attained(stated: float | int, judged: FloatArray, x: FloatArray) -> FloatArray:
    """[organisation or 1, year, draw or 1], from 0 to 1."""
    if isinstance(stated, int):
        return x[stated : stated + 1]
    return np.full((*judged.shape[:2], 1), stated)


def economics_text(plan: Plan) -> str:
    """The part of a scenario that the economics depends on, and the inputs drawn, as text."""
    resolved = plan.resolved
    scenario = resolved.scenario.model_copy(
        update={
            "options": {},
            "control_totals": None,
            "risk_share": (),
            "sustainability_funding": None,
            "budgets": (),
            "title": "",
            "notes": (),
        }
    )
    book = resolved.book.model_copy(update=dict.fromkeys(SETTLED_BY, ()))
    held = resolved.held.model_copy(update={"control_totals": {}})
    shared = resolved.model_copy(
        update={
            "option": "",
            "scenario": scenario,
            "book": book,
            "held": held,
            "calibrating": False,
        }
    )
    return shared.canonical_text + " ".join(item.name for item in plan.inputs.inputs)
