"""Phrases that the words of a sheet are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from finsim.book.quantities import financial_year_text

Writer = Callable[[float], str]


def by_year(values: Mapping[int, float], write: Writer) -> str:
    """Values by year, equal ones beside each other told once."""
    spans: list[tuple[int, int, float]] = []
    for year in sorted(values):
        if spans and spans[-1][1] == year - 1 and spans[-1][2] == values[year]:
            spans[-1] = (spans[-1][0], year, values[year])
        else:
            spans.append((year, year, values[year]))
    return ", ".join(f"{_span(first, last)} {write(value)}" for first, last, value in spans)


def _span(first: int, last: int) -> str:
    start = financial_year_text(first)
    return start if first == last else f"{start} to {financial_year_text(last)}"


def shares_in_words(shares: Mapping[str, float]) -> str:
    """Shares by name, to a tenth of a per cent."""
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())


def sentence(parts: Iterable[str]) -> str:
    """The parts that say something, as one text."""
    return "; ".join(part for part in parts if part)
