"""Tidy data: JSON, CSV and Parquet with the same names and rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from finsim import __version__
from finsim.analysis.results import FIELDS, Figure, Results
from finsim.outputs.standing_words import standing_json


def envelope(results: Sequence[Results]) -> dict[str, Any]:
    """What every `--json` output begins with; the options share all but their figures."""
    first = results[0]
    resolved = first.plan.resolved
    return {
        "finsim": __version__,
        "scenario": {"title": resolved.scenario.title, "sha256": resolved.sha256},
        "options": [
            {"name": result.option, "sha256": result.plan.resolved.sha256} for result in results
        ],
        "seed": first.sampling.design.seed,
        "draws": first.sampling.draws,
        "inputs": max(result.inputs for result in results),
        "years": list(first.years),
        "checks": [
            {
                "name": _named(check.name, result, results),
                "passed": check.passed,
                "detail": check.detail,
            }
            for result in results
            for check in result.checks
        ],
    }


def _named(name: str, result: Results, results: Sequence[Results]) -> str:
    return name if len(results) == 1 else f"{result.option}: {name}"


def measures(results: Sequence[Results]) -> list[Figure]:
    """The figures of every option, as tidy rows."""
    return [figure for result in results for figure in result.measures()]


def scheme_measures(results: Sequence[Results]) -> list[Figure]:
    """The figures of schemes and themes of every option, as tidy rows."""
    return [figure for result in results for figure in result.schemes()]


def json_text(results: Sequence[Results], more: Mapping[str, Any] | None = None) -> str:
    """One JSON object, with what an analysis adds; NaN and infinity never appear in it."""
    whole = {
        **envelope(results),
        "measures": [figure.as_dict() for figure in measures(results)],
        "schemes": [figure.as_dict() for figure in scheme_measures(results)],
        "standing": standing_json(results[0]),
        **(more or {}),
    }
    return json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(results: Sequence[Results]) -> str:
    """The measures as CSV; what does not apply is an empty cell."""
    return csv_table(FIELDS, (figure.as_dict().values() for figure in measures(results)))


def csv_table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table as CSV; what does not apply (None) is an empty cell."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return lines.getvalue()


def parquet_bytes(results: Sequence[Results]) -> bytes:
    """The measures as Parquet, marked as ours; raises ImportError when pyarrow is not installed."""
    import pyarrow as pa
    from pyarrow import parquet

    rows = [figure.as_dict() for figure in measures(results)]
    columns = {name: [row[name] for row in rows] for name in FIELDS}
    marked = pa.table(columns).replace_schema_metadata({"finsim": __version__})
    buffer = io.BytesIO()
    parquet.write_table(marked, buffer)
    return buffer.getvalue()
