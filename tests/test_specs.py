"""What a platform refuses, in full words, from Python as from a mapping."""

from __future__ import annotations

from typing import Any

import pytest

from mistersmith_k8s.components.orchestrator import OrchestratorSpec
from mistersmith_k8s.components.workers import AutoscalingSpec, WorkerPoolSpec
from mistersmith_k8s.description import platforms
from mistersmith_k8s.platform import Environment, PlatformSpec
from mistersmith_k8s.primitives import Cidr, ImageRef, Label
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.spec import SpecError

VALIDATION: dict[str, Any] = {"environments": {"validation": None}}


def _refusal(description: dict[str, Any]) -> str:
    with pytest.raises(SpecError) as refused:
        platforms({**VALIDATION, **description})
    return str(refused.value)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "even replicas": (
        {"orchestrator": {"replicas": 4}},
        "orchestrator.replicas: 4 is even: a vote among the replicas could tie. Set it to 3 or 5.",
    ),
    "no replicas": (
        {"orchestrator": {"replicas": 0}},
        "orchestrator.replicas: 0 is below 1, the least. Set it to 1 or more.",
    ),
    "even servers": (
        {"nats": {"replicas": 2}},
        (
            "nats.replicas: 2 is even: JetStream votes, and an even number adds no safety. "
            "Set it to 1 or 3."
        ),
    ),
    "max below min": (
        {"workers": {"research": {"autoscaling": {"min": 5, "max": 2}}}},
        "workers.research.autoscaling.max: 2 is below min (5). Set it to 5 or more.",
    ),
    "request above limit": (
        {
            "orchestrator": {
                "resources": {
                    "requests": {"cpu": "2", "memory": "1Gi"},
                    "limits": {"cpu": "1000m", "memory": "1Gi"},
                }
            }
        },
        (
            "orchestrator.resources.requests.cpu: 2 is above limits.cpu (1000m). "
            "Set it to 1000m or less, or raise limits.cpu."
        ),
    ),
    "quota too small": (
        {"workers": {"big": {"tier": "premium"}}},
        (
            "quotas.workload.requests.cpu: 100 cannot hold 104, the need at full scale during a "
            "rollout. Raise it, or lower workers.big, the largest part.\n"
            "quotas.workload.limits.cpu: 200 cannot hold 208, the need at full scale during a "
            "rollout. Raise it, or lower workers.big, the largest part."
        ),
    ),
    "above the namespace's bounds": (
        {
            "workers": {
                "huge": {
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "1Gi"},
                        "limits": {"cpu": "1", "memory": "6Gi"},
                    }
                }
            }
        },
        (
            "workers.huge.resources.requests.cpu: 10m is below what the namespace makes a container "
            "ask for (50m).\n"
            "workers.huge.resources.limits.memory: 6Gi is above what the namespace lets a container "
            "have (4Gi)."
        ),
    ),
    "colliding ports": (
        {"orchestrator": {"grpc_port": 8080}},
        (
            "orchestrator.grpc_port: 8080 is also http_port (8080): one container cannot listen "
            "twice. Choose another port."
        ),
    ),
    "two owners of replicas": (
        {"workers": {"worker": {"replicas": 3, "autoscaling": {}}}},
        (
            "workers.worker.replicas: 3 is set beside autoscaling: two owners of one number. "
            "Remove one of the two."
        ),
    ),
    "a pool name that is no label": (
        {"workers": {"Big_Pool": {}}},
        (
            "workers.Big_Pool: Big_Pool must be a DNS label: lower-case letters, digits and dashes, "
            "at most 40 characters."
        ),
    ),
    "a pool named like the orchestrator": (
        {"workers": {"orchestrator": {}}},
        "workers.orchestrator: is the name of the orchestrator. Call the pool something else.",
    ),
    "a literal secret in a variable": (
        {"workers": {"worker": {"variables": {"ANTHROPIC_API_KEY": "sk-hush"}}}},
        (
            "workers.worker.variables.ANTHROPIC_API_KEY: is a literal secret, which would be readable "
            "in Git and in the cluster. Put it in a Secret and name it under secret_variables."
        ),
    ),
    "a literal secret in a URL": (
        {"orchestrator": {"variables": {"MIRROR": "https://bob:hush@example.com"}}},
        (
            "orchestrator.variables.MIRROR: is a literal secret, which would be readable in Git and "
            "in the cluster. Put it in a Secret and name it under secret_variables."
        ),
    ),
    "a literal secret in place of its name": (
        {"redis": {"secret": "hush"}},
        (
            "redis.secret: must be a mapping of name, key. "
            "Name a Secret of the cluster and its key; the secret itself never stands here."
        ),
    ),
    "a mutable image": (
        {"nats": {"image": "nats:alpine"}},
        (
            "nats.image: nats:alpine is a tag that moves, which validation does not take. "
            "Name a version, a commit or a digest."
        ),
    ),
    "no external service": (
        {"redis": {"backend": "external"}},
        "redis.external: is required with backend external. Give its host and cidrs.",
    ),
    "an external service that is not used": (
        {"redis": {"external": {"host": "r.example.com", "cidrs": ["10.0.0.0/8"]}}},
        (
            "redis.external: is given, but backend is in_cluster. "
            "Set backend to external or remove it."
        ),
    ),
    "host bits": (
        {"internet_cidrs": ["10.0.0.1/8"]},
        "internet_cidrs[0]: 10.0.0.1/8 must be a network such as 10.0.0.0/16, without host bits.",
    ),
    "an unknown field": (
        {"orchestrater": {}},
        "orchestrater: is not a field. Did you mean orchestrator?",
    ),
    "a wrong choice": (
        {"settings": {"log_level": "warning"}},
        (
            "settings.log_level: warning must be one of trace, debug, info, warn, error. "
            "Did you mean warn?"
        ),
    ),
    "a wrong type": (
        {"nats": {"replicas": "three"}, "settings": {"metrics": "yes"}},
        (
            "nats.replicas: three must be a whole number.\n"
            "settings.metrics: yes must be true or false."
        ),
    ),
    "no quantity": (
        {"redis": {"storage": "5 GB"}},
        "redis.storage: 5 GB must be a quantity such as 500m or 2Gi.",
    ),
    "NKeys without keys": (
        {"nats": {"authentication": "nkeys"}},
        (
            "nats.orchestrator.nkey: is required with authentication nkeys. "
            "Give the user's public NKey.\n"
            "nats.worker.nkey: is required with authentication nkeys. Give the user's public NKey.\n"
            "nats.system.nkey: is required with authentication nkeys. Give the user's public NKey."
        ),
    ),
    "a fan-out above its budget": (
        {"settings": {"claude": {"parallel_default": 9}}},
        (
            "settings.claude.cpu_budget: 4.0 cannot hold 9 agents of 0.5 each. "
            "Raise it or lower parallel_default.\n"
            "settings.claude.memory_budget: 4Gi cannot hold 9 agents of 512Mi each. "
            "Raise it or lower parallel_default."
        ),
    ),
    "an environment at the top": (
        {"environment": "operational"},
        "environment: is not a field. Did you mean environments?",
    ),
    "an environment within an environment": (
        {"environments": {"validation": {"environment": "operational"}}},
        (
            "environments.validation.environment: is not a field. The fields are name, storage_class, "
            "orchestrator, workers, nats, redis, postgres, settings, quotas, tracing, internet_cidrs."
        ),
    ),
    "an environment that is misspelt beside a wrong platform": (
        {"orchestrator": {"replicas": 4}, "environments": {"prod": {}}},
        (
            "environments.prod: is not an environment; they are experimental, validation, operational. "
            "Did you mean operational?\n"
            "orchestrator.replicas: 4 is even: a vote among the replicas could tie. Set it to 3 or 5."
        ),
    ),
    "an unknown environment": (
        {"environments": {"production": {}}},
        (
            "environments.production: is not an environment; they are experimental, validation, "
            "operational. Did you mean operational?"
        ),
    ),
}


@pytest.mark.parametrize(("description", "words"), REFUSED.values(), ids=REFUSED)
def test_a_platform_that_would_not_work_is_refused(description: dict[str, Any], words: str) -> None:
    """The refusal says where, what, which rule, and what to do."""
    assert _refusal(description) == words


def test_everything_wrong_is_said_at_once() -> None:
    """Mistakes in different parts do not hide each other."""
    words = _refusal(
        {
            "orchestrator": {"replicas": 2, "replica": 3},
            "nats": {"storage": "10 GB"},
            "environments": {"validation": {"redis": {"storag": "1Gi"}}},
        }
    )
    assert sorted(words.splitlines()) == [
        "environments.validation.redis.storag: is not a field. Did you mean storage?",
        "nats.storage: 10 GB must be a quantity such as 500m or 2Gi.",
        "orchestrator.replica: is not a field. Did you mean replicas?",
        "orchestrator.replicas: 2 is even: a vote among the replicas could tie. Set it to 1 or 3.",
    ]


def test_a_mistake_in_the_common_part_is_said_once() -> None:
    """Not once for each environment."""
    both = {"environments": {"validation": None, "experimental": None}}
    words = (
        "orchestrator.replicas: 2 is even: a vote among the replicas could tie. Set it to 1 or 3."
    )
    assert _refusal({"orchestrator": {"replicas": 2}, **both}) == words


def test_python_and_yaml_give_the_same_platform() -> None:
    """A mapping and the specs that it names are equal once they are made."""
    made = PlatformSpec(
        environment=Environment.VALIDATION,
        orchestrator=OrchestratorSpec(replicas=5, image=ImageRef("example.com/o:1.2.3")),
        workers={Label("research"): WorkerPoolSpec(autoscaling=AutoscalingSpec(max=7))},
        internet_cidrs=(Cidr("0.0.0.0/0"),),
    )
    loaded = platforms(
        {
            "orchestrator": {"replicas": 5, "image": "example.com/o:1.2.3"},
            "workers": {"research": {"autoscaling": {"max": 7}}},
            "internet_cidrs": ["0.0.0.0/0"],
            "environments": {"validation": {}},
        }
    )
    assert loaded == {Environment.VALIDATION: made}


def test_python_refuses_with_the_same_words() -> None:
    """A wrong value is refused where the spec is made."""
    with pytest.raises(SpecError) as refused:
        OrchestratorSpec(replicas=2)
    assert str(refused.value) == (
        "replicas: 2 is even: a vote among the replicas could tie. Set it to 1 or 3."
    )


def test_a_spec_cannot_be_changed() -> None:
    """`but` makes another; the first stays as it was."""
    spec = OrchestratorSpec()
    assert spec.but(replicas=5).replicas == 5
    assert spec.replicas == 3
    with pytest.raises(AttributeError):
        spec.replicas = 5  # type: ignore[misc]  # that is the point


def test_an_environment_changes_only_what_it_says() -> None:
    """Mappings merge, lists and values replace, null takes away."""
    loaded = platforms(
        {
            "orchestrator": {"replicas": 5},
            "internet_cidrs": ["10.0.0.0/8"],
            "workers": {"worker": {"autoscaling": {"max": 9}}},
            "environments": {
                "experimental": {
                    "orchestrator": {"grpc_port": 9999},
                    "internet_cidrs": ["10.1.0.0/16"],
                    "workers": {"worker": {"autoscaling": None, "replicas": 1}},
                },
                "validation": None,
            },
        }
    )
    changed = loaded[Environment.EXPERIMENTAL]
    assert (changed.orchestrator.replicas, changed.orchestrator.grpc_port) == (5, 9999)
    assert changed.internet_cidrs == ("10.1.0.0/16",)
    assert changed.workers[Label("worker")].scaling is None
    assert loaded[Environment.VALIDATION].workers[Label("worker")].most_replicas == 9


@pytest.mark.parametrize("text", ["500m", "1", "0.5", "2Gi", "1e3", "12E", ".5", "1E2", "+1", "5."])
def test_a_quantity_keeps_its_spelling(text: str) -> None:
    """What the API server takes is taken, as it was written."""
    assert Quantity(text) == text


@pytest.mark.parametrize(
    "text", ["", "1 Gi", "1gi", "one", "1e", "0x1", "1_000", "Gi", "1KI", "--1"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """What the API server refuses is refused, before it sees it."""
    with pytest.raises(ValueError, match="must be a quantity such as 500m or 2Gi"):
        Quantity(text)


PINNED = (
    "a:1.2.3",
    "a:20261123",
    "a:16.6-alpine",
    "r:5000/a/b:v1.2",
    "a@sha256:" + "0" * 64,
    "a:12e0345",
)
MOVING = ("a", "a:latest", "a:main", "r:5000/a", "a:alpine", "a:7-alpine")


@pytest.mark.parametrize("text", PINNED)
def test_a_pinned_image_is_pulled_once(text: str) -> None:
    """A version, a date, a commit or a digest names one build."""
    assert (ImageRef(text).pinned, ImageRef(text).pull_policy) == (True, "IfNotPresent")


@pytest.mark.parametrize("text", MOVING)
def test_a_moving_image_is_always_pulled(text: str) -> None:
    """A node must not keep running what the tag meant yesterday."""
    assert (ImageRef(text).pinned, ImageRef(text).pull_policy) == (False, "Always")
