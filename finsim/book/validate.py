"""Whether the parts of a book fit together: names that exist, tables that are whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from finsim.book.model import Book, Contract, Line, PaymentName
from finsim.book.nodes import Mapping, place_of, words_of
from finsim.book.places import Problem, did_you_mean, shown
from finsim.book.schemes import ActivityScheme, EfficiencyScheme, Selector

PAYMENT_NAMES: tuple[str, ...] = PaymentName.__args__  # type: ignore[attr-defined]
PARAMETER_FREE = tuple(name for name in PAYMENT_NAMES if name != "cap and collar")
Path = tuple[int | str, ...]
Finding = tuple[Path, str]


def cross_check(book: Book, tree: Mapping) -> list[Problem]:
    """Every reference that leads nowhere and every table that does not fit, with its place."""
    findings = [
        *_duplicates(book),
        *_bodies(book),
        *_flows(book),
        *_people(book),
        *_payments(book),
        *_dependence(book),
        *_schemes(book),
    ]
    return [Problem(place_of(tree, path), words_of(tree, path), text) for path, text in findings]


def _unknown(kind: str, found: str, allowed: Iterable[str]) -> str:
    choices = sorted(allowed)
    listed = f"; known: {', '.join(choices)}" if len(choices) <= 12 else ""
    return f"there is no {kind} {shown(found)}{listed}{did_you_mean(found, choices)}"


def _duplicates(book: Book) -> Iterator[Finding]:
    yield from _repeated([("organisations", book.organisations), ("external", book.external)])
    yield from _repeated([("lines", book.lines), ("contracts", book.contracts)])
    yield from _repeated([("national_drivers", book.national_drivers), ("drivers", book.drivers)])
    yield from _repeated([("schemes", book.schemes)])
    yield from _repeated([("payments", book.payments)])
    yield from _repeated([("curves", book.curves)])


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def _repeated(sections: Iterable[tuple[str, Iterable[_Named]]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for section, items in sections:
        for number, item in enumerate(items):
            name = item.id
            if name in seen:
                yield (section, number, "id"), f"the id {shown(name)} stands twice"
            seen.add(name)


def _bodies(book: Book) -> Iterator[Finding]:
    areas, drivers = set(book.population.areas), {driver.id for driver in book.all_drivers()}
    if not book.organisations:
        yield ("organisations",), "holds no organisation; one or more are needed"
    for number, body in enumerate(book.organisations):
        for area in body.areas:
            if area not in areas:
                yield ("organisations", number, "areas"), _unknown("area", area, areas)
        if body.shock is not None and body.shock not in drivers:
            yield ("organisations", number, "shock"), _unknown("driver", body.shock, drivers)


def _flows(book: Book) -> Iterator[Finding]:
    organisations = {body.id for body in book.organisations}
    nodes = organisations | {body.id for body in book.external}
    payments = {terms.id for terms in book.payments} | set(PARAMETER_FREE)
    provided = {(c.provider, c.service) for c in book.contracts}
    for number, line in enumerate(book.lines):
        path: Path = ("lines", number)
        yield from _flow(book, line, path)
        if line.organisation not in organisations:
            text = _unknown("organisation", line.organisation, organisations)
            yield (*path, "organisation"), text
        elif line.demand == "contracts" and not _follows(line, provided):
            where = f"{line.organisation} provides no contract of service {shown(line.service)}"
            yield (*path, "demand"), f"{where}, so its activity cannot follow contracts"
    for number, contract in enumerate(book.contracts):
        path = ("contracts", number)
        yield from _flow(book, contract, path)
        for role, name in (("payer", contract.payer), ("provider", contract.provider)):
            if name not in nodes:
                yield (*path, role), _unknown("organisation or external body", name, nodes)
        if contract.payer == contract.provider:
            yield (*path, "provider"), f"{shown(contract.provider)} would pay itself"
        if contract.payment not in payments:
            yield (*path, "payment"), _unknown("payment", contract.payment, payments)


def _follows(line: Line, provided: set[tuple[str, str]]) -> bool:
    if line.service == "all":
        return any(provider == line.organisation for provider, _ in provided)
    return (line.organisation, line.service) in provided


def _flow(book: Book, flow: Line | Contract, path: Path) -> Iterator[Finding]:
    drivers = {driver.id for driver in book.all_drivers()}
    for name in ("growth", "non_demographic", "price"):
        driver = getattr(flow, name)
        if driver is not None and driver not in drivers:
            yield (*path, name), _unknown("driver", driver, drivers)
    if (flow.demand == "growth") != (flow.growth is not None):
        needed = "names no `growth` driver" if flow.growth is None else "is not `growth`"
        yield (*path, "demand"), f"the demand {shown(flow.demand)} {needed}"
    if flow.demand in {"population", "headcount"} and not flow.areas:
        yield (*path, "areas"), f"demand by {flow.demand} needs `areas`"
    for area in flow.areas:
        if area not in book.population.areas:
            yield (*path, "areas"), _unknown("area", area, book.population.areas)


def _people(book: Book) -> Iterator[Finding]:
    bands = len(book.population.bands)
    for number, row in enumerate(book.population.rows):
        if len(row.people) != bands:
            text = f"has {len(row.people)} age bands; the table has {bands}"
            yield ("population", "rows", number), text
    seen: set[tuple[str, int, str]] = set()
    for number, row in enumerate(book.population.rows):
        key = (row.area, row.year, row.variant)
        if key in seen:
            text = f"{row.area} {row.year} stands twice for {row.variant!r}"
            yield ("population", "rows", number), text
        seen.add(key)
    curves = {curve.id for curve in book.curves}
    for number, curve in enumerate(book.curves):
        if len(curve.cost) != bands:
            text = f"has {len(curve.cost)} age bands; the population table has {bands}"
            yield ("curves", number), text
    if book.demand is None:
        if any(flow.demand == "population" for flow in (*book.lines, *book.contracts)):
            yield (), "the key 'demand' is missing; it names the age-cost curves and their mix"
        return
    for name in book.demand.curves:
        if name not in curves:
            yield ("demand", "curves"), _unknown("age-cost curve", name, curves)
    drivers = {driver.id for driver in book.all_drivers()}
    if book.demand.mix not in drivers:
        yield ("demand", "mix"), _unknown("driver", book.demand.mix, drivers)


def _payments(book: Book) -> Iterator[Finding]:
    for number, terms in enumerate(book.payments):
        if not terms.by_year:
            yield ("payments", number, "by_year"), "names no year; one or more are needed"
        if terms.id in PAYMENT_NAMES:
            text = f"the id {shown(terms.id)} is the name of a payment form; choose another"
            yield ("payments", number, "id"), text


def input_names(book: Book) -> dict[str, None]:
    """Every input of a book by name: drivers by id, those of schemes as `schemes.id.part`."""
    names: dict[str, None] = {driver.id: None for driver in book.all_drivers()}
    for scheme in book.schemes:
        for part in ("happens", "slip", "delivered"):
            names[f"schemes.{scheme.id}.{part}"] = None
    return names


def members_of(pattern: str, names: Iterable[str]) -> list[str]:
    """The inputs that a member word means; `*` stands for one scheme's name."""
    if "*" not in pattern:
        return [name for name in names if name == pattern]
    before, _, after = pattern.partition("*")
    return [
        name
        for name in names
        if name.startswith(before) and name.endswith(after) and len(name) > len(pattern) - 1
    ]


def _dependence(book: Book) -> Iterator[Finding]:
    names = input_names(book)
    drivers = {driver.id for driver in book.all_drivers()}
    used: dict[str, str] = {}
    for number, group in enumerate(book.dependence):
        path: Path = ("dependence", number)
        members = [m for pattern in group.members for m in members_of(pattern, names)]
        for pattern in group.members:
            if not members_of(pattern, names):
                yield (*path, "members"), _unknown("input", pattern, names)
        for member in members:
            if member in used:
                text = f"{shown(member)} is already in {shown(used[member])}; one group is allowed"
                yield (*path, "members"), text
            used[member] = group.id
        if group.factor is not None and group.factor not in drivers:
            yield (*path, "factor"), _unknown("driver", group.factor, drivers)
        if group.factor in members:
            yield (*path, "members"), f"the factor {shown(str(group.factor))} is its own member"
        for name in ("loadings", "matrix"):
            given = getattr(group, name)
            if given is not None and len(given) != len(members):
                text = f"has {len(given)} rows for {len(members)} members"
                yield (*path, name), text


def _schemes(book: Book) -> Iterator[Finding]:
    nodes = {body.id for body in (*book.organisations, *book.external)}
    for number, scheme in enumerate(book.schemes):
        path: Path = ("schemes", number)
        if scheme.costs is not None:
            for body in scheme.costs.paid_by:
                if body not in nodes:
                    text = _unknown("organisation or external body", body, nodes)
                    yield (*path, "costs", "paid_by", body), text
        if isinstance(scheme, EfficiencyScheme):
            yield from _selected(book.lines, scheme.lines, (*path, "lines"), "own cost line")
            continue
        yield from _effects(book, scheme, path)


def _effects(book: Book, scheme: ActivityScheme, path: Path) -> Iterator[Finding]:
    for index, effect in enumerate(scheme.effects):
        where = (*path, "effects", index)
        if effect.contracts is not None:
            place = (*where, "contracts")
            yield from _selected(book.contracts, effect.contracts, place, "contract")
        if effect.lines is not None:
            yield from _selected(book.lines, effect.lines, (*where, "lines"), "own cost line")


def _selected(
    flows: Sequence[Line | Contract], selector: Selector, path: Path, kind: str
) -> Iterator[Finding]:
    if not matching(flows, selector):
        tags = "; ".join(f"{name} {', '.join(words)}" for name, words in selector.stated().items())
        yield path, f"matches no {kind} ({tags or 'no tag was given'})"


def matching(flows: Sequence[Line | Contract], selector: Selector) -> list[int]:
    """The positions of the lines or contracts whose tags all match; none if no tag is given."""
    stated = selector.stated()
    return [number for number, flow in enumerate(flows) if stated and _matches(flow, stated)]


def _matches(flow: Line | Contract, stated: dict[str, tuple[str, ...]]) -> bool:
    for name, words in stated.items():
        if name == "area":
            if not set(words) & set(flow.areas):
                return False
        elif getattr(flow, name, None) not in words:
            return False
    return True
