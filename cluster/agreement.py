"""Whether the schema and field layers say the same as the API server.

`python -m cluster.agreement --mutants 20000 --seed 1` prints each difference that nobody has
looked at, then the figures by kind; `--json FILE` keeps the figures.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from cluster import reviewed
from cluster.api import Answer
from cluster.control_plane import control_plane
from cluster.mutants import Mutant, mutants
from cluster.processes import eventually
from cluster.tally import figures
from mistersmith_k8s.checks import INDEX, examine, load
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.world import Object, Setting, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cluster.api import Api
    from cluster.reviewed import Reviewed
    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.manifest import Manifest

KINDS = Path(__file__).with_name("kinds.yaml")
MINOR = "1.36"
THREADS = 8
SERVER_FAILED = 500
TOLD = ("InternalError",)  # the server breaks on it: a refusal all the same
# The API server looks at the labels of Pod Security too, by the admission plugin of that name.
CHECKS = load(
    name
    for name, place in INDEX.items()
    if place.module.startswith(("served", "fields.")) or name == "pod-security-labels"
)
Said = tuple[str, str]  # a field and what is wrong with it


class Verdict(NamedTuple):
    """What both say of a mutant: their reasons to refuse it, empty where they take it.

    `causes` and `findings` are the same reasons field by field, where there are such.
    """

    mutant: Mutant
    server: str
    ours: str
    causes: frozenset[Said] = frozenset()
    findings: frozenset[Said] = frozenset()

    @property
    def kind(self) -> str:
        """API version and kind."""
        return f"{self.mutant.manifest['apiVersion']} {self.mutant.manifest['kind']}"

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
        """Whether only the server refuses it, and for what it holds."""
        return not self.ours and self._covered_by(reviewed.STATEFUL, self.server)

    @property
    def missed(self) -> bool:
        """Whether only the server refuses it, for what it was given."""
        return bool(self.server) and not self.ours and not self.stateful

    @property
    def same_place(self) -> bool:
        """Whether both name a common field."""
        return not {field for field, _ in self.causes}.isdisjoint(f for f, _ in self.findings)

    @property
    def same_words(self) -> bool:
        """Whether both say the same of a common field, but for the server's examples."""
        return any(
            place == field and said.startswith(ours)
            for place, said in self.causes
            for field, ours in self.findings
        )

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
    """Valid objects of each kind."""
    found: list[Manifest] = yaml.safe_load(KINDS.read_text(encoding="utf-8"))
    return found


def verdicts(api: Api, given: Iterable[Mutant]) -> list[Verdict]:
    """What both say of each mutant."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda mutant: verdict(api, mutant), given))


def compared(api: Api, number: int, seed: int) -> list[Verdict]:
    """What both say of so many mutants."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    return verdicts(api, mutants(seeds(), number, chance, lambda manifest: not finding(manifest)))


def verdict(api: Api, mutant: Mutant) -> Verdict:
    """What both say of one mutant."""
    answer, ours = answered(api, mutant.manifest), findings(mutant.manifest)
    said = frozenset((found.field, found.message) for found in ours)
    return Verdict(mutant, answer.message, _told(ours), causes(answer), said)


def answered(api: Api, manifest: Manifest) -> Answer:
    """What the API server would say to an object."""
    path = api.collection(manifest["apiVersion"], manifest["kind"], "default")
    try:
        answer = api.ask("POST", path, manifest, dryRun="All", fieldValidation="Strict")
    except HTTPException as broken:  # the server broke on it, and said nothing
        return Answer(SERVER_FAILED, {"message": f"{broken}", "reason": TOLD[0]}, ())
    assert answer.status < SERVER_FAILED or answer.body.get("reason") in TOLD, answer
    return answer


def causes(answer: Answer) -> frozenset[Said]:
    """Field by field, why the API server refuses; empty where it takes, or names no field."""
    details = answer.body.get("details") or {} if answer.refused else {}
    said = details.get("causes") or ()
    return frozenset((cause.get("field", ""), cause.get("message", "")) for cause in said)


def refusal(api: Api, manifest: Manifest) -> str:
    """Why the API server would refuse an object; empty where it would take it."""
    return answered(api, manifest).message


def findings(manifest: Manifest) -> list[Finding]:
    """Why the schema and field layers refuse an object."""
    report = examine(World([Object(manifest)], Setting(minors=(MINOR,))), CHECKS)
    return [found for found in report.findings if found.severity is Severity.ERROR]


def finding(manifest: Manifest) -> str:
    """Why the schema and field layers refuse an object; empty where they take it."""
    return _told(findings(manifest))


def _told(found: list[Finding]) -> str:
    return "; ".join(map(str, found))


def ready(api: Api) -> None:
    """The account that pods of the namespace run as is there."""
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    eventually("the default account is there", lambda: not api.ask("GET", account).refused)


def main(number: int, chosen: list[int], file: Path | None) -> None:
    """Print every difference that nobody has looked at, then the table."""
    found: list[Verdict] = []
    with tempfile.TemporaryDirectory() as folder, control_plane(Path(folder)) as plane:
        ready(plane.api)
        version = plane.api.do("GET", "/version")["gitVersion"]
        for seed in chosen:
            found += compared(plane.api, number // len(chosen), seed)
    for verdict in found:
        if verdict.unknown:
            print(verdict)
    result = figures(version, chosen, found)
    print(f"\n{len(found)} mutants, seeds {chosen}, Kubernetes {version}\n\n{result.table()}")
    print(
        f"missed {result.miss_rate:.2%} of what the server refuses, "
        f"same place {result.same_place:.1%}, same words {result.same_words:.1%}"
    )
    if file:
        file.write_text(json.dumps(result.data(), indent=2) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=20_000, help="how many, over all seeds")
    parser.add_argument("--seed", type=int, action="append", help="may be given more than once")
    parser.add_argument("--json", type=Path, help="file to keep the figures in")
    return parser.parse_args()


if __name__ == "__main__":
    told = _arguments()
    main(told.mutants, told.seed or [secrets.randbelow(2**32)], told.json)
