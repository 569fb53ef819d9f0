"""Flow schemas and priority levels of the API server.

Source: pkg/apis/flowcontrol/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, under, unsupported
from mistersmith_k8s.checks.fields.formats import dns_label, dns_subdomain
from mistersmith_k8s.checks.fields.rules import (
    at_least,
    between,
    dicts,
    field_check,
    fields,
    given,
    is_int,
    natural,
    needs_value,
    old,
    pick,
    strings,
    struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

SOME = "must contain at least one value"
SOME_NAMESPACE = "resource rules that are not cluster scoped must supply at least one namespace"
GROUP = "flowcontrol.apiserver.k8s.io"
LAST_PRECEDENCE = 10000
VERBS = (
    *("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update"),
    "watch",
)
SUBJECTS = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}
MOST_QUEUES, QUEUES, HAND_SIZE = 10**7, 64, 8
HASH_BITS = 60
_schema = fields(
    {
        "distinguisherMethod": fields({"type": pick("ByNamespace", "ByUser")}, needs=("type",)),
        "priorityLevelConfiguration": fields({"name": given(dns_subdomain)}, needs=("name",)),
    },
    needs=("priorityLevelConfiguration",),
)


@field_check(GROUP, "FlowSchema")
def flow_schema_fields(manifest: Any) -> Iterator[Fault]:
    """A schema names its priority level, and rules with subjects."""
    spec, name = struct(manifest.get("spec")), struct(manifest.get("metadata")).get("name")
    yield from under(_schema(spec), "spec")
    precedence = spec.get("matchingPrecedence")
    at = ("spec", "matchingPrecedence")
    if is_int(precedence) and precedence != 0:
        yield from under(between(1, LAST_PRECEDENCE)(precedence), *at)
        if precedence == 1 and name != "exempt":
            detail = "only the schema named 'exempt' may have matchingPrecedence 1"
            yield invalid(1, detail, "Use 2 or more.", at)
    for index, rule in dicts(spec.get("rules")):
        yield from under(_rule(rule), "spec", "rules", index)


def _rule(rule: dict[str, Any]) -> Iterator[Fault]:
    if not rule.get("subjects"):
        yield required("subjects must contain at least one value", path=("subjects",))
    for index, subject in dicts(rule.get("subjects")):
        yield from under(_subject(subject), "subjects", index)
    if not rule.get("resourceRules") and not rule.get("nonResourceRules"):
        detail = "at least one of resourceRules and nonResourceRules has to be non-empty"
        yield required(detail, "Add a rule.")
    for index, item in dicts(rule.get("resourceRules")):
        yield from under(_resource_rule(item), "resourceRules", index)
    for index, item in dicts(rule.get("nonResourceRules")):
        yield from under(_verbs(item), "nonResourceRules", index)
        urls = item.get("nonResourceURLs")
        at = ("nonResourceRules", index, "nonResourceURLs")
        yield from under(_starred(urls, f"nonResourceURLs {SOME}", "non-resource URLs"), *at)
        for place, url in strings(urls):
            if url != "*":
                yield from under(_url(url), *at, place)


def _subject(subject: dict[str, Any]) -> Iterator[Fault]:
    kind = subject.get("kind")
    yield from needs_value(kind, tuple(SUBJECTS), ("kind",))
    if str(kind) not in SUBJECTS:
        return
    for other, name in SUBJECTS.items():
        value = subject.get(name)
        if other == kind and value is None:
            yield required(f"{name} is required when subject kind is '{kind}'", path=(name,))
        elif other != kind and value is not None:
            detail = f"{name} is forbidden when subject kind is not '{other}'"
            yield forbidden(detail, f"Remove {name}.", (name,))
    own = SUBJECTS[str(kind)]
    yield from under(_OWN[own](subject.get(own)), own)


_named = fields({}, needs=("name",))
_OWN = {
    "group": _named,
    "user": _named,
    "serviceAccount": fields(
        {
            "name": lambda v: () if v in ("", "*") else dns_subdomain(v),
            "namespace": given(dns_label),
        },
        needs=("name", "namespace"),
    ),
}


def _starred(value: Any, needed: str, what: str) -> Iterator[Fault]:
    """A list that is not empty, in which a star stands alone."""
    if value in (None, []):
        yield required(needed, "Name one, or write '*'.")
    elif isinstance(value, list) and "*" in value and len(value) > 1:
        detail = f"if '*' is present, must not specify other {what}"
        yield invalid(value, detail, "Keep the star alone.")


def _verbs(rule: dict[str, Any]) -> Iterator[Fault]:
    yield from under(_starred(rule.get("verbs"), f"verbs {SOME}", "verbs"), "verbs")
    verbs = list(strings(rule.get("verbs")))
    if "*" not in [verb for _, verb in verbs]:
        for index, verb in verbs:
            if verb not in VERBS:
                yield unsupported(verb, VERBS, ("verbs", index))


def _resource_rule(rule: dict[str, Any]) -> Iterator[Fault]:
    yield from _verbs(rule)
    for name, what in (("apiGroups", "api group"), ("resources", "resource")):
        needed = f"resource rules must supply at least one {what}"
        yield from under(_starred(rule.get(name), needed, f"{what}s"), name)
    namespaces = rule.get("namespaces")
    if namespaces or rule.get("clusterScope") is not True:
        yield from under(_starred(namespaces, SOME_NAMESPACE, "namespaces"), "namespaces")
    if "*" not in [name for _, name in strings(namespaces)]:
        for index, name in strings(namespaces):
            yield from under(dns_label(name), "namespaces", index)


def _url(value: str) -> Iterator[Fault]:
    wrong = ""
    if not value:
        wrong = "must not be empty"
    elif not value.startswith("/"):
        wrong = "must start with slash"
    elif " " in value:
        wrong = "must not contain white-space"
    elif "//" in value:
        wrong = "must not contain double slash"
    elif ("*" in value and not value.endswith("/*")) or "*" in value[:-1]:
        wrong = "wildcard can only do suffix matching"
    if wrong:
        yield invalid(value, wrong, "Write a path such as /healthz or /api/*.")


_percent = between(0, 100)
_limited = fields(
    {
        "nominalConcurrencyShares": old(
            minors.SOME_SHARES, at_least(1, "must be positive"), natural
        ),
        "assuredConcurrencyShares": natural,
        "lendablePercent": _percent,
        "borrowingLimitPercent": natural,
    }
)
_exempt = fields({"nominalConcurrencyShares": natural, "lendablePercent": _percent})


@field_check(GROUP, "PriorityLevelConfiguration")
def priority_level_fields(manifest: Any) -> Iterator[Fault]:
    """A level is limited, unless it is the one that is exempt."""
    spec, name = struct(manifest.get("spec")), struct(manifest.get("metadata")).get("name")
    kind, limited, exempt = (spec.get(key) for key in ("type", "limited", "exempt"))
    yield from needs_value(kind, ("Exempt", "Limited"), ("spec", "type"))
    if (name == "exempt") != (kind == "Exempt") and kind in ("Exempt", "Limited"):
        detail = "must be 'Exempt' if and only if `name` is 'exempt'"
        yield invalid(kind, detail, "Use Limited.", ("spec", "type"))
    if kind == "Exempt" and limited is not None:
        detail = "must be nil if the type is not Limited"
        yield forbidden(detail, "Remove it.", ("spec", "limited"))
    if kind == "Limited":
        if exempt is not None:
            detail = "must be nil if the type is Limited"
            yield forbidden(detail, "Remove it.", ("spec", "exempt"))
        if limited is None:
            detail = "must not be empty when type is Limited"
            yield required(detail, path=("spec", "limited"))
        yield from under(_limited(limited), "spec", "limited")
        response = struct(limited).get("limitResponse")
        yield from under(_response(struct(response)), "spec", "limited", "limitResponse")
    elif kind == "Exempt":
        yield from under(_exempt(exempt), "spec", "exempt")


def _response(response: dict[str, Any]) -> Iterator[Fault]:
    kind, queuing = response.get("type"), response.get("queuing")
    yield from needs_value(kind, ("Queue", "Reject"), ("type",))
    if kind == "Reject" and queuing is not None:
        detail = "must be nil if limited.limitResponse.type is not Limited"
        yield forbidden(detail, "Remove it.", ("queuing",))
    elif kind == "Queue" and queuing is None:
        detail = "must not be empty if limited.limitResponse.type is Limited"
        yield required(detail, path=("queuing",))
    elif kind == "Queue":
        yield from under(_queuing(struct(queuing)), "queuing")


def _queuing(queuing: dict[str, Any]) -> Iterator[Fault]:
    positive = at_least(1, "must be positive")
    queues, hand = queuing.get("queues") or QUEUES, queuing.get("handSize") or HAND_SIZE
    for name in ("queueLengthLimit", "queues", "handSize"):
        value = queuing.get(name)
        yield from under(positive(value) if value else (), name)
    if not is_int(queues) or not is_int(hand):
        return
    if queues > MOST_QUEUES:
        detail = f"must not be greater than {MOST_QUEUES}"
        yield invalid(queues, detail, "Lower it.", ("queues",))
    if hand > queues > 0:
        detail = f"should not be greater than queues ({queues})"
        yield invalid(hand, detail, "Lower it.", ("handSize",))
    elif min(queues, hand) > 0 and _bits(queues, hand) > HASH_BITS:
        detail = f"required entropy bits of deckSize {queues} and handSize {hand}"
        detail = f"{detail} should not be greater than {HASH_BITS}"
        yield invalid(hand, detail, "Lower it.", ("handSize",))


def _bits(deck: int, hand: int) -> int:
    """How many bits of a hash it takes to deal a hand from a deck."""
    return math.ceil(math.log2(deck) * hand)


CHECKS = (flow_schema_fields, priority_level_fields)
