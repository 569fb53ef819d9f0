"""`python -m imports`: write everything that is generated from the pinned inputs."""

from __future__ import annotations

import gzip
from pathlib import Path

from imports import bundle, typed

PACKAGE = Path(__file__).resolve().parent.parent / "mistersmith_k8s"


def generated() -> dict[str, str]:
    """Text of each generated file by its path inside the package; `.gz` is written packed."""
    tables = {f"schemas/{name}.gz": text for name, text in bundle.tables().items()}
    return {"k8s.py": typed.source(), **tables}


def text(path: Path) -> str | None:
    """Text that a generated file holds; None when there is no file.

    Packed files are compared by what they hold: zlib's output differs between its versions.
    """
    if not path.exists():
        return None
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def write(package: Path) -> list[str]:
    """Write the generated files below a folder; names of those that were not right before."""
    stale = {name: new for name, new in generated().items() if text(package / name) != new}
    for name, new in stale.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = new.encode()
        path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)
    return list(stale)


if __name__ == "__main__":
    write(PACKAGE)
