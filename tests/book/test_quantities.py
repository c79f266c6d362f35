"""Quantities: units are needed, nothing is guessed, and what is written reads back to the bit."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.book import quantities
from finsim.book.quantities import QuantityError


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def floats(most: float) -> st.SearchStrategy[float]:
    return st.floats(min_value=-most, max_value=most)


@given(floats(1e12))
def test_money_reads_back_to_the_bit(value: float) -> None:
    assert bits(quantities.money(quantities.money_text(value))) == bits(value)


@given(floats(100))
def test_a_rate_reads_back_to_the_bit(value: float) -> None:
    assert bits(quantities.rate(quantities.rate_text(value))) == bits(value)


@given(floats(1200))
def test_months_read_back_to_the_bit(value: float) -> None:
    assert bits(quantities.months(quantities.months_text(value))) == bits(value)


@given(floats(1e12))
def test_a_number_reads_back_to_the_bit(value: float) -> None:
    assert bits(quantities.number(quantities.number_text(value))) == bits(value)


@given(st.integers(1900, 2198), st.integers(0, 11), st.integers(0, 40))
def test_years_and_months_of_the_calendar_read_back(year: int, month: int, more: int) -> None:
    last = min(year + more, 2199)
    assert quantities.financial_year(quantities.financial_year_text(year)) == year
    assert quantities.year_span(quantities.year_span_text(year, last)) == (year, last)
    assert quantities.month(quantities.month_text(year * 12 + month)) == year * 12 + month


@given(st.text())
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in READERS:
        try:
            value = read(text)
        except QuantityError:
            continue
        assert value is not None


READERS: tuple[Callable[[str], object], ...] = (
    quantities.money,
    quantities.rate,
    quantities.months,
    quantities.number,
    quantities.whole,
    quantities.financial_year,
    quantities.calendar_year,
    quantities.year_span,
    quantities.month,
    quantities.flag,
)


@pytest.mark.parametrize(
    ("text", "millions"),
    [
        ("£27m", 27.0),
        ("£750k", 0.75),
        ("£1.2bn", 1200.0),
        ("-£49.9m", -49.9),
        ("£-49.9m", -49.9),
        ("−£49.9m", -49.9),
        ("£1,234,567", 1.234567),
        ("£1,000", 0.001),
        ("£0", 0.0),
        ("£27 m", 27.0),
        (" £27m ", 27.0),
    ],
)
def test_money(text: str, millions: float) -> None:
    assert quantities.money(text) == millions


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (quantities.rate, "19%", 0.19),
        (quantities.rate, "-2.5 %", -0.025),
        (quantities.months, "9 months", 9.0),
        (quantities.months, "1 month", 1.0),
        (quantities.months, "2 years", 24.0),
        (quantities.number, "1e3", 1000.0),
        (quantities.number, "1,000", 1000.0),
        (quantities.number, "-.5", -0.5),
        (quantities.month, "2018-07", 2018 * 12 + 6),
        (quantities.month, "July 2018", 2018 * 12 + 6),
        (quantities.month, "Jul 2018", 2018 * 12 + 6),
        (quantities.month, "2018/19", 2018 * 12 + 3),
        (quantities.financial_year, "1999/00", 1999),
        (quantities.year_span, "2015/16 to 2020/21", (2015, 2020)),
    ],
)
def test_other_quantities(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (quantities.money, "27", "'27' has no unit; write an amount of money such as £27m"),
        (quantities.money, "£27", "is in pounds; write £27m if it is millions, £0.027k if"),
        (quantities.money, "-£999.9", "write -£999.9m if it is millions, -£0.9999k if it is not"),
        (quantities.money, "(£27)", "write it as -£27m"),
        (quantities.money, "(£27,000)", "write it as -£27,000"),
        (quantities.money, "27m", "write it as £27m"),
        (quantities.money, "(£49.9m)", "write it as -£49.9m"),
        (quantities.money, "£27M", "write it as £27m"),
        (quantities.money, "$27m", "is not an amount of money"),
        (quantities.money, "£1_000m", "is not an amount of money"),
        (quantities.money, "£1,00m", "is not an amount of money"),
        (quantities.money, ".nan", "is not an amount of money"),
        (quantities.money, "£٣m", "is not an amount of money"),
        (quantities.money, "£1e99999999999999999999m", "the largest allowed"),
        (quantities.money, "£9999999999999bn", "the largest allowed"),
        (quantities.rate, "0.19", "'0.19' has no unit; write a percentage such as 19% or 0.19%"),
        (quantities.rate, "19", "such as 19%"),
        (quantities.rate, "19–28%", "is a range; write {low: 19%, high: 28%}"),
        (quantities.rate, "19% to 28%", "is a range; write {low: 19%, high: 28%}"),
        (quantities.rate, "10001%", "the largest allowed"),
        (quantities.rate, "-inf%", "is not a percentage"),
        (quantities.months, "9", "'9' has no unit; write a duration such as 9 months"),
        (quantities.months, "101 years", "the largest allowed"),
        (quantities.number, "1_000", "is not a plain number"),
        (quantities.number, ".inf", "is not a plain number"),
        (quantities.number, ".nan", "is not a plain number"),
        (quantities.number, "NO", "is not a plain number"),
        (quantities.number, "0x10", "is not a plain number"),
        (quantities.number, "30%", "write 0.3 for 30%"),
        (quantities.number, "9" * 50, "more than 40 characters"),
        (quantities.whole, "-1", "is not a whole number of zero or more"),
        (quantities.whole, "1e3", "is not a whole number"),
        (quantities.financial_year, "2016", "write it as 2016/17"),
        (quantities.financial_year, "2016-17", "write it as 2016/17"),
        (quantities.financial_year, "2016/18", "2016 begins 2016/17"),
        (quantities.financial_year, "0016/17", "outside the years 1900 to 2199"),
        (quantities.calendar_year, "31", "is not a year such as 2031"),
        (quantities.year_span, "2015/16", "write it as 2015/16 to 2020/21"),
        (quantities.year_span, "2020/21 to 2015/16", "ends before it starts"),
        (quantities.month, "2018-13", "is not a month"),
        (quantities.month, "01/04/2018", "is not a month"),
        (quantities.flag, "NO", "is not true or false"),
    ],
)
def test_what_is_refused_says_what_to_write(
    read: Callable[[str], object], text: str, says: str
) -> None:
    with pytest.raises(QuantityError) as caught:
        read(text)

    assert says in str(caught.value)


def test_minus_nothing_keeps_its_sign() -> None:
    assert math.copysign(1, quantities.money(quantities.money_text(-0.0))) == -1
