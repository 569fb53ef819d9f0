"""What the overlays say: patches, the base that they change, images, targets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistersmith_k8s.emit import emit
from mistersmith_k8s.layouts import lay_out
from mistersmith_k8s.layouts.image_settings import VERSION, Setting, Settings, parsed
from mistersmith_k8s.layouts.targets import targets
from mistersmith_k8s.manifest import Manifest, ref
from tests.objects import config, deployment, thing


def overlay(*variants: Manifest) -> dict[str, str]:
    """The text of what stands in the last overlay of environments that differ in one object."""
    environments = {f"e{number}": (item,) for number, item in enumerate(variants)}
    folder = f"kustomize/overlays/e{len(variants) - 1}/"
    return {
        path.removeprefix(folder): content if isinstance(content, str) else emit(content)
        for path, content in lay_out(environments, ("kustomize",)).items()
        if path.startswith(folder)
    }


def patches(*variants: Manifest) -> dict[str, str]:
    """The patches of the last overlay."""
    return {
        path.removeprefix("patches/"): text
        for path, text in overlay(*variants).items()
        if path.startswith("patches/")
    }


def test_a_patch_reads_like_the_manifest_that_it_changes() -> None:
    """What is added and changed in mappings is a strategic merge patch."""
    assert patches(
        thing("Deployment", "app", spec={"paused": True, "replicas": 1}),
        thing(
            "Deployment",
            "app",
            spec={"paused": True, "replicas": 3, "strategy": {"type": "Recreate"}},
        ),
    ) == {
        "deployment-app.replicas-strategy.yaml": (
            "apiVersion: apps/v1\n"
            "kind: Deployment\n"
            "metadata:\n"
            "  name: app\n"
            "  namespace: x\n"
            "spec:\n"
            "  replicas: 3\n"
            "  strategy:\n"
            "    type: Recreate\n"
        )
    }


def test_a_patch_names_the_containers_up_to_the_one_that_changes() -> None:
    """A merge puts the containers that it names first, so their order stays."""
    first, second, third = ({"name": name, "tty": False} for name in "abc")
    assert patches(
        deployment(first, second, third), deployment(first, {**second, "tty": True}, third)
    ) == {
        "deployment-app.tty.yaml": (
            "apiVersion: apps/v1\n"
            "kind: Deployment\n"
            "metadata:\n"
            "  name: app\n"
            "  namespace: x\n"
            "spec:\n"
            "  template:\n"
            "    spec:\n"
            "      containers:\n"
            "      - name: a\n"
            "      - name: b\n"
            "        tty: true\n"
        )
    }


def environment(*pairs: tuple[str, str]) -> dict[str, Any]:
    """A container with variables."""
    return {"name": "app", "env": [{"name": name, "value": value} for name, value in pairs]}


CONTAINER = "/spec/template/spec/containers/0"
TESTED = f"- op: test\n  path: {CONTAINER}/name\n  value: app\n"


def test_a_variable_is_changed_where_it_stands() -> None:
    """One step changes it, after a test of its name that tells the reader which one it is."""
    assert patches(
        deployment(environment(("A", "1"), ("B", "2"), ("C", "3"))),
        deployment(environment(("A", "1"), ("B", "x"), ("C", "3"))),
    ) == {
        "deployment-app.env.yaml": (
            f"{TESTED}"
            f"- op: test\n  path: {CONTAINER}/env/1/name\n  value: B\n"
            f"- op: replace\n  path: {CONTAINER}/env/1/value\n  value: x\n"
        )
    }


def test_variables_come_and_go_without_touching_the_others() -> None:
    """Each index counts what the earlier steps did."""
    assert patches(
        deployment(environment(("A", "1"), ("B", "2"), ("C", "3"))),
        deployment(environment(("B", "2"), ("M", "m"), ("C", "3"))),
    ) == {
        "deployment-app.env.yaml": (
            f"{TESTED}"
            f"- op: test\n  path: {CONTAINER}/env/0/name\n  value: A\n"
            f"- op: remove\n  path: {CONTAINER}/env/0\n"
            f"- op: add\n  path: {CONTAINER}/env/1\n  value:\n    name: M\n    value: m\n"
        )
    }


def test_what_goes_is_removed() -> None:
    """A key that only the base has takes one step."""
    assert patches(config(a="1", **{"b/c": "2"}), config(a="1")) == {
        "config-map-app.data.yaml": "- op: remove\n  path: /data/b~1c\n"
    }


def test_what_keeps_nothing_is_replaced_whole() -> None:
    """Two values of which both change are read at once."""
    small, large = (
        {"limits": {"cpu": cpu, "memory": size}} for cpu, size in (("1", "1Gi"), ("2", "2Gi"))
    )
    gone = {"name": "app", "tty": True}
    assert patches(
        deployment({**gone, "resources": small}), deployment({"name": "app", "resources": large})
    ) == {
        "deployment-app.tty-resources.yaml": (
            f"{TESTED}"
            f"- op: remove\n  path: {CONTAINER}/tty\n"
            f"- op: replace\n  path: {CONTAINER}/resources/limits\n"
            '  value:\n    cpu: "2"\n    memory: 2Gi\n'
        )
    }


def test_a_string_does_not_become_a_number_in_a_merge() -> None:
    """A merge keeps the quotes of the base, so another type takes a JSON patch."""
    assert patches(
        thing("Widget", "app", spec={"a": "1", "b": 0}),
        thing("Widget", "app", spec={"a": 1, "b": 0}),
    ) == {"widget-app.a.yaml": "- op: replace\n  path: /spec/a\n  value: 1\n"}


def test_a_file_says_what_changes_in_a_few_words() -> None:
    """Labels and annotations come last, and more than four words become fewer."""
    before = {"a": 1, "bC": 1, "d": 1, "e": 1}
    after = dict.fromkeys(before, 2)
    assert [
        *patches(
            thing("Widget", "app", metadata={"labels": {"l": "1"}}, spec={**before, "z": 0}),
            thing("Widget", "app", metadata={"labels": {"l": "2"}}, spec={**after, "z": 0}),
        )
    ] == ["widget-app.a-b-c-d-and-more.yaml"]


def test_objects_of_one_name_have_patches_of_different_names() -> None:
    """The namespace is named only where the name alone is not enough."""
    environments = {
        value: tuple(
            thing("Secret", name, namespace, data={"k": value})
            for name, namespace in (("a", "x"), ("a", "y"), ("b", "x"))
        )
        for value in ("v", "w")
    }
    files = lay_out(environments, ("kustomize",))
    assert [path.rpartition("/")[2] for path in files if "/patches/" in path] == [
        "secret-b.data.yaml",
        "secret-x-a.data.yaml",
        "secret-y-a.data.yaml",
    ]


# The base


def test_the_base_is_the_variant_from_which_the_others_differ_least() -> None:
    """Two environments that agree need no patch."""
    assert patches(config(a="1"), config(a="2"), config(a="2")) == {}
    assert list(patches(config(a="1"), config(a="1"), config(a="2"))) == [
        "config-map-app.data.yaml"
    ]


def test_of_equals_the_first_environment_is_the_base() -> None:
    """Equal patches either way: the reader starts at the first environment."""
    files = lay_out({"b": (config(a="1"),), "a": (config(a="2"),)}, ("kustomize",))
    assert [path for path in files if "/patches/" in path] == [
        "kustomize/overlays/a/patches/config-map-app.data.yaml"
    ]


def test_an_object_of_one_environment_stands_in_its_overlay() -> None:
    """The base holds what every environment has."""
    files = lay_out({"a": (config(),), "b": (config(), thing("Secret", "s"))}, ("kustomize",))
    assert [path for path in files if not path.endswith("kustomization.yaml")][1:] == [
        "kustomize/base/50-x/30-config-map-app.yaml",
        "kustomize/overlays/b/50-x/30-secret-s.yaml",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            thing("ServiceAccount", "app", imagePullSecrets=[{"name": "a"}]),
            thing("ServiceAccount", "app", imagePullSecrets=[{"name": "b"}]),
        ),
        (
            thing("Widget", "app", spec={"large": 2**53 + 1, "list": [1]}),
            thing("Widget", "app", spec={"large": 2**53 + 1, "list": [2]}),
        ),
    ],
)
def test_an_object_that_no_patch_makes_exactly_stands_whole(
    first: Manifest, second: Manifest
) -> None:
    """A JSON patch would touch its references, or make floats of its integers."""
    files = lay_out({"a": (first,), "b": (second,)}, ("kustomize",))
    assert [content for path, content in files.items() if "/30-" in path or "/90-" in path] == [
        (first,),
        (second,),
    ]


def test_a_kustomization_lists_what_it_builds() -> None:
    """Resources, images and patches, each where it is; no prefix, no namespace, no labels."""
    before = thing("Deployment", "app", spec={"containers": [{"image": "app:1"}], "replicas": 1})
    after = thing("Deployment", "app", spec={"containers": [{"image": "app:2"}], "replicas": 2})
    assert overlay(before, after)["kustomization.yaml"] == (
        "apiVersion: kustomize.config.k8s.io/v1beta1\n"
        "kind: Kustomization\n"
        "resources:\n"
        '- "../../base"\n'
        "images:\n"
        "- name: app\n"
        '  newTag: "2"\n'
        "patches:\n"
        "- path: patches/deployment-app.replicas.yaml\n"
        "  target:\n"
        "    group: apps\n"
        "    version: v1\n"
        "    kind: Deployment\n"
        "    name: app\n"
        "    namespace: x\n"
    )


# Images

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("before", "after", "entries"),
    [
        (["app:1"], ["app:2"], [{"name": "app", "newTag": "2"}]),
        (["app"], ["app:2"], [{"name": "app", "newTag": "2"}]),
        (["app:1"], [f"app@{DIGEST}"], [{"name": "app", "digest": DIGEST}]),
        (["app:1"], [f"app:2@{DIGEST}"], [{"name": "app", "newTag": "2", "digest": DIGEST}]),
        (
            ["h.io:5000/app:1"],
            ["h.io:5000/app:n"],
            [{"name": "h.io:5000/app", "newTag": "n"}],
        ),
        (
            ["app:1"],
            ["mirror/app:1"],
            [{"name": "app", "newName": "mirror/app", "newTag": "1"}],
        ),
        (["app:1", "app:1"], ["app:2", "app:2"], [{"name": "app", "newTag": "2"}]),
        (["app:1", "app:2"], ["app:3", "app:3"], [{"name": "app", "newTag": "3"}]),
        # not exact, so left to patches:
        (["app:1", "app:1"], ["app:2", "app:3"], []),
        (["app:1", "app:1"], ["app:2", "app:1"], []),
        (["app:1"], ["app"], []),
        (["a.b:1", "axb:1"], ["a.b:2", "axb:1"], []),
        (["$(IMAGE)"], ["app:1"], []),
    ],
)
def test_images_are_set_where_that_is_exact(
    before: list[str], after: list[str], entries: list[dict[str, str]]
) -> None:
    """An entry stands for every image of its name; kustomize reads a dot as any character."""
    variants = [
        deployment(*({"name": f"c{at}", "image": image} for at, image in enumerate(images)))
        for images in (before, after)
    ]
    kustomization = lay_out({"a": (variants[0],), "b": (variants[1],)}, ("kustomize",))[
        "kustomize/overlays/b/kustomization.yaml"
    ]
    assert isinstance(kustomization, tuple)
    assert kustomization[0].get("images", []) == entries


REFERENCES = st.from_regex(r"[ab.:/x]{1,4}(:[1a]?)?(@sha256:[1])?", fullmatch=True)


@settings(max_examples=300)
@given(names=st.lists(st.from_regex(r"[ab./:]{1,4}", fullmatch=True)), reference=REFERENCES)
def test_an_entry_matches_what_kustomize_lets_it_match(names: list[str], reference: str) -> None:
    """The index finds what trying every entry as a regular expression finds."""
    entries = [Setting(name, parsed("new:1")) for name in names]
    tried = [at for at, name in enumerate(names) if re.fullmatch(name + VERSION.pattern, reference)]
    assert sorted(Settings(entries).matching(reference)) == tried


# Targets


def test_a_target_is_one_object() -> None:
    """Namesakes in other groups and namespaces are told apart; a dot is a dot."""
    core, other = ref(thing("Service", "a", "x")), ref(thing("Service", "a", "x"))
    knative = other._replace(api_version="serving.example.dev/v1")
    clustered, named = ref(thing("Widget", "a.b", "")), ref(thing("Widget", "a.b", "x"))
    find = targets([core, knative, clustered, named])
    assert [find.selector(one) for one in (core, knative, clustered, named)] == [
        {"group": "^$", "version": "v1", "kind": "Service", "name": "a", "namespace": "x"},
        {
            "group": r"serving\.example\.dev",
            "version": "v1",
            "kind": "Service",
            "name": "a",
            "namespace": "x",
        },
        {
            "group": "example.dev",
            "version": "v1",
            "kind": "Widget",
            "name": r"a\.b",
            "namespace": "default|_non_namespaceable_",
        },
        {
            "group": "example.dev",
            "version": "v1",
            "kind": "Widget",
            "name": r"a\.b",
            "namespace": "x",
        },
    ]
