"""Suppressions: a finding is accepted with a reason, and for as long as there is one."""

from __future__ import annotations

import pytest

from mistersmith_k8s.checks import examine
from mistersmith_k8s.checks.suppress import Ignore
from mistersmith_k8s.checks.world import Object, World
from tests.worlds import documents, told

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: {annotations}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
        - {{name: web, image: "registry.example/web:latest"}}
"""
FINDING = (
    "warning: Deployment shop/web: spec.template.spec.containers[0].image: is "
    "registry.example/web:latest: it has the tag latest, which may move [mutable-image]"
)
KEY = "mister-smith.io/ignore"


def world(annotations: str = "{}") -> World:
    """One Deployment with a moving image and some annotations."""
    return World(map(Object, documents(DEPLOYMENT.format(annotations=annotations))))


def test_a_finding_is_suppressed_on_its_object() -> None:
    """It is counted instead."""
    assert told(examine(world()).findings) == [FINDING]
    accepted = examine(world(f'{{{KEY}.mutable-image: "built anew for every demo"}}'))
    assert (accepted.findings, accepted.suppressed) == ([], 1)


@pytest.mark.parametrize("reason", ['""', '" "'])
def test_a_suppression_has_a_reason(reason: str) -> None:
    """It still suppresses, and is reported itself."""
    report = examine(world(f"{{{KEY}.mutable-image: {reason}}}"))
    assert told(report.findings) == [
        (
            f"warning: Deployment shop/web: metadata.annotations[{KEY}.mutable-image]: "
            "suppresses mutable-image for no reason [suppression-reason]"
        )
    ]
    assert report.suppressed == 1


def test_a_suppression_suppresses_something() -> None:
    """What hides nothing now would hide what comes later."""
    report = examine(world(f'{{{KEY}.probe-ports: "they are fine"}}'))
    assert told(report.findings) == [
        (
            f"warning: Deployment shop/web: metadata.annotations[{KEY}.probe-ports]: "
            "suppresses nothing: probe-ports finds nothing here [suppression-unused]"
        ),
        FINDING,
    ]


def test_a_suppression_names_a_check() -> None:
    """A misspelt id would suppress nothing, ever."""
    report = examine(world(f'{{{KEY}.mutable-images: "built anew for every demo"}}'))
    assert told(report.findings)[0] == (
        f"warning: Deployment shop/web: metadata.annotations[{KEY}.mutable-images]: "
        "is no suppression: there is no check mutable-images [suppression-unused]"
    )


@pytest.mark.parametrize("objects", ["Deployment/shop/web", "Deployment/shop/*", "*", "*/web"])
def test_a_finding_is_suppressed_from_outside(objects: str) -> None:
    """By check and object, with wildcards."""
    report = examine(world(), ignores=[Ignore("mutable-*", objects, "a demo")])
    assert (report.findings, report.suppressed) == ([], 1)


def test_a_suppression_from_outside_is_held_to_the_same() -> None:
    """It has a reason and suppresses something."""
    ignores = [Ignore("mutable-image", "*/shop/*", " "), Ignore("probe-ports", "*/shop/*", "why")]
    report = examine(world(), ignores=ignores)
    assert told(report.findings) == [
        "warning: Suppression mutable-image of */shop/*: has no reason [suppression-reason]",
        "warning: Suppression probe-ports of */shop/*: suppresses nothing [suppression-unused]",
    ]
    assert report.suppressed == 1
