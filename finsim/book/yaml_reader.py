"""YAML 1.2 into a tree with places, safely: bounded before anything walks it.

The parser's events are read one by one, so depth, size and duplicates are judged before a tree
exists. Scalars stay text: `NO` is a word, and each field reads its own unit.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown

MAX_BYTES = 8_000_000
MAX_DEPTH = 24
MAX_NODES = 400_000

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path, shown_as: str) -> str:
    """The text of an input file, or a problem in words: missing, a folder, too large, not UTF-8."""
    place = Place(shown_as)
    try:
        if path.is_dir():
            raise InputProblems([Problem(place, "", "is a folder; a file is needed")])
        if path.stat().st_size > MAX_BYTES:
            limit = f"{MAX_BYTES // 1_000_000} MB"
            raise InputProblems([Problem(place, "", f"is larger than {limit}, the most allowed")])
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(path.name, _names_beside(path))
        raise InputProblems([Problem(place, "", f"there is no such file{near}")]) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise InputProblems([Problem(place, "", message)]) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputProblems([Problem(place, "", f"could not be read: {reason}")]) from None
    if not text.strip():
        raise InputProblems([Problem(place, "", "is empty; see `finsim new` for an example")])
    return text


def _names_beside(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return []


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
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        message = f"is not valid YAML here: {error.problem or error.context or 'unknown'}"
        raise InputProblems([Problem(place, "", message)]) from None
    except yaml.YAMLError as error:
        raise InputProblems([Problem(Place(name), "", f"is not valid YAML: {error}")]) from None
    if not isinstance(node, Mapping):
        message = "holds no `key: value` lines; a mapping is needed"
        raise InputProblems([Problem(node.place if node else Place(name), "", message)])
    return node


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
        top.key = node.text
        top.key_places[node.text] = node.place
