"""Systems as they are written: the commands that read, start and explain one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from finsim.cli_options import Quiet, Scenario, Set

commands = typer.Typer()


class SchemaKind(StrEnum):
    """What a schema describes."""

    scenario = "scenario"
    book = "book"
    stress = "stress"
    sweep = "sweep"
    submission = "submission"


@commands.command(
    help=(
        "Read a scenario with its book and every option, and say what is wrong or implausible.\n\n"
        "Example:\n\n  finsim check scenarios/bhr.yaml"
    )
)
def check(scenario: Scenario, sets: Set = None, quiet: Quiet = False) -> None:
    """Check a scenario without running it."""
    from finsim.commands import check as command_check

    raise typer.Exit(command_check.check(scenario, tuple(sets or ()), quiet))


@commands.command(
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


@commands.command(
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


@commands.command(
    help=(
        "Print the JSON Schema of a kind of file, for completion in editors.\n\n"
        "Examples:\n\n"
        "  finsim schema > finsim-scenario.schema.json\n\n"
        "  finsim schema sweep > finsim-sweep.schema.json"
    )
)
def schema(
    kind: Annotated[SchemaKind, typer.Argument(help="The kind of file.")] = SchemaKind.scenario,
) -> None:
    """Print a JSON Schema."""
    from finsim.commands import schema as command_schema

    print(command_schema.schema_text(kind.value), end="")
