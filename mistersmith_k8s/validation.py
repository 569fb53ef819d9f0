"""One validation: inputs, the chosen checks, the findings at the chosen severity."""

from __future__ import annotations

from fnmatch import fnmatchcase
from glob import escape
from typing import TYPE_CHECKING

from mistersmith_k8s import inputs
from mistersmith_k8s.checks import INDEX, examine, load, needed, suppress
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.world import Object, Setting, World
from mistersmith_k8s.reports.report import Report
from mistersmith_k8s.schemas import MINORS
from mistersmith_k8s.spec import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.configuration import Configuration
    from mistersmith_k8s.inputs import Group
    from mistersmith_k8s.pod_security import LevelVersion

CRD = "CustomResourceDefinition"
POD_SECURITY = "pod-security"
ACCEPTS_POD_SECURITY = suppress.PREFIX + POD_SECURITY
REPORTED = {
    "error": frozenset({Severity.ERROR, Severity.NOT_CHECKED}),
    "warning": frozenset(Severity),
}
NO_OBJECT = Object({})


class UsageError(ValueError):
    """Something was asked for that there is not: what, and the nearest there is."""


def report(paths: Sequence[str], settings: Configuration) -> Report:
    """What is wrong with the manifests below some paths.

    Raises:
        InputError: a path is not there or cannot be used.
        UsageError: a check, version, level or severity does not exist.
    """
    shown = _shown(settings)
    checks = _chosen(settings)
    policy = _policy(settings)
    setting = _setting(settings)
    groups = inputs.groups(paths)
    findings: list[Finding] = []
    accepted = 0
    for group, known in zip(groups, _known(groups, setting), strict=True):
        world = World(group.objects, known)
        found, count = _found(world, checks, policy)
        findings += [*group.foreign, *group.unread, *found]
        accepted += count
    findings, more = _unaccepted(findings, settings, checks)
    return Report(
        [finding for finding in findings if finding.severity in shown],
        sum(group.files for group in groups),
        sum(len(group.objects) for group in groups),
        accepted + more,
        broken=any(group.broken for group in groups) and any(map(_is_unread, findings)),
    )


def _is_unread(finding: Finding) -> bool:
    return finding.check == inputs.UNREAD and finding.severity is Severity.ERROR


def _known(groups: Sequence[Group], setting: Setting) -> Iterator[Setting]:
    """What is known beyond each group: what other groups hold, unless they are alternatives.

    Groups that share an object are alternatives; of two others, both may be applied.
    """
    identities = [{item.ref for item in group.objects} for group in groups]
    for group, own in zip(groups, identities, strict=True):
        others = (o for o, refs in zip(groups, identities, strict=True) if own.isdisjoint(refs))
        elsewhere = [item for other in others for item in other.objects if other is not group]
        yield setting._replace(
            complete=group.complete,
            external=(*setting.external, *dict.fromkeys(p for o in elsewhere for p in _places(o))),
            crds=(*setting.crds, *(item.manifest for item in elsewhere if item.kind == CRD)),
        )


def _places(item: Object) -> tuple[str, ...]:
    """An object as settings name what is outside, and the pods that it runs, whatever their names.

    One without a namespace may be in any.
    """
    namespace = item.given_namespace or "*"
    pods = (f"Pod/{namespace}/*",) if item.pod_path is not None else ()
    scoped = () if item.given_namespace else (escape(f"{item.kind}/{item.ref.name}"),)
    return (*pods, *scoped, f"{item.kind}/{namespace}/{escape(item.ref.name)}")


def _found(
    world: World, checks: Iterable[str], policy: LevelVersion | None
) -> tuple[list[Finding], int]:
    """The findings in a world, and how many of them annotations accept."""
    outcome = examine(world, load(needed(world.kinds, checks)))
    found = [*outcome.not_checked, *outcome.findings]
    if policy is None:
        return found, outcome.suppressed
    admitted, accepted = _admitted(world, policy)
    needless = (suppress.suppression_unused.id, ACCEPTS_POD_SECURITY)
    used = [f for f in found if (f.check, *f.path[-1:]) != needless]
    return [*used, *admitted], outcome.suppressed + accepted


def _admitted(world: World, policy: LevelVersion) -> tuple[list[Finding], int]:
    """What the admission controller would say at one level, less what annotations accept."""
    from mistersmith_k8s.checks.objects.pod_security import admission  # noqa: PLC0415 - on demand

    said = [(item.annotations, f) for item in world.objects for f in admission([item], policy)]
    left = [finding for annotations, finding in said if ACCEPTS_POD_SECURITY not in annotations]
    return left, len(said) - len(left)


def _unaccepted(
    findings: Sequence[Finding], settings: Configuration, checks: Iterable[str]
) -> tuple[list[Finding], int]:
    """The findings that the configuration does not accept, with what is wrong about it.

    What accepts findings of checks that did not run is neither used nor unused.
    """
    ran = {*checks, *(finding.check for finding in findings)}
    ignores = [i for i in settings.suppress if any(fnmatchcase(name, i.check) for name in ran)]
    outcome = suppress.suppressed(((NO_OBJECT, finding) for finding in findings), ignores)
    left = [finding for item, finding in outcome.findings if item]
    faults = [
        finding._replace(file=settings.source)
        for item, finding in outcome.findings
        if item is None and finding.check in ran
    ]
    return [*faults, *left], outcome.suppressed


def _chosen(settings: Configuration) -> list[str]:
    """The ids of the checks to run; a level for all pods takes the place of the namespaces' own."""
    known = list(INDEX)
    for name in (*settings.only, *settings.skip):
        if name not in known:
            near = nearest(name, known)
            advice = f"Did you mean {near}?" if near else "See mistersmith-k8s checks."
            message = f"There is no check {name}. {advice}"
            raise UsageError(message)
    left_out = {*settings.skip, *((POD_SECURITY,) if settings.pod_security else ())}
    wanted = set(settings.only or known) - left_out
    return [name for name in INDEX if name in wanted]


def _policy(settings: Configuration) -> LevelVersion | None:
    """The level that all pods are to fit, where one is asked for."""
    if settings.pod_security is None:
        return None
    from mistersmith_k8s.pod_security import PolicyError, parse_level_version  # noqa: PLC0415

    try:
        return parse_level_version(settings.pod_security)
    except PolicyError as error:
        raise UsageError(str(error)) from None


def _setting(settings: Configuration) -> Setting:
    for version in settings.kubernetes_versions:
        if _minor(version) not in MINORS:
            message = f"{version} is not a version. Give a minor from {MINORS[0]} to {MINORS[-1]}."
            raise UsageError(message)
    chosen = tuple(dict.fromkeys(map(_minor, settings.kubernetes_versions)))
    minors = chosen or MINORS[-1:]  # a field that came lately is no mistake
    definitions = inputs.groups(settings.crds) if settings.crds else []
    unread = [finding for group in definitions for finding in group.unread]
    if unread:
        raise inputs.InputError("\n".join(map(inputs.told, unread)))
    crds = tuple(item.manifest for group in definitions for item in group.objects)
    return Setting(minors=minors, external=settings.external, crds=crds)


def _minor(version: str) -> str:
    """The minor of a version as people name it: 1.30, v1.30 or 1.30.4."""
    return ".".join(version.removeprefix("v").split(".")[:2])


def _shown(settings: Configuration) -> frozenset[Severity]:
    if settings.severity not in REPORTED:
        message = f"There is no severity {settings.severity}. Give error or warning."
        raise UsageError(message)
    return REPORTED[settings.severity]
