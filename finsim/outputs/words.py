"""Figures in words, the same in the terminal, messages and sheets."""

from __future__ import annotations

import math


def pounds(value: float, decimals: int = 1) -> str:
    """£m as `£614.0m`; a negative amount as `−£30.0m`."""
    rounded = round(value, decimals)
    sign = "−" if rounded < 0 else ""
    return f"{sign}£{abs(rounded):,.{decimals}f}m"


def signed(value: float, decimals: int = 1) -> str:
    """£m for a table: `614.0`, negatives in brackets."""
    rounded = round(value, decimals)
    text = f"{abs(rounded):,.{decimals}f}"
    return f"({text})" if rounded < 0 else f"{text} "


def percent(value: float, decimals: int = 0) -> str:
    """A fraction as `57%`; a chance is never rounded to certainty."""
    if 0 < value < 0.5 * 10 ** (-2 - decimals):
        return f"<{10.0**-decimals:g}%"
    if 1 - 0.5 * 10 ** (-2 - decimals) < value < 1:
        return f">{100 - 10.0**-decimals:g}%"
    return f"{100 * value:.{decimals}f}%"


def error(value: float) -> str:
    """A standard error, to its first significant figure: `±0.06`."""
    if value == 0:
        return "±0"
    digits = max(0, -math.floor(math.log10(value)))
    return f"±{value:.{min(digits, 6)}f}"
