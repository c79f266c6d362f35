"""Whether the parts of a book fit together: names that exist, tables that are whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, get_args

from finsim.book.areas import area_names
from finsim.book.findings import Finding, Path, unknown
from finsim.book.model import Book, Contract, Line, PaymentName
from finsim.book.nodes import Listing, Mapping, Node, Scalar, place_of, words_of
from finsim.book.places import InputProblems, Problem, shown
from finsim.book.schemes import ActivityScheme, EfficiencyScheme, Selector
from finsim.book.typed import typed
from finsim.book.validate_levels import level_findings

PAYMENT_NAMES: tuple[PaymentName, ...] = get_args(PaymentName)
PARAMETER_FREE = tuple(name for name in PAYMENT_NAMES if name != "cap and collar")
SYSTEM = "system"
_sound: deque[Book] = deque(maxlen=8)


def cross_check(book: Book, tree: Mapping) -> list[Problem]:
    """Every reference that leads nowhere and every table that does not fit, with its place."""
    if any(checked is book for checked in _sound):
        return []
    problems = _placed(_findings(book), tree)
    if not problems:
        _sound.append(book)
    return problems


def check_names(tree: Mapping, wrong: Iterable[Path]) -> list[Problem]:
    """The names that lead nowhere among the parts of a book that could be read.

    `wrong` are the paths of values that could not; what names the items that hold them is right.
    """
    left_out = {(str(path[0]), path[1]) for path in wrong if len(path) > 1}
    kept, dropped = tree, set[str]()
    for section in {section for section, _ in left_out}:
        node = tree.get(section)
        if not isinstance(node, Listing):
            return []
        items = [i for n, i in enumerate(node.items) if (section, n) not in left_out]
        for n, item in enumerate(node.items):
            dropped |= _labels(item) if (section, n) in left_out else set()
        kept = kept.having(section, Listing(tuple(items), node.place))
    try:
        book = typed(Book, kept)
    except InputProblems:
        return []
    found = [f for f in _findings(book) if f.name and not dropped & _words(f.name)]
    return _placed((f for f in found if "*" not in f.name), kept)


def _labels(item: Node) -> set[str]:
    """What other rows may call an item: its id, its name, and the group that a locality is in."""
    if not isinstance(item, Mapping):
        return set()
    labels = (item.get(key) for key in ("id", "name", "group"))
    return {label.text.casefold() for label in labels if isinstance(label, Scalar)}


def _words(name: str) -> set[str]:
    return {name.casefold(), *name.casefold().split(".")}


def _placed(findings: Iterable[Finding], tree: Mapping) -> list[Problem]:
    return [Problem(place_of(tree, f.path), words_of(tree, f.path), f.text) for f in findings]


def _findings(book: Book) -> list[Finding]:
    return [
        *_duplicates(book),
        *_bodies(book),
        *_flows(book),
        *_people(book),
        *_payments(book),
        *_dependence(book),
        *_schemes(book),
        *level_findings(book),
        *_comparisons(book),
        *_outturns(book),
    ]


def _duplicates(book: Book) -> Iterator[Finding]:
    yield from _repeated([("organisations", book.organisations), ("external", book.external)])
    yield from _repeated([("lines", book.lines), ("contracts", book.contracts)])
    yield from _repeated([("national_drivers", book.national_drivers), ("drivers", book.drivers)])
    yield from _repeated([("schemes", book.schemes)])
    yield from _repeated([("payments", book.payments)])
    yield from _repeated([("curves", book.curves)])
    yield from _repeated([("totals", book.totals)])
    yield from _repeated([("control_totals", book.control_totals)])
    yield from _repeated([("funding_rules", book.funding_rules)])
    yield from _repeated([("funds", book.funds)])
    yield from _repeated([("reserves", book.reserves)])
    yield from _repeated([("risk_shares", book.risk_shares)])
    yield from _repeated([("networks", book.networks)])
    yield from _repeated([("localities", book.localities)])
    yield from _repeated([("budgets", book.budgets)])
    yield from _repeated([("comparisons", book.comparisons)])
    yield from _repeated([("outturns", book.outturns)])


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def _repeated(sections: Iterable[tuple[str, Iterable[_Named]]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for section, items in sections:
        for number, item in enumerate(items):
            name = item.id
            if name in seen:
                yield Finding((section, number, "id"), f"the id {shown(name)} stands twice")
            seen.add(name)


def _bodies(book: Book) -> Iterator[Finding]:
    areas, drivers = set(book.population.areas), {driver.id for driver in book.all_drivers()}
    if not book.organisations:
        yield Finding(("organisations",), "holds no organisation; one or more are needed")
    bodies: list[tuple[str, list[str]]] = [
        ("organisations", [body.id for body in book.organisations]),
        ("external", [body.id for body in book.external]),
    ]
    for section, ids in bodies:
        if SYSTEM in ids:
            text = f"the id {shown(SYSTEM)} is the name of the whole; choose another"
            yield Finding((section, ids.index(SYSTEM), "id"), text)
    for number, body in enumerate(book.organisations):
        for area in area_names(body.areas):
            if area not in areas:
                yield unknown(("organisations", number, "areas"), "area", area, areas)
        if body.shock is not None and body.shock not in drivers:
            yield unknown(("organisations", number, "shock"), "driver", body.shock, drivers)


def _flows(book: Book) -> Iterator[Finding]:
    organisations = {body.id for body in book.organisations}
    nodes = organisations | {body.id for body in book.external}
    payments = {terms.id for terms in book.payments} | set(PARAMETER_FREE)
    provided = {(c.provider, c.service) for c in book.contracts}
    drivers, areas = {driver.id for driver in book.all_drivers()}, book.population.areas
    for number, line in enumerate(book.lines):
        path: Path = ("lines", number)
        yield from _flow(line, path, drivers, areas)
        if line.organisation not in organisations:
            place = (*path, "organisation")
            yield unknown(place, "organisation", line.organisation, organisations)
        elif line.demand == "contracts" and not _follows(line, provided):
            where = f"{line.organisation} provides no contract of service {shown(line.service)}"
            yield Finding((*path, "demand"), f"{where}, so its activity cannot follow contracts")
    for number, contract in enumerate(book.contracts):
        path = ("contracts", number)
        yield from _flow(contract, path, drivers, areas)
        for role, name in (("payer", contract.payer), ("provider", contract.provider)):
            if name not in nodes:
                yield unknown((*path, role), "organisation or external body", name, nodes)
        if contract.payer == contract.provider:
            yield Finding((*path, "provider"), f"{shown(contract.provider)} would pay itself")
        if contract.payment not in payments:
            yield unknown((*path, "payment"), "payment", contract.payment, payments)


def _follows(line: Line, provided: set[tuple[str, str]]) -> bool:
    if line.service == "all":
        return any(provider == line.organisation for provider, _ in provided)
    return (line.organisation, line.service) in provided


def _flow(
    flow: Line | Contract, path: Path, drivers: set[str], areas: tuple[str, ...]
) -> Iterator[Finding]:
    for name in ("growth", "non_demographic", "price"):
        driver = getattr(flow, name)
        if driver is not None and driver not in drivers:
            yield unknown((*path, name), "driver", driver, drivers)
    if (flow.demand == "growth") != (flow.growth is not None):
        needed = "names no `growth` driver" if flow.growth is None else "is not `growth`"
        yield Finding((*path, "demand"), f"the demand {shown(flow.demand)} {needed}")
    if flow.demand in {"population", "headcount"} and not flow.areas:
        yield Finding((*path, "areas"), f"demand by {flow.demand} needs `areas`")
    for area in area_names(flow.areas):
        if area not in areas:
            yield unknown((*path, "areas"), "area", area, areas)


def _people(book: Book) -> Iterator[Finding]:
    bands = len(book.population.bands)
    for number, row in enumerate(book.population.rows):
        if len(row.people) != bands:
            text = f"has {len(row.people)} age bands; the table has {bands}"
            yield Finding(("population", "rows", number), text)
    seen: set[tuple[str, int, str]] = set()
    for number, row in enumerate(book.population.rows):
        key = (row.area, row.year, row.variant)
        if key in seen:
            text = f"{row.area} {row.year} stands twice for {row.variant!r}"
            yield Finding(("population", "rows", number), text)
        seen.add(key)
    curves = {curve.id for curve in book.curves}
    for number, curve in enumerate(book.curves):
        if len(curve.cost) != bands:
            text = f"has {len(curve.cost)} age bands; the population table has {bands}"
            yield Finding(("curves", number), text)
        elif curve.bands and curve.bands != book.population.bands:
            stated, known = ", ".join(curve.bands), ", ".join(book.population.bands)
            text = f"has the age bands {stated}; those of the population table are {known}"
            yield Finding(("curves", number), text)
    if book.demand is None:
        demands = [line.demand for line in book.lines] + [c.demand for c in book.contracts]
        if "population" in demands:
            text = "the key 'demand' is missing; it names the age-cost curves and their mix"
            yield Finding((), text)
        return
    for name in book.demand.curves:
        if name not in curves:
            yield unknown(("demand", "curves"), "age-cost curve", name, curves)
    drivers = {driver.id for driver in book.all_drivers()}
    if book.demand.mix not in drivers:
        yield unknown(("demand", "mix"), "driver", book.demand.mix, drivers)


def _payments(book: Book) -> Iterator[Finding]:
    for number, terms in enumerate(book.payments):
        if not terms.by_year:
            yield Finding(("payments", number, "by_year"), "names no year; one or more are needed")
        if terms.id in PAYMENT_NAMES:
            text = f"the id {shown(terms.id)} is the name of a payment form; choose another"
            yield Finding(("payments", number, "id"), text)


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
                yield unknown((*path, "members"), "input", pattern, names)
        for member in members:
            if member in used:
                text = f"{shown(member)} is already in {shown(used[member])}; one group is allowed"
                yield Finding((*path, "members"), text)
            used[member] = group.id
        if group.factor is not None and group.factor not in drivers:
            yield unknown((*path, "factor"), "driver", group.factor, drivers)
        if group.factor in members:
            text = f"the factor {shown(str(group.factor))} is its own member"
            yield Finding((*path, "members"), text)
        for name in ("loadings", "matrix"):
            given = getattr(group, name)
            if given is not None and len(given) != len(members):
                text = f"has {len(given)} rows for {len(members)} members"
                yield Finding((*path, name), text)


def _comparisons(book: Book) -> Iterator[Finding]:
    bodies = {body.id for body in book.organisations}
    for number, item in enumerate(book.comparisons):
        if item.organisation not in bodies:
            place: Path = ("comparisons", number, "organisation")
            yield unknown(place, "organisation", item.organisation, bodies)


def _outturns(book: Book) -> Iterator[Finding]:
    bodies = {body.id for body in book.organisations}
    for number, item in enumerate(book.outturns):
        place: Path = ("outturns", number, "bodies")
        if not item.bodies:
            yield Finding(place, "names no organisation")
        for body in item.bodies:
            if body not in bodies:
                yield unknown(place, "organisation", body, bodies)


def _schemes(book: Book) -> Iterator[Finding]:
    nodes = {body.id for body in book.organisations} | {body.id for body in book.external}
    for number, scheme in enumerate(book.schemes):
        path: Path = ("schemes", number)
        if scheme.costs is not None:
            for body in scheme.costs.paid_by:
                if body not in nodes:
                    where = (*path, "costs", "paid_by", body)
                    yield unknown(where, "organisation or external body", body, nodes)
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
        yield Finding(path, f"matches no {kind} ({tags or 'no tag was given'})")


def matching(flows: Sequence[Line | Contract], selector: Selector) -> list[int]:
    """The positions of the lines or contracts whose tags all match; none if no tag is given."""
    stated = selector.stated()
    return _tagged(flows, stated) if stated else []


def has_tags(flow: Line | Contract, stated: dict[str, tuple[str, ...]]) -> bool:
    """Whether a line or contract has one of the words of each tag."""
    return bool(_tagged([flow], stated))


def _tagged(flows: Sequence[Line | Contract], stated: dict[str, tuple[str, ...]]) -> list[int]:
    kept = list(range(len(flows)))
    for name, words in stated.items():
        if name == "area":
            kept = [n for n in kept if set(words) & set(area_names(flows[n].areas))]
        else:
            kept = [n for n in kept if getattr(flows[n], name, None) in words]
    return kept
