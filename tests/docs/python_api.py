"""docs/reference/python.md, from the docstrings of the public names."""

from __future__ import annotations

import inspect
import re
import types
from enum import Enum
from typing import TYPE_CHECKING, Any

from jsii import JSIIMeta

import mistersmith_k8s
from mistersmith_k8s import _HOME
from mistersmith_k8s.spec import Spec, fields
from tests.docs.markdown import anchor, code, table
from tests.docs.meanings import ALIASES
from tests.docs.platform_file import heading, sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = mistersmith_k8s.__name__

GROUPS: Mapping[str, tuple[str, ...]] = {
    "From a description to files": (
        "platform_file",
        "description",
        "platform",
        "synthesis",
        "write",
    ),
    "Constructs": ("constructs",),
    "Specs": ("components", "agent", "backend", "tiers"),
    "Connections": ("connections", "site"),
    "Values": ("primitives", "quantity", "manifest", "spec"),
}
"""The modules of each part of the page; a package stands for its modules."""

TOP = f"""# The Python package

Every public name of `{PACKAGE}`. Specs, functions and values need no Node; the constructs start it
when the first of them is imported. Specs are frozen and keyword-only, and refuse wrong values with
`SpecError` when they are made. A spec takes its values typed, such as `Quantity("2Gi")`: then mypy
knows them too.
"""


def page() -> str:
    """The page, without its first line."""
    return TOP + "".join(_group(title, modules) for title, modules in GROUPS.items())


def _group(title: str, modules: tuple[str, ...]) -> str:
    names = [name for module in modules for name in names_of(module)]
    return f"\n## {title}\n{''.join(map(_entry, names))}"


def names_of(module: str) -> list[str]:
    """The public names whose home is a module, or a module of a package."""
    return [name for name in mistersmith_k8s.__all__ if f"{_HOME[name]}.".startswith(f"{module}.")]


def _entry(name: str) -> str:
    value = getattr(mistersmith_k8s, name)
    shown = f"```python\n{definition(name, value)}\n```"
    parts = (shown, _prose(name, value), *_more(value))
    return f"\n### {name}\n\n" + "\n\n".join(part.strip() for part in parts) + "\n"


def definition(name: str, value: Any) -> str:
    """How a name is called, or what it stands for."""
    if isinstance(value, types.GenericAlias):
        return f"{name} = {_bare(str(value))}"
    if inspect.isfunction(value):
        signature = inspect.signature(value)
        return f"def {name}({_parameters(signature)}) -> {signature.return_annotation}"
    base = value.__mro__[1].__name__
    if isinstance(value, JSIIMeta):
        return f"class {name}({_parameters(inspect.signature(vars(value)['__init__']))})"
    if issubclass(value, tuple):
        return f"class {name}({_parameters(inspect.signature(value))})"
    return f"class {name}({base})"


def _parameters(signature: inspect.Signature) -> str:
    """The parameters of a call, without `self`."""
    given = [one for name, one in signature.parameters.items() if name != "self"]
    named = [one for one in given if one.kind is one.KEYWORD_ONLY]
    others = [one for one in given if one not in named]
    return ", ".join((*map(_parameter, others), *["*"][: len(named)], *map(_parameter, named)))


def _parameter(one: inspect.Parameter) -> str:
    """A parameter with its type and a default that fits into a line."""
    said = getattr(one.annotation, "__forward_arg__", one.annotation)
    if one.default is one.empty:
        return f"{one.name}: {said}"
    shown = repr(one.default)
    return f"{one.name}: {said} = {shown if len(shown) <= SHORT else '...'}"


SHORT = 40


def _bare(text: str) -> str:
    """A type without the modules of its names."""
    return re.sub(r"\b(?:[a-z_0-9]+\.)+(?=[A-Z])", "", text)


def _prose(name: str, value: Any) -> str:
    """The docstring as Markdown; an alias has none."""
    return ALIASES.get(name) or SECTION.sub(r"*\1*:", inspect.cleandoc(value.__doc__ or ""))


SECTION = re.compile(r"^(Args|Raises):", re.MULTILINE)


def _more(value: Any) -> Iterator[str]:
    """What a docstring leaves to the code: members, fields, properties."""
    if isinstance(value, types.GenericAlias) or inspect.isfunction(value):
        return
    if issubclass(value, Enum):
        yield f"Members: {', '.join(code(f'{one.name} = {one.value!r}') for one in value)}."
    if issubclass(value, Spec):
        yield _fields(value)
    rows = list(_members(value))
    if rows:
        yield table(("Member", "What it is"), rows)


def _fields(spec: type[Spec]) -> str:
    names = ", ".join(code(field.name) for field in fields(spec))
    if spec not in sections():
        return f"Fields: {names}."
    return f"Fields: {names}; see [the platform file](platform-file.md#{anchor(heading(spec))})."


def _members(value: Any) -> Iterator[tuple[str, str]]:
    """The public properties and methods that a class of ours adds."""
    for name, member in value.__dict__.items():
        documented = isinstance(member, property) or inspect.isfunction(member)
        if documented and not name.startswith("_") and name != "rules":
            call = "" if isinstance(member, property) else "()"
            yield code(f"{name}{call}"), (member.__doc__ or "").strip().partition("\n")[0]
