"""Typed values that specs are made of: ports, images, addresses, names, references to Secrets."""

from __future__ import annotations

import ipaddress
import re
from typing import ClassVar, Literal, NamedTuple, Self

from mistersmith_k8s.spec import Spec


class Port(NamedTuple):
    """A TCP port that a container serves.

    `app_protocol` is what meshes and load balancers are told instead of guessing.
    """

    number: int
    name: str
    app_protocol: Literal["http", "kubernetes.io/h2c", "tcp"] = "tcp"


class Text(str):
    """A string with a syntax of its own, refused when it does not follow it."""

    __slots__ = ()

    SYNTAX: ClassVar[str]
    PATTERN: ClassVar[str]

    def __new__(cls, text: str) -> Self:
        """Raises ValueError when the text does not match."""
        if re.fullmatch(cls.PATTERN, text) is None:
            message = f"must be {cls.SYNTAX}"
            raise ValueError(message)
        return super().__new__(cls, text)


class Label(Text):
    """A DNS label. Source: RFC 1123, as Kubernetes reads it."""

    __slots__ = ()

    SYNTAX = "a DNS label: lower-case letters, digits and dashes, at most 40 characters"
    # 40 leaves room for the platform's name and suffixes within the 63 of a Service's name.
    PATTERN = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"


class Name(Text):
    """A DNS subdomain, the syntax of most object names."""

    __slots__ = ()

    SYNTAX = "the name of an object: lower-case letters, digits, dashes and dots"
    PATTERN = r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"


class Host(Text):
    """A DNS host name, not an address: an ExternalName Service can hold no address."""

    __slots__ = ()

    SYNTAX = "a host name such as db.example.com"
    PATTERN = (
        r"(?=.{1,253}$)(?!.*\.[0-9]+$)"
        r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+"
    )


class DataKey(Text):
    """A key of a ConfigMap or Secret."""

    __slots__ = ()

    SYNTAX = "a key: letters, digits, dashes, underscores and dots"
    PATTERN = r"(?!\.{1,2}$)[-._a-zA-Z0-9]{1,253}"


class VariableName(Text):
    """The name of an environment variable, as every supported Kubernetes takes it."""

    __slots__ = ()

    SYNTAX = "the name of an environment variable: letters, digits and underscores"
    PATTERN = r"[A-Za-z_][A-Za-z0-9_]*"


class NKey(Text):
    """The public half of a NATS user NKey. Source: github.com/nats-io/nkeys."""

    __slots__ = ()

    SYNTAX = "a public user NKey: U and 55 letters A to Z or digits 2 to 7"
    PATTERN = r"U[A-Z2-7]{55}"


class Cidr(str):
    """A network in CIDR notation, without host bits.

    Raises:
        ValueError: it is no network, or has host bits set.
    """

    __slots__ = ()

    SYNTAX: ClassVar[str] = "a network such as 10.0.0.0/16"
    PATTERN: ClassVar[str] = r"^[0-9a-fA-F.:]+/[0-9]{1,3}$"

    def __new__(cls, text: str) -> Self:
        """Refuse what a NetworkPolicy would refuse or misread."""
        try:
            network = ipaddress.ip_network(text) if "/" in text else None
        except ValueError:
            network = None
        if network is None or str(network) != text.lower():
            message = f"must be {cls.SYNTAX}, without host bits"
            raise ValueError(message)
        return super().__new__(cls, text)


# Source: github.com/distribution/reference, `reference.go`.
_IMAGE = re.compile(
    r"(?P<name>[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*?)"
    r"(?::(?P<tag>[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_PINNED = re.compile(r"\d+\.\d+|\d{6}|(?:^|[-_.])(?:sha-?|g)?(?=[a-f]*\d)[0-9a-f]{7,40}$")


class ImageRef(str):
    """An image: registry and repository, then a tag, a digest or both.

    Raises:
        ValueError: it is no image reference.
    """

    __slots__ = ()

    SYNTAX: ClassVar[str] = "an image such as ghcr.io/team/app:1.2.3"
    PATTERN: ClassVar[str] = r"^[a-z0-9][-a-zA-Z0-9._:/@]*$"

    def __new__(cls, text: str) -> Self:
        """Refuse what a container runtime would refuse."""
        if _IMAGE.fullmatch(text) is None:
            message = f"must be {cls.SYNTAX}"
            raise ValueError(message)
        return super().__new__(cls, text)

    def _part(self, name: str) -> str | None:
        match = _IMAGE.fullmatch(self)
        return match and match[name]

    @property
    def tag(self) -> str | None:
        """The tag, if one is written."""
        return self._part("tag")

    @property
    def digest(self) -> str | None:
        """The digest, if one is written."""
        return self._part("digest")

    @property
    def pinned(self) -> bool:
        """Whether it names one build: a digest, a version, a date, a build or a commit."""
        return bool(self.digest or (self.tag and _PINNED.search(self.tag)))

    @property
    def pull_policy(self) -> Literal["Always", "IfNotPresent"]:
        """Always for a tag that moves, else IfNotPresent."""
        return "IfNotPresent" if self.pinned else "Always"


class SecretKey(Spec):
    """One key of a Secret that the cluster must hold; its value is never written."""

    ADVICE = "Name a Secret of the cluster and its key; the secret itself never stands here."

    name: Name
    key: DataKey = DataKey("password")
