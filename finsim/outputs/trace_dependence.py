"""Inputs that move together."""

from __future__ import annotations

from finsim.book.model import Dependence
from finsim.book.validate import input_names, members_of
from finsim.outputs.trace_case import COLUMNS, Case
from finsim.outputs.trace_sources import provenance
from finsim.outputs.trace_text import Row, heading, listed, table, tagged


def members(case: Case, group: Dependence) -> list[str]:
    """The inputs of a group, by name."""
    names = list(input_names(case.book))
    return [member for pattern in group.members for member in members_of(pattern, names)]


def dependence_words(case: Case, group: Dependence) -> str:
    """Who moves together, and how strongly."""
    if group.matrix is not None:
        how = "rank correlations by pair"
    elif group.rank_correlation is not None:
        how = f"rank correlation {group.rank_correlation:g} through {group.factor}"
    else:
        how = f"stated loadings on {group.factor}"
    return f"{how}: {listed(members(case, group))}"


def dependence(case: Case, number: int) -> list[str]:
    """A group of inputs that move together."""
    group = case.book.dependence[number]
    lines = [
        *heading(case, f"{group.id} – inputs that move together"),
        "",
        *tagged("How", dependence_words(case, group)),
    ]
    if group.matrix is not None:
        bound = members(case, group)
        label = {member: f"{place + 1} {member}" for place, member in enumerate(bound)}
        columns = [str(place + 1) for place in range(len(bound))][:COLUMNS]
        rows = [
            Row(label[member], tuple(f"{value:g} " for value in stated[:COLUMNS]))
            for member, stated in zip(bound, group.matrix, strict=True)
        ]
        lines += ["", *table("Rank correlations", columns, rows)]
    return [*lines, "", *provenance(case, group, "dependence", number)]
