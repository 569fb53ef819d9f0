"""The image table: what runs when nobody says otherwise. One place, overridable everywhere."""

from __future__ import annotations

from mistersmith_k8s.primitives import ImageRef

ORCHESTRATOR = ImageRef("ghcr.io/mister-smith/mister-smith-orchestrator:1.0.0")
WORKER = ImageRef("ghcr.io/mister-smith/mister-smith-worker:1.0.0")
NATS = ImageRef("nats:2.14.2-alpine")
REDIS = ImageRef("redis:7.4.2-alpine")
POSTGRES = ImageRef("postgres:16.6-alpine")
