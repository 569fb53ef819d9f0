"""What rules are made of: functions from a value to its faults, put together in tables.

A rule never raises and says nothing about a value of the wrong type: the schema reports that.
An absent value and null are the same, as they are to the API server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeGuard

from mistersmith_k8s.checks.check import Check
from mistersmith_k8s.checks.fields.faults import (
    Faults,
    duplicate,
    forbidden,
    invalid,
    judged,
    later,
    required,
    unsupported,
    until,
    warning,
)
from mistersmith_k8s.checks.finding import Severity

if TYPE_CHECKING:
    from mistersmith_k8s.checks.check import Flaw, Look
    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

Rule = Callable[[Any], Faults]
INT32 = 2**31 - 1


def fields(rules: Mapping[str, Rule], needs: Sequence[str] = ()) -> Rule:
    """A mapping whose keys obey a rule each, and whose `needs` all have a value."""
    get = rules.get

    def look(value: Any) -> Iterator[Fault]:
        if not isinstance(value, dict):
            return
        for name in needs:
            if empty(value.get(name)):
                yield required(path=(name,))
        for key, item in value.items():
            rule = get(key)
            if rule is not None and item is not None:
                for fault in rule(item):
                    yield fault._replace(path=(key, *fault.path))

    return look


def each(rule: Rule) -> Rule:
    """A list whose items all obey one rule."""

    def look(value: Any) -> Iterator[Fault]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                for fault in rule(item) if item is not None else zero(rule):
                    yield fault._replace(path=(index, *fault.path))

    return look


def zero(rule: Rule) -> Iterator[Fault]:
    """What a rule says to a null in a list, which stands for the empty text or mapping."""
    yield from rule("")
    yield from rule({})


def both(*rules: Rule) -> Rule:
    """A value that obeys several rules."""

    def look(value: Any) -> Iterator[Fault]:
        for rule in rules:
            yield from rule(value)

    return look


def unique(*names: str, default: Any = None) -> Rule:
    """A list in which no two mappings agree in all of the named keys.

    An item without any of them says nothing; `default` stands for a single absent one.
    """

    def look(value: Any) -> Iterator[Fault]:
        seen: set[tuple[Any, ...]] = set()
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                key = tuple(scalar(item.get(name, default)) for name in names)
                if any(part not in (None, "") for part in key):
                    if key in seen:
                        yield duplicate(key[0] if len(key) == 1 else list(key), (index, names[0]))
                    seen.add(key)

    return look


def distinct(value: Any) -> Iterator[Fault]:
    """A list in which no text or number comes twice."""
    seen: set[Any] = set()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str | int):
            if item in seen:
                yield duplicate(item, (index,))
            seen.add(item)


def one_of(*choices: str, empty_too: bool = True) -> Rule:
    """A text that is one of the choices; empty means absent where the API server defaults it."""
    allowed = frozenset((*choices, "")) if empty_too else frozenset(choices)

    def look(value: Any) -> Faults:
        if not isinstance(value, str) or value in allowed:
            return ()
        return (unsupported(value, choices),)

    return look


def pick(*choices: str) -> Rule:
    """A text that is one of the choices, where empty is a wrong value too."""
    return one_of(*choices, empty_too=False)


def between(low: int, high: int) -> Rule:
    """A whole number in a range, both ends included."""
    detail = f"must be between {low} and {high}, inclusive"
    mend = f"Use a number from {low} to {high}."

    def look(value: Any) -> Faults:
        if not is_int(value) or low <= value <= high:
            return ()
        return (invalid(value, detail, mend),)

    return look


def at_least(low: int, detail: str = "", most: int = INT32) -> Rule:
    """A whole number that is not below `low`, nor above what its type holds."""
    why = detail or f"must be greater than or equal to {low}"
    mend = f"Use {low} or more."

    def look(value: Any) -> Faults:
        if not is_int(value) or low <= value <= most:
            return ()
        if value > most:
            return (
                invalid(value, f"must be less than or equal to {most}", f"Use {most} or less."),
            )
        return (invalid(value, why, mend),)

    return look


natural = at_least(0)
positive = at_least(1, "must be greater than zero")
natural64 = at_least(0, most=2**63 - 1)


def text(wrong: Callable[[str], str], mend: str) -> Rule:
    """A text in which `wrong` finds nothing; what it returns otherwise is the message."""

    def look(value: Any) -> Faults:
        if not isinstance(value, str):
            return ()
        detail = wrong(value)
        return (invalid(value, detail, mend),) if detail else ()

    return look


def given(rule: Rule) -> Rule:
    """A rule for a value that is not the empty text."""
    return lambda value: () if value == "" else rule(value)


def gated(rule: Rule) -> Rule:
    """A rule for a field that API servers leave out, unless told otherwise: only warnings."""
    return lambda value: tuple(map(warning, rule(value)))


def new(minor: int, rule: Rule) -> Rule:
    """A rule for a field that API servers before a minor leave out, unless told otherwise."""
    return lambda value: later(rule(value), minor)


def gone(minor: int, rule: Rule) -> Rule:
    """A rule that API servers after a minor have no longer."""
    return lambda value: tuple(until(fault, minor) for fault in rule(value))


def old(minor: int, stricter: Rule, rule: Rule) -> Rule:
    """A rule that API servers up to a minor put more strictly."""

    def look(value: Any) -> Faults:
        return tuple(rule(value)) or tuple(until(fault, minor) for fault in stricter(value))

    return look


def absent(detail: str, mend: str) -> Rule:
    """A place where nothing may stand."""
    return lambda _: (forbidden(detail, mend),)


def needs_value(value: Any, choices: Sequence[str], path: Path = ()) -> Iterator[Fault]:
    """What is wrong with a text that must be there and be one of the choices."""
    if value in (None, ""):
        yield required(mend=f"Use one of {', '.join(choices)}.", path=path)
    elif isinstance(value, str) and value not in choices:
        yield unsupported(value, choices, path)


def exactly_one(kinds: Mapping[str, Rule], of: str) -> Rule:
    """A mapping with one of some keys, which obeys its rule; `of` names the choice."""
    obeyed = fields(kinds)

    def look(value: Any) -> Iterator[Fault]:
        if not isinstance(value, dict):
            return
        present = [key for key in value if key in kinds and value[key] is not None]
        if not present:
            yield required(f"must specify a {of}", f"Set one of {', '.join(kinds)}.")
        for key in present[1:]:
            yield forbidden(f"may not specify more than 1 {of}", f"Keep one {of}.", (key,))
        yield from obeyed(value)

    return look


def empty(value: Any) -> bool:
    """Whether a value counts as not given: null, the empty text, the empty list."""
    return not value and isinstance(value, str | list | None)


def is_int(value: Any) -> TypeGuard[int]:
    """Whether a value is a whole number; a boolean is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def scalar(value: Any) -> Any:
    """The value when it can be compared and hashed, else its place in memory."""
    return value if value is None or isinstance(value, str | int | float) else id(value)


def dicts(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings of a list with their indexes, null being an empty one."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield index, item
        elif item is None:
            yield index, {}


def struct(value: Any) -> dict[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def strings(value: Any) -> Iterator[tuple[int, str]]:
    """The texts of a list with their indexes, null being an empty one."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            yield index, item
        elif item is None:
            yield index, ""


def object_check(*kinds: str) -> Callable[[Callable[[Object], Faults]], Check]:
    """Make a rule for objects a check on some kinds, all when none is named.

    Its id is the function's name with dashes.
    """

    def made(rule: Callable[[Object], Faults]) -> Check:
        @wraps(rule)
        def look(item: Object, world: World) -> Iterator[Flaw]:
            return judged(rule(item), world)

        return named(look, kinds)

    return made


def named(look: Look, kinds: tuple[str, ...]) -> Check:
    """A check whose id is the function's name with dashes."""
    return Check(
        look.__name__.replace("_", "-"), Severity.ERROR, kinds, look, (look.__doc__ or "").strip()
    )


def field_check(group: str, *kinds: str) -> Callable[[Rule], Check]:
    """Make a rule for whole manifests a check on some kinds of one API group.

    Its id is the function's name with dashes.
    """

    def made(rule: Rule) -> Check:
        @wraps(rule)
        def look(item: Object, world: World) -> Iterator[Flaw]:
            if item.ref.group == group:
                yield from judged(rule(item.manifest), world)

        return named(look, kinds)

    return made
