"""Where a value comes from and what it is worth."""

from typing import Literal, Self, TypeAlias

from pydantic import model_validator

from finsim.book.fields import Model, Text, problem

Standing: TypeAlias = Literal["published", "derived", "illustrative"]
Grade: TypeAlias = Literal["high", "medium", "low"]


class Sourced(Model):
    """A value with its source, standing and date; if illustrative, with what would replace it."""

    source: Text
    standing: Standing
    as_at: Text
    quality: Grade | None = None
    impact: Grade | None = None
    replace_with: Text | None = None
    note: Text | None = None

    @property
    def rests_on_judgement(self) -> bool:
        """Whether it is illustrative."""
        return self.standing == "illustrative"

    @model_validator(mode="after")
    def _replaceable(self) -> Self:
        if self.standing == "illustrative" and not self.replace_with:
            raise problem("is illustrative; `replace_with` must say what would replace it")
        return self
