"""The steps of the bridge: from the base-year position to the position, in every draw.

Steps are changes of position, [organisation, projected year, draw], £m, favourable positive. In
every draw they sum to the position, for each organisation and for the perimeter.
"""

from __future__ import annotations

from msgspec import Struct

from finsim.simulation.arrangement import Settled
from finsim.simulation.evaluate import Outcome, shocks_at, unattributed_pressure
from finsim.simulation.movements import PARTS, Movements, moved_by, movements
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.savings_by_theme import Themes, savings_by_theme, themes_of

BASE = "base_position"
DO_NOTHING = (BASE, *PARTS, "unattributed_pressure", "reserves", "shocks")
NO_SCHEME = "no_scheme"
DELIVERY = "cost_of_delivery"
SETTLED = ("transfer", "external_support", "sustainability_funding")
THEME = "theme: "


class Steps(Struct, frozen=True):
    """What the steps of a plan are worked out from."""

    movements: Movements
    themes: Themes

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps in their order; a theme's is `theme: ` and its name."""
        named = tuple(f"{THEME}{name}" for name in self.themes.names)
        return (*DO_NOTHING, *named, NO_SCHEME, DELIVERY, *SETTLED)


def steps_of(plan: Plan) -> Steps:
    """The steps of a plan."""
    return Steps(movements(plan), themes_of(plan))


def economic_steps(
    plan: Plan, stated: Steps, x: FloatArray, outcome: Outcome
) -> tuple[FloatArray, ...]:
    """The steps that options share, to the costs of delivery.

    Each is [organisation, projected year, draw], an axis of 1 standing for all that are alike.
    `no_scheme` is what contracts with an agreed plan pay differently although no scheme can be
    said to have done it; nearly always nil.
    """
    themes = savings_by_theme(plan, stated.themes, outcome.workings)
    reserves, factors = outcome.reserves, outcome.workings.factors
    return (
        outcome.position_do_nothing[:, :1],
        *moved_by(plan, stated.movements, factors),
        -unattributed_pressure(plan, x)[:, 1:],
        reserves[:, :1] - reserves[:, 1:],
        shocks_at(plan, x)[:, 1:],
        *themes,
        outcome.saving[:, 1:] - themes.sum(axis=0),
        -outcome.cost_of_delivery[:, 1:],
    )


def settled_steps(settled: Settled) -> tuple[FloatArray, ...]:
    """The steps that an option adds: transfers, support and funding."""
    return tuple(getattr(settled, name)[:, 1:] for name in SETTLED)
