"""Schemes: what they save, when, and what they cost to deliver.

A saving is £m in cash of its year, gross at tariff: what the payer no longer pays. Months are
counted from the beginning of the base year; year t covers months 12t to 12t + 12.
"""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray, MaskArray, Quantity, running_product, running_sum
from finsim.economics.ramps import Ramp, mean_ramp

__all__ = [
    "Ramp",
    "combined_removal",
    "cost_of_delivery",
    "efficiency_index",
    "full_saving_for_cumulative",
    "gross_at_tariff",
    "in_year_saving",
    "mean_ramp",
    "removed_share",
]

# A ramp that has fallen back to nothing leaves rounding behind, not a saving.
_LEAST_UNIT_SAVING = 1e-9


def in_year_saving(
    full_saving: Quantity,
    mean_ramp: FloatArray,
    happens: FloatArray,
    delivered: FloatArray,
    recurrent: Quantity,
) -> FloatArray:
    """Saving of a scheme in each year, against doing nothing.

    With ``ΔS(t) = S · (r̄(t) − r̄(t−1))``, the saving first due in year t, and r̄ = 0 before year 0:

    ``happens · [ Σ_{u≤t} delivered_u · ρ · ΔS(u) + delivered_t · (1 − ρ) · max(ΔS(t), 0) ]``

    The recurrent part stays once made, at the rate delivered when it was made. The one-off part
    counts in its own year; when a ramp falls back it is not paid back. (For S below zero, a scheme
    that adds activity, the one-off part is likewise S times the rise of the ramp.)

    Args:
        full_saving: S, £m a year at the top of the ramp, delivered in full.
        mean_ramp: [..., year, draw], r̄.
        happens: [..., draw], 1 where the scheme happens, 0 where it does not.
        delivered: [..., year, draw], or [..., 1, draw] or [draw] when the same each year:
            delivered ÷ planned.
        recurrent: ρ, the recurrent share of what is delivered, 0 to 1.

    Returns:
        [..., year, draw], £m.
    """
    full = full_saving * happens[..., np.newaxis, :]
    all_recurrent = not np.any(np.not_equal(recurrent, 1.0))
    alike = delivered.ndim == 1 or delivered.shape[-2] == 1
    if all_recurrent and alike:  # then Σ delivered · ΔS is delivered · S · r̄
        return full * delivered * mean_ramp
    rise = mean_ramp.copy()
    rise[..., 1:, :] -= mean_ramp[..., :-1, :]
    saving = running_sum(delivered * rise)
    if not all_recurrent:
        saving *= recurrent
        one_off = np.maximum(rise, 0.0, out=rise) * delivered
        one_off *= 1.0 - recurrent
        saving += one_off
    saving *= full
    return saving


def full_saving_for_cumulative(
    target: float, mean_ramp: FloatArray, recurrent: float, window: MaskArray
) -> float:
    """Full yearly saving S whose planned savings add up to a cumulative target.

    ``S = target ÷ Σ_{t in window} (in-year saving of S = 1)``, as planned: no slip, delivered in
    full. £45m over 2016/17–2020/21 at 17%, 50% and 100% in the last three years is
    45 / 1.67 = £26.9m a year.

    Args:
        target: the cumulative saving, £m.
        mean_ramp: [year], r̄ as planned.
        recurrent: ρ, the recurrent share.
        window: [year], true in the years that the target counts.

    Returns:
        S, £m a year.

    Raises:
        ValueError: the scheme as planned saves nothing inside the window.

    Source: BHR Strategic Outline Case, November 2017, s5: £45m over five years.
    """
    as_planned = np.ones(1)
    unit = in_year_saving(1.0, mean_ramp[:, np.newaxis], as_planned, as_planned, recurrent)
    unit_sum = float(unit[window].sum())
    if not unit_sum > _LEAST_UNIT_SAVING:
        raise ValueError(
            f"a cumulative saving of £{target:g}m cannot be reached: "
            "as planned, the scheme saves nothing in the years that count"
        )
    return target / unit_sum


def gross_at_tariff(net_saving: Quantity, cash_release: Quantity) -> Quantity:
    """Saving at tariff that leaves the system the stated net saving: `S ÷ cash release`.

    Args:
        net_saving: what the system as a whole is to save, £m.
        cash_release: the share of the cost of removed activity that goes with it.

    Returns:
        £m at tariff.

    Raises:
        ValueError: the cash release is zero or less, so no saving at tariff leaves a net one.
    """
    if not np.all(np.greater(cash_release, 0.0)):
        raise ValueError("a saving net to the system needs a cash release above zero")
    return net_saving / cash_release


def removed_share(saving: FloatArray, do_nothing_value: FloatArray) -> FloatArray:
    """Share of a line's activity that one scheme removes: `R_j = S_t / (B · D · N · τ)`.

    The line is valued at tariff on its do-nothing activity, so that the share is the same under
    every form of payment. It is negative where the scheme adds activity.

    Args:
        saving: [year, draw], £m at tariff.
        do_nothing_value: [..., year, draw], B · D · N · τ, £m.

    Returns:
        [..., year, draw], dimensionless.

    Raises:
        ValueError: a do-nothing value is zero or less.
    """
    if not np.all(do_nothing_value > 0):
        raise ValueError("a scheme acts on a line whose do-nothing value is not above zero")
    return saving / do_nothing_value


def combined_removal(shares: FloatArray) -> FloatArray:
    """Share of activity that all the schemes on a line remove: `R = 1 − Π_j (1 − R_j)`.

    Each scheme acts on what the others leave, so no activity is removed twice.

    Args:
        shares: [scheme, ..., year, draw], R_j.

    Returns:
        [..., year, draw], dimensionless.
    """
    left: FloatArray = np.prod(1.0 - shares, axis=0)
    return 1.0 - left


def cost_of_delivery(
    one_off: FloatArray, running: Quantity, mean_ramp: FloatArray, double_running: FloatArray
) -> FloatArray:
    """Cost of delivering a scheme, spent whatever it then delivers.

    ``one-off(t) + running · r̄(t) + double running(t)``

    Args:
        one_off: [..., year], set-up and investment, £m.
        running: £m a year at the top of the ramp.
        mean_ramp: [..., year, draw], r̄, slip included: the service starts late and costs late.
        double_running: [..., year], keeping the old service open beside the new, £m.

    Returns:
        [..., year, draw], £m.
    """
    cost = running * mean_ramp
    stated = one_off + double_running
    if np.any(stated):
        cost += stated[..., np.newaxis]
    return cost


def efficiency_index(
    rates: FloatArray, delivered: FloatArray, happens: FloatArray, recurrent: Quantity
) -> FloatArray:
    """Index of an organisation's own cost under a yearly efficiency programme.

    ``E(t) = Π_{u<t} (1 − e_u · ρ · d_u) · (1 − e_t · d_t)``: all that is delivered counts in its
    own year, the recurrent share of it in every later year, and the years compound. Delivered in
    full and wholly recurrent, 2% a year is 0.98 ** t.

    Args:
        rates: [..., year], e, the planned efficiency of each year as a fraction of cost; 0 in a
            base year whose costs are outturn.
        delivered: [..., year, draw], or [draw] when the same each year: d, delivered ÷ planned.
        happens: [..., draw], 1 where the programme happens, 0 where it does not.
        recurrent: ρ, the recurrent share, 0 to 1.

    Returns:
        [..., year, draw], dimensionless.
    """
    achieved = rates[..., np.newaxis] * happens[..., np.newaxis, :] * delivered
    lasting = running_product(1.0 - recurrent * achieved)
    earlier_years = np.ones_like(lasting)
    earlier_years[..., 1:, :] = lasting[..., :-1, :]
    return earlier_years * (1.0 - achieved)
