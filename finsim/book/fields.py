"""Field types: each reads its unit from text, writes it back, and tells editors its pattern."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from finsim.book import quantities
from finsim.book.places import shown


def problem(message: str) -> PydanticCustomError:
    """A validation error that carries our own words, whatever braces they hold."""
    return PydanticCustomError("input", "{words}", {"words": message})


class Field(Struct, frozen=True, eq=False):
    """One kind of value: how it is read from text, judged and written, and its JSON Schema.

    A single annotation rather than a chain of pydantic's, which looks at every function's signature
    wherever a field of the kind stands: a twentieth of what checking a scenario takes.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str] | None
    json_schema: dict[str, Any]
    judges: tuple[Callable[[Any], Any], ...] = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """The type's own schema, with the reading before it and the judging after."""
        found: core_schema.CoreSchema
        found = core_schema.no_info_before_validator_function(self._taken, handler(source))
        for judge in self.judges:
            found = core_schema.no_info_after_validator_function(judge, found)
        if self.write is not None:
            found["serialization"] = core_schema.plain_serializer_function_ser_schema(
                self.write, return_schema=core_schema.str_schema(), when_used="json"
            )
        return found

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What editors are told of it."""
        return dict(self.json_schema)

    def judged_by(self, judge: Callable[[Any], Any]) -> Field:
        """The same kind within bounds: the last judge sees what the others let through."""
        return replace(self, judges=(*self.judges, judge))

    def _taken(self, value: Any) -> Any:
        if not isinstance(value, str):
            if isinstance(value, (dict, list)):
                kind = "a group of keys" if isinstance(value, dict) else "a list"
                raise problem(f"{kind} was found; one value is needed")
            if value is None:
                raise problem("nothing was found; a value is needed")
            return value
        try:
            return self.read(value)
        except quantities.QuantityError as error:
            raise problem(str(error)) from None


def _schema(pattern: str, example: str) -> dict[str, Any]:
    return {"type": ["string", "number"], "pattern": pattern, "examples": [example]}


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
    if not value.isprintable() and (hidden := _HIDDEN.search(value)) is not None:
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

_MONEY = Field(quantities.money, quantities.money_text, _schema(_MONEY_PATTERN, "£27m"))
_RATE = Field(quantities.rate, quantities.rate_text, _schema(r"^[-+−]?[\d.,eE+-]+ ?%$", "2.5%"))
_MONTHS = Field(
    quantities.months,
    quantities.months_text,
    _schema(r"^[-+−]?[\d.]+ (month|year)s?$", "9 months"),
)
_NUMBER = Field(
    quantities.number,
    quantities.number_text,
    {"type": ["number", "string"], "pattern": r"^[-+−]?[\d.,eE+-]+$"},
)
_WHOLE = Field(
    quantities.whole, str, {"type": ["integer", "string"], "minimum": 0, "pattern": r"^\d+$"}
)
_TEXT = Field(str, None, {"type": "string"}, (_word,))

Money: TypeAlias = Annotated[float, _MONEY]
MoneyNotNegative: TypeAlias = Annotated[float, _MONEY.judged_by(_money_not_negative)]
MoneyAboveZero: TypeAlias = Annotated[float, _MONEY.judged_by(_money_above_zero)]
Rate: TypeAlias = Annotated[float, _RATE]
Share: TypeAlias = Annotated[float, _RATE.judged_by(_share)]
Amount: TypeAlias = Annotated[
    tuple[float, str],
    Field(
        quantities.amount,
        quantities.amount_text,
        _schema(
            r"^([-+−]?£[-+−]?[\d.,eE+]+ ?(k|m|bn)?|[-+−]?[\d.]+ ?% of income)$", "1% of income"
        ),
    ),
]
Months: TypeAlias = Annotated[float, _MONTHS]
MonthsNotNegative: TypeAlias = Annotated[float, _MONTHS.judged_by(_at_least_zero)]
Number: TypeAlias = Annotated[float, _NUMBER]
NumberNotNegative: TypeAlias = Annotated[float, _NUMBER.judged_by(_at_least_zero)]
Whole: TypeAlias = Annotated[int, _WHOLE]
Version: TypeAlias = Annotated[int, _WHOLE.judged_by(_version)]
Year: TypeAlias = Annotated[
    int,
    Field(
        quantities.financial_year,
        quantities.financial_year_text,
        _schema(r"^\d{4}/\d{2}$", "2016/17"),
    ),
]
CalendarYear: TypeAlias = Annotated[
    int,
    Field(quantities.calendar_year, str, {"type": ["integer", "string"], "pattern": r"^\d{4}$"}),
]
YearSpan: TypeAlias = Annotated[
    tuple[int, int],
    Field(
        quantities.year_span,
        lambda span: quantities.year_span_text(*span),
        _schema(r"^\d{4}/\d{2} to \d{4}/\d{2}$", "2015/16 to 2020/21"),
    ),
]
Month: TypeAlias = Annotated[
    int,
    Field(
        quantities.month,
        quantities.month_text,
        _schema(r"^(\d{4}-\d{2}|\d{4}/\d{2}|[A-Za-z]+ \d{4})$", "2018-07"),
    ),
]
Flag: TypeAlias = Annotated[
    bool,
    Field(
        quantities.flag,
        lambda value: "true" if value else "false",
        {"type": ["boolean", "string"], "pattern": r"^(true|false)$"},
    ),
]
Text: TypeAlias = Annotated[str, _TEXT]
Name: TypeAlias = Annotated[str, _TEXT.judged_by(_name)]
Id: TypeAlias = Annotated[str, _TEXT.judged_by(_id)]

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
