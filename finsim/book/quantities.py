"""The one reader and writer of quantities: money, rates, months, years, numbers.

A quantity is parsed as a decimal and rounded to a float once, so that the same text gives the same
bits from YAML, CSV and Excel; the writer gives text that reads back to the same bits.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from finsim.book.places import shown

MONEY_SCALES = {
    "": Decimal("0.000001"),
    "k": Decimal("0.001"),
    "m": Decimal(1),
    "bn": Decimal(1000),
}
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_NUMBER = rf"(?:[0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]+)(?:\.[0-9]+)?{_EXPONENT}|\.[0-9]+{_EXPONENT}"
_MONEY = re.compile(rf"(?P<sign>[-+]?)£(?P<inner>[-+]?)(?P<number>{_NUMBER}) ?(?P<scale>k|m|bn)?")
_RATE = re.compile(rf"(?P<number>[-+]?(?:{_NUMBER})) ?%")
_DURATION = re.compile(rf"(?P<number>[-+]?(?:{_NUMBER})) (?P<unit>months?|years?)")
_PLAIN = re.compile(rf"[-+]?(?:{_NUMBER})")
_YEAR = re.compile(r"(?P<start>[0-9]{4})/(?P<end>[0-9]{2})")
_MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})")
_MONTH_WORDS = re.compile(r"(?P<month>[A-Za-z]+) (?P<year>[0-9]{4})")
MOST_CHARACTERS = 40
LEAST_POUNDS = Decimal("0.001")
MOST_MONEY = Decimal(10) ** 12
MOST_RATE = Decimal(100)
MOST_MONTHS = Decimal(1200)
MOST_NUMBER = Decimal(10) ** 12
FIRST_YEAR, LAST_YEAR = 1900, 2199


class QuantityError(ValueError):
    """A value that cannot be read as the quantity that its place needs."""


def _clean(text: str) -> str:
    return text.strip().replace("−", "-").replace("\N{NO-BREAK SPACE}", " ")


def _decimal(text: str) -> Decimal:
    """The number as written; nonsense of a size that decimals cannot hold is out of any bounds."""
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        value = Decimal("Infinity")
    if len(text) > MOST_CHARACTERS:
        raise QuantityError(f"{shown(text)} has more than {MOST_CHARACTERS} characters")
    return value


def _bounded(value: Decimal, most: Decimal, text: str, limit: str) -> float:
    """The value rounded to a float, once."""
    if not abs(value) <= most:
        raise QuantityError(f"{shown(text)} is beyond {limit}, the largest allowed")
    return float(value)


def _is_number(text: str) -> bool:
    return _PLAIN.fullmatch(_clean(text)) is not None


def _refuse(text: str, kind: str, example: str) -> QuantityError:
    if _is_number(text):
        return QuantityError(f"{shown(text)} has no unit; write {kind} such as {example}")
    return QuantityError(f"{shown(text)} is not {kind}; write it as {example}")


def money(text: str) -> float:
    """`£27m`, `£750k`, `£1.2bn`, `-£49.9m`, `£250,000` → £m.

    Below £1,000 a sum needs its scale: `£27` is £27m that has lost its m.
    """
    match = _MONEY.fullmatch(_clean(text))
    if match is None:
        raise _refuse(text, "an amount of money", _likely_money(text))
    negative = "-" in (match["sign"], match["inner"])
    value = _decimal(match["number"]) * MONEY_SCALES[match["scale"] or ""]
    if not match["scale"] and 0 < value < LEAST_POUNDS:
        thousands = f"{'-' if negative else ''}£{_decimal_text(value * 1000)}k"
        likely = f"write {_clean(text)}m if it is millions, {thousands} if it is not"
        raise QuantityError(f"{shown(text)} is in pounds; {likely}")
    signed = value.copy_negate() if negative else value
    return _bounded(signed, MOST_MONEY, text, "£1,000,000,000bn")


def _likely_money(text: str) -> str:
    """What was probably meant: a pound sign, a scale or a minus sign is missing or misspelt."""
    clean = _clean(text)
    if _is_number(clean):
        return f"£{clean}m"
    spelt = clean.lower().replace("million", "m").replace("billion", "bn")
    for likely in (spelt, f"£{spelt}", f"-{spelt.strip('()')}", f"-£{spelt.strip('()£')}"):
        match = _MONEY.fullmatch(likely)
        if match is not None:
            return likely if match["scale"] or _decimal(match["number"]) >= 1000 else f"{likely}m"
    return "£27m"


def money_text(value: float) -> str:
    """£m → text that `money` reads back to the same bits."""
    sign = "-" if value < 0 or (value == 0 and math.copysign(1, value) < 0) else ""
    return f"{sign}£{_shortest(abs(value))}m"


def rate(text: str) -> float:
    """`19%` → 0.19."""
    clean = _clean(text)
    match = _RATE.fullmatch(clean)
    if match is None:
        between = re.fullmatch(r"([0-9.]+) ?%? ?(?:-|–|to) ?([0-9.]+) ?%", clean)
        if between:
            low, high = between.groups()
            raise QuantityError(f"{shown(text)} is a range; write {{low: {low}%, high: {high}%}}")
        raise _refuse(text, "a percentage", _likely_rate(clean))
    return _bounded(_decimal(match["number"]) / 100, MOST_RATE, text, "10,000%")


def _likely_rate(clean: str) -> str:
    if not _is_number(clean):
        return "2.5%"
    value = _decimal(clean)
    return f"{clean}%" if abs(value) >= 1 else f"{_decimal_text(value * 100)}% or {clean}%"


def rate_text(value: float) -> str:
    """0.19 → `19%`, which `rate` reads back to the same bits."""
    return f"{_decimal_text(Decimal(repr(value)) * 100)}%"


def amount(text: str) -> tuple[float, str]:
    """`£5m` → (5.0, "£m"); `1% of income` → (0.01, "income")."""
    clean = _clean(text)
    if clean.endswith(" of income"):
        return rate(clean.removesuffix(" of income")), "income"
    if _MONEY.fullmatch(clean) is None:
        raise QuantityError(f"{shown(text)} is not an amount; write it as £5m or 1% of income")
    return money(clean), "£m"


def amount_text(value: tuple[float, str]) -> str:
    """(0.01, "income") → `1% of income`."""
    number_of, unit = value
    return f"{rate_text(number_of)} of income" if unit == "income" else money_text(number_of)


def months(text: str) -> float:
    """`9 months`, `2 years` → months."""
    match = _DURATION.fullmatch(_clean(text))
    if match is None:
        raise _refuse(
            text, "a duration", f"{text.strip()} months" if _is_number(text) else "9 months"
        )
    value = _decimal(match["number"]) * (12 if match["unit"].startswith("year") else 1)
    return _bounded(value, MOST_MONTHS, text, "1,200 months")


def months_text(value: float) -> str:
    """9.0 → `9 months`."""
    return f"{_shortest(value)} months"


def number(text: str) -> float:
    """A plain number: `0.3`, `1e3`; NaN, infinity and `1_000` are refused."""
    clean = _clean(text)
    if not _is_number(clean):
        extra = (
            " (percentages need no conversion: write 0.3 for 30%)" if clean.endswith("%") else ""
        )
        raise QuantityError(f"{shown(text)} is not a plain number such as 0.3{extra}")
    return _bounded(_decimal(clean), MOST_NUMBER, text, "1,000,000,000,000")


def number_text(value: float) -> str:
    """0.3 → `0.3`."""
    return _shortest(value)


def whole(text: str) -> int:
    """A whole number of zero or more: `614`."""
    clean = _clean(text)
    if not re.fullmatch(r"[0-9]{1,15}", clean):
        raise QuantityError(f"{shown(text)} is not a whole number of zero or more, such as 614")
    return int(clean)


def financial_year(text: str) -> int:
    """`2016/17` → 2016, the year in which it starts."""
    clean = _clean(text)
    match = _YEAR.fullmatch(clean)
    if match is None:
        is_year = re.fullmatch("[0-9]{4}", clean)
        example = f"{clean}/{(int(clean) + 1) % 100:02d}" if is_year else "2016/17"
        raise QuantityError(f"{shown(text)} is not a financial year; write it as {example}")
    start = int(match["start"])
    if not FIRST_YEAR <= start <= LAST_YEAR:
        raise QuantityError(f"{shown(text)} is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    if (start + 1) % 100 != int(match["end"]):
        right = financial_year_text(start)
        raise QuantityError(f"{shown(text)} is not a financial year; {start} begins {right}")
    return start


def financial_year_text(start: int) -> str:
    """2016 → `2016/17`."""
    return f"{start}/{(start + 1) % 100:02d}"


def calendar_year(text: str) -> int:
    """`2031` → 2031."""
    clean = _clean(text)
    if not re.fullmatch(r"(19|20|21)[0-9]{2}", clean):
        raise QuantityError(f"{shown(text)} is not a year such as 2031")
    return int(clean)


def year_span(text: str) -> tuple[int, int]:
    """`2015/16 to 2020/21` → (2015, 2020)."""
    parts = re.split(r"\s+to\s+", _clean(text))
    if len(parts) != 2:
        raise QuantityError(f"{shown(text)} is not a span of years; write it as 2015/16 to 2020/21")
    first, last = financial_year(parts[0]), financial_year(parts[1])
    if last < first:
        raise QuantityError(f"{shown(text)} ends before it starts")
    return first, last


def year_span_text(first: int, last: int) -> str:
    """(2015, 2020) → `2015/16 to 2020/21`."""
    return f"{financial_year_text(first)} to {financial_year_text(last)}"


def month(text: str) -> int:
    """`2018-07`, `July 2018` or `2018/19` (its April) → months since January of year 0."""
    clean = _clean(text)
    if match := _MONTH.fullmatch(clean):
        year, number_of_month = int(match["year"]), int(match["month"])
    elif match := _MONTH_WORDS.fullmatch(clean):
        word = match["month"].lower()
        names = [name for name in MONTHS if name.startswith(word) and len(word) >= 3]
        year, number_of_month = int(match["year"]), MONTHS.index(names[0]) + 1 if names else 0
    elif _YEAR.fullmatch(clean):
        year, number_of_month = financial_year(clean), 4
    else:
        year, number_of_month = 0, 0
    if not 1 <= number_of_month <= 12:
        raise QuantityError(f"{shown(text)} is not a month; write it as 2018-07 or July 2018")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise QuantityError(f"{shown(text)} is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return year * 12 + number_of_month - 1


def month_text(value: int) -> str:
    """Months since January of year 0 → `2018-07`."""
    return f"{value // 12}-{value % 12 + 1:02d}"


def flag(text: str) -> bool:
    """`true` or `false`; YAML 1.2: `yes` and `NO` are words."""
    if text not in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        raise QuantityError(f"{shown(text)} is not true or false")
    return text.lower() == "true"


def _shortest(value: float) -> str:
    return _decimal_text(Decimal(repr(value)))


def _decimal_text(value: Decimal) -> str:
    """Plain digits, or `1.5e-30` where those would be too long to read back."""
    text = format(value, "f")
    if len(text) > MOST_CHARACTERS:
        return format(value, "e")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text
