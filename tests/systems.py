"""Small systems as typed models: parts to build one by hand, and strategies that build any.

By hand, a quantity may be written as in a file ("£10m", "2%") or as a float (£m, a fraction).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from finsim.book.arrangements import ControlTotals, Reserves, RiskShare, TotalsSet
from finsim.book.model import (
    AgeCostCurve,
    Book,
    Contract,
    Demand,
    Dependence,
    Driver,
    External,
    Line,
    Organisation,
    PaymentTerms,
    Population,
)
from finsim.book.schemes import ActivityScheme, EfficiencyScheme
from finsim.scenario.model import Run, Scenario
from finsim.scenario.resolved import Held, Resolved
from finsim.simulation.compile import compile_plan
from finsim.simulation.plan import Plan
from finsim.simulation.run import units
from finsim.uncertainty.point_sets import Design

SOURCE = {"source": "made up", "standing": "derived", "as_at": "2016"}
FIRST, LAST = 2015, 2020

# Parts


def organisation(name: str, kind: str = "provider", **rest: Any) -> Organisation:
    stated = {"id": name, "name": name, "kind": kind, "areas": [], **SOURCE, **rest}
    return Organisation.model_validate(stated)


def external(name: str) -> External:
    return External.model_validate({"id": name, "name": name, **SOURCE})


def line(name: str, of: str, baseline: Any, **rest: Any) -> Line:
    stated = {
        "id": name, "name": name, "organisation": of, "baseline": baseline, "service": "care",
        "pathway": "care", "cost_type": "pay", "demand": "none", "cash_release": 1.0,
    }  # fmt: skip
    return Line.model_validate({**stated, **SOURCE, **rest})


def contract(name: str, payer: str, provider: str, baseline: Any, **rest: Any) -> Contract:
    stated = {
        "id": name, "name": name, "payer": payer, "provider": provider, "baseline": baseline,
        "service": "care", "pathway": "care", "demand": "none", "payment": "tariff",
    }  # fmt: skip
    return Contract.model_validate({**stated, **SOURCE, **rest})


def driver(name: str, value: Any) -> Driver:
    stated = {"id": name, "name": name, "unit": "a year", "group": "any", "value": value}
    return Driver.model_validate({**stated, **SOURCE})


def curve(name: str, cost: Sequence[float]) -> AgeCostCurve:
    return AgeCostCurve.model_validate({"id": name, "name": name, "cost": list(cost), **SOURCE})


def payment_terms(name: str, by_year: Mapping[int, Mapping[str, Any]]) -> PaymentTerms:
    stated = {"id": name, "name": name, "by_year": dict(by_year), **SOURCE}
    return PaymentTerms.model_validate(stated)


def together(name: str, members: Iterable[str], **how: Any) -> Dependence:
    return Dependence.model_validate({"id": name, "members": list(members), **SOURCE, **how})


def activity_scheme(name: str, saving: Any, on: Sequence[Mapping[str, Any]], **rest: Any) -> Any:
    """A scheme on activity; `on` its effects: `[{"contracts": {"id": "emergency"}}]`."""
    stated = {
        "kind": "activity", "id": name, "name": name, "theme": "schemes", "owner": "system",
        "saving": saving, "start": "2016-04", "ramp": {"shape": "step"}, "effects": list(on),
    }  # fmt: skip
    return ActivityScheme.model_validate({**stated, **SOURCE, **rest})


def efficiency_scheme(
    name: str, rate: Mapping[Any, Any], on: Mapping[str, Any], **rest: Any
) -> Any:
    stated = {
        "kind": "efficiency", "id": name, "name": name, "theme": "schemes", "owner": "system",
        "start": "2016-04", "rate": dict(rate), "lines": dict(on),
    }  # fmt: skip
    return EfficiencyScheme.model_validate({**stated, **SOURCE, **rest})


def people(by_area: Mapping[str, Mapping[int, Sequence[float]]], bands: int = 3) -> Population:
    """A population table: `{"town": {2015: [30, 50, 20], 2016: …}}`."""
    rows = [
        {"area": area, "year": year, "variant": "made up", "people": list(counts)}
        for area, years in by_area.items()
        for year, counts in years.items()
    ]
    names = [f"{10 * band}-{10 * band + 9}" for band in range(bands)]
    return Population.model_validate({"bands": names, "rows": rows})


# Systems


def system(
    *,
    years: tuple[int, int] = (FIRST, LAST),
    grown: Mapping[str, Any] | None = None,
    chosen: Sequence[str] | None = None,
    held: Mapping[str, Any] | None = None,
    scenario: Mapping[str, Any] | None = None,
    **sections: Any,
) -> Resolved:
    """A resolved scenario of a book with these sections; every scheme is chosen unless said."""
    book = Book(title="A system", **{name: _whole(value) for name, value in sections.items()})
    schemes = tuple(s.id for s in book.schemes) if chosen is None else tuple(chosen)
    stated = {
        "title": "A system", "book": "made up", "years": years, "population": grown,
        "schemes": schemes, **(scenario or {}),
    }  # fmt: skip
    return Resolved(
        option="as stated",
        scenario=Scenario.model_validate(stated),
        book=book,
        held=Held.model_validate(held or {}),
    )


def one_hospital(**sections: Any) -> Resolved:
    """A commissioner that pays a hospital £100m for care, which costs it £100m, half of it fixed.

    The commissioner has £120m and spends £20m of its own. Nothing grows and no price moves.
    """
    stated: dict[str, Any] = {
        "organisations": [organisation("ccg", "commissioner"), organisation("hospital")],
        "external": [external("nhs_england"), external("fund")],
        "contracts": [
            contract("allocation", "nhs_england", "ccg", "£120m", payment="block", service="all"),
            contract("care", "ccg", "hospital", "£100m"),
        ],
        "lines": [
            line("wards", "hospital", "£100m", demand="contracts", cash_release="50%"),
            line("prescribing", "ccg", "£20m", service="prescribing"),
        ],
    }
    return system(**{**stated, **sections})


def _whole(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def with_schemes(resolved: Resolved, *chosen: str) -> Resolved:
    """The same system with these schemes."""
    scenario = resolved.scenario.model_copy(update={"schemes": chosen})
    return resolved.model_copy(update={"scenario": scenario})


def with_section(resolved: Resolved, **sections: Any) -> Resolved:
    """The same system with sections of its book replaced."""
    whole = {name: _whole(value) for name, value in sections.items()}
    return resolved.model_copy(update={"book": resolved.book.model_copy(update=whole)})


def draws_of(plan: Plan, draws: int = 48, seed: int = 7) -> NDArray[np.float64]:
    """Inputs of some draws: [input, year, draw]."""
    return next(units(plan, Design("latin hypercube", draws, seed), 0))


def row(plan: Plan, x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """One input of the draws by name: [year, draw]."""
    return x[plan.inputs.position(name)]


def body(plan: Plan, name: str) -> int:
    """Where an organisation stands in the first axis of positions."""
    return plan.bodies.ids.index(name)


def written(resolved: Resolved, folder: Path, calibrate: Mapping[str, Any] | None = None) -> Path:
    """The same system as files, for the readers; returns the scenario's."""
    book = resolved.book.model_dump(mode="json", by_alias=True, exclude_none=True)
    scenario = resolved.scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    stated = {**scenario, "book": "book", **({"calibrate": calibrate} if calibrate else {})}
    (folder / "book").mkdir(parents=True, exist_ok=True)
    (folder / "book" / "book.yaml").write_text(json.dumps(book), encoding="utf-8")
    (folder / "scenario.yaml").write_text(json.dumps(stated), encoding="utf-8")
    return folder / "scenario.yaml"


# What money is


def scaled(resolved: Resolved, k: float) -> Resolved:
    """The same system with every amount of money k times as large."""
    book, held = resolved.book, resolved.held
    lines = [item.model_copy(update={"baseline": item.baseline * k}) for item in book.lines]
    contracts = [
        item.model_copy(update={name: _times(getattr(item, name), k) for name in BOOKED})
        for item in book.contracts
    ]
    schemes = [_scheme_scaled(item, k) for item in book.schemes]
    pressure = held.unattributed
    if pressure is not None:
        amounts = {name: getattr(pressure, name) * k for name in ("amount", "published_gap")}
        pressure = pressure.model_copy(update=amounts)
    savings = {name: value * k for name, value in held.full_savings.items()}
    new = with_section(resolved, lines=lines, contracts=contracts, schemes=schemes)
    kept = Held(unattributed=pressure, full_savings=savings)
    return new.model_copy(update={"held": kept})


BOOKED = ("baseline", "payer_value", "provider_value")


def _times(value: float | None, k: float) -> float | None:
    return None if value is None else value * k


def _scheme_scaled(scheme: Any, k: float) -> Any:
    update: dict[str, Any] = {}
    if isinstance(scheme, ActivityScheme) and isinstance(scheme.saving, float):
        update["saving"] = scheme.saving * k
    if scheme.costs is not None:
        stated = scheme.costs
        update["costs"] = stated.model_copy(
            update={
                "one_off": {year: value * k for year, value in stated.one_off.items()},
                "double_running": {y: value * k for y, value in stated.double_running.items()},
                "running": stated.running * k,
            }
        )
    return scheme.model_copy(update=update)


# Any system

SHAPES = (
    "fixed", "uniform", "triangular", "pert", "normal", "truncated", "lognormal", "student t",
    "beta", "discrete", "two quantiles", "three quantiles",
)  # fmt: skip
FORMS = ("tariff", "block", "blended", "marginal", "capitated", "cap and collar")
NAMED_FORMS = FORMS[:5]
RAMPS = ("step", "linear", "s-curve", "front-loaded", "back-loaded", "by year", "points")
CURVES = {"first": (0.6, 1.0, 4.0), "second": (1.2, 1.0, 2.5)}
OUTSIDE = ("payer_outside", "supplier_outside")


class Dice(random.Random):
    """Choices of one system; quantities come in steps that a person would write."""

    def amount(self, low: float, high: float) -> float:
        """In steps of 0.01."""
        return self.randint(round(low * 100), round(high * 100)) / 100

    def rate(self, low: float, high: float) -> float:
        """In steps of 0.01%."""
        return self.randint(round(low * 10_000), round(high * 10_000)) / 10_000

    def likely(self, chance: float) -> bool:
        return self.random() < chance

    def some(self, things: Sequence[Any], least: int = 1, most: int = 99) -> list[Any]:
        """A few of them, in their order."""
        count = self.randint(min(least, len(things)), min(most, len(things)))
        return [things[n] for n in sorted(self.sample(range(len(things)), count))]


def dice() -> st.SearchStrategy[Dice]:
    """Choices that follow from one number, so that a failing case is named by it.

    Four hundred choices drawn one by one from hypothesis cost ten times what the engine does with
    them; what it draws, and shrinks, is how many parts a system has.
    """
    return st.integers(0, 2**32 - 1).map(Dice)


def spread_around(shape: str, centre: float, spread: float) -> Any:
    """A distribution of this shape about a centre; with no spread, one that never varies."""
    low, high = centre - spread, centre + spread
    match shape:
        case "uniform":
            return {"low": low, "high": high}
        case "triangular" | "pert":
            return {"shape": shape, "low": low, "mode": centre, "high": high}
        case "normal":
            return {"mean": centre, "sd": spread}
        case "truncated":
            return {"mean": centre, "sd": spread, "at_least": low, "at_most": high + spread}
        case "lognormal":
            return {"shape": "lognormal", "mean": abs(centre) + 0.01, "sd": spread}
        case "student t":
            return {"mean": centre, "sd": spread, "degrees_of_freedom": 4}
        case "beta" if spread > 0:
            return {
                "shape": "beta", "mean": centre, "sd": spread / 2,
                "low": low - spread, "high": high + spread,
            }  # fmt: skip
        case "discrete":
            halves = [{"value": low, "weight": 0.25}, {"value": high, "weight": 0.75}]
            return {"values": halves}
        case "two quantiles" if spread > 0:
            return {"p10": low, "p90": high}
        case "three quantiles" if spread > 0:
            return {"p5": low, "p50": centre, "p95": high + spread}
        case _:
            return centre


def any_rate(
    dice: Dice, years: range, low: float = -0.02, high: float = 0.05, spread: float = 0.01
) -> Any:
    """A yearly rate: a number or a path, in any distribution; without spread, no variance."""
    by_year = dice.likely(0.4)
    centre = 0.0 if by_year else dice.rate(low, high)
    value = spread_around(dice.choice(SHAPES), centre, spread and dice.rate(0.0001, spread))
    if isinstance(value, dict):
        value["over_years"] = dice.choice(("constant", "yearly", {"ar1": dice.amount(0.1, 0.9)}))
    if not by_year:
        return value
    path = {year: dice.rate(low, high) for year in years}
    return {"path": path, "around": value} if isinstance(value, dict) else {"path": path}


def any_delivered(dice: Dice, years: range, sure: bool = False) -> Any:
    """Delivered ÷ planned: it may fall below nothing."""
    kind = dice.choice((*SHAPES, "event", "path"))
    if kind == "event":
        return {"chance": float(dice.likely(0.5)) if sure else dice.amount(0, 1)}
    size = 0.0 if sure else dice.amount(0.05, 0.4)
    if kind == "path":
        path = {year: dice.amount(-0.2, 1) for year in years}
        return {"path": path, "around": {"mean": 0.0, "sd": size}}
    return spread_around(kind, dice.amount(-0.2, 1), size)


def any_slip(dice: Dice, sure: bool = False) -> Any:
    """Months late, possibly past the last year."""
    months = float(dice.randint(0, 12))
    kind = dice.choice(("fixed", "uniform", "pert", "truncated"))
    if sure or kind == "fixed":
        return months
    if kind == "uniform":
        return {"low": 0.0, "high": 72.0}
    if kind == "pert":
        return {"low": 0.0, "mode": months, "high": months + 30.0}
    return {"mean": months, "sd": 8.0, "at_least": 0.0}


def any_ramp(dice: Dice) -> Any:
    """A ramp; its levels may fall, but not below nothing."""
    shape = dice.choice(RAMPS)
    if shape == "step":
        return {"shape": shape}
    if shape == "by year":
        return {"shape": shape, "levels": [dice.amount(0, 1) for _ in range(dice.randint(1, 5))]}
    if shape == "points":
        months = sorted(dice.sample(range(49), dice.randint(1, 4)))
        points = [{"after": float(month), "level": dice.amount(0, 1)} for month in months]
        return {"shape": shape, "points": points}
    return {"shape": shape, "over": float(dice.randint(1, 36))}


def any_form(dice: Dice) -> dict[str, Any]:
    """A payment form with its parameters."""
    form = dice.choice(FORMS)
    if form == "blended":
        glass = dice.choice((None, dice.amount(0, 0.1)))
        return {"form": form, "marginal_rate": dice.amount(0, 1), "break_glass": glass}
    if form == "marginal":
        edge = dice.amount(0.9, 1.2)
        return {"form": form, "marginal_rate": dice.amount(0, 1), "threshold": edge}
    if form == "cap and collar":
        return {
            "form": form, "collar": dice.amount(0, 0.1), "cap": dice.amount(0, 0.1),
            "payer_share_below": dice.amount(0, 1), "payer_share_above": dice.amount(0, 1),
        }  # fmt: skip
    return {"form": form}


def any_terms(dice: Dice, name: str, years: range) -> PaymentTerms:
    """Payment terms that may change by year."""
    return payment_terms(name, {year: any_form(dice) for year in dice.some(years, 1, 3)})


def any_people(dice: Dice, years: range) -> Population:
    """One to three areas that grow and age each in its own way."""
    by_area = {}
    for number in range(dice.randint(1, 3)):
        start = [dice.randint(1_000, 90_000) for _ in range(3)]
        drift = [dice.amount(-0.04, 0.06) for _ in range(3)]
        by_area[f"area_{number}"] = {
            year: [
                round(count * (1 + pace) ** (year - years[0]))
                for count, pace in zip(start, drift, strict=True)
            ]
            for year in years
        }
    return people(by_area)


def _moved(dice: Dice, drivers: Sequence[str], areas: Sequence[str], kind: str) -> dict[str, Any]:
    return {
        "demand": kind,
        "areas": dice.some(areas),
        "growth": dice.choice(drivers) if kind == "growth" else None,
        "non_demographic": dice.choice((None, *drivers)),
        "price": dice.choice((None, *drivers)),
    }


MOVED_BY = ("population", "headcount", "growth", "none")


def _contract(
    dice: Dice,
    number: int,
    inside: Sequence[str],
    drivers: Sequence[str],
    areas: Sequence[str],
    terms: Sequence[str],
) -> Contract:
    nodes = [*inside, *inside, *OUTSIDE]
    payer = dice.choice(nodes)
    provider = dice.choice([node for node in nodes if node != payer])
    value = dice.amount(1, 200)
    return contract(
        f"contract_{number}",
        payer,
        provider,
        value,
        service=dice.choice(("emergency", "planned")),
        payment=dice.choice((*NAMED_FORMS, *terms)),
        provider_value=value + dice.amount(-5, 5) if dice.likely(0.2) else None,
        **_moved(dice, drivers, areas, dice.choice(MOVED_BY)),
    )


def _line(
    dice: Dice,
    number: int,
    bodies: Sequence[str],
    served: Sequence[Contract],
    drivers: Sequence[str],
    areas: Sequence[str],
) -> Line:
    of = dice.choice(bodies)
    services = sorted({c.service for c in served if c.provider == of})
    follows = bool(services) and dice.likely(0.6)
    kind = "contracts" if follows else dice.choice(MOVED_BY)
    return line(
        f"line_{number}",
        of,
        dice.amount(0.01, 200),
        service=dice.choice([*services, "all"]) if follows else "care",
        cash_release=dice.amount(0, 1),
        **_moved(dice, drivers, areas, kind),
    )


def _delivery_costs(dice: Dice, payers: Sequence[str], years: range) -> Any:
    if dice.likely(0.4):
        return None
    several = dice.some(payers, 1, 4)
    return {
        "one_off": {dice.choice(years[1:]): dice.amount(0, 3)},
        "double_running": {dice.choice(years[1:]): dice.amount(0, 3)},
        "running": dice.amount(0, 2),
        "paid_by": {name: 1 / len(several) for name in several},
    }


def _chance(dice: Dice, sure: bool) -> float:
    return float(dice.likely(0.7)) if sure else dice.choice((1.0, dice.amount(0, 1)))


def _activity_scheme(
    dice: Dice,
    name: str,
    paid: Sequence[Contract],
    own: Sequence[Line],
    years: range,
    sure: bool,
) -> dict[str, Any]:
    """On contracts, on own lines or on both, taking at most a quarter of each."""
    removable = [item for item in own if item.demand != "contracts"]
    targets: list[tuple[str, Any]] = [("contracts", item) for item in paid]
    targets += [("lines", item) for item in removable]
    on = dice.some(targets, 1, 3)
    effects = [{kind: {"id": item.id}, "share": 1 / len(on)} for kind, item in on]
    rest = [target for target in targets if target not in on]
    if rest and dice.likely(0.4):
        kind, item = dice.choice(rest)
        effects.append({kind: {"id": item.id}, "share": -dice.amount(0.05, 0.6)})
    saving = dice.rate(0, 0.25) * min(item.baseline for _, item in on)
    shape = {
        "theme": dice.choice(("prevention", "pathways")),
        "start": years[1] * 12 + 3 + dice.randint(0, 30),
        "ramp": any_ramp(dice),
        "slip": any_slip(dice, sure),
    }
    return {"name": name, "saving": saving, "on": effects, **shape}


def _scheme(
    dice: Dice,
    number: int,
    paid: Sequence[Contract],
    own: Sequence[Line],
    payers: Sequence[str],
    years: range,
    sure: bool,
) -> Any:
    name = f"scheme_{number}"
    rest = {
        "chance": _chance(dice, sure),
        "delivered": any_delivered(dice, years, sure),
        "recurrent": dice.amount(0, 1),
        "costs": _delivery_costs(dice, payers, years),
    }
    if dice.likely(0.65):
        return activity_scheme(**_activity_scheme(dice, name, paid, own, years, sure), **rest)
    rate = {year: dice.rate(0, 0.04) for year in years[1:]}
    on = {"id": [item.id for item in dice.some(own)]}
    start = years[1] * 12 + 3
    return efficiency_scheme(name, rate, on, theme="efficiency", start=start, **rest)


def steadiness(item: Driver) -> str:
    """`fixed`, `constant` or `by year`: inputs that move together must be alike in this."""
    value = item.model_dump()["value"]
    if isinstance(value, dict) and value["shape"] == "path":
        value = value["around"]
    if not isinstance(value, dict):
        return "fixed"
    return "constant" if value["over_years"] == "constant" else "by year"


def _dependences(dice: Dice, drivers: Sequence[Driver], schemes: Sequence[Any]) -> list[Dependence]:
    """Groups that move together by a factor or by a matrix, each input in one of them."""
    groups = {
        ("constant", "steady_factor"): [d.id for d in drivers if steadiness(d) == "constant"],
        ("by year", "yearly_factor"): [d.id for d in drivers if steadiness(d) == "by year"],
        ("delivered", "delivery_factor"): [f"schemes.{s.id}.delivered" for s in schemes],
    }
    return [
        together(name.replace(" ", "_"), members, **_strength(dice, len(members), factor))
        for (name, factor), members in groups.items()
        if members and dice.likely(0.6)
    ]


def _strength(dice: Dice, size: int, factor: str) -> dict[str, Any]:
    kind = dice.choice(("rank", "loadings", "matrix"))
    if kind == "rank":
        return {"factor": factor, "rank_correlation": dice.amount(0, 0.9)}
    if kind == "loadings":
        return {"factor": factor, "loadings": [dice.amount(-1, 1) for _ in range(size)]}
    rho = dice.amount(0, 0.8)
    return {"matrix": [[1.0 if i == j else rho for j in range(size)] for i in range(size)]}


def _held(dice: Dice, bodies: Sequence[str], years: range, sure: bool) -> Any:
    if dice.likely(0.5):
        return {}
    return {
        "unattributed": {
            "amount": dice.amount(-5, 50),
            "in_year": dice.choice(years[1:]),
            "published_gap": 10.0,
            "shares": {name: 1 / len(bodies) for name in bodies},
            "spread": None if sure or dice.likely(0.5) else {"low": -0.2, "high": 0.2},
            "solved_in": "this system",
        }
    }


def _reserves(dice: Dice, bodies: Sequence[str], years: range) -> Reserves:
    stated = {
        "id": "held_back", "name": "Held back", "members": dice.some(bodies),
        "service": dice.choice(("emergency", "planned")),
        "by_year": {
            year: {"uncommitted": dice.rate(0, 0.02), "contingency": dice.rate(0, 0.01)}
            for year in dice.some(years)
        },
    }  # fmt: skip
    return Reserves.model_validate({**stated, **SOURCE})


@st.composite
def systems(draw: st.DrawFn, *, sure: bool = False, most_schemes: int = 4) -> Resolved:
    """Any small system; with `sure`, one in which nothing varies from draw to draw."""
    rolled = draw(dice())
    counts = {
        "years": draw(st.integers(2, 6)),
        "bodies": draw(st.integers(2, 10)),
        "contracts": draw(st.integers(1, 8)),
        "lines": draw(st.integers(1, 9)),
        "schemes": draw(st.integers(0, most_schemes)),
    }
    return any_system(rolled, counts, sure)


def any_system(dice: Dice, counts: Mapping[str, int], sure: bool = False) -> Resolved:
    """A system with so many parts of each kind."""
    years = range(FIRST, FIRST + counts["years"])
    table = any_people(dice, years)
    spread = 0.0 if sure else 1.0
    rated = [
        driver(f"rate_{n}", any_rate(dice, years, spread=0.01 * spread))
        for n in range(dice.randint(1, 5))
    ]
    shocks = [
        driver(f"shock_{n}", any_rate(dice, years, -0.01, 0.01, 0.03 * spread))
        for n in range(dice.randint(1, 3))
    ]
    bodies = _bodies(dice, counts["bodies"], table.areas, [item.id for item in shocks])
    ids, names = [body.id for body in bodies], [item.id for item in rated]
    terms = [any_terms(dice, f"terms_{n}", years) for n in range(dice.randint(1, 3))]
    paid = [
        _contract(dice, n, ids, names, table.areas, [item.id for item in terms])
        for n in range(counts["contracts"])
    ]
    own = [_line(dice, n, ids, paid, names, table.areas) for n in range(counts["lines"])]
    payers = [*ids, *OUTSIDE]
    schemes = [_scheme(dice, n, paid, own, payers, years, sure) for n in range(counts["schemes"])]
    varying = [item for item in schemes if not isinstance(item.delivered, float)]
    national = dice.randint(0, len(rated))
    return system(
        years=(years[0], years[-1]),
        grown={
            "growth": dice.choice(("outturn", 0.08, 0.08 if sure else {"low": 0.05, "high": 0.3})),
            "from": 2016,
            "by": 2031,
            "variant": "made up",
            "ageing": dice.choice(("table", "none")),
        },
        chosen=[item.id for item in schemes if dice.likely(0.85)],
        held=_held(dice, [body.id for body in bodies if body.in_perimeter], years, sure),
        demand=Demand(curves=("first", "second"), mix="mix"),
        organisations=bodies,
        external=[external(name) for name in OUTSIDE],
        lines=own,
        contracts=paid,
        population=table,
        curves=[curve(name, cost) for name, cost in CURVES.items()],
        national_drivers=rated[:national],
        drivers=[*rated[national:], *shocks, *_shared_factors(sure)],
        dependence=_dependences(dice, [*rated, *shocks], varying),
        payments=terms,
        schemes=schemes,
        reserves=[_reserves(dice, [body.id for body in bodies if body.in_perimeter], years)],
        scenario={"reserves": "held_back"} if dice.likely(0.3) else {},
    )


def _bodies(
    dice: Dice, count: int, areas: Sequence[str], shocks: Sequence[str]
) -> list[Organisation]:
    return [
        organisation(
            f"body_{n}",
            dice.choice(("commissioner", "provider", "council")),
            areas=dice.some(areas, 0),
            in_perimeter=(inside := n < 2 or dice.likely(0.7)),
            role="party" if inside or dice.likely(0.5) else "partner",
            local_share=dice.amount(0, 1),
            shock=dice.choice((None, *shocks)),
        )
        for n in range(count)
    ]


def _shared_factors(sure: bool) -> list[Driver]:
    return [
        driver("steady_factor", {"mean": 0.0, "sd": 1.0}),
        driver("yearly_factor", {"mean": 0.0, "sd": 1.0, "over_years": "yearly"}),
        driver("delivery_factor", {"mean": 0.0, "sd": 1.0}),
        driver("mix", 0.4 if sure else {"low": 0.0, "high": 1.0}),
    ]


def ten_organisations(seed: int) -> Resolved:
    """A system of ten organisations with random lines, contracts, schemes and agreements."""
    dice = Dice(seed)
    counts = {"years": 6, "bodies": 10, "contracts": 60, "lines": 60, "schemes": 12}
    return with_agreements(any_system(dice, counts), dice)


def with_agreements(resolved: Resolved, dice: Dice) -> Resolved:
    """The same system with control totals, a risk share in the perimeter and one with partners."""
    book, (first, last) = resolved.book, resolved.scenario.years
    inside = [body.id for body in book.organisations if body.in_perimeter]
    pooled = [body.id for body in dice.some(book.organisations, 2)]
    agreed = {
        name: {"by_year": {year: dice.amount(-50, 20) for year in range(first + 1, last + 1)}}
        for name in inside
    }
    cap = f"{100 * dice.rate(0.001, 0.05):.2f}% of income"
    stated: dict[str, tuple[type[Any], list[dict[str, Any]]]] = {
        "totals": (TotalsSet, [{"id": "agreed", "totals": agreed}]),
        "control_totals": (
            ControlTotals,
            [
                {
                    "id": "ours",
                    "totals": "agreed",
                    "members": inside,
                    "link_share": dice.amount(0, 1),
                }
            ],
        ),
        "risk_shares": (
            RiskShare,
            [
                {
                    "id": "by_line",
                    "terms": [
                        {"pool": {"members": pooled, "lines": ["care"]}},
                        {"shares": {"by": "equal"}},
                    ],
                },
                {
                    "id": "whole",
                    "terms": [
                        {"pool": {"members": inside}},
                        {"shares": {"by": dice.choice(("equal", "income"))}},
                        {"cap": {"loss": cap}},
                    ],
                },
            ],
        ),
    }
    sections = {
        name: [model.model_validate({"name": item["id"], **item, **SOURCE}) for item in items]
        for name, (model, items) in stated.items()
    }
    scenario = resolved.scenario.model_copy(
        update={"control_totals": "ours", "risk_share": ("by_line", "whole")}
    )
    return with_section(resolved, **sections).model_copy(update={"scenario": scenario})


def national_set(folder: Path, count: int = 42) -> Path:
    """That many systems of ten organisations as files, and the sweep that runs them all."""
    for number in range(count):
        resolved = ten_organisations(number)
        few = {"seed": number, "draws": 8, "draws_per_replicate": 4, "points": "latin hypercube"}
        scenario = resolved.scenario.model_copy(
            update={"title": f"System {number + 1}", "run": Run.model_validate(few)}
        )
        system_folder = folder / "systems" / f"system_{number + 1:02}"
        written(resolved.model_copy(update={"scenario": scenario}), system_folder)
    stated = {"finsim": 1, "title": "A national set", "scenarios": ["systems/*/scenario.yaml"]}
    (folder / "national.yaml").write_text(json.dumps(stated), encoding="utf-8")
    return folder / "national.yaml"


def plan_of(resolved: Resolved) -> Plan:
    """The plan of a system."""
    return compile_plan(resolved)
