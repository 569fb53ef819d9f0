"""The schema layer: what the API servers of the chosen minors take, and what they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.lenient import is_lenient, is_unread
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mistersmith_k8s.checks.world import Object, World
    from mistersmith_k8s.schemas import CustomSchemas, SchemaViolation

CRD = "CustomResourceDefinition"
IDENTITY = ("apiVersion", "kind")
REQUIRED = "Required value"
UNKNOWN = "unknown field"
NO_MATCH = "no matches for kind"
REMOVED = ": removed in "


@check(Severity.ERROR)
def schema(item: Object, world: World) -> Iterator[Flaw]:
    """An object has the fields that its kind has, each with a value of its type.

    A custom resource is checked by its definition, where the input has it. Without one, and
    without a kind that is built in, nothing can be said, and that is said. Where the API server
    takes the absence of a field for its empty value, or drops an unknown one without a word, it is
    a warning.
    """
    from mistersmith_k8s.schemas import NoSchemaError  # noqa: PLC0415 - start-up time

    lacking = [key for key in IDENTITY if not isinstance(item.manifest.get(key), str)]
    for key in lacking:
        yield Flaw((key,), "Required value", f"Set {key}.")
    try:
        found = [] if lacking else _violations(item, world)
    except NoSchemaError as error:
        mend = "Give the CustomResourceDefinition of the kind."
        yield Flaw((), f"is not checked: {error}", mend, Severity.NOT_CHECKED)
        return
    for violation in found:
        if not violation.message.startswith(NO_MATCH):
            yield Flaw(
                violation.path,
                _told(violation, world),
                _mend(violation),
                _severity(item, violation),
            )


@check(Severity.ERROR)
def removed_api(item: Object, world: World) -> Iterator[Flaw]:
    """An object is of a version of its API that the cluster serves still."""
    for violation in _unserved(item, world):
        if REMOVED in violation.message:
            yield Flaw(violation.path, _told(violation, world), _replacing(violation))


@check(Severity.ERROR)
def unknown_api(item: Object, world: World) -> Iterator[Flaw]:
    """An object is of a kind that the cluster has."""
    for violation in _unserved(item, world):
        if REMOVED not in violation.message:
            yield Flaw(violation.path, _told(violation, world), _replacing(violation))


@check(Severity.WARNING)
def deprecated_api(item: Object, world: World) -> Iterator[Flaw]:
    """An object is of a version of its API that will be served further."""
    from mistersmith_k8s.schemas import deprecation  # noqa: PLC0415 - start-up time

    version, kind = item.ref.api_version, item.ref.kind
    found = deprecation(version, kind, minors(world))
    if found:
        mend = f"Use {found.replacement}." if found.replacement else "Do without it."
        yield Flaw(("apiVersion",), found.message(version, kind), mend)


def minors(world: World) -> Sequence[str]:
    """The minors to check for: the newest one where none is chosen."""
    from mistersmith_k8s.schemas import MINORS  # noqa: PLC0415 - start-up time

    return world.setting.minors or MINORS[-1:]


@fact
def _custom(world: World) -> CustomSchemas:
    """The schemas of custom resources that the input defines, or that were given."""
    from mistersmith_k8s.schemas import crd_validators  # noqa: PLC0415 - start-up time

    own = (item.manifest for item in world.of(CRD))
    return crd_validators([*own, *world.setting.crds])


def _violations(item: Object, world: World) -> list[SchemaViolation]:
    from mistersmith_k8s.schemas import violations  # noqa: PLC0415 - start-up time

    return violations(item.manifest, minors(world), _custom(world))


def _unserved(item: Object, world: World) -> list[SchemaViolation]:
    """The violations that say that the kind is not served."""
    from mistersmith_k8s.schemas import NoSchemaError, served  # noqa: PLC0415 - start-up time

    ref = item.ref
    if not (ref.api_version and ref.kind) or set(minors(world)) <= set(
        served(ref.api_version, ref.kind)
    ):
        return []
    try:
        found = _violations(item, world)
    except NoSchemaError:
        return []
    return [violation for violation in found if violation.message.startswith(NO_MATCH)]


def _told(violation: SchemaViolation, world: World) -> str:
    """The message, with the minors that refuse where some of the chosen do not."""
    some = violation.minors if set(violation.minors) < set(minors(world)) else ()
    return f"{violation.message} (Kubernetes {', '.join(some)})" if some else violation.message


def _severity(item: Object, violation: SchemaViolation) -> Severity | None:
    kind, path = item.kind, violation.path
    if violation.message == REQUIRED and violation.minors and is_lenient(kind, path):
        return Severity.WARNING
    unknown = violation.message.startswith(UNKNOWN) and is_unread(kind, path)
    return Severity.WARNING if unknown else None


def _mend(violation: SchemaViolation) -> str:
    if violation.suggestion:
        return f"Use {violation.suggestion}."
    if violation.message.startswith(UNKNOWN):
        return "Remove it, or move it to where it belongs."
    return "Give it a value that its type allows."


def _replacing(violation: SchemaViolation) -> str:
    if violation.suggestion:
        return f"Use {violation.path[0]}: {violation.suggestion}."
    return "Remove the object: nothing takes its place."


CHECKS = (schema, removed_api, unknown_api, deprecated_api)
