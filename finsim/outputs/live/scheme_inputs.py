"""Schemes on the sheet Inputs: what they save, when, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from finsim.book.model import Book, Contract, Line
from finsim.book.quantities import month_text
from finsim.book.schemes import ActivityScheme, Effect, EfficiencyScheme
from finsim.book.validate import matching
from finsim.outputs.live.input_rows import (
    ActivityInputs,
    DeliveryInputs,
    EfficiencyInputs,
    Inputs,
    RampInputs,
    sourced,
)
from finsim.outputs.live.rows import (
    LiveSheet,
    Row,
    Unit,
)
from finsim.simulation.plan import Activity, Delivery, Efficiency, FloatArray
from finsim.simulation.ramps import ramp_from

AREA_OF_SHAPE: dict[str, tuple[float, float, float]] = {
    "linear": (1 / 2, 0.0, 0.0),
    "s_curve": (0.0, 1.0, -1 / 2),
    "front_loaded": (1.0, -1 / 3, 0.0),
    "back_loaded": (0.0, 1 / 3, 0.0),
}
"""∫_0^u of a ramp's shape, its factors of u², u³ and u⁴."""


def shape_inputs(inputs: Inputs) -> None:
    """The areas of the ramps that schemes have."""
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


def scheme_inputs(inputs: Inputs, central: FloatArray) -> None:
    """Every scheme that the scenario chose."""
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
