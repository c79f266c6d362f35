"""What drives a result, and what would change it: the commands that ask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli_options import (
    Bodies,
    Draws,
    Force,
    Json,
    OfYear,
    Option,
    Output,
    Quiet,
    Scenario,
    Seed,
    Set,
    request,
)

commands = typer.Typer()


@commands.command(
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

    asked = request(
        scenario, output, option, sets, seed, draws, as_json=as_json, force=force, quiet=quiet
    )
    raise typer.Exit(command_bridge.bridge(asked, tuple(body or ()), year))


@commands.command(
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

    asked = request(
        scenario, output, option, sets, seed, draws, as_json=as_json, force=force, quiet=quiet
    )
    question = command_sensitivity.Question(of, year, tuple(dict.fromkeys(by or ())), index_draws)
    raise typer.Exit(command_sensitivity.drivers_of(asked, question))


@commands.command(
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

    asked = request(
        scenario, output, option, sets, seed, draws, as_json=as_json, force=force, quiet=quiet
    )
    question = command_stress.Asked(
        bodies=tuple(body or ()),
        year=year,
        cases=tuple(case or ()),
        file=cases,
        confidences=command_stress.confidences(confidence or ()),
    )
    raise typer.Exit(command_stress.stress(asked, question))


@commands.command(
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

    asked = request(
        scenario, output, option, sets, seed, draws, as_json=as_json, force=force, quiet=quiet
    )
    question = command_solve.Question(
        target, tuple(dict.fromkeys(vary or ())), how, low, high, year
    )
    raise typer.Exit(command_solve.solve(asked, question))


@commands.command(
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

    asked = request(
        scenario, output, option, sets, seed, draws, as_json=as_json, force=force, quiet=quiet
    )
    question = command_choose.Question(aim, investment, capacity, year)
    raise typer.Exit(command_choose.choose_schemes(asked, question))


@commands.command(
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

    asked = request(
        scenario, output, option, sets, seed, draws, as_json=as_json, force=force, quiet=quiet
    )
    raise typer.Exit(command_backtest.held_against(asked))


@commands.command(
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
