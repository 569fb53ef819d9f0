"""A watch of pods: the fewest of each group that were ready at one time."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cluster.workloads import is_ready

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator, Mapping

    from cluster.api import Api

Key = tuple[str, str]


class Watched:
    """The pods of the workloads by the label `app`, from the API server's own stream of events."""

    def __init__(self, pods: list[dict[str, Any]]) -> None:
        self.pods = {pod["metadata"]["uid"]: pod for pod in pods}
        self.fewest = self.ready
        self.gone: set[str] = set()

    @property
    def ready(self) -> Counter[Key]:
        """How many are ready in each group."""
        return Counter(group(pod) for pod in self.pods.values() if is_ready(pod))

    def see(self, event: Mapping[str, Any]) -> None:
        """One more event."""
        pod = event["object"]
        uid = pod["metadata"]["uid"]
        if event["type"] == "DELETED":
            self.pods.pop(uid, None)
            self.gone.add(uid)
        else:
            self.pods[uid] = pod
        ready = self.ready
        self.fewest = Counter({key: min(self.fewest[key], ready[key]) for key in self.fewest})


@contextmanager
def watching(api: Api) -> Iterator[Watched]:
    """What happens to pods meanwhile.

    Afterwards every event up to the end has been seen.
    """
    listed = api.do("GET", "/api/v1/pods")
    watched = Watched(listed["items"])
    path = f"/api/v1/pods?watch=1&resourceVersion={listed['metadata']['resourceVersion']}"
    with api.as_user(api.token) as own:
        stream = own.stream(path)
        thread = threading.Thread(target=_follow, args=(stream, watched))
        thread.start()
        try:
            yield watched
        finally:
            marker = api.do("POST", "/api/v1/namespaces/default/pods", _marker())
            thread.join()
            api.delete({"apiVersion": "v1", "kind": "Pod", "metadata": marker["metadata"]})


def _follow(stream: http.client.HTTPResponse, watched: Watched) -> None:
    """Every event until that of the marker."""
    with stream:
        for line in stream:
            event = json.loads(line)
            if event["object"]["metadata"].get("generateName") == MARKER:
                return
            watched.see(event)


MARKER = "end-of-watch-"


def group(pod: Mapping[str, Any]) -> Key:
    """Namespace and application."""
    metadata = pod["metadata"]
    return metadata["namespace"], metadata.get("labels", {}).get("app", "")


def _marker() -> dict[str, Any]:
    """A pod that no node runs: its appearance says that all before it was seen."""
    return {
        "metadata": {"generateName": MARKER},
        "spec": {
            "containers": [{"name": "none", "image": "registry.example.com/none:1"}],
            "schedulerName": "nobody",
        },
    }
