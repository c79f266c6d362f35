"""YAML 1.2 into a tree with places, safely: bounded before anything walks it.

The parser's events are read one by one, so depth, size and duplicates are judged before a tree
exists. Scalars stay text: `NO` is a word, and each field reads its own unit.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from finsim.book.bounded_file import read_bytes
from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, shown

MAX_BYTES = 8_000_000
MAX_DEPTH = 24
MAX_NODES = 200_000
MAX_PROBLEMS = 1_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path, shown_as: str) -> str:
    """The text of an input file, or a problem in words: missing, a folder, too large, not UTF-8."""
    content = read_bytes(path, Place(shown_as), MAX_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - before.rfind(b"\n")
        place = Place(shown_as, before.count(b"\n") + 1, column)
        found = "UTF-16 text" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "not UTF-8 text"
        message = f"is {found}; save the file as UTF-8 (in Excel: CSV UTF-8)"
        raise InputProblems([Problem(place, "", message)]) from None
    if not text.strip():
        message = "is empty; see `finsim new` for an example"
        raise InputProblems([Problem(Place(shown_as, 1, 1), "", message)])
    if (control := _CONTROL.search(text)) is not None:
        message = f"holds the control character {shown(control[0])}; remove it"
        place = place_in(text, control.start(), shown_as)
        raise InputProblems([Problem(place, "", message)])
    return text


def place_in(text: str, position: int, name: str) -> Place:
    """The line and column of a position in a text."""
    before = text[:position]
    return Place(name, before.count("\n") + 1, position - before.rfind("\n"))


def read_yaml(path: Path, shown_as: str | None = None) -> Mapping:
    """A YAML file as a mapping with places.

    Raises InputProblems for anything but one mapping of text keys: syntax errors, duplicate keys,
    anchors and aliases, tags, several documents, more depth or nodes than the limits.
    """
    name = shown_as or str(path)
    return parse_yaml(read_text(path, name), name)


def parse_yaml(text: str, name: str) -> Mapping:
    """YAML text as a mapping with places; see `read_yaml`."""
    try:
        node = _Builder(name).build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        message = _in_words(error.problem or error.context or "unknown", _at(text, mark))
        raise InputProblems([Problem(place, "", message)]) from None
    except UnicodeEncodeError as error:
        message = f"holds the character {shown(text[error.start])}; remove it"
        raise InputProblems([Problem(place_in(text, error.start, name), "", message)]) from None
    except yaml.reader.ReaderError as error:
        place = place_in(text, error.position, name)
        raise InputProblems([Problem(place, "", f"is not valid YAML: {error.reason}")]) from None
    if not isinstance(node, Mapping):
        message = "holds no `key: value` lines; a mapping is needed"
        place = node.place if node is not None else Place(name, 1, 1)
        raise InputProblems([Problem(place, "", message)])
    return node


def _at(text: str, mark: yaml.Mark | None) -> str:
    """The character that a mark of the parser points to."""
    if mark is None or mark.line > text.count("\n"):
        return ""
    return text.split("\n")[mark.line][mark.column : mark.column + 1]


def _in_words(problem: str, character: str) -> str:
    """A parser's complaint with what to do about it."""
    if character == "\t" or "'\\t'" in problem or "tab" in problem:
        return "a tab was found; indent with spaces"
    remedies = {
        "mapping values are not allowed": "check the indentation; put text with ': ' in quotes",
        "did not find expected key": "check the indentation of the lines before",
        "could not find expected ':'": "write `key: value`, or put the text in quotes",
        "did not find expected ',' or": "a bracket or brace is not closed",
        "cannot start any token": "put the text in quotes",
        "unexpected end of stream": "a quote is not closed",
    }
    remedy = next((f"; {text}" for start, text in remedies.items() if start in problem), "")
    return f"is not valid YAML here: {problem}{remedy}"


class _Open:
    """A collection that is still being read."""

    __slots__ = ("is_mapping", "items", "key", "key_place", "key_places", "place")

    def __init__(self, is_mapping: bool, place: Place) -> None:
        self.is_mapping = is_mapping
        self.place = place
        self.items: dict[str, Node] | list[Node] = {} if is_mapping else []
        self.key: str | None = None
        self.key_place = place
        self.key_places: dict[str, Place] = {}

    def closed(self) -> Node:
        if isinstance(self.items, dict):
            return Mapping(self.items, self.place, self.key_places)
        return Listing(tuple(self.items), self.place)


class _Builder:
    def __init__(self, name: str) -> None:
        self.name = name
        self.stack: list[_Open] = []
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.nodes = 0
        self.documents = 0

    def build(self, text: str) -> Node | None:
        for event in yaml.parse(text, Loader=_Loader):
            self._take(event)
        if self.problems:
            raise InputProblems(self.problems)
        return self.root

    def _fail(self, place: Place, message: str) -> None:
        """Stop at once: what follows cannot be read."""
        raise InputProblems([*self.problems, Problem(place, "", message)])

    def _take(self, event: yaml.Event) -> None:
        mark = event.start_mark
        place = Place(self.name, mark.line + 1, mark.column + 1) if mark else Place(self.name)
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            self._fail(place, f"the alias {shown(f'*{anchor}')} is not read; write the value")
        if anchor:
            self._fail(place, f"the anchor {shown(f'&{anchor}')} is not read; remove it")
        if tag not in {None, "!"}:
            self._fail(place, f"the tag {shown(tag)} is not read; remove it")
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._fail(place, "a second document starts here; one is allowed")
        elif isinstance(event, yaml.ScalarEvent):
            quoted = event.style in {"'", '"', "|", ">"}
            self._add(Scalar(event.value, place, quoted), place)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(self.stack) >= MAX_DEPTH:
                self._fail(place, f"is nested more than {MAX_DEPTH} deep")
            if self.stack and self.stack[-1].is_mapping and self.stack[-1].key is None:
                self._fail(place, "a key must be a word, not a list or mapping")
            self.stack.append(_Open(isinstance(event, yaml.MappingStartEvent), place))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self.stack.pop()
            self._add(done.closed(), done.place)

    def _add(self, node: Node, place: Place) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._fail(place, f"holds more than {MAX_NODES:,} values")
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if isinstance(top.items, list):
            top.items.append(node)
        elif top.key is None:
            self._take_key(top, node)
        else:
            top.items[top.key] = node
            top.key = None

    def _take_key(self, top: _Open, node: Node) -> None:
        if not isinstance(node, Scalar):
            return
        if node.text in top.key_places:
            first = top.key_places[node.text].line
            message = f"the key {shown(node.text)} stands twice (first on line {first})"
            self.problems.append(Problem(node.place, "", message))
            if len(self.problems) >= MAX_PROBLEMS:
                raise InputProblems(self.problems)
        top.key = node.text
        top.key_places[node.text] = node.place
