"""What every test shares: where systems are built, how hypothesis runs, the shipped scenarios."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

TESTS = Path(__file__).parent
SCENARIOS = TESTS.parent / "scenarios"
sys.path.insert(0, str(TESTS))

settings.register_profile(
    "finsim",
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("finsim")

from finsim.analysis.results import Results, simulate  # noqa: E402
from finsim.simulation.resolve import Resolution, resolve  # noqa: E402
from finsim.simulation.run import Serial, sampling  # noqa: E402

REQUIRE_ALL = "FINSIM_REQUIRE_ALL"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where every part must be there, a skip for want of one is a failure."""
    report = yield
    if report.skipped and os.environ.get(REQUIRE_ALL) == "1":
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE_ALL}=1, but: {report.longrepr}"
    return report


@cache
def _resolved(name: str, option: str | None) -> Resolution:
    return resolve(SCENARIOS / f"{name}.yaml", option)


@pytest.fixture(scope="session")
def shipped() -> Callable[..., Resolution]:
    """A shipped scenario, resolved once: `shipped("bhr")`, `shipped("nuffield", "an option")`."""

    def named(name: str, option: str | None = None) -> Resolution:
        return _resolved(name, option)

    return named


@pytest.fixture(scope="session")
def bhr_run() -> Results:
    """`scenarios/bhr.yaml` run once, with its own settings."""
    resolution = _resolved("bhr", None)
    return simulate(resolution.plan, sampling(resolution.resolved.scenario.run), Serial())
