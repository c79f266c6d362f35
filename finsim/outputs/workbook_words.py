"""Uncertain values, schemes and payment forms in the words of a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finsim.book.model import PaymentForm
from finsim.book.quantities import (
    financial_year_text,
    money_text,
    month_text,
    months_text,
    number_text,
    rate_text,
)
from finsim.book.schemes import ActivityScheme, CostOfDelivery, EfficiencyScheme, Ramp, Selector
from finsim.book.uncertain import (
    AutoRegressive,
    Beta,
    Discrete,
    Event,
    Lognormal,
    Normal,
    Path,
    Pert,
    Quantiles,
    StudentT,
    Triangular,
    Uniform,
)
from finsim.outputs.workbook_phrases import Writer, by_year, sentence, shares_in_words
from finsim.outputs.workbook_terms import terms_in_words

__all__ = ["in_words", "payment_in_words", "scheme_in_words", "terms_in_words"]


def in_words(value: Any, write: Writer = rate_text) -> str:
    """An uncertain value, its quantities written by `write`."""
    if isinstance(value, Path):
        path = f"by year: {by_year(value.path, write)}"
        return path if value.around is None else f"{path}; around it {in_words(value.around)}"
    if isinstance(value, (int, float)):
        return f"fixed at {write(value)}"
    return f"{_shape(value, write)}{_over_years(value.over_years)}"


def _shape(value: Any, write: Writer) -> str:
    match value:
        case Uniform(low=low, high=high):
            return f"between {write(low)} and {write(high)}, each value as likely"
        case Triangular(low=low, mode=mode, high=high):
            return f"triangular from {write(low)} to {write(high)}, most likely {write(mode)}"
        case Pert(low=low, mode=mode, high=high):
            return f"from {write(low)} to {write(high)}, most likely {write(mode)} (PERT)"
        case Normal():
            return f"normal, {_centre(value, write)}"
        case Lognormal():
            return f"lognormal, {_centre(value, write)}"
        case StudentT(degrees_of_freedom=freedom):
            tails = f"Student t with {number_text(freedom)} degrees of freedom"
            return f"{tails}, {_centre(value, write)}"
        case Beta(mean=mean, sd=sd, low=low, high=high):
            bounds = f"between {write(low)} and {write(high)}"
            return f"beta {bounds}, mean {write(mean)}, sd {write(sd)}"
        case Event(chance=chance):
            return f"happens with a chance of {rate_text(chance)}"
        case Discrete(values=values):
            return "; ".join(f"{write(v.value)} with weight {rate_text(v.weight)}" for v in values)
        case Quantiles(points=points):
            listed = ", ".join(f"{name.upper()} {write(v)}" for name, v in points.items())
            return f"{listed}{_bounds(value, write)}"
    raise AssertionError(type(value))


def _centre(value: Any, write: Writer) -> str:
    return f"mean {write(value.mean)}, sd {write(value.sd)}{_bounds(value, write)}"


def _bounds(value: Any, write: Writer) -> str:
    low = f", none below {write(value.at_least)}" if value.at_least is not None else ""
    high = f", none above {write(value.at_most)}" if value.at_most is not None else ""
    return low + high


def _over_years(over: Any) -> str:
    if isinstance(over, AutoRegressive):
        return f"; a new deviation each year, {rate_text(over.ar1)} of the last carried into it"
    return "; drawn anew each year" if over == "yearly" else ""


# schemes


def scheme_in_words(scheme: ActivityScheme | EfficiencyScheme) -> str:
    """What a scheme acts on, when, and how surely."""
    own = _activity(scheme) if isinstance(scheme, ActivityScheme) else _efficiency(scheme)
    happens = "" if scheme.chance == 1 else f"happens with a chance of {rate_text(scheme.chance)}"
    return sentence(
        (
            f"theme {scheme.theme}",
            f"owner {scheme.owner}",
            f"starts {month_text(scheme.start)}",
            *own,
            happens,
            f"delivered: {in_words(scheme.delivered)}",
            f"recurrent {rate_text(scheme.recurrent)}",
            _cost(scheme.costs),
        )
    )


def _activity(scheme: ActivityScheme) -> list[str]:
    slip = "" if scheme.slip == 0 else f"slip: {in_words(scheme.slip, months_text)}"
    effects = [
        f"{rate_text(effect.share)} on "
        + (
            f"contracts ({_selected(effect.contracts)})"
            if effect.contracts is not None
            else f"own lines ({_selected(effect.lines)})"
        )
        for effect in scheme.effects
    ]
    return [f"saving {scheme.stated_as}", *effects, _ramp(scheme.ramp), slip]


def _efficiency(scheme: EfficiencyScheme) -> list[str]:
    rates = by_year(scheme.rate, rate_text)
    return [f"cuts own cost ({_selected(scheme.lines)}) by {rates}, compounding"]


def _selected(selector: Selector | None) -> str:
    stated = {} if selector is None else selector.stated()
    every = [f"{tag.replace('_', ' ')} {' or '.join(words)}" for tag, words in stated.items()]
    return ", ".join(every) or "all"


def _ramp(ramp: Ramp) -> str:
    if ramp.levels is not None:
        return f"ramp by year {', '.join(rate_text(level) for level in ramp.levels)}"
    if ramp.points is not None:
        points = (f"{rate_text(p.level)} after {months_text(p.after)}" for p in ramp.points)
        return f"ramp {', '.join(points)}"
    over = "" if ramp.over is None else f" over {months_text(ramp.over)}"
    return f"{ramp.shape} ramp{over}"


def _cost(cost: CostOfDelivery | None) -> str:
    if cost is None:
        return ""
    parts = [f"running {money_text(cost.running)} a year" if cost.running else ""]
    for name, values in (("one-off", cost.one_off), ("double running", cost.double_running)):
        if values:
            parts.append(f"{name} {by_year(values, money_text)}")
    return f"cost of delivery: {sentence(parts) or 'none'}, paid by {shares_in_words(cost.paid_by)}"


# payment


def payment_in_words(terms: Mapping[int, PaymentForm]) -> str:
    """The form that applies from each year on."""
    return "; ".join(f"from {financial_year_text(year)} {_form(terms[year])}" for year in terms)


def _form(form: PaymentForm) -> str:
    match form.form:
        case "blended":
            glass = form.break_glass
            past = "" if glass is None else f", in full past {rate_text(glass)} from plan"
            return f"blended, {rate_text(form.marginal_rate)} of what differs from plan{past}"
        case "marginal":
            above = f"{rate_text(form.marginal_rate)} of tariff above it"
            return f"full tariff to {rate_text(form.threshold)} of the baseline, {above}"
        case "cap and collar":
            assert form.collar is not None
            assert form.cap is not None
            below, above = rate_text(form.payer_share_below), rate_text(form.payer_share_above)
            return (
                f"tariff between a collar of {rate_text(form.collar)} and a cap of "
                f"{rate_text(form.cap)}; the payer bears {below} below and {above} above"
            )
    return form.form
