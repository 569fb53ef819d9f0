"""Where the field layer and the API server differ, looked at one by one, with the reason."""

from __future__ import annotations

import re
from typing import NamedTuple


class Reviewed(NamedTuple):
    """A known difference: the kind, the place in what one of the two says, and why it is there."""

    kind: str
    said: str
    reason: str

    def covers(self, kind: str, said: str) -> bool:
        """Whether a difference is this one."""
        return bool(re.search(self.kind, kind) and re.search(self.said, said))


STRICTER = (
    Reviewed(
        r"^Service$",
        r"nodePort: Invalid value: -?\d+: must be between 1 and 65535",
        "A dry run allocates no port, and so does not see that there is none of that number.",
    ),
)
"""What is refused here and taken by the server."""

LAXER = (
    Reviewed(
        r"^(ValidatingAdmissionPolicy|MutatingAdmissionPolicy|.*WebhookConfiguration|DeviceClass"
        r"|ResourceClaim|ResourceClaimTemplate|CustomResourceDefinition)$",
        r"compilation failed|must evaluate to|[eE]xpression|x-kubernetes-validations",
        "Whether an expression compiles needs a compiler of CEL.",
    ),
    Reviewed(
        r".",
        r"metadata\.generation: Invalid value: -",
        "Most kinds set it anew, whatever it is; nobody writes it.",
    ),
    Reviewed(
        r"^ResourceSlice$",
        r"Counter|[bB]inding|[tT]aint|ResourceMappings|requestPolicy|perDevice",
        "Drivers publish what is rare in them; nobody writes it.",
    ),
    Reviewed(
        r"^(IPAddress|APIService|CustomResourceDefinition)$",
        r"metadata\.generateName",
        "No name that is made up could be right.",
    ),
    Reviewed(
        r"^VolumeAttachment$", r"inlineVolumeSpec", "The controller of attachments writes them."
    ),
    Reviewed(r"^LimitRange$", r"(ratio|value) 0\b", "A quantity without digits is a warning."),
)
"""What is taken here and refused by the server for what it was given."""

STATEFUL = (
    Reviewed(r".", r"already exists", "An object of that name is there."),
    Reviewed(r"^Pod$", r"no PriorityClass with name", "The class of priority is not there."),
    Reviewed(r"^Pod$", r"error looking up service account", "The account is not there."),
    Reviewed(r"^Pod$", r"RuntimeClass .* not found", "The runtime class is not there."),
    Reviewed(
        r"^ResourceClaim",
        r"resource\.kubernetes\.io/admin-access",
        "The namespace has no such label.",
    ),
    Reviewed(
        r"^Service$",
        r"failed to allocate|not configured on this cluster|provided port",
        "Addresses and ports come from the networks of the cluster.",
    ),
)
"""What the server refuses for what it holds already: no file can tell."""
