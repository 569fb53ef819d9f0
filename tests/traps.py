"""Pairs of objects between which kustomize makes something else, if the patch is the wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.seeds import an_object

if TYPE_CHECKING:
    from mistersmith_k8s.manifest import Manifest, Manifests


def workload(container: dict[str, Any], replicas: int) -> Manifest:
    """A Deployment of one container."""
    spec = {"replicas": replicas, "paused": True, "template": {"spec": {"containers": [container]}}}
    return an_object("apps/v1", "Deployment", "app", "x", spec=spec)


def widget(**spec: Any) -> Manifest:
    """A custom resource."""
    return an_object("example.dev/v1", "Widget", "app", "x", spec={"kept": 1, **spec})


def labelled(**metadata: Any) -> Manifest:
    """A ConfigMap with some metadata."""
    manifest = an_object("v1", "ConfigMap", "app", "x", data={"a": "1", "b": "2"})
    return {**manifest, "metadata": {**manifest["metadata"], **metadata}}


def scaled(container: dict[str, Any]) -> tuple[Manifest, Manifest]:
    """A container that stays as it is while the number of replicas changes."""
    return workload(container, 1), workload(container, 2)


def account(secret: str) -> Manifest:
    """A ServiceAccount with a pull secret."""
    return an_object("v1", "ServiceAccount", "app", "x", imagePullSecrets=[{"name": secret}])


def image(reference: Any) -> dict[str, Any]:
    """A container of some image."""
    return {"name": "app", "image": reference}


BINDING = an_object(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    "app",
    "x",
    roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "app"},
    subjects=[{"kind": "User", "name": "app"}],
)

PAIRS: dict[str, tuple[Manifest, Manifest]] = {
    "a variable twice": scaled({"name": "a", "env": [{"name": "A"}, {"name": "A", "value": "1"}]}),
    "ports of which one has a protocol": scaled(
        {
            "name": "a",
            "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}],
        }
    ),
    "a port without a number": scaled({"name": "a", "ports": [{"name": "a"}, {"name": "b"}]}),
    "an empty element": scaled({"name": "a", "volumeMounts": [{}, {"mountPath": "/a"}]}),
    "a finalizer twice": (
        labelled(finalizers=["a", "b", "a"], labels={"l": "1"}),
        labelled(finalizers=["a", "b", "a"], labels={"l": "2"}),
    ),
    "a directive": (widget(a={"$patch": "delete"}, b=1), widget(a={"$patch": "delete"}, b=2)),
    "a new directive": (widget(a={"b": 1}), widget(a={"b": 1, "$patch": "replace"})),
    "a label that goes": (labelled(labels={"a": "1", "b": "1"}), labelled(labels={"a": "1"})),
    "labels that empty": (labelled(labels={"a": "1"}), labelled(labels={})),
    "labels that come empty": (labelled(), labelled(labels={})),
    "annotations that go": (labelled(annotations={"a": "1"}), labelled()),
    "a string that becomes a number": (widget(a="1"), widget(a=1)),
    "a number that becomes a string": (widget(a=1), widget(a="1")),
    "a number that becomes a boolean": (widget(a=1), widget(a=True)),
    "a mapping that becomes a list": (widget(a={"b": 1}), widget(a=["b"])),
    "a word that becomes a trap": (widget(a="b"), widget(a="1e3")),
    "lines that become a word": (widget(a="b\nc\n"), widget(a="on")),
    "a word that becomes lines": (widget(a="b"), widget(a=" b\n\nc\n\n")),
    "a large number beside a list": (widget(a=2**53 + 1, b=[1]), widget(a=2**53 + 1, b=[2])),
    "a path with slashes": (widget(a={"b/c": 1, "~": 1}), widget(a={"b/c": 2, "x~y": 2})),
    "an image in a text": (widget(template="app:1", image="app:1"), widget(template="app:2")),
    "an image that loses its tag": (workload(image("app:1"), 1), workload(image("app"), 1)),
    "an image that changes its name": (workload(image("a:1"), 1), workload(image("b/c:2"), 2)),
    "containers that are names": (widget(containers=["app:1"]), widget(containers=["app:2"])),
    "an image that is a number": (
        widget(containers=[image(1)]),
        widget(containers=[image("app:2")]),
    ),
}

SETS: dict[str, dict[str, Manifests]] = {
    "a user with the name of an account": {
        "a": (account("a"), BINDING),
        "b": (account("b"), BINDING),
    },
    "names that differ by a dot": {
        value: tuple(
            an_object("v1", "ConfigMap", name, "x", data={"a": data})
            for name, data in (("a.b", value), ("a-b", "1"))
        )
        for value in "12"
    },
    "namesakes in other groups": {
        value: tuple(
            an_object(version, "Service", "app", "x", spec={"type": spec})
            for version, spec in (("v1", value), ("example.dev/v1", "1"))
        )
        for value in "12"
    },
    "namesakes in other namespaces": {
        value: tuple(
            an_object("example.dev/v1", "Widget", "app", namespace, spec={"a": data})
            for namespace, data in (("", value), ("x", "1"))
        )
        for value in "12"
    },
    "names that are numbers": {
        value: (an_object("v1", "ConfigMap", "123", "456", data={"1e3": value}),)
        for value in ("1", "0x1")
    },
    "images of which one name matches the other": {
        "a": (workload(image("a.b:1"), 1), widget(containers=[image("axb:1")])),
        "b": (workload(image("a.b:2"), 1), widget(containers=[image("axb:1")])),
    },
    "images that take each other's name": {
        "a": (workload(image("a:1"), 1), widget(containers=[image("b:1")])),
        "b": (workload(image("b:1"), 1), widget(containers=[image("a:1")])),
    },
    "an image beside a text where kustomize looks for one": {
        "a": (workload(image("a:1"), 1), widget(template="a:1")),
        "b": (workload(image("a:2"), 1), widget(template="a:1")),
    },
    "nothing in common": {"a": (widget(),), "b": (account("b"),)},
    "an empty environment": {"a": (widget(),), "b": ()},
}

TRAPS: dict[str, dict[str, Manifests]] = {
    **{name: {"a": (first,), "b": (second,)} for name, (first, second) in PAIRS.items()},
    **SETS,
}
