"""The executable ledger: each requirement of the specification as an assertion.

`python -m tests.ledger` writes docs/specification.md from it.
"""
