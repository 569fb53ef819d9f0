"""Fields of a manifest: read by shape, with their path, and with a note of what is not right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

Path: TypeAlias = tuple[str | int, ...]

NOTHING: Mapping[str, Any] = {}


class Problem(NamedTuple):
    """Something that the API server would refuse, or that this analysis does not cover.

    What is wrong counts as absent: the rest of the object is still evaluated.
    """

    kind: str
    namespace: str
    name: str
    path: Path
    message: str

    def __str__(self) -> str:
        place = f": {path_text(self.path)}" if self.path else ""
        return f"{self.kind} {self.namespace}/{self.name}{place}: {self.message}"


def path_text(path: Path) -> str:
    """A path as the API server writes it, such as `spec.ingress[0].from`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).lstrip(".")


class Field:
    """One value of a manifest. `problems` is shared by all fields of all manifests."""

    __slots__ = ("path", "problems", "subject", "value")

    def __init__(
        self,
        value: Any,
        problems: list[Problem],
        subject: tuple[str, str, str],
        path: Path = (),
    ) -> None:
        """`subject` is the kind, namespace and name of the object, `path` leads to the value."""
        self.value = value
        self.problems = problems
        self.subject = subject
        self.path = path

    def __getitem__(self, key: str) -> Field:
        """The field below; its value is None where there is none."""
        return self._below(key, self.mapping().get(key))

    def _below(self, step: str | int, value: Any) -> Field:
        return Field(value, self.problems, self.subject, (*self.path, step))

    @property
    def given(self) -> bool:
        """Whether there is a value; null is none."""
        return self.value is not None

    def mapping(self) -> Mapping[str, Any]:
        """The value as a mapping; empty, with a problem, where it is something else."""
        if self.value is None:
            return NOTHING
        if isinstance(self.value, Mapping):
            return cast("Mapping[str, Any]", self.value)
        self.problem("must be an object")
        return NOTHING

    def items(self) -> Iterator[Field]:
        """The elements of a list; none, with a problem, where it is no list."""
        if isinstance(self.value, list | tuple):
            for index, item in enumerate(self.value):
                yield self._below(index, item)
        elif self.value is not None:
            self.problem("must be a list")

    def texts(self) -> dict[str, str]:
        """A mapping of strings to strings, such as labels; numbers and booleans are spelled out."""
        return {
            str(key): self._below(str(key), value).text() for key, value in self.mapping().items()
        }

    def text(self) -> str:
        """The value as a string; empty where there is none."""
        if isinstance(self.value, str):
            return str(self.value)
        if self.value is None:
            return ""
        self.problem(f"must be a string, not {self.value!r}")
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    def integer(self) -> int | None:
        """The value if it is a whole number."""
        is_number = isinstance(self.value, int) and not isinstance(self.value, bool)
        return cast("int", self.value) if is_number else None

    def problem(self, message: str) -> None:
        """Note what is wrong here."""
        self.problems.append(Problem(*self.subject, self.path, message))
