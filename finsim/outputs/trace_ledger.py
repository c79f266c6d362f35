"""The ledger of one body in a year: what makes up its position, entry by entry."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from msgspec import Struct

from finsim.book.model import Contract, External, Organisation
from finsim.outputs.trace_arrangement import chosen
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_names import PRESSURE_NAME
from finsim.outputs.trace_sources import provenance
from finsim.outputs.trace_text import (
    CELL,
    ROUNDED,
    RULE,
    WIDTH,
    Row,
    heading,
    money,
    share,
    shortened,
    table,
    wrapped,
)
from finsim.outputs.words import pounds

NOTES = 14
LEAST_WORDS = 10
MOST_WORDS = 30
COLUMNS = ("do nothing", "after")


class Entry(Struct, frozen=True):
    """One contract, cost or other item, £m, before and after schemes; a cost is positive."""

    id: str
    group: str
    words: str
    do_nothing: float
    value: float
    standing: str


class AfterRiskShare(Struct, frozen=True):
    """What an option adds to a body's position before risk share, £m; no total is NaN."""

    transfer: float
    external_support: float
    control_total: float
    met: bool
    sustainability_funding: float
    position: float


class Ledger(Struct, frozen=True):
    """The entries of a body in a year, and the engine's own position that they sum to."""

    income: tuple[Entry, ...]
    payments: tuple[Entry, ...]
    own_costs: tuple[Entry, ...]
    others: tuple[Entry, ...]
    position_do_nothing: float
    position: float
    after: AfterRiskShare | None

    @property
    def sums(self) -> tuple[float, float]:
        """Income less everything else, do nothing and after schemes, £m."""
        spent = (*self.payments, *self.own_costs, *self.others)
        nothing = [*(e.do_nothing for e in self.income), *(-e.do_nothing for e in spent)]
        after = [*(e.value for e in self.income), *(-e.value for e in spent)]
        return math.fsum(nothing), math.fsum(after)


def ledger(case: Case, number: int) -> Ledger:
    """The ledger of an organisation in the traced year."""
    body, t = case.book.organisations[number], case.t
    outcome = case.outcome
    return Ledger(
        income=_contracts(case, body.id, received=True),
        payments=_contracts(case, body.id, received=False),
        own_costs=_own_costs(case, body.id),
        others=tuple(_others(case, number)),
        position_do_nothing=float(case.of(outcome.position_do_nothing)[number, t]),
        position=float(case.of(outcome.position_before_risk_share)[number, t]),
        after=_after_risk_share(case, number),
    )


def _after_risk_share(case: Case, number: int) -> AfterRiskShare | None:
    found, t = case.settled, case.t
    if found is None:
        return None
    return AfterRiskShare(
        transfer=float(found.transfer[number, t, 0]),
        external_support=float(found.external_support[number, t, 0]),
        control_total=float(case.resolution.arrangement.lines[number, t]),
        met=bool(found.met[number, t, 0]),
        sustainability_funding=float(found.sustainability_funding[number, t, 0]),
        position=float(found.position[number, t, 0]),
    )


def _contracts(case: Case, body: str, *, received: bool) -> tuple[Entry, ...]:
    t = case.t
    nothing, value = case.of(case.lines.contracts_do_nothing), case.of(case.lines.contracts)
    names = {node.id: node.name for node in case.book.organisations}
    names |= {node.id: node.name for node in case.book.external}
    return tuple(
        Entry(
            contract.id,
            names[_other_end(contract, received)],
            contract.service.replace("_", " "),
            float(nothing[number, t]),
            float(value[number, t]),
            contract.standing,
        )
        for number, contract in enumerate(case.book.contracts)
        if (contract.provider if received else contract.payer) == body
    )


def _other_end(contract: Contract, received: bool) -> str:
    return contract.payer if received else contract.provider


def _own_costs(case: Case, body: str) -> tuple[Entry, ...]:
    t = case.t
    nothing, value = case.of(case.lines.costs_do_nothing), case.of(case.lines.costs)
    return tuple(
        Entry(
            line.id,
            line.cost_type,
            line.service.replace("_", " "),
            float(nothing[number, t]),
            float(value[number, t]),
            line.standing,
        )
        for number, line in enumerate(case.book.lines)
        if line.organisation == body
    )


def _others(case: Case, number: int) -> Iterator[Entry]:
    """Unattributed pressure, reserves, costs of delivery, the shock: unfavourable is a cost."""
    t, body = case.t, case.book.organisations[number]
    pressure = float(case.pressure()[number, t])
    if pressure:
        yield Entry("unattributed", PRESSURE_NAME, "", pressure, pressure, "illustrative")
    reserve = float(case.reserves()[number, t])
    if reserve:
        stated = chosen(case.book.reserves, case.resolution.resolved.scenario.reserves)
        yield Entry(stated.id, "reserves", "", reserve, reserve, stated.standing)
    standing = {scheme.id: scheme.standing for scheme in case.book.schemes}
    delivery = case.of(case.factors.cost_of_delivery)
    for scheme, cost in zip(case.plan.schemes, delivery, strict=True):
        paid = 0.0 if scheme.delivery is None else float(scheme.delivery.paid_by[number])
        if paid:
            words = f"{share(paid)} of it"
            value = paid * float(cost[t])
            yield Entry(scheme.id, "costs of delivery", words, 0.0, value, standing[scheme.id])
    if body.shock is not None:
        shock = float(case.shocks()[number, t])
        drivers = {driver.id: driver.standing for driver in case.book.all_drivers()}
        yield Entry(body.shock, "shock", "", -shock, -shock, drivers[body.shock])


def organisation(case: Case, number: int) -> list[str]:
    """An organisation's ledger in words and figures."""
    body = case.book.organisations[number]
    found = ledger(case, number)
    return [
        *heading(case, f"{body.name} ({body.id}) – {_described(body)}"),
        "",
        *_ledger_table(case, found, number),
        "",
        *_illustrative(found),
        ROUNDED,
        "",
        *provenance(case, body, "organisations", number),
    ]


def _described(body: Organisation) -> str:
    inside = "in the perimeter" if body.in_perimeter else "shown beside, outside the perimeter"
    return f"{body.kind}, {inside}, local share {share(body.local_share)}"


def _ledger_table(case: Case, found: Ledger, number: int) -> list[str]:
    t, outcome = case.t, case.outcome
    saving = float(case.of(outcome.saving)[number, t])
    delivery = float(case.of(outcome.cost_of_delivery)[number, t])
    stranded = float(case.of(outcome.stranded_cost)[number, t])
    every = (*found.income, *found.payments, *found.own_costs, *found.others)
    width = _width(every)
    rows = [
        *_part("Income", found.income, width),
        *_part("Payments out", found.payments, width),
        *_part("Own costs", found.own_costs, width),
        *_part("Other", found.others, width),
        RULE,
        Row(
            "Position before risk share = income − payments − own costs − other",
            (money(found.position_do_nothing), money(found.position)),
        ),
        Row("  change = saving, net", ("", money(saving))),
        Row("           less costs of delivery", ("", money(-delivery))),
        Row("  stranded cost in it", ("", money(stranded))),
        *_after_rows(case, found),
    ]
    return table(f"£m, {case.year}, before and after schemes", COLUMNS, rows)


def _after_rows(case: Case, found: Ledger) -> Iterator[Row]:
    """What the option settles, judges and funds, in that order."""
    after, scenario = found.after, case.resolution.resolved.scenario
    if after is None:
        return
    yield RULE
    agreed = ", ".join(scenario.risk_share) or "none"
    yield Row(f"Transfer, risk share {agreed}", ("", money(after.transfer)))
    yield Row("External support", ("", money(after.external_support)))
    if math.isfinite(after.control_total):
        judged = "met" if after.met else "not met"
        label = f"  judged against the control total, {scenario.control_totals}: {judged}"
        yield Row(label, ("", money(after.control_total)))
    fund = scenario.sustainability_funding or "none"
    yield Row(f"Sustainability funding, {fund}", ("", money(after.sustainability_funding)))
    yield Row("Position", ("", money(after.position)))


def _part(title: str, entries: tuple[Entry, ...], width: int) -> Iterator[Row]:
    """A heading with its sum, then each group with its own, then the entries of the group."""
    if not entries:
        return
    yield Row(title, _sums(entries))
    for group in dict.fromkeys(entry.group for entry in entries):
        within = [entry for entry in entries if entry.group == group]
        if within[0].words:
            yield Row(f"  {group}", _sums(within))
            yield from (_entry_row(entry, f"    {entry.words}", width) for entry in within)
        else:
            yield from (_entry_row(entry, f"  {group}", width) for entry in within)


def _entry_row(entry: Entry, words: str, width: int) -> Row:
    """Words, then the id in a column of its own."""
    label = f"{shortened(words, width):<{width}} {entry.id}"
    return Row(label, (money(entry.do_nothing), money(entry.value)), entry.standing)


def _width(entries: Iterable[Entry]) -> int:
    """How wide the words before an id may be."""
    longest = max((len(entry.id) for entry in entries), default=0)
    return max(LEAST_WORDS, min(MOST_WORDS, WIDTH - 2 * CELL - NOTES - longest - 1))


def _sums(entries: Iterable[Entry]) -> tuple[str, str]:
    kept = list(entries)
    nothing = math.fsum(entry.do_nothing for entry in kept)
    return money(nothing), money(math.fsum(entry.value for entry in kept))


def _illustrative(found: Ledger) -> list[str]:
    parts = []
    spent = (*found.payments, *found.own_costs, *found.others)
    for words, entries in (("income", found.income), ("expenditure", spent)):
        total = math.fsum(abs(entry.value) for entry in entries)
        judged = math.fsum(abs(e.value) for e in entries if e.standing == "illustrative")
        if total:
            parts.append(f"{pounds(judged)} of {pounds(total)} {words} ({share(judged / total)})")
    return wrapped(f"Rests on illustrative inputs: {' and '.join(parts)}.") if parts else []


def external(case: Case, number: int) -> list[str]:
    """What a body outside the perimeter pays and is paid."""
    body: External = case.book.external[number]
    received = _contracts(case, body.id, received=True)
    paid = _contracts(case, body.id, received=False)
    width = _width((*paid, *received))
    rows = [*_part("Paid by it", paid, width), *_part("Paid to it", received, width)]
    return [
        *heading(case, f"{body.name} ({body.id}) – payer or supplier outside the perimeter"),
        "",
        *table(f"£m, {case.year}, before and after schemes", COLUMNS, rows),
        "",
        ROUNDED,
        "",
        *provenance(case, body, "external", number),
    ]
