"""A client of the Kubernetes REST API: one kept connection for each thread, plain mappings."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mistersmith_k8s.manifest import Manifest

JSON = "application/json"
APPLY = "application/apply-patch+yaml"  # JSON is YAML
MERGE = "application/merge-patch+json"
TIMEOUT_SECONDS = 60
REFUSED = 400
MANAGER = "proof"


class Answer(NamedTuple):
    """What the API server said, with the warnings in its headers."""

    status: int
    body: Any
    warnings: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether the server refused the request."""
        return self.status >= REFUSED

    @property
    def message(self) -> str:
        """Why, where it refused."""
        return str(self.body.get("message", "")) if self.refused else ""


class ApiError(Exception):
    """The API server refused what a test relies on."""

    def __init__(self, request: str, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"{request}: {answer.status} {answer.message}")


class Resource(NamedTuple):
    """How a kind is spelled in paths."""

    plural: str
    namespaced: bool


class Api:
    """One API server as one user sees it."""

    def __init__(self, port: int, authority: Path, token: str) -> None:
        self.port = port
        self.token = token
        self._authority = authority
        self._tls = ssl.create_default_context(cafile=str(authority))
        self._local = threading.local()
        self._connections: list[http.client.HTTPSConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.close()

    def as_user(self, token: str) -> Api:
        """The same server as another user sees it."""
        return Api(self.port, self._authority, token)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        media: str = JSON,
        **parameters: str,
    ) -> Answer:
        """The answer to a request, refused or not; one broken connection is made anew."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        payload = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": JSON,
            **({"Content-Type": media} if payload else {}),
        }
        try:
            return self._answer(method, path + query, payload, headers)
        except (http.client.HTTPException, ConnectionError):
            self._local.connection.close()
            return self._answer(method, path + query, payload, headers)

    def _answer(
        self, method: str, path: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        connection = self._connection
        connection.request(method, path, payload, dict(headers))
        answer = connection.getresponse()
        text = answer.read()
        warnings = tuple(answer.headers.get_all("Warning") or ())
        is_json = (answer.headers.get_content_type() or "") == JSON
        return Answer(answer.status, json.loads(text) if is_json else text.decode(), warnings)

    def stream(self, path: str) -> http.client.HTTPResponse:
        """The answer to a watch: a line for each event, while they come."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": JSON}
        self._connection.request("GET", path, None, headers)
        return self._connection.getresponse()

    @property
    def _connection(self) -> http.client.HTTPSConnection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=TIMEOUT_SECONDS, context=self._tls
            )
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    def do(
        self, method: str, path: str, body: Any = None, media: str = JSON, **parameters: str
    ) -> Any:
        """The body of the answer.

        Raises:
            ApiError: the server refused.
        """
        answer = self.ask(method, path, body, media, **parameters)
        if answer.refused:
            raise ApiError(f"{method} {path}", answer)
        return answer.body

    @cached_property
    def resources(self) -> dict[tuple[str, str], Resource]:
        """The resource of each kind that the server serves, by apiVersion and kind."""
        groups = self.do("GET", "/apis")["groups"]
        versions = ["v1", *(v["groupVersion"] for group in groups for v in group["versions"])]
        return {
            (version, resource["kind"]): Resource(resource["name"], resource["namespaced"])
            for version in versions
            for resource in self.do("GET", _root(version))["resources"]
            if "/" not in resource["name"]
        }

    def collection(self, api_version: str, kind: str, namespace: str = "") -> str:
        """The path of all objects of a kind, in one namespace or in all."""
        resource = self.resources[api_version, kind]
        inside = f"/namespaces/{namespace}" if namespace and resource.namespaced else ""
        return f"{_root(api_version)}{inside}/{resource.plural}"

    def path(self, manifest: Mapping[str, Any]) -> str:
        """The path of one object; a namespaced one without a namespace lies in `default`."""
        metadata = manifest["metadata"]
        namespace = metadata.get("namespace", "default")
        collection = self.collection(manifest["apiVersion"], manifest["kind"], namespace)
        return f"{collection}/{metadata['name']}"

    def apply(self, manifest: Mapping[str, Any], **parameters: str) -> Manifest:
        """The object after a server-side apply that takes every field over."""
        said = {"fieldManager": MANAGER, "force": "true", **parameters}
        applied: Manifest = self.do("PATCH", self.path(manifest), manifest, APPLY, **said)
        return applied

    def get(self, manifest: Mapping[str, Any]) -> Manifest:
        """The object as the server has it."""
        found: Manifest = self.do("GET", self.path(manifest))
        return found

    def patch(self, manifest: Mapping[str, Any], change: Any) -> Manifest:
        """The object after a merge patch."""
        changed: Manifest = self.do("PATCH", self.path(manifest), change, MERGE)
        return changed

    def delete(self, manifest: Mapping[str, Any]) -> None:
        """The object is on its way out."""
        self.do("DELETE", self.path(manifest))

    def list(
        self, api_version: str, kind: str, namespace: str = "", **parameters: str
    ) -> list[Manifest]:
        """All objects of a kind, with their apiVersion and kind."""
        path = self.collection(api_version, kind, namespace)
        items = self.do("GET", path, **parameters)["items"]
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def scale(self, manifest: Mapping[str, Any], replicas: int) -> None:
        """The workload wants so many replicas, by its scale subresource."""
        change = {"spec": {"replicas": replicas}}
        self.do("PATCH", f"{self.path(manifest)}/scale", change, MERGE)


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
