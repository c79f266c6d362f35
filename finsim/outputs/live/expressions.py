"""Formulas that know their Excel text and their value: an expression holds both.

The value of a cell is worked out from the same expression that its text is, never copied from the
engine, so that agreeing with the engine means something. In a text HERE stands for the letters of
the column that the formula is in and BEFORE for those of the column to its left, so that one
expression is the one pattern of a whole row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import TypeAlias

HERE, BEFORE = "\x01", "\x02"
LITERALS = frozenset({0, 1, 12})
COMPARE, JOIN, ADD, TIMES, POWER, ATOM = range(6)

At: TypeAlias = Callable[[int], float]


class Expression:
    """A formula: its text, how tightly its outermost operator binds, its value in year t."""

    __slots__ = ("at", "binds", "text")

    def __init__(self, text: str, at: At, binds: int = ATOM) -> None:
        self.text = text
        self.at = at
        self.binds = binds

    def inside(self, binds: int) -> str:
        """The text as part of what binds so tightly, in brackets if they are needed."""
        return self.text if self.binds >= binds else f"({self.text})"

    def __add__(self, other: Operand) -> Expression:
        a, b = self, lift(other)
        first, second = a.at, b.at
        text = f"{a.inside(ADD)}+{b.inside(ADD)}"
        return Expression(text, lambda t: first(t) + second(t), ADD)

    def __sub__(self, other: Operand) -> Expression:
        a, b = self, lift(other)
        first, second = a.at, b.at
        text = f"{a.inside(ADD)}-{b.inside(TIMES)}"
        return Expression(text, lambda t: first(t) - second(t), ADD)

    def __radd__(self, other: int) -> Expression:
        return lift(other) + self

    def __rsub__(self, other: int) -> Expression:
        return lift(other) - self

    def __mul__(self, other: Operand) -> Expression:
        a, b = self, lift(other)
        first, second = a.at, b.at
        text = f"{a.inside(TIMES)}*{b.inside(TIMES)}"
        return Expression(text, lambda t: first(t) * second(t), TIMES)

    def __rmul__(self, other: int) -> Expression:
        return lift(other) * self

    def __truediv__(self, other: Operand) -> Expression:
        a, b = self, lift(other)
        first, second = a.at, b.at
        text = f"{a.inside(TIMES)}/{b.inside(POWER)}"
        return Expression(text, lambda t: first(t) / second(t), TIMES)

    def __pow__(self, other: Expression) -> Expression:
        first, second = self.at, other.at
        text = f"{self.inside(ATOM)}^{other.inside(ATOM)}"
        return Expression(text, lambda t: first(t) ** second(t), POWER)


Operand: TypeAlias = Expression | int


def in_column(text: str, here: str, before: str) -> str:
    """The text of an expression in a column, without its equals sign."""
    return text.replace(HERE, here).replace(BEFORE, before)


def lift(value: Operand) -> Expression:
    """An expression, or one of the three numbers that may stand in a formula.

    Raises ValueError for any other number: it belongs on the sheet Inputs.
    """
    if isinstance(value, Expression):
        return value
    if value not in LITERALS:
        raise ValueError(f"{value} in a formula; only 0, 1 and 12 may stand there")
    number = float(value)
    return Expression(str(value), lambda _t: number)


def product(*factors: Expression | None) -> Expression:
    """The product of those that are there; 1 when none is."""
    kept = [factor for factor in factors if factor is not None]
    if not kept:
        return lift(1)
    result = kept[0]
    for factor in kept[1:]:
        result = result * factor
    return result


def added(terms: Sequence[Expression]) -> Expression:
    """The sum of terms one by one; 0 when there is none."""
    if not terms:
        return lift(0)
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def least(*of: Operand) -> Expression:
    """MIN."""
    return _of_all("MIN", min, of)


def most(*of: Operand) -> Expression:
    """MAX."""
    return _of_all("MAX", max, of)


def _of_all(name: str, function: Callable[..., float], of: Sequence[Operand]) -> Expression:
    parts = [lift(part) for part in of]
    values = [part.at for part in parts]
    text = f"{name}({','.join(part.text for part in parts)})"
    return Expression(text, lambda t: function([value(t) for value in values]))


def size(of: Expression) -> Expression:
    """ABS."""
    value = of.at
    return Expression(f"ABS({of.text})", lambda t: abs(value(t)))


def equals(a: Expression, b: Operand) -> Expression:
    """Whether two are equal, for `choose`."""
    other = lift(b)
    first, second = a.at, other.at
    return Expression(f"{a.text}={other.text}", lambda t: float(first(t) == second(t)), COMPARE)


def above(a: Expression, b: Operand) -> Expression:
    """Whether one is above another, for `choose`."""
    other = lift(b)
    first, second = a.at, other.at
    return Expression(f"{a.text}>{other.text}", lambda t: float(first(t) > second(t)), COMPARE)


def at_least(a: Expression, b: Operand) -> Expression:
    """Whether one is at or above another, for `choose`."""
    other = lift(b)
    first, second = a.at, other.at
    return Expression(f"{a.text}>={other.text}", lambda t: float(first(t) >= second(t)), COMPARE)


def choose(condition: Expression, then: Operand, otherwise: Operand) -> Expression:
    """IF: only the branch that is chosen is worked out."""
    a, b = lift(then), lift(otherwise)
    test, first, second = condition.at, a.at, b.at
    text = f"IF({condition.text},{a.text},{b.text})"
    return Expression(text, lambda t: first(t) if test(t) else second(t))


def is_number(of: Expression) -> Expression:
    """ISNUMBER, for `choose`: false for an error and for text."""
    value = of.at
    return Expression(f"ISNUMBER({of.text})", lambda t: float(isfinite(value(t))))
