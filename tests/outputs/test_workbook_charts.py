"""Charts: what they say, where their numbers stand, and that they hide nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from finsim.analysis.bridge import OF_WORKBOOK
from finsim.analysis.results import Results, simulate_cases
from finsim.analysis.study import Case
from finsim.outputs import palette
from finsim.outputs.workbook import workbook_bytes
from finsim.outputs.workbook_chart import axis_about, far_enough, round_axis, wrapped
from finsim.outputs.workbook_charts_bars import (
    BRIDGE_COLUMNS,
    Step,
    Swing,
    bridge_rows,
    tornado_rows,
)
from finsim.simulation.resolve import resolve
from finsim.simulation.run import Serial, sampling

EXAMPLE = Path(__file__).parents[2] / "scenarios" / "example.yaml"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
D = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
CHARTED = {
    "Summary": 2, "Options": 1, "Chances": 1, "Bridge": 1, "Schemes": 1, "Uncertainty": 1,
}  # fmt: skip
MONEY = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 3))


@dataclass(frozen=True)
class Drawn:
    """A chart as it is stored: its sheet, its XML, its words for those who cannot see it."""

    sheet: str
    xml: ElementTree.Element
    alt_text: str
    first_row: int
    last_row: int


@pytest.fixture(scope="module")
def results() -> tuple[Results, ...]:
    sets = ("run.draws_per_replicate=512",)
    found = [resolve(EXAMPLE, option, sets) for option in (None, "without prevention")]
    cases = [Case(one.plan, one.arrangement) for one in found]
    run = sampling(found[0].resolved.scenario.run, draws=8 * 512)
    return simulate_cases(cases, run, Serial(), bridged=OF_WORKBOOK)


@pytest.fixture(scope="module")
def content(results: tuple[Results, ...]) -> bytes:
    return workbook_bytes(results)


@pytest.fixture(scope="module")
def charts(content: bytes) -> list[Drawn]:
    return list(drawn(content))


def drawn(content: bytes) -> Iterator[Drawn]:
    """The charts of a workbook, found through its relationships."""
    names = openpyxl.load_workbook(io.BytesIO(content), read_only=True).sheetnames
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for number, name in enumerate(names, 1):
            for drawing in related(parts, f"xl/worksheets/sheet{number}.xml", "drawings"):
                tree = ElementTree.fromstring(parts.read(drawing))
                of_drawing = related(parts, drawing, "charts")
                for anchor, part in zip(tree.iter(f"{D}twoCellAnchor"), of_drawing, strict=True):
                    yield Drawn(
                        name,
                        ElementTree.fromstring(parts.read(part)),
                        next(anchor.iter(f"{D}cNvPr")).get("descr", ""),
                        int(text_of(anchor, f"{D}from/{D}row")) + 1,
                        int(text_of(anchor, f"{D}to/{D}row")) + 1,
                    )


def related(parts: zipfile.ZipFile, part: str, kind: str) -> list[str]:
    folder, _, name = part.rpartition("/")
    rels = f"{folder}/_rels/{name}.rels"
    if rels not in parts.namelist():
        return []
    targets = [str(item.get("Target")) for item in ElementTree.fromstring(parts.read(rels))]
    return [f"xl/{target.removeprefix('../')}" for target in targets if f"/{kind}/" in target]


def text_of(node: ElementTree.Element, path: str) -> str:
    found = node.find(path)
    assert found is not None
    assert found.text is not None
    return found.text


def test_every_sheet_that_answers_has_its_charts(charts: list[Drawn]) -> None:
    names = [chart.sheet for chart in charts]
    assert {name: names.count(name) for name in names} == CHARTED


def test_what_a_chart_stores_is_what_its_cells_hold(content: bytes, charts: list[Drawn]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    count = 0
    for chart in charts:
        for reference in (*chart.xml.iter(f"{C}numRef"), *chart.xml.iter(f"{C}strRef")):
            sheet, _, area = text_of(reference, f"{C}f").replace("$", "").rpartition("!")
            assert sheet.strip("'") == chart.sheet
            found = book[chart.sheet][area]
            cells = [row[0].value for row in found] if ":" in area else [found.value]
            kept = [text_of(point, f"{C}v") for point in reference.iter(f"{C}pt")]
            assert len(kept) == len(cells) > 0
            for value, cell in zip(kept, cells, strict=True):
                if isinstance(cell, str):
                    assert value == cell
                else:
                    assert float(value) == pytest.approx(cell)
            count += 1
    assert count > 30


def test_every_chart_is_told_in_words_with_titles_of_its_axes(charts: list[Drawn]) -> None:
    for chart in charts:
        titles = ["".join(node.itertext()) for node in chart.xml.iter(f"{C}title")]
        assert len(titles) >= 2, chart.sheet
        assert all(titles)
        assert "£" in titles[0]
        assert " ".join(titles[0].split()) in " ".join(chart.alt_text.split())
        assert len(chart.alt_text) > len(titles[0]) + 40
        assert any("£m" in title or "Chance" in title for title in titles[1:])


def test_no_line_from_p10_to_p90_leaves_its_chart(charts: list[Drawn]) -> None:
    count = 0
    for chart in charts:
        axes = [
            (float(low.get("val", "nan")), float(high.get("val", "nan")))
            for axis in chart.xml.iter(f"{C}valAx")
            for low, high in zip(axis.iter(f"{C}min"), axis.iter(f"{C}max"), strict=True)
        ]
        for series in chart.xml.iter(f"{C}ser"):
            for bars in series.iter(f"{C}errBars"):
                values, above, below = (
                    [float(text_of(point, f"{C}v")) for point in node.iter(f"{C}pt")]
                    for node in (
                        series.find(f"{C}val"), bars.find(f"{C}plus"), bars.find(f"{C}minus"),
                    )
                    if node is not None
                )  # fmt: skip
                [(low, high)] = axes
                assert max(map(sum, zip(values, above, strict=True))) <= high
                assert min(v - b for v, b in zip(values, below, strict=True)) >= low
                count += 1
    assert count == 3


def test_no_chart_lies_over_a_cell(content: bytes, charts: list[Drawn]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content))
    for chart in charts:
        for row in book[chart.sheet].iter_rows(chart.first_row, chart.last_row):
            assert all(cell.value is None for cell in row), (chart.sheet, row[0].row)


def look_of(series: ElementTree.Element) -> tuple[str, ...]:
    """Kind of fill, dashes and marker of a series; nothing of its colour."""
    shape = series.find(f"{C}spPr")
    if shape is None:
        return ()
    fill = next((child.tag for child in shape if child.tag != f"{A}ln"), "no fill")
    pattern = [str(node.get("prst")) for node in shape.iter(f"{A}pattFill")]
    dashes = [str(node.get("val")) for node in shape.iter(f"{A}prstDash")]
    markers = [str(node.get("val")) for node in series.iter(f"{C}symbol")]
    return (fill, *pattern, *dashes, *markers)


def test_series_differ_in_more_than_colour(charts: list[Drawn]) -> None:
    for chart in charts:
        kinds = ("barChart", "lineChart", "scatterChart")
        if chart.sheet == "Bridge":
            kinds = ("barChart",)
        for kind in kinds:
            looks = {
                text_of(series, f"{C}tx/{C}v"): look_of(series)
                for plot in chart.xml.iter(f"{C}{kind}")
                for series in plot.iter(f"{C}ser")
            }
            alike = {name for name in looks if list(looks.values()).count(looks[name]) > 1}
            assert alike <= {"Position", "Improves the position"}, chart.sheet


def test_colours_are_those_of_the_palette(charts: list[Drawn]) -> None:
    known = {
        colour.lstrip("#")
        for colour in (*palette.SERIES, palette.TEXT, palette.PAPER, palette.RULE)
    }
    for chart in charts:
        assert {str(node.get("val")) for node in chart.xml.iter(f"{A}srgbClr")} <= known


def test_an_option_with_a_name_like_a_formula_stays_text(results: tuple[Results, ...]) -> None:
    odd = "=Sheet1!$A$1" + "x" * 300
    renamed = results[1].plan.resolved.model_copy(update={"option": odd})
    plan = replace(results[1].plan, resolved=renamed)
    for chart in drawn(workbook_bytes([results[0], replace(results[1], plan=plan)])):
        for reference in chart.xml.iter(f"{C}f"):
            assert "Sheet1" not in str(reference.text)


# the parts of a bridge, by hand


def test_a_bridge_that_crosses_nought_has_a_part_on_either_side() -> None:
    steps = [
        Step("Base", 0, 30, is_level=True),
        Step("Growth", 30, -50),
        Step("More growth", -50, -80),
        Step("Income", -80, 20),
        Step("Result", 0, 20, is_level=True),
    ]
    rows = [row[1:] for row in bridge_rows(steps)]
    #  amount, top, left free, level above and below, rise above and below, fall above and below
    assert rows == [
        [30, 30, 0, 30, 0, 0, 0, 0, 0],
        [-80, 30, 0, 0, 0, 0, 0, 30, -50],
        [-30, -50, -50, 0, 0, 0, 0, 0, -30],
        [100, 20, 0, 0, 0, 20, -80, 0, 0],
        [20, 20, 0, 20, 0, 0, 0, 0, 0],
    ]
    assert len(BRIDGE_COLUMNS) == len(rows[0]) + 1


@given(start=MONEY, end=MONEY)
def test_a_column_of_a_bridge_reaches_from_one_level_to_the_other(start: float, end: float) -> None:
    [(_, amount, top, free, *parts)] = bridge_rows([Step("x", start, end)])
    above = max(float(free), 0.0) + sum(float(part) for part in parts if float(part) > 0)
    below = min(float(free), 0.0) + sum(float(part) for part in parts if float(part) < 0)
    low, high = min(start, end), max(start, end)
    assert amount == end - start
    assert top == high
    assert sum(abs(float(part)) for part in parts) == pytest.approx(high - low)
    if high > 0:
        assert above == pytest.approx(high)
    if low < 0:
        assert below == pytest.approx(low)


def test_a_tornado_has_its_widest_bar_on_top() -> None:
    rows = list(tornado_rows([Swing("a", -1, 2), Swing("b", 9, -3), Swing("c", -4, 4)]))
    assert [row[0] for row in rows] == ["b", "c", "a"]


# axes and labels


@given(low=MONEY, high=MONEY)
def test_an_axis_holds_every_value_in_few_round_steps(low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    least, most, step = round_axis(low, high)
    assert least <= min(low, 0) + 1e-9
    assert most >= max(high, 0) - 1e-9
    assert 1 <= (most - least) / step <= 9
    if high - low > 1e-6:
        least, most, step = axis_about([low, high])
        assert least <= low + 1e-9
        assert most >= high - 1e-9
        assert (most - least) / step <= 9


def test_labels_that_would_lie_over_each_other_are_left_out() -> None:
    assert far_enough([462, 458, 419, 614], 800) == [True, False, False, True]


def test_a_title_is_wrapped_at_words() -> None:
    lines = wrapped("one two three " * 20, 780).split("\n")
    assert len(lines) > 2
    assert all(len(line) <= 72 for line in lines)
