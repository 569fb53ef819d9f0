from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cluster.processes import eventually
from cluster.workloads import named, of_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster.api import Api
    from cluster.live import Live
    from mistersmith_k8s.manifest import Manifest

NOBODY = "nobody"
Permission = tuple[str, str, str, str]  # verb, group, resource, name


def test_each_service_account_can_do_what_its_roles_list_and_nothing_else(live: Live) -> None:
    """What it may in every namespace, beyond what anybody may who has no role at all."""
    api, found = live.api, {}
    namespaces = [n["metadata"]["name"] for n in api.list("v1", "Namespace")]
    for account in of_kind(live.manifests, "ServiceAccount"):
        everybody = api.apply(service_account(NOBODY, account["metadata"]["namespace"]))
        for namespace in namespaces:
            mine = allowed(api, account, namespace) - allowed(api, everybody, namespace)
            expected = listed(live.manifests, account, namespace)
            found[named(account), namespace] = (mine, expected)
    assert len(found) >= 3 * len(namespaces)
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}


def test_what_a_role_lists_would_be_seen(live: Live) -> None:
    """No account has a role here: that nothing is found must come of that."""
    namespace = of_kind(live.manifests, "Namespace")[0]["metadata"]["name"]
    account = live.api.apply(service_account("somebody", namespace))
    before = allowed(live.api, account, namespace)
    given = role("somebody", namespace)
    for manifest in given:
        live.api.apply(manifest)
    seen = {("get", "", "pods", ""), ("list", "", "pods", "")}
    assert listed(given, account, namespace) == seen
    eventually(
        "the role is in force", lambda: allowed(live.api, account, namespace) - before == seen
    )
    for manifest in (*given, account):
        live.api.delete(manifest)


def test_no_pod_carries_a_token_that_no_role_needs(live: Live) -> None:
    """An account without a role has nothing to say to the API server."""
    pods = [pod for pod in live.api.list("v1", "Pod") if mounts_token(pod)]
    accounts = {(p["metadata"]["namespace"], p["spec"]["serviceAccountName"]) for p in pods}
    without_role = [
        account
        for account in of_kind(live.manifests, "ServiceAccount")
        if not listed(live.manifests, account, account["metadata"]["namespace"])
    ]
    names = {(a["metadata"]["namespace"], a["metadata"]["name"]) for a in without_role}
    assert accounts & names == set()


PRIVILEGED = {"privileged": True}
LOCKED_DOWN = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.mark.parametrize("context", [PRIVILEGED, {}, LOCKED_DOWN], ids=["rogue", "lax", "strict"])
def test_each_namespace_refuses_what_its_labels_forbid(live: Live, context: Any) -> None:
    """Privileged pods nowhere, unrestricted pods where the level is baseline, others everywhere."""
    for namespace in of_kind(live.manifests, "Namespace"):
        name = namespace["metadata"]["name"]
        level = namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        path = f"/api/v1/namespaces/{name}/pods"
        answer = live.api.ask("POST", path, pod(context), dryRun="All")
        forbidden = {"restricted": (PRIVILEGED, {}), "baseline": (PRIVILEGED,)}[level]
        assert answer.refused == (context in forbidden), answer.message
        assert (f'violates PodSecurity "{level}:v1.37"' in answer.message) == answer.refused
        assert bool(answer.warnings) == (context == {} and level == "baseline")


def allowed(api: Api, account: Manifest, namespace: str) -> set[Permission]:
    """What the API server lets an account do in a namespace."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    with api.as_user(token(api, account)) as own:
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        status = own.do("POST", path, review)["status"]
    assert not status["incomplete"]
    return {permission for rule in status["resourceRules"] for permission in permissions(rule)}


def token(api: Api, account: Manifest) -> str:
    """A token of an account, as its pods get one."""
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    return str(api.do("POST", f"{api.path(account)}/token", wanted)["status"]["token"])


def listed(manifests: Sequence[Manifest], account: Manifest, namespace: str) -> set[Permission]:
    """What the Roles that are bound to an account list for a namespace."""
    bound = {
        (reference["kind"], reference["name"])
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for binding in of_kind(manifests, kind)
        for reference in [binding["roleRef"]]
        if holds_in(binding, namespace)
        for subject in binding["subjects"]
        if f"{subject.get('namespace', '')}/{subject['name']}" == named(account)
    }
    return {
        permission
        for kind in ("Role", "ClusterRole")
        for role in of_kind(manifests, kind)
        if (kind, role["metadata"]["name"]) in bound and holds_in(role, namespace)
        for rule in role["rules"]
        for permission in permissions(rule)
    }


def holds_in(manifest: Manifest, namespace: str) -> bool:
    """Whether a role or binding says something about a namespace."""
    return bool(manifest["metadata"].get("namespace", namespace) == namespace)


def permissions(rule: Manifest) -> set[Permission]:
    """Each verb on each resource that a rule lists."""
    return {
        (verb, group, resource, name)
        for verb in rule["verbs"]
        for group in rule.get("apiGroups", [])
        for resource in rule.get("resources", [])
        for name in rule.get("resourceNames") or [""]
    }


def mounts_token(pod: Manifest) -> bool:
    """Whether the API server put a token into the pod."""
    return any("projected" in volume for volume in pod["spec"].get("volumes", ()))


def service_account(name: str, namespace: str) -> Manifest:
    """An account without any role."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def role(account: str, namespace: str) -> tuple[Manifest, Manifest]:
    """A role that reads pods, and its binding to an account."""
    group, metadata = "rbac.authorization.k8s.io", {"name": "reader", "namespace": namespace}
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    reference = {"apiGroup": group, "kind": "Role", "name": "reader"}
    given = {"apiVersion": f"{group}/v1", "metadata": metadata}
    return (
        {**given, "kind": "Role", "rules": [rule]},
        {**given, "kind": "RoleBinding", "subjects": [subject], "roleRef": reference},
    )


def pod(security_context: Any) -> Manifest:
    """A pod that a quota lets in, with a security context."""
    amounts = {"cpu": "100m", "memory": "128Mi"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "candidate"},
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "registry.example.com/candidate:1",
                    "resources": {"requests": amounts, "limits": amounts},
                    "securityContext": security_context,
                }
            ]
        },
    }
