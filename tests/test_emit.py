"""What is emitted is read back equal, by every reader that people have."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections import OrderedDict
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
import yaml
import yaml_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mistersmith_k8s.emit import EmitError, emit

if TYPE_CHECKING:
    from pathlib import Path

BARE_TRAPS = """
    y n yes no on off Y N Yes NO On OFF true false True TRUE null Null NULL ~ nan NaN inf Infinity
    .inf -.inf +.inf .nan .NaN -inf 0 1 -1 +1 00 08 012 0o7 0b11 0x1f 1_000 __1 1__ 1e3 1E3 12e03
    12e0345 1.5 1. .5 1.2.3 10.0.0.1 190:20:30 1:2.5 2001-01-01 2001-12-14t21:59:43.10-05:00 0x1p-2
    = << < > - -- --- ... ? : # & * ! !!str | % @ ` ' " {} [] {a a} , a: :a a:b a#b -a --a=b -1e5
    $(VAR) nats://u:p@h:4222 512Mi 100m 5s 10.0.0.0/8 50% ghcr.io/a/b:1.2.3 it's a"b \\d+ C:\\ &a *a
"""
SPACED = ["", " ", "  a", "a ", "a  b", "a: b", "a :b", "a #b", "? a", "- a", "\t", "a\tb", "\ta"]
LINES = ["a\n", "\n", "\n\n", " \n ", "a\n\nb\n\n", "\na", " a\nb", "\ta\nb", "a\n b\n", "a \nb"]
LINES += ["a\n\t\nb", "a\r\nb", "---\na", "a\n---\nb\n...\n", "# a\nb", "%YAML 1.1\n---\n", "é\nb"]
HIDDEN = ["\x00", "\x1b[0m", "\x7f", "\x85", "\xa0", "\u2028", "\u200b", "\ufeff", "a\u2029b\nc"]
EDGES = ["é", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "\uffff", "\U0001f600", "\U0010ffff"]
LONG = ["x" * 3000, "é" * 400, "a b " * 99]
TRAPS = [*BARE_TRAPS.split(), *SPACED, *LINES, *HIDDEN, *EDGES]

NOT_FOR_KUSTOMIZE = re.compile("[\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]|\\A\\s*\t[^\n]*\n")
"""What kustomize reads, and then writes so that it cannot read it again."""

RESOURCE = {"apiVersion": "mister-smith.io/v1", "kind": "Strings", "metadata": {"name": "strings"}}

STRINGS = st.one_of(
    st.sampled_from(TRAPS + LONG),
    st.lists(st.sampled_from(TRAPS), max_size=5).map("".join),
    st.text("0123456789abefinox_.:+-TZ eE"),
    st.text(st.characters(exclude_categories=["Cs"])),
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    STRINGS | NUMBERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=20,
)
MANIFESTS = st.dictionaries(STRINGS, VALUES, min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.lists(MANIFESTS, min_size=2, max_size=3))
def test_every_manifest_reads_back_equal(manifests: list[dict[str, Any]]) -> None:
    """PyYAML, in C and in Python, reads YAML 1.1; yaml-rs reads YAML 1.2."""
    text = emit(manifests)

    assert list(yaml.load_all(text, Loader=yaml.CSafeLoader)) == manifests
    assert list(yaml.load_all(text, Loader=yaml.SafeLoader)) == manifests
    assert yaml_rs.loads(text, parse_datetime=False) == manifests


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    strings=st.lists(
        STRINGS.filter(lambda text: not NOT_FOR_KUSTOMIZE.search(text) and len(text) < 200),
        min_size=20,
        max_size=200,
    )
)
def test_every_string_reads_back_equal_through_kustomize(
    kustomize: Path, tmp_path: Path, strings: list[str]
) -> None:
    """Kubernetes' own parser makes the same object of our YAML and of plain JSON."""
    keys = [{text: text} for text in strings]
    manifest = {**RESOURCE, "spec": {"keys": keys, "items": strings}}

    ours = built(kustomize, tmp_path, emit([manifest]))

    assert ours == built(kustomize, tmp_path, exact_json(manifest))


def test_each_trap_reads_back_equal_through_kustomize(kustomize: Path, tmp_path: Path) -> None:
    """Each known trap is safe as a value, as a key and as an item."""
    traps = [text for text in TRAPS if not NOT_FOR_KUSTOMIZE.search(text)]
    manifest = {**RESOURCE, "spec": {"keys": [{text: text} for text in traps], "items": traps}}

    ours = built(kustomize, tmp_path, emit([manifest]))

    assert ours == built(kustomize, tmp_path, exact_json(manifest))


def test_kustomize_would_show_a_string_that_lost_its_quotes(
    kustomize: Path, tmp_path: Path
) -> None:
    """The comparison above can fail: a bare 1e3 is a number to Kubernetes."""
    manifest = {**RESOURCE, "spec": {"commit": "1e3"}}

    bare = built(kustomize, tmp_path, emit([manifest]).replace('"', ""))

    assert bare != built(kustomize, tmp_path, exact_json(manifest))


MISTAKABLE = """
    y N yes No on OFF True FALSE null Null ~ NaN .inf -inf 0 +1 08 012 0o7 0b11 0x1f 1_000 __1 1e3
    12e03 12e0345 1.5 .5 1.2.3 190:20:30 2001-01-01 2001-12-14t21:59:43.10-05:00 0x1p-2 = << - ---
    ... ? : # &a *a !!str | > % @ ` {} [] , a: :a a#b
"""


@pytest.mark.parametrize("text", MISTAKABLE.split())
def test_a_string_that_a_reader_could_mistake_is_quoted(text: str) -> None:
    """Booleans, numbers, times and the signs of YAML are strings only in quotes."""
    assert emit([{"a": text}]) == f'a: "{text}"\n'


@pytest.mark.parametrize(
    "text",
    [
        "ghcr.io/mister-smith/orchestrator:1.4.0",
        "nats://$(NATS_USER):$(NATS_PASSWORD)@nats.mister-smith-system.svc:4222",
        "app.kubernetes.io/name",
        "--config=/etc/nats/nats.conf",
        "-c",
        "10.0.0.0/8",
        "512Mi",
        "250m",
        "5s",
        "50%",
        "ReadWriteOnce",
        "a sentence, it's plain",
    ],
)
def test_a_string_that_no_reader_can_mistake_stays_bare(text: str) -> None:
    """Manifests read as people write them."""
    assert emit([{"a": text}]) == f"a: {text}\n"


def test_a_manifest_is_written_as_people_read_it() -> None:
    """Key order, indentation, quotes and blocks are those of kubectl and of a careful author."""
    manifest = {
        "data": {
            "nats.conf": "port: 4222\n\njetstream {\n  store_dir: /data\n}\n",
            "no-newline": "a\nb",
            "blank-end": "a\n\n",
            "indented": "  a\nb\n",
            "json": '{"a": 1}',
            "word": "Größe\u200b",
        },
        "metadata": {
            "annotations": {},
            "finalizers": ["a", ["b", "c"], [], {}],
            "labels": {"version": "1.2.3", "on": "n"},
            "name": "x",
            "namespace": "y",
        },
        "spec": [{"a": [{"b": 1, "c": 0.5}], "d": "x\ny\n"}, [[{"e": True}], [1e-7]]],
        "kind": "ConfigMap",
        "apiVersion": "v1",
    }

    assert emit([manifest, {"kind": "Empty"}]) == WRITTEN


WRITTEN = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  namespace: "y"
  labels:
    version: "1.2.3"
    "on": "n"
  annotations: {}
  finalizers:
  - a
  - - b
    - c
  - []
  - {}
data:
  nats.conf: |
    port: 4222

    jetstream {
      store_dir: /data
    }
  no-newline: |-
    a
    b
  blank-end: |+
    a

  indented: |2
      a
    b
  json: '{"a": 1}'
  word: "Größe\\u200b"
spec:
- a:
  - b: 1
    c: 0.5
  d: |
    x
    y
- - - e: true
  - - 1.0e-07
---
kind: Empty
"""


def test_no_documents_are_no_text() -> None:
    """A file without objects is empty."""
    assert emit([]) == ""


def test_a_shared_value_is_written_out_each_time() -> None:
    """Anchors would make a reviewer jump and Kubernetes tools fail."""
    labels = {"a": "b"}

    assert emit([{"x": labels, "y": labels}]) == "x:\n  a: b\n'y':\n  a: b\n".replace("'", '"')


def test_a_long_line_is_not_folded() -> None:
    """A value is one line, however long."""
    assert emit([{"a": "word " * 500 + "end"}]).count("\n") == 1


def test_the_order_of_keys_is_as_given() -> None:
    """Only the keys that a reader looks for first move."""
    assert emit([{"z": 1, "a": {"z": 1, "a": 2}, "kind": "K"}]) == (
        "kind: K\nz: 1\na:\n  z: 1\n  a: 2\n"
    )


class Plane(StrEnum):
    """A typed string."""

    DATA = "data"


class Quantity(str):
    """Another typed string, which shows itself differently."""

    __slots__ = ()

    def __str__(self) -> str:
        """Not what is written."""
        return "not this"


def test_typed_values_are_written_as_what_they_hold() -> None:
    """Subclasses of str, tuples and any mapping are as good as str, list and dict."""
    typed = {
        "plane": Plane.DATA,
        Plane.DATA: Quantity("1Gi"),
        "items": (1, (2,), ()),
        "map": MappingProxyType({"a": OrderedDict(b=1)}),
    }

    assert yaml.safe_load(emit([typed])) == {
        "plane": "data",
        "data": "1Gi",
        "items": [1, [2], []],
        "map": {"a": {"b": 1}},
    }


def test_the_manifest_is_left_as_it_was() -> None:
    """Emitting reorders the text, never the manifest."""
    manifest = {"metadata": {"labels": {}, "name": "x"}, "kind": "K"}
    before = json.dumps(manifest)

    emit([manifest])

    assert json.dumps(manifest) == before


CYCLE: dict[str, Any] = {"a": []}
CYCLE["a"].append(CYCLE)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            {"containers": [{"image": None}]},
            "spec.containers[0].image is None. Leave the key out or give it a value.",
        ),
        (
            {"ports": [1, {2: "x"}]},
            "spec.ports[1] has the key 2, which is no string. Write it as a string.",
        ),
        ({"a": math.nan}, "spec.a is nan. Write a 64-bit number."),
        ({"a": -math.inf}, "spec.a is -inf. Write a 64-bit number."),
        ({"a": 2**64}, "spec.a is 18446744073709551616. Write a 64-bit number."),
        (
            {"a": "x\ud800"},
            r"spec.a is 'x\ud800', with half of a surrogate pair. Write the whole character.",
        ),
        (
            {"a\udfff": 1},
            r"spec is 'a\udfff', with half of a surrogate pair. Write the whole character.",
        ),
        (
            {"a": {1}},
            "spec.a is of type set. Write a string, number, list or mapping.",
        ),
        (
            {"a": b"x"},
            "spec.a is of type bytes. Write a string, number, list or mapping.",
        ),
        (CYCLE, "spec.a[0] nests in itself or too deeply. Write a finite value."),
    ],
)
def test_a_value_that_yaml_cannot_say_is_refused(spec: Any, problem: str) -> None:
    """The error names the object, the path and what to do; nothing is written in its place."""
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "orchestrator", "namespace": "mister-smith-system"},
        "spec": spec,
    }

    with pytest.raises(EmitError) as error:
        emit([manifest])

    assert str(error.value) == f"Deployment mister-smith-system/orchestrator: {problem}"


def exact_json(manifest: dict[str, Any]) -> str:
    """The manifest as JSON that is YAML too: only characters that YAML takes as they are."""
    text = json.dumps(manifest, ensure_ascii=False)
    return re.sub("[\x7f-\uffff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def built(kustomize: Path, folder: Path, resource: str) -> str:
    """What kustomize makes of one resource file."""
    (folder / "resource.yaml").write_bytes(resource.encode())
    (folder / "kustomization.yaml").write_text("resources: [resource.yaml]\n")
    run = subprocess.run(
        [kustomize, "build", folder], capture_output=True, check=False, encoding="utf-8"
    )
    assert run.stderr == ""
    return run.stdout
