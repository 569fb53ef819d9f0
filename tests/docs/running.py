"""Runs a page as its reader would: from an empty folder, block after block.

What a block is follows from its language and the words after it:

- `console`: commands after `$ `; what they print is compared where it is shown, `...` standing
  for anything. A command ends with exit code 0.
- `console clone`: commands from the root of a clone. They are checked, not run: a page must
  neither run the suite that runs it nor install anything.
- `console cluster`: kubectl commands. They are checked against the files of the page.
- `python`: run as it is. `python FILE` and `yaml FILE`: written to the file, which a later
  command must use.
- `yaml .github/workflows/FILE`: written to the file; its commands are run.
- `yaml rendered`: a platform file, or the part of one that a page is about; rendered and checked.
"""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mistersmith_k8s.description import platforms
from mistersmith_k8s.platform import render
from mistersmith_k8s.synthesis import checked_files
from tests.docs.markdown import ROOT, Block

PROMPT = "$ "
CONTINUED = "> "


class Problem(Exception):  # noqa: N818 - a page has it, nobody raised it by mistake
    """What a block does not keep; the text names the place."""


class Session(NamedTuple):
    """A folder that a reader works in, and the environment of the commands."""

    folder: Path
    environment: Mapping[str, str]

    def output(self, command: list[str]) -> tuple[int, str]:
        """The exit code of a command and what it printed, on both streams."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


def session(folder: Path, tools: list[Path]) -> Session:
    """A reader's folder, and a PATH with our command, Python and the tools."""
    places = dict.fromkeys((*(tool.parent for tool in tools), Path(sys.executable).parent))
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((*map(str, places), os.environ.get("PATH", os.defpath))),
        "CDK8S_CHECK_UPGRADE": "false",  # it would ask a registry
        "COLUMNS": "100",
        "GIT_AUTHOR_EMAIL": "ann@example.com",
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.com",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    return Session(folder, environment)


def run(blocks: list[Block], reader: Session) -> None:
    """Everything that the blocks of a page say is true.

    Raises:
        Problem: something is not.
    """
    for number, block in enumerate(blocks):
        act, role = action(block)
        act(block, reader)
        if role == FILE and not _used(block.role, blocks[number + 1 :]):
            raise Problem(f"{block.place}: no later block uses {block.role}")


def _used(file: str, later: list[Block]) -> bool:
    """Whether a later block names the file, its folder, or a command that takes it unnamed."""
    use = USES.get(file) or Path(file).parts[0]
    return any(use in block.text for block in later)


def action(block: Block) -> tuple[Callable[[Block, Session], None], str]:
    """What is done with a block, and the role by which it is chosen.

    Raises:
        Problem: nothing is done with such a block.
    """
    role = next((name for name, path in PATHS.items() if path.fullmatch(block.role)), block.role)
    try:
        return ACTIONS[block.language, role], role
    except KeyError:
        kind = f"{block.language} {block.role}".strip() or "no language"
        raise Problem(f"{block.place}: a block of {kind!r} is run by nobody") from None


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a block with the output that is shown below it."""
    command, shown = "", ""
    for line in block.text.splitlines(keepends=True):
        if line.startswith(PROMPT):
            if command:
                yield command, shown
            command, shown = line.removeprefix(PROMPT), ""
        elif line.startswith(CONTINUED) and not shown:
            command += line.removeprefix(CONTINUED)
        elif command:
            shown += line
        else:
            raise Problem(f"{block.place}: starts with no command")
    yield command, shown


def run_console(block: Block, reader: Session) -> None:
    """Every command ends well and prints what is shown."""
    for command, shown in commands(block):
        code, printed = reader.output(["sh", "-c", command])
        if code:
            raise Problem(f"{block.place}: {command}ended with exit code {code}:\n{printed}")
        if shown and not same(shown, printed):
            raise Problem(f"{block.place}: {command}printed\n{printed}instead of\n{shown}")


def same(shown: str, printed: str) -> bool:
    """Whether the output is what is shown, `...` standing for anything."""
    options = doctest.ELLIPSIS | doctest.DONT_ACCEPT_BLANKLINE
    return doctest.OutputChecker().check_output(shown, printed, options)


def run_python(block: Block, reader: Session) -> None:
    """The program ends well."""
    code, printed = reader.output([sys.executable, "-c", block.text])
    if code:
        raise Problem(f"{block.place}: ended with exit code {code}:\n{printed}")


def write_file(block: Block, reader: Session) -> None:
    """The file is there, and YAML is YAML."""
    path = reader.folder / block.role
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    if block.language == "yaml":
        list(yaml.safe_load_all(block.text))


def run_workflow(block: Block, reader: Session) -> None:
    """Every command of a workflow ends well; what it installs could be installed."""
    write_file(block, reader)
    jobs = yaml.safe_load(block.text)["jobs"].values()
    for command in (step["run"] for job in jobs for step in job["steps"] if "run" in step):
        words = shlex.split(command)
        good = is_requirement(words, reader) if "pip" in words else _runs(command, reader)
        if not good:
            raise Problem(f"{block.place}: {command} would not work")


def _runs(command: str, reader: Session) -> bool:
    return reader.output(["sh", "-c", command])[0] == 0


def render_platform(block: Block, _: Session) -> None:
    """The platform renders, and every check passes."""
    description = {"storage_class": "gp3", **yaml.safe_load(block.text)}
    checked_files({name: render(spec) for name, spec in platforms(description).items()})


def check_clone(block: Block, reader: Session) -> None:
    """Every command is one that works in a clone."""
    _check(block, reader, CLONE)


def check_cluster(block: Block, reader: Session) -> None:
    """Every command is one that works with a cluster."""
    _check(block, reader, CLUSTER)


def _check(block: Block, reader: Session, known: Mapping[str, Check]) -> None:
    for command, _ in commands(block):
        words = shlex.split(command, comments=True)
        check = next((known[key] for key in known if re.match(key, " ".join(words))), None)
        if check is None or not check(words, reader):
            raise Problem(f"{block.place}: {command.strip()} would not work")


Check = Callable[[list[str], Session], bool]


def is_target(words: list[str], _: Session) -> bool:
    """Whether make knows the target."""
    command = ["make", "--dry-run", "--directory", str(ROOT), *words[1:]]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def is_requirement(words: list[str], _: Session) -> bool:
    """Whether pip would find our package and the extra that is asked for."""
    from importlib.metadata import metadata  # noqa: PLC0415 - of what is installed here

    extras = metadata("mistersmith-k8s").get_all("Provides-Extra") or []
    asked = re.fullmatch(r"\.(?:\[([a-z0-9]+)\])?", words[-1])
    return asked is not None and asked[1] in (None, *extras)


def is_module(words: list[str], _: Session) -> bool:
    """Whether the module and the files that a command names are there."""
    module = words[words.index("-m") + 1]
    files = [word for word in words if word.endswith((".py", ".md", ".yaml"))]
    found = importlib.util.find_spec(module) is not None
    return found and all((ROOT / file).exists() for file in files)


CLONE: Mapping[str, Check] = {
    r"make [a-z-]+$": is_target,
    r"(python3? -m )?pip install ": is_requirement,
    r"\.venv/bin/python -m ": is_module,
}


def applies_files(words: list[str], reader: Session) -> bool:
    """Whether the files that kubectl would apply are there, and what they point to builds."""
    path = reader.folder / words[-1]
    if words[-2] == "-k":
        return _builds(path, reader)
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    documents = [one for file in files for one in yaml.safe_load_all(file.read_text("utf-8"))]
    applications = [one for one in documents if one["kind"] == "Application"]
    sources = [reader.folder / one["spec"]["source"]["path"] for one in applications]
    return bool(documents) and all(_builds(source, reader) for source in sources)


def _builds(folder: Path, reader: Session) -> bool:
    return reader.output(["kustomize", "build", str(folder)])[0] == 0


def creates_secret(words: list[str], reader: Session) -> bool:
    """Whether the rendered platform reads the Secret that kubectl would create."""
    options = dict(word.partition("=")[::2] for word in words if word.startswith("--"))
    key = options["--from-literal"].partition("=")[0]
    row = f"| {options['--namespace']} | `{words[4]}` | `{key}` |"
    return row in (reader.folder / "dist" / "SECRETS.md").read_text(encoding="utf-8")


def keeps_a_value(words: list[str], _: Session) -> bool:
    """Whether the shell only keeps what one known command prints."""
    return re.fullmatch(r"[A-Z_]+=\$\(openssl rand -hex \d+\)", " ".join(words)) is not None


CLUSTER: Mapping[str, Check] = {
    r"[A-Z_]+=": keeps_a_value,
    r"kubectl apply ": applies_files,
    r"kubectl create secret generic ": creates_secret,
}

USES = {
    ".mistersmith-k8s.yaml": "mistersmith-k8s validate",
    "cdk8s.yaml": "cdk8s synth",
    "platform.yaml": "mistersmith-k8s synth",
}
"""Files that a command uses without naming them; others are named, or their folder is."""

FILE, WORKFLOW = "FILE", "WORKFLOW"
PATHS = {
    WORKFLOW: re.compile(r"\.github/workflows/[\w-]+\.yaml"),
    FILE: re.compile(r"[\w./-]+\.\w+"),
}
ACTIONS: Mapping[tuple[str, str], Callable[[Block, Session], Any]] = {
    ("console", ""): run_console,
    ("console", "clone"): check_clone,
    ("console", "cluster"): check_cluster,
    ("python", ""): run_python,
    ("python", FILE): write_file,
    ("yaml", FILE): write_file,
    ("yaml", WORKFLOW): run_workflow,
    ("yaml", "rendered"): render_platform,
}
