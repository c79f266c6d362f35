"""The command line: parse, call, print.

Results go to standard output, messages and progress to standard error. Exit codes: 0 done, 2 usage,
3 bad input, 4 a model check failed, 5 output could not be written, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them takes long

import typer

from finsim import __version__
from finsim.cli_options import (
    Bodies,
    Draws,
    Force,
    Json,
    OfYear,
    Option,
    Output,
    Precision,
    Quiet,
    Scenario,
    Seed,
    Set,
    positive,
)
from finsim.exits import (
    BAD_INPUT,
    CHECK_FAILED,
    DONE,
    INTERRUPTED,
    NOT_WRITTEN,
    USAGE,
    Interrupted,
)

app = typer.Typer(
    name="finsim",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=(
        "Project the income and expenditure of a local health and care system, with ranges.\n\n"
        "Examples:\n\n"
        "  finsim run scenarios/bhr.yaml\n\n"
        "  finsim run scenarios/bhr.yaml --set drivers.tariff.2018/19=0.3% --json\n\n"
        "  finsim check my-system/scenario.yaml\n\n"
        "  finsim new my-system"
    ),
)

BROKEN_PIPE = 1  # what the command-line library leaves with when nobody reads its output


class SchemaKind(StrEnum):
    """What a schema describes."""

    scenario = "scenario"
    book = "book"


@app.callback(invoke_without_command=True)
def _common(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"finsim {__version__}")
        raise typer.Exit


@app.command(
    help=(
        "Run a scenario: summary on the terminal, workbook in the current folder.\n\n"
        "Examples:\n\n"
        "  finsim run scenarios/bhr.yaml\n\n"
        "  finsim run scenarios/bhr.yaml -o bhr.csv -o bhr.xlsx --draws 65536\n\n"
        "  finsim run scenarios/bhr.yaml --set population.growth=15% --json"
    )
)
def run(
    scenario: Scenario,
    *,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    precision: Precision = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Run a scenario."""
    from finsim.commands import run as command_run

    request = command_run.Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        precision=positive(precision),
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    raise typer.Exit(command_run.run(request))


@app.command(
    help=(
        "Compare the options of a scenario, or several scenarios, on the same draws.\n\n"
        "Examples:\n\n"
        "  finsim compare scenarios/bhr.yaml\n\n"
        "  finsim compare scenarios/bhr.yaml -o options.xlsx\n\n"
        "  finsim compare scenarios/bhr.yaml scenarios/bhr-ons-outturn.yaml"
    )
)
def compare(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO...", help="One scenario file, or several.")
    ],
    *,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    precision: Precision = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Compare options side by side."""
    from finsim.commands import compare as command_compare
    from finsim.commands.run import Request

    request = Request(
        scenario=scenarios[0],
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        precision=positive(precision),
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    raise typer.Exit(command_compare.compare(request, tuple(scenarios)))


@app.command(
    help=(
        "Show where a position comes from: base year, growth, prices, income, schemes, support.\n\n"
        "Examples:\n\n"
        "  finsim bridge scenarios/bhr.yaml\n\n"
        "  finsim bridge scenarios/bhr.yaml --body bhrut --year 2018/19\n\n"
        "  finsim bridge scenarios/bhr.yaml --option all --json"
    )
)
def bridge(
    scenario: Scenario,
    *,
    body: Bodies = None,
    year: OfYear = None,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """From the base-year position to the position, step by step."""
    from finsim.commands import bridge as command_bridge
    from finsim.commands.run import Request

    request = Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    raise typer.Exit(command_bridge.bridge(request, tuple(body or ()), year))


@app.command(
    help=(
        "What the worst tenth of draws have in common, named stress cases, and the reserve to hold."
        "\n\nExamples:\n\n"
        "  finsim stress scenarios/bhr.yaml\n\n"
        "  finsim stress scenarios/bhr.yaml --body bhrut --confidence 75%\n\n"
        "  finsim stress scenarios/bhr.yaml --case pay_award --case acute_shock --json"
    )
)
def stress(
    scenario: Scenario,
    *,
    body: Bodies = None,
    year: OfYear = None,
    case: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="ID", help="Lay on this stress case; all if not said."),
    ] = None,
    cases: Annotated[
        str | None,
        typer.Option("--cases", metavar="FILE", help="A file of stress cases of your own."),
    ] = None,
    confidence: Annotated[
        list[str] | None,
        typer.Option(metavar="%", help="Of the reserve; 80%, 90% and 95% if not said. At most 4."),
    ] = None,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Stress a scenario."""
    from finsim.commands import stress as command_stress
    from finsim.commands.run import Request

    request = Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    asked = command_stress.Asked(
        bodies=tuple(body or ()),
        year=year,
        cases=tuple(case or ()),
        file=cases,
        confidences=command_stress.confidences(confidence or ()),
    )
    raise typer.Exit(command_stress.stress(request, asked))


@app.command(
    help=(
        "Choose the schemes that make a target most likely within an investment and capacity.\n\n"
        "Examples:\n\n"
        "  finsim choose scenarios/bhr.yaml --investment £5m --capacity 8\n\n"
        "  finsim choose scenarios/bhr.yaml --for gap=£450m --capacity 6\n\n"
        "  finsim choose scenarios/bhr.yaml --for met:bhrut --investment £3m --json"
    )
)
def choose(
    scenario: Scenario,
    *,
    aim: Annotated[
        str,
        typer.Option(
            "--for", metavar="TARGET", help="met, met:ID, or a gap not to be passed: gap=£450m."
        ),
    ] = "met",
    investment: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="The most that delivery may cost: £5m.")
    ] = None,
    capacity: Annotated[
        float | None,
        typer.Option(min=0, help="The most capacity; a scheme takes 1 unless the book says."),
    ] = None,
    year: Annotated[
        str | None, typer.Option(help="A financial year; the last if not said.")
    ] = None,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Choose schemes."""
    from finsim.commands import choose as command_choose
    from finsim.commands.run import Request

    request = Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    question = command_choose.Question(aim, investment, capacity, year)
    raise typer.Exit(command_choose.choose_schemes(request, question))


@app.command(
    help=(
        "Hold a scenario's ranges against what happened: were they wide enough?\n\n"
        "Examples:\n\n"
        "  finsim backtest scenarios/bhr.yaml\n\n"
        "  finsim backtest scenarios/llr.yaml --json"
    )
)
def backtest(
    scenario: Scenario,
    *,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Hold ranges against outturn."""
    from finsim.commands import backtest as command_backtest
    from finsim.commands.run import Request

    request = Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    raise typer.Exit(command_backtest.held_against(request))


@app.command(
    help=(
        "Read a scenario with its book and every option, and say what is wrong or implausible.\n\n"
        "Example:\n\n  finsim check scenarios/bhr.yaml"
    )
)
def check(scenario: Scenario, sets: Set = None, quiet: Quiet = False) -> None:
    """Check a scenario without running it."""
    from finsim.commands import check as command_check

    raise typer.Exit(command_check.check(scenario, tuple(sets or ()), quiet))


@app.command(
    help=(
        "Write a small, complete, commented system to start from, or a copy of a shipped one.\n\n"
        "Examples:\n\n  finsim new my-system\n\n  finsim new my-bhr --from bhr\n\n"
        "  finsim new --excel inputs.xlsx"
    )
)
def new(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A folder that does not exist.")
    ] = None,
    excel: Annotated[
        Path | None,
        typer.Option("--excel", metavar="FILE", help="Write an input workbook (.xlsx) instead."),
    ] = None,
    start_from: Annotated[
        str, typer.Option("--from", metavar="NAME", help="A shipped system, such as bhr.")
    ] = "example",
) -> None:
    """Start a system of your own."""
    from finsim.commands import new as command_new

    if (folder is None) == (excel is None):
        raise typer.BadParameter("give either DIR or --excel FILE", param_hint="DIR")
    if excel is not None:
        raise typer.Exit(command_new.new_workbook(excel, start_from))
    assert folder is not None
    raise typer.Exit(command_new.new(folder, start_from))


@app.command(
    help=(
        "Fill a submission template with a scenario's figures; all else in it is kept.\n\n"
        "Examples:\n\n"
        "  finsim submit scenarios/bhr.yaml --template T.xlsx --map map.yaml -o filled.xlsx\n\n"
        "  finsim submit inputs.xlsx --template T.xlsx --map map.yaml -o filled.xlsx --option NAME"
    )
)
def submit(
    scenario: Scenario,
    *,
    template: Annotated[Path, typer.Option(metavar="FILE", help="The template (.xlsx, .xlsm).")],
    mapping: Annotated[
        Path, typer.Option("--map", metavar="FILE", help="Which row takes which figure (.yaml).")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write.")],
    over_formulas: Annotated[
        bool, typer.Option("--over-formulas", help="Let a figure replace a formula.")
    ] = False,
    option: Annotated[str | None, typer.Option(metavar="NAME", help="Of this option.")] = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Fill a submission template."""
    from finsim.commands import submit as command_submit
    from finsim.commands.run import Request

    request = Request(
        scenario=scenario,
        options=(option,) if option is not None else (),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        force=force,
        quiet=quiet,
    )
    asked = command_submit.Submission(template, mapping, output, over_formulas)
    raise typer.Exit(command_submit.submit(request, asked))


@app.command(
    help=(
        "Trace a number: an organisation, contract, line, driver or scheme, by its id.\n\n"
        "Examples:\n\n"
        "  finsim explain scenarios/bhr.yaml bhrut\n\n"
        "  finsim explain scenarios/bhr.yaml tariff\n\n"
        "  finsim explain scenarios/bhr.yaml bhrut --draw 1234 --year 2019/20"
    )
)
def explain(
    scenario: Scenario,
    name: Annotated[str, typer.Argument(metavar="ID", help="What to trace.")],
    *,
    year: Annotated[
        str | None, typer.Option(help="A financial year; the last if not said.")
    ] = None,
    draw: Annotated[
        int | None, typer.Option(min=0, help="Trace this draw; the central case if not said.")
    ] = None,
    option: Annotated[str | None, typer.Option(metavar="NAME", help="Of this option.")] = None,
    sets: Set = None,
) -> None:
    """Trace a number back to its inputs and sources."""
    from finsim.commands import explain as command_explain

    raise typer.Exit(command_explain.explain(scenario, name, year, draw, option, tuple(sets or ())))


@app.command(
    help=(
        "Print the JSON Schema of scenario files, or of a book, for completion in editors.\n\n"
        "Example:\n\n  finsim schema > finsim-scenario.schema.json"
    )
)
def schema(
    kind: Annotated[SchemaKind, typer.Argument(help="scenario or book.")] = SchemaKind.scenario,
) -> None:
    """Print a JSON Schema."""
    from finsim.commands import schema as command_schema

    print(command_schema.schema_text(kind.value), end="")


@app.command(
    help=(
        "Run scenarios × options × cases into one Parquet dataset; goes on where it stopped.\n\n"
        "Examples:\n\n"
        "  finsim sweep scenarios/sweeps/growth.yaml\n\n"
        "  finsim sweep growth.yaml -o results --workers 4\n\n"
        "  finsim sweep growth.yaml --scheduler tcp://127.0.0.1:8786"
    )
)
def sweep(
    file: Annotated[str, typer.Argument(metavar="SWEEP", help="A sweep file (.yaml).")],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="The dataset's folder.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=1024, help="Local processes; as many as processors."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Run on this Dask cluster instead."),
    ] = None,
    as_json: Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Remove the parts of another sweep from the folder.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Run many scenarios, options and cases."""
    from finsim.commands import sweep as command_sweep

    request = command_sweep.SweepRequest(
        file, output, workers, scheduler, as_json=as_json, force=force, quiet=quiet
    )
    raise typer.Exit(command_sweep.sweep(request))


@app.command(
    help=(
        "Run what a workbook carries again, and say whether every cell still holds.\n\n"
        "Examples:\n\n"
        "  finsim verify bhr.xlsx\n\n"
        "  finsim verify bhr.xlsx --json\n\n"
        "  finsim verify bhr.xlsx --extract scenario.json"
    )
)
def verify(
    workbook: Annotated[
        str, typer.Argument(metavar="WORKBOOK", help="A workbook that finsim wrote (.xlsx).")
    ],
    *,
    extract: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only write its scenario here, to be run as any other."),
    ] = None,
    option: Annotated[
        str | None, typer.Option(metavar="NAME", help="Extract this option; the first if not said.")
    ] = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Verify a workbook."""
    from finsim.commands import verify as command_verify

    request = command_verify.Request(workbook, extract, option, as_json, force, quiet)
    raise typer.Exit(command_verify.verify(request))


@app.command(
    help=(
        "Say what drives the gap, a body's position, or the chance of meeting a control total.\n\n"
        "Examples:\n\n"
        "  finsim sensitivity scenarios/bhr.yaml\n\n"
        "  finsim sensitivity scenarios/bhr.yaml --of met --by owner --by assumption\n\n"
        "  finsim sensitivity scenarios/bhr.yaml --of position:bhrut --year 2018/19 --json"
    )
)
def sensitivity(
    scenario: Scenario,
    *,
    of: Annotated[
        str,
        typer.Option(metavar="FIGURE", help="gap, position:ID, met or met:ID, and others."),
    ] = "gap",
    year: Annotated[
        str | None, typer.Option(help="A financial year; the last if not said.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUPING",
            help="theme, owner, organisation, standing, assumption or input; may be repeated.",
        ),
    ] = None,
    index_draws: Annotated[
        int,
        typer.Option(
            min=64,
            max=1_000_000,
            help="Points at which indices are taken; each group takes as many evaluations.",
        ),
    ] = 4096,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Say what drives a figure."""
    from finsim.commands import sensitivity as command_sensitivity
    from finsim.commands.run import Request

    request = Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    question = command_sensitivity.Question(of, year, tuple(dict.fromkeys(by or ())), index_draws)
    raise typer.Exit(command_sensitivity.drivers_of(request, question))


@app.command(
    help=(
        "Say what value of something gives a stated gap, position or chance.\n\n"
        "Examples:\n\n"
        "  finsim solve scenarios/bhr.yaml --for met=80%\n\n"
        "  finsim solve scenarios/bhr.yaml --for gap=£450m --vary delivered:QIPP --vary tariff\n\n"
        "  finsim solve scenarios/bhr.yaml --for met:bhrut=50% --vary schemes.locality_model.start "
        "--from 2017-04 --to 2019-10"
    )
)
def solve(
    scenario: Scenario,
    *,
    target: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="FIGURE=VALUE",
            help="met=80%, met:ID=50%, gap=£450m, gap.p90=£500m, position:ID=£0m.",
        ),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help="saving, an input, delivered:WORD, or a --set path; the main ones if not said.",
        ),
    ] = None,
    how: Annotated[
        str | None, typer.Option("--as", metavar="HOW", help="shift (if not said), scale or value.")
    ] = None,
    low: Annotated[str | None, typer.Option("--from", metavar="VALUE", help="Least value.")] = None,
    high: Annotated[str | None, typer.Option("--to", metavar="VALUE", help="Most value.")] = None,
    year: Annotated[
        str | None, typer.Option(help="A financial year; the last if not said.")
    ] = None,
    output: Output = None,
    option: Option = None,
    sets: Set = None,
    seed: Seed = None,
    draws: Draws = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Say what gives a stated figure."""
    from finsim.commands import solve as command_solve
    from finsim.commands.run import Request

    request = Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    question = command_solve.Question(
        target, tuple(dict.fromkeys(vary or ())), how, low, high, year
    )
    raise typer.Exit(command_solve.solve(request, question))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; no traceback for a mistake of the user."""
    gc.set_threshold(50_000)  # what starting and reading make stays; looking through it takes long
    sys.exit(exit_code(arguments))


def exit_code(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    _use_utf8()
    try:
        code = _code(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Interrupted as interrupted:
        print(f"finsim: interrupted; {interrupted}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        code = BROKEN_PIPE
    except Exception as error:
        return _told(error)
    if code == BROKEN_PIPE:
        _discard_output()
        return NOT_WRITTEN
    if code == INTERRUPTED:
        print("finsim: interrupted; nothing was written", file=sys.stderr)
    return code


def _code(arguments: list[str] | None) -> int:
    try:
        app(args=arguments, standalone_mode=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else DONE
    return DONE


def _discard_output() -> None:
    """Nobody reads the output any more; what is left of it goes nowhere, and quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())


def _use_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def _told(error: Exception) -> int:
    """A mistake of the user in words and its exit code; anything else is ours, and is raised."""
    from finsim.book.places import InputProblems, one_line

    if isinstance(error, InputProblems):
        print("\n".join(map(str, error.problems)), file=sys.stderr)
        return BAD_INPUT
    from finsim.outputs.atomic import OutputExists
    from finsim.simulation.run import TooManyInputs

    if isinstance(error, TooManyInputs):
        print(f"finsim: {one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    from finsim.simulation.workers import WorkersLost

    if isinstance(error, (OutputExists, OSError, WorkersLost)):
        print(f"finsim: {one_line(_reason(error))}", file=sys.stderr)
        return NOT_WRITTEN
    raise error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


__all__ = ["BAD_INPUT", "CHECK_FAILED", "INTERRUPTED", "NOT_WRITTEN", "USAGE", "app", "main"]
