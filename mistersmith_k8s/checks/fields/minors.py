"""When API servers began to look at a field, or ceased to refuse a value: minors of Kubernetes 1.

A field behind a feature gate is left out, unread, until the gate is on by default.
Source: pkg/features/kube_features.go of k8s.io/kubernetes.
"""

from __future__ import annotations

# The first minors that look.
INDEX_BACKOFF = POD_REPLACEMENT = CRON_TIME_ZONE = 29
SLEEP = 30
SELECTABLE = MATCH_LABEL_KEYS = RECURSIVE_READ_ONLY = SUCCESS_POLICY = 31
POD_NODES = MANAGED_BY = 32
VOLUME_NODES = RESIZE = PROC_MOUNT = GROUPS_POLICY = USER_NAMESPACES = 33
SCALED_GROUP = RESOURCE_CLAIMS = POD_RESOURCES = ATTRIBUTES_CLASS = 34
RESTART_RULES = ENV_FILES = HOSTNAME_OVERRIDE = IMAGE_VOLUME = TOLERANCE = ALLOCATABLE = 35
PARTITIONS = STRICT_ADDRESSES = 36
CLUSTER_TRUST = POD_CERTIFICATES = MOST_UNAVAILABLE = 37

# The last minors that refuse.
SOME_SHARES = 29
STRICT_ENV_NAMES = 31
STRICT_SEARCHES = SOME_SLEEP = 32
ONE_TRAFFIC_CHOICE = NO_CONTAINER_RESTARTS = 33
STRICT_SERVICE_NAMES = 35
NO_SCALE_TO_ZERO = 36
