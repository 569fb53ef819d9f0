"""Agreement by kind: figures that reports can show and tests can judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cluster.agreement import Verdict


class Tally(NamedTuple):
    """What came out for one kind.

    `refused` counts what the server refuses, `stateful` those of them that it refuses for what
    it holds; `agreed` counts what both take or both refuse. Reviewed differences count too.
    """

    kind: str
    mutants: int
    refused: int
    stateful: int
    agreed: int
    false_alarms: int
    misses: int


class Figures(NamedTuple):
    """Agreement of one run: what was compared, by kind and in all.

    Of the objects that the server refuses field by field and that are refused here too,
    `same_place` is the share for which both name a common field, `same_words` that for which
    they also say the same of it.
    """

    kubernetes: str
    seeds: tuple[int, ...]
    kinds: tuple[Tally, ...]
    total: Tally
    same_place: float
    same_words: float

    @property
    def miss_rate(self) -> float:
        """Share of what the server refuses for what it is given that is taken here."""
        return self.total.misses / max(self.total.refused - self.total.stateful, 1)

    def data(self) -> dict[str, object]:
        """The figures as JSON has them."""
        return {
            "kubernetes": self.kubernetes,
            "seeds": list(self.seeds),
            "kinds": [tally._asdict() for tally in self.kinds],
            "total": self.total._asdict(),
            "missRate": round(self.miss_rate, 5),
            "samePlace": round(self.same_place, 4),
            "sameWords": round(self.same_words, 4),
        }

    def table(self) -> str:
        """The figures by kind in Markdown."""
        head = "Kind | Mutants | Refused | Stateful | Agreed | False alarms | Misses"
        rows = [head, "--- | " + " | ".join(["---:"] * 6)]
        rows += [" | ".join(map(str, tally)) for tally in (*self.kinds, self.total)]
        return "".join(f"| {row} |\n" for row in rows)


def figures(kubernetes: str, seeds: Iterable[int], found: list[Verdict]) -> Figures:
    """The figures of a run."""
    by_kind: dict[str, list[Verdict]] = {}
    for verdict in found:
        by_kind.setdefault(verdict.kind, []).append(verdict)
    both = [verdict for verdict in found if verdict.causes and verdict.ours]
    return Figures(
        kubernetes,
        tuple(seeds),
        tuple(_tally(kind, by_kind[kind]) for kind in sorted(by_kind)),
        _tally("all", found),
        sum(verdict.same_place for verdict in both) / max(len(both), 1),
        sum(verdict.same_words for verdict in both) / max(len(both), 1),
    )


def _tally(kind: str, found: list[Verdict]) -> Tally:
    return Tally(
        kind=kind,
        mutants=len(found),
        refused=sum(bool(verdict.server) for verdict in found),
        stateful=sum(verdict.stateful for verdict in found),
        agreed=sum(verdict.agreed for verdict in found),
        false_alarms=sum(verdict.false_alarm for verdict in found),
        misses=sum(verdict.missed for verdict in found),
    )
