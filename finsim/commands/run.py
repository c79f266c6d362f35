"""`finsim run`: resolve, compute, report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from finsim.analysis.bridge import OF_WORKBOOK, Bridged
from finsim.analysis.estimates import MOST_REPLICATES
from finsim.analysis.results import Results, simulate_cases
from finsim.analysis.study import Case
from finsim.book.load import WORKBOOKS
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, one_line, shown
from finsim.commands.capacity import check_draws
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable, write_atomically
from finsim.scenario.model import AS_STATED
from finsim.scenario.reading import read_files
from finsim.simulation.resolve import Resolution, resolve_each
from finsim.simulation.run import sampling
from finsim.simulation.sharing import Forked, processors
from finsim.simulation.warnings import warnings_of

ALL = "all"
WORKBOOK = ".xlsx"
SUFFIXES = (".xlsx", ".csv", ".parquet", ".json")


class Request(Struct, frozen=True):
    """What was asked for."""

    scenario: str
    outputs: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    seed: int | None = None
    draws: int | None = None
    precision: float | None = None
    as_json: bool = False
    force: bool = False
    quiet: bool = False

    @property
    def overrides(self) -> tuple[str, ...]:
        """Every `--set`, with the seed and draws asked for: they are part of what is run."""
        asked = (("run.seed", self.seed), ("run.draws", self.draws))
        return (*self.sets, *(f"{path}={value}" for path, value in asked if value is not None))


def run(request: Request) -> int:
    """Run a scenario and its options, print and write; returns the exit code."""
    targets = output_files(request)
    return carried_out(request, targets, chosen(request), _summaries)


def carried_out(
    request: Request,
    targets: Sequence[Path],
    resolutions: Sequence[Resolution],
    words: Callable[[Sequence[Results]], str],
) -> int:
    """Compute, write every file and print the results; returns the exit code.

    A file that may not be replaced is refused before anything is computed.
    """
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolutions[0])
    writes = any(path.suffix.lower() == WORKBOOK for path in targets)
    meanwhile = _load_writer if writes else None
    results = computed(resolutions, request, OF_WORKBOOK if writes else None, meanwhile)
    for path, content in contents(targets, results).items():
        write_atomically(path, content)
    sys.stdout.write(_json(results) if request.as_json else words(results))
    if not request.quiet:
        for path in targets:
            print(f"wrote {path}", file=sys.stderr)
    return DONE if all(result.passed for result in results) else CHECK_FAILED


def _json(results: Sequence[Results]) -> str:
    from finsim.outputs.tidy import json_text

    return json_text(results)


def _summaries(results: Sequence[Results]) -> str:
    from finsim.outputs.terminal import summary

    return "\n".join(summary(result) for result in results)


def output_files(request: Request) -> tuple[Path, ...]:
    """Where to write: what was named, or the scenario's workbook; nothing more with --json."""
    if request.outputs:
        wrong = [path for path in request.outputs if path.suffix.lower() not in SUFFIXES]
        if wrong:
            text = f"has no suffix that finsim writes; use {', '.join(SUFFIXES)}"
            raise InputProblems([Problem(Place(f"-o {path}"), "", text) for path in wrong])
        inputs = os.path.realpath(request.scenario)
        if any(os.path.realpath(path) == inputs for path in request.outputs):
            text = "is the scenario itself, which is not replaced; name another file"
            raise InputProblems([Problem(Place(f"-o {request.scenario}"), "", text)])
        return request.outputs
    if request.as_json:
        return ()
    scenario = Path(request.scenario)
    suffix = "-results.xlsx" if scenario.suffix.lower() in WORKBOOKS else ".xlsx"
    return (Path(scenario.stem + suffix),)


def chosen(request: Request) -> list[Resolution]:
    """The options asked for, as stated if none was; raises InputProblems with all mistakes."""
    files = read_files(request.scenario)
    known = [AS_STATED, *files.options]
    every = known if ALL in request.options else request.options
    problems = [
        Problem(
            Place(f"--option {name}"),
            "",
            f"there is no option {shown(name)}; known: {', '.join(known)}"
            f"{did_you_mean(name, known)}",
        )
        for name in every
        if name not in known
    ]
    asked = [name for name in dict.fromkeys(every) if name in known] or [AS_STATED]
    try:
        resolutions = resolve_each(files, asked, request.overrides)
    except InputProblems as error:
        raise InputProblems([*problems, *error.problems]) from None
    if problems:
        raise InputProblems(problems)
    check_alike(resolutions, [f"options / {name}" for name in asked], request.scenario)
    for resolution in resolutions:
        check_draws(resolution, sampling(resolution.resolved.scenario.run).design)
    return resolutions


def check_alike(
    found: Sequence[Resolution], names: Sequence[str], first: str, files: bool = False
) -> None:
    """Raises InputProblems unless everything compared has the same years, bodies and perimeter."""
    problems: list[Problem] = []
    one = found[0].plan
    for resolution, name in zip(found[1:], names[1:], strict=True):
        other = resolution.plan
        same = other.years == one.years and other.bodies.ids == one.bodies.ids
        if same and (other.bodies.in_perimeter == one.bodies.in_perimeter).all():
            continue
        place, where = (Place(name), "") if files else (Place(first), name)
        text = f"has other years, organisations or perimeter than {first}; they must be the same"
        problems.append(Problem(place, where, text))
    if problems:
        raise InputProblems(problems)


def computed(
    resolutions: Sequence[Resolution],
    request: Request,
    bridged: Bridged | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> tuple[Results, ...]:
    """Every option on the same draws, with the bridges asked for.

    `meanwhile` is done once, when the first replicate has come and copies draw the others.
    """
    first = resolutions[0].resolved
    wanted = sampling(first.scenario.run)
    for resolution in resolutions:
        check_draws(resolution, wanted.design)
    progress = None if request.quiet else progress_on_terminal(first.scenario.title)
    cases = [Case(resolution.plan, resolution.arrangement) for resolution in resolutions]

    def told(done: int, of: int) -> None:
        if progress is not None:
            progress(done, of)
        if meanwhile is not None and done == 1:
            meanwhile()

    engine = Forked(processors())
    results = simulate_cases(cases, wanted, engine, told, request.precision, bridged)
    if progress is not None:
        clear_progress()
    if request.precision is not None:
        reached = precision_reached(results, request.precision)
        if reached.startswith("warning") or not request.quiet:
            print(reached, file=sys.stderr)
    return results


def precision_reached(results: Sequence[Results], asked: float) -> str:
    """How sure the gap's percentiles are, and how many draws that took, or why it is no surer."""
    last = [result.figure("gap", result.years[-1]) for result in results]
    errors = [e for f in last for e in (f.se_p10, f.se_p50, f.se_p90) if e is not None]
    worst, used = max(errors), results[0].sampling
    told = f"P10, P50 and P90 of the gap are sure to £{worst:.3g}m after {used.draws:,} draws"
    if worst <= asked:
        return f"precision: {told} (£{asked:g}m was asked for)"
    most = MOST_REPLICATES * used.design.draws
    needed = used.draws * (worst / asked) ** 2
    text = f"£{asked:g}m would take about {needed:,.0f}, more than the {most:,} that finsim draws"
    return f"warning: {told}; {text}"


def progress_on_terminal(label: str) -> Callable[[int, int], None] | None:
    """A progress line on standard error, or None when that is not a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, of: int) -> None:
        bar = "█" * (30 * done // of)
        print(f"\r{label[:40]}  {bar:<30} {done}/{of}", end="", file=sys.stderr, flush=True)

    return show


def clear_progress() -> None:
    """Take the progress line away."""
    print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def warn(resolution: Resolution) -> None:
    """Warnings of a scenario as stated, on standard error."""
    for warning in (*resolution.warnings, *warnings_of(resolution.plan)):
        print(f"warning: {one_line(str(warning))}", file=sys.stderr)


def contents(targets: Sequence[Path], results: Sequence[Results]) -> dict[Path, bytes]:
    """What every file will hold, all of it made before any is written."""
    return {path: _content(path, results) for path in targets}


def _content(path: Path, results: Sequence[Results]) -> bytes:
    from finsim.outputs import tidy

    match path.suffix.lower():
        case ".csv":
            return tidy.csv_text(results).encode()
        case ".json":
            return tidy.json_text(results).encode()
        case ".parquet":
            return _parquet(path, results)
        case _:
            from finsim.outputs.workbook import workbook_bytes

            return workbook_bytes(results)


def _load_writer() -> None:
    """Import what writes a workbook."""
    import finsim.outputs.live.write
    import finsim.outputs.workbook
    import finsim.outputs.workbook_cells  # noqa: F401


def _parquet(path: Path, results: Sequence[Results]) -> bytes:
    from finsim.outputs import tidy

    try:
        return tidy.parquet_bytes(results)
    except ImportError:
        install = 'python -m pip install "finsim[parquet]"'
        raise OSError(f"{path}: Parquet needs pyarrow: {install}") from None
