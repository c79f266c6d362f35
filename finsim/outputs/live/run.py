"""What the live sheets take of a run."""

from __future__ import annotations

from typing import Protocol

from finsim.analysis.checks import Check
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import Plan


class Run(Protocol):
    """A plan, its two cases without chance, and the checks of the run."""

    @property
    def plan(self) -> Plan:
        """The plan."""
        ...

    @property
    def arrangement(self) -> Arrangement:
        """Control totals, risk share and fund of the option."""
        ...

    @property
    def option(self) -> str:
        """The option that was run."""
        ...

    @property
    def years(self) -> tuple[str, ...]:
        """The financial years, base year first."""
        ...

    @property
    def central(self) -> Outcome:
        """The central case."""
        ...

    @property
    def planned(self) -> Outcome:
        """The plan case."""
        ...

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was checked of the run."""
        ...
