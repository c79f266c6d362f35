"""The page of findings on BHR against the run that it is about."""

from __future__ import annotations

from pathlib import Path

from finsim.analysis.results import Results

PAGE = Path(__file__).resolve().parents[1] / "docs" / "findings-bhr.md"


def test_the_figures_of_the_run_are_those_on_the_page(bhr_run: Results) -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    last = bhr_run.years[-1]
    gap = bhr_run.figure("gap", last)
    held = bhr_run.plan.resolved.held.unattributed
    nothing = bhr_run.figure("do_nothing_gap", last).central
    assert held is not None
    assert nothing is not None
    themes = {
        f.body: f.mean or 0.0 for f in bhr_run.schemes() if f.level == "theme" and f.year == last
    }
    cost = bhr_run.figure("cost_of_delivery", last).mean
    usual = themes.pop("QIPP") + themes.pop("provider efficiency")
    amounts = (
        held.amount, nothing - held.amount, gap.mean, gap.p10, gap.p90, gap.plan, usual,
        sum(themes.values()), cost,
    )  # fmt: skip
    for amount in amounts:
        assert amount is not None
        assert f"£{amount:.1f}m" in page
    chance = bhr_run.figure("control_total_met", last).probability
    assert chance is not None
    assert f"The chance of meeting it is {chance:.0%}" in page
    assert gap.mean is not None
    assert gap.plan is not None
    assert f"Optimism is worth £{gap.mean - gap.plan:.0f}m" in page
