"""What a body is judged on: its position before funding, against its control total."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from finsim.analysis.observe import SYSTEM
from finsim.analysis.study import Case
from finsim.economics import control_totals as totals_of
from finsim.simulation.arrangement import Settled
from finsim.simulation.plan import FloatArray


class Targets(Struct, frozen=True):
    """What each body must reach in one year, the system first, £m.

    `stated` tells where a control total or a balanced-budget line is set; otherwise the target is
    to balance. Without any total the system is the perimeter.
    """

    bodies: tuple[str, ...]
    values: FloatArray
    stated: np.ndarray
    t: int

    def judged(self, case: Case, settled: Settled) -> FloatArray:
        """Positions before funding, [body, draw], the system first."""
        arrangement = case.arrangement
        own = settled.judged[:, self.t]
        if self.stated[0]:
            together = totals_of.system_position(
                settled.judged, arrangement.totals, arrangement.in_system
            )[self.t]
        else:
            together = own[case.plan.bodies.in_perimeter].sum(axis=0)
        return np.concatenate([together[None], own])


def targets_of(case: Case, t: int) -> Targets:
    """What each body of a case must reach in the year at position t."""
    arrangement = case.arrangement
    system = totals_of.system_total(arrangement.totals, arrangement.in_system)[t]
    values = np.array([system, *arrangement.lines[:, t]])
    stated = np.isfinite(values)
    bodies = (SYSTEM, *case.plan.bodies.ids)
    return Targets(bodies, np.where(stated, values, 0.0), stated, t)
