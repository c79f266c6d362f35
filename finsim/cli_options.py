"""The options that several commands share, and the request made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from finsim.commands.run import Request

MOST_DRAWS = 100_000_000

Scenario = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file (.yaml).")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override one value; may be repeated."),
]
Option = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME", help="Run this option, or 'all'; may be repeated."),
]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Where to write: .xlsx, .csv, .parquet, .json."
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**64 - 1, help="Seed of the draws.")
]
Draws = Annotated[
    int | None,
    typer.Option(
        "--draws",
        min=1,
        max=MOST_DRAWS,
        help="Least number of draws; whole replicates are drawn.",
    ),
]
Precision = Annotated[
    float | None,
    typer.Option(
        "--precision", metavar="£M", help="Draw until the gap's P10, P50, P90 are this sure."
    ),
]
Bodies = Annotated[
    list[str] | None,
    typer.Option("--body", metavar="ID", help="Of this body, or 'all'; may be repeated."),
]
OfYear = Annotated[
    str | None,
    typer.Option("--year", metavar="YEAR", help="A projected year; the last if not said."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that finsim did not write.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no warnings.")]


def _positive(precision: float | None) -> float | None:
    if precision is not None and not 0 < precision < float("inf"):
        raise typer.BadParameter("must be above 0, in £m", param_hint="--precision")
    return precision


def request(
    scenario: str,
    output: list[Path] | None,
    option: list[str] | None,
    sets: list[str] | None,
    seed: int | None,
    draws: int | None,
    precision: float | None = None,
    *,
    as_json: bool,
    force: bool,
    quiet: bool,
) -> Request:
    """What was asked for, as the commands take it; a usage error for a precision of nought."""
    from finsim.commands.run import Request

    return Request(
        scenario=scenario,
        outputs=tuple(output or ()),
        options=tuple(option or ()),
        sets=tuple(sets or ()),
        seed=seed,
        draws=draws,
        precision=_positive(precision),
        as_json=as_json,
        force=force,
        quiet=quiet,
    )
