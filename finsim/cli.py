"""The command line: parse, call, print.

Results go to standard output, messages and progress to standard error. Exit codes: 0 done, 2 usage,
3 bad input, 4 a model check failed, 5 output could not be written, 130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from copy import copy
from typing import Annotated, NoReturn

gc.set_threshold(200_000)  # what starting and reading make stays; looking through it takes long
for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them takes long

import typer

from finsim import __version__, cli_questions, cli_systems, cli_workbooks
from finsim.cli_options import (
    Draws,
    Force,
    Json,
    Option,
    Output,
    Precision,
    Quiet,
    Scenario,
    Seed,
    Set,
    request,
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

    asked = request(
        scenario,
        output,
        option,
        sets,
        seed,
        draws,
        precision,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    raise typer.Exit(command_run.run(asked))


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

    asked = request(
        scenarios[0],
        output,
        option,
        sets,
        seed,
        draws,
        precision,
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
    raise typer.Exit(command_compare.compare(asked, tuple(scenarios)))


for _group in (cli_questions, cli_systems, cli_workbooks):
    app.registered_commands.extend(_group.commands.registered_commands)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code; no traceback for a mistake of the user."""
    _leave(exit_code(arguments))


def _leave(code: int) -> NoReturn:
    """End the process, its exit functions run and its output written.

    The system takes the memory back at once; the interpreter would take what was read apart object
    by object, for a thirtieth of the time of a command. A profiler has still to tell what it saw.
    """
    if _is_watched():
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _is_watched() -> bool:
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12
    tools = [monitoring.get_tool(number) for number in range(6)] if monitoring else []
    return any(seen is not None for seen in (sys.getprofile(), sys.gettrace(), *tools))


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
        command_asked(sys.argv[1:] if arguments is None else arguments)(
            args=arguments, standalone_mode=True
        )
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else DONE
    return DONE


def command_asked(arguments: list[str]) -> typer.Typer:
    """The command that is asked for by itself, since typer reads the options of all that it has.

    All of them where the first argument names none: for help, and for what is misspelt.
    """
    commands = {getattr(c.callback, "__name__", ""): c for c in app.registered_commands}
    if not arguments or arguments[0] not in commands:
        return app
    alone = copy(app)
    alone.registered_commands = [commands[arguments[0]]]
    return alone


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
    from finsim.economics.risk_share_checks import RiskShareError
    from finsim.outputs.atomic import OutputExists
    from finsim.simulation.run import TooManyInputs

    if isinstance(error, (TooManyInputs, RiskShareError)):
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
