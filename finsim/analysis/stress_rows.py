"""The rows of a stress test."""

from __future__ import annotations

from msgspec import Struct


class CommonRow(Struct, frozen=True):
    """How one input or saving differs in a body's worst tenth of draws."""

    option: str
    body: str
    year: str
    kind: str
    name: str
    title: str
    unit: str
    shift: float
    separation: float
    mean_in_tail: float
    mean: float
    threshold: float
    tail_beyond: float
    rest_beyond: float
    se_shift: float
    se_separation: float
    se_mean_in_tail: float
    se_mean: float
    se_threshold: float
    se_tail_beyond: float
    se_rest_beyond: float


class CaseRow(Struct, frozen=True):
    """A named case beside the run: the position under it, and the change from the run."""

    option: str
    case: str
    name: str
    standing: str | None
    acts: bool
    body: str
    year: str
    mean: float
    p10: float
    p90: float
    chance: float | None
    change_of_mean: float
    change_of_p10: float
    change_of_p90: float
    change_of_chance: float | None
    se_change_of_mean: float
    se_change_of_p10: float
    se_change_of_p90: float
    se_change_of_chance: float | None


class ReserveRow(Struct, frozen=True):
    """What a body must hold to reach its target with a confidence, and its part in the tail."""

    option: str
    body: str
    year: str
    target: float
    control_total: bool
    confidence: float
    reserve: float
    se_reserve: float
    chance: float
    mean: float
    tail_mean: float
    need_in_tail: float
    share_of_need: float | None
    se_chance: float
    se_mean: float
    se_tail_mean: float
    se_need_in_tail: float
    se_share_of_need: float | None


CASE_FIELDS = CaseRow.__struct_fields__
