"""Tracing: any number of a case back to what it is made of, its inputs and their sources."""

from __future__ import annotations

from collections.abc import Callable

from finsim.outputs import (
    trace_arrangement,
    trace_contract,
    trace_dependence,
    trace_input,
    trace_ledger,
    trace_level,
    trace_line,
    trace_scheme,
    trace_system,
)
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_names import Subject

BY_NUMBER: dict[str, Callable[[Case, int], list[str]]] = {
    "measure": trace_system.measure,
    "organisation": trace_ledger.organisation,
    "external": trace_ledger.external,
    "line": trace_line.line,
    "contract": trace_contract.contract,
    "scheme": trace_scheme.scheme,
    "payment": trace_contract.payment,
    "dependence": trace_dependence.dependence,
    "curve": trace_input.curve,
}


def trace(case: Case, subject: Subject) -> list[str]:
    """The lines of text that trace a subject in a case."""
    by_number = BY_NUMBER.get(subject.kind)
    if by_number is not None:
        return by_number(case, subject.number)
    if subject.kind == "input":
        return trace_input.uncertain_input(case, subject)
    if subject.kind in {"network", "locality"}:
        return trace_level.level(case, subject)
    if subject.kind == "arrangement":
        return trace_arrangement.arrangement(case, subject)
    if subject.kind == "theme":
        return trace_scheme.theme(case, subject.id)
    if subject.kind == "pressure":
        return trace_system.pressure(case)
    return trace_system.system(case)
