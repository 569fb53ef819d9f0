"""Which Secrets the cluster must hold before anything works."""

from __future__ import annotations

from typing import Any

import pytest

from mistersmith_k8s.layouts import RequiredSecret, required_secrets, secrets_page
from tests.objects import thing


def needs(*fields: tuple[str, Any]) -> tuple[tuple[str, str, bool], ...]:
    """Name, key and optionality of what a Deployment with these pod fields requires."""
    pod = thing("Deployment", "app", spec={"template": {"spec": dict(fields)}})
    return tuple((one.name, one.key, one.optional) for one in required_secrets([pod]))


@pytest.mark.parametrize(
    ("field", "value", "needed"),
    [
        (
            "containers",
            [{"env": [{"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}],
            (("s", "k", False),),
        ),
        (
            "containers",
            [{"envFrom": [{"secretRef": {"name": "s", "optional": True}}]}],
            (("s", "*", True),),
        ),
        ("volumes", [{"secret": {"secretName": "s"}}], (("s", "*", False),)),
        (
            "volumes",
            [{"secret": {"secretName": "s", "items": [{"key": "a"}, {"key": "b"}]}}],
            (("s", "a", False), ("s", "b", False)),
        ),
        (
            "volumes",
            [{"projected": {"sources": [{"secret": {"name": "s", "optional": True}}]}}],
            (("s", "*", True),),
        ),
        ("imagePullSecrets", [{"name": "s"}], (("s", ".dockerconfigjson", False),)),
        ("tls", [{"secretName": "s"}], (("s", "tls.crt", False), ("s", "tls.key", False))),
        ("certificateRefs", [{"kind": "ConfigMap", "name": "s"}], ()),
        ("volumes", [{"csi": {"nodePublishSecretRef": {"name": "s"}}}], (("s", "*", False),)),
        ("secretKeyRef", {"name": {"type": "string"}}, ()),
    ],
)
def test_every_reference_to_a_secret_is_required(
    field: str, value: Any, needed: tuple[tuple[str, str, bool], ...]
) -> None:
    """In variables, volumes, pull secrets, certificates."""
    assert needs((field, value)) == needed


def test_a_secret_is_optional_only_if_every_reader_can_do_without() -> None:
    """Readers are named; a Secret of the manifests is there already."""
    readers = [
        thing(
            "Deployment",
            name,
            spec={
                "env": [{"secretKeyRef": {"name": "s", "key": "k", "optional": optional}}],
                "envFrom": [{"secretRef": {"name": "held"}}],
            },
        )
        for name, optional in (("b", True), ("a", False))
    ]
    assert required_secrets([*readers, thing("Secret", "held")]) == (
        RequiredSecret("x", "s", "k", ("Deployment x/a", "Deployment x/b"), optional=False),
    )


def test_a_definition_of_a_kind_requires_nothing() -> None:
    """It only says what its objects may reference."""
    schema = {"secretKeyRef": {"name": "s", "key": "k"}}
    assert required_secrets([thing("CustomResourceDefinition", "w", "", spec=schema)]) == ()


def test_the_page_lists_the_secrets_of_each_environment() -> None:
    """Where, what, who, and whether it is needed."""
    account = thing("ServiceAccount", "app", imagePullSecrets=[{"name": "registry"}])
    assert secrets_page({"a": [account], "b": []}) == (
        "# Secrets\n"
        "\n"
        "The manifests hold no secret values. They read these Secrets, which the cluster must "
        "hold first;\n"
        "`*` stands for every key of a Secret.\n"
        "\n"
        "## a\n"
        "\n"
        "| Namespace | Secret | Key | Read by | Needed |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| x | `registry` | `.dockerconfigjson` | ServiceAccount x/app | yes |\n"
        "\n"
        "## b\n"
        "\n"
        "None.\n"
    )
