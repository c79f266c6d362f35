"""Field types: each reads its unit from text, writes it back, and tells editors its pattern."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from finsim.book import quantities
from finsim.book.places import shown


def problem(message: str) -> PydanticCustomError:
    """A validation error that carries our own words, whatever braces they hold."""
    return PydanticCustomError("input", "{words}", {"words": message})


def _reading(read: Callable[[str], Any]) -> BeforeValidator:
    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            if isinstance(value, (dict, list)):
                kind = "a group of keys" if isinstance(value, dict) else "a list"
                raise problem(f"{kind} was found; one value is needed")
            if value is None:
                raise problem("nothing was found; a value is needed")
            return value
        try:
            return read(value)
        except quantities.QuantityError as error:
            raise problem(str(error)) from None

    return BeforeValidator(validate)


def _writing(write: Callable[[Any], str]) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


def _schema(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "pattern": pattern, "examples": [example]})


def _at_least_zero(value: float) -> float:
    if value < 0:
        raise problem(f"{quantities.number_text(value)} is negative; zero or more is allowed")
    return value


def _version(value: int) -> int:
    if value != VERSION:
        raise problem(f"{value} is not a version that this finsim reads; write finsim: {VERSION}")
    return value


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise problem(f"{quantities.rate_text(value)} is outside 0% to 100%")
    return value


def _money_not_negative(value: float) -> float:
    if value < 0:
        raise problem(f"{quantities.money_text(value)} is negative; £0m or more is allowed")
    return value


def _money_above_zero(value: float) -> float:
    if value <= 0:
        raise problem(f"{quantities.money_text(value)} is not above £0m")
    return value


def _word(value: str) -> str:
    if len(value) > 4_000:
        raise problem("text of more than 4,000 characters; that is the most allowed")
    if (hidden := _HIDDEN.search(value)) is not None:
        raise problem(f"holds the control character {shown(ascii(hidden[0])[1:-1])}; remove it")
    return value


def _name(value: str) -> str:
    if not value.strip():
        raise problem("is empty; a name is needed")
    return value


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise problem(f"{shown(value)} is not an id; letters, digits, _ and - are allowed")
    return value


VERSION = 1
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ID = re.compile(r"\w[\w-]{0,59}")
_MONEY_PATTERN = r"^[-+−]?£[-+−]?[\d.,eE+]+ ?(k|m|bn)?$"

Money: TypeAlias = Annotated[
    float,
    _reading(quantities.money),
    _writing(quantities.money_text),
    _schema(_MONEY_PATTERN, "£27m"),
]
MoneyNotNegative: TypeAlias = Annotated[Money, AfterValidator(_money_not_negative)]
MoneyAboveZero: TypeAlias = Annotated[Money, AfterValidator(_money_above_zero)]
Rate: TypeAlias = Annotated[
    float,
    _reading(quantities.rate),
    _writing(quantities.rate_text),
    _schema(r"^[-+−]?[\d.,eE+-]+ ?%$", "2.5%"),
]
Share: TypeAlias = Annotated[Rate, AfterValidator(_share)]
Amount: TypeAlias = Annotated[
    tuple[float, str],
    _reading(quantities.amount),
    _writing(quantities.amount_text),
    _schema(r"^([-+−]?£[-+−]?[\d.,eE+]+ ?(k|m|bn)?|[-+−]?[\d.]+ ?% of income)$", "1% of income"),
]
Months: TypeAlias = Annotated[
    float,
    _reading(quantities.months),
    _writing(quantities.months_text),
    _schema(r"^[-+−]?[\d.]+ (month|year)s?$", "9 months"),
]
MonthsNotNegative: TypeAlias = Annotated[Months, AfterValidator(_at_least_zero)]
Number: TypeAlias = Annotated[
    float,
    _reading(quantities.number),
    _writing(quantities.number_text),
    WithJsonSchema({"type": ["number", "string"], "pattern": r"^[-+−]?[\d.,eE+-]+$"}),
]
Whole: TypeAlias = Annotated[
    int,
    _reading(quantities.whole),
    _writing(str),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": r"^\d+$"}),
]
NumberNotNegative: TypeAlias = Annotated[Number, AfterValidator(_at_least_zero)]
Version: TypeAlias = Annotated[Whole, AfterValidator(_version)]
Year: TypeAlias = Annotated[
    int,
    _reading(quantities.financial_year),
    _writing(quantities.financial_year_text),
    _schema(r"^\d{4}/\d{2}$", "2016/17"),
]
CalendarYear: TypeAlias = Annotated[
    int,
    _reading(quantities.calendar_year),
    _writing(str),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^\d{4}$"}),
]
YearSpan: TypeAlias = Annotated[
    tuple[int, int],
    _reading(quantities.year_span),
    _writing(lambda span: quantities.year_span_text(*span)),
    _schema(r"^\d{4}/\d{2} to \d{4}/\d{2}$", "2015/16 to 2020/21"),
]
Month: TypeAlias = Annotated[
    int,
    _reading(quantities.month),
    _writing(quantities.month_text),
    _schema(r"^(\d{4}-\d{2}|\d{4}/\d{2}|[A-Za-z]+ \d{4})$", "2018-07"),
]
Flag: TypeAlias = Annotated[
    bool,
    _reading(quantities.flag),
    _writing(lambda value: "true" if value else "false"),
    WithJsonSchema({"type": ["boolean", "string"], "pattern": r"^(true|false)$"}),
]
Text: TypeAlias = Annotated[str, _reading(str), AfterValidator(_word)]
Name: TypeAlias = Annotated[Text, AfterValidator(_name)]
Id: TypeAlias = Annotated[Text, AfterValidator(_id), WithJsonSchema({"type": "string"})]

Words: TypeAlias = Annotated[
    tuple[Text, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}),
]


class Model(BaseModel):
    """A typed input: unknown keys are mistakes, and values do not change once read."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        protected_namespaces=(),
        defer_build=True,
    )
