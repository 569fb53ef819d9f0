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

# A tag that means one build: a version with its minor, a date or the number of a build, a commit.
# Others are moved in time.
PINNED = re.compile(r"\d+\.\d+|\d{6}|(?:^|[-_.])(?:sha-?|g)?(?=[a-f]*\d)[0-9a-f]{7,40}$")

# What Istio, and others who inject containers, put their own image in for.
INJECTED = frozenset({"auto"})


@check(Severity.WARNING, *WORKLOADS)
def mutable_image(item: Object, _: World) -> Iterator[Flaw]:
    """An image names one build, so that a rollback brings back what ran before."""
    for path, container in item.all_containers:
        image = text(container.get("image"))
        name, digest, _digest = image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if image and not digest and "$" not in image and not _means_one(image, tag):
            what = f"has the tag {tag}, which may move" if tag else "has no tag, so latest is meant"
            message = f"is {image}: it {what}"
            mend = "Name a version with its minor, a commit, or a digest."
            yield Flaw((*path, "image"), message, mend)


def _means_one(image: str, tag: str) -> bool:
    return image in INJECTED or bool(PINNED.search(tag))


CHECKS = (mutable_image,)
