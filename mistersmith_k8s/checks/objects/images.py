"""Images: a name that means one build."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.shape import text
from mistersmith_k8s.checks.world import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.world import Object, World

# A tag that means one build: a version with its minor, or a commit. Others are moved in time.
PINNED = re.compile(r"\d+\.\d+|^(?:sha-)?[0-9a-f]{7,40}$")


@check(Severity.WARNING, *WORKLOADS)
def mutable_image(item: Object, _: World) -> Iterator[Flaw]:
    """An image names one build, so that a rollback brings back what ran before."""
    for path, container in item.all_containers:
        image = text(container.get("image"))
        name, digest, _digest = image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if image and not digest and "$" not in image and not PINNED.search(tag):
            what = f"has the tag {tag}, which may move" if tag else "has no tag, so latest is meant"
            message = f"is {image}: it {what}"
            mend = "Name a version with its minor, a commit, or a digest."
            yield Flaw((*path, "image"), message, mend)


CHECKS = (mutable_image,)
