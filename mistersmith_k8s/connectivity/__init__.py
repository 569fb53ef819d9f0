"""Who reaches whom: the connections that NetworkPolicies allow, computed from manifests.

The text forms are those of np-guard's `list`, with ranges of addresses merged. Manifests are all
there is, so some things are settled by convention; `allowed` says "unknown" where one decides:

- Pods have the labels of their template, not those that controllers add at run time.
- Blocks of addresses mean what is outside of the cluster, never pods.
- Pods in the host network are treated as any others.

An object is shown under its controller, and that under its own as far as the manifests have it.
A workload with different pods reaches, and is reached on, what any of them is. Named ports are
those of containers and native sidecars. What the API server would refuse allows nothing.
"""

from mistersmith_k8s.connectivity.addresses import External
from mistersmith_k8s.connectivity.connections import Connection, connections, reachable_ports
from mistersmith_k8s.connectivity.dead import DeadRule, dead_rules
from mistersmith_k8s.connectivity.fields import Problem, path_text
from mistersmith_k8s.connectivity.policies import Policy
from mistersmith_k8s.connectivity.ports import Ports
from mistersmith_k8s.connectivity.render import render_dot, render_json, render_md, render_txt
from mistersmith_k8s.connectivity.universe import Universe, universe
from mistersmith_k8s.connectivity.verdicts import ConnectivityError, Decision, Verdict, allowed
from mistersmith_k8s.connectivity.workloads import Workload

__all__ = [
    "Connection",
    "ConnectivityError",
    "DeadRule",
    "Decision",
    "External",
    "Policy",
    "Ports",
    "Problem",
    "Universe",
    "Verdict",
    "Workload",
    "allowed",
    "connections",
    "dead_rules",
    "path_text",
    "reachable_ports",
    "render_dot",
    "render_json",
    "render_md",
    "render_txt",
    "universe",
]
