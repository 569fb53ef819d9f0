"""The connections of universes as network-config-analyzer sees them, in the words of ours.

What it reads otherwise than Kubernetes is rewritten before it reads it, one reviewed difference
by one; nothing is left out of the comparison.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.connectivity import External, Ports, intervals
from mistersmith_k8s.connectivity.ports import ALL, EVERY_PORT, NONE
from tests.connectivity_universes import LABELS, Object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mistersmith_k8s.connectivity.intervals import Interval

Table = dict[tuple[str, str], Ports]

ADDRESSES = re.compile(r"[\d.]+(-[\d.]+)?")
CONNECTION = re.compile(r"\{protocols:([A-Z, ]+)(?:,dst_ports:([\d,-]+))?\}")


def tables(universes: Sequence[list[Object]]) -> list[Table]:
    """What the analyzer finds in each universe, all of them in one process."""
    batch = json.dumps([[_for_analyzer(item) for item in one] for one in universes])
    command = [sys.executable, "-m", "tests.nca_batch"]
    run = subprocess.run(command, input=batch, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [_table(json.loads(line)) for line in run.stdout.splitlines()]


def _for_analyzer(item: Object) -> Object:
    """The object, written in the part of the language that the analyzer reads as Kubernetes does.

    - It takes a label that is absent for one with an empty value: empty values get a name.
    - In a peer of another namespace, `Exists` and `DoesNotExist` on pod labels find no pod: they
      become `In` and `NotIn` with every value that there is.
    - An empty `egress` without `policyTypes` isolates, and a section that `policyTypes` does not
      list is refused: types are spelled out, and sections that have no effect are left out.
    """
    if item["kind"] == "NetworkPolicy":
        spec = dict(item["spec"])
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        for section in {"Ingress", "Egress"}.difference(types):
            spec.pop(section.lower(), None)
        item = {**item, "spec": {**spec, "policyTypes": types}}
    rewritten: Object = _rewritten(item, on_pods=False)
    return rewritten


def _rewritten(value: Any, *, on_pods: bool) -> Any:
    if isinstance(value, list):
        return [_rewritten(item, on_pods=on_pods) for item in value]
    if not isinstance(value, dict):
        return "none" if value == "" else value
    if on_pods and value.get("operator") in {"Exists", "DoesNotExist"}:
        operator = "In" if value["operator"] == "Exists" else "NotIn"
        values = [one or "none" for one in LABELS[value["key"]]]
        return {"key": value["key"], "operator": operator, "values": values}
    return {k: _rewritten(v, on_pods=on_pods or k == "podSelector") for k, v in value.items()}


def _table(text: str) -> Table:
    """The ports of each pair; neighbouring addresses with the same ports are one range."""
    found: defaultdict[tuple[str, str], Ports] = defaultdict(lambda: NONE)
    for line in text.splitlines():
        src, dst, connection = re.split(" => | : ", line)
        found[src, dst] |= _ports(connection)
    ranges: defaultdict[tuple[str, bool, Ports], list[Interval]] = defaultdict(list)
    table: Table = {}
    for (src, dst), ports in found.items():
        if ADDRESSES.fullmatch(src):
            ranges[dst, True, ports].append(_interval(src))
        elif ADDRESSES.fullmatch(dst):
            ranges[src, False, ports].append(_interval(dst))
        else:
            table[src, dst] = ports
    for (workload, inbound, ports), addresses in ranges.items():
        for first, last in intervals.normal(addresses):
            outside = str(External(4, first, last))
            table[(outside, workload) if inbound else (workload, outside)] = ports
    return table


def _interval(text: str) -> Interval:
    first, _, last = text.partition("-")
    return int(ip_address(first)), int(ip_address(last or first))


def _ports(text: str) -> Ports:
    """Ports of TCP, UDP and SCTP: it knows more protocols, policies do not."""
    if text == "All connections":
        return ALL
    match = CONNECTION.fullmatch(text)
    assert match, text
    ranges = [
        tuple(map(int, (one.split("-") * 2)[:2])) for one in (match[2] or "").split(",") if one
    ]
    found = NONE
    for protocol in match[1].split(", "):
        found |= Ports.of(protocol, *((a, b) for a, b in ranges or EVERY_PORT))
    return found
