"""The public names: complete, sorted, documented, and where they say they are."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import tomllib
import types
import typing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import mistersmith_k8s
from mistersmith_k8s import _HOME
from mistersmith_k8s.spec import Spec, hints
from tests.docs import meanings, python_api
from tests.docs.markdown import ROOT

PACKAGE = mistersmith_k8s.__name__
NAMES = mistersmith_k8s.__all__
SOURCE = Path(mistersmith_k8s.__file__)


def test_the_names_are_sorted_and_once() -> None:
    """A new name has one place."""
    assert sorted(set(NAMES)) == NAMES


def test_the_names_are_those_that_type_checkers_see() -> None:
    """What mypy may import, Python can, from the same module."""
    seen = {
        name.name: (node.module or "").removeprefix(f"{PACKAGE}.")
        for node in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}.")
        for name in node.names
    }
    assert seen == _HOME
    assert sorted(_HOME) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_where_it_says(name: str) -> None:
    """And is the same object there."""
    value = getattr(mistersmith_k8s, name)
    assert value is getattr(import_module(f"{PACKAGE}.{_HOME[name]}"), name)
    assert isinstance(value, types.GenericAlias) or value.__module__ == f"{PACKAGE}.{_HOME[name]}"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in meanings.ALIASES])
def test_a_name_has_a_docstring(name: str) -> None:
    """Of its own, with a first line that is a sentence."""
    value = getattr(mistersmith_k8s, name)
    own = value.__doc__ if inspect.isfunction(value) else vars(value).get("__doc__")
    assert re.match(r"[A-Z].*[.]$", (own or "").partition("\n")[0])


def test_an_alias_has_a_meaning() -> None:
    """Python keeps no docstring for it."""
    aliases = {n for n in NAMES if isinstance(getattr(mistersmith_k8s, n), types.GenericAlias)}
    assert set(meanings.ALIASES) == aliases


def named_in(hint: Any) -> set[str]:
    """The classes of ours that a type mentions."""
    found = {name for part in typing.get_args(hint) for name in named_in(part)}
    ours = isinstance(hint, type) and hint.__module__.startswith(f"{PACKAGE}.")
    return found | {hint.__name__} if ours else found


@pytest.mark.parametrize("name", NAMES)
def test_whoever_writes_a_spec_can_import_what_it_takes(name: str) -> None:
    """The type of every field of a public spec is public too."""
    value = getattr(mistersmith_k8s, name)
    spec = isinstance(value, type) and issubclass(value, Spec)
    taken = {one for hint in hints(value).values() for one in named_in(hint)} if spec else set()
    assert taken - set(NAMES) == set()


@pytest.mark.parametrize("name", NAMES)
def test_whoever_catches_an_error_can_import_it(name: str) -> None:
    """Every error that a docstring names is public, or Python's own."""
    value = getattr(mistersmith_k8s, name)
    said = re.search(r"Raises:\n((?: .+\n?)+)", inspect.getdoc(value) or "")
    errors = set(re.findall(r"^ +(\w+):", said[1] if said else "", re.MULTILINE))
    assert errors - set(NAMES) - set(dir(builtins)) == set()


def test_the_names_are_what_dir_shows() -> None:
    """A Python shell completes them, and no other."""
    assert dir(mistersmith_k8s) == NAMES


def test_a_name_that_is_not_there_is_an_error() -> None:
    """As for any module."""
    with pytest.raises(
        AttributeError, match=r"^module 'mistersmith_k8s' has no attribute 'Coffee'$"
    ):
        _ = mistersmith_k8s.Coffee


def test_the_reference_has_every_name_once() -> None:
    """A new module finds its part of the page."""
    shown = [
        n for group in python_api.GROUPS.values() for m in group for n in python_api.names_of(m)
    ]
    assert sorted(shown) == NAMES


def test_type_checkers_find_our_types() -> None:
    """py.typed lies in the package and is shipped with it."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "py.typed" in pyproject["tool"]["setuptools"]["package-data"][PACKAGE]
    assert SOURCE.with_name("py.typed").read_text(encoding="utf-8") == ""
