from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cluster.workloads import named, of_kind

if TYPE_CHECKING:
    from cluster.api import Api
    from cluster.live import Live
    from mistersmith_k8s.manifest import Manifest

NOBODY = "nobody"


def test_each_service_account_can_do_what_its_roles_list_and_nothing_else(live: Live) -> None:
    """What it may, beyond what anybody may who has no role at all."""
    found = {}
    for account in of_kind(live.manifests, "ServiceAccount"):
        namespace = account["metadata"]["namespace"]
        live.api.apply(service_account(NOBODY, namespace))
        everybody = allowed(live.api, service_account(NOBODY, namespace))
        mine = allowed(live.api, account)
        assert everybody <= mine
        found[named(account)] = (mine - everybody, listed(live.manifests, account))
    assert len(found) >= 3
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}


def test_no_pod_carries_a_token_that_no_role_needs(live: Live) -> None:
    """An account without a role has nothing to say to the API server."""
    pods = [pod for pod in live.api.list("v1", "Pod") if mounts_token(pod)]
    accounts = {(p["metadata"]["namespace"], p["spec"]["serviceAccountName"]) for p in pods}
    without_role = [
        account
        for account in of_kind(live.manifests, "ServiceAccount")
        if not listed(live.manifests, account)
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


def allowed(api: Api, account: Manifest) -> set[tuple[str, str, str, str]]:
    """What the API server lets an account do in its namespace: verb, group, resource, name."""
    namespace = account["metadata"]["namespace"]
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = api.do("POST", f"{api.path(account)}/token", wanted)["status"]["token"]
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    with api.as_user(token) as own:
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        status = own.do("POST", path, review)["status"]
    assert not status["incomplete"]
    return {permission for rule in status["resourceRules"] for permission in permissions(rule)}


def listed(manifests: tuple[Manifest, ...], account: Manifest) -> set[tuple[str, str, str, str]]:
    """What the Roles that ship and are bound to an account list for its namespace."""
    metadata = account["metadata"]
    subject = (metadata["namespace"], metadata["name"])
    bound = {
        (binding["roleRef"]["kind"], binding["roleRef"]["name"])
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for binding in of_kind(manifests, kind)
        for s in binding["subjects"]
        if (s.get("namespace"), s["name"]) == subject
        and binding["metadata"].get("namespace", subject[0]) == subject[0]
    }
    roles = (*of_kind(manifests, "Role"), *of_kind(manifests, "ClusterRole"))
    return {
        permission
        for role in roles
        if (role["kind"], role["metadata"]["name"]) in bound
        and role["metadata"].get("namespace", subject[0]) == subject[0]
        for rule in role["rules"]
        for permission in permissions(rule)
    }


def permissions(rule: Manifest) -> set[tuple[str, str, str, str]]:
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
