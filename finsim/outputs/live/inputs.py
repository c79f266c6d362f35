"""The sheet Inputs: every number that the central case rests on, each in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from finsim.book.areas import area_and_part
from finsim.book.model import Book, Contract, Line, PaymentForm
from finsim.book.quantities import month_text
from finsim.book.schemes import ActivityScheme, Effect, EfficiencyScheme
from finsim.book.sourced import Sourced
from finsim.book.validate import matching
from finsim.outputs.live.arrangement_inputs import ArrangementInputs, arrangement_inputs
from finsim.outputs.live.expressions import Expression
from finsim.outputs.live.rows import (
    CONSTANT,
    FIRST_YEAR,
    INPUTS,
    LiveSheet,
    Row,
    Unit,
    as_run_at,
    column_letters,
)
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.compile_flows import payment_forms
from finsim.simulation.compile_schemes import served_contracts
from finsim.simulation.indices import Indices
from finsim.simulation.named import found
from finsim.simulation.plan import NONE, Activity, Delivery, Efficiency, FloatArray, Plan
from finsim.simulation.ramps import ramp_from

POUND = 1e-6
ROUNDING = 1e-12
AREA_OF_SHAPE: dict[str, tuple[float, float, float]] = {
    "linear": (1 / 2, 0.0, 0.0),
    "s_curve": (0.0, 1.0, -1 / 2),
    "front_loaded": (1.0, -1 / 3, 0.0),
    "back_loaded": (0.0, 1 / 3, 0.0),
}
"""∫_0^u of a ramp's shape, its factors of u², u³ and u⁴."""
PARAMETERS: dict[str, tuple[tuple[str, str], ...]] = {
    "blended": (
        ("marginal_rate", "share of the tariff paid on a deviation from plan"),
        ("break_glass", "deviation from plan beyond which the full tariff applies"),
    ),
    "marginal": (
        ("threshold", "activity up to which the full tariff applies"),
        ("marginal_rate", "share of the tariff paid above the threshold"),
    ),
    "cap and collar": (
        ("collar", "how far below plan the tariff holds"),
        ("cap", "how far above plan the tariff holds"),
        ("payer_share_below", "payer's share of a shortfall below the floor"),
        ("payer_share_above", "payer's share of an excess above the ceiling"),
    ),
}


@dataclass(frozen=True, slots=True)
class FormInputs:
    """A payment form in the years in which it applies; `applies` is 1 in them, or None for all."""

    form: str
    applies: Row | None
    parameters: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class RampInputs:
    """How a scheme builds up: the months of a shape, levels, or points."""

    kind: str
    months: Row | None = None
    levels: tuple[Row, ...] = ()
    at: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryInputs:
    """What a scheme costs and who pays, by the position of the organisation."""

    one_off: Row
    double_running: Row
    running: Row
    paid_by: Mapping[int, Row]


@dataclass(frozen=True, slots=True)
class ActivityInputs:
    """A scheme on activity; `shares` are those of its effects, in their order."""

    scheme: Activity
    stated: ActivityScheme
    saving: Row
    start: Row
    slip: Row
    happens: Row
    delivered: Row
    recurrent: Row
    ramp: RampInputs
    shares: tuple[Row, ...]
    delivery: DeliveryInputs | None


@dataclass(frozen=True, slots=True)
class EfficiencyInputs:
    """A scheme on own cost."""

    scheme: Efficiency
    rates: Row
    start: Row
    happens: Row
    delivered: Row
    recurrent: Row
    delivery: DeliveryInputs | None


@dataclass(frozen=True, slots=True)
class PeopleInputs:
    """Population: the table by area, the two curves, their mix, and the stated growth.

    `parts` are, by the words of an area, the part of it that is served, where not all is.
    """

    growth: Row | None
    spanned: Row | None
    mix: Row
    curves: tuple[list[Row], list[Row]]
    ones: list[Row]
    areas: Mapping[str, list[Row]]
    parts: Mapping[str, Row]
    frozen: bool


@dataclass(frozen=True, slots=True)
class PressureInputs:
    """Unattributed pressure as it is held."""

    amount: Row
    steps: Row
    shares: Mapping[int, Row]
    spread: Row | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a row of Inputs was in the run as one number, and whether it is so still: 0 or 1."""

    as_run: float
    changed: Expression


@dataclass(slots=True)
class Inputs:
    """The rows of the sheet, by what they are.

    `acted_on` are the contracts or lines of each effect (scheme, place); `served` the contracts
    that a line follows.
    """

    sheet: LiveSheet
    plan: Plan
    indices: Indices
    case: Row
    pound: Row
    rounding: Row
    years_after: Row
    stated: Row
    half: Row | None = None
    people: PeopleInputs | None = None
    rates: list[Row] = field(default_factory=list)
    contracts: dict[int, Row] = field(default_factory=dict)
    contract_order: list[int] = field(default_factory=list)
    terms: dict[str, tuple[FormInputs, ...]] = field(default_factory=dict)
    lines: dict[int, Row] = field(default_factory=dict)
    line_order: list[int] = field(default_factory=list)
    releases: dict[int, Row] = field(default_factory=dict)
    shapes: dict[str, tuple[Row, Row, Row]] = field(default_factory=dict)
    activity: list[ActivityInputs] = field(default_factory=list)
    efficiency: list[EfficiencyInputs] = field(default_factory=list)
    pressure: PressureInputs | None = None
    reserves: tuple[Row, Row] | None = None
    shocks: dict[int, Row] = field(default_factory=dict)
    arrangement: ArrangementInputs | None = None
    acted_on: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    served: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def plan_case(self) -> Expression:
        """1 for the plan case, 0 for the central case."""
        value = self.case.constant or 0.0
        return Expression("plan_case", lambda _t: value)

    @property
    def schemes(self) -> list[ActivityInputs | EfficiencyInputs]:
        """Activity schemes, then efficiency schemes."""
        return [*self.activity, *self.efficiency]

    def mark(self, row: Row) -> Mark | None:
        """How a row tells that it was changed; the case may be, so it does not.

        Values by year count by their place, so that exchanging two of them shows.
        """
        if row is self.case:
            return None
        column = column_letters(as_run_at(self.sheet.years))
        kept = f"{column}{row.number}"
        if row.constant is not None:
            return Mark(row.constant, _unlike(f"{CONSTANT}{row.number}", kept))
        begin, end = FIRST_YEAR, column_letters(as_run_at(self.sheet.years) - 1)
        number, years = row.number, self.years_after.number
        as_run = sum([value * (1 + t) for t, value in enumerate(row.values)])
        summed = f"SUMPRODUCT({begin}{number}:{end}{number},1+{begin}${years}:{end}${years})"
        rounding = f"${CONSTANT}${self.rounding.number}"
        text = f"IF(ABS({summed}-{kept})>{rounding}*(1+ABS({kept})),1,0)"
        return Mark(as_run, Expression(text, lambda _t: 0.0))


def _unlike(one: str, other: str) -> Expression:
    return Expression(f"IF({one}={other},0,1)", lambda _t: 0.0)


def numbers_on(sheet: LiveSheet) -> int:
    """How many numbers a sheet states."""
    return sum(
        1 if row.constant is not None else len(row.values) - len(row.blank) for row in sheet.rows
    )


def stated_inputs(
    plan: Plan, arrangement: Arrangement | None = None, plan_case: bool = False
) -> Inputs:
    """The sheet Inputs of a plan, with the switch on the central or on the plan case."""
    sheet = LiveSheet(INPUTS, len(plan.years))
    resolved = plan.resolved
    sheet.heading("Case")
    case = sheet.constant(
        "System", "Case: 0 central, 1 plan",
        "0: every input at its mean, events at their probability. 1: every scheme in full and on "
        "time. This is the switch; it is named plan_case", "switch", float(plan_case),
    )  # fmt: skip
    years_after = sheet.by_year(
        "System", "Years after the base year", "Definition; do not change", "years",
        range(len(plan.years)), kind="definition",
    )  # fmt: skip
    pound = sheet.constant(
        "System", "£1, within which results must agree", "Definition; do not change", "£m", POUND,
        "definition",
    )  # fmt: skip
    rounding = sheet.constant(
        "System", "Rounding of a computer's numbers", "Definition; do not change", "number",
        ROUNDING, "definition",
    )  # fmt: skip
    pound.look, rounding.look = "exact £m", "power of ten"
    stated = sheet.constant(
        "System", "Numbers on this sheet", "As the run had them; do not change", "count", 0,
        "definition",
    )  # fmt: skip
    indices = Indices(resolved.book, resolved.scenario, plan.inputs)
    inputs = Inputs(sheet, plan, indices, case, pound, rounding, years_after, stated)
    central = plan.inputs.central()[:, :, 0]
    _people(inputs, central)
    _rates(inputs, central)
    _contracts(inputs)
    _terms(inputs)
    _lines(inputs)
    _shapes(inputs)
    _schemes(inputs, central)
    _pressure(inputs, central)
    _reserves(inputs)
    _shocks(inputs, central)
    if arrangement is not None:
        inputs.arrangement = arrangement_inputs(sheet, plan, arrangement, central)
    stated.constant = float(numbers_on(sheet))
    return inputs


def sourced(item: Sourced) -> str:
    """Where a number comes from, and on what it stands."""
    source = item.source.strip()
    if item.standing == "illustrative":
        return f"Illustrative: {source}"
    return f"{item.standing.capitalize()}: {source}"


# people


def _people(inputs: Inputs, central: FloatArray) -> None:
    plan, sheet = inputs.plan, inputs.sheet
    book, stated = plan.resolved.book, plan.resolved.scenario.population
    if plan.people is None or book.demand is None or stated is None:
        return
    if not inputs.indices.demands:
        return
    sheet.heading("Population")
    growth = spanned = None
    if plan.people.growth != NONE:
        years = f"from {stated.from_year} to {stated.by}"
        growth = sheet.constant(
            "System", f"Growth of the population {years}", "The mean of its range", "%",
            central[plan.people.growth, 0],
        )  # fmt: skip
        spanned = sheet.constant(
            "System", "Years that the growth spans", years, "years", plan.people.years_spanned
        )
    drivers = {driver.id: driver for driver in book.all_drivers()}
    mix = sheet.constant(
        "System", f"Weight on the age-cost curve {book.demand.curves[1]}",
        sourced(drivers[book.demand.mix]), "share", central[plan.people.mix, 0],
    )  # fmt: skip
    curves = {curve.id: curve for curve in book.curves}
    bands = book.population.bands
    rows = []
    for name in book.demand.curves:
        curve = curves[name]
        rows.append([
            sheet.constant("System", f"{curve.name}: {band}", sourced(curve), "relative cost", cost)
            for band, cost in zip(bands, curve.cost, strict=True)
        ])  # fmt: skip
    ones = [
        sheet.constant(
            "System", f"Headcount: {band}", "Definition: everybody counts alike", "relative cost",
            1.0, "definition",
        )
        for band in bands
    ]  # fmt: skip
    table = inputs.indices.people_table(stated.model_copy(update={"ageing": "table"}))
    areas = {
        area: [
            sheet.by_year(
                area, f"People aged {band}", " or ".join(stated.variant), "people", table[a, g]
            )
            for g, band in enumerate(bands)
        ]
        for a, area in enumerate(book.population.areas)
    }
    served = dict.fromkeys(words for _, key in inputs.indices.demands for words in key)
    inputs.people = PeopleInputs(
        growth=growth,
        spanned=spanned,
        mix=mix,
        curves=(rows[0], rows[1]),
        ones=ones,
        areas=areas,
        parts={
            words: sheet.constant(
                area, f"Part of {area} that is served: {words}", "As the footprint states", "share",
                part,
            )
            for words in served
            for area, part in (area_and_part(words),)
            if part != 1
        },
        frozen=stated.ageing == "none",
    )  # fmt: skip


# rates


def _rates(inputs: Inputs, central: FloatArray) -> None:
    plan, sheet = inputs.plan, inputs.sheet
    if not len(plan.rates):
        return
    drivers = {driver.id: driver for driver in plan.resolved.book.all_drivers()}
    sheet.heading("Growth and price rates, the change on the year before")
    for position in plan.rates:
        driver = drivers[plan.inputs.inputs[position].name]
        inputs.rates.append(
            sheet.by_year(
                "System", driver.name, sourced(driver), "a year", central[position], blank=(0,)
            )
        )


# contracts and own costs


def body_names(book: Book) -> dict[str, str]:
    """Organisations and outside bodies by id."""
    names = {body.id: body.name for body in book.organisations}
    return names | {body.id: body.name for body in book.external}


def _contracts(inputs: Inputs) -> None:
    plan, sheet = inputs.plan, inputs.sheet
    book, names = plan.resolved.book, body_names(plan.resolved.book)
    stated = plan.contracts
    inputs.contract_order = sorted(
        range(len(book.contracts)), key=lambda n: (stated.payer[n], stated.provider[n], n)
    )
    if not inputs.contract_order:
        return
    sheet.heading("Contracts: value in the base year, by who pays")
    for number in inputs.contract_order:
        contract = book.contracts[number]
        inputs.contracts[number] = sheet.constant(
            names[contract.payer],
            f"{contract.name} (to {names[contract.provider]})",
            sourced(contract), "£m", contract.baseline,
        )  # fmt: skip


def _terms(inputs: Inputs) -> None:
    """The parameters of payment forms, and when each applies."""
    plan, sheet = inputs.plan, inputs.sheet
    book = plan.resolved.book
    named = {terms.id: terms for terms in book.payments}
    used = dict.fromkeys(book.contracts[n].payment for n in inputs.contract_order)
    started = False
    for word in used:
        contract = next(c for c in book.contracts if c.payment == word)
        forms = payment_forms(book, contract, plan.years)
        distinct = list(dict.fromkeys(forms))
        plain = len(distinct) == 1 and distinct[0].form not in PARAMETERS
        if not plain and not started:
            sheet.heading("Payment terms")
            started = True
        terms = named.get(word)
        name = terms.name if terms is not None else f"Payment form {word}"
        basis = sourced(terms) if terms is not None else "Default of the payment form"
        inputs.terms[word] = tuple(
            _form(sheet, name, basis, form, forms, len(distinct) > 1) for form in distinct
        )


def _form(
    sheet: LiveSheet,
    name: str,
    basis: str,
    form: PaymentForm,
    forms: Sequence[PaymentForm],
    changes: bool,
) -> FormInputs:
    applies = None
    if changes:
        flags = [float(each == form) for each in forms]
        applies = sheet.by_year(name, f"Paid by {form.form}: 1 yes, 0 no", basis, "switch", flags)
    parameters = {
        key: sheet.constant(name, f"{form.form}: {words}", basis, "%", value)
        for key, words in PARAMETERS.get(form.form, ())
        if (value := getattr(form, key)) is not None
    }
    return FormInputs(form.form, applies, parameters)


def _lines(inputs: Inputs) -> None:
    plan, sheet = inputs.plan, inputs.sheet
    book, names = plan.resolved.book, body_names(plan.resolved.book)
    place = {body: number for number, body in enumerate(plan.bodies.ids)}
    inputs.line_order = sorted(
        range(len(book.lines)), key=lambda n: (place[book.lines[n].organisation], n)
    )
    if not inputs.line_order:
        return
    sheet.heading("Own costs: value in the base year")
    for number in inputs.line_order:
        line = book.lines[number]
        inputs.served[number] = tuple(n for n, _ in served_contracts(book, line))
        inputs.lines[number] = sheet.constant(
            names[line.organisation], line.name, sourced(line), "£m", line.baseline
        )
    needed = _released(plan)
    if not needed:
        return
    sheet.heading("Own costs that schemes act on: the part that goes when activity goes")
    for number in inputs.line_order:
        if number in needed:
            line = book.lines[number]
            inputs.releases[number] = sheet.constant(
                names[line.organisation], f"{line.name}: cash release", sourced(line), "share",
                line.cash_release,
            )  # fmt: skip


def _released(plan: Plan) -> set[int]:
    """The lines of which schemes remove activity."""
    rows = plan.lines
    return {
        int(line) for line, target in zip(rows.line, rows.target, strict=True) if target != NONE
    }


# schemes


def _shapes(inputs: Inputs) -> None:
    kinds = list(dict.fromkeys(scheme.ramp.kind for scheme in inputs.plan.activity_schemes))
    shaped = [kind for kind in kinds if kind in AREA_OF_SHAPE]
    if not shaped and "points" not in kinds:
        return
    sheet = inputs.sheet
    sheet.heading("Shapes of ramps: the area under one to a part u of its months")
    for kind in shaped:
        factors = zip((2, 3, 4), AREA_OF_SHAPE[kind], strict=True)
        name = kind.replace("_", "-")
        a, b, c = (
            sheet.constant(
                "System", f"{name}: factor of u to the power of {power}",
                "Definition; do not change", "number", factor, "definition",
            )
            for power, factor in factors
        )  # fmt: skip
        inputs.shapes[kind] = (a, b, c)
    if "points" in kinds:
        inputs.half = sheet.constant(
            "System", "Area of a triangle ÷ (its base × its height)", "Definition; do not change",
            "number", 1 / 2, "definition",
        )  # fmt: skip


def _schemes(inputs: Inputs, central: FloatArray) -> None:
    plan = inputs.plan
    stated = {scheme.id: scheme for scheme in plan.resolved.book.schemes}
    for scheme, activity in enumerate(plan.activity_schemes):
        item = stated[activity.id]
        assert isinstance(item, ActivityScheme)
        for place, effect in enumerate(item.effects):
            inputs.acted_on[scheme, place] = _acted_on(plan.resolved.book, effect)
        inputs.activity.append(_activity(inputs, activity, item, central))
    for efficiency in plan.efficiency_schemes:
        other = stated[efficiency.id]
        assert isinstance(other, EfficiencyScheme)
        inputs.efficiency.append(_efficiency(inputs, efficiency, other, central))


def _acted_on(book: Book, effect: Effect) -> list[int]:
    """The contracts or lines that an effect acts on."""
    flows: Sequence[Line | Contract] = book.lines if effect.contracts is None else book.contracts
    selector = effect.contracts or effect.lines
    assert selector is not None
    return [n for n in matching(flows, selector) if flows[n].baseline > 0]


def _activity(
    inputs: Inputs, scheme: Activity, stated: ActivityScheme, central: FloatArray
) -> ActivityInputs:
    sheet, plan = inputs.sheet, inputs.plan
    held = plan.resolved.held.full_savings.get(scheme.id)
    add = _adding(sheet, scheme.name, sourced(stated))
    sheet.heading(f"Scheme: {scheme.name}")
    saving = held
    words = f"Full-year saving, {stated.stated_as}"
    if saving is None:
        assert isinstance(stated.saving, float)
        saving = stated.saving
    else:
        words += ", solved once from the sum over years and held"
    ramp = ramp_from(stated.ramp)
    return ActivityInputs(
        scheme=scheme,
        stated=stated,
        saving=add(words, "£m", saving),
        start=add(f"Start, {month_text(stated.start)}: months from the beginning of the base year",
                  "months", scheme.start),
        slip=add("Slip at its mean", "months", central[scheme.slip, 0]),
        happens=add("Chance that it happens", "share", central[scheme.happens, 0]),
        delivered=sheet.by_year(
            scheme.name, "Delivered ÷ planned, at its mean", sourced(stated), "share",
            central[scheme.delivered], blank=(0,),
        ),
        recurrent=add("Recurrent share of what is delivered", "share", scheme.recurrent),
        ramp=RampInputs(
            ramp.kind,
            months=add(f"Ramp ({ramp.kind.replace('_', '-')}): months to the full saving", "months",
                       ramp.months) if ramp.kind in AREA_OF_SHAPE else None,
            at=tuple(add(f"Ramp: point {n}, months after the start", "months", months)
                     for n, (months, _) in enumerate(ramp.points, 1)),
            levels=tuple(
                add(words, "share", level) for words, level in _levels(ramp.levels, ramp.points)
            ),
        ),
        shares=tuple(
            add(f"Effect {n}, share of the saving: {_effect_words(effect)}", "share", effect.share)
            for n, effect in enumerate(stated.effects, 1)
        ),
        delivery=_delivery(inputs, scheme.name, sourced(stated), scheme.delivery),
    )  # fmt: skip


def _levels(
    levels: Sequence[float], points: Sequence[tuple[float, float]]
) -> list[tuple[str, float]]:
    if points:
        return [(f"Ramp: point {n}, level", level) for n, (_, level) in enumerate(points, 1)]
    count = len(levels)
    return [
        (f"Ramp: level in the twelve months no. {n}{' and after' if n == count else ''}", level)
        for n, level in enumerate(levels, 1)
    ]


def _effect_words(effect: Effect) -> str:
    """What an effect acts on, in words."""
    selector = effect.contracts or effect.lines
    assert selector is not None
    kind = "own costs" if effect.contracts is None else "contracts"
    tags = [f"{name} {' or '.join(words)}" for name, words in selector.stated().items()]
    return ", ".join([kind, *tags])


def _efficiency(
    inputs: Inputs, scheme: Efficiency, stated: EfficiencyScheme, central: FloatArray
) -> EfficiencyInputs:
    sheet, years = inputs.sheet, inputs.plan.years
    add = _adding(sheet, scheme.name, sourced(stated))
    sheet.heading(f"Scheme: {scheme.name}")
    return EfficiencyInputs(
        scheme=scheme,
        rates=sheet.by_year(
            scheme.name, "Planned efficiency, of cost", sourced(stated), "a year",
            [stated.rate.get(year, 0.0) for year in years], blank=(0,),
        ),
        start=add(f"Start, {month_text(stated.start)}: months from the beginning of the base year",
                  "months", scheme.start),
        happens=add("Chance that it happens", "share", central[scheme.happens, 0]),
        delivered=sheet.by_year(
            scheme.name, "Delivered ÷ planned, at its mean", sourced(stated), "share",
            central[scheme.delivered], blank=(0,),
        ),
        recurrent=add("Recurrent share of what is delivered", "share", scheme.recurrent),
        delivery=_delivery(inputs, scheme.name, sourced(stated), scheme.delivery),
    )  # fmt: skip


def _adding(sheet: LiveSheet, who: str, basis: str) -> Callable[[str, Unit, float], Row]:
    def add(item: str, unit: Unit, value: float) -> Row:
        return sheet.constant(who, item, basis, unit, value)

    return add


def _delivery(
    inputs: Inputs, name: str, basis: str, stated: Delivery | None
) -> DeliveryInputs | None:
    if stated is None:
        return None
    sheet, names = inputs.sheet, inputs.plan.bodies.names
    return DeliveryInputs(
        one_off=sheet.by_year(name, "Cost of delivery, one-off", basis, "£m", stated.one_off),
        double_running=sheet.by_year(
            name, "Cost of delivery, double running", basis, "£m", stated.double_running
        ),
        running=sheet.constant(
            name, "Cost of delivery, running, at the top of the ramp", basis, "£m", stated.running
        ),
        paid_by={
            number: sheet.constant(
                name, f"Share of the cost of delivery paid by {names[number]}", basis, "share",
                float(share),
            )
            for number, share in enumerate(stated.paid_by)
            if share
        },
    )  # fmt: skip


# what stands beside lines and contracts


def _pressure(inputs: Inputs, central: FloatArray) -> None:
    plan, sheet = inputs.plan, inputs.sheet
    held = plan.resolved.held.unattributed
    if held is None:
        return
    basis = f"Solved in {held.solved_in} and held"
    sheet.heading("Unattributed pressure: held, so an input")
    inputs.pressure = PressureInputs(
        amount=sheet.constant("System", "Unattributed pressure in its target year", basis, "£m",
                              held.amount),
        steps=sheet.constant("System", "Years from the base year to the target year", basis,
                             "years", held.in_year - plan.years[0]),
        shares={
            number: sheet.constant(
                plan.bodies.names[number], "Share of unattributed pressure", basis, "share",
                held.shares[body],
            )
            for number, body in enumerate(plan.bodies.ids)
            if held.shares.get(body)
        },
        spread=None
        if plan.unattributed_spread == NONE
        else sheet.by_year(
            "System", "Spread of the pressure, at its mean", basis, "%",
            central[plan.unattributed_spread],
        ),
    )  # fmt: skip


def _reserves(inputs: Inputs) -> None:
    plan, sheet = inputs.plan, inputs.sheet
    if not plan.reserved:
        return
    book, word = plan.resolved.book, plan.resolved.scenario.reserves
    assert word is not None
    _, stated = found(book.reserves, word, "reserves", ("scenario", "reserves"))
    sheet.heading("Reserves held back, of the allocation")
    first = plan.reserved[0]
    inputs.reserves = (
        sheet.by_year("System", f"{stated.name}: uncommitted", sourced(stated), "%",
                      first.uncommitted),
        sheet.by_year("System", f"{stated.name}: contingency", sourced(stated), "%",
                      first.contingency),
    )  # fmt: skip


def _shocks(inputs: Inputs, central: FloatArray) -> None:
    """Shocks whose mean is not nil; the others are not in the central case."""
    plan, sheet = inputs.plan, inputs.sheet
    drivers = {driver.id: driver for driver in plan.resolved.book.all_drivers()}
    moving = [
        (number, shock)
        for number, shock in enumerate(plan.bodies.shock)
        if shock != NONE and central[shock, 1:].any()
    ]
    if not moving:
        return
    sheet.heading("Shocks whose mean is not nil, of turnover in the base year")
    rows: dict[int, Row] = {}
    for number, shock in moving:
        if shock not in rows:
            driver = drivers[plan.inputs.inputs[shock].name]
            rows[shock] = sheet.by_year(
                "System", driver.name, sourced(driver), "%", central[shock], blank=(0,)
            )
        inputs.shocks[number] = rows[shock]
