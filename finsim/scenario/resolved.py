"""A scenario with everything it stands on, and the one canonical text of it.

The text holds every value as a person would write it (`£27m`, `19%`), so that the same readers
read it back: writing and reading is the identity, to the bit. Its sha256 names the run.
"""

import hashlib
from collections import deque

from pydantic import Field

from finsim.book.fields import Flag, Model, Money, Rate, Text, Whole, Year
from finsim.book.model import Book
from finsim.book.typed import typed
from finsim.book.uncertain import UncertainRate
from finsim.book.yaml_reader import parse_yaml
from finsim.scenario.model import Scenario


class HeldPressure(Model):
    """Unattributed pressure as it was solved, in the target year, and whose it is.

    `by_body` are the gaps that were published by organisation or group, if they were. A share is
    then negative where drivers alone give more than the published gap.
    """

    amount: Money
    in_year: Year
    published_gap: Money
    by_body: dict[Text, Money] = Field(default_factory=dict)
    shares: dict[Text, Rate]
    spread: UncertainRate | None = None
    solved_in: Text


class Held(Model):
    """What the files settle and nothing after them changes.

    Values that were solved once, in the file that states them; and the list of inputs with the
    random numbers that each takes, so that no option or `--set` moves the draws of another.
    """

    listed: dict[Text, Whole] = Field(default_factory=dict)
    unattributed: HeldPressure | None = None
    full_savings: dict[Text, Money] = Field(default_factory=dict)
    control_totals: dict[Text, dict[Text, dict[Year, Money]]] = Field(default_factory=dict)


class Resolved(Model):
    """One scenario, or one option of it, ready to be run.

    `calibrating` when it is the file that was calibrated, as written: its gap is the published one.
    """

    option: Text
    scenario: Scenario
    book: Book
    held: Held = Field(default_factory=Held)
    calibrating: Flag = False

    @property
    def canonical_text(self) -> str:
        """The text that says everything that the results depend on."""
        for known, text in _latest:
            if known is self:
                return text
        text = self.model_dump_json(indent=1, by_alias=True, exclude_none=True) + "\n"
        _latest.append((self, text))
        return text

    @property
    def sha256(self) -> str:
        """The name of the run."""
        return hashlib.sha256(self.canonical_text.encode()).hexdigest()


_latest: deque[tuple[Resolved, str]] = deque(maxlen=4)


def read_canonical(text: str, name: str = "canonical text") -> Resolved:
    """The scenario that a canonical text holds; raises InputProblems if it is not one."""
    return typed(Resolved, parse_yaml(text, name))
