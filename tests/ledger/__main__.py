"""`python -m tests.ledger` writes docs/specification.md."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.page import page

Path("docs").mkdir(exist_ok=True)
Path("docs/specification.md").write_text(page(), encoding="utf-8")
