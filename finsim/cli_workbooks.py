"""Workbooks that are sent and received: the commands that verify and fill them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli_options import Draws, Force, Json, Quiet, Scenario, Seed, Set

commands = typer.Typer()


@commands.command(
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


@commands.command(
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
