"""Environment variables: names, values, and where values come from.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidateEnv`, `ValidateEnvFrom`,
`validateEnvVarValueFrom`; pkg/api/pod/warnings.go for names that stand twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.downward import field_ref, resource_ref
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    invalid,
    later,
    missing,
    since,
    under,
    warning,
)
from mistersmith_k8s.checks.fields.formats import (
    config_key,
    dns_label,
    dns_subdomain,
    env_name,
    prefixed,
)
from mistersmith_k8s.checks.fields.paths import no_backsteps
from mistersmith_k8s.checks.fields.pods import Container, Pod, container_check
from mistersmith_k8s.checks.fields.rules import dicts, each, fields, given, new

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

ENV_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)

_key_ref = fields({"name": given(dns_subdomain), "key": given(config_key)}, needs=("key",))
_file_ref = fields(
    {"key": given(env_name), "volumeName": given(dns_label), "path": given(no_backsteps)},
    needs=("key", "volumeName", "path"),
)
_sources = {
    "fieldRef": field_ref(ENV_FIELDS),
    "resourceFieldRef": resource_ref(needs_container=False),
    "configMapKeyRef": _key_ref,
    "secretKeyRef": _key_ref,
    "fileKeyRef": new(minors.ENV_FILES, _file_ref),
}
_env = each(fields({"name": given(env_name), "valueFrom": fields(_sources)}, needs=("name",)))
_ref = fields({"name": given(prefixed(dns_subdomain))}, needs=("name",))
_env_from = each(
    fields({"prefix": given(env_name), "configMapRef": _ref, "secretRef": _ref}),
)


@container_check
def env_vars(container: Container, pod: Pod) -> Iterator[Fault]:
    """A variable has a name, and either a value or one source that names what it takes."""
    env = container.get("env")
    if not env:
        return
    yield from under(_env(env), "env")
    for index, var in dicts(env):
        source = var.get("valueFrom")
        if isinstance(source, dict):
            yield from under(_one_source(var, source), "env", index, "valueFrom")
            if source.get("fileKeyRef"):
                at = ("env", index, "valueFrom", "fileKeyRef", "volumeName")
                found = under(_file_volume(source["fileKeyRef"], pod), *at)
                yield from later(found, minors.ENV_FILES)


def _one_source(var: dict[str, Any], source: dict[str, Any]) -> Iterator[Fault]:
    present = [key for key in _sources if source.get(key) is not None]
    if not present:
        names = ", ".join(f"`{name}`" for name in list(_sources)[:3])
        detail = f"must specify one of: {names} or `secretKeyRef`"
        yield invalid("", detail, "Set one source, or give a value.")
    elif var.get("value"):
        detail = "may not be specified when `value` is not empty"
        yield invalid("", detail, "Keep value or valueFrom.")
    elif len(present) > 1:
        detail = "may not have more than one field specified at a time"
        fault = invalid("", detail, "Keep one source.", (present[1],))
        yield since(fault, minors.ENV_FILES) if present[1] == "fileKeyRef" else fault
    for name in ("configMapKeyRef", "secretKeyRef"):
        ref = source.get(name)
        if isinstance(ref, dict) and ref.get("name") in (None, ""):
            yield from under(dns_subdomain(""), name, "name")


def _file_volume(ref: Any, pod: Pod) -> Iterator[Fault]:
    name = ref.get("volumeName") if isinstance(ref, dict) else None
    if not isinstance(name, str) or not name:
        return
    found = [v for _, v in dicts(pod.spec.get("volumes")) if v.get("name") == name]
    if not found:
        yield missing(name, "Add an emptyDir volume of this name.")
    elif found[0].get("emptyDir") is None:
        yield invalid(name, "referenced volume must be of type emptyDir", "Use an emptyDir.")


@container_check
def env_from(container: Container, _: Pod) -> Iterator[Fault]:
    """A source of many variables is one ConfigMap or one Secret, by name."""
    sources = container.get("envFrom")
    if not sources:
        return
    yield from under(_env_from(sources), "envFrom")
    for index, source in dicts(sources):
        given_refs = [key for key in ("configMapRef", "secretRef") if source.get(key) is not None]
        if not given_refs:
            detail = "must specify one of: `configMapRef` or `secretRef`"
            yield invalid("", detail, "Name a ConfigMap or a Secret.", ("envFrom", index))
        elif len(given_refs) > 1:
            detail = "may not have more than one field specified at a time"
            yield invalid("", detail, "Write one item for each.", ("envFrom", index))


@container_check
def env_var_twice(container: Container, _: Pod) -> Iterator[Fault]:
    """A variable stands once: the last one hides the first, and server-side apply refuses."""
    seen: set[str] = set()
    for index, var in dicts(container.get("env")):
        name = var.get("name")
        if isinstance(name, str) and name:
            if name in seen:
                yield warning(duplicate(name, ("env", index, "name")))
            seen.add(name)


CHECKS = (env_vars, env_from, env_var_twice)
