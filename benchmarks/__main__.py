"""Prints what we cost beside our peers: `python -m benchmarks`.

Nothing here passes or fails: the figures are for README, and for whoever changes something.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import inputs
from benchmarks.inputs import MINOR
from benchmarks.timing import HEADER, Comparison, Work, peak, shown
from imports import kubeconform
from tools import pins
from tools.registries import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOOLS = {tool.name: tool.path for name in pins.groups() for tool in pins.group(name)}
OURS = SCRIPTS / "mistersmith-k8s"
PYTHON = SCRIPTS / "python"
CHART = Path(__file__).with_name("chart")
REFERENCE = pins.ROOT / "charts" / "platform.yaml"
ENVIRONMENTS = ("experimental", "validation", "operational")
SCHEMA_LAYER = ("schema", "removed-api", "unknown-api")  # what kubeconform looks at
FEW, MANY = 8, 400
POOLS = (1, 10, 100, 1000)
POOLS_OF_MANY, POOLS_OF_ALL = 60, 1660  # worker pools that make about 400 and 10,000 objects
SECONDS, GIBIBYTES = 10, 1  # what 10,000 objects may take


def work(
    *commands: tuple[str | Path, ...], cwd: Path = pins.ROOT, output: Path | None = None
) -> Work:
    """Commands that see the pinned tools and no others."""
    path = os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path, "JSII_NODE": str(pins.NODE)}
    return Work(commands=commands, cwd=cwd, environment=environment, output=output)


def synth(scratch: Path) -> Comparison:
    """The whole platform with all checks, beside a chart that only renders."""
    peer = (
        (TOOLS["helm"], "template", "peer", CHART, "-f", CHART / "environments" / f"{name}.yaml")
        for name in ENVIRONMENTS
    )
    output = scratch / "dist"
    return Comparison(
        name="synth, three environments, checked",
        peer="helm template, three times",
        our_work=work((OURS, "synth", REFERENCE, "-o", output), output=output),
        peer_work=work(*peer),
        times=1.0,
    )


def validate(objects: Path, schemas: Path, only: Sequence[str], times: float) -> Comparison:
    """Some checks, or all, for one minor, beside kubeconform with the same schemas."""
    location = f"{schemas}/{kubeconform.LOCATION}"
    options = ("-strict", "-schema-location", location, "-kubernetes-version", f"{MINOR}.0")
    layers = f"{'schema layer' if only else 'all layers'}"
    chosen = tuple(word for check in only for word in ("--only", check))
    return Comparison(
        name=f"validate, {len(list(objects.iterdir()))} objects, {layers}",
        peer=f"kubeconform, {schemas.name} schemas",
        our_work=work((OURS, "validate", objects, "--kubernetes-version", MINOR, *chosen)),
        peer_work=work((TOOLS["kubeconform"], *options, objects)),
        times=times,
    )


def cdk8s_road(scratch: Path, objects: int) -> Comparison:
    """The platform through the construct tree, beside an app without a single chart."""
    empty = scratch / "empty"
    empty.mkdir()
    (empty / "main.py").write_text(inputs.EMPTY_APP, encoding="utf-8")
    command = (TOOLS["cdk8s"], "synth", "--output")
    ours = (*command, scratch / "cdk8s", "--app", f"{PYTHON} -m charts")
    return Comparison(
        name=f"cdk8s synth, {objects} objects",
        peer="cdk8s synth, no object",
        our_work=work(ours),
        peer_work=work((*command, "dist", "--app", f"{PYTHON} main.py"), cwd=empty),
        times=1.25,
        extra_seconds=objects / 1000,
    )


def growth(scratch: Path, pools: int, runs: int) -> str:
    """What a platform of so many worker pools costs, as a whole and for each pool."""
    path, output = scratch / f"pools-{pools}.yaml", scratch / f"pools-{pools}"
    inputs.write_platform(path, pools)
    ours = work((OURS, "synth", path, "-o", output), output=output)
    seconds = median(ours.seconds() for _ in range(runs))
    return f"{pools:5} worker pools {shown(seconds)} {seconds / pools * 1000:8.2f} ms a pool"


def objects_of(scratch: Path, pools: int) -> Sequence[Mapping[str, Any]]:
    """The manifests of a platform with so many worker pools."""
    path, output = scratch / f"objects-of-{pools}.yaml", scratch / f"objects-of-{pools}"
    inputs.write_platform(path, pools)
    work((OURS, "synth", path, "-o", output, "--layout", "plain")).seconds()
    return inputs.manifests_in(output)


def everything(scratch: Path) -> str:
    """What all checks of some ten thousand objects cost."""
    folder = scratch / "everything"
    inputs.write_objects(folder, objects_of(scratch, POOLS_OF_ALL))
    cost = peak((OURS, "validate", folder, "--kubernetes-version", MINOR))
    verdict = "met" if cost.seconds <= SECONDS and cost.gibibytes <= GIBIBYTES else "missed"
    return (
        f"validate, {len(list(folder.iterdir()))} objects, all layers: {cost.seconds:.1f} s, "
        f"{cost.gibibytes:.2f} GiB; aim {SECONDS} s, {GIBIBYTES} GiB: {verdict}"
    )


def main() -> None:
    """Every comparison, then the growth, as lines on the terminal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="timed runs of each command")
    runs = parser.parse_args().runs
    compileall.compile_dir(pins.ROOT / "mistersmith_k8s", quiet=1)  # as pip does on install
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"median of {runs} runs\n\n{HEADER}")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        print(synth(scratch).line(runs), flush=True)
        rendered = scratch / "dist" / "plain"
        inputs.write_complete_schemas(scratch / "complete")
        inputs.write_shared_schemas(scratch / "shared")
        few, many = scratch / f"objects-{FEW}", scratch / f"objects-{MANY}"
        inputs.write_objects(few, inputs.varied(inputs.manifests_in(rendered))[:FEW])
        inputs.write_objects(many, objects_of(scratch, POOLS_OF_MANY))
        for objects, only, times in (
            (few, SCHEMA_LAYER, 0.2),
            (many, SCHEMA_LAYER, 0.2),
            (many, (), 1.0),
        ):
            for schemas in ("complete", "shared"):
                comparison = validate(objects, scratch / schemas, only, times)
                print(comparison.line(runs), flush=True)
        print(cdk8s_road(scratch, len(inputs.manifests_in(rendered))).line(runs), flush=True)
        print()
        for pools in POOLS:
            print(growth(scratch, pools, min(runs, 3)), flush=True)
        print(f"\n{everything(scratch)}", flush=True)


if __name__ == "__main__":
    main()
