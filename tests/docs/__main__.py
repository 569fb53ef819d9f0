"""`python -m tests.docs` writes the generated pages and regions."""

from __future__ import annotations

from tests.docs.markdown import ROOT
from tests.docs.pages import fresh, generated

for name in generated():
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fresh(name), encoding="utf-8")
