"""Events, as the API server takes them from those who report.

Source: pkg/apis/core/validation/events.go of k8s.io/kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import invalid, required, under
from mistersmith_k8s.checks.fields.formats import qualified_name
from mistersmith_k8s.checks.fields.rules import is_int, object_check, pick, struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.world import Object

GROUP = "events.k8s.io"
ZERO = "0001-01-01T00:00:00Z"
LENGTHS = {"reportingInstance": 128, "action": 128, "reason": 128}
NOTE_LENGTH = 1024
# What the group took over from the core only to show it.
OLD = ("deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedCount")
NAMELESS = ("", "default")
UNBOUND = ("default", "kube-system")


@object_check("Event")
def event_fields(item: Object) -> Iterator[Fault]:
    """An event says who reports what, of an object in its own namespace."""
    event = item.manifest
    if item.ref.group not in ("", GROUP):
        return
    grouped = item.ref.group == GROUP
    timed = event.get("eventTime") not in (None, ZERO)
    yield from _namespace(event, "regarding" if grouped else "involvedObject", timed=timed)
    if timed:
        yield from _reported(event, grouped=grouped)
    if grouped:
        yield from _strict(event, timed=timed)


def _namespace(event: Any, name: str, *, timed: bool) -> Iterator[Fault]:
    """Objects without a namespace are reported in one of two; others in their own."""
    own = struct(event.get("metadata")).get("namespace")
    found = struct(event.get(name)).get("namespace") or ""
    if not isinstance(own, str) or not isinstance(found, str) or not own:
        return  # it is given when the event is made
    allowed = UNBOUND if timed else NAMELESS
    if (not found and own not in allowed) or (found and not timed and found != own):
        detail = "does not match event.namespace"
        yield invalid(found, detail, f"Use {own}.", (name, "namespace"))


def _reported(event: Any, *, grouped: bool) -> Iterator[Fault]:
    reporter = "reportingController" if grouped else "reportingComponent"
    for name in (reporter, *LENGTHS):
        if event.get(name) in (None, ""):
            yield required(path=(name,))
    yield from under(qualified_name(event.get(reporter) or ""), reporter)
    note = "note" if grouped else "message"
    for name, most in {**LENGTHS, note: NOTE_LENGTH}.items():
        value = event.get(name)
        if isinstance(value, str) and len(value.encode("utf-8", "replace")) > most:
            yield invalid("", f"can have at most {most} characters", "Write less.", (name,))


def _strict(event: Any, *, timed: bool) -> Iterator[Fault]:
    if not timed:
        yield required(path=("eventTime",))
    yield from under(pick("Normal", "Warning")(event.get("type") or ""), "type")
    for name in OLD:
        if event.get(name) not in (None, 0, ZERO):
            yield invalid("", "needs to be unset", "Remove it.", (name,))
    source = struct(event.get("deprecatedSource"))
    if source.get("component") or source.get("host"):
        yield invalid("", "needs to be unset", "Remove it.", ("deprecatedSource",))
    series = event.get("series")
    if isinstance(series, dict):
        count = series.get("count") or 0
        if is_int(count) and count <= 1:
            yield invalid("", "should be at least 2", "Remove series.", ("series", "count"))
        if series.get("lastObservedTime") in (None, ZERO):
            yield required(path=("series", "lastObservedTime"))


CHECKS = (event_fields,)
