"""A scenario file, its option and its `--set` as one resolved scenario.

Values that are solved are solved here, once, in the file that states them and as it is written,
and held from then on: the full-year saving behind a cumulative target, and the unattributed
pressure that makes the central do-nothing gap the published one. An extending file, an option or
`--set` changes what they stand beside, not them; only a file with its own `calibrate` solves again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from finsim.book.arrangements import Distributed
from finsim.book.model import Book
from finsim.book.nodes import Listing, Mapping, Node, Scalar, place_of, words_of
from finsim.book.places import InputProblems, Problem
from finsim.book.schemes import ActivityScheme, CumulativeSaving
from finsim.book.typed import typed
from finsim.book.validate import cross_check
from finsim.economics.schemes import full_saving_for_cumulative, mean_ramp
from finsim.scenario.layers import Layer, Merged
from finsim.scenario.model import AS_STATED, Calibrate, Scenario
from finsim.scenario.reading import Files, judged, read_files
from finsim.scenario.resolved import Held, Resolved
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.compile import compile_plan, listed_inputs, unattributed
from finsim.simulation.compile_arrangement import certain_outcomes, compile_arrangement
from finsim.simulation.compile_totals import solved_totals
from finsim.simulation.inputs import InputError
from finsim.simulation.misfits import misfits
from finsim.simulation.plan import Plan
from finsim.simulation.pressure import solved_pressure
from finsim.simulation.ramps import ramp_from, start_month
from finsim.uncertainty.point_sets import Design

NO_PLACE = np.zeros(1)
COMPILED = ("years", "population", "schemes", "sustainability_funding", "reserves")
_latest: deque[Plan] = deque(maxlen=4)


class Resolution(Struct, frozen=True):
    """A resolved scenario, its plan, and the trees that tell where each value was written.

    `warnings` tell what of its files was not read as it stands.
    """

    resolved: Resolved
    plan: Plan
    arrangement: Arrangement
    merged: Merged
    path: str
    warnings: tuple[Problem, ...] = ()


def resolve(
    path: Path | str, option: str | None = None, sets: Sequence[str | Layer] = ()
) -> Resolution:
    """The scenario of a file with an option and overrides, solved once and ready to run.

    Raises InputProblems with every mistake that can be told at once.
    """
    return resolve_files(read_files(path), option, sets)


def resolve_files(
    files: Files, option: str | None = None, sets: Sequence[str | Layer] = ()
) -> Resolution:
    """The scenario of files that were read, with an option and overrides; see `resolve`."""
    found = judged(files, option, sets)
    merged, problems = found.merged, list(found.problems)
    if found.scenario is not None:
        problems += _impossible_draws(found.scenario, merged)
    if problems or found.scenario is None or found.book is None:
        raise InputProblems(problems)
    held = _held_by(files)
    for layer, state in found.steps:
        held = _hold_savings(held, state, layer)
        if _changes_totals(layer):
            held = _with_totals(held, state, _totals_changed(layer))
    settled = files.settled
    resolved = Resolved.model_construct(
        option=option or AS_STATED if settled is None else settled.option,
        scenario=found.scenario,
        book=found.book,
        held=held,
        calibrating=not found.steps and _is_calibrating(files),
    )
    plan = _compiled(resolved, merged)
    arrangement = _arranged(plan, merged)
    return Resolution(resolved, plan, arrangement, merged, files.path, files.warnings)


def resolve_each(
    files: Files, options: Sequence[str], sets: Sequence[str | Layer] = ()
) -> list[Resolution]:
    """Several options of the same files; raises InputProblems with the mistakes of them all."""
    resolutions: list[Resolution] = []
    problems: list[Problem] = []
    for name in options:
        try:
            resolutions.append(resolve_files(files, name, sets))
        except InputProblems as error:
            problems += error.problems
    if problems:
        raise InputProblems(problems)
    return resolutions


@lru_cache(maxsize=2)
def _held_by(files: Files) -> Held:
    """What the files solve, each as it is written, and hold from then on."""
    if files.settled is not None:
        return files.settled.held
    held = Held.model_construct()
    calibrating = _last_calibrating(files.layers)
    stating = {_last_totals(files.layers), calibrating}
    for number, (layer, merged) in enumerate(zip(files.layers, files.states, strict=True)):
        held = _hold_savings(held, merged, None if number == 0 else layer)
        if number == calibrating:
            held = _calibrated(held, merged, layer)
        if number in stating:
            held = _with_totals(held, merged)
    return held.model_copy(update={"listed": _listed(held, files)})


def _listed(held: Held, files: Files) -> dict[str, int]:
    """The inputs of the files as written; none where a mistake in them is told elsewhere."""
    try:
        resolved = _typed(files.states[-1], held, AS_STATED)
        return listed_inputs(resolved)
    except (InputProblems, InputError):
        return {}


def _impossible_draws(scenario: Scenario, merged: Merged) -> list[Problem]:
    """Draws in a replicate that the point set does not allow."""
    run = scenario.run
    try:
        Design(run.points, run.draws_per_replicate, run.seed)
    except ValueError as error:
        path = ("run", "draws_per_replicate")
        return [Problem(place_of(merged.scenario, path), " / ".join(path), str(error))]
    return []


def _last_calibrating(layers: Sequence[Layer]) -> int | None:
    stating = [n for n, layer in enumerate(layers) if "calibrate" in layer.tree]
    return stating[-1] if stating else None


def _is_calibrating(files: Files) -> bool:
    """Whether the last of the files is the one that was calibrated."""
    if files.settled is not None:
        return files.settled.calibrating
    return _last_calibrating(files.layers) == len(files.layers) - 1


def _last_totals(layers: Sequence[Layer]) -> int:
    """The last file that states or changes control totals; the first file stands for the book."""
    stating = [n for n, layer in enumerate(layers) if _states_totals(layer)]
    return stating[-1] if stating else 0


def _states_totals(layer: Layer) -> bool:
    return "control_totals" in layer.tree or _changes_totals(layer)


def _totals_changed(layer: Layer) -> set[str] | None:
    """The sets of totals that a layer changes or adds; None when it states them all."""
    if "control_totals" in layer.tree and layer.is_file:
        return None
    changed = set(_entries(_entry(layer.tree.get("changes"), "totals")))
    added = _entry(layer.tree.get("add"), "totals")
    items = added.items if isinstance(added, Listing) else ()
    return changed | {_id(node) for node in items if isinstance(node, Mapping)}


def _changes_totals(layer: Layer) -> bool:
    parts = (_entry(layer.tree.get(key), "totals") for key in ("changes", "add"))
    return any(part is not None for part in parts)


def _with_totals(held: Held, merged: Merged, named: set[str] | None = None) -> Held:
    """Control totals that follow from the central case as written: all of them, or those named."""
    resolved = _typed(merged, held, AS_STATED)
    if not resolved.book.totals:
        return held
    plan = _compiled(resolved, merged)
    _, central = certain_outcomes(plan)
    try:
        solved = solved_totals(plan, central)
    except InputError as error:
        raise InputProblems([_problem(error, merged)]) from None
    kept = solved if named is None else {key: solved[key] for key in _with_shared(resolved, named)}
    return held.model_copy(update={"control_totals": {**held.control_totals, **kept}})


def _with_shared(resolved: Resolved, named: set[str]) -> list[str]:
    """The sets of totals that are named, and those that distribute one of them."""
    found: list[str] = []
    for item in resolved.book.totals:
        sources = {r.distribute for r in item.totals.values() if isinstance(r, Distributed)}
        if item.id in named or sources & set(found):
            found.append(item.id)
    return found


def _typed(merged: Merged, held: Held, option: str) -> Resolved:
    """The scenario of trees in between; raises InputProblems with every mistake in them."""
    scenario, book = typed(Scenario, merged.scenario), typed(Book, merged.book)
    problems = cross_check(book, merged.book)
    if problems:
        raise InputProblems(problems)
    return Resolved.model_construct(option=option, scenario=scenario, book=book, held=held)


def _compiled(resolved: Resolved, merged: Merged) -> Plan:
    """The plan; one that was compiled from the same inputs is used again."""
    alike = [plan for plan in _latest if _compile_alike(plan.resolved, resolved)]
    for plan in alike:
        if plan.resolved.held.unattributed == resolved.held.unattributed:
            return replace(plan, resolved=resolved)
    if alike:
        plan = replace(alike[0], resolved=resolved, unattributed=unattributed(resolved))
    else:
        plan = _fresh(resolved, merged)
    _latest.append(plan)
    return plan


def _fresh(resolved: Resolved, merged: Merged) -> Plan:
    try:
        return compile_plan(resolved)
    except InputError as error:
        found = misfits(resolved) or [error, *error.others]
        raise InputProblems(_problem(misfit, merged) for misfit in found) from None


def _compile_alike(one: Resolved, other: Resolved) -> bool:
    """Whether one plan serves both, but for the amount of unattributed pressure."""
    return (
        one.book is other.book
        and _spread(one) == _spread(other)
        and one.held.full_savings == other.held.full_savings
        and all(getattr(one.scenario, n) == getattr(other.scenario, n) for n in COMPILED)
    )


def _spread(resolved: Resolved) -> object:
    held = resolved.held.unattributed
    return None if held is None else held.spread


def _arranged(plan: Plan, merged: Merged) -> Arrangement:
    try:
        return compile_arrangement(plan)
    except InputError as error:
        raise InputProblems(_problem(e, merged) for e in (error, *error.others)) from None


def _problem(error: InputError, merged: Merged) -> Problem:
    if error.path[:1] == ("scenario",):
        tree, path = merged.scenario, error.path[1:]
    else:
        tree, path = merged.book, error.path
    return Problem(place_of(tree, path), words_of(tree, path), str(error))


# the full-year saving behind a cumulative target


def _hold_savings(held: Held, merged: Merged, layer: Layer | None) -> Held:
    """The full-year savings that a layer states as sums over years (None: the book's own)."""
    years = merged.scenario.get("years")
    solved = dict(held.full_savings)
    problems: list[Problem] = []
    for node in _schemes_stated(merged, layer):
        solved.pop(_id(node), None)
        if not isinstance(node.get("saving"), Mapping):
            continue
        book = typed(Book, merged.book)
        scheme = next(scheme for scheme in book.schemes if scheme.id == _id(node))
        if not isinstance(scheme, ActivityScheme):
            continue
        assert isinstance(scheme.saving, CumulativeSaving)
        try:
            solved[scheme.id] = _full_saving(scheme, scheme.saving, years)
        except ValueError as error:
            where = f"schemes / {scheme.id} / saving"
            problems.append(Problem(place_of(node, ("saving",)), where, str(error)))
    if problems:
        raise InputProblems(problems)
    return held.model_copy(update={"full_savings": solved})


def _schemes_stated(merged: Merged, layer: Layer | None) -> list[Mapping]:
    """The schemes whose saving a layer states; the deepest file stands for the book too."""
    listed = merged.book.get("schemes")
    schemes = [
        n for n in (listed.items if isinstance(listed, Listing) else ()) if isinstance(n, Mapping)
    ]
    if layer is None:
        return schemes
    stated = _entries(_entry(layer.tree.get("changes"), "schemes"))
    named = {name for name, fields in stated.items() if _entry(fields, "saving") is not None}
    added = _entry(layer.tree.get("add"), "schemes")
    places = {node.place for node in added.items} if isinstance(added, Listing) else set()
    return [node for node in schemes if _id(node) in named or node.place in places]


def _entry(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Mapping) else None


def _entries(node: Node | None) -> dict[str, Node]:
    return node.entries if isinstance(node, Mapping) else {}


def _id(node: Mapping) -> str:
    found = node.get("id")
    return found.text if isinstance(found, Scalar) else ""


def _full_saving(scheme: ActivityScheme, saving: CumulativeSaving, years: Node | None) -> float:
    """S such that the in-year savings, as planned, sum to the target over its stated years.

    Raises ValueError when they cannot.
    """
    first, last = saving.over
    base_year = first - 1
    if isinstance(years, Scalar):
        base_year = min(base_year, int(years.text[:4])) if years.text[:4].isdigit() else base_year
    count = last - base_year + 1
    ramp = mean_ramp(ramp_from(scheme.ramp), start_month(scheme.start, base_year), NO_PLACE, count)
    window = np.array([first <= base_year + t <= last for t in range(count)])
    return full_saving_for_cumulative(saving.cumulative, ramp[:, 0], scheme.recurrent, window)


# unattributed pressure


def _calibrated(held: Held, merged: Merged, layer: Layer) -> Held:
    """The pressure that makes the central do-nothing gap of this file the published one."""
    without = held.model_copy(update={"unattributed": None})
    resolved = _typed(merged, without, AS_STATED)
    calibrate = resolved.scenario.calibrate
    if not isinstance(calibrate, Calibrate):
        return without
    place = layer.tree.key_places.get("calibrate", layer.tree.place)
    plan = _compiled(resolved, merged)
    pressure = solved_pressure(plan, calibrate, merged, place, layer.name)
    return held.model_copy(update={"unattributed": pressure})
