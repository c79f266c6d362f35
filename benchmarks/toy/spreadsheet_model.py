"""The toy model as a sheet: a row for each draw, a column for each step, the gap in the last."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import model
import numpy as np


def write(path: Path, inputs: Mapping[str, np.ndarray]) -> None:
    """Writes the sheet without stored results, so that it must be worked out when it is opened."""
    from xlsxwriter import Workbook
    from xlsxwriter.utility import xl_col_to_name

    steps = dict(formulas())
    names = [*model.INPUTS, *steps]
    letters = {name: xl_col_to_name(column) for column, name in enumerate(names)}
    workbook = Workbook(str(path), {"constant_memory": True})
    sheet = workbook.add_worksheet("toy")
    sheet.write_row(0, 0, names)
    for row in range(len(next(iter(inputs.values())))):
        for column, name in enumerate(model.INPUTS):
            sheet.write_number(row + 1, column, float(inputs[name][row]))
        at = {name: f"{letter}{row + 2}" for name, letter in letters.items()}
        for column, formula in enumerate(steps.values(), len(model.INPUTS)):
            sheet.write_formula(row + 1, column, "=" + formula.format_map(at), value="")
    workbook.close()


def formulas() -> list[tuple[str, str]]:
    """Each step: its name, and its formula over other names in braces."""
    found: list[tuple[str, str]] = []
    for year in range(model.YEARS):
        found += _year(year)
    return found


def _year(t: int) -> list[tuple[str, str]]:
    steps = [
        (f"acute{t}", f"300*(1+{{people}})^{t}*(1+{{acute_growth}})^{t}"),
        (f"tariff{t}", f"(1+{{tariff}})^{t}"),
        (f"drugs{t}", f"((1+{{people}})*(1+{{drug_growth}})*(1+{{drugs}}))^{t}"),
        (f"pay{t}", f"(1+{{pay}})^{t}"),
        (f"allocation{t}", f"(1+{{allocation}})^{t}"),
    ]
    left = {"acute": ["1"], "drugs": ["1"]}
    running = ["0"]
    for n in range(1, model.SCHEMES + 1 if t else 1):
        area = "(MIN(MAX({m},0),24)^2/48+MAX({m}-24,0))"
        end, start = (
            area.replace("{m}", f"({months}-{{slip_{n}}})") for months in (12 * t, 12 * t - 12)
        )
        steps.append((f"ramp{t}_{n}", f"({end}-{start})/12"))
        saving = model.SAVING[n - 1]
        kind = "acute" if n <= model.ON_ACUTE else "drugs"
        value = f"{{acute{t}}}*{{tariff{t}}}" if kind == "acute" else f"100*{{drugs{t}}}"
        left[kind].append(f"(1-{saving}*{{delivered_{n}}}*{{ramp{t}_{n}}}/({value}))")
        running.append(f"{saving / 10}*{{ramp{t}_{n}}}")
    steps += [
        (f"left_acute{t}", "*".join(left["acute"])),
        (f"left_drugs{t}", "*".join(left["drugs"])),
        (f"contract{t}", f"{{acute{t}}}*{{tariff{t}}}*{{left_acute{t}}}"),
        (
            f"ccg{t}",
            f"430*{{allocation{t}}}-{{contract{t}}}-20*{{allocation{t}}}"
            f"-100*{{drugs{t}}}*{{left_drugs{t}}}-({'+'.join(running)})",
        ),
        (
            f"hospital{t}",
            f"{{contract{t}}}-{{acute{t}}}/300*305*{{pay{t}}}*(1-0.6*(1-{{left_acute{t}}}))",
        ),
        (
            f"council{t}",
            f"112*(1+{{council_income}})^{t}+20*{{allocation{t}}}"
            f"-130*(1+{{care_growth}})^{t}*{{pay{t}}}",
        ),
    ]
    if t:
        for body, total in model.TOTAL.items():
            variance = f"({{{body}{t}}}-({total}))"
            beyond = f"MAX({variance}-{model.OWN},0)+MIN({variance}+{model.OWN},0)"
            steps.append((f"pooled_{body}{t}", f"{model.POOLED}*({beyond})"))
        whole = f"({{pooled_ccg{t}}}+{{pooled_hospital{t}}})/2"
        steps += [
            (f"after_{body}{t}", f"{{{body}{t}}}+{whole}-{{pooled_{body}{t}}}")
            for body in model.TOTAL
        ]
    return [*steps, (f"gap{t}", f"-({{ccg{t}}}+{{hospital{t}}}+{{council{t}}})")]
