"""Schedules of CronJobs.

Source: github.com/robfig/cron/v3, `ParseStandard`, as k8s.io/kubernetes uses it.
"""

from __future__ import annotations

import re

# Each field with its bounds and the names that stand for numbers.
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("day of week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
DESCRIPTORS = frozenset(
    ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
)
EVERY = "@every "
_duration = re.compile(
    r"[-+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
    r"(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*)"
).fullmatch
_is_number = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII).fullmatch


def wrong_schedule(value: str) -> str:
    """What is wrong with a schedule: five fields or a descriptor, after an optional zone."""
    if not value:
        return ""
    if value.startswith(("TZ=", "CRON_TZ=")):
        value = value.partition(" ")[2].strip()
    if value.startswith("@"):
        if value in DESCRIPTORS or (value.startswith(EVERY) and _duration(value[len(EVERY) :])):
            return ""
        return f"unrecognized descriptor: {value}"
    parts = value.split()
    if len(parts) != len(FIELDS):
        return f"expected exactly 5 fields, found {len(parts)}: {parts}"
    found = (_wrong_field(part, *field) for part, field in zip(parts, FIELDS, strict=True))
    return next(filter(None, found), "")


def _wrong_field(text: str, name: str, low: int, high: int, names: dict[str, int]) -> str:
    terms = [term for term in text.split(",") if term]
    found = (_wrong_term(term, low, high, names) for term in terms)
    wrong = next(filter(None, found), "")
    return f"{wrong} ({name})" if wrong else ""


def _wrong_term(text: str, low: int, high: int, names: dict[str, int]) -> str:
    range_, *steps = text.split("/")
    start, *ends = range_.split("-")
    every = start in ("*", "?")
    if len(ends) > 1 and not every:
        return f"too many hyphens: {text}"
    if len(steps) > 1:
        return f"too many slashes: {text}"
    first = low if every else _number(start, names)
    to_the_end = every or (bool(steps) and not ends)
    last = high if to_the_end else _number(ends[0], names) if ends else first
    step = _number(steps[0], {}) if steps else 1
    if first is None or last is None or step is None:
        return f"failed to parse int from {text}"
    if first < low or last > high or first > last:
        return f"{text} is not within {low} and {high}"
    return "" if step > 0 else f"step of range should be a positive number: {text}"


def _number(text: str, names: dict[str, int]) -> int | None:
    named = names.get(text.lower())
    if named is not None:
        return named
    number = int(text) if _is_number(text) else None
    return number if number is None or number >= 0 else None
