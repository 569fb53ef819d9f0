"""The formats of names and addresses: what is wrong with a text, in the API server's words.

Each test returns the empty text for a good value; each rule of the same name applies it.

Source: k8s.io/apimachinery/pkg/util/validation (validation.go) and pkg/api/validate/content.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import Faults, invalid
from mistersmith_k8s.checks.fields.rules import between, is_int, old, text

LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253
PORT_NAME_LENGTH = 15
Test = Callable[[str], str]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_OR_UNDERSCORE = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_KEY = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

_is_label = re.compile(_LABEL).fullmatch
_is_subdomain = re.compile(rf"{_LABEL}(\.{_LABEL})*").fullmatch
_is_relaxed_subdomain = re.compile(rf"{_LABEL_OR_UNDERSCORE}(\.{_LABEL_OR_UNDERSCORE})*").fullmatch
_is_wildcard = re.compile(rf"\*\.{_LABEL}(\.{_LABEL})*").fullmatch
_is_dns1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?").fullmatch
_is_key = re.compile(_KEY).fullmatch
_is_label_value = re.compile(rf"({_KEY})?").fullmatch
_is_port_name = re.compile(r"[-a-z0-9]+").fullmatch
_is_config_key = re.compile(r"[-._a-zA-Z0-9]+").fullmatch
_is_header = re.compile(r"[-A-Za-z0-9]+").fullmatch
_is_percent = re.compile(r"[0-9]+%").fullmatch
_is_env_name = re.compile(r"[ -<>-~]+").fullmatch
_is_old_env_name = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*").fullmatch
_is_url_path = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+").fullmatch
_has_letter = re.compile(r"[a-z]").search

_ALNUM = "and must start and end with an alphanumeric character"
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
    f"'-' or '.', {_ALNUM}"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    f"{_ALNUM}"
)
_DNS1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character"
)
_KEY_RULE = f"must consist of alphanumeric characters, '-', '_' or '.', {_ALNUM}"


def longer(value: str, most: int) -> str:
    """What is wrong with a text of more than `most` bytes."""
    if len(value) > most or (not value.isascii() and len(value.encode("utf-8", "replace")) > most):
        return f"must be no more than {most} characters"
    return ""


def wrong_label(value: str) -> str:
    """What is wrong with a DNS label (RFC 1123)."""
    if _is_label(value) is not None:
        return longer(value, LABEL_LENGTH)
    return "must not contain dots" if _is_subdomain(value) else _LABEL_RULE


def wrong_subdomain(value: str) -> str:
    """What is wrong with a DNS subdomain (RFC 1123)."""
    return longer(value, SUBDOMAIN_LENGTH) if _is_subdomain(value) else _SUBDOMAIN_RULE


def wrong_relaxed_subdomain(value: str) -> str:
    """What is wrong with a DNS subdomain whose labels may have underscores."""
    return longer(value, SUBDOMAIN_LENGTH) if _is_relaxed_subdomain(value) else _SUBDOMAIN_RULE


def wrong_wildcard(value: str) -> str:
    """What is wrong with `*.` and a DNS subdomain."""
    if _is_wildcard(value):
        return longer(value, SUBDOMAIN_LENGTH)
    return (
        "a wildcard DNS-1123 subdomain must start with '*.', "
        "followed by a valid DNS subdomain, which must consist of lower case alphanumeric "
        "characters, '-' or '.' and end with an alphanumeric character"
    )


def wrong_dns1035(value: str) -> str:
    """What is wrong with a DNS label of RFC 1035: no digit first."""
    return longer(value, LABEL_LENGTH) if _is_dns1035(value) else _DNS1035_RULE


def wrong_key(value: str) -> str:
    """What is wrong with a label key, also known as a qualified name."""
    prefix, slash, name = value.rpartition("/")
    if slash:
        if not prefix:
            return "prefix part must be non-empty"
        if "/" in prefix:
            rest = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            return f"a valid label key {_KEY_RULE} {rest}"
        wrong = wrong_subdomain(prefix)
        if wrong:
            return f"prefix part {wrong}"
    if not name:
        return "name part must be non-empty"
    if _is_key(name) is None:
        return f"name part {_KEY_RULE}"
    return f"name part {longer(name, LABEL_LENGTH)}" if len(name) > LABEL_LENGTH else ""


def wrong_label_value(value: str) -> str:
    """What is wrong with the value of a label."""
    if _is_label_value(value) is not None:
        return longer(value, LABEL_LENGTH)
    return (
        "a valid label must be an empty string or consist of alphanumeric characters, "
        f"'-', '_' or '.', {_ALNUM}"
    )


def wrong_port_name(value: str) -> str:
    """What is wrong with the name of a container port (IANA service name)."""
    if len(value) > PORT_NAME_LENGTH:
        return f"must be no more than {PORT_NAME_LENGTH} characters"
    if _is_port_name(value) is None:
        return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if _has_letter(value) is None:
        return "must contain at least one letter (a-z)"
    if "--" in value:
        return "must not contain consecutive hyphens"
    if value.startswith("-") or value.endswith("-"):
        return "must not begin or end with a hyphen"
    return ""


def wrong_config_key(value: str) -> str:
    """What is wrong with a key of a ConfigMap or Secret: it becomes a file name."""
    if _is_config_key(value) is None:
        return "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    if value in {".", ".."}:
        return f"must not be '{value}'"
    return "must not start with '..'" if value.startswith("..") else longer(value, SUBDOMAIN_LENGTH)


def wrong_env_name(value: str) -> str:
    """What is wrong with the name of an environment variable for newer servers."""
    if _is_env_name(value) is not None:
        return ""
    return (
        "a valid environment variable name must consist only of printable ASCII characters "
        "other than '='"
    )


def wrong_old_env_name(value: str) -> str:
    """What is wrong with the name of an environment variable for older servers."""
    if _is_old_env_name(value) is None:
        return (
            "a valid environment variable name must consist of alphabetic characters, digits, "
            "'_', '-', or '.', and must not start with a digit"
        )
    if value in {".", ".."}:
        return f"must not be '{value}'"
    return "must not start with '..'" if value.startswith("..") else ""


def wrong_segment(value: str) -> str:
    """What is wrong with a name that stands as one segment in a URL path."""
    if value in {".", ".."}:
        return f"may not be '{value}'"
    return next((f"may not contain '{part}'" for part in "/%" if part in value), "")


def wrong_header(value: str) -> str:
    """What is wrong with the name of an HTTP header."""
    good = _is_header(value) is not None
    return "" if good else "a valid HTTP header must consist of alphanumeric characters or '-'"


def wrong_fully_qualified(value: str) -> str:
    """What is wrong with a domain of three segments or more."""
    if wrong := wrong_subdomain(value):
        return wrong
    few = value.count(".") < 2  # noqa: PLR2004 - two dots part three segments
    return "should be a domain with at least three segments separated by dots" if few else ""


def wrong_prefixed_path(value: str) -> str:
    """What is wrong with `acme.io/foo`: a domain, a slash, a path."""
    host, _, path = value.partition("/")
    if not host or not path:
        return 'must be a domain-prefixed path (such as "acme.io/foo")'
    return wrong_subdomain(host) or ("" if _is_url_path(path) else "Invalid path")


_LABEL_MEND = (
    "Use lower case letters, digits and '-', 63 at most, with a letter or digit at both ends."
)
_SUBDOMAIN_MEND = (
    "Use lower case letters, digits, '-' and '.', with a letter or digit at both ends of each part."
)
_KEY_MEND = (
    "Use letters, digits, '-', '_' and '.', 63 at most, with a letter or digit at both ends, "
    "after an optional DNS name and '/'."
)
dns_label = text(wrong_label, _LABEL_MEND)
dns_subdomain = text(wrong_subdomain, _SUBDOMAIN_MEND)
dns1035 = text(wrong_dns1035, "Start with a lower case letter; go on with letters, digits and '-'.")
qualified_name = text(wrong_key, _KEY_MEND)
label_value = text(
    wrong_label_value,
    "Use letters, digits, '-', '_' and '.', 63 at most, with a letter or digit at both ends.",
)
port_name = text(
    wrong_port_name,
    "Use lower case letters, digits and single hyphens, 15 at most, with at least one letter.",
)
config_key = text(wrong_config_key, "Use letters, digits, '-', '_' and '.'.")
_ENV_MEND = "Use letters, digits and '_', and no digit first."
env_name = old(
    minors.STRICT_ENV_NAMES, text(wrong_old_env_name, _ENV_MEND), text(wrong_env_name, _ENV_MEND)
)
service_name = old(minors.STRICT_SERVICE_NAMES, dns1035, dns_label)
path_segment = text(wrong_segment, "Use a name without '/' and '%'.")
header_name = text(wrong_header, "Use letters, digits and '-'.")
port_number = between(1, 65535)


def port_reference(value: Any) -> Faults:
    """A port by number or by name."""
    if is_int(value):
        return port_number(value)
    return port_name(value)


def int_or_percent(value: Any) -> Faults:
    """A count that is not negative, or a percentage."""
    if isinstance(value, str) and _is_percent(value) is None:
        detail = "a valid percent string must be a numeric string followed by an ending '%'"
        return (invalid(value, detail, "Write a number, or a percentage such as 25%."),)
    if is_int(value) and value < 0:
        return (invalid(value, "must be greater than or equal to 0", "Use 0 or more."),)
    return ()


def percent_of(value: Any) -> int | None:
    """The number of a percentage; None for everything else."""
    return int(value[:-1]) if isinstance(value, str) and _is_percent(value) else None


def at_most_all(value: Any) -> Faults:
    """A percentage of no more than 100."""
    percent = percent_of(value)
    if percent is None or percent <= 100:  # noqa: PLR2004 - the whole
        return ()
    return (invalid(value, "must not be greater than 100%", "Use 100% or less."),)


def prefixed(rule: Callable[[Any], Faults]) -> Callable[[Any], Faults]:
    """The start of a text that obeys a rule: it may end with a dash."""

    def look(value: Any) -> Faults:
        if not isinstance(value, str):
            return ()
        if len(value) > 1 and value.endswith("-"):
            value = f"{value[:-2]}a"
        return () if value in {".", ".."} and rule is path_segment else rule(value)

    return look
