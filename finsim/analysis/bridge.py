"""The bridge from the base-year position to the position, for every body, year and option.

The steps are worked out in every draw of the replicates that are bridged, so each has a range of
its own. Means add up to the mean position; percentiles do not add.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from finsim.analysis.bridge_rows import TIES, Bridge, BridgeRow
from finsim.analysis.bridge_steps import OF_WORKBOOK, WHOLE, Bridged
from finsim.analysis.results import Results


def with_bridges(results: Sequence[Results]) -> tuple[Results, ...]:
    """Results that were bridged as a workbook shows them: the first with its bridge alone.

    On the first few replicates of the run, with a check that it ties.
    """
    first, *others = results
    assert first.bridge is not None
    bridge = first.bridge.of_workbook or first.bridge
    return (_with(first, bridge), *(_with(other, None) for other in others))


def _with(result: Results, bridge: Bridge | None) -> Results:
    """Results with this bridge and its check, in place of any that they have."""
    checks = tuple(check for check in result.checks if check.name != TIES)
    tie = () if bridge is None else (bridge.check,)
    return replace(result, checks=(*checks, *tie), bridge=bridge)


__all__ = ["OF_WORKBOOK", "WHOLE", "Bridge", "BridgeRow", "Bridged", "with_bridges"]
