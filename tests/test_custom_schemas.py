"""Custom resources are checked by the definitions that declare them."""

from __future__ import annotations

from typing import Any

import pytest

from mistersmith_k8s import schemas
from mistersmith_k8s.schemas.structural import structural

Schema = dict[str, Any]

STREAM: Schema = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["name", "owner"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 8},
                "owner": {"type": "string", "nullable": True},
                "storage": {"type": "string", "enum": ["file", "memory"]},
                "replicas": {"type": "integer", "minimum": 1, "maximum": 5},
                "weight": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
                "maxBytes": {"x-kubernetes-int-or-string": True},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "subjects": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string"},
                    "x-kubernetes-list-type": "set",
                },
                "sources": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                },
                "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "template": {"type": "object", "x-kubernetes-embedded-resource": True},
                "tls": {
                    "type": "object",
                    "properties": {"cert": {"type": "string"}, "secret": {"type": "string"}},
                    "oneOf": [{"required": ["cert"]}, {"required": ["secret"]}],
                },
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
    },
}


def definition(**version: Any) -> Schema:
    """A CustomResourceDefinition of streams with one version."""
    served = {"name": "v1", "served": True, "storage": True, **version}
    names = {"kind": "Stream", "plural": "streams"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "streams.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": names,
            "versions": [{"schema": {"openAPIV3Schema": STREAM}, **served}],
        },
    }


CUSTOM = schemas.crd_validators([definition()])


def stream(**spec: Any) -> Schema:
    """A right stream, but for what its spec is given."""
    return {
        "apiVersion": "example.org/v1",
        "kind": "Stream",
        "metadata": {"name": "a", "creationTimestamp": None},
        "spec": {"name": "tasks", "owner": None, **spec},
    }


def said(manifest: Schema, custom: schemas.CustomSchemas = CUSTOM) -> list[str]:
    """The violations of a manifest as a person reads them."""
    found = schemas.violations(manifest, custom=custom)
    return [f"{'.'.join(map(str, v.path))}: {v.message}" for v in found]


ACCEPTED: list[Schema] = [
    {},
    {"storage": None},
    {"maxBytes": 5, "replicas": 3.0},
    {"maxBytes": "5Gi", "weight": 0.5},
    {"labels": {"a": "b"}, "extra": {"any": {"thing": [1]}}},
    {"subjects": ["a", "b"], "sources": [{"name": "a"}, {"name": "b"}]},
    {"template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}},
    {"tls": {"cert": "a"}},
]


@pytest.mark.parametrize("spec", ACCEPTED)
def test_accepted(spec: Schema) -> None:
    """What the definition allows is not complained of."""
    assert said(stream(**spec)) == []


REFUSED: list[tuple[Schema, str]] = [
    ({"name": None}, "spec.name: Required value"),
    ({"nam": "a"}, 'spec.nam: unknown field "spec.nam"'),
    ({"name": 5}, "spec.name: Invalid value: 5: must be a string"),
    ({"name": "Tasks"}, 'spec.name: Invalid value: "Tasks": must match ^[a-z]+$'),
    ({"name": "a"}, 'spec.name: Invalid value: "a": must be at least 2 characters long'),
    (
        {"name": "a" * 9},
        'spec.name: Invalid value: "aaaaaaaaa": must be at most 8 characters long',
    ),
    (
        {"storage": "disk"},
        'spec.storage: Unsupported value: "disk": supported values: "file", "memory"',
    ),
    ({"replicas": 0}, "spec.replicas: Invalid value: 0: must be at least 1"),
    ({"replicas": 6}, "spec.replicas: Invalid value: 6: must be at most 5"),
    ({"replicas": 1.5}, "spec.replicas: Invalid value: 1.5: must be an integer"),
    ({"weight": 0}, "spec.weight: Invalid value: 0: must be greater than 0"),
    ({"maxBytes": 1.5}, "spec.maxBytes: Invalid value: 1.5: must be an integer or a string"),
    ({"labels": {"a": 1}}, "spec.labels.a: Invalid value: 1: must be a string"),
    ({"labels": ["a"]}, "spec.labels: Invalid value: a list: must be an object"),
    ({"subjects": []}, "spec.subjects: Invalid value: a list: must have at least 1 items"),
    ({"subjects": "a"}, 'spec.subjects: Invalid value: "a": must be a list'),
    ({"subjects": [None]}, "spec.subjects.0: Invalid value: null: must be a string"),
    ({"subjects": ["a", "a"]}, 'spec.subjects.1: Duplicate value: "a": must be unique'),
    (
        {"sources": [{"name": "a"}, {"name": "a"}]},
        'spec.sources.1: Duplicate value: "a": must be unique by name',
    ),
    ({"template": {"kind": "Pod"}}, "spec.template.apiVersion: Required value"),
    (
        {"tls": {"cert": "a", "secret": "b"}},
        "spec.tls: Invalid value: an object: must match exactly one of the alternatives",
    ),
    (
        {"tls": {"cert": "a", "key": "b"}},
        'spec.tls.key: unknown field "spec.tls.key"',
    ),
]


@pytest.mark.parametrize(("spec", "expected"), REFUSED)
def test_refused(spec: Schema, expected: str) -> None:
    """What the definition forbids is told in the words of the API server."""
    assert said(stream(**spec)) == [expected]


def test_metadata_is_that_of_every_object() -> None:
    """A definition may say nothing of metadata, and still its fields are known."""
    wrong = stream() | {"metadata": {"name": "a", "lables": {}}}
    assert said(wrong) == ['metadata.lables: unknown field "metadata.lables"']


def test_a_status_is_checked_unless_it_is_a_subresource() -> None:
    """The API server drops the status of a new object where it is a subresource."""
    wrong = stream() | {"status": {"ready": "yes"}}
    dropped = schemas.crd_validators([definition(subresources={"status": {}})])
    expected = ['status.ready: Invalid value: "yes": must be a boolean']
    assert (said(wrong), said(wrong, dropped)) == (expected, [])


@pytest.mark.parametrize(
    "version",
    [{"served": False}, {"schema": None}, {"schema": {"openAPIV3Schema": None}}, {"name": "v2"}],
)
def test_what_no_definition_describes_is_not_called_valid(version: Schema) -> None:
    """A version that is not served, or has no schema, checks nothing."""
    custom = schemas.crd_validators([definition(**version)])
    with pytest.raises(schemas.NoSchemaError):
        schemas.violations(stream(), custom=custom)


@pytest.mark.parametrize("crd", [{}, {"spec": None}, {"spec": {"versions": [None]}}, {"spec": []}])
def test_a_broken_definition_declares_nothing(crd: Schema) -> None:
    """It is refused as an object of its own; here it is passed over."""
    assert schemas.crd_validators([crd]).kinds() == ()


def test_the_kinds_of_definitions_are_listed() -> None:
    """Whoever reads a folder of definitions can tell what it brought."""
    assert CUSTOM.kinds() == (("example.org/v1", "Stream"),)
    assert CUSTOM.served("example.org/v1", "Stream")


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, 5, "must be at most 3"),
        ({"anyOf": [{"enum": [1]}, {"enum": [2]}]}, 3, "must match one of the alternatives"),
        ({"not": {"enum": ["a"]}}, "a", "must not match the schema"),
        ({"type": "number", "multipleOf": 0.5}, 0.7, "must be a multiple of 0.5"),
        ({"type": "object", "maxProperties": 0}, {}, ""),
        ({"type": "string", "format": "byte"}, "a", "must be base64"),
        ({"type": "integer", "format": "int32"}, 2**31, "must be an integer of 32 bits"),
        ({"type": "boolean"}, 1, "must be a boolean"),
        ({"type": "string", "pattern": "[[:alpha:]]"}, "1", ""),
        ({"type": "string", "pattern": "("}, "1", ""),
        ({"enum": [1]}, True, "supported values: 1"),
        ({"x-kubernetes-preserve-unknown-fields": True}, {"any": 1}, ""),
        ({"required": ["a"]}, "no object", ""),
        ({"items": {"type": "string"}}, "no list", ""),
    ],
)
def test_each_rule_of_a_schema(schema: Schema, value: Any, expected: str) -> None:
    """A rule speaks of values of its own type; an expression that Python cannot read is skipped."""
    found = structural(schema)(value) or []
    assert "".join(problem.rule for problem in found) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"maxLength": {}},
        {"minimum": "1"},
        {"multipleOf": 0},
        {"multipleOf": 0.0},
        {"required": None},
        {"required": [{}]},
        {"properties": []},
        {"properties": {"a": 1}},
        {"enum": 1},
        {"anyOf": {"type": "string"}},
        {"pattern": 5},
        {"maxItems": True},
    ],
)
def test_a_keyword_of_the_wrong_type_says_nothing(wrong: dict[str, Any]) -> None:
    """What is wrong with the definition is said of the definition."""
    check = structural({"x-kubernetes-preserve-unknown-fields": True, **wrong})
    assert [check(value) or [] for value in ("a", 1, 1.5, {"a": "b"}, ["a"], None)] == [[]] * 6
