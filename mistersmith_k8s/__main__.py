"""`python -m mistersmith_k8s` is `mistersmith-k8s`."""

from __future__ import annotations

from mistersmith_k8s.cli import main

main(prog_name="mistersmith-k8s")
