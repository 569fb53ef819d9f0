"""What is wrong with the choice of inputs."""

from __future__ import annotations


class InputError(ValueError):
    """An input that is not there or cannot be used: which, why, and what to do."""
