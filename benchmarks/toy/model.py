"""The toy model in plain arithmetic: what `toy.yaml` says, for any tool that can add and multiply.

33 inputs, 3 organisations, 6 years, 12 schemes, one corridor. The same text serves numbers, numpy
arrays and the stochastic variables of other tools, so that all of them do the same work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

YEARS = 6
SCHEMES = 12
ON_ACUTE = 8
SAVING = tuple(n / 2 for n in range(1, SCHEMES + 1))
RAMP_MONTHS = 24
TOTAL = {"ccg": 2.0, "hospital": -3.0}
OWN, POOLED = 2.0, 0.5

NORMAL = {
    "acute_growth": (0.015, 0.005),
    "drug_growth": (0.02, 0.01),
    "care_growth": (0.037, 0.006),
    "pay": (0.025, 0.005),
    "drugs": (0.03, 0.01),
    "tariff": (0.005, 0.005),
    "allocation": (0.025, 0.004),
    "council_income": (0.01, 0.005),
}
UNIFORM = {"people": (0.005, 0.015)} | {f"slip_{n}": (0.0, 12.0) for n in range(1, SCHEMES + 1)}
TRIANGULAR = {f"delivered_{n}": (0.2, 0.7, 1.0) for n in range(1, SCHEMES + 1)}
INPUTS = (*NORMAL, *UNIFORM, *TRIANGULAR)


def distributions() -> dict[str, Any]:
    """The inputs as scipy distributions."""
    from scipy import stats

    found: dict[str, Any] = {name: stats.norm(*value) for name, value in NORMAL.items()}
    found |= {name: stats.uniform(low, high - low) for name, (low, high) in UNIFORM.items()}
    for name, (low, mode, high) in TRIANGULAR.items():
        found[name] = stats.triang((mode - low) / (high - low), low, high - low)
    return found


def drawn(generator: np.random.Generator, draws: int) -> dict[str, np.ndarray]:
    """The inputs by plain Monte Carlo."""
    found = {name: generator.normal(*value, draws) for name, value in NORMAL.items()}
    found |= {name: generator.uniform(*value, draws) for name, value in UNIFORM.items()}
    found |= {name: generator.triangular(*value, draws) for name, value in TRIANGULAR.items()}
    return found


def mean_ramp(slip: Any, year: int) -> Any:
    """The mean of a linear ramp over a year, after slip in months."""

    def area(months: Any) -> Any:
        after = np.maximum(months, 0.0)
        rising = np.minimum(after, RAMP_MONTHS)
        return rising * rising / (2 * RAMP_MONTHS) + (after - rising)

    return (area(12 * year - slip) - area(12 * (year - 1) - slip)) / 12


def position(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Positions after the corridor by year and organisation, £m, and the gap."""
    found = []
    for year in range(YEARS):
        people = (1 + inputs["people"]) ** year
        acute = 300 * people * (1 + inputs["acute_growth"]) ** year
        tariff = (1 + inputs["tariff"]) ** year
        drugs = people * (1 + inputs["drug_growth"]) ** year * (1 + inputs["drugs"]) ** year
        pay = (1 + inputs["pay"]) ** year
        left = {"acute": 1.0, "drugs": 1.0}
        running: Any = 0.0
        for n in range(SCHEMES if year else 0):
            ramp = mean_ramp(inputs[f"slip_{n + 1}"], year)
            saved = SAVING[n] * inputs[f"delivered_{n + 1}"] * ramp
            running = running + SAVING[n] / 10 * ramp
            if n < ON_ACUTE:
                left["acute"] = left["acute"] * (1 - saved / (acute * tariff))
            else:
                left["drugs"] = left["drugs"] * (1 - saved / (100 * drugs))
        contract = acute * tariff * left["acute"]
        allocation = (1 + inputs["allocation"]) ** year
        hospital_cost = acute / 300 * 305 * pay * (1 - 0.6 * (1 - left["acute"]))
        care = 130 * (1 + inputs["care_growth"]) ** year * pay
        own = {
            "ccg": 430 * allocation
            - contract
            - 20 * allocation
            - 100 * drugs * left["drugs"]
            - running,
            "hospital": contract - hospital_cost,
            "council": 112 * (1 + inputs["council_income"]) ** year + 20 * allocation - care,
        }
        gap = -(own["ccg"] + own["hospital"] + own["council"])
        if year:
            pooled = {
                body: POOLED * beyond(own[body] - total, OWN) for body, total in TOTAL.items()
            }
            whole = pooled["ccg"] + pooled["hospital"]
            for body, part in pooled.items():
                own[body] = own[body] + whole / 2 - part
        found.append({**own, "gap": gap})
    return found


def beyond(variance: Any, band: float) -> Any:
    """The part of a variance outside ± a band, with its sign."""
    return np.maximum(variance - band, 0.0) + np.minimum(variance + band, 0.0)
