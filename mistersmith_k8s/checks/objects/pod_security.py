"""Pod Security: what the admission controller says to pods, and how namespaces ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Finding, Severity
from mistersmith_k8s.checks.shape import mapping
from mistersmith_k8s.checks.world import WORKLOADS, fact
from mistersmith_k8s.pod_security import (
    LATEST,
    Level,
    LevelVersion,
    evaluate,
    namespace_policy,
    pod_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World
    from mistersmith_k8s.pod_security import Policy, Violation

PREFIX = "pod-security.kubernetes.io/"
ENFORCE = f"{PREFIX}enforce"
LEVELS = tuple(Level)


@check(Severity.ERROR, *WORKLOADS)
def pod_security(item: Object, world: World) -> Iterator[Flaw]:
    """Pods fit the Pod Security level that their namespace enforces, and that which it warns of.

    A controller whose pods do not fit is accepted; it then makes no pod.
    """
    policy = _policies(world).get(item.given_namespace)
    if policy is None:
        return
    refused = _violations(item, policy.enforce)
    for path, violation in refused:
        yield _flaw(path, violation, policy.enforce, Severity.ERROR)
    known = {violation.check for _, violation in refused}
    for path, violation in _violations(item, policy.warn):
        if violation.check not in known:
            yield _flaw(path, violation, policy.warn, Severity.WARNING)


def admission(objects: Iterable[Object], policy: LevelVersion) -> Iterator[Finding]:
    """What a policy forbids about all pods, under the admission controller's own check ids."""
    for item in objects:
        for path, violation in _violations(item, policy):
            line = item.line_of(path) if item.line_of else None
            message = f'violates PodSecurity "{policy}": {_told(violation)}'
            yield Finding(
                violation.check,
                Severity.ERROR,
                item.ref,
                path,
                message,
                violation.remediation,
                item.file,
                line,
            )


def _violations(item: Object, policy: LevelVersion) -> list[tuple[Path, Violation]]:
    """What a policy forbids about the pods of an object, each with the first field to change."""
    pod = pod_of(item.manifest) if policy.level is not Level.PRIVILEGED else None
    if pod is None:
        return []
    found = evaluate(pod.metadata, pod.spec, policy.level, policy.version)
    return [((*pod.path, *(v.paths[0] if v.paths else ("spec",))), v) for v in found]


def _flaw(path: Path, violation: Violation, policy: LevelVersion, severity: Severity) -> Flaw:
    message = f'violates PodSecurity "{policy}": {_told(violation)} ({violation.check})'
    return Flaw(path, message, violation.remediation, severity)


def _told(violation: Violation) -> str:
    return f"{violation.reason} ({violation.detail})" if violation.detail else violation.reason


@fact
def _policies(world: World) -> Mapping[str, Policy]:
    """What each declared namespace asks for; of one that is declared twice, the strictest."""
    found: dict[str, Policy] = {}
    for item in world.of("Namespace"):
        policy = namespace_policy(mapping(item.at("metadata", "labels")))
        known = found.get(item.ref.name, policy)
        found[item.ref.name] = policy._replace(
            enforce=_stricter(policy.enforce, known.enforce),
            warn=_stricter(policy.warn, known.warn),
        )
    return found


def _stricter(one: LevelVersion, other: LevelVersion) -> LevelVersion:
    return max(
        one, other, key=lambda policy: (LEVELS.index(policy.level), policy.version.effective)
    )


@check(Severity.ERROR, "Namespace")
def pod_security_labels(item: Object, world: World) -> Iterator[Flaw]:
    """A namespace says which Pod Security level it enforces, where others of the input do.

    A level or version that does not exist is refused.
    """
    labels = mapping(item.at("metadata", "labels"))
    for problem in namespace_policy(labels).problems:
        message = f"is {problem.value!r}: {problem.message}"
        yield Flaw(problem.path, message, problem.remediation)
    labelled = _enforcing(world)
    if labelled and item.ref.name not in labelled and not _says_anything(labels):
        message = f"enforces no Pod Security level, as {min(labelled)} does"
        mend = f"Label it {ENFORCE}: baseline or restricted, with {ENFORCE}-version."
        yield Flaw(("metadata", "labels"), message, mend, Severity.WARNING)


@check(Severity.WARNING, "Namespace")
def pod_security_version(item: Object, _: World) -> Iterator[Flaw]:
    """A namespace says of which version its Pod Security level is.

    The latest changes with the cluster: an upgrade may refuse pods that ran before.
    """
    labels = mapping(item.at("metadata", "labels"))
    policy = namespace_policy(labels).enforce
    asked = ENFORCE in labels and policy.level is not Level.PRIVILEGED
    if asked and policy.version == LATEST and f"{ENFORCE}-version" not in labels:
        message = f"is {policy.level} of no version, which a new cluster version may change"
        mend = f"Label it {ENFORCE}-version too: latest, or a version such as v1.30."
        yield Flaw(("metadata", "labels", ENFORCE), message, mend)


@fact
def _enforcing(world: World) -> frozenset[str]:
    """The namespaces that enforce a level."""
    return frozenset(
        item.ref.name
        for item in world.of("Namespace")
        if ENFORCE in mapping(item.at("metadata", "labels"))
    )


def _says_anything(labels: Mapping[str, object]) -> bool:
    return any(str(key).startswith(PREFIX) for key in labels)


CHECKS = (pod_security, pod_security_labels, pod_security_version)
