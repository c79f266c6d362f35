"""What the gap rests on, in words: the same in the terminal, the JSON and the workbook."""

from __future__ import annotations

from finsim.analysis.results import Results
from finsim.analysis.standing import SOLVED, GapStanding, Replacement, gap_standing
from finsim.analysis.strands import ILLUSTRATIVE
from finsim.outputs.words import percent, pounds

NOTHING_MOVES = 1e-9


def standing_lines(results: Results) -> list[str]:
    """How much of the gap is illustrative: by money, and by spread."""
    found = gap_standing(results)
    total = sum(found.money.values())
    if not total:
        return []
    stated = [name for name in found.money if name not in {ILLUSTRATIVE, SOLVED}]
    parts = [f"{percent(found.money_share(name))} {name}" for name in stated]
    if SOLVED in found.money:
        parts.append(f"{percent(found.money_share(SOLVED))} {SOLVED}")
    lines = [
        f"Of the {pounds(total)} of income and cost that make the do-nothing gap {found.year}, "
        f"{percent(found.money_share(ILLUSTRATIVE))} is illustrative ({', '.join(parts)})"
    ]
    if any(found.variance.values()):
        lines.append(
            f"{percent(found.variance[ILLUSTRATIVE])} of the variance of the gap after schemes "
            "comes from illustrative inputs"
        )
    return lines


def replaces(found: Replacement) -> str:
    """What a replacement would replace: `36 inputs, first BHRUT: planned care, pay`."""
    if len(found.inputs) == 1:
        return found.inputs[0]
    return f"{len(found.inputs)} inputs, first {found.inputs[0]}"


def standing_json(results: Results) -> dict[str, object]:
    """The same as data."""
    found: GapStanding = gap_standing(results)
    return {
        "year": found.year,
        "money": found.money,
        "variance": found.variance,
        "se_variance": found.errors,
        "replace_first": [
            {
                "replace_with": one.replace_with,
                "inputs": list(one.inputs),
                "influence": one.influence,
                "spread": one.spread,
                "level": one.level,
            }
            for one in found.replace_first
        ],
    }
