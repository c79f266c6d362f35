"""What schemes save, what they remove and what they cost, on the sheet Calculations."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from finsim.outputs.live.expressions import (
    Expression,
    above,
    added,
    choose,
    equals,
    least,
    most,
    product,
)
from finsim.outputs.live.indices import IndexRows, in_base_year
from finsim.outputs.live.input_rows import ActivityInputs, DeliveryInputs, Inputs
from finsim.outputs.live.rows import LiveSheet, Row, total, total_of_constants
from finsim.simulation.plan import NONE

RemovalKey = tuple[tuple[tuple[int, int], ...], int, int]


class SchemeRows(Struct):
    """Rows of schemes by their place in the plan.

    `effects[scheme, effect]` is its saving on each £1 of base-year value; `removed` the share R of
    a target's activity, by target; targets that are moved and acted on alike share one row.
    """

    savings: list[Row] = field(default_factory=list)
    ramps: list[Row] = field(default_factory=list)
    effects: dict[tuple[int, int], Row] = field(default_factory=dict)
    removed: dict[int, Row] = field(default_factory=dict)
    gross: dict[str, Row] = field(default_factory=dict)
    efficiency: dict[tuple[int, ...], Row] = field(default_factory=dict)
    costs: list[tuple[DeliveryInputs, Row]] = field(default_factory=list)


class Chain(Struct, frozen=True):
    """Schemes in the case that the switch chooses, or always in the central case."""

    inputs: Inputs
    indices: IndexRows
    sheet: LiveSheet
    always_central: bool
    gross: dict[str, Row]

    @property
    def suffix(self) -> str:
        """What tells the rows of the central case apart."""
        return ", central case" if self.always_central else ""

    def planned(self, central: Expression, as_planned: int) -> Expression:
        """An input at its mean, or what a plan states of it."""
        if self.always_central:
            return central
        return choose(equals(self.inputs.plan_case, 1), as_planned, central)


def scheme_rows(inputs: Inputs, indices: IndexRows, sheet: LiveSheet) -> SchemeRows:
    """Savings, removals, efficiency and costs of delivery in the case that the switch chooses."""
    found = SchemeRows()
    chain = Chain(inputs, indices, sheet, always_central=False, gross=found.gross)
    _activity_schemes(chain, found, range(len(inputs.activity)))
    _efficiency_schemes(chain, found)
    _removals(chain, found, range(len(inputs.plan.targets.baseline)))
    return found


def central_removal(
    inputs: Inputs,
    indices: IndexRows,
    sheet: LiveSheet,
    targets: Sequence[int],
    gross: dict[str, Row],
) -> dict[int, Row]:
    """What schemes remove of some targets in the central case, whatever the switch says.

    `gross` holds the savings at tariff that are already worked out.
    """
    found = SchemeRows()
    chain = Chain(inputs, indices, sheet, always_central=True, gross=gross)
    acting = _acting(inputs)
    wanted = {scheme for target in targets for scheme, _ in acting[target]}
    _activity_schemes(chain, found, sorted(wanted))
    _removals(chain, found, targets)
    return found.removed


# savings


def _activity_schemes(chain: Chain, found: SchemeRows, wanted: Sequence[int]) -> None:
    for number in wanted:
        stated = chain.inputs.activity[number]
        chain.sheet.heading(f"Scheme: {stated.scheme.name}{chain.suffix}")
        ramp = _mean_ramp(chain, stated)
        saving = _saving(chain, stated, ramp)
        found.savings.append(saving)
        found.ramps.append(ramp)
        for place, effect in enumerate(stated.stated.effects):
            on_contracts = effect.contracts is not None
            base = chain.inputs.acted_on[number, place]
            rows = chain.inputs.contracts if on_contracts else chain.inputs.lines
            found.effects[number, place] = chain.sheet.works_out(
                stated.scheme.name,
                f"Saving on each £1 of base-year value, effect {place + 1}{chain.suffix}",
                "Share × saving ÷ base-year value of what it acts on", "£m per £m",
                stated.shares[place].fixed * saving.here
                / total_of_constants([rows[n] for n in base]),
            )  # fmt: skip
        if stated.delivery is not None and not chain.always_central:
            found.costs.append(_cost(chain.sheet, stated.scheme.name, stated.delivery, ramp))


def _mean_ramp(chain: Chain, stated: ActivityInputs) -> Row:
    """r̄: the months of full saving in the year ÷ 12."""
    inputs, sheet, name = chain.inputs, chain.sheet, stated.scheme.name
    slip = chain.planned(stated.slip.fixed, 0)
    since = sheet.works_out(
        name, f"Months since the start, at the end of the year{chain.suffix}",
        "12 × (years after the base year + 1) − start − slip, at least 0", "months",
        most(0, 12 * (inputs.years_after.here + 1) - stated.start.fixed - slip),
    )  # fmt: skip
    area = since
    if stated.ramp.kind != "step":
        area = _area(chain, stated, since)
    return sheet.works_out(
        name, f"Mean of the ramp over the year{chain.suffix}",
        "(Months of full saving so far − those of the year before) ÷ 12", "share",
        choose(in_base_year(inputs), area.here, area.here - area.before) / 12,
    )  # fmt: skip


def _area(chain: Chain, stated: ActivityInputs, since: Row) -> Row:
    """The area under the ramp so far, in months of full saving."""
    if stated.ramp.kind == "levels":
        formula = _area_of_levels(chain, stated, since)
        words = "Sum of the months at each level × the level"
    elif stated.ramp.kind == "points":
        formula = _area_of_points(chain, stated, since)
        words = "Sum of the areas between points"
    else:
        assert stated.ramp.months is not None
        months = stated.ramp.months.fixed
        square, cube, fourth = (row.fixed for row in chain.inputs.shapes[stated.ramp.kind])
        part = chain.sheet.works_out(
            stated.scheme.name, f"Part u of the ramp's months that has passed{chain.suffix}",
            "Months since the start ÷ months of the ramp, at most 1", "share",
            least(1, since.here / months),
        )  # fmt: skip
        u = part.here
        formula = months * u * u * (square + u * (cube + u * fourth)) + most(0, since.here - months)
        words = "Months of the ramp × area of its shape + months after it"
    return chain.sheet.works_out(
        stated.scheme.name, f"Months of full saving so far{chain.suffix}", words, "months", formula
    )


def _area_of_levels(chain: Chain, stated: ActivityInputs, since: Row) -> Expression:
    spent: list[Row] = []
    levels = stated.ramp.levels
    for number in range(1, len(levels) + 1):
        left = since.here - total(spent) if spent else since.here
        last = number == len(levels)
        spent.append(
            chain.sheet.works_out(
                stated.scheme.name, f"Months at level {number} so far{chain.suffix}",
                "Months not yet spent at a level" + ("" if last else ", at most 12"), "months",
                left if last else least(12, left),
            )
        )  # fmt: skip
    return added([level.fixed * row.here for level, row in zip(levels, spent, strict=True)])


def _area_of_points(chain: Chain, stated: ActivityInputs, since: Row) -> Expression:
    levels, at, half = stated.ramp.levels, stated.ramp.at, chain.inputs.half
    assert half is not None
    areas: list[Row] = []
    for number, level in enumerate(levels):
        passed = most(0, since.here - at[number].fixed)
        last = number == len(levels) - 1
        if not last:
            width = at[number + 1].fixed - at[number].fixed
            passed = least(width, passed)
        months = chain.sheet.works_out(
            stated.scheme.name, f"Months after point {number + 1} so far{chain.suffix}",
            "Months since the start less those to the point" + ("" if last else ", up to the next"),
            "months", passed,
        )  # fmt: skip
        area = months.here * level.fixed
        if not last:
            slope = (levels[number + 1].fixed - level.fixed) / width
            area = months.here * (level.fixed + half.fixed * slope * months.here)
        areas.append(
            chain.sheet.works_out(
                stated.scheme.name, f"Area after point {number + 1} so far{chain.suffix}",
                "Months × the mean level over them", "months", area,
            )
        )  # fmt: skip
    return added([row.here for row in areas])


def _saving(chain: Chain, stated: ActivityInputs, ramp: Row) -> Row:
    inputs, sheet, name = chain.inputs, chain.sheet, stated.scheme.name
    base = in_base_year(inputs)
    full = _full_saving(chain, stated)
    due = sheet.works_out(
        name, f"Saving first due{chain.suffix}",
        "Full-year saving × (mean ramp − that of the year before)", "£m",
        full * choose(base, ramp.here, ramp.here - ramp.before),
    )  # fmt: skip
    delivered = chain.planned(stated.delivered.here, 1)
    lasting = sheet.works_out(
        name, f"Recurrent saving so far{chain.suffix}",
        "That of the year before + recurrent share × delivered × first due", "£m",
        lambda row: choose(base, 0, row.before)
        + stated.recurrent.fixed * delivered * due.here,
    )  # fmt: skip
    return sheet.works_out(
        name, f"In-year saving at tariff{chain.suffix}",
        "Happens × (recurrent saving so far + one-off part of what rises this year)", "£m",
        chain.planned(stated.happens.fixed, 1)
        * (
            lasting.here
            + delivered * (1 - stated.recurrent.fixed) * most(0, due.here)
        ),
    )  # fmt: skip


def _full_saving(chain: Chain, stated: ActivityInputs) -> Expression:
    """S at tariff; a saving stated net is divided by the cash release of what it acts on."""
    if stated.stated.stated_as != "net to the system":
        return stated.saving.fixed
    name = stated.scheme.name
    if stated.scheme.id not in chain.gross:
        kept = _kept(chain, stated)
        chain.gross[stated.scheme.id] = chain.sheet.works_out_once(
            name, "Full-year saving at tariff",
            "Full-year saving, net ÷ the part of it that the system keeps", "£m",
            stated.saving.fixed / total_of_constants(kept),
        )  # fmt: skip
    return chain.gross[stated.scheme.id].fixed


def _kept(chain: Chain, stated: ActivityInputs) -> list[Row]:
    """The part of each £1 saved at tariff that the system keeps, one row a target."""
    inputs, sheet, name = chain.inputs, chain.sheet, stated.scheme.name
    number = inputs.activity.index(stated)
    by_target: dict[int, list[int]] = {}
    for target, effects in enumerate(_acting(inputs)):
        for scheme, place in effects:
            if scheme == number:
                by_target.setdefault(target, []).append(place)
    kept, shares, releases = [], [], []
    for target, places in by_target.items():
        contract = int(inputs.plan.targets.contract[target])
        line = int(inputs.plan.targets.line[target])
        own = inputs.contracts[contract] if contract != NONE else inputs.lines[line]
        rows = inputs.contracts if contract != NONE else inputs.lines
        bases = [
            total_of_constants([rows[n] for n in inputs.acted_on[number, place]])
            for place in places
        ]
        shares.append(
            sheet.works_out_once(
                name, f"Share of the saving: {own.item}",
                "Effect's share × base-year value ÷ that of all it acts on", "share",
                added([
                    stated.shares[place].fixed * own.fixed / base
                    for place, base in zip(places, bases, strict=True)
                ]),
            )
        )  # fmt: skip
        release = (
            _released_by_contract(inputs, contract)
            if contract != NONE
            else inputs.releases[line].fixed
        )
        releases.append((own.item, release))
    for share, (item, release) in zip(shares, releases, strict=True):
        formula = share.fixed
        if release is not None:
            formula = share.fixed * choose(above(share.fixed, 0), release, 1)
        kept.append(
            sheet.works_out_once(
                name, f"Kept by the system: {item}",
                "Share × cash release of the cost that serves it; added activity in full", "share",
                formula,
            )
        )  # fmt: skip
    return kept


def _released_by_contract(inputs: Inputs, contract: int) -> Expression | None:
    """The cash release of the lines that serve a contract, by their size; None for all of it."""
    book = inputs.plan.resolved.book
    provider = book.contracts[contract].provider
    if provider not in {body.id for body in book.organisations}:
        return None
    parts, whole = [], []
    for number, line in enumerate(book.lines):
        if line.organisation != provider:
            continue
        served = inputs.served[number]
        if contract in served:
            base = total_of_constants([inputs.contracts[n] for n in served])
            size = inputs.lines[number].fixed / base
            parts.append(size * inputs.releases[number].fixed)
            whole.append(size)
    if not whole or sum(part.at(0) for part in whole) == 0:
        return added([])
    return added(parts) / added(whole)


# what they remove


def _acting(inputs: Inputs) -> list[tuple[tuple[int, int], ...]]:
    """For each target, the effects that act on it: scheme and place."""
    targets = inputs.plan.targets
    place_of = {("contract", int(n)): k for k, n in enumerate(targets.contract) if n != NONE}
    place_of |= {("line", int(n)): k for k, n in enumerate(targets.line) if n != NONE}
    acting: list[list[tuple[int, int]]] = [[] for _ in targets.baseline]
    for scheme, stated in enumerate(inputs.activity):
        for place, effect in enumerate(stated.stated.effects):
            kind = "contract" if effect.contracts is not None else "line"
            for number in inputs.acted_on[scheme, place]:
                acting[place_of[kind, number]].append((scheme, place))
    return [tuple(effects) for effects in acting]


def _removals(chain: Chain, found: SchemeRows, targets: Sequence[int]) -> None:
    plan = chain.inputs.plan
    if not len(targets):
        return
    chain.sheet.heading(f"Activity that schemes remove{chain.suffix}")
    acting = _acting(chain.inputs)
    rows: dict[RemovalKey, Row] = {}
    for target in targets:
        key = (acting[target], int(plan.targets.activity[target]), int(plan.targets.price[target]))
        if key not in rows:
            rows[key] = _removal(chain, found, key)
        found.removed[target] = rows[key]


def _removal(chain: Chain, found: SchemeRows, key: RemovalKey) -> Row:
    """`R = 1 − Π (1 − R_j)`, R_j the saving on each £1 ÷ (activity × price)."""
    effects, activity, price = key
    value = [
        factor
        for factor in (chain.indices.activity(activity), chain.indices.price(price))
        if factor is not None
    ]
    by_scheme: dict[int, list[Expression]] = {}
    for scheme, place in effects:
        by_scheme.setdefault(scheme, []).append(found.effects[scheme, place].here)
    left = []
    for parts in by_scheme.values():
        share = added(parts)
        left.append(1 - (share / product(*value) if value else share))
    names = dict.fromkeys(chain.inputs.activity[scheme].scheme.name for scheme, _ in effects)
    return chain.sheet.works_out(
        "System", f"Share removed by {', '.join(names)}{chain.suffix}",
        "1 − product over schemes of (1 − saving on each £1 ÷ (activity × price))", "share",
        1 - product(*left),
    )  # fmt: skip


# efficiency and costs


def _efficiency_schemes(chain: Chain, found: SchemeRows) -> None:
    inputs, sheet = chain.inputs, chain.sheet
    base = in_base_year(inputs)
    rows: list[Row] = []
    for stated in inputs.efficiency:
        name = stated.scheme.name
        sheet.heading(f"Scheme: {name}")
        in_place = sheet.works_out(
            name, "Part of the year after the start",
            "(12 × (years after the base year + 1) − start) ÷ 12, from 0 to 1", "share",
            least(1, most(0, (12 * (inputs.years_after.here + 1) - stated.start.fixed) / 12)),
        )  # fmt: skip
        achieved = sheet.works_out(
            name, "Efficiency achieved", "Planned × part of the year × happens × delivered", "%",
            stated.rates.here * in_place.here * chain.planned(stated.happens.fixed, 1)
            * chain.planned(stated.delivered.here, 1),
        )  # fmt: skip
        lasting = sheet.works_out(
            name, "Index of lasting efficiency",
            "That of the year before × (1 − recurrent share × achieved)", "index",
            lambda row, achieved=achieved, stated=stated: choose(base, 1, row.before)  # type: ignore[misc]
            * (1 - stated.recurrent.fixed * achieved.here),
        )  # fmt: skip
        rows.append(
            sheet.works_out(
                name, "Efficiency index", "Lasting index of the year before × (1 − achieved)",
                "index", choose(base, 1, lasting.before) * (1 - achieved.here),
            )
        )  # fmt: skip
        if stated.delivery is not None:
            found.costs.append(_cost(sheet, name, stated.delivery, in_place))
    several = [scope for scope in inputs.plan.scopes if len(scope) > 1]
    if several:
        sheet.heading("Own costs under more than one efficiency scheme")
    for scope in inputs.plan.scopes:
        if len(scope) == 1:
            found.efficiency[scope] = rows[scope[0]]
        elif scope:
            names = ", ".join(inputs.efficiency[n].scheme.name for n in scope)
            found.efficiency[scope] = sheet.works_out(
                "System", f"Efficiency index: {names}", "Product of the schemes' indices", "index",
                product(*(rows[n].here for n in scope)),
            )  # fmt: skip


def _cost(
    sheet: LiveSheet, name: str, stated: DeliveryInputs, ramp: Row
) -> tuple[DeliveryInputs, Row]:
    row = sheet.works_out(
        name, "Cost of delivery", "One-off + running × mean ramp + double running", "£m",
        stated.one_off.here + stated.running.fixed * ramp.here + stated.double_running.here,
    )  # fmt: skip
    return stated, row
