"""`python -m imports`: write everything that is generated from the pinned inputs."""

from __future__ import annotations

from pathlib import Path

from imports import typed

PACKAGE = Path(__file__).resolve().parent.parent / "mistersmith_k8s"


def generated() -> dict[str, bytes]:
    """Content of each generated file by its path inside the package."""
    return {"k8s.py": typed.source().encode()}


def write(package: Path) -> None:
    """Write the generated files below a folder."""
    for name, content in generated().items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    write(PACKAGE)
