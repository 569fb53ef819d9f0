"""Another team's chart: a research worker pool and a bot of their own that talks to NATS.

The platform is rendered elsewhere; here is only what joins it. `python -m
charts.examples.research` writes the chart to `CDK8S_OUTDIR`, as `cdk8s synth` expects.
"""

from __future__ import annotations

from mistersmith_k8s import (
    Amounts,
    AutoscalingSpec,
    Connection,
    Dependency,
    Environment,
    Name,
    PlatformSpec,
    Pods,
    Profile,
    Quantity,
    Resources,
    ResourceTier,
    SecretKey,
    WorkerPool,
    WorkerPoolSpec,
)

import cdk8s_plus_27 as kplus  # isort: skip - after the library, which chooses Node
from cdk8s import App, Chart  # isort: skip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs import Construct

PLATFORM = PlatformSpec(environment=Environment.OPERATIONAL, storage_class=Name("gp3"))


class Research(Chart):
    """A pool for long research tasks, and a bot that reports what it found."""

    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002 - constructs' own name
        super().__init__(scope, id)
        WorkerPool(
            self,
            "research",
            WorkerPoolSpec(
                tier=ResourceTier.STANDARD,
                resources=Resources(
                    requests=Amounts(cpu=Quantity("1"), memory=Quantity("1Gi")),
                    limits=Amounts(cpu=Quantity("2"), memory=Quantity("2Gi")),
                ),
                autoscaling=AutoscalingSpec(profile=Profile.CONSERVATIVE, max=20),
                task_timeout_seconds=1800,
            ),
            PLATFORM,
        )
        leave = Connection(
            self,
            "bot-to-nats",
            pods=Pods("bot", "research", ("app", "bot")),
            to=Dependency.NATS,
            platform=PLATFORM,
        )
        self._bot(leave)

    def _bot(self, leave: Connection) -> None:
        """A cdk8s-plus Deployment: its pods carry the label that the connection selects."""
        bot = kplus.Deployment(
            self,
            "bot",
            metadata={"name": "bot", "namespace": "research"},
            pod_metadata={"labels": {"app": "bot"}},
            replicas=1,
        )
        container = bot.add_container(image="ghcr.io/research/bot:2.3.1", name="bot")
        for variable, key in leave.url.secrets:
            container.env.add_variable(variable, _secret(self, key))
        container.env.add_variable(leave.url.variable, kplus.EnvValue.from_value(leave.url.text))


def _secret(scope: Construct, key: SecretKey) -> kplus.EnvValue:
    secret = kplus.Secret.from_secret_name(scope, f"{key.name}", key.name)
    return kplus.EnvValue.from_secret_value(kplus.SecretValue(secret=secret, key=key.key))


if __name__ == "__main__":
    app = App()
    Research(app, "research")
    app.synth()
