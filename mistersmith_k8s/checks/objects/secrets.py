"""Plain secrets: values that must not stand in a manifest. They are recognised, never shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.shape import mapping, mappings, text
from mistersmith_k8s.checks.world import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.world import Object, World

MEND = "Put it in a Secret, and take the variable from there by secretKeyRef."
MEND_CONFIG = "Put it in a Secret: a ConfigMap may be read by everybody who sees the namespace."

# What values look like that are secrets, whatever they are called: a hint, and the whole.
SHAPES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "PRIVATE KEY-----",
        "a private key",
        re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{32}"),
    ),
    ("AKIA", "an access key of AWS", re.compile(r"(?<![A-Z0-9])AKIA[A-Z0-9]{16}(?![A-Z0-9])")),
    ("ghp_", "a token of GitHub", re.compile(r"(?<!\w)ghp_[A-Za-z0-9]{36}")),
    ("ghs_", "a token of GitHub", re.compile(r"(?<!\w)ghs_[A-Za-z0-9]{36}")),
    ("glpat-", "a token of GitLab", re.compile(r"(?<!\w)glpat-[-\w]{20}")),
    ("xox", "a token of Slack", re.compile(r"(?<!\w)xox[abprs]-[-0-9A-Za-z]{20}")),
    ("sk-", "an API key", re.compile(r"(?<!\w)sk-(?:ant-|proj-)?[A-Za-z0-9]{24}")),
    ("eyJ", "a JSON Web Token", re.compile(r"(?<!\w)eyJ[-\w]{16,}\.eyJ[-\w]{16,}\.[-\w]{16}")),
)
_CREDENTIALS = re.compile(r"://([^/\s:@'\"]{0,100}):([^/\s@'\"]{1,200})@[A-Za-z0-9\[]")

# A value in which another one is filled in later, or which stands for one.
_PLACEHOLDER = re.compile(
    r"[$<{%*]|^(?:password|pass|pwd|secret|token|x+|\.+|user)$", re.IGNORECASE
)

_NAMED = re.compile(
    r"(?:^|[._-])(?:api_?key|access_?key|passwd|password|private_?key|secret|secret_?key|token)$",
    re.IGNORECASE,
)
# Names of what holds a secret, not of the secret.
_REFERRING = re.compile(r"(?:ca|cert|pull|tls)[._-]?secret$", re.IGNORECASE)
_HARMLESS = re.compile(
    r"""
    (?: | true | false | yes | no | none | null | enabled | disabled | required | optional
      | \d+ | .*(?:\$[({]|\{\{|<).*     # numbers, and what is filled in
      | \.?/.* | [a-z][-a-z0-9]*:/.*  # paths and URLs
    )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


@check(Severity.WARNING, *WORKLOADS)
def secret_in_variable(item: Object, _: World) -> Iterator[Flaw]:
    """A variable of a container holds no secret: whoever reads the manifest would have it."""
    for path, container in item.all_containers:
        for index, entry in mappings(container.get("env")):
            name, value = text(entry.get("name")), text(entry.get("value"))
            message = _told(name, value)
            if message:
                yield Flaw((*path, "env", index, "value"), f"{message}, in {name}", MEND)


@check(Severity.WARNING, "ConfigMap")
def secret_in_config_map(item: Object, _: World) -> Iterator[Flaw]:
    """A ConfigMap holds no secret: it is readable by everybody who sees the namespace."""
    for key, value in mapping(item.at("data")).items():
        message = _told(str(key), text(value))
        if message:
            yield Flaw(("data", str(key)), message, MEND_CONFIG)


def _told(name: str, value: str) -> str:
    """What to say of a value by its shape or its name; empty where it is no secret."""
    what = shape(value)
    if what:
        return f"holds {what} in plain text"
    return "is plain text and called like a secret" if is_named_secret(name, value) else ""


def shape(value: str) -> str:
    """What sort of secret a text holds by its shape; empty where it holds none."""
    for hint, what, pattern in SHAPES:
        if hint in value and pattern.search(value):
            return what
    for match in _CREDENTIALS.finditer(value):
        if not _PLACEHOLDER.search(match[2]) and not _PLACEHOLDER.search(match[1][:1]):
            return "a password in a URL"
    return ""


def is_named_secret(name: str, value: str) -> bool:
    """Whether a text is called like a secret and can be one."""
    stripped = value.strip()
    return bool(
        _NAMED.search(name)
        and not _REFERRING.search(name)
        and "\n" not in stripped
        and not _HARMLESS.fullmatch(stripped)
    )


CHECKS = (secret_in_variable, secret_in_config_map)
