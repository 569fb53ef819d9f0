from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mistersmith_k8s.components import nats
from mistersmith_k8s.components.nats import NatsSpec, UserSpec
from mistersmith_k8s.natsconf import Measure, Variable, written
from mistersmith_k8s.platform import Environment, PlatformSpec, render
from mistersmith_k8s.primitives import Name, NKey, SecretKey
from mistersmith_k8s.site import Site

if TYPE_CHECKING:
    from pathlib import Path

AWKWARD = ("12345", "5k", "true", "a b", "p@ss{w}rd", "$HOME", "#x", "'", "ünï", "[1, 2]", "1.5e3")


def _configuration(spec: NatsSpec) -> str:
    me = nats.identity(Site("mister-smith"))
    return written(nats.configuration(spec, me, "mister-smith"))


def _checked(nats_server: Path, folder: Path, text: str, **variables: str) -> str:
    """What `nats-server -t` says of a configuration; it exits 0 where it accepts it."""
    file = folder / "nats.conf"
    file.write_text(text, encoding="utf-8")
    environment = {"POD_NAME": "nats-0", **variables}
    command = [str(nats_server), "-t", "-c", str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("replicas", [1, 3, 5])
@pytest.mark.parametrize("password", AWKWARD)
def test_the_server_takes_any_password(
    nats_server: Path, tmp_path: Path, replicas: int, password: str
) -> None:
    """The pod's variables quote each password as Kubernetes expands them."""
    names = ("ORCHESTRATOR_PASSWORD", "WORKER_PASSWORD", "SYSTEM_PASSWORD")
    quoted = dict.fromkeys(names, f'"{password}"')
    said = _checked(nats_server, tmp_path, _configuration(NatsSpec(replicas=replicas)), **quoted)
    assert "is valid" in said


def test_each_variable_of_the_configuration_is_set_in_the_pod() -> None:
    """A variable that is not there would keep the server from starting."""
    names = {variable["name"] for variable in nats.variables(NatsSpec())}
    text = _configuration(NatsSpec())
    used = {word[1:] for word in text.split() if word.startswith("$")}
    assert used == {"POD_NAME", "ORCHESTRATOR_PASSWORD", "WORKER_PASSWORD", "SYSTEM_PASSWORD"}
    assert used <= names


def test_with_nkeys_the_server_needs_no_secret(nats_server: Path, tmp_path: Path) -> None:
    """The configuration holds public keys; the pod reads no Secret."""
    spec = _with_nkeys()
    assert "is valid" in _checked(nats_server, tmp_path, _configuration(spec))
    assert [v["name"] for v in nats.variables(spec)] == ["POD_NAME", "GOMEMLIMIT"]


def test_with_nkeys_agents_find_their_seed() -> None:
    """The URL holds no credentials; the seed comes from the agent's own Secret."""
    platform = PlatformSpec(environment=Environment.VALIDATION, nats=_with_nkeys())
    worker: Any = next(
        m
        for m in render(platform)
        if m["metadata"]["name"] == "mister-smith-worker" and m["kind"] == "Deployment"
    )
    env = {v["name"]: v for v in worker["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["NATS_URL"]["value"] == "nats://nats.mister-smith-system:4222"
    seed = env["NATS_NKEY_SEED"]["valueFrom"]["secretKeyRef"]
    assert seed == {"name": "worker-seed", "key": "password"}


def _with_nkeys() -> NatsSpec:
    def user(name: str) -> UserSpec:
        return UserSpec(secret=SecretKey(name=Name(f"{name}-seed")), nkey=_public(name))

    return NatsSpec(
        authentication="nkeys",
        orchestrator=user("orchestrator"),
        worker=user("worker"),
        system=user("system"),
    )


def _public(name: str) -> NKey:
    """A well-formed public user key. Source: nkeys: prefix, 32 bytes, CRC-16, in base 32."""
    raw = bytes([20 << 3]) + name.encode().ljust(32, b".")
    crc = 0
    for byte in raw:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
        crc &= 0xFFFF
    return NKey(base64.b32encode(raw + crc.to_bytes(2, "little")).decode().rstrip("="))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_a_string_is_written_as_one_quoted_token(text: str) -> None:
    """No character of a value can end it or become syntax."""
    line = written({"key": text})
    inner = line.removeprefix('key: "').removesuffix('"\n')
    assert "\n" not in inner
    assert inner.replace("\\\\", "").replace('\\"', "").count('"') == 0


@pytest.mark.parametrize(
    "value",
    [Variable("no name"), Measure("8 MB"), 1.5, None],
    ids=["variable", "size", "float", "none"],
)
def test_what_has_no_syntax_is_refused(value: object) -> None:
    """The writer never writes what the server would read as something else."""
    with pytest.raises(TypeError) as refused:
        written({"key": value})
    assert str(refused.value) == f"{value!r} cannot be written as NATS configuration"


def test_values_are_written_in_the_servers_syntax() -> None:
    """One key a line, blocks in braces, lists in brackets."""
    configuration = {
        "port": 4222,
        "name": 'a "b"\n',
        "on": True,
        "size": Measure("8MB"),
        "from": Variable("POD_NAME"),
        "odd key": {"inner": [1, {"user": "x"}]},
    }
    assert written(configuration) == (
        "port: 4222\n"
        'name: "a \\"b\\"\\n"\n'
        "on: true\n"
        "size: 8MB\n"
        "from: $POD_NAME\n"
        '"odd key" {\n'
        "  inner: [\n"
        "    1\n"
        "    {\n"
        '      user: "x"\n'
        "    }\n"
        "  ]\n"
        "}\n"
    )
