"""The address of a webhook: a URL, or a Service.

Source: k8s.io/apiserver/pkg/util/webhook, `ValidateWebhookURL`, `ValidateWebhookService`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mistersmith_k8s.checks.fields.config import BASE64, BASE64_MEND, decoded
from mistersmith_k8s.checks.fields.faults import invalid, required, under
from mistersmith_k8s.checks.fields.formats import port_number, wrong_subdomain
from mistersmith_k8s.checks.fields.rules import fields, struct, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

FORM = "desired format: https://host[/path]"


def _wrong_url(value: str) -> str:
    try:
        url = urlsplit(_without_blanks(value))
    except ValueError as error:
        return f"url must be a valid URL: {error}; {FORM}"
    if url.scheme != "https":
        return f"'https' is the only allowed URL scheme; {FORM}"
    if not url.netloc:
        return f"host must be specified; {FORM}"
    if url.username is not None or url.password is not None:
        return "user information is not permitted in the URL"
    if url.fragment:
        return "fragments are not permitted in the URL"
    return "query parameters are not permitted in the URL" if url.query else ""


def _without_blanks(value: str) -> str:
    """The same text; Python would read on after a blank that no URL may begin with."""
    if not value.isprintable() or value.startswith(" "):
        message = "first path segment in URL cannot contain colon"
        raise ValueError(message)
    return value


def _wrong_path(value: str) -> str:
    if value in ("", "/"):
        return ""
    if not value.startswith("/"):
        return "must start with a '/'"
    for index, step in enumerate(value[1:].removesuffix("/").split("/")):
        if not step:
            return f"segment[{index}] may not be empty"
        if wrong := wrong_subdomain(step):
            return f"segment[{index}]: {wrong}"
    return ""


_service = fields(
    {"port": port_number, "path": text(_wrong_path, "Write a path such as /validate.")},
    needs=("name", "namespace"),
)
_config = fields(
    {"url": text(_wrong_url, "Write https://host/path."), "service": _service},
)


def client_config(value: Any) -> Iterator[Fault]:
    """Exactly one of URL and Service, and a CA bundle that is base64."""
    config = struct(value)
    if (config.get("url") is None) == (config.get("service") is None):
        yield required("exactly one of url or service is required", "Set service.")
    else:
        yield from _config(config)
    if decoded(config.get("caBundle")) is None and isinstance(config.get("caBundle"), str):
        yield from under((invalid("<omitted>", BASE64, BASE64_MEND),), "caBundle")
