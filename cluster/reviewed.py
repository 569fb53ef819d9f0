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
        r".",
        r": Required value \[schema\]",
        "The published schema demands the field; the server takes its absence for the empty value.",
    ),
)
"""What is refused here and taken by the server."""

LATER = "There is no rule for the kind yet."

LAXER = (
    Reviewed(
        r"^ValidatingAdmissionPolicy$",
        r"expression",
        "Whether an expression compiles needs a compiler of CEL.",
    ),
    Reviewed(r"^ServiceCIDR$", r"spec\.cidrs", LATER),
    Reviewed(r"^Event$", r"type|reporting|action|reason|metadata\.name", LATER),
    Reviewed(
        r"^Namespace$",
        r"pod-security\.kubernetes\.io",
        "The admission plugin of Pod Security reads the label, not the API.",
    ),
    Reviewed(r"^IngressClass$", r"spec\.parameters\.scope: Unsupported value: \"\"", LATER),
)
"""What is taken here and refused by the server for what it was given."""

STATEFUL = (
    Reviewed(r".", r"already exists", "An object of that name is there."),
    Reviewed(r"^Pod$", r"no PriorityClass with name", "The class of priority is not there."),
    Reviewed(r"^Pod$", r"error looking up service account", "The account is not there."),
    Reviewed(r"^Pod$", r"RuntimeClass .* not found", "The runtime class is not there."),
)
"""What the server refuses for what it holds already: no file can tell."""
