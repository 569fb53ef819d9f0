"""Whether the field layer and the API server say the same: `python -m cluster.agreement 20000`."""

from __future__ import annotations

import random
import secrets
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from cluster import reviewed
from cluster.control_plane import control_plane
from cluster.mutants import Mutant, mutants
from cluster.processes import eventually
from mistersmith_k8s.checks import examine, served
from mistersmith_k8s.checks.fields import CHECKS as FIELD_CHECKS
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.world import Object, Setting, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cluster.api import Api
    from cluster.reviewed import Reviewed
    from mistersmith_k8s.manifest import Manifest

KINDS = Path(__file__).with_name("kinds.yaml")
MINOR = "1.36"
THREADS = 8
SERVER_FAILED = 500


class Verdict(NamedTuple):
    """What both say of a mutant: their reasons to refuse it, empty where they take it."""

    mutant: Mutant
    server: str
    ours: str

    @property
    def agreed(self) -> bool:
        """Whether both take it or both refuse it."""
        return bool(self.server) == bool(self.ours)

    @property
    def false_alarm(self) -> bool:
        """Whether only we refuse it."""
        return bool(self.ours) and not self.server

    @property
    def stateful(self) -> bool:
        """Whether the server refuses it for what it holds."""
        return self._covered_by(reviewed.STATEFUL, self.server)

    @property
    def missed(self) -> bool:
        """Whether only the server refuses it, for what it was given."""
        return bool(self.server) and not self.ours and not self.stateful

    @property
    def unknown(self) -> bool:
        """Whether they differ, and nobody has looked at it yet."""
        if self.false_alarm:
            return not self._covered_by(reviewed.STRICTER, self.ours)
        return self.missed and not self._covered_by(reviewed.LAXER, self.server)

    def _covered_by(self, known: Iterable[Reviewed], said: str) -> bool:
        kind = str(self.mutant.manifest["kind"])
        return any(difference.covers(kind, said) for difference in known)

    def __str__(self) -> str:
        return (
            f"{self.mutant}\n    server: {self.server or 'taken'}\n    ours: {self.ours or 'taken'}"
        )


def seeds() -> list[Manifest]:
    """A valid object of each kind."""
    found: list[Manifest] = yaml.safe_load(KINDS.read_text(encoding="utf-8"))
    return found


def verdicts(api: Api, given: Iterable[Mutant]) -> list[Verdict]:
    """What both say of each mutant."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda mutant: verdict(api, mutant), given))


def verdict(api: Api, mutant: Mutant) -> Verdict:
    """What both say of one mutant."""
    return Verdict(mutant, refusal(api, mutant.manifest), finding(mutant.manifest))


def refusal(api: Api, manifest: Manifest) -> str:
    """Why the API server would refuse an object; empty where it would take it."""
    path = api.collection(manifest["apiVersion"], manifest["kind"], "default")
    answer = api.ask("POST", path, manifest, dryRun="All", fieldValidation="Strict")
    assert answer.status < SERVER_FAILED or answer.body.get("reason") in TOLD, answer
    return answer.message


TOLD = ("InternalError",)  # the server breaks on it: a refusal all the same


def finding(manifest: Manifest) -> str:
    """Why the schema and field layers refuse an object; empty where they take it."""
    world = World([Object(manifest)], Setting(minors=(MINOR,)))
    report = examine(world, (*served.CHECKS, *FIELD_CHECKS))
    errors = [found for found in report.findings if found.severity is Severity.ERROR]
    return "; ".join(map(str, errors))


def ready(api: Api) -> None:
    """The account that pods of the namespace run as is there."""
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    eventually("the default account is there", lambda: not api.ask("GET", account).refused)


def table(found: list[Verdict]) -> str:
    """Agreement by kind, in Markdown."""
    kinds = sorted({kind(v) for v in found})
    total = Counter(map(kind, found))
    columns = (
        Counter(kind(v) for v in found if v.server),
        Counter(kind(v) for v in found if v.stateful and not v.ours),
        Counter(kind(v) for v in found if v.false_alarm),
        Counter(kind(v) for v in found if v.missed),
    )
    head = "| Kind | Mutants | Refused by the server | Stateful | False alarms | Misses |\n"
    rows = (
        f"| {k} | {total[k]} | " + " | ".join(str(column[k]) for column in columns) + " |\n"
        for k in kinds
    )
    sums = " | ".join(str(sum(column.values())) for column in columns)
    return (
        head
        + "| --- |"
        + " ---: |" * 5
        + "\n"
        + "".join(rows)
        + f"| all | {len(found)} | {sums} |\n"
    )


def kind(found: Verdict) -> str:
    """API version and kind."""
    return f"{found.mutant.manifest['apiVersion']} {found.mutant.manifest['kind']}"


def main(number: int, seed: int) -> None:
    """Print every difference that nobody has looked at, then the table."""
    with tempfile.TemporaryDirectory() as folder, control_plane(Path(folder)) as plane:
        ready(plane.api)
        found = verdicts(plane.api, mutants(seeds(), number, random.Random(seed)))  # noqa: S311
    for disagreement in found:
        if disagreement.unknown:
            print(disagreement)
    print(f"\n{number} mutants, seed {seed}\n\n{table(found)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else secrets.randbelow(2**32))
