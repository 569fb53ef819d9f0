"""Files are read as Kubernetes reads them, or refused with the line and what to do."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mistersmith_k8s.emit import emit
from mistersmith_k8s.reading import (
    Document,
    ReadError,
    exact,
    expand,
    fast,
    read_bytes,
    read_documents,
    read_file,
    scalars,
)
from tests.test_emit import MANIFESTS, RESOURCE, built, exact_json

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """PyYAML with and without its C library."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return str(request.param)


def values(text: str) -> list[Any]:
    """The values of the documents in a text."""
    return [document.value for document in read_documents(text, "f.yaml")]


def refused(text: str | bytes, file: str = "platform.yaml") -> str:
    """The error that a file gives."""
    with pytest.raises(ReadError) as error:
        read_bytes(text if isinstance(text, bytes) else text.encode(), file)
    return str(error.value)


TRUE = "y Y yes Yes YES on On ON true True TRUE"
FALSE = "n N no No NO off Off OFF false False FALSE"
STRINGS = """
    yEs oN tRue nUll nan inf = < 1.2.3 10.0.0.1 190:20:30 2001-01-01 2001-12-14t21:59:43.10-05:00
    512Mi 1e 0x 09x 0b2 0o8 _1 ._1 .1__0 1e1000 0xFFFFFFFFFFFFFFFFFF --1
"""
NUMBERS = """
    0=0 -1=-1 +1=1 -0=0 00=0 08=8 09=9 012=10 -012=-10 0o17=15 0O17=15 0x1F=31 0X1f=31 -0x1f=-31
    0b11=3 -0b11=-3 1_000=1000 1__0=10 1_=1 0_7=7 1.0=1 5.=5 1e3=1000 12e03=12000 -0.0=0
    1e18=1000000000000000000 4611686018427387904.0=4611686018427388000
    9223372036854775807=9223372036854775807 -9223372036854775808=-9223372036854775808
    1.5=1.5 -1.5=-1.5 .5=0.5 +.5=0.5 .1_0=0.1 1_0.5=10.5 08.5=8.5 1e-3=0.001 1e21=1e21
    9223372036854775808=9.223372036854775808e18 99999999999999999999=1e20
"""
MARKED: dict[str, Any] = {
    "!!str 1": "1",
    "!!int 012": 10,
    "!!float 1": 1,
    "!!bool yes": True,
    "!!null ~": None,
    "!!binary aGk=": "hi",
    "!!timestamp 2001-01-01": "2001-01-01",
    "!other 1": "1",
    "! 1": "1",
    "'1'": "1",
    '"on"': "on",
    "|-\n  1": "1",
    ">-\n  yes": "yes",
    "1\n  2": "1 2",
}
NUMBER_PAIRS = (pair.split("=") for pair in NUMBERS.split())
SCALARS: dict[str, Any] = {
    **dict.fromkeys(TRUE.split(), True),
    **dict.fromkeys(FALSE.split(), False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **{text: text for text in STRINGS.split()},
    **{text: json.loads(number) for text, number in NUMBER_PAIRS},
    **MARKED,
}


@pytest.mark.parametrize("text", SCALARS)
def test_a_scalar_is_what_kubernetes_takes_it_for(text: str, parser: str) -> None:
    """Words, numbers and dates resolve as in go-yaml v2 and then JSON, whole floats to integers."""
    del parser
    (value,) = values(f"a: {text}\n")

    assert (value["a"], type(value["a"])) == (SCALARS[text], type(SCALARS[text]))


KUSTOMIZE_DIFFERS = re.compile(
    r"(!!bool )?(y|yes|n|no|on|off)|(!!timestamp )?\d{4}-\d.*|! .*|9223372036854775808",
    re.IGNORECASE,
)
"""Where kustomize reads by go-yaml v3, and kubectl and the API server by v2."""


def test_kustomize_takes_each_scalar_for_the_same(kustomize: Path, tmp_path: Path) -> None:
    """Words and dates apart, what kustomize builds of YAML is what it builds of our reading."""
    texts = [text for text in SCALARS if "\n" not in text and not KUSTOMIZE_DIFFERS.fullmatch(text)]
    resource = emit([RESOURCE]) + "spec:\n" + "".join(f"- {text}\n" for text in texts)

    (value,) = values(resource)

    assert built(kustomize, tmp_path, resource) == built(kustomize, tmp_path, exact_json(value))


NUMBERLIKE = st.text("0123456789abefx_.+-E", min_size=1, max_size=9).filter(
    lambda text: re.fullmatch(r"[-+.]?[0-9.][^-]*", text) and not KUSTOMIZE_DIFFERS.match(text)
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(NUMBERLIKE, min_size=50, max_size=200))
def test_kustomize_takes_what_looks_like_a_number_for_the_same(
    kustomize: Path, tmp_path: Path, texts: list[str]
) -> None:
    """Every spelling of digits, signs, points, letters and underscores."""
    resource = emit([RESOURCE]) + "spec:\n" + "".join(f"- {text}\n" for text in texts)

    (value,) = values(resource)

    assert built(kustomize, tmp_path, resource) == built(kustomize, tmp_path, exact_json(value))


TOKENS = """
    a b c: a: - ? : [ ] { } , ' " | |- |+ > >- |2 # & * ! % @ ` &x *x <<: !!str --- ... 1 yes null ~
    1.5 1.0 08 1e3 512Mi 1.2.3 10:30 2001-01-01 x:y http://x -1 {} [] (a) $(A) true false \\ it's "d"
    'q' [1,2] {a:b} \\n "\\u263a" "\\x41" "\\/" .5 .inf _1 0x1f 012 + <
"""
FRAGMENTS = TOKENS.split()
LINES = """\
a: b
a: 1
b:
- a
- b: c
  c: d
  - e
x: |
y: >-
  text

   more
# c
k: {a: 1}
l: [a, b]
m: 'x
  y'
n: "x
  y"
on: 1
---
"""
AROUND_TEXTS = """\
x: |
- y: >-
- |
  z: |+
    [deep, {
  [half, 08
 shallow: yes

a: "open
b: 'open
  end"
  end'
c: {d': 'open
e: [f: 'g', 'open
g: don't, 'open
h: "it's \\" whole"
i: {"it's": 'open
# it's
j: 08
"""
TEXTS = st.one_of(
    st.lists(st.sampled_from([*FRAGMENTS, " ", "  ", "\n", "\n  ", "\n- "]), max_size=9).map(
        "".join
    ),
    st.lists(st.sampled_from(LINES.splitlines()), max_size=8).map("\n".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(" ".join),
    st.lists(st.sampled_from(AROUND_TEXTS.splitlines()), max_size=7).map("\n".join),
    st.text("0189abefinox_.:+-TZ ,[]{}'\"#|>\n~yN"),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS.map(lambda text: "\n" + text + "\n"))
def test_the_fast_reader_reads_what_the_exact_one_does(text: str) -> None:
    """Whatever the search lets through means the same to both, type by type."""
    assume(not re.search(r"^(---|\.\.\.)", text, re.MULTILINE) and not fast.doubtful(text))
    try:
        value = fast.value(text)
    except fast.DoubtError:
        return

    assert json.dumps([value]) == json.dumps(list(exact.documents(text, "f.yaml")) or [None])


def test_a_text_that_is_doubtful_is_one_in_few() -> None:
    """What we emit, and what people write, goes through the fast reader."""
    container = {"name": "a", "image": "ghcr.io/a/b:1.7", "args": ["-c", "--x=1"], "env": []}
    limits = {"cpu": "250m", "memory": "512Mi", "share": 0.5, "on": "n", "port": 8080}
    text = emit([{"kind": "Pod", "spec": {"containers": [container | limits]}}])

    assert not fast.doubtful("\n" + text)
    assert not fast.doubtful("\n# note\na: [1, 'b']  # c\nb: {c: d}\nd: |\n  some & more: yes?\n")


BODY = "\n    routes: [\n      on: 08\n    ]\n\n    &x\n"


@pytest.mark.parametrize(
    "header", ["a: |", "- |", "- a: >-", "'b': 'c'\na.b/c-d: |+", "# it's\na: |"]
)
def test_what_a_block_text_says_is_no_doubt(header: str) -> None:
    """Configuration in a ConfigMap, a script in an argument: nothing of it is YAML."""
    assert not fast.doubtful("\n" + header + BODY)


def test_a_long_block_text_is_for_the_exact_reader() -> None:
    """Its C library takes a dashboard in a tenth of the time."""
    line = "    some words of a dashboard\n"

    assert not fast.doubtful("\na: |\n" + line)
    assert fast.doubtful("\na: |\n" + line * fast.LONG)


@pytest.mark.parametrize(
    "text",
    ["'open\n  a: |", '"open \\" \n  a: |', "{b': 'open\n  a: |", "a: |\n  b\n- c:", "a: |\n\nb:"],
)
def test_what_may_be_no_block_text_stays_in_doubt(text: str) -> None:
    """A quoted scalar goes on, or nothing is indented as deep."""
    assert fast.doubtful(f"\nx: {text}{BODY}")


@settings(max_examples=150, deadline=None)
@given(st.lists(MANIFESTS, min_size=1, max_size=3))
def test_what_is_emitted_is_read_back_equal(manifests: list[dict[str, Any]]) -> None:
    """Floats that are whole come back as the integers that Kubernetes makes of them."""
    assert values(emit(manifests)) == whole(manifests)


@settings(max_examples=500, deadline=None)
@given(st.binary() | TEXTS.map(str.encode) | st.text().map(str.encode))
def test_nothing_that_is_read_breaks_the_reader(content: bytes) -> None:
    """Any bytes are documents that JSON could hold, or an error of one kind."""
    with contextlib.suppress(ReadError):
        for document in read_bytes(content, "f.yaml"):
            json.dumps(document.value, allow_nan=False).encode()
            assert document.line_of(("spec", 0)) > 0


def whole(value: Any) -> Any:
    """The value with integers for floats that are whole."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return scalars.as_json(value) if isinstance(value, float) else value


MERGED = """\
base: &base {a: 1, b: 2}
late:
  b: 3
  <<: *base
early:
  <<: *base
  b: 3
two:
  <<: [{a: 5}, *base]
quoted:
  "<<": 1
"""


def test_merge_keys_stand_for_what_they_bring(parser: str) -> None:
    """As in go-yaml v2, what stands later wins; in a list, what stands first."""
    del parser
    assert values(MERGED) == [
        {
            "base": {"a": 1, "b": 2},
            "late": {"a": 1, "b": 2},
            "early": {"a": 1, "b": 3},
            "two": {"a": 5, "b": 2},
            "quoted": {"<<": 1},
        }
    ]


def test_an_alias_is_a_value_of_its_own() -> None:
    """Who changes one copy does not change the other."""
    ((first, second),) = values("- &a {x: [1]}\n- *a\n")

    assert first == second
    assert first["x"] is not second["x"]


def test_keys_are_strings(parser: str) -> None:
    """Numbers and booleans become the keys that JSON would have."""
    del parser
    text = "1: a\n012: b\nyes: c\n1.5: d\n1e6: e\n0x1f: f\n'2': g\n? h\n: i\n2001-01-01: j\n"

    assert values(text) == [
        {"1": "a", "10": "b", "true": "c", "1.5": "d", "1e+06": "e", "31": "f", "2": "g"}
        | {"h": "i", "2001-01-01": "j"}
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# nothing\n", []),
        ("---\n---\n# nothing\n--- # more\n~\n", []),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("---\na: 1\n---   # next\n\n---\nb: 2", [{"a": 1}, {"b": 2}]),
        ("a: 1\n--- {b: 2}\n--- text\n", [{"a": 1}, {"b": 2}, "text"]),
        ("a: 1\n...\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("%YAML 1.1\n---\na: yes\n", [{"a": True}]),
        ("- a\n- b\n", [["a", "b"]]),
        ("- a\n---\n- b\n", [["a"], ["b"]]),
        ("a: |\n  ---\n  x\n---\nb: |+\n  y\n\n---\n", [{"a": "---\nx\n"}, {"b": "y\n\n"}]),
        ("a: |\n  x\n ---\n", None),
        ("a: 1\r\nb: |\r\n  x\r\n---\r\nc: 2\r\n", [{"a": 1, "b": "x\n"}, {"c": 2}]),
        ("\ufeffa: 1\n", [{"a": 1}]),
        ("a: é😀\n", [{"a": "é😀"}]),
        ("a: x\u2028  y\n", [{"a": "x\u2028y"}]),
        ("{a: 1, b: [yes]}\n", [{"a": 1, "b": [True]}]),
    ],
)
def test_a_file_holds_any_number_of_documents(text: str, expected: list[Any] | None) -> None:
    """Empty ones do not count; a list is one document."""
    if expected is None:
        assert refused(text).startswith("platform.yaml:3: ")
    else:
        assert [document.value for document in read_bytes(text.encode(), "f.yaml")] == expected


def test_documents_are_counted_without_the_empty_ones() -> None:
    """Each knows its file and its place."""
    documents = read_documents("---\n---\na: 1\n---\n# c\n---\nb: 2\n", "f.yaml")

    assert [(d.file, d.index, d.value) for d in documents] == [
        ("f.yaml", 0, {"a": 1}),
        ("f.yaml", 1, {"b": 2}),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: 1\nb:\n\tc: 1\n", ":3: tab characters cannot indent YAML. Use spaces."),
        ("a: 1\n\tb: 1\n", ":2: tab characters cannot indent YAML. Use spaces."),
        (b"a: 1\nb: \xff\n", ":2: the byte 0xff is no UTF-8. Save the file as UTF-8."),
        ("a: 1".encode("utf-16"), ": is UTF-16, not UTF-8. Save it as UTF-8."),
        ("a: 1".encode("utf-32"), ": is UTF-32, not UTF-8. Save it as UTF-8."),
        (
            "a: 1\nb: \0\n",
            ":2: the character U+0000 is not allowed in YAML. Remove it, or escape it in quotes.",
        ),
        (
            "a: é\n\ufeffb: 1\n",
            ":2: the character U+FEFF is not allowed in YAML. Remove it, or escape it in quotes.",
        ),
        (
            "a: 1\nb: 2\n\na: 3\n",
            ":4: the key 'a' is set twice, first in line 1. Remove one of the two.",
        ),
        (
            "1: a\n---\n1: a\n'1': b\n",
            ":4: the key '1' is set twice, first in line 3. Remove one of the two.",
        ),
        ("a: 'x\nb: 1\n", ":1: a quote or bracket is never closed. Close it."),
        ('a: 1\nb: "x\nc: 1\n', ":2: a quote or bracket is never closed. Close it."),
        ("a: [1, 2\nb: 1\n", ":1: a quote or bracket is never closed. Close it."),
        (
            "a: b: c\n",
            ":1: a colon makes a key where none can stand. Mend the indentation, or quote the text.",
        ),
        (
            "a: x\n  b: y\n",
            ":2: a colon makes a key where none can stand. Mend the indentation, or quote the text.",
        ),
        (
            "- a\nb: 1\n",
            ":2: the indentation fits no entry above. Align the line with its neighbours.",
        ),
        (
            "a:\n  - b\n - c\n",
            ":3: the indentation fits no entry above. Align the line with its neighbours.",
        ),
        ("a: @x\n", ":1: a value starts with a sign of YAML. Quote the value."),
        (
            'a: "\\d"\n',
            ":1: a backslash in double quotes escapes nothing. Double it, or use single quotes.",
        ),
        ('a: "\\/"\n', r":1: \/ is an escape that Kubernetes does not know. Write /."),
        ("a: 1\nb\n", ":2: a key lacks its colon. Write `key: value`."),
        ("a: 1\nb: *x\n", ":2: no anchor &x stands before. Define it."),
        ("a: &x\n- *x\n", ":2: &x contains itself. Remove the alias."),
        ("? [a]\n: 1\n", ":1: a key is a collection. Make it a string."),
        (
            "a: 1\nb: {{ .Values.b }}\n",
            ":2: a template stands here. Render the file first, with helm template for instance.",
        ),
        ("a: 1\n~: 2\n", ":2: ~ is no key. Quote it."),
        ("a: 1\n? \n: 2\n", ":2: nothing is no key. Quote it."),
        (
            "a: 1\nb: .inf\n",
            ":2: inf is no number that JSON has. Write a finite number, or quote it.",
        ),
        (
            "a: !!int x\n",
            ":1: !!int does not fit 'x'. Remove the tag or change the value.",
        ),
        ("a: !!binary =\n", ":1: !!binary is no base64. Encode the value, or remove the tag."),
        ("a: 1\n<<: 2\n", ":2: << merges what is no mapping. Name a mapping, or quote it."),
        ("a: " + "[" * 300, ":1: nests more than 200 levels. Flatten it."),
        ("- " * 300 + "a", ":1: nests more than 200 levels. Flatten it."),
        ("a: " + "{a: " * 100_000, ":1: nests more than 200 levels. Flatten it."),
        ('{"a":' * 300 + "1" + "}" * 300, ":1: nests more than 200 levels. Flatten it."),
        ("[" * 100_000, ": nests more than 200 levels. Flatten it."),
        (
            '{"a": 1,\n "b": 2,\n "a": 3}\n',
            ":3: the key 'a' is set twice, first in line 1. Remove one of the two.",
        ),
        (
            '\n{"a":\n NaN}',
            ":2: NaN is no number that JSON has. Write a finite number, or quote it.",
        ),
        (
            '{"a": 1e999}',
            ":1: a number is beyond what a float holds. Write a smaller one.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(
    content: str | bytes, problem: str, parser: str
) -> None:
    """One line: the file, the line, what is wrong and what to do."""
    del parser
    assert refused(content) == f"platform.yaml{problem}"


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    """Nine levels of nine make a billion values of one kilobyte."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in itertools.pairwise("abcdefghi")]
    start = time.perf_counter()

    assert refused("\n".join(lines)) == (
        "platform.yaml:4: aliases repeat too much. Write out what is needed."
    )
    assert time.perf_counter() - start < 2


def test_a_document_may_repeat_itself_within_reason() -> None:
    """Labels and selectors by alias are common; go-yaml's limit is ours."""
    text = "labels: &l {a: b, c: d}\nuses:\n" + "- *l\n" * 2000

    assert values(text)[0]["uses"][1999] == {"a": "b", "c": "d"}


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    """However large: only what may be read is read."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)

    with pytest.raises(ReadError) as error:
        read_file(path, most_bytes=1_000_000)

    assert str(error.value) == (f"{path}: is larger than 1 MB, the most that is read. Split it.")


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """What the system says of it, in the same form as all else."""
    with pytest.raises(ReadError) as error:
        read_file(tmp_path / name)

    assert str(error.value) == f"{tmp_path / name}: cannot be read: {reason}. Name a file."


def test_a_read_error_has_parts() -> None:
    """Reports have the line, the message and the remediation apart."""
    with pytest.raises(ReadError) as error:
        read_documents("a: 1\na: 2\n", "f.yaml")

    found = error.value
    assert (found.file, found.line, found.remediation) == ("f.yaml", 2, "Remove one of the two")
    assert found.message == "the key 'a' is set twice, first in line 1"


def test_json_is_read_as_json() -> None:
    """Escapes of halves, escaped slashes, numbers with a point, and one object behind the other."""
    text = '{"a": "\\ud83d\\ude00 \\/ \\ud800", "b": [1.0, 1e3, 12345678901234567890, -5]}\n\t{"yes": true}'

    first, second = read_documents(text, "f.json")

    assert first.value == {"a": "😀 / \ufffd", "b": [1.0, 1000.0, 12345678901234567890.0, -5]}
    assert [type(number) for number in first.value["b"]] == [float, float, float, int]
    assert (second.value, second.index, second.line_of(("yes",))) == ({"yes": True}, 1, 2)


def test_a_broken_json_file_is_refused_as_json() -> None:
    """The name says what it should be; elsewhere brackets may begin YAML."""
    assert refused('{"a": 1,\n "b" 2}', "f.json") == (
        "f.json:2: is no JSON: Expecting ':' delimiter. Mend it there."
    )
    assert values('{"a": 1, b: 2}') == [{"a": 1, "b": 2}]


LINED = """\
# comment
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {x: y}}
spec:
  containers:
  - name: a
    image: b
  -
    name: c
    args: [d,
      e]
  8080: x
  "quoted": 1
base: &base
  inner: 1
derived:
  <<: *base
---
second: |
  text
third:
- 1
"""


@pytest.mark.parametrize(
    ("index", "path", "line"),
    [
        (0, (), 2),
        (0, ("kind",), 3),
        (0, ("metadata", "labels", "x"), 4),
        (0, ("spec", "containers"), 6),
        (0, ("spec", "containers", 0), 7),
        (0, ("spec", "containers", 0, "image"), 8),
        (0, ("spec", "containers", 1, "name"), 10),
        (0, ("spec", "containers", 1, "args", 1), 12),
        (0, ("spec", "8080"), 13),
        (0, ("spec", "quoted"), 14),
        (0, ("derived", "inner"), 16),
        (0, ("spec", "containers", 0, "ports", 0, "name"), 7),
        (0, ("spec", "containers", 9), 6),
        (0, ("kind", "deeper"), 3),
        (0, ("missing",), 2),
        (1, (), 20),
        (1, ("third", 0), 23),
    ],
)
@pytest.mark.parametrize("text", [LINED, LINED.replace("- 1", "- 1\n..."), "\ufeff" + LINED])
def test_a_document_knows_the_line_of_each_key(
    text: str, index: int, path: tuple[str | int, ...], line: int
) -> None:
    """What is not there has the line of the nearest that is."""
    assert read_bytes(text.encode(), "f.yaml")[index].line_of(path) == line


def test_json_has_lines_too() -> None:
    """Even where its escapes are none of YAML's."""
    text = '{\n  "a": "\\ud83d\\ude00 \\/",\n  "b": [\n    {"c": 1}\n  ]\n}\n'

    (document,) = read_documents(text, "f.json")

    assert [document.line_of(path) for path in [("a",), ("b",), ("b", 0, "c")]] == [2, 3, 4]


def expanded(value: Any) -> list[Any]:
    """The objects of a document with this value."""
    return list(expand(Document(value, "f.yaml", 0, "")))


def test_a_list_is_expanded_to_its_items() -> None:
    """Each item has its path; lists may hold lists; other documents are one object."""
    pod = {"apiVersion": "v1", "kind": "Pod"}
    inner = {"apiVersion": "v1", "kind": "List", "items": [pod, "text"]}

    assert expanded(pod) == [(pod, ())]
    assert expanded(["text"]) == [(["text"], ())]
    assert expanded({"apiVersion": "v1", "kind": "List", "items": [pod, inner]}) == [
        (pod, ("items", 0)),
        (pod, ("items", 1, "items", 0)),
        ("text", ("items", 1, "items", 1)),
    ]
    assert expanded({"kind": "List", "items": None}) == []
    assert expanded({"kind": "List"}) == []
    assert expanded({"kind": "Allowlist", "spec": {}}) == [({"kind": "Allowlist", "spec": {}}, ())]


def test_an_item_of_a_typed_list_has_the_kind_that_the_list_implies() -> None:
    """As the API server returns lists; items that say their kind keep it."""
    items = [{"metadata": {"name": "a"}}, {"apiVersion": "v2", "kind": "Other"}]

    assert expanded({"apiVersion": "v1", "kind": "ConfigMapList", "items": items}) == [
        (
            {"metadata": {"name": "a"}, "apiVersion": "v1", "kind": "ConfigMap"},
            ("items", 0),
        ),
        ({"apiVersion": "v2", "kind": "Other"}, ("items", 1)),
    ]


def test_readers_are_loaded_when_they_are_needed() -> None:
    """Start-up is a feature: commands that read nothing do not pay for reading."""
    script = (
        "import sys, mistersmith_k8s.reading as r; assert not {'yaml', 'yaml_rs'} & {*sys.modules};"
        "r.read_documents('a: 1\\n', 'f'); assert 'yaml' not in sys.modules;"
        "assert 'yaml_rs' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
