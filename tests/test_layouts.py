"""Where objects stand, and what no layout takes."""

from __future__ import annotations

import random

import pytest

from mistersmith_k8s.layouts import LAYOUTS, LayoutError, lay_out
from mistersmith_k8s.manifest import Manifest, Manifests, ref
from mistersmith_k8s.platform import Environment, PlatformSpec, render
from tests.objects import config, thing


def paths(*manifests: Manifest) -> list[str]:
    """The files of the plain layout of one environment."""
    return [path.removeprefix("plain/e/") for path in lay_out({"e": manifests}, ("plain",))][1:]


PLATFORM = render(PlatformSpec(environment=Environment.VALIDATION))


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
