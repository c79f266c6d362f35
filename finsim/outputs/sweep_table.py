"""What a sweep found, in at most 100 columns: one line for each run and option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finsim.outputs.words import percent, signed

LABEL = 52
CELL = 10
MOST_LINES = 60


def sweep_table(
    title: str, cells: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]
) -> str:
    """The last year of each run and option, and the checks in words.

    The gap after schemes: mean, P10, P90; `funded` its mean after support and funding; `met` the
    chance that the system meets its control total.
    """
    lines = [title, "", _line("Gap after schemes in the last year, £m", _HEADS), "─" * 100]
    for cell in cells:
        lines += [f"{cell['scenario']} · {cell['case']}", *_options(cell)]
    if len(lines) > MOST_LINES:
        hidden = len(lines) - MOST_LINES
        lines = [*lines[:MOST_LINES], f"… and {hidden} lines more; every figure is in the dataset"]
    failed = [check for check in checks if not check["passed"]]
    said = [f"{len(failed)} of {len(checks)} runs FAIL a check:"] if failed else []
    said += [f"  {check['name']}: {check['detail']}" for check in failed]
    return (
        "\n".join([*lines, "", *(said or [f"All checks pass in all {len(checks)} runs."])]) + "\n"
    )


_HEADS = ("mean ", "P10 ", "P90 ", "funded ", "met ")


def _options(cell: Mapping[str, Any]) -> Iterator[str]:
    found = {(row["option"], row["measure"]): row for row in cell["measures"]}
    for option in dict.fromkeys(row["option"] for row in cell["measures"]):
        gap = found.get((option, "gap"), {})
        met = found.get((option, "control_total_met"), {})
        after = found.get((option, "gap_after_support"), {})
        cells = [_money(gap.get(name)) for name in ("mean", "p10", "p90")]
        cells.append(_money(after.get("mean")))
        chance = met.get("probability")
        cells.append("–" if chance is None else f"{percent(chance)} ")
        yield _line(f"  {option}", cells)


def _line(label: str, cells: Sequence[str]) -> str:
    kept = label if len(label) <= LABEL - 1 else label[: LABEL - 2] + "…"
    return f"{kept:<{LABEL - 2}}" + "".join(f"{cell:>{CELL}}" for cell in cells)


def _money(value: float | None) -> str:
    return "–" if value is None else signed(value)
