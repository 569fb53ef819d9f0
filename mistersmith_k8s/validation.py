"""One validation: inputs, the chosen checks, the findings at the chosen severity."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from mistersmith_k8s import inputs
from mistersmith_k8s.checks import CHECKS, examine
from mistersmith_k8s.checks.finding import Finding, Severity
from mistersmith_k8s.checks.world import Setting, World
from mistersmith_k8s.reports.report import Report
from mistersmith_k8s.schemas import MINORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mistersmith_k8s.checks.check import Check
    from mistersmith_k8s.configuration import Configuration
    from mistersmith_k8s.inputs import Group

POD_SECURITY = "pod-security"
REPORTED = {
    "error": frozenset({Severity.ERROR, Severity.NOT_CHECKED}),
    "warning": frozenset(Severity),
}


class UsageError(ValueError):
    """Something was asked for that there is not: what, and the nearest there is."""


def report(paths: Sequence[str], settings: Configuration) -> Report:
    """What is wrong with the manifests below some paths.

    Raises:
        InputError: a path is not there or cannot be used.
        UsageError: a check, version, level or severity does not exist.
    """
    checks = _chosen(settings)
    setting = _setting(settings)
    found = inputs.groups(paths)
    parts = [_examined(group, checks, setting, settings) for group in found]
    shown = REPORTED[_severity(settings)]
    return Report(
        [finding for part, _ in parts for finding in part if finding.severity in shown],
        sum(group.files for group in found),
        sum(len(group.objects) for group in found),
        sum(count for _, count in parts),
    )


def _examined(
    group: Group, checks: Iterable[Check], setting: Setting, settings: Configuration
) -> tuple[list[Finding], int]:
    world = World(group.objects, setting._replace(complete=not group.unread))
    outcome = examine(world, checks, settings.suppress)
    admitted = _admitted(world, settings)
    return [*group.unread, *outcome.not_checked, *outcome.findings, *admitted], outcome.suppressed


def _admitted(world: World, settings: Configuration) -> Iterator[Finding]:
    """What the admission controller would say at the level that was asked for, if any."""
    if settings.pod_security is None:
        return
    from mistersmith_k8s.checks.objects.pod_security import admission  # noqa: PLC0415 - on demand
    from mistersmith_k8s.pod_security import PolicyError, parse_level_version  # noqa: PLC0415

    try:
        policy = parse_level_version(settings.pod_security)
    except PolicyError as error:
        raise UsageError(str(error)) from None
    yield from admission(world.objects, policy)


def _chosen(settings: Configuration) -> list[Check]:
    """The checks to run; a level for all pods takes the place of the namespaces' own."""
    known = [check.id for check in CHECKS]
    for name in (*settings.only, *settings.skip):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            advice = f"Did you mean {near[0]}?" if near else "See mistersmith-k8s checks."
            message = f"There is no check {name}. {advice}"
            raise UsageError(message)
    left_out = {*settings.skip, *((POD_SECURITY,) if settings.pod_security else ())}
    wanted = set(settings.only or known) - left_out
    return [check for check in CHECKS if check.id in wanted]


def _setting(settings: Configuration) -> Setting:
    for version in settings.kubernetes_versions:
        if version.removeprefix("v") not in MINORS:
            message = f"{version} is not a version. Give a minor from {MINORS[0]} to {MINORS[-1]}."
            raise UsageError(message)
    minors = tuple(version.removeprefix("v") for version in settings.kubernetes_versions) or MINORS
    definitions = inputs.groups(settings.crds) if settings.crds else []
    crds = tuple(o.manifest for group in definitions for o in group.objects)
    return Setting(minors=minors, external=settings.external, crds=crds)


def _severity(settings: Configuration) -> str:
    if settings.severity not in REPORTED:
        message = f"There is no severity {settings.severity}. Give error or warning."
        raise UsageError(message)
    return settings.severity
