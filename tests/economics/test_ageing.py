"""Ageing lowers pressure in BHR and raises it in LLR: a per-head model gets the sign wrong."""

import csv
from pathlib import Path

import numpy as np
import pytest

from finsim.economics.demand import weighted_population

TESTS = Path(__file__).resolve().parents[1]
BANDS = ("0-4", "5-14", "15-44", "45-64", "65-74", "75-84", "85+")
OUTTURN = "ONS mid-year estimate"
YEARS = tuple(range(2015, 2021))
TABLES = {
    "BHR": TESTS.parent / "assumptions" / "bhr" / "population.csv",
    "LLR": TESTS.parent / "assumptions" / "llr" / "population.csv",
}


def curves() -> dict[str, np.ndarray]:
    path = TESTS.parent / "assumptions" / "national" / "curves.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row["id"]: np.array([float(row[band]) for band in BANDS]) for row in rows}


def people(system: str) -> np.ndarray:
    """[area, band, year] of the outturn."""
    with TABLES[system].open(encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = [row for row in csv.DictReader(lines) if row["variant"] == OUTTURN]
    areas = sorted({row["area"] for row in rows})
    table = np.zeros((len(areas), len(BANDS), len(YEARS)))
    for row in rows:
        if int(row["year"]) in YEARS:
            counts = [float(row[band]) for band in BANDS]
            table[areas.index(row["area"]), :, YEARS.index(int(row["year"]))] = counts
    return table


def yearly(index: np.ndarray) -> float:
    """Growth a year over the five years, %."""
    return float(100 * ((index[-1] / index[0]) ** (1 / 5) - 1))


@pytest.mark.parametrize(
    ("system", "headcount", "pressure"), [("BHR", 0.91, 0.71), ("LLR", 1.03, 1.39)]
)
def test_growth_by_head_and_by_age_cost(system: str, headcount: float, pressure: float) -> None:
    table = people(system)
    everyone = np.ones(table.shape[0])
    by_cost = weighted_population(table, everyone, curves()["hospital_and_community"])
    assert yearly(table.sum(axis=(0, 1))) == pytest.approx(headcount, abs=0.005)
    assert yearly(by_cost) == pytest.approx(pressure, abs=0.005)


def test_ageing_lowers_pressure_in_bhr_and_raises_it_in_llr() -> None:
    for system, sign in (("BHR", -1), ("LLR", 1)):
        table = people(system)
        everyone = np.ones(table.shape[0])
        by_head = yearly(table.sum(axis=(0, 1)))
        for curve in curves().values():
            by_cost = yearly(weighted_population(table, everyone, curve))
            assert sign * (by_cost - by_head) > 0.1
