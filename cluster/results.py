"""What a run of the tests left behind: which laws held, in how many cases, and their figures."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Case(NamedTuple):
    """One test with its parameters, and what it noted."""

    file: str
    name: str
    seconds: float
    held: bool
    figures: dict[str, Any]

    @property
    def law(self) -> str:
        """The name of the test in words, without its parameters."""
        return self.name.partition("[")[0].removeprefix("test_").replace("_", " ")

    @property
    def parameters(self) -> str:
        """What stands in brackets."""
        return self.name.partition("[")[2].removesuffix("]")


class Results(NamedTuple):
    """All cases of a run."""

    cases: tuple[Case, ...]

    @property
    def failed(self) -> list[str]:
        """The tests that did not hold."""
        return [f"{case.file}: {case.name}" for case in self.cases if not case.held]

    @property
    def seconds(self) -> float:
        """How long all of them took."""
        return sum(case.seconds for case in self.cases)

    def noting(self, figure: str) -> Iterator[Case]:
        """The cases that noted a figure."""
        return (case for case in self.cases if figure in case.figures)

    def figure(self, name: str) -> Any:
        """The figure that one case noted."""
        (case,) = self.noting(name)
        return case.figures[name]


def results(file: Path) -> Results:
    """The results in a file of `pytest --junitxml`."""
    root = ET.parse(file).getroot()  # noqa: S314 - our own file
    return Results(tuple(map(_case, root.iter("testcase"))))


def _case(element: ET.Element) -> Case:
    attributes = element.attrib
    return Case(
        attributes["classname"].rpartition(".")[2],
        attributes["name"],
        float(attributes["time"]),
        not any(element.find(tag) is not None for tag in ("failure", "error", "skipped")),
        {p.attrib["name"]: json.loads(p.attrib["value"]) for p in element.iter("property")},
    )
