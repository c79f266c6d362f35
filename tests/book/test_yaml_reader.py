"""YAML: 1.2 words, places, and nothing that grows, hides or hangs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.book.nodes import Mapping, Scalar, plain
from finsim.book.places import InputProblems, one_line
from finsim.book.yaml_reader import MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, parse_yaml, read_yaml


def problems(text: str) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        parse_yaml(text, "f.yaml")
    return [str(problem) for problem in caught.value.problems]


def file_problem(path: Path) -> str:
    with pytest.raises(InputProblems) as caught:
        read_yaml(path, path.name)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    "word", ["NO", "yes", "1e3", "1_000", "2016-04-01", "0o14", "0x1F", ".nan", ".inf", "12:30:45"]
)
def test_a_plain_word_stays_text(word: str) -> None:
    assert plain(parse_yaml(f"a: {word}", "f.yaml")) == {"a": word}


def test_only_plain_nulls_are_nothing() -> None:
    assert plain(parse_yaml("{a: , b: ~, c: null, d: 'null', e: ''}", "f.yaml")) == {
        "a": None, "b": None, "c": None, "d": "null", "e": "",
    }  # fmt: skip


def test_places_count_from_one() -> None:
    tree = parse_yaml("# why\na:\n  b: [x, £y]\n", "f.yaml")
    inner = tree.entries["a"]

    assert isinstance(inner, Mapping)
    assert str(tree.key_places["a"]) == "f.yaml:2:1"
    assert str(inner.key_places["b"]) == "f.yaml:3:3"
    assert [str(item.place) for item in inner.entries["b"]] == ["f.yaml:3:7", "f.yaml:3:10"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: the key 'a' stands twice (first on line 1)"),
        ("a: &x 1\nb: *x", "f.yaml:1:4: the anchor '&x' is not read"),
        ("a: *x", "f.yaml:1:4: the alias '*x' is not read"),
        ("<<: *x", "the alias '*x' is not read"),
        ("a: !!python/object:os.system x", "the tag 'tag:yaml.org,2002:python/object:os.system'"),
        ("!!map {a: 1}", "the tag"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document starts here; one is allowed"),
        ("a:\n\tb: 1", "f.yaml:2:1: a tab was found; indent with spaces"),
        ("a: 1\n\t", "f.yaml:2:1: a tab was found; indent with spaces"),
        ("- a", "f.yaml:1:1: holds no `key: value` lines; a mapping is needed"),
        ("words", "a mapping is needed"),
        ("# only a comment", "f.yaml:1:1: holds no `key: value` lines"),
        ("title: BHR: schemes", "f.yaml:1:11: is not valid YAML here"),
        ('title: "BHR', "a quote is not closed"),
        ("a: {b: 1", "a bracket or brace is not closed"),
        ("[a, b]: 1", "a key must be a word, not a list or mapping"),
        ("a: 1\n  b: 2", "check the indentation"),
        ("a: \x07", "control characters are not allowed"),
        ("a: \ud800", r"f.yaml:1:4: holds the character '\ud800'"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    (problem,) = problems(text)

    assert says in problem


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\ne: [*d, *d]"
HOSTILE = {
    "lists": "a: " + "[" * 10_000,
    "lists, closed": "a: " + "[" * 10_000 + "]" * 10_000,
    "mappings": "{a: " * 10_000,
    "dashes": "- " * 10_000,
    "questions": "? " * 10_000,
    "blocks": "\n".join(" " * n + "a:" for n in range(3_000)),
    "billion laughs": LAUGHS,
    "a long list": "a:\n" + "- b\n" * 1_900_000,
    "a long mapping": "\n".join(f"k{n}: 1" for n in range(500_000)),
    "the same key": "a: 1\n" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused(name: str) -> None:
    found = problems(HOSTILE[name])

    assert 1 <= len(found) <= MAX_PROBLEMS


@pytest.mark.parametrize(
    "text", ["a: " + "x " * 2_000_000, "a: |\n" + " x\n" * 1_000_000, "#" * 4_000_000 + "\na: 1"]
)
def test_long_text_is_read(text: str) -> None:
    assert set(parse_yaml(text, "f.yaml").entries) == {"a"}


def test_limits_are_said() -> None:
    deep = "a: " + "[" * MAX_DEPTH
    assert problems(deep)[0].endswith(f"is nested more than {MAX_DEPTH} deep")
    many = "a:\n" + "- b\n" * MAX_NODES
    assert problems(many)[0].endswith(f"holds more than {MAX_NODES:,} values")


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        tree = parse_yaml(text, "f.yaml")
    except InputProblems as error:
        for problem in error.problems:
            assert str(problem) == one_line(str(problem))
    else:
        assert isinstance(tree, Mapping)


def test_what_a_file_is_not(tmp_path: Path) -> None:
    for name, content in {
        "empty.yaml": b"",
        "blank.yaml": b" \n\n",
        "latin.yaml": b"a: 1\ncost: \xa327m\n",
        "utf16.yaml": "a: 1".encode("utf-16"),
        "nul.yaml": b"a: 1\nb: \x00\n",
        "huge.yaml": b"a" * 8_000_001,
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.yaml").mkdir()

    assert file_problem(tmp_path / "empty.yaml").startswith("empty.yaml:1:1: is empty")
    assert file_problem(tmp_path / "blank.yaml").startswith("blank.yaml:1:1: is empty")
    assert file_problem(tmp_path / "latin.yaml").startswith("latin.yaml:2:7: is not UTF-8 text")
    assert file_problem(tmp_path / "utf16.yaml").startswith("utf16.yaml:1:1: is UTF-16 text")
    assert file_problem(tmp_path / "nul.yaml").startswith(r"nul.yaml:2:4: holds the control")
    assert (
        file_problem(tmp_path / "huge.yaml") == "huge.yaml: is larger than 8 MB, the most allowed"
    )
    assert file_problem(tmp_path / "folder.yaml") == "folder.yaml: is a folder; a file is needed"
    assert file_problem(tmp_path / "hugh.yaml").endswith(
        "there is no such file, did you mean 'huge.yaml'?"
    )
    assert "there is no such file" in file_problem(tmp_path / "empty.yaml" / "x")
    assert "could not be read" in file_problem(tmp_path / ("n" * 300))
    assert "could not be read" in file_problem(tmp_path / "a\0b")


def test_what_never_ends_is_not_read() -> None:
    assert file_problem(Path("/dev/zero")) == "zero: is not an ordinary file"


@pytest.fixture
def nobody() -> Iterator[None]:
    """Root reads anything, so the test is somebody else for a while."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield
    os.seteuid(was)


@pytest.mark.usefixtures("nobody")
def test_a_closed_file() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "closed.yaml"
        path.write_text("a: 1")
        path.chmod(0)

        assert file_problem(path) == "closed.yaml: could not be read: Permission denied"


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")

    tree = read_yaml(path)

    assert [type(node) for node in tree.entries.values()] == [Scalar, Scalar]
    assert plain(tree) == {"a": "1", "b": "2"}
