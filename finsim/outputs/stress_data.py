"""A stress test as rows, JSON and CSV."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import asdict

from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Results
from finsim.analysis.stress import StressTest
from finsim.analysis.stress_rows import CASE_FIELDS, CaseRow, CommonRow, ReserveRow
from finsim.book.quantities import financial_year_text
from finsim.outputs import tidy


def common_rows(test: StressTest, bodies: Sequence[str]) -> list[CommonRow]:
    """Every input, theme, scheme and part of a scheme for each body."""
    return [
        CommonRow(
            test.case.plan.resolved.option,
            body,
            financial_year_text(test.year),
            feature.kind,
            feature.name,
            feature.title,
            feature.unit,
            *map(float, test.common.values[:, b, n]),
            *map(float, test.common.errors[:, b, n]),
        )
        for b, body in enumerate(test.targets.bodies)
        if body in bodies
        for n, feature in enumerate(test.features)
    ]


def case_rows(test: StressTest, bodies: Sequence[str]) -> list[CaseRow]:
    """Every case for each body; the chance where a control total or balance line is set."""
    rows = []
    for number, laid in enumerate(test.laid):
        for b, body in enumerate(test.targets.bodies):
            if body not in bodies:
                continue
            judged = bool(test.targets.stated[b])
            found = test.cases.values[number, :, b]
            change, errors = (
                part[number, :, b] for part in (test.differences.values, test.differences.errors)
            )
            rows.append(
                CaseRow(
                    option=test.case.plan.resolved.option,
                    case=laid.id,
                    name=laid.name,
                    standing=laid.source.standing if laid.source else None,
                    acts=bool(laid.stress.acts_on),
                    body=body,
                    year=financial_year_text(test.year),
                    mean=float(found[0]),
                    p10=float(found[1]),
                    p90=float(found[2]),
                    chance=float(found[3]) if judged else None,
                    change_of_mean=float(change[0]),
                    change_of_p10=float(change[1]),
                    change_of_p90=float(change[2]),
                    change_of_chance=float(change[3]) if judged else None,
                    se_change_of_mean=float(errors[0]),
                    se_change_of_p10=float(errors[1]),
                    se_change_of_p90=float(errors[2]),
                    se_change_of_chance=float(errors[3]) if judged else None,
                )
            )
    return rows


def reserve_rows(test: StressTest, bodies: Sequence[str]) -> list[ReserveRow]:
    """The reserve of each body at each confidence."""
    rows = []
    for b, body in enumerate(test.targets.bodies):
        if body not in bodies:
            continue
        chance, mean, tail_mean, need = map(float, test.tail.values[:, b])
        chance_error, mean_error, tail_error, need_error = map(float, test.tail.errors[:, b])
        for c, confidence in enumerate(test.confidences):
            rows.append(
                ReserveRow(
                    option=test.case.plan.resolved.option,
                    body=body,
                    year=financial_year_text(test.year),
                    target=float(test.targets.values[b]),
                    control_total=bool(test.targets.stated[b]),
                    confidence=confidence,
                    reserve=float(test.needed.values[b, c]),
                    se_reserve=float(test.needed.errors[b, c]),
                    chance=chance,
                    mean=mean,
                    tail_mean=tail_mean,
                    need_in_tail=need,
                    share_of_need=None if body == SYSTEM else float(test.shares.values[b]),
                    se_chance=chance_error,
                    se_mean=mean_error,
                    se_tail_mean=tail_error,
                    se_need_in_tail=need_error,
                    se_share_of_need=None if body == SYSTEM else float(test.shares.errors[b]),
                )
            )
    return rows


def json_text(
    results: Sequence[Results], tests: Sequence[StressTest], bodies: Sequence[str]
) -> str:
    """One JSON object: the envelope and what the stress test found."""
    cases = tests[0].laid
    stress = {
        "in_common": [asdict(row) for test in tests for row in common_rows(test, bodies)],
        "separating": [
            {
                "option": test.case.plan.resolved.option,
                "body": body,
                "names": [test.features[n].name for n in test.separating(b)],
            }
            for test in tests
            for b, body in enumerate(test.targets.bodies)
            if body in bodies
        ],
        "cases": [asdict(row) for test in tests for row in case_rows(test, bodies)],
        "reserves": [asdict(row) for test in tests for row in reserve_rows(test, bodies)],
        "sources": [
            {
                "case": laid.id,
                "name": laid.name,
                "acts_on": list(laid.stress.acts_on),
                "missed": list(laid.stress.missed),
                "source": laid.source.source,
                "standing": laid.source.standing,
                "replace_with": laid.source.replace_with,
                "note": laid.source.note,
            }
            for laid in cases
            if laid.source
        ],
    }
    return tidy.json_text(results, {"stress": stress})


def csv_text(tests: Sequence[StressTest], bodies: Sequence[str]) -> str:
    """The named cases as CSV."""
    rows = (asdict(row).values() for test in tests for row in case_rows(test, bodies))
    return tidy.csv_table(CASE_FIELDS, rows)
