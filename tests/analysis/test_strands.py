"""What the uncertainty is made of, and what it is grouped by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from systems import driver, line, one_hospital, plan_of, systems, together

from finsim.analysis.sensitivity import Responses, sensitivity
from finsim.analysis.strands import GROUPINGS, coordinates_of, grouped, strands
from finsim.analysis.study import Case
from finsim.analysis.watched import watched
from finsim.scenario.resolved import Resolved
from finsim.simulation.compile import compile_plan
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling, sampling
from finsim.uncertainty.point_sets import Design, points

Shipped = Callable[..., Resolution]
NORMAL = {"mean": "2%", "sd": "3%"}
SAMPLING = Sampling(Design("lattice", 1024, 5), 8)


def prices(names: str, **rest: object) -> Resolved:
    """The commissioner's own lines of £100m, each moved by a normal price; f is a factor."""
    return one_hospital(
        years=(2015, 2016),
        drivers=[
            *(driver(name, NORMAL) for name in names),
            driver("f", {"mean": "0%", "sd": "100%"}),
        ],
        lines=[line(name, "ccg", "£100m", price=name) for name in names],
        **rest,
    )


def case_of(resolved: Resolved) -> Case:
    plan = plan_of(resolved)
    return Case(plan, compile_arrangement(plan))


@settings(max_examples=25, deadline=None)
@given(systems())
def test_strands_share_no_coordinate_and_leave_none_out(resolved: Resolved) -> None:
    plan = compile_plan(resolved)
    drawn = [c for strand in strands(plan) for c in strand.coordinates]
    assert len(drawn) == len(set(drawn))
    assert set(plan.inputs.coordinates.tolist()) == set(drawn)
    for by in GROUPINGS:
        members = [s for group in grouped(plan, by).values() for s in group]
        assert len(members) == len(strands(plan))


@settings(max_examples=25, deadline=None)
@given(systems())
def test_a_strand_moves_no_input_but_its_own(resolved: Resolved) -> None:
    plan = compile_plan(resolved)
    u, other = (_points(plan, replicate) for replicate in (0, 1))
    x = plan.inputs.values(u)
    for strand in strands(plan):
        rows = coordinates_of(plan, [strand])
        mixed = u.copy()
        mixed[rows] = other[rows]
        moved = (plan.inputs.values(mixed) != x).any(axis=(1, 2))
        assert set(np.nonzero(moved)[0].tolist()) <= set(strand.inputs)


@settings(max_examples=25, deadline=None)
@given(systems())
def test_what_is_near_known_points_is_found_from_them_to_the_bit(resolved: Resolved) -> None:
    case = case_of_plan(compile_plan(resolved))
    of = watched(case, "gap")
    u, other = (_points(case.plan, replicate) for replicate in (0, 1))
    responses = Responses(case, of)
    assert (responses(u) == of.values(case, case.plan.inputs.values(u))).all()
    for strand in strands(case.plan):
        rows = coordinates_of(case.plan, [strand])
        mixed = u.copy()
        mixed[rows] = other[rows]
        assert (responses(mixed) == of.values(case, case.plan.inputs.values(mixed))).all()


def case_of_plan(plan: Plan) -> Case:
    return Case(plan, compile_arrangement(plan))


def _points(plan: Plan, replicate: int) -> np.ndarray:
    return points(Design("latin hypercube", 16, 3), plan.inputs.coordinates, replicate, 0, 16)


def test_members_of_a_factor_are_left_with_their_own_part() -> None:
    # z = l f + sqrt(1 - l²) e: of a sum of two with loadings 0.8 and 0.6, the factor has
    # (0.8 + 0.6)², the members 0.36 and 0.64, of 2.96 in all.
    factor = together("ab", ["a", "b"], factor="f", loadings=[0.8, 0.6])
    case = case_of(prices("ab", dependence=[factor]))
    found = sensitivity(case, watched(case, "gap"), SAMPLING, ["input"], 8192)
    expected = {"f": 1.4**2 / 2.96, "a": 0.36 / 2.96, "b": 0.64 / 2.96}
    assert {share.group for share in found.shares} == set(expected)
    for share in found.shares:
        assert share.first is not None
        assert share.se_first is not None
        assert share.total is not None
        assert share.se_total is not None
        assert share.first == pytest.approx(expected[share.group], abs=4 * share.se_first)
        assert share.total == pytest.approx(expected[share.group], abs=4 * share.se_total)
    assert found.sd == pytest.approx(3 * np.sqrt(2.96), rel=0.03)


def test_inputs_of_a_matrix_stand_together() -> None:
    # Two with correlation r: variance 2 + 2r; the third 1.
    matrix = together("ab", ["a", "b"], matrix=[[1, 0.5], [0.5, 1]])
    case = case_of(prices("abc", dependence=[matrix]))
    found = sensitivity(case, watched(case, "gap"), SAMPLING, ["input"], 8192)
    together_, third = sorted(found.shares, key=lambda share: -len(share.inputs))
    r = 2 * np.sin(np.pi * 0.5 / 6)
    assert together_.inputs == ("a", "b")
    assert third.inputs == ("c",)
    assert together_.first == pytest.approx((2 + 2 * r) / (3 + 2 * r), abs=0.06)
    assert third.total == pytest.approx(1 / (3 + 2 * r), abs=0.02)


def test_a_figure_that_no_draw_moves_has_no_shares() -> None:
    case = case_of(prices("a"))
    found = sensitivity(case, watched(case, "position:hospital"), SAMPLING, ["input"], 256)
    assert [share.total for share in found.shares] == [None]


def test_groupings_of_the_shipped_system(shipped: Shipped) -> None:
    plan = shipped("bhr").plan
    by_body = grouped(plan, "organisation")
    assert {s.name for s in by_body["BHRUT"]} >= {
        "shock_bhrut",
        "schemes.bhrut_efficiency.delivered",
    }
    assert {"population.growth", "prices", "schemes.diabetes.delivered"} <= {
        s.name for s in by_body["several organisations"]
    }
    assert [s.name for s in by_body["Shared commissioner factor"]] == ["commissioner_shock_factor"]
    by_assumption = grouped(plan, "assumption")
    assert [s.name for s in by_assumption["Diabetes"]] == [
        f"schemes.diabetes.{part}" for part in ("happens", "slip", "delivered")
    ]
    assert len(grouped(plan, "input")) == len(strands(plan))
    assert "illustrative" in grouped(plan, "standing")


def test_of_the_shipped_system_the_parts_of_the_gap_add_up(shipped: Shipped) -> None:
    """The gap is nearly a sum, so first-order indices of a grouping sum to nearly one."""
    resolution = shipped("bhr")
    case = Case(resolution.plan, resolution.arrangement)
    design = sampling(resolution.resolved.scenario.run).design
    found = sensitivity(case, watched(case, "gap"), Sampling(design, 2), ["theme"], 1024)
    total = sum(share.total for share in found.shares if share.total is not None)
    assert total == pytest.approx(1, abs=0.12)
