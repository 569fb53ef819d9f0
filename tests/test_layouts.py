"""Where objects stand, what overlays say, what no layout takes."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistersmith_k8s.emit import emit
from mistersmith_k8s.layouts import (
    LAYOUTS,
    LayoutError,
    RequiredSecret,
    lay_out,
    required_secrets,
    secrets_page,
)
from mistersmith_k8s.layouts.image_settings import VERSION, Setting, Settings, parsed
from mistersmith_k8s.layouts.targets import targets
from mistersmith_k8s.manifest import Manifest, Manifests, ref
from mistersmith_k8s.platform import Environment, PlatformSpec, render


def thing(kind: str, name: str, namespace: str = "x", **rest: Any) -> Manifest:
    """An object of any kind."""
    versions = {"Deployment": "apps/v1", "Widget": "example.dev/v1"}
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": versions.get(kind, "v1"),
        "kind": kind,
        **rest,
        "metadata": {**metadata, **rest.get("metadata", {})},
    }


def deployment(*containers: dict[str, Any], **spec: Any) -> Manifest:
    """A Deployment of some containers."""
    return thing(
        "Deployment", "app", spec={**spec, "template": {"spec": {"containers": list(containers)}}}
    )


def config(**data: str) -> Manifest:
    """A ConfigMap."""
    return thing("ConfigMap", "app", data=data)


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


def paths(*manifests: Manifest) -> list[str]:
    """The files of the plain layout of one environment."""
    return [path.removeprefix("plain/e/") for path in lay_out({"e": manifests}, ("plain",))][1:]


PLATFORM = render(PlatformSpec(environment=Environment.VALIDATION))

# Where things stand


def test_each_component_has_its_file() -> None:
    """A reviewer finds a component by its plane and its name."""
    assert paths(*PLATFORM) == [
        "00-cluster/10-namespaces.yaml",
        "00-cluster/20-priority-classes.yaml",
        "10-data/00-governance.yaml",
        "10-data/10-postgres.yaml",
        "10-data/10-redis.yaml",
        "20-system/00-governance.yaml",
        "20-system/10-nats.yaml",
        "20-system/20-orchestrator.yaml",
        "30-workload/00-governance.yaml",
        "30-workload/20-worker.yaml",
        "40-monitoring/00-governance.yaml",
        "40-monitoring/30-jaeger.yaml",
        "40-monitoring/30-prometheus.yaml",
    ]


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (thing("Deployment", "app", "x"), "50-x/30-deployment-app.yaml"),
        (thing("ConfigMap", "app", ""), "50-default/30-config-map-app.yaml"),
        (thing("Widget", "app", ""), "00-cluster/90-widgets.yaml"),
        (thing("PersistentVolume", "a", ""), "00-cluster/40-persistent-volumes.yaml"),
        (thing("Secret", "A:b/c", "x"), "50-x/30-secret-a-b-c.yaml"),
        (thing("Secret", "n" * 253, "x"), f"50-x/30-secret-{'n' * 84}-73e47aca.yaml"),
    ],
)
def test_an_object_of_others_has_a_file_of_its_own(manifest: Manifest, path: str) -> None:
    """It is found by kind and name; the name is safe in every file system."""
    assert paths(manifest) == [path]


def test_an_object_finds_in_its_file_what_it_needs_before_it() -> None:
    """The order of kinds holds in whatever order the objects come."""
    shuffled = list(PLATFORM)
    random.Random(1).shuffle(shuffled)  # noqa: S311 - no secret
    files = lay_out({"e": tuple(shuffled)}, ("plain",))
    orchestrator = files["plain/e/20-system/20-orchestrator.yaml"]
    assert [ref(item).kind for item in orchestrator if isinstance(item, dict)] == [
        "ServiceAccount",
        "ConfigMap",
        "NetworkPolicy",
        "Service",
        "Service",
        "Deployment",
        "PodDisruptionBudget",
    ]


def test_a_namespace_is_applied_before_what_stands_in_it() -> None:
    """`kubectl apply -R` walks files in the order of their names."""
    files = lay_out({"e": PLATFORM}, ("plain",))
    applied = [
        ref(item) for path in sorted(files) for item in files[path] if isinstance(item, dict)
    ]
    late = {item.name: at for at, item in enumerate(applied) if item.kind == "Namespace"}
    assert [one for at, one in enumerate(applied) if late.get(one.namespace, -1) > at] == []


def test_both_layouts_come_with_the_page_of_secrets() -> None:
    """Every path starts with its layout, but for the page."""
    files = lay_out({"e": PLATFORM})
    assert {path.partition("/")[0] for path in files} == {"SECRETS.md", *LAYOUTS}


def test_no_environment_gives_an_empty_page_of_secrets() -> None:
    """Nothing to lay out is nothing wrong."""
    assert list(lay_out({})) == ["SECRETS.md"]


# Patches


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


# What no layout takes

REFUSED: dict[str, tuple[dict[str, Manifests], str]] = {
    "an object twice": (
        {"e": (config(a="1"), config(a="2"))},
        "e: ConfigMap x/app is there 2 times. Keep one.",
    ),
    "an object in no namespace and in the default one": (
        {"e": (thing("Secret", "a", ""), thing("Secret", "a", "default"))},
        "e: Secret default/a is there 2 times. Keep one.",
    ),
    "an object without a name": (
        {"e": ({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "a-"}},)},
        "e: object 0 (Pod) lacks metadata.name. Identify it.",
    ),
    "an object of no kind": (
        {"e": ({"metadata": {"name": "a"}},)},
        "e: object 0 (no kind) lacks apiVersion, kind. Identify it.",
    ),
    "a list": (
        {"e": (thing("ConfigMapList", "a", items=[]),)},
        "e: ConfigMapList x/a is a list of objects. Give the objects themselves.",
    ),
    "an annotation that kustomize obeys": (
        {
            "e": (
                thing(
                    "Secret",
                    "a",
                    metadata={"annotations": {"config.kubernetes.io/local-config": "true"}},
                ),
            )
        },
        (
            "e: Secret x/a has the annotation config.kubernetes.io/local-config, which kustomize "
            "obeys or removes. Remove it."
        ),
    ),
    "a label that is no string": (
        {"e": (thing("Secret", "a", metadata={"labels": {"n": 1}}),)},
        "e: Secret x/a says n in its labels with no string. Quote the value.",
    ),
    "labels that are a list": (
        {"e": (thing("Secret", "a", metadata={"labels": ["n"]}),)},
        "e: Secret x/a has labels that are no mapping. Give each a name.",
    ),
    "an environment that is no folder": (
        {"../up": ()},
        "../up: is no name for a folder. Use lower-case letters, digits and hyphens.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_layout_takes(what: str) -> None:
    """It says where, what, and what to do."""
    environments, message = REFUSED[what]
    with pytest.raises(LayoutError) as refused:
        lay_out(environments)
    assert str(refused.value) == message


def test_every_problem_is_found_at_once() -> None:
    """One run names all of them."""
    everything = {
        f"e{at}": next(iter(given.values())) for at, (given, _) in enumerate(REFUSED.values())
    }
    with pytest.raises(LayoutError) as refused:
        lay_out(everything)
    assert len(refused.value.problems) == len(REFUSED) - 1


def test_empty_annotations_are_not_written() -> None:
    """They say nothing, and kustomize would take them away."""
    empty = thing("Secret", "a", "", metadata={"namespace": "", "annotations": {}, "labels": {}})
    files = lay_out({"e": (empty,)}, ("plain",))
    assert files["plain/e/50-default/30-secret-a.yaml"] == (
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "labels": {}}},
    )


# Secrets


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
